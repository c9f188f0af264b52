"""Topics made from what comes in: size, trend, samples, and a draft answer."""

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts.signin import current_user
from helpdesk.analytics.policy import RULES, Can
from helpdesk.kernel import paging
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.policy import require
from helpdesk.kernel.sources import source
from helpdesk.triage.queries import groups
from helpdesk.triage.services import drafting, grouping
from helpdesk.web.marks import needs

bp = Blueprint("topics", __name__, url_prefix="/insights/topics")

ROWS = 30
SAMPLES = 12
NAME_LENGTH = 120  # characters
COVERED = {"covered": True, "uncovered": False}


@bp.get("")
@needs(Can.READ)
def listing() -> ResponseReturnValue:
    only = request.args.get("only", "")
    sort = request.args.get("sort", "-size")[:20]
    with reading() as db:
        page = groups.groups(
            db, current_user(), paging.window(request.args, ROWS), is_covered=COVERED.get(only), sort=sort
        )
    return render_template("analytics/topics.html", page=page, only=only, sort=sort)


@bp.get("/<int:group_id>")
@needs(Can.READ)
def show(group_id: int) -> ResponseReturnValue:
    actor = current_user()
    with reading() as db:
        group = groups.group(db, actor, group_id)
        samples = groups.sample_questions(db, actor, group, SAMPLES)
        weeks = groups.weeks(db, [group.id])[group.id]
        answers = [group.covered_by_id] if group.is_covered and group.covered_by_id else []
        covering = source("answer").cards(db, actor, answers)
    return render_template("analytics/topic.html", group=group, samples=samples, weeks=weeks, covering=covering)


@bp.post("/<int:group_id>/name")
@needs(Can.CURATE)
def rename(group_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        group = groups.group(db, current_user(), group_id)
        grouping.rename(db, current_user(), group, request.form.get("name", "").strip()[:NAME_LENGTH])
    flash("The topic keeps this name from now on.", "success")
    return redirect(f"/insights/topics/{group_id}")


@bp.post("/<int:group_id>/draft")
@needs(Can.CURATE)
def draft(group_id: int) -> ResponseReturnValue:
    """Begin an answer to the topic; it lists the questions it comes from."""
    actor = current_user()
    require(RULES, actor, Can.CURATE)
    with unit_of_work() as db:
        group = groups.group(db, actor, group_id)
        answer = drafting.draft_from_group(db, actor, group)
        slug = answer.slug
    flash("The draft lists the questions it comes from. Write the answer, then publish it.", "success")
    return redirect(f"/faq/{slug}/edit")
