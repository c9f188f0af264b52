"""What the tests of triage share."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from helpdesk.triage import engine
from tests.factories.triage import make_engine


@pytest.fixture
def using(app: Flask, db: Session) -> Iterator[engine.Engine]:
    """The engine of a warmed process; the application's tables are installed."""
    yield make_engine(db)
    engine.use(None)


class Counter:
    """How many statements ran since it was made."""

    def __init__(self, db: Session) -> None:
        self.statements: list[str] = []
        self.engine = db.get_bind().engine
        event.listen(self.engine, "before_cursor_execute", self._count)

    def _count(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "SET LOCAL")):
            self.statements.append(statement)

    def stop(self) -> int:
        event.remove(self.engine, "before_cursor_execute", self._count)
        return len(self.statements)


@pytest.fixture
def counter(db: Session) -> type[Counter]:
    return Counter
