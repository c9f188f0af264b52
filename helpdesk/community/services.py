"""Taking part: asking, answering, commenting, voting, accepting, editing. Every change the indexes see is published."""

from collections.abc import Collection, Iterable
from datetime import datetime

from slugify import slugify
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk.accounts import services as accounts
from helpdesk.community.enums import PostKind, State, VoteKind
from helpdesk.community.events import AnswerAccepted, AnswerPosted, CommentPosted, QuestionAsked
from helpdesk.community.models import Answer, Comment, Question, Revision, Tag, Vote, question_tags
from helpdesk.community.policy import RULES, Can
from helpdesk.community.queries import KIND
from helpdesk.kernel import audit, changes, clock, screening
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.events import publish
from helpdesk.kernel.policy import Actor, require

TITLE_LENGTH = 200  # characters
BODY_LENGTH = 20_000  # characters
COMMENT_LENGTH = 1_000  # characters; longer remarks are answers
MAX_TAGS = 5
TAG_LENGTH = 40  # characters


def ask(
    db: Session,
    actor: Actor,
    *,
    title: str,
    body: str,
    is_public: bool = False,
    tags: Collection[str] = (),
    topic: str = "",
    at: datetime | None = None,
    is_generated: bool = False,
) -> Question:
    """A new question to all Parties, which `actor` follows.

    Raises:
        Forbidden: visitors read only.
        Invalid: the title or the text is empty or too long, or there are too many tags.
    """
    require(RULES, actor, Can.ASK)
    at = at or clock.now()
    question = Question(
        title=_line(actor, title),
        body=_text(actor, body, BODY_LENGTH),
        author_id=actor.id,
        author_name=actor.name,
        organisation_id=actor.organisation_id,
        is_public=is_public,
        topic=topic,
        created_at=at,
        updated_at=at,
        last_activity_at=at,
        is_generated=is_generated,
        tags=_tags(db, tags),
    )
    db.add(question)
    db.flush()
    count_tags(db, question, 1)
    accounts.follow(db, actor, KIND, question.id)
    publish(db, QuestionAsked(question.id))
    changed(db, question)
    return question


def answer(
    db: Session, actor: Actor, question: Question, body: str, is_official: bool = False, at: datetime | None = None
) -> Answer:
    """An answer; its author follows the question from now on.

    Raises:
        Forbidden: visitors read only, and only staff answer officially.
        Conflict: the question takes no answers.
        Invalid: the text is empty or too long.
    """
    require(RULES, actor, Can.ANSWER, question)
    if is_official:
        require(RULES, actor, Can.ANSWER_OFFICIALLY, question)
    if not question.is_open:
        raise Conflict("This question takes no more answers. If yours is missing, ask a new question and link to it.")
    at = at or clock.now()
    made = Answer(
        question_id=question.id,
        body=_text(actor, body, BODY_LENGTH),
        author_id=actor.id,
        author_name=actor.name,
        is_official=is_official,
        created_at=at,
        updated_at=at,
    )
    db.add(made)
    question.answer_count = Question.answer_count + 1
    question.has_official = question.has_official or is_official
    question.last_activity_at = at
    db.flush()
    accounts.follow(db, actor, KIND, question.id)
    publish(db, AnswerPosted(question.id, made.id))
    changed(db, question)
    return made


def comment(
    db: Session, actor: Actor, question: Question, body: str, answer: Answer | None = None, at: datetime | None = None
) -> Comment:
    """A remark on a question, or on one of its answers.

    Raises:
        Forbidden: visitors read only.
        Invalid: the text is empty or too long.
    """
    require(RULES, actor, Can.COMMENT, question)
    at = at or clock.now()
    made = Comment(
        question_id=question.id,
        answer_id=None if answer is None else answer.id,
        body=_text(actor, body, COMMENT_LENGTH),
        author_id=actor.id,
        author_name=actor.name,
        created_at=at,
    )
    db.add(made)
    question.comment_count = Question.comment_count + 1
    question.last_activity_at = at
    db.flush()
    publish(db, CommentPosted(question.id, made.id))
    return made


