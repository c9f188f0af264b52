"""Promises mail for what happens to a question; the worker finds out to whom. Silent work promises none."""

from sqlalchemy.orm import Session

from helpdesk.community.events import AnswerAccepted, AnswerPosted, CommentPosted
from helpdesk.kernel import jobs, mail


def tell_of_answer(db: Session, event: AnswerPosted) -> None:
    if not mail.is_silent():
        jobs.enqueue(db, "community.notify_answer", question_id=event.question_id, answer_id=event.answer_id)


def tell_of_comment(db: Session, event: CommentPosted) -> None:
    if not mail.is_silent():
        jobs.enqueue(db, "community.notify_comment", question_id=event.question_id, comment_id=event.comment_id)


def tell_of_accepted(db: Session, event: AnswerAccepted) -> None:
    if not mail.is_silent():
        jobs.enqueue(
            db,
            "community.notify_accepted",
            question_id=event.question_id,
            answer_id=event.answer_id,
            actor_id=event.actor_id,
        )
