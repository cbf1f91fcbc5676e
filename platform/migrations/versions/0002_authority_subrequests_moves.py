"""Sums of authority, sub-requests, and requests moved to another version of their flow."""

from alembic import op

from signoff.platform.db import metadata

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("signoff_amount", "signoff_subrequest", "signoff_move", "signoff_moved_run")


def upgrade() -> None:
    # the first shape of a new database has them already
    metadata.create_all(op.get_bind(), tables=[metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=[metadata.tables[name] for name in TABLES])
