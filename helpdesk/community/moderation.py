"""What staff do so that a question stays useful: close, point to the survivor, hide."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.community.enums import LinkKind, State
from helpdesk.community.events import DuplicateMarked
from helpdesk.community.models import Answer, Comment, Question, QuestionLink
from helpdesk.community.policy import RULES, Can
from helpdesk.community.services import count_tags, moderated
from helpdesk.kernel import clock
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.events import publish
from helpdesk.kernel.policy import Actor, require

REASON_LENGTH = 200  # characters


def close(db: Session, actor: Actor, question: Question, reason: str) -> None:
    """No more answers, for a reason that readers see.

    Raises:
        Forbidden: only staff close.
        Invalid: the reason is missing or too long.
    """
    require(RULES, actor, Can.MODERATE, question)
    reason = " ".join(reason.replace("\0", "").split())
    if not 0 < len(reason) <= REASON_LENGTH:
        raise Invalid(f"Give the reason in one sentence of up to {REASON_LENGTH} characters: readers see it.")
    _set_state(db, question, State.CLOSED, reason)
    moderated(db, actor, "closed", question, reason=reason)


def reopen(db: Session, actor: Actor, question: Question) -> None:
    """Closed, duplicate or hidden: the question stands as any other again.

    Raises:
        Forbidden: only staff reopen.
    """
    require(RULES, actor, Can.MODERATE, question)
    if question.duplicate_of_id is not None:
        question.duplicate_of_id = None
        link = select(QuestionLink).where(
            QuestionLink.question_id == question.id, QuestionLink.kind == LinkKind.DUPLICATE
        )
        for row in db.scalars(link):
            row.kind = LinkKind.LINKED
        publish(db, DuplicateMarked(question.id, None))
    _set_state(db, question, State.OPEN)
    moderated(db, actor, "reopened", question)


def mark_duplicate(db: Session, actor: Actor, question: Question, original: Question) -> None:
    """`question` asks what `original` asked: readers are led there, and so are those led to `question` before.

    Raises:
        Forbidden: only staff do this.
        Conflict: both are the same, or the original is itself a duplicate or hidden.
    """
    require(RULES, actor, Can.MODERATE, question)
    if original.id == question.id:
        raise Conflict("A question cannot repeat itself. Give the number of the other question.")
    if original.state in {State.DUPLICATE, State.HIDDEN}:
        raise Conflict("That question is itself a duplicate or hidden. Give the number of the one that stays.")
    _set_state(db, question, State.DUPLICATE, f"It repeats question {original.id}.")
    question.duplicate_of_id = original.id
    led_to_it = db.scalars(select(Question.id).where(Question.duplicate_of_id == question.id)).all()
    db.execute(update(Question).where(Question.duplicate_of_id == question.id).values(duplicate_of_id=original.id))
    led_here = (QuestionLink.other_id == question.id, QuestionLink.kind == LinkKind.DUPLICATE)
    db.execute(update(QuestionLink).where(*led_here).values(other_id=original.id))
    db.add(QuestionLink(question_id=question.id, other_id=original.id, kind=LinkKind.DUPLICATE))
    for question_id in (question.id, *led_to_it):
        publish(db, DuplicateMarked(question_id, original.id))
    moderated(db, actor, "marked_duplicate", question, original_id=original.id)


def hide(db: Session, actor: Actor, question: Question) -> None:
    """Only staff see it from now on; it leaves lists, feeds, suggestions and counts.

    Raises:
        Forbidden: only staff hide.
    """
    require(RULES, actor, Can.MODERATE, question)
    _set_state(db, question, State.HIDDEN)
    moderated(db, actor, "hidden", question)


def _set_state(db: Session, question: Question, state: State, reason: str = "") -> None:
    count_tags(db, question, -1)
    question.state, question.closed_reason = state, reason
    question.closed_at = None if state is State.OPEN else clock.now()
    db.flush()
    count_tags(db, question, 1)


def set_answer_hidden(db: Session, actor: Actor, question: Question, answer: Answer, *, is_hidden: bool) -> None:
    """Take an answer out of the thread, or put it back. A hidden one no longer solves the question.

    Raises:
        Forbidden: only staff hide.
    """
    require(RULES, actor, Can.MODERATE, question)
    answer.is_hidden = is_hidden
    if is_hidden and question.accepted_answer_id == answer.id:
        question.accepted_answer_id = None
    db.flush()
    shown = select(Answer.is_official).where(Answer.question_id == question.id, Answer.is_hidden.is_(False))
    officials = db.scalars(shown).all()
    question.answer_count, question.has_official = len(officials), any(officials)
    moderated(db, actor, "answer_hidden" if is_hidden else "answer_shown", question, answer_id=answer.id)


def set_comment_hidden(db: Session, actor: Actor, question: Question, comment: Comment, *, is_hidden: bool) -> None:
    """Take a comment out of the thread, or put it back.

    Raises:
        Forbidden: only staff hide.
    """
    require(RULES, actor, Can.MODERATE, question)
    if comment.is_hidden != is_hidden:
        comment.is_hidden = is_hidden
        question.comment_count = Question.comment_count + (-1 if is_hidden else 1)
    moderated(db, actor, "comment_hidden" if is_hidden else "comment_shown", question, comment_id=comment.id)
