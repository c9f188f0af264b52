"""A small demonstration, loaded once for each database and rolled back after the last test that reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from helpdesk import commands
from helpdesk.app import create_app
from helpdesk.config import Settings
from helpdesk.demo import services
from helpdesk.demo.loading import plan
from helpdesk.demo.loading.plan import Plan
from helpdesk.kernel import clock
from helpdesk.kernel import db as database
from tests.conftest import join
from tests.factories.triage import make_engine

ENQUIRIES = 60
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)  # each day draws other enquiries, and on some days none is restricted


@dataclass
class Demonstration:
    """What was loaded and what the loading said."""

    db: Session
    app: Flask
    plan: Plan
    lines: list[str]
    models_dir: Path

    def load_again(self) -> bool:
        return services.load(seed=1, size=ENQUIRIES, models_dir=self.models_dir, say=self.lines.append)


@pytest.fixture(scope="module")
def demonstration(site: database.Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    folder = tmp_path_factory.mktemp("demonstration")
    settings = Settings(secret_key="test", data_dir=folder, is_development=True, database_url="sqlite://")
    with site.writing.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW)
        transaction = connection.begin()
        joined = join(site, connection)
        app = commands.install(create_app(settings, joined))
        with Session(connection, **joined.session_options) as db:
            make_engine(db)
            lines: list[str] = []
            services.load(seed=1, size=ENQUIRIES, models_dir=folder, say=lines.append)
            begun = plan.read(db)
            assert begun is not None
            yield Demonstration(db, app, begun, lines, folder)
        transaction.rollback()
