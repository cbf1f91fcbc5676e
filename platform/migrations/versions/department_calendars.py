"""Departments may keep a calendar of their own."""

import sqlalchemy as sa
from alembic import op

revision = "department_calendars"
down_revision = "marks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signoff_department", sa.Column("calendar", sa.String(64)))


def downgrade() -> None:
    with op.batch_alter_table("signoff_department") as table:
        table.drop_column("calendar")
