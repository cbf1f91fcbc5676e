"""Answers of the survey after the end."""

import sqlalchemy as sa
from alembic import op

from signoff.platform.db import Utc

revision = "survey"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "signoff_survey",
        sa.Column("record_id", ID, autoincrement=False, nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("answered_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_signoff_survey")),
    )
    op.create_index("ix_signoff_survey_form", "signoff_survey", ["form", "answered_at"])


def downgrade() -> None:
    op.drop_index("ix_signoff_survey_form", table_name="signoff_survey")
    op.drop_table("signoff_survey")
