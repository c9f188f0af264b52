"""Alembic's entry: one connection, batch mode for SQLite, search tables left out of the comparison."""

from typing import Any

from alembic import context

from helpdesk.kernel.db import connect
from helpdesk.schema import metadata


def is_ours(_object: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any) -> bool:
    """Word-search tables and Huey's belong to no model."""
    return not (type_ == "table" and name is not None and name.startswith(("search_words", "huey")))


engine = connect(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_as_batch=True,
        include_object=is_ours,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
