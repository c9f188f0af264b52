"""Lists, one question, its history, tags and the feed."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.signin import current_user
from helpdesk.community import differences, queries
from helpdesk.community.enums import PostKind, Show, Sort
from helpdesk.community.forms import AnswerForm, CommentForm
from helpdesk.community.models import Answer, Question, Revision
from helpdesk.kernel.db import reading
from helpdesk.kernel.paging import Window, window
from helpdesk.kernel.plain import plain
from helpdesk.kernel.policy import VISITOR
from helpdesk.web.marks import public

bp = Blueprint("community", __name__, url_prefix="/questions")
feed_bp = Blueprint("community_feed", __name__)

FEED_ROWS = 30
TAG_LENGTH = 60  # characters
UNPRINTABLE = {code: None for code in range(32) if code not in {9, 10, 13}}  # XML holds none of them

Word = TypeVar("Word", bound=StrEnum)


def _word(kind: type[Word], name: str, default: Word) -> Word:
    """What the address asks for; rubbish means the default."""
    asked = request.args.get(name, "")
    return kind(asked) if asked in set(kind) else default


@bp.get("")
@public
def index() -> ResponseReturnValue:
    actor = current_user()
    show, sort = _word(Show, "show", Show.ALL), _word(Sort, "sort", Sort.NEWEST)
    if not actor.is_authenticated and show in {Show.MINE, Show.FOLLOWING}:
        return redirect(url_for("accounts.sign_in", next=request.full_path))
    tag = request.args.get("tag", "")[:TAG_LENGTH]
    with reading() as db:
        page = queries.listing(db, actor, window(request.args), show=show, sort=sort, tag=tag)
        people = accounts.names(db, {row.author_id for row in page.items if row.author_id is not None})
    return render_template("community/index.html", page=page, people=people, show=show, sort=sort, tag=tag)


@bp.get("/tags")
@public
def tags() -> ResponseReturnValue:
    with reading() as db:
        found = queries.tags(db, current_user())
    return render_template("community/tags.html", tags=found)


@bp.get("/<int:question_id>")
@bp.get("/<int:question_id>/<slug>")
@public
def show(question_id: int, slug: str = "") -> ResponseReturnValue:
    actor = current_user()
    with reading() as db:
        question = queries.get(db, actor, question_id)
        if slug != question.slug:
            return redirect(question.path, 301)
        thread = queries.thread(db, actor, question)
    return draw(thread, AnswerForm(formdata=None, is_official=actor.is_staff))


def draw(thread: queries.Thread, form: AnswerForm, commenting: tuple[CommentForm, int | None] | None = None) -> str:
    """The page of one question. A refused answer, or a refused comment with its answer's id, comes back in it."""
    return render_template(
        "community/question.html",
        question=thread.question,
        thread=thread,
        form=form,
        commenting=commenting,
        preview=form.body.data if "preview" in request.form and not form.errors else "",
    )


@bp.get("/<int:question_id>/history")
@public
def history(question_id: int) -> ResponseReturnValue:
    with reading() as db:
        question = queries.get(db, current_user(), question_id)
        rows = queries.revisions(db, PostKind.QUESTION, question.id)
    return _history(question, question, rows)


@bp.get("/<int:question_id>/answers/<int:answer_id>/history")
@public
def answer_history(question_id: int, answer_id: int) -> ResponseReturnValue:
    with reading() as db:
        question = queries.get(db, current_user(), question_id)
        answer = queries.answer(db, current_user(), question, answer_id)
        rows = queries.revisions(db, PostKind.ANSWER, answer.id)
    return _history(question, answer, rows)


def _history(question: Question, post: Question | Answer, rows: Sequence[Revision]) -> str:
    """Every edit beside the text it changed, the newest first."""
    edits = [
        (
            after,
            differences.compare(before.title, after.title) if before.title != after.title else [],
            differences.compare(plain(before.body, before.body_format), plain(after.body, after.body_format)),
        )
        for before, after in pairwise(rows)
    ]
    return render_template("community/history.html", question=question, post=post, first=rows[:1], edits=edits[::-1])


@feed_bp.get("/questions.atom")
@public
def feed() -> ResponseReturnValue:
    """The newest questions that everybody may read, whoever asks for the feed."""
    with reading() as db:
        page = queries.listing(db, VISITOR, Window(1, FEED_ROWS))
        people = accounts.names(db, {row.author_id for row in page.items if row.author_id is not None})
    base_url = current_app.extensions["signpost.settings"].base_url
    xml = render_template("community/feed.xml", questions=page.items, people=people, base_url=base_url)
    return Response(xml.translate(UNPRINTABLE), mimetype="application/atom+xml")
