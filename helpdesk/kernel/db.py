"""The database: base class of all tables, units of work, and the two dialects' differences."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_TIMEOUT_MS = 15_000  # a writer waits this long for another before it gives up


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite hands naive ones back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table. Constraints carry names so that migrations can drop them."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[type, type]] = {datetime: UtcDateTime}


class Database:
    """An engine and the sessions made from it."""

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        # Writers take SQLite's lock at BEGIN: two that began as readers would deadlock when both want to write.
        self.writing: Engine | Connection = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        self.reading: Engine | Connection = self.engine
        self.session_options: dict[str, Any] = {"expire_on_commit": False}

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block, and rolls back when it raises."""
        with Session(self.writing, **self.session_options) as db, db.begin():
            yield db

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for pages that only read; nothing it holds is ever written.

        It is closed and not rolled back: a rollback would empty the rows that the page still has to show.
        """
        with Session(self.reading, autoflush=False, **self.session_options) as db:
            yield db

    def close(self) -> None:
        self.engine.dispose()


def connect(url: str) -> Engine:
    """An engine for SQLite (WAL, foreign keys on) or PostgreSQL."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # Errors stand in logs and on the jobs page: they may name a statement, never the texts that people wrote.
    engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite", hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself, below
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "cache_size=-8000",  # kilobytes of each connection; the system keeps the file's pages for all of them
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


_database: Database | None = None


def configure(database: Database) -> None:
    """Make `database` the one that `unit_of_work()` and `reading()` use in this process."""
    global _database  # noqa: PLW0603 - one database a process is the design
    _database = database


def current() -> Database:
    if _database is None:
        raise RuntimeError("call kernel.db.configure() first")
    return _database


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """The process's database, in one transaction: all of the block happens, or none of it."""
    with current().unit_of_work() as db:
        yield db


@contextmanager
def reading() -> Iterator[Session]:
    """The process's database, read only."""
    with current().read() as db:
        yield db
