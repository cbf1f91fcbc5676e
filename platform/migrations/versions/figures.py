"""Roll-ups of the dashboard's figures, and the indexes that its lists go along."""

import sqlalchemy as sa
from alembic import op

from signoff.platform.db import Json, Utc

revision = "figures"
down_revision = "lanes"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.String(length=64)
SUMS = (
    ("requests", sa.Integer()), ("micros", sa.BigInteger()), ("approved", sa.Integer()),
    ("approved_micros", sa.BigInteger()), ("rejected", sa.Integer()), ("ended", sa.Integer()),
    ("ended_seconds", sa.BigInteger()), ("answered", sa.Integer()), ("in_time", sa.Integer()),
    ("answer_seconds", sa.BigInteger()), ("surveyed", sa.Integer()), ("score", sa.Integer()),
    ("content", sa.Integer()), ("unhappy", sa.Integer()),
)  # fmt: skip
WORK_SUMS = (
    ("decided", sa.Integer()), ("approved", sa.Integer()), ("rejected", sa.Integer()), ("returned", sa.Integer()),
    ("late", sa.Integer()), ("seconds", sa.BigInteger()), ("slowest", sa.BigInteger()),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "signoff_figure",
        sa.Column("form", KEY, nullable=False),
        sa.Column("whose", KEY, nullable=False),
        sa.Column("axis", KEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("member", KEY, nullable=False),
        *(sa.Column(name, type_, nullable=False) for name, type_ in SUMS),
        sa.PrimaryKeyConstraint("form", "whose", "axis", "day", "member", name=op.f("pk_signoff_figure")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signoff_figure_day", "signoff_figure", ["form", "day"])
    op.create_table(
        "signoff_work_figure",
        sa.Column("form", KEY, nullable=False),
        sa.Column("whose", KEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("step", KEY, nullable=False),
        sa.Column("person", KEY, nullable=False),
        *(sa.Column(name, type_, nullable=False) for name, type_ in WORK_SUMS),
        sa.PrimaryKeyConstraint("form", "whose", "day", "step", "person", name=op.f("pk_signoff_work_figure")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signoff_work_figure_day", "signoff_work_figure", ["form", "day"])
    op.create_table(
        "signoff_figure_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("audit_id", ID, nullable=False),
        sa.Column("shapes", Json(), nullable=False),
        sa.Column("backlog", Json(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_figure_state")),
    )
    op.create_index("ix_signoff_record_submitted", "signoff_record", ["form", "submitted_at", "id"])
    op.create_index(
        "ix_signoff_task_late",
        "signoff_task",
        ["form", "step", "due_at", "principal"],
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )


def downgrade() -> None:
    op.drop_index("ix_signoff_task_late", table_name="signoff_task")
    op.drop_index("ix_signoff_record_submitted", table_name="signoff_record")
    op.drop_table("signoff_figure_state")
    op.drop_index("ix_signoff_work_figure_day", table_name="signoff_work_figure")
    op.drop_table("signoff_work_figure")
    op.drop_index("ix_signoff_figure_day", table_name="signoff_figure")
    op.drop_table("signoff_figure")
