"""The pages on which people read and answer their tickets."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as people
from helpdesk.accounts import services as accounts
from helpdesk.accounts.signin import current_user
from helpdesk.kernel import paging
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.files import FileStore
from helpdesk.tickets import hours, queries, records, routing, services
from helpdesk.tickets.forms import STATUS_LABELS, ReplyForm
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.views.posting import do_once, store
from helpdesk.web.marks import signed_in

bp = Blueprint("tickets", __name__)


@bp.get("/tickets")
@signed_in
def index() -> ResponseReturnValue:
    """My tickets, my organisation's, and those I follow."""
    actor, window = current_user(), paging.window(request.args)
    scope, status = request.args.get("show", ""), request.args.get("status", "")
    scopes = [one for one in queries.SCOPES if one != "organisation" or actor.shares_tickets]
    scope = scope if scope in scopes else scopes[0]
    with reading() as db:
        page = queries.mine(db, actor, scope, window, status=status)
    return render_template(
        "tickets/index.html", page=page, scope=scope, scopes=scopes, status=status, statuses=STATUS_LABELS
    )


@bp.get("/tickets/<reference>")
@signed_in
def show(reference: str) -> ResponseReturnValue:
    return page(reference, ReplyForm())


def page(reference: str, form: ReplyForm, notice: str = "") -> str:
    """A ticket as its requester sees it. After a refusal `form` keeps its text, and what is newer is marked."""
    actor, seen = current_user(), form.seen_id
    with reading() as db:
        ticket = queries.by_reference(db, actor, reference)
        messages = queries.messages(db, ticket, with_notes=False)
        is_following = people.is_following(db, actor, records.KIND, ticket.id)
    form.seen.data = str(messages[-1].id) if messages else "0"
    return render_template(
        "tickets/show.html",
        ticket=ticket,
        messages=messages,
        is_following=is_following,
        form=form,
        notice=notice,
        new_after=seen,
        rule=routing.by_name(ticket.rule),
    )


@bp.get("/tickets/<reference>/received")
@signed_in
def received(reference: str) -> ResponseReturnValue:
    """What happens next, and by when."""
    with reading() as db:
        ticket = queries.by_reference(db, current_user(), reference)
    due = hours.first_reply_due(ticket.opened_at, ticket.priority)
    return render_template("tickets/received.html", ticket=ticket, due=due, rule=routing.by_name(ticket.rule))


@bp.post("/tickets/<reference>/reply")
@signed_in
def reply(reference: str) -> ResponseReturnValue:
    form, actor = ReplyForm(), current_user()
    if not form.validate_on_submit():
        return page(reference, form), 422
    try:
        with unit_of_work() as db:
            ticket = queries.by_reference(db, actor, reference)
            done = do_once(db, form, lambda: _reply(db, ticket, form))
    except Conflict as conflict:
        return page(reference, form, str(conflict)), 409
    except Invalid as invalid:
        form.files.errors = [*form.files.errors, str(invalid)]
        return page(reference, form), 422
    return redirect(done)


def _reply(db: Session, ticket: Ticket, form: ReplyForm) -> str:
    actor = current_user()
    files = store(db, actor, form.files.data)
    message = services.reply(db, actor, ticket, form.body.data or "", attachments=files, seen=form.seen_id)
    accounts.drop_draft(db, actor, f"ticket-{ticket.id}-message")
    flash("Your message is sent.", "success")
    return f"/tickets/{ticket.reference}#message-{message.id}"


@bp.post("/tickets/<reference>/solve")
@signed_in
def solve(reference: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        ticket = queries.by_reference(db, current_user(), reference)
        services.solve(db, current_user(), ticket)
    flash("The ticket is marked as solved. You can reopen it.", "success")
    return redirect(f"/tickets/{ticket.reference}")


@bp.post("/tickets/<reference>/reopen")
@signed_in
def reopen(reference: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        ticket = queries.by_reference(db, current_user(), reference)
        services.reopen(db, current_user(), ticket)
    flash("The ticket is open again. Write what is still missing.", "success")
    return redirect(f"/tickets/{ticket.reference}")


@bp.post("/tickets/<reference>/follow")
@signed_in
def follow(reference: str) -> ResponseReturnValue:
    """Follow, or with `stop` no longer, and go back to the page the button stood on."""
    actor = current_user()
    with unit_of_work() as db:
        ticket = queries.by_reference(db, actor, reference)
        change = accounts.unfollow if "stop" in request.form else accounts.follow
        change(db, actor, records.KIND, ticket.id)
    folder = "/desk/tickets" if "desk" in request.form and actor.is_staff else "/tickets"
    return redirect(f"{folder}/{ticket.reference}")


@bp.get("/files/<int:file_id>")
@signed_in
def download(file_id: int) -> ResponseReturnValue:
    """A stored file, to be saved and never shown: the browser must not guess what it is."""
    with reading() as db:
        row = queries.attachment(db, current_user(), file_id)
    keeper: FileStore = current_app.extensions["signpost.files"]
    response = send_file(keeper.path(row), mimetype=row.media_type, as_attachment=True, download_name=row.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
