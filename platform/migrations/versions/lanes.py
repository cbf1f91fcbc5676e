"""Messages stand in lanes, so that slow receivers hold up nobody else."""

import sqlalchemy as sa
from alembic import op

revision = "lanes"
down_revision = "survey"
branch_labels = None
depends_on = None

# ix_signoff_outbox_due stays: nodes of the version before look along it.
WAITING = sa.text("dead_at IS NULL")


def upgrade() -> None:
    op.add_column("signoff_outbox", sa.Column("lane", sa.String(16), nullable=False, server_default="inside"))
    op.create_index(
        "ix_signoff_outbox_lane",
        "signoff_outbox",
        ["lane", "due_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_signoff_outbox_lane", table_name="signoff_outbox")
    with op.batch_alter_table("signoff_outbox") as table:
        table.drop_column("lane")
