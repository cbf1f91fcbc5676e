"""Links in messages that decide, each used once."""

import sqlalchemy as sa
from alembic import op

from signoff.platform.db import Utc

revision = "links"
down_revision = "owners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signoff_used_link",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_signoff_used_link")),
    )
    op.create_index(op.f("ix_signoff_used_link_at"), "signoff_used_link", ["at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_signoff_used_link_at"), table_name="signoff_used_link")
    op.drop_table("signoff_used_link")
