"""Which published answers and articles a reader may see, and how indexes and lists read them."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, or_, select
from sqlalchemy.orm import Session, selectinload

from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.paging import Page, Window, page
from helpdesk.kernel.policy import Actor
from helpdesk.kernel.sources import Card, Document, Source
from helpdesk.knowledge.enums import Audience, State
from helpdesk.knowledge.models import Article, DraftSource, HelpfulMark, PublishedAnswer
from helpdesk.knowledge.plain import opening, plain


def _readable(model: type[PublishedAnswer | Article], actor: Actor) -> ColumnElement[bool]:
    """Staff read everything; everybody else what is published for them."""
    if actor.is_staff:
        return model.id.is_not(None)
    audiences = [model.audience == Audience.PUBLIC]
    if actor.is_authenticated:
        audiences.append(model.audience == Audience.PARTIES)
    if actor.category:
        # A JSON list of words is text in both databases once cast; the quotes keep whole words apart.
        is_named = cast(model.categories, String).contains(f'"{actor.category}"', autoescape=True)
        audiences.append(and_(model.audience == Audience.CATEGORIES, is_named))
    return and_(model.state == State.PUBLISHED, or_(*audiences))


def visible(actor: Actor) -> Select[int]:
    """Ids of the answers that `actor` may read."""
    return select(PublishedAnswer.id).where(_readable(PublishedAnswer, actor))


def visible_articles(actor: Actor) -> Select[int]:
    """Ids of the articles that `actor` may read."""
    return select(Article.id).where(_readable(Article, actor))


def get(db: Session, actor: Actor, answer_id: int) -> PublishedAnswer:
    """One answer with its wordings.

    Raises:
        NotFound: absent, or not for `actor`.
    """
    return _one_answer(db, actor, PublishedAnswer.id == answer_id)


def by_slug(db: Session, actor: Actor, slug: str) -> PublishedAnswer:
    """As `get`, by the answer's address."""
    return _one_answer(db, actor, PublishedAnswer.slug == slug)


def _one_answer(db: Session, actor: Actor, condition: ColumnElement[bool]) -> PublishedAnswer:
    query = select(PublishedAnswer).where(condition, _readable(PublishedAnswer, actor))
    found = db.scalar(query.options(selectinload(PublishedAnswer.wordings)))
    if found is None:
        raise NotFound("There is no such answer, or it is not one that you may see.")
    return found


def article_by_slug(db: Session, actor: Actor, slug: str) -> Article:
    """One article.

    Raises:
        NotFound: absent, or not for `actor`.
    """
    found = db.scalar(select(Article).where(Article.slug == slug, _readable(Article, actor)))
    if found is None:
        raise NotFound("There is no such article, or it is not one that you may see.")
    return found


def listing(db: Session, actor: Actor, window: Window, *, topic: str = "", state: str = "") -> Page[PublishedAnswer]:
    """Answers, newest publication first; drafts, which only staff see, before them."""
    return _listing(db, actor, PublishedAnswer, window, topic, state)


def articles(db: Session, actor: Actor, window: Window, *, topic: str = "", state: str = "") -> Page[Article]:
    """Articles, newest publication first."""
    return _listing(db, actor, Article, window, topic, state)


def _listing(db: Session, actor: Actor, model: Any, window: Window, topic: str, state: str) -> Page[Any]:
    query = select(model).where(_readable(model, actor))
    query = query.where(model.state == state) if state else query.where(model.state != State.ARCHIVED)
    if topic:
        query = query.where(model.topic == topic)
    newest = query.order_by(model.published_at.desc().nulls_first(), model.id.desc())
    return page(list(db.scalars(newest.offset(window.offset).limit(window.limit + 1))), window)


def latest(db: Session, actor: Actor, limit: int) -> list[PublishedAnswer]:
    """The newest published answers that `actor` may read."""
    query = select(PublishedAnswer).where(PublishedAnswer.state == State.PUBLISHED, _readable(PublishedAnswer, actor))
    newest = query.order_by(PublishedAnswer.published_at.desc(), PublishedAnswer.id.desc())
    return list(db.scalars(newest.limit(limit)))


