"""Pages of published answers and articles."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms.fields.choices import SelectChoice

from helpdesk.accounts.signin import current_user
from helpdesk.kernel import once, sources
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.paging import window
from helpdesk.kernel.policy import Actor
from helpdesk.kernel.sources import Card
from helpdesk.knowledge import queries, services
from helpdesk.knowledge.enums import Audience
from helpdesk.knowledge.forms import NO_TOPIC, AnswerForm, ArticleForm, KnowledgeForm
from helpdesk.knowledge.models import PublishedAnswer
from helpdesk.knowledge.policy import Can
from helpdesk.tickets.queries import topics
from helpdesk.web.marks import needs, public, signed_in

bp = Blueprint("knowledge", __name__)


def _topic_names(db: Session) -> dict[str, str]:
    return {topic.slug: topic.name for topic in topics(db)}


@bp.get("/faq")
@public
def answers() -> ResponseReturnValue:
    topic, state = request.args.get("topic", "")[:60], request.args.get("state", "")[:10]
    with reading() as db:
        page = queries.listing(db, current_user(), window(request.args), topic=topic, state=state)
        names = _topic_names(db)
    return render_template("knowledge/answers.html", page=page, topics=names, topic=topic, state=state)


@bp.get("/faq/<slug>")
@public
def answer(slug: str) -> ResponseReturnValue:
    actor = current_user()
    with reading() as db:
        found = queries.by_slug(db, actor, slug)
        mark = queries.helpful_mark(db, actor, found.id)
        names = _topic_names(db)
        drafted_from = _sources(db, actor, found) if actor.is_staff else []
    # Words that came from a ticket help to find the answer; only staff may read them.
    wordings = [row.text for row in found.wordings if actor.is_staff or row.from_kind != "ticket"]
    return render_template(
        "knowledge/answer.html",
        answer=found,
        wordings=wordings,
        mark=mark,
        topics=names,
        drafted_from=drafted_from,
    )


def _sources(db: Session, actor: Actor, found: PublishedAnswer) -> list[Card]:
    """Cards of what a draft was made from, as far as `actor` may see it."""
    by_kind: dict[str, list[int]] = {}
    for kind, object_id in queries.draft_sources(db, found.id):
        by_kind.setdefault(kind, []).append(object_id)
    return [card for kind, ids in by_kind.items() for card in sources.source(kind).cards(db, actor, ids)]


@bp.post("/faq/<slug>/helpful")
@signed_in
def helpful(slug: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        found = queries.by_slug(db, actor, slug)
        services.mark_helpful(db, actor, found, is_helpful=request.form.get("helped") == "yes")
    flash("Thank you. This helps us to mend answers that do not help.", "success")
    return redirect(url_for(".answer", slug=slug))


@bp.get("/faq/new")
@needs(Can.WRITE)
def new_answer() -> ResponseReturnValue:
    form = AnswerForm(question=request.args.get("question", "")[:200])
    _choices(form)
    return _answer_form(form)


@bp.post("/faq/new")
@needs(Can.WRITE)
def create_answer() -> ResponseReturnValue:
    form = AnswerForm()
    _choices(form)
    if not form.validate_on_submit():
        return _answer_form(form), 422
    if "preview" in request.form:
        return _answer_form(form, preview=True)
    with unit_of_work() as db:
        if (first := once.claim(db, form.once.data)) is not None:
            return redirect(first)
        made = services.draft_answer(
            db,
            current_user(),
            question=form.question.data,
            body=form.body.data,
            audience=Audience(form.audience.data),
            categories=form.categories.data,
            topic=form.topic.data,
            wordings=form.wordings.data.splitlines(),
        )
        address = url_for(".answer", slug=made.slug)
        once.settle(db, form.once.data, address)
    flash("The draft is kept. Staff can see it; a lead publishes it.", "success")
    return redirect(address)


@bp.get("/faq/<slug>/edit")
@needs(Can.WRITE)
def edit_answer(slug: str) -> ResponseReturnValue:
    with reading() as db:
        found = queries.by_slug(db, current_user(), slug)
    form = AnswerForm(obj=found)
    form.wordings.data = "\n".join(row.text for row in found.wordings)
    _choices(form)
    return _answer_form(form, found=found)


@bp.post("/faq/<slug>/edit")
@needs(Can.WRITE)
def save_answer(slug: str) -> ResponseReturnValue:
    form = AnswerForm()
    _choices(form)
    is_valid = form.validate_on_submit()
    with unit_of_work() as db:
        actor = current_user()
        found = queries.by_slug(db, actor, slug)
        if is_valid and "preview" not in request.form:
            services.edit_answer(
                db,
                actor,
                found,
                question=form.question.data,
                body=form.body.data,
                audience=Audience(form.audience.data),
                categories=form.categories.data,
                topic=form.topic.data,
                wordings=form.wordings.data.splitlines(),
            )
            flash("Your changes are kept.", "success")
            return redirect(url_for(".answer", slug=slug))
    return _answer_form(form, found=found, preview=is_valid), 200 if is_valid else 422


@bp.post("/faq/<slug>/publish")
@needs(Can.PUBLISH)
def publish_answer(slug: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        services.publish_answer(db, actor, queries.by_slug(db, actor, slug))
    flash("Published. It is suggested from now on.", "success")
    return redirect(url_for(".answer", slug=slug))


@bp.post("/faq/<slug>/archive")
@needs(Can.PUBLISH)
def archive_answer(slug: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        services.archive_answer(db, actor, queries.by_slug(db, actor, slug))
    flash("Archived. Readers no longer see it, and it is no longer suggested.", "success")
    return redirect(url_for(".answer", slug=slug))


def _choices(form: KnowledgeForm) -> None:
    with reading() as db:
        form.topic.choices = [NO_TOPIC, *(SelectChoice(slug, name) for slug, name in _topic_names(db).items())]


def _answer_form(form: AnswerForm, found: PublishedAnswer | None = None, *, preview: bool = False) -> str:
    return render_template("knowledge/answer_form.html", form=form, answer=found, preview=preview)


@bp.get("/articles")
@public
def articles() -> ResponseReturnValue:
    topic, state = request.args.get("topic", "")[:60], request.args.get("state", "")[:10]
    with reading() as db:
        page = queries.articles(db, current_user(), window(request.args), topic=topic, state=state)
        names = _topic_names(db)
    return render_template("knowledge/articles.html", page=page, topics=names, topic=topic, state=state)


@bp.get("/articles/<slug>")
@public
def article(slug: str) -> ResponseReturnValue:
    with reading() as db:
        found = queries.article_by_slug(db, current_user(), slug)
        names = _topic_names(db)
    return render_template("knowledge/article.html", article=found, topics=names)


@bp.get("/articles/new")
@needs(Can.WRITE)
def new_article() -> ResponseReturnValue:
    form = ArticleForm()
    _choices(form)
    return render_template("knowledge/article_form.html", form=form, article=None, preview=False)


@bp.post("/articles/new")
@needs(Can.WRITE)
def create_article() -> ResponseReturnValue:
    form = ArticleForm()
    _choices(form)
    is_valid = form.validate_on_submit()
    if not is_valid or "preview" in request.form:
        shown = render_template("knowledge/article_form.html", form=form, article=None, preview=is_valid)
        return shown, 200 if is_valid else 422
    with unit_of_work() as db:
        if (first := once.claim(db, form.once.data)) is not None:
            return redirect(first)
        made = services.write_article(
            db,
            current_user(),
            title=form.title.data,
            summary=form.summary.data,
            body=form.body.data,
            audience=Audience(form.audience.data),
            categories=form.categories.data,
            topic=form.topic.data,
        )
        address = url_for(".article", slug=made.slug)
        once.settle(db, form.once.data, address)
    flash("The draft is kept. Staff can see it; a lead publishes it.", "success")
    return redirect(address)


@bp.get("/articles/<slug>/edit")
@needs(Can.WRITE)
def edit_article(slug: str) -> ResponseReturnValue:
    with reading() as db:
        found = queries.article_by_slug(db, current_user(), slug)
    form = ArticleForm(obj=found)
    _choices(form)
    return render_template("knowledge/article_form.html", form=form, article=found, preview=False)


@bp.post("/articles/<slug>/edit")
@needs(Can.WRITE)
def save_article(slug: str) -> ResponseReturnValue:
    form = ArticleForm()
    _choices(form)
    is_valid = form.validate_on_submit()
    with unit_of_work() as db:
        actor = current_user()
        found = queries.article_by_slug(db, actor, slug)
        if is_valid and "preview" not in request.form:
            services.edit_article(
                db,
                actor,
                found,
                title=form.title.data,
                summary=form.summary.data,
                body=form.body.data,
                audience=Audience(form.audience.data),
                categories=form.categories.data,
                topic=form.topic.data,
            )
            flash("Your changes are kept.", "success")
            return redirect(url_for(".article", slug=slug))
    shown = render_template("knowledge/article_form.html", form=form, article=found, preview=is_valid)
    return shown, 200 if is_valid else 422


@bp.post("/articles/<slug>/publish")
@needs(Can.PUBLISH)
def publish_article(slug: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        services.publish_article(db, actor, queries.article_by_slug(db, actor, slug))
    flash("Published.", "success")
    return redirect(url_for(".article", slug=slug))


@bp.post("/articles/<slug>/archive")
@needs(Can.PUBLISH)
def archive_article(slug: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        actor = current_user()
        services.archive_article(db, actor, queries.article_by_slug(db, actor, slug))
    flash("Archived. Readers no longer see it, and it is no longer suggested.", "success")
    return redirect(url_for(".article", slug=slug))
