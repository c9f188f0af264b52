"""Say of each indexed text for which Party categories it was written, or which one asked."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in batch mode, which would make the table anew without the triggers of the word search.
    op.add_column("search_texts", sa.Column("categories", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("search_texts", "categories")
