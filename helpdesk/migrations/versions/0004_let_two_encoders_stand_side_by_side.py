"""Let the vectors of two encoders stand side by side, and say of each how far it has followed."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OLD = ("uq_embeddings_kind_object_id_part", ["kind", "object_id", "part"])
NEW = ("uq_embeddings_kind_object_id_part_model", ["kind", "object_id", "part", "model"])


def upgrade() -> None:
    with op.batch_alter_table("embeddings") as batch_op:
        batch_op.drop_constraint(OLD[0], type_="unique")
        batch_op.create_unique_constraint(*NEW)
    with op.batch_alter_table("index_states") as batch_op:
        batch_op.drop_constraint("pk_index_states", type_="primary")
        batch_op.create_primary_key("pk_index_states", ["kind", "model"])


def downgrade() -> None:
    op.execute(
        "DELETE FROM index_states"
    )  # how far they are is found out anew; what has a vector is not embedded again
    op.execute("DELETE FROM embeddings WHERE id NOT IN (SELECT max(id) FROM embeddings GROUP BY kind, object_id, part)")
    with op.batch_alter_table("index_states") as batch_op:
        batch_op.drop_constraint("pk_index_states", type_="primary")
        batch_op.create_primary_key("pk_index_states", ["kind"])
    with op.batch_alter_table("embeddings") as batch_op:
        batch_op.drop_constraint(NEW[0], type_="unique")
        batch_op.create_unique_constraint(*OLD)
