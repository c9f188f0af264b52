"""Questions and answers for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from helpdesk.community import services
from helpdesk.community.models import Answer, Question
from helpdesk.kernel.policy import Actor
from tests.factories.accounts import make_actor


def make_question(db: Session, actor: Actor | None = None, **fields: Any) -> Question:
    fields = {"title": "How do we become a DCC User?", "body": "Which steps does **H1.10** ask of us?", **fields}
    return services.ask(db, actor or make_actor(db), **fields)


def make_answer(db: Session, question: Question, actor: Actor | None = None, **fields: Any) -> Answer:
    fields = {"body": "Send the evidence form first.", **fields}
    return services.answer(db, actor or make_actor(db), question, **fields)


@contextmanager
def counted_statements(connection: Connection) -> Iterator[list[str]]:
    """The statements that run inside the block, without savepoints."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "SAVEPOINT" not in statement:
            statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(connection, "before_cursor_execute", note)
