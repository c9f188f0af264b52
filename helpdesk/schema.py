"""Imports every table, for Alembic and for tests, and brings a database to the newest shape."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData

from helpdesk.kernel.db import Base, connect

MODELS = (
    "helpdesk.kernel.models",
    "helpdesk.kernel.throttle",
    "helpdesk.accounts.models",
    "helpdesk.rulebook.models",
    "helpdesk.community.models",
    "helpdesk.tickets.models",
    "helpdesk.knowledge.models",
    "helpdesk.triage.models",
    "helpdesk.analytics.models",
)


# FTS5's and Huey's tables, and indexes that one database alone has: no comparison of models finds them.
UNCOMPARED = ("search_fts", "huey", "ix_embeddings_vector_", "ix_search_texts_terms")


def metadata() -> MetaData:
    """Every table of every domain."""
    for name in MODELS:
        if importlib.util.find_spec(name.rsplit(".", 1)[0]) is None:
            continue
        if importlib.util.find_spec(name) is None:
            continue
        importlib.import_module(name)
    return Base.metadata


def is_ours(_object: Any, name: str | None, _kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Whether a migration should look at it."""
    return name is None or not name.startswith(UNCOMPARED)


def configuration(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations that `url` lacks. Nothing happens when there are none."""
    if not list((Path(__file__).parent / "migrations" / "versions").glob("0*.py")):
        engine = connect(url)
        create_all(engine)
        engine.dispose()
        return
    command.upgrade(configuration(url), revision)


AUDIT_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
)
AUDIT_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
    "CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
)
# Before the tables / after the tables, per dialect: what models cannot say.
BEFORE: dict[str, tuple[str, ...]] = {"sqlite": (), "postgresql": ("CREATE EXTENSION IF NOT EXISTS vector",)}
AFTER: dict[str, tuple[str, ...]] = {"sqlite": AUDIT_SQLITE, "postgresql": AUDIT_POSTGRESQL}


def create_all(engine: Engine) -> None:
    """Every table and trigger at once (until the first migration is frozen)."""
    tables = metadata()
    with engine.begin() as connection:
        for statement in BEFORE[engine.dialect.name]:
            connection.exec_driver_sql(statement)
        tables.create_all(connection)
        for statement in AFTER[engine.dialect.name]:
            connection.exec_driver_sql(statement)
