"""What the tests of triage share."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from helpdesk.config import Settings
from helpdesk.nlp.manifest import read_manifest, write_manifest
from helpdesk.triage import engine
from tests.factories.triage import make_engine


@pytest.fixture
def using(app: Flask, db: Session) -> Iterator[engine.Engine]:
    """The engine of a warmed process; the application's tables are installed."""
    yield make_engine(db)
    engine.use(None)


@pytest.fixture
def own_encoder(app: Flask, settings: Settings) -> None:
    """The settings name an encoder of the site's own."""
    shipped, own = settings.models_dir / "encoder", settings.data_dir / "models" / "own"
    own.mkdir(parents=True)
    for name in ("model.onnx", "tokenizer.json"):
        (own / name).symlink_to(shipped / name)
    write_manifest(own, replace(read_manifest(shipped), name="own"))
    app.extensions["signpost.settings"] = replace(settings, encoder="own")


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
