"""Let the probability of a suggestion be unknown, where words alone were searched."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("attempt_items") as batch_op:
        batch_op.alter_column("probability", existing_type=sa.Double(), nullable=True)


def downgrade() -> None:
    op.execute("UPDATE attempt_items SET probability = 0 WHERE probability IS NULL")
    with op.batch_alter_table("attempt_items") as batch_op:
        batch_op.alter_column("probability", existing_type=sa.Double(), nullable=False)
