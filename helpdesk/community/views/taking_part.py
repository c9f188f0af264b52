"""Answering, commenting, voting, accepting, following."""

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts import services as accounts
from helpdesk.accounts.signin import current_user
from helpdesk.community import queries, services
from helpdesk.community.forms import AnswerForm, CommentForm
from helpdesk.community.models import Question
from helpdesk.community.views.reading import draw
from helpdesk.kernel import once, throttle
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import Actor
from helpdesk.web.marks import signed_in

bp = Blueprint("community_part", __name__, url_prefix="/questions/<int:question_id>")

ANSWERS_PER_HOUR = 60
COMMENTS_PER_HOUR = 120


@bp.post("/answers")
@signed_in
def answer(question_id: int) -> ResponseReturnValue:
    form, actor = AnswerForm(), current_user()
    is_valid = form.validate_on_submit()
    if not is_valid or "preview" in request.form:
        with reading() as db:
            thread = queries.thread(db, actor, queries.get(db, actor, question_id))
        return draw(thread, form), 200 if is_valid else 422
    try:
        with unit_of_work() as db:
            question = queries.get(db, actor, question_id)
            if (first := once.claim(db, form.once.data)) is not None:
                return redirect(first)
            throttle.count(db, "answer", str(actor.id), ANSWERS_PER_HOUR, minutes=60)
            is_official = actor.is_staff and form.is_official.data
            made = services.answer(db, actor, question, form.body.data, is_official=is_official)
            accounts.drop_draft(db, actor, f"question-{question_id}-answer")
            address = f"{question.path}#answer-{made.id}"
            once.settle(db, form.once.data, address)
    except Invalid as refused:
        form.body.errors = [str(refused)]
        with reading() as db:
            thread = queries.thread(db, actor, queries.get(db, actor, question_id))
        return draw(thread, form), 422
    flash("Your answer is published. You follow this question now.", "success")
    return redirect(address)


@bp.post("/comments")
@bp.post("/answers/<int:answer_id>/comments")
@signed_in
def comment(question_id: int, answer_id: int | None = None) -> ResponseReturnValue:
    form, actor = CommentForm(), current_user()
    if not form.validate_on_submit():
        with reading() as db:
            thread = queries.thread(db, actor, queries.get(db, actor, question_id))
        return draw(thread, AnswerForm(formdata=None), commenting=(form, answer_id)), 422
    try:
        with unit_of_work() as db:
            question = queries.get(db, actor, question_id)
            on = None if answer_id is None else queries.answer(db, actor, question, answer_id)
            if (first := once.claim(db, form.once.data)) is not None:
                return redirect(first)
            throttle.count(db, "comment", str(actor.id), COMMENTS_PER_HOUR, minutes=60)
            made = services.comment(db, actor, question, form.comment.data, on)
            address = f"{question.path}#comment-{made.id}"
            once.settle(db, form.once.data, address)
    except Invalid as refused:
        form.comment.errors = [str(refused)]
        with reading() as db:
            thread = queries.thread(db, actor, queries.get(db, actor, question_id))
        return draw(thread, AnswerForm(formdata=None), commenting=(form, answer_id)), 422
    return redirect(address)


def _value() -> int:
    """The vote that was sent; anything but a vote is refused by the service."""
    return {"1": 1, "0": 0, "-1": -1}.get(request.form.get("value", ""), 2)


@bp.post("/vote")
@signed_in
def vote(question_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        question = queries.get(db, actor, question_id)
        services.vote(db, actor, question, _value())
    return redirect(f"{question.path}#question")


@bp.post("/answers/<int:answer_id>/vote")
@signed_in
def vote_on_answer(question_id: int, answer_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        question = queries.get(db, actor, question_id)
        services.vote(db, actor, queries.answer(db, actor, question, answer_id), _value())
    return redirect(f"{question.path}#answer-{answer_id}")


@bp.post("/answers/<int:answer_id>/accept")
@signed_in
def accept(question_id: int, answer_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        question = queries.get(db, actor, question_id)
        services.accept(db, actor, question, queries.answer(db, actor, question, answer_id))
    flash("Accepted: the question is marked as solved.", "success")
    return redirect(f"{question.path}#answer-{answer_id}")


@bp.post("/unaccept")
@signed_in
def unaccept(question_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        question = queries.get(db, actor, question_id)
        services.unaccept(db, actor, question)
    flash("The question is unsolved again.", "success")
    return redirect(question.path)


@bp.post("/follow")
@signed_in
def follow(question_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        question = _followed(db, current_user(), question_id, is_wanted=True)
    flash("You get an e-mail when somebody answers or comments here.", "success")
    return redirect(question.path)


@bp.post("/unfollow")
@signed_in
def unfollow(question_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        question = _followed(db, current_user(), question_id, is_wanted=False)
    flash("You get no more e-mail about this question.", "success")
    return redirect(question.path)


def _followed(db: Session, actor: Actor, question_id: int, *, is_wanted: bool) -> Question:
    question = queries.get(db, actor, question_id)
    (services.follow if is_wanted else services.unfollow)(db, actor, question)
    return question
