"""Two indexes of tasks hold only what they are asked for: most tasks are never claimed, none is born decided."""

import sqlalchemy as sa
from alembic import op

revision = "leaner"
down_revision = "department_calendars"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_signoff_task_claimed", ["claimed_by", "id"], "open", "open AND claimed_by IS NOT NULL"),
    ("ix_signoff_task_decided", ["decided_by", "closed_at", "id"], None, "decided_by IS NOT NULL"),
)


def upgrade() -> None:
    for name, columns, _, now in INDEXES:
        _remake(name, columns, now)


def downgrade() -> None:
    for name, columns, before, _ in INDEXES:
        _remake(name, columns, before)


def _remake(name: str, columns: list[str], rows: str | None) -> None:
    op.drop_index(name, table_name="signoff_task")
    which = sa.text(rows) if rows is not None else None
    op.create_index(name, "signoff_task", columns, sqlite_where=which, postgresql_where=which)