def accept(db: Session, actor: Actor, question: Question, answer: Answer) -> None:
    """This answer solved it; another accepted one gives way.

    Raises:
        Forbidden: only the asker and staff accept.
        Conflict: the answer is hidden, or belongs to another question.
    """
    require(RULES, actor, Can.ACCEPT, question)
    if answer.question_id != question.id or answer.is_hidden:
        raise Conflict("This answer cannot be accepted. Reload the page and choose one that is shown there.")
    if question.accepted_answer_id == answer.id:
        return
    question.accepted_answer_id = answer.id
    publish(db, AnswerAccepted(question.id, answer.id, actor.id))
    changed(db, question)


def unaccept(db: Session, actor: Actor, question: Question) -> None:
    """The question is unsolved again.

    Raises:
        Forbidden: only the asker and staff say so.
    """
    require(RULES, actor, Can.ACCEPT, question)
    question.accepted_answer_id = None
    changed(db, question)


def vote(db: Session, actor: Actor, post: Question | Answer, value: int) -> None:
    """`actor`'s one vote on a post: 1, -1, or 0 to take it back.

    Raises:
        Forbidden: visitors do not vote, nor anybody on their own text.
        Conflict: the same person's vote came from elsewhere at the same moment.
    """
    require(RULES, actor, Can.VOTE, post)
    if value not in {-1, 0, 1}:
        raise Invalid("A vote is up, down or none. Use the arrows beside the text.")
    column = Vote.question_id if isinstance(post, Question) else Vote.answer_id
    mine = db.scalar(select(Vote).where(Vote.user_id == actor.id, column == post.id, Vote.value != 0).with_for_update())
    step = value - (mine.value if mine else 0)
    if step == 0:
        return
    if mine is None:
        _add_vote(db, actor, post, value)
    elif value == 0:
        db.delete(mine)
    else:
        mine.value, mine.kind = value, _kind(value)
    post.score = type(post).score + step
    db.flush()
    if isinstance(post, Question):
        changed(db, post)


def _add_vote(db: Session, actor: Actor, post: Question | Answer, value: int) -> None:
    made = Vote(user_id=actor.id, kind=_kind(value), value=value)
    if isinstance(post, Question):
        made.question_id = post.id
    else:
        made.answer_id = post.id
    try:
        with db.begin_nested():
            db.add(made)
    except IntegrityError as error:  # two clicks at once: the unique index lets one of them win
        raise Conflict("Your vote is counted already. Reload the page to see it.") from error


def _kind(value: int) -> VoteKind:
    return VoteKind.UP if value > 0 else VoteKind.DOWN


def edit_question(
    db: Session,
    actor: Actor,
    question: Question,
    *,
    title: str,
    body: str,
    tags: Collection[str],
    is_public: bool,
    seen_at: datetime,
) -> None:
    """A better wording; the former one stays in the history. `seen_at` is the `updated_at` that the editor saw.

    Raises:
        Forbidden: only the author and staff edit.
        Conflict: somebody else edited it since, or answers written for Parties would become public.
    """
    require(RULES, actor, Can.EDIT, question)
    _refuse_older(question, seen_at)
    if is_public and not question.is_public and (question.answer_count or question.comment_count):
        raise Conflict(
            "Others have written here for Parties only, so the question cannot be opened to visitors any more. "
            "Leave “public” unticked, or ask a new public question."
        )
    line, text = _line(actor, title), _text(actor, body, BODY_LENGTH)
    count_tags(db, question, -1)
    if (line, text) != (question.title, question.body):
        keep_first(db, PostKind.QUESTION, question, question.title)
        question.title, question.body = line, text
        question.edited_at = clock.now()
        _keep(db, actor, PostKind.QUESTION, question, line)
    question.tags = _tags(db, tags)
    question.is_public = is_public
    question.updated_at = clock.now()
    db.flush()
    count_tags(db, question, 1)
    changed(db, question)


def edit_answer(db: Session, actor: Actor, question: Question, answer: Answer, *, body: str, seen_at: datetime) -> None:
    """A better answer; the former text stays in the history.

    Raises:
        Forbidden: only the author and staff edit.
        Conflict: somebody else edited it since.
    """
    require(RULES, actor, Can.EDIT, answer)
    _refuse_older(answer, seen_at)
    text = _text(actor, body, BODY_LENGTH)
    if text == answer.body:
        return
    keep_first(db, PostKind.ANSWER, answer)
    answer.body = text
    answer.updated_at = answer.edited_at = clock.now()
    _keep(db, actor, PostKind.ANSWER, answer)
    changed(db, question)


