"""Say of each suggestion that an attempt was offered where it stood in the last list that had it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt_items", sa.Column("last_rank", sa.Integer(), nullable=True))
    op.add_column("attempt_items", sa.Column("last_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("attempt_items", "last_at")
    op.drop_column("attempt_items", "last_rank")
