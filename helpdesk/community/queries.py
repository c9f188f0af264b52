"""Which questions a reader may see, and what lists and pages show of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.models import Follow
from helpdesk.accounts.queries import Person
from helpdesk.community.enums import LinkKind, PostKind, Show, Sort, State
from helpdesk.community.models import Answer, Comment, Question, QuestionLink, Revision, Tag, Vote, question_tags
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.paging import Page, Window, page
from helpdesk.kernel.policy import Actor

KIND = "question"
LINKS_SHOWN = 20
TAGS_SHOWN = 200


def is_readable(actor: Actor) -> ColumnElement[bool]:
    """The one rule: staff read all, Parties what is not hidden, visitors what is also public."""
    if actor.is_staff:
        return true()
    if actor.is_authenticated:
        return Question.state != State.HIDDEN
    return and_(Question.state != State.HIDDEN, Question.is_public)


def visible(actor: Actor) -> Select[int]:
    """Ids of the questions that `actor` may read."""
    return select(Question.id).where(is_readable(actor))


def get(db: Session, actor: Actor, question_id: int) -> Question:
    """One question with its tags.

    Raises:
        NotFound: absent, or not for `actor`.
    """
    wanted = select(Question).where(Question.id == question_id, is_readable(actor))
    found = db.scalars(wanted.options(joinedload(Question.tags))).unique().one_or_none()
    if found is None:
        raise NotFound("There is no such question, or it is not one that you may see.")
    return found


def answer(db: Session, actor: Actor, question: Question, answer_id: int) -> Answer:
    """One answer to a question that `actor` has got.

    Raises:
        NotFound: it belongs to another question, or is hidden from `actor`.
    """
    wanted = select(Answer).where(Answer.id == answer_id, Answer.question_id == question.id)
    if not actor.is_staff:
        wanted = wanted.where(Answer.is_hidden.is_(False))
    found = db.scalar(wanted)
    if found is None:
        raise NotFound("There is no such answer to this question.")
    return found


def comment(db: Session, actor: Actor, question: Question, comment_id: int) -> Comment:
    """One comment in the thread of a question that `actor` has got.

    Raises:
        NotFound: it belongs to another question, or is hidden from `actor`.
    """
    wanted = select(Comment).where(Comment.id == comment_id, Comment.question_id == question.id)
    if not actor.is_staff:
        wanted = wanted.where(Comment.is_hidden.is_(False))
    found = db.scalar(wanted)
    if found is None:
        raise NotFound("There is no such comment on this question.")
    return found


def readers(db: Session, question_id: int, actors: Collection[Actor]) -> list[Actor]:
    """Those of `actors` who may read a question. It is asked once a role, for `visible` looks at nothing else."""
    one_a_role = {actor.role: actor for actor in actors}
    roles = {
        role
        for role, actor in one_a_role.items()
        if db.scalar(visible(actor).where(Question.id == question_id)) is not None
    }
    return [actor for actor in actors if actor.role in roles]


ORDERS: Mapping[Sort, tuple[ColumnElement[Any], ...]] = {
    Sort.NEWEST: (Question.created_at.desc(), Question.id.desc()),
    Sort.ACTIVE: (Question.last_activity_at.desc(), Question.id.desc()),
    Sort.VOTES: (Question.score.desc(), Question.id.desc()),
}


def listing(
    db: Session,
    actor: Actor,
    window: Window,
    *,
    show: Show = Show.ALL,
    sort: Sort = Sort.NEWEST,
    tag: str = "",
) -> Page[Question]:
    """Questions with their tags, filtered and in order."""
    wanted = select(Question).where(is_readable(actor), _shown(actor, show))
    if tag:
        tagged = select(question_tags.c.question_id).join(Tag, Tag.id == question_tags.c.tag_id).where(Tag.name == tag)
        wanted = wanted.where(Question.id.in_(tagged))
    wanted = wanted.order_by(*ORDERS[sort]).offset(window.offset).limit(window.limit + 1)
    return page(list(db.scalars(wanted.options(selectinload(Question.tags)))), window)


def _shown(actor: Actor, show: Show) -> ColumnElement[bool]:
    if show is Show.UNANSWERED:
        return and_(Question.state == State.OPEN, Question.answer_count == 0)
    if show is Show.UNSOLVED:
        return and_(Question.state == State.OPEN, Question.accepted_answer_id.is_(None))
    if show is Show.MINE:
        return Question.author_id == actor.id
    if show is Show.FOLLOWING:
        mine = select(Follow.object_id).where(Follow.user_id == actor.id, Follow.kind == KIND)
        return Question.id.in_(mine)
    return true()


def unanswered(db: Session, actor: Actor, window: Window) -> Page[Question]:
    """Open questions without any answer, the one that waits longest first."""
    wanted = select(Question).where(is_readable(actor), _shown(actor, Show.UNANSWERED))
    oldest = wanted.order_by(Question.created_at, Question.id)
    rows = db.scalars(oldest.offset(window.offset).limit(window.limit + 1).options(selectinload(Question.tags)))
    return page(list(rows), window)


@dataclass(frozen=True, slots=True)
class Headline:
    """A question in a short list."""

    id: int
    title: str
    url: str
    votes: int
    answers: int
    is_solved: bool
    at: datetime


def headline(question: Question) -> Headline:
    return Headline(
        question.id,
        question.title,
        question.path,
        question.score,
        question.answer_count,
        question.is_solved,
        question.created_at,
    )


def newest(db: Session, actor: Actor, limit: int) -> list[Headline]:
    wanted = select(Question).where(is_readable(actor)).order_by(*ORDERS[Sort.NEWEST]).limit(limit)
    return [headline(question) for question in db.scalars(wanted)]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a reader stands in a thread."""

    is_following: bool = False
    votes: Mapping[int | None, int] = field(default_factory=dict)  # by answer id; the one on the question under None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """All that the page of one question shows."""

    question: Question
    answers: Sequence[Answer]  # official ones first, then the accepted one, then by votes
    comments: Mapping[int | None, Sequence[Comment]]  # by answer id; those on the question under None
    people: Mapping[int, Person]
    standing: Standing
    links: Sequence[tuple[LinkKind, Headline]]
    original: Headline | None  # the question that this one repeats, if the reader may see it


