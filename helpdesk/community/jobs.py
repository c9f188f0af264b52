"""Mail to the followers of a question, its asker among them; each job may run twice and mails once."""

from helpdesk.community import news
from helpdesk.kernel.db import unit_of_work


def notify_answer(question_id: int, answer_id: int) -> None:
    with unit_of_work() as db:
        news.tell_of_answer(db, question_id, answer_id)


def notify_comment(question_id: int, comment_id: int) -> None:
    with unit_of_work() as db:
        news.tell_of_comment(db, question_id, comment_id)


def notify_accepted(question_id: int, answer_id: int, actor_id: int | None) -> None:
    with unit_of_work() as db:
        news.tell_of_accepted(db, question_id, answer_id, actor_id)
