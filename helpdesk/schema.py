"""Imports every table, for Alembic and for tests, and brings a database to the newest shape."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from helpdesk.kernel.db import Base

if TYPE_CHECKING:
    from alembic.config import Config

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
        importlib.import_module(name)
    return Base.metadata


def is_ours(_object: Any, name: str | None, _kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Whether a migration should look at it."""
    return name is None or not name.startswith(UNCOMPARED)


def configuration(url: str) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see `upgrade`

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations that `url` lacks. Nothing happens when there are none."""
    from alembic import command  # noqa: PLC0415 - 10 MB and a fifth of a second that web processes do not spend

    command.upgrade(configuration(url), revision)
