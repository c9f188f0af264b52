"""Editing a question or an answer, with a preview; the former text stays in the history."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts.signin import current_user
from helpdesk.community import queries, services
from helpdesk.community.forms import EditForm, EditQuestionForm
from helpdesk.community.models import Answer, Question
from helpdesk.community.policy import RULES, Can
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.policy import require
from helpdesk.web.marks import signed_in

bp = Blueprint("community_edit", __name__, url_prefix="/questions/<int:question_id>")

NEVER = datetime.min.replace(tzinfo=UTC)  # what a form saw whose time cannot be read


def _seen_at(form: EditForm) -> datetime:
    try:
        return datetime.fromisoformat(form.seen_at.data)
    except ValueError:
        return NEVER


@bp.get("/edit")
@signed_in
def edit_question(question_id: int) -> ResponseReturnValue:
    with reading() as db:
        question = queries.get(db, current_user(), question_id)
    require(RULES, current_user(), Can.EDIT, question)
    form = EditQuestionForm(formdata=None, obj=question, seen_at=question.updated_at.isoformat())
    form.tags.data = ", ".join(tag.name for tag in question.tags)
    return _question_form(question, form)


@bp.post("/edit")
@signed_in
def save_question(question_id: int) -> ResponseReturnValue:
    form, actor = EditQuestionForm(), current_user()
    is_valid = form.validate_on_submit()
    with reading() as db:
        question = queries.get(db, actor, question_id)
    require(RULES, actor, Can.EDIT, question)
    if not is_valid or "preview" in request.form:
        return _question_form(question, form), 200 if is_valid else 422
    try:
        with unit_of_work() as db:
            current = queries.get(db, actor, question_id)
            services.edit_question(
                db,
                actor,
                current,
                title=form.title.data,
                body=form.body.data,
                tags=form.tags.data.split(","),
                is_public=form.is_public.data,
                seen_at=_seen_at(form),
            )
    except (Conflict, Invalid) as refused:
        form.form_errors.append(str(refused))
        return _question_form(question, form), refused.status
    flash("Your changes are published.", "success")
    return redirect(current.path)


def _question_form(question: Question, form: EditQuestionForm) -> str:
    return render_template("community/edit_question.html", question=question, form=form, preview=_preview(form))


@bp.get("/answers/<int:answer_id>/edit")
@signed_in
def edit_answer(question_id: int, answer_id: int) -> ResponseReturnValue:
    actor = current_user()
    with reading() as db:
        question = queries.get(db, actor, question_id)
        answer = queries.answer(db, actor, question, answer_id)
    require(RULES, actor, Can.EDIT, answer)
    form = EditForm(formdata=None, obj=answer, seen_at=answer.updated_at.isoformat())
    return _answer_form(question, answer, form)


@bp.post("/answers/<int:answer_id>/edit")
@signed_in
def save_answer(question_id: int, answer_id: int) -> ResponseReturnValue:
    form, actor = EditForm(), current_user()
    is_valid = form.validate_on_submit()
    with reading() as db:
        question = queries.get(db, actor, question_id)
        answer = queries.answer(db, actor, question, answer_id)
    require(RULES, actor, Can.EDIT, answer)
    if not is_valid or "preview" in request.form:
        return _answer_form(question, answer, form), 200 if is_valid else 422
    try:
        with unit_of_work() as db:
            asked = queries.get(db, actor, question_id)
            current = queries.answer(db, actor, asked, answer_id)
            services.edit_answer(db, actor, asked, current, body=form.body.data, seen_at=_seen_at(form))
    except (Conflict, Invalid) as refused:
        form.form_errors.append(str(refused))
        return _answer_form(question, answer, form), refused.status
    flash("Your changes are published.", "success")
    return redirect(f"{question.path}#answer-{answer_id}")


def _answer_form(question: Question, answer: Answer, form: EditForm) -> str:
    return render_template(
        "community/edit_answer.html", question=question, answer=answer, form=form, preview=_preview(form)
    )


def _preview(form: EditForm) -> str:
    return form.body.data if "preview" in request.form and not form.errors else ""
