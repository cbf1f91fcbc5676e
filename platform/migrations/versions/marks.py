"""Tasks are marked as a VIP's and as come back, so that the inbox finds them by an index."""

import sqlalchemy as sa
from alembic import op

revision = "marks"
down_revision = "publish_requests"
branch_labels = None
depends_on = None

MARKS = ("vip", "returned")


def upgrade() -> None:
    for mark in MARKS:
        op.add_column("signoff_task", sa.Column(mark, sa.Boolean(), nullable=False, server_default=sa.false()))
        shown = sa.text(f"open AND {mark}")
        op.create_index(
            f"ix_signoff_task_{mark}",
            "signoff_task",
            ["principal", "due_at", "id"],
            sqlite_where=shown,
            postgresql_where=shown,
        )
    op.execute("UPDATE signoff_task SET returned = true WHERE open AND step = 'start'")


def downgrade() -> None:
    for mark in MARKS:
        op.drop_index(f"ix_signoff_task_{mark}", table_name="signoff_task")
    with op.batch_alter_table("signoff_task") as table:
        for mark in MARKS:
            table.drop_column(mark)
