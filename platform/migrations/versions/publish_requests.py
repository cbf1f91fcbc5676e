"""What somebody wants to publish and a second person must confirm."""

import sqlalchemy as sa
from alembic import op

from signoff.platform.db import Utc

revision = "publish_requests"
down_revision = "links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signoff_publish_request",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_signoff_publish_request")),
    )


def downgrade() -> None:
    op.drop_table("signoff_publish_request")
