"""What the followers of a question are told by mail: never of their own act, never of what they may not see."""

from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.enums import Notice
from helpdesk.community import queries
from helpdesk.community.models import Answer, Comment, Question
from helpdesk.kernel import mail, once
from helpdesk.kernel.plain import opening, plain

TEMPLATE = "community/news"
TEXT_LENGTH = 1_500  # characters of the answer that a mail quotes


def tell_of_answer(db: Session, question_id: int, answer_id: int) -> None:
    question, answer = db.get_one(Question, question_id), db.get_one(Answer, answer_id)
    if answer.is_hidden:
        return
    what = "official answer" if answer.is_official else "answer"
    sentence = f"{answer.author_name} wrote an {what} to “{question.title}”."
    context = _context(question, f"New {what}", sentence, answer, f"answer-{answer.id}")
    _tell(db, Notice.QUESTION_ANSWER, question, answer.id, answer.author_id, context)


def tell_of_comment(db: Session, question_id: int, comment_id: int) -> None:
    question, comment = db.get_one(Question, question_id), db.get_one(Comment, comment_id)
    if comment.is_hidden:
        return
    sentence = f"{comment.author_name} commented on “{question.title}”."
    context = _context(question, "New comment", sentence, comment, f"comment-{comment.id}")
    _tell(db, Notice.QUESTION_COMMENT, question, comment.id, comment.author_id, context)


def tell_of_accepted(db: Session, question_id: int, answer_id: int, actor_id: int | None) -> None:
    question, answer = db.get_one(Question, question_id), db.get_one(Answer, answer_id)
    if question.accepted_answer_id != answer.id:
        return
    sentence = f"The answer by {answer.author_name} to “{question.title}” was accepted."
    context = _context(question, "Answer accepted", sentence, answer, f"answer-{answer.id}")
    _tell(db, Notice.ANSWER_ACCEPTED, question, answer.id, actor_id, context)


def _context(question: Question, headline: str, sentence: str, post: Answer | Comment, anchor: str) -> dict[str, str]:
    return {
        "headline": headline,
        "sentence": sentence,
        "title": question.title,
        "path": f"{question.path}#{anchor}",
        "stop_path": f"{question.path}#follow",
        "text": opening(plain(post.body, post.body_format), TEXT_LENGTH),
    }


def _tell(
    db: Session, notice: Notice, question: Question, post_id: int, doer_id: int | None, context: dict[str, str]
) -> None:
    """One mail to each follower who wants it, may see the question, and did not do it."""
    if once.claim(db, f"mail:{notice}:{post_id}") is not None:
        return  # this job ran before
    addresses = {
        actor: address
        for actor, address in accounts.followers(db, queries.KIND, question.id, notice)
        if actor.id != doer_id
    }
    for actor in queries.readers(db, question.id, addresses):
        mail.outbox(db, TEMPLATE, addresses[actor], context)