def thread(db: Session, actor: Actor, question: Question) -> Thread:
    """The answers, comments and links of a question, and where `actor` stands in it, in five queries."""
    answers = _answers(db, actor, question)
    comments = _comments(db, actor, question)
    posts: list[Question | Answer | Comment] = [question, *answers, *comments]
    authors = {post.author_id for post in posts if post.author_id is not None}
    standing = _standing(db, actor, question)
    links = _links(db, actor, question)
    by_post: defaultdict[int | None, list[Comment]] = defaultdict(list)
    for one in comments:
        by_post[one.answer_id].append(one)
    return Thread(
        question=question,
        answers=answers,
        comments=by_post,
        people=accounts.names(db, authors),
        standing=standing,
        links=links,
        original=next((found for _, found in links if found.id == question.duplicate_of_id), None),
    )


def _answers(db: Session, actor: Actor, question: Question) -> list[Answer]:
    wanted = select(Answer).where(Answer.question_id == question.id)
    if not actor.is_staff:
        wanted = wanted.where(Answer.is_hidden.is_(False))
    return in_order(db.scalars(wanted).all(), question.accepted_answer_id)


def in_order(answers: Collection[Answer], accepted_id: int | None) -> list[Answer]:
    """Official answers first, then the accepted one, then by votes; the older one where these agree."""
    return sorted(
        answers, key=lambda one: (not one.is_official, one.id != accepted_id, -one.score, one.created_at, one.id)
    )


def _comments(db: Session, actor: Actor, question: Question) -> Sequence[Comment]:
    wanted = select(Comment).where(Comment.question_id == question.id)
    if not actor.is_staff:
        wanted = wanted.where(Comment.is_hidden.is_(False))
    return db.scalars(wanted.order_by(Comment.created_at, Comment.id)).all()


def _standing(db: Session, actor: Actor, question: Question) -> Standing:
    if actor.id is None:
        return Standing()
    answers = select(Answer.id).where(Answer.question_id == question.id)
    own = and_(
        Vote.user_id == actor.id,
        Vote.value != 0,
        or_(Vote.question_id == Question.id, Vote.answer_id.in_(answers)),
    )
    follows = exists().where(Follow.user_id == actor.id, Follow.kind == KIND, Follow.object_id == question.id)
    wanted = select(follows.label("is_following"), Vote.answer_id, Vote.value).select_from(Question)
    rows = db.execute(wanted.outerjoin(Vote, own).where(Question.id == question.id)).all()
    return Standing(bool(rows[0].is_following), {row.answer_id: row.value for row in rows if row.value is not None})


def _links(db: Session, actor: Actor, question: Question) -> list[tuple[LinkKind, Headline]]:
    """Questions that point here or are pointed to, as far as the reader may see them."""
    other = or_(
        and_(QuestionLink.question_id == question.id, Question.id == QuestionLink.other_id),
        and_(QuestionLink.other_id == question.id, Question.id == QuestionLink.question_id),
    )
    wanted = (
        select(QuestionLink.kind, Question)
        .join(Question, other)
        .where(is_readable(actor))
        .order_by(QuestionLink.kind, Question.score.desc(), Question.id)  # duplicates stand first
        .limit(LINKS_SHOWN)
    )
    return [(kind, headline(found)) for kind, found in db.execute(wanted)]


@dataclass(frozen=True, slots=True)
class TagCount:
    name: str
    count: int


def tags(db: Session, actor: Actor) -> list[TagCount]:
    """The tags most used in what `actor` may read, by the counts that are kept."""
    count = Tag.question_count if actor.is_authenticated else Tag.public_count
    wanted = select(Tag.name, count).where(count > 0).order_by(count.desc(), Tag.name).limit(TAGS_SHOWN)
    return [TagCount(name, number) for name, number in db.execute(wanted)]


def revisions(db: Session, kind: PostKind, object_id: int) -> list[Revision]:
    """How a post stood, first to last; empty if it was never edited."""
    wanted = select(Revision).where(Revision.kind == kind, Revision.object_id == object_id)
    return list(db.scalars(wanted.order_by(Revision.at, Revision.id)))