def draft_sources(db: Session, answer_id: int) -> list[tuple[str, int]]:
    """Kind and id of what an answer was drafted from, whoever may see it; cards decide what is shown."""
    rows = select(DraftSource.kind, DraftSource.object_id).where(DraftSource.answer_id == answer_id)
    return [(kind, object_id) for kind, object_id in db.execute(rows.order_by(DraftSource.kind, DraftSource.object_id))]


def helpful_mark(db: Session, actor: Actor, answer_id: int) -> bool | None:
    """What `actor` said of an answer: it helped, it did not, or nothing yet."""
    if actor.id is None:
        return None
    return db.scalar(
        select(HelpfulMark.is_helpful).where(HelpfulMark.answer_id == answer_id, HelpfulMark.user_id == actor.id)
    )


def _changed(db: Session, model: Any, after_seq: int, ids: Sequence[int] | None) -> list[Any]:
    """The rows that an indexer asks for: those after a sequence number, or those named."""
    query = select(model).order_by(model.seq, model.id)
    if model is PublishedAnswer:
        query = query.options(selectinload(PublishedAnswer.wordings))
    query = query.where(model.seq > after_seq) if ids is None else query.where(model.id.in_(ids))
    return list(db.scalars(query))


def answer_documents(db: Session, *, after_seq: int = 0, ids: Sequence[int] | None = None) -> Iterator[Document]:
    """What indexes read of answers: every wording is embedded; drafts and archived ones are absent."""
    for row in _changed(db, PublishedAnswer, after_seq, ids):
        yield Document(
            kind="answer",
            id=row.id,
            seq=row.seq,
            title=row.question,
            body=plain(row.body, row.body_format),
            texts=(row.question, *(wording.text for wording in row.wordings)),
            categories=tuple(row.categories),
            topic=row.topic,
            created_at=row.published_at,
            votes=row.helpful_count - row.unhelpful_count,
            is_solved=True,
            is_official=True,
            is_deleted=row.state != State.PUBLISHED,
        )


def article_documents(db: Session, *, after_seq: int = 0, ids: Sequence[int] | None = None) -> Iterator[Document]:
    """What indexes read of articles."""
    for row in _changed(db, Article, after_seq, ids):
        body = plain(row.body, row.body_format)
        yield Document(
            kind="article",
            id=row.id,
            seq=row.seq,
            title=row.title,
            body=f"{row.summary}\n{body}",
            texts=(row.title, f"{row.title}. {row.summary or opening(body)}"),
            categories=tuple(row.categories),
            topic=row.topic,
            created_at=row.published_at,
            is_solved=True,
            is_official=True,
            is_deleted=row.state != State.PUBLISHED,
        )


def answer_cards(db: Session, actor: Actor, ids: Sequence[int]) -> list[Card]:
    rows = db.scalars(select(PublishedAnswer).where(PublishedAnswer.id.in_(ids), _readable(PublishedAnswer, actor)))
    return [
        Card(
            kind="answer",
            id=row.id,
            title=row.question,
            url=f"/faq/{row.slug}",
            excerpt=opening(plain(row.body, row.body_format)),
            facts={"is_official": True, "state": str(row.state), "date": row.published_at, "topic": row.topic},
        )
        for row in rows
    ]


def article_cards(db: Session, actor: Actor, ids: Sequence[int]) -> list[Card]:
    rows = db.scalars(select(Article).where(Article.id.in_(ids), _readable(Article, actor)))
    return [
        Card(
            kind="article",
            id=row.id,
            title=row.title,
            url=f"/articles/{row.slug}",
            excerpt=row.summary or opening(plain(row.body, row.body_format)),
            facts={"is_official": True, "state": str(row.state), "date": row.published_at, "topic": row.topic},
        )
        for row in rows
    ]


ANSWERS = Source("answer", answer_documents, visible, answer_cards, PublishedAnswer)
ARTICLES = Source("article", article_documents, visible_articles, article_cards, Article)