def _refuse_older(post: Question | Answer, seen_at: datetime) -> None:
    if post.updated_at != seen_at:
        raise Conflict(
            "Somebody edited this while you were writing. Your text is below: copy it, open the page again, "
            "and put your change into the newer text."
        )


def keep_first(db: Session, kind: PostKind, post: Question | Answer, title: str = "") -> None:
    """Before a first edit, the text as its author wrote it goes into the history."""
    known = select(Revision.id).where(Revision.kind == kind, Revision.object_id == post.id).limit(1)
    if db.scalar(known) is None:
        _add_revision(db, kind, post, title, post.author_id, post.author_name, post.created_at)


def _keep(db: Session, actor: Actor, kind: PostKind, post: Question | Answer, title: str = "") -> None:
    _add_revision(db, kind, post, title, actor.id, actor.name, clock.now())


def _add_revision(
    db: Session,
    kind: PostKind,
    post: Question | Answer,
    title: str,
    editor_id: int | None,
    editor_name: str,
    at: datetime,
) -> None:
    db.add(
        Revision(
            kind=kind,
            object_id=post.id,
            title=title,
            body=post.body,
            body_format=post.body_format,
            editor_id=editor_id,
            editor_name=editor_name,
            at=at,
        )
    )


def follow(db: Session, actor: Actor, question: Question) -> None:
    """Hear of answers, comments and what is accepted."""
    require(RULES, actor, Can.FOLLOW, question)
    accounts.follow(db, actor, KIND, question.id)


def unfollow(db: Session, actor: Actor, question: Question) -> None:
    require(RULES, actor, Can.FOLLOW, question)
    accounts.unfollow(db, actor, KIND, question.id)


def changed(db: Session, question: Question) -> None:
    """The indexes must follow."""
    db.flush()
    changes.changed(db, KIND, question)


def count_tags(db: Session, question: Question, step: int) -> None:
    """Add `step` to the kept counts of the question's tags; hidden questions count nowhere."""
    if question.state is State.HIDDEN:
        return
    tagged = select(question_tags.c.tag_id).where(question_tags.c.question_id == question.id)
    values = {"question_count": Tag.question_count + step}
    if question.is_public:
        values["public_count"] = Tag.public_count + step
    db.execute(update(Tag).where(Tag.id.in_(tagged)).values(values).execution_options(synchronize_session=False))


def moderated(db: Session, actor: Actor, action: str, question: Question, **details: int | str) -> None:
    """What staff did to somebody's text stands in the audit log."""
    audit.record(db, actor, f"question.{action}", KIND, question.id, **details)
    changed(db, question)


def _line(actor: Actor, title: str) -> str:
    line = " ".join(title.replace("\0", "").split())
    if not line:
        raise Invalid("Write your question in one line.")
    if len(line) > TITLE_LENGTH:
        raise Invalid(f"Shorten the title to {TITLE_LENGTH} characters; the details have room below it.")
    return _screened(actor, line)


def _text(actor: Actor, body: str, length: int) -> str:
    text = body.replace("\0", "").replace("\r\n", "\n").strip()
    if not text:
        raise Invalid("Write something first.")
    if len(text) > length:
        raise Invalid(f"Shorten the text to {length:,} characters.")
    return _screened(actor, text)


def _screened(actor: Actor, text: str) -> str:
    """Nobody reports an incident to the community; staff, who know what a report is, may write of them."""
    if not actor.is_staff:
        screening.require_publishable(text)
    return text


def tag_names(names: Iterable[str]) -> list[str]:
    """Tags in the one spelling that is kept: small letters, hyphens for spaces.

    Raises:
        Invalid: there are too many.
    """
    found = dict.fromkeys(slugify(name, max_length=TAG_LENGTH) for name in names)
    found.pop("", None)
    if len(found) > MAX_TAGS:
        raise Invalid(f"Choose at most {MAX_TAGS} tags.")
    return list(found)


def _tags(db: Session, names: Iterable[str]) -> list[Tag]:
    wanted = tag_names(names)
    if not wanted:
        return []
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    rows = [{"name": name, "question_count": 0, "public_count": 0} for name in wanted]
    db.execute(dialect.insert(Tag).values(rows).on_conflict_do_nothing())
    return list(db.scalars(select(Tag).where(Tag.name.in_(wanted)).order_by(Tag.name)))
