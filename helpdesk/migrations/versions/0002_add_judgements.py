"""Add judgements, and the questions that led to an item beside its text."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "judgements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgements")),
        sa.UniqueConstraint(
            "origin", "source_id", "kind", "object_id", name=op.f("uq_judgements_origin_source_id_kind_object_id")
        ),
    )
    op.create_index(op.f("ix_judgements_at"), "judgements", ["at"])
    op.create_index("ix_judgements_kind_object_id", "judgements", ["kind", "object_id"])
    # Not in batch mode, which would make the table anew and lose the triggers of the word search on it.
    op.add_column("search_texts", sa.Column("leads", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.execute("DELETE FROM embeddings WHERE part >= 2048")  # of leads, which the code before takes for wordings
    op.drop_column("search_texts", "leads")
    op.drop_table("judgements")
