"""What staff do: close, reopen, point to the survivor, hide."""

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts.signin import current_user
from helpdesk.community import moderation, queries
from helpdesk.community.models import Question
from helpdesk.community.policy import Can
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import Invalid
from helpdesk.web.converters import row_number
from helpdesk.web.marks import needs

bp = Blueprint("community_moderation", __name__, url_prefix="/questions/<int:question_id>")


def _question(db: Session, question_id: int) -> Question:
    return queries.get(db, current_user(), question_id)


@bp.post("/close")
@needs(Can.MODERATE)
def close(question_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        question = _question(db, question_id)
        moderation.close(db, current_user(), question, request.form.get("reason", ""))
    flash("Closed. Readers see the reason; nobody can answer any more.", "success")
    return redirect(question.path)


@bp.post("/reopen")
@needs(Can.MODERATE)
def reopen(question_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        question = _question(db, question_id)
        moderation.reopen(db, current_user(), question)
    flash("The question is open again.", "success")
    return redirect(question.path)


@bp.post("/duplicate")
@needs(Can.MODERATE)
def duplicate(question_id: int) -> ResponseReturnValue:
    """The original is named by its number, or by its address, which holds the number."""
    named = request.form.get("original", "").strip()[:500]
    number = next((found for part in named.split("/") if (found := row_number(part))), None)
    if number is None:
        raise Invalid("Give the number or the address of the question that stays, such as /questions/12.")
    with unit_of_work() as db:
        question = _question(db, question_id)
        moderation.mark_duplicate(db, current_user(), question, _question(db, number))
    flash("Marked as a duplicate: readers are led to the other question.", "success")
    return redirect(question.path)


@bp.post("/hide")
@needs(Can.MODERATE)
def hide(question_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        question = _question(db, question_id)
        moderation.hide(db, current_user(), question)
    flash("Hidden. Only staff see this question now.", "success")
    return redirect(question.path)


@bp.post("/answers/<int:answer_id>/<any(hide, show):action>")
@needs(Can.MODERATE)
def set_answer_hidden(question_id: int, answer_id: int, action: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor, question = current_user(), _question(db, question_id)
        found = queries.answer(db, actor, question, answer_id)
        moderation.set_answer_hidden(db, actor, question, found, is_hidden=action == "hide")
    return redirect(f"{question.path}#answer-{answer_id}")


@bp.post("/comments/<int:comment_id>/<any(hide, show):action>")
@needs(Can.MODERATE)
def set_comment_hidden(question_id: int, comment_id: int, action: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor, question = current_user(), _question(db, question_id)
        found = queries.comment(db, actor, question, comment_id)
        moderation.set_comment_hidden(db, actor, question, found, is_hidden=action == "hide")
    return redirect(f"{question.path}#comment-{comment_id}")
