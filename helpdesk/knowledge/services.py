"""Use cases of published answers and articles: draft, edit, publish, archive, say whether it helped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from slugify import slugify
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel import audit, changes, clock
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.events import publish
from helpdesk.kernel.policy import Actor, require
from helpdesk.knowledge.enums import Audience, State
from helpdesk.knowledge.events import AnswerPublished
from helpdesk.knowledge.models import Article, DraftSource, HelpfulMark, PublishedAnswer, Wording
from helpdesk.knowledge.policy import RULES, Can

MAX_WORDINGS = 200  # of one answer; more bring nothing that the first hundred did not
WORDING_LENGTH = 500  # characters
SLUG_LENGTH = 70  # characters, leaving room for a number


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingFrom:
    """A wording and the item in which somebody used it."""

    text: str
    kind: str = ""
    id: int | None = None


def draft_answer(
    db: Session,
    actor: Actor,
    *,
    question: str,
    body: str,
    body_format: str = "markdown",
    audience: Audience = Audience.PUBLIC,
    categories: Sequence[str] = (),
    topic: str = "",
    wordings: Iterable[WordingFrom | str] = (),
    sources: Iterable[tuple[str, int]] = (),
    group_id: int | None = None,
    at: datetime | None = None,
) -> PublishedAnswer:
    """A new draft; only staff see it until it is published.

    Raises:
        Forbidden: `actor` is not staff.
        Invalid: no question, or chosen categories without any.
    """
    require(RULES, actor, Can.WRITE)
    now = at or clock.now()
    answer = PublishedAnswer(
        slug=_free_slug(db, PublishedAnswer, question),
        question=_titled(question),
        body=body,
        body_format=body_format,
        audience=audience,
        categories=_categories(audience, categories),
        topic=topic,
        author_id=actor.id,
        group_id=group_id,
        created_at=now,
        updated_at=now,
        wordings=[],
    )
    db.add(answer)
    _set_wordings(answer, wordings)
    db.flush()
    db.add_all(DraftSource(answer_id=answer.id, kind=kind, object_id=item) for kind, item in dict.fromkeys(sources))
    changes.changed(db, "answer", answer)
    audit.record(db, actor, "answer.drafted", "answer", answer.id)
    return answer


def edit_answer(
    db: Session,
    actor: Actor,
    answer: PublishedAnswer,
    *,
    question: str,
    body: str,
    audience: Audience,
    categories: Sequence[str] = (),
    topic: str = "",
    wordings: Iterable[WordingFrom | str] | None = None,
) -> None:
    """Change a draft or a published answer. The address stays, so that links to it keep working."""
    require(RULES, actor, Can.WRITE)
    if answer.state == State.PUBLISHED:
        require(RULES, actor, Can.PUBLISH)
    answer.question, answer.body, answer.topic = _titled(question), body, topic
    answer.audience, answer.categories = audience, _categories(audience, categories)
    answer.updated_at = clock.now()
    if wordings is not None:
        _set_wordings(answer, wordings)
    changes.changed(db, "answer", answer)
    audit.record(db, actor, "answer.edited", "answer", answer.id)


def add_wording(db: Session, actor: Actor, answer: PublishedAnswer, wording: WordingFrom) -> None:
    """Remember one more way to ask what `answer` answers. A known one changes nothing."""
    require(RULES, actor, Can.WRITE)
    before = len(answer.wordings)
    _set_wordings(answer, [*_kept(answer), wording])
    if len(answer.wordings) > before:
        changes.changed(db, "answer", answer)


def publish_answer(db: Session, actor: Actor, answer: PublishedAnswer, at: datetime | None = None) -> None:
    """Show `answer` to its audience and suggest it from now on.

    Raises:
        Forbidden: `actor` is no lead.
        Invalid: it has no text.
        Conflict: it is published already.
    """
    require(RULES, actor, Can.PUBLISH)
    _publish(answer, answer.body, at)
    changes.changed(db, "answer", answer)
    publish(db, AnswerPublished(answer.id))
    audit.record(db, actor, "answer.published", "answer", answer.id)


def archive_answer(db: Session, actor: Actor, answer: PublishedAnswer) -> None:
    """Take `answer` from readers and suggestions; staff still find it, and may publish it again."""
    require(RULES, actor, Can.PUBLISH)
    answer.state, answer.updated_at = State.ARCHIVED, clock.now()
    changes.changed(db, "answer", answer)
    audit.record(db, actor, "answer.archived", "answer", answer.id)


def mark_helpful(db: Session, actor: Actor, answer: PublishedAnswer, *, is_helpful: bool) -> None:
    """Record whether `answer` helped `actor`; one mark a person, which may change."""
    require(RULES, actor, Can.MARK_HELPFUL)
    mark = db.get(HelpfulMark, (answer.id, actor.id))
    if mark is None:
        mark = HelpfulMark(answer_id=answer.id, user_id=actor.id, is_helpful=is_helpful)
        db.add(mark)
    elif mark.is_helpful == is_helpful:
        return
    else:
        _count(answer, is_helpful=not is_helpful, step=-1)
        mark.is_helpful, mark.at = is_helpful, clock.now()
    _count(answer, is_helpful=is_helpful, step=1)


def write_article(
    db: Session,
    actor: Actor,
    *,
    title: str,
    summary: str,
    body: str,
    body_format: str = "markdown",
    audience: Audience = Audience.PUBLIC,
    categories: Sequence[str] = (),
    topic: str = "",
    at: datetime | None = None,
) -> Article:
    """A new article, as a draft."""
    require(RULES, actor, Can.WRITE)
    now = at or clock.now()
    article = Article(
        slug=_free_slug(db, Article, title),
        title=_titled(title),
        summary=summary[:WORDING_LENGTH],
        body=body,
        body_format=body_format,
        audience=audience,
        categories=_categories(audience, categories),
        topic=topic,
        author_id=actor.id,
        created_at=now,
        updated_at=now,
    )
    db.add(article)
    db.flush()
    changes.changed(db, "article", article)
    audit.record(db, actor, "article.drafted", "article", article.id)
    return article


def edit_article(
    db: Session,
    actor: Actor,
    article: Article,
    *,
    title: str,
    summary: str,
    body: str,
    audience: Audience,
    categories: Sequence[str] = (),
    topic: str = "",
) -> None:
    """Change an article; its address stays."""
    require(RULES, actor, Can.WRITE)
    if article.state == State.PUBLISHED:
        require(RULES, actor, Can.PUBLISH)
    article.title, article.summary, article.body, article.topic = _titled(title), summary, body, topic
    article.audience, article.categories = audience, _categories(audience, categories)
    article.updated_at = clock.now()
    changes.changed(db, "article", article)
    audit.record(db, actor, "article.edited", "article", article.id)


def publish_article(db: Session, actor: Actor, article: Article, at: datetime | None = None) -> None:
    """Show `article` to its audience."""
    require(RULES, actor, Can.PUBLISH)
    _publish(article, article.body, at)
    changes.changed(db, "article", article)
    audit.record(db, actor, "article.published", "article", article.id)


def archive_article(db: Session, actor: Actor, article: Article) -> None:
    require(RULES, actor, Can.PUBLISH)
    article.state, article.updated_at = State.ARCHIVED, clock.now()
    changes.changed(db, "article", article)
    audit.record(db, actor, "article.archived", "article", article.id)


def _publish(item: PublishedAnswer | Article, body: str, at: datetime | None) -> None:
    if not body.strip():
        raise Invalid("This has no text yet. Write the answer, then publish it.")
    if item.state == State.PUBLISHED:
        raise Conflict("This was published while you were looking at it.")
    item.state = State.PUBLISHED
    item.published_at = item.updated_at = at or clock.now()


def _titled(text: str) -> str:
    clean = " ".join(text.split())[:200]
    if not clean:
        raise Invalid("Give it a title: the question in the words of those who ask it.")
    return clean


def _categories(audience: Audience, categories: Sequence[str]) -> list[str]:
    if audience != Audience.CATEGORIES:
        return []
    if not categories:
        raise Invalid("Choose at least one Party category, or another audience.")
    return sorted(set(categories))


def _kept(answer: PublishedAnswer) -> list[WordingFrom]:
    return [WordingFrom(text=row.text, kind=row.from_kind, id=row.from_id) for row in answer.wordings]


def _set_wordings(answer: PublishedAnswer, wordings: Iterable[WordingFrom | str]) -> None:
    """Make the answer's wordings these, each once, without its own question; rows that stay keep their source."""
    known = {row.text: row for row in answer.wordings}
    chosen: dict[str, Wording] = {}
    for given in wordings:
        wording = WordingFrom(text=given) if isinstance(given, str) else given
        text = " ".join(wording.text.split())[:WORDING_LENGTH]
        if text and text != answer.question and len(chosen) < MAX_WORDINGS:
            new = Wording(text=text, from_kind=wording.kind, from_id=wording.id)
            chosen.setdefault(text, known.get(text, new))
    answer.wordings[:] = chosen.values()


def _count(answer: PublishedAnswer, *, is_helpful: bool, step: int) -> None:
    """Counted by the database, so that two readers at once are both counted."""
    if is_helpful:
        answer.helpful_count = PublishedAnswer.helpful_count + step
    else:
        answer.unhelpful_count = PublishedAnswer.unhelpful_count + step


def _free_slug(db: Session, model: type[PublishedAnswer | Article], title: str) -> str:
    stem = slugify(title, max_length=SLUG_LENGTH, word_boundary=True) or "untitled"
    if stem in {"new", "preview"}:  # addresses that the pages use themselves
        stem = f"{stem}-1"
    taken = set(db.scalars(select(model.slug).where(model.slug.startswith(stem, autoescape=True))))
    number, slug = 2, stem
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug
