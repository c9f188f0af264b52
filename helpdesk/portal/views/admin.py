"""The administrator's pages: audit log, jobs, mail, and the state of the indexes and models."""

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts.signin import current_user
from helpdesk.config import Settings
from helpdesk.kernel import audit, jobs, paging
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.portal import queries
from helpdesk.portal.policy import Can
from helpdesk.triage.queries import state as triage
from helpdesk.web.marks import needs

bp = Blueprint("admin", __name__, url_prefix="/admin")

ROWS = 50


@bp.get("")
@needs(Can.ADMINISTER)
def home() -> ResponseReturnValue:
    with reading() as db:
        state = queries.job_state(db)
        indexes = triage.index_states(db)
    return render_template("portal/admin.html", jobs=state, indexes=indexes)


@bp.get("/audit")
@needs(Can.ADMINISTER)
def audit_log() -> ResponseReturnValue:
    window = paging.window(request.args, ROWS)
    with reading() as db:
        rows = queries.audit_rows(db, window, request.args.get("action", "")[:80], request.args.get("who", "")[:200])
    return render_template("portal/audit.html", page=rows)


@bp.get("/jobs")
@needs(Can.ADMINISTER)
def job_list() -> ResponseReturnValue:
    window = paging.window(request.args, ROWS)
    with reading() as db:
        state = queries.job_state(db)
        rows = queries.job_rows(db, window, request.args.get("state", "")[:10])
    return render_template("portal/jobs.html", page=rows, state=state)


@bp.post("/jobs/<int:job_id>/retry")
@needs(Can.ADMINISTER)
def retry_job(job_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        jobs.retry(db, job_id)
        audit.record(db, current_user(), "job.retried", "job", job_id)
    flash("The job will run again in a moment.", "success")
    return redirect("/admin/jobs")


@bp.get("/mail")
@needs(Can.ADMINISTER)
def mail_list() -> ResponseReturnValue:
    window = paging.window(request.args, ROWS)
    settings: Settings = current_app.extensions["signpost.settings"]
    with reading() as db:
        rows = queries.mail_rows(db, window, request.args.get("state", "")[:10], request.args.get("to", "")[:254])
    return render_template("portal/mail.html", page=rows, is_held=not settings.smtp_url)


@bp.get("/mail/<int:outbox_id>")
@needs(Can.ADMINISTER)
def mail_message(outbox_id: int) -> ResponseReturnValue:
    with reading() as db:
        row = queries.mail_row(db, outbox_id)
    return render_template("portal/mail_message.html", mail=row)
