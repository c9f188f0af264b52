"""Bring the categories of the texts that are indexed already to what their items say."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SEARCH_TEXTS = sa.table(
    "search_texts",
    sa.column("kind"),
    sa.column("object_id"),
    sa.column("categories"),
    sa.column("is_deleted", sa.Boolean),
)
PUBLISHED = {"answer": "published_answers", "article": "articles"}


def upgrade() -> None:
    for kind, name in PUBLISHED.items():
        table = sa.table(name, sa.column("id"), sa.column("categories"))
        _fill(kind, table, table.c.categories)
    tickets = sa.table("tickets", sa.column("id"), sa.column("category"))
    array = sa.func.json_build_array if op.get_bind().dialect.name == "postgresql" else sa.func.json_array
    _fill("ticket", tickets, array(tickets.c.category), tickets.c.category != "")


def _fill(kind: str, table: sa.TableClause, categories: sa.ColumnElement, *conditions: sa.ColumnElement) -> None:
    """Of what was removed, or may not be read by everybody on the desk, nothing is kept."""
    is_own = sa.and_(table.c.id == SEARCH_TEXTS.c.object_id, *conditions)
    value = sa.select(categories).where(is_own).correlate(SEARCH_TEXTS).scalar_subquery()
    is_there = sa.exists().where(is_own).correlate(SEARCH_TEXTS)
    wanted = (SEARCH_TEXTS.c.kind == kind, SEARCH_TEXTS.c.is_deleted.is_(False), is_there)
    op.execute(sa.update(SEARCH_TEXTS).where(*wanted).values(categories=value))


def downgrade() -> None:
    op.execute("UPDATE search_texts SET categories = '[]'")
