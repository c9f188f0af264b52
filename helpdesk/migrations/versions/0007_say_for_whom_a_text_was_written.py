"""Say of each indexed text for which Party categories it was written, or which one asked."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SEARCH_TEXTS = sa.table("search_texts", *map(sa.column, ("kind", "object_id", "categories")))
PUBLISHED = {"answer": "published_answers", "article": "articles"}


def upgrade() -> None:
    op.add_column("search_texts", sa.Column("categories", sa.JSON(), nullable=False, server_default="[]"))
    for kind, name in PUBLISHED.items():
        table = sa.table(name, sa.column("id"), sa.column("categories"))
        _fill(kind, table, table.c.categories)
    tickets = sa.table("tickets", sa.column("id"), sa.column("category"))
    array = sa.func.json_build_array if op.get_bind().dialect.name == "postgresql" else sa.func.json_array
    _fill("ticket", tickets, array(tickets.c.category), tickets.c.category != "")


def _fill(kind: str, table: sa.TableClause, categories: sa.ColumnElement, *conditions: sa.ColumnElement) -> None:
    is_own = sa.and_(table.c.id == SEARCH_TEXTS.c.object_id, *conditions)
    value = sa.select(categories).where(is_own).correlate(SEARCH_TEXTS).scalar_subquery()
    is_there = sa.exists().where(is_own).correlate(SEARCH_TEXTS)
    op.execute(sa.update(SEARCH_TEXTS).where(SEARCH_TEXTS.c.kind == kind, is_there).values(categories=value))


def downgrade() -> None:
    op.drop_column("search_texts", "categories")
