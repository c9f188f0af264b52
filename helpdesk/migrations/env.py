"""Alembic's entry: one connection, batch mode for SQLite, search tables left out of the comparison."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from helpdesk.kernel.db import UtcDateTime, connect
from helpdesk.schema import is_ours, metadata
from helpdesk.triage.columns import Terms, UnitVector

# How our own column types are written down in a migration, which imports nothing of the application.
WRITTEN = {
    UtcDateTime: "sa.DateTime(timezone=True)",
    UnitVector: 'sa.LargeBinary().with_variant(VECTOR(384), "postgresql")',
    Terms: 'sa.Text().with_variant(TSVECTOR(), "postgresql")',
}


def write_type(kind: str, item: Any, _autogenerate: AutogenContext) -> str | Literal[False]:
    return WRITTEN.get(type(item), False) if kind == "type" else False


engine = connect(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_as_batch=True,
        include_object=is_ours,
        render_item=write_type,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
