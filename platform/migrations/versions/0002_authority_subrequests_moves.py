"""Sums of authority, sub-requests, and requests moved to another version of their flow."""

import sqlalchemy as sa
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
    _claimed().create(op.get_bind(), checkfirst=True)


def _claimed() -> sa.Index:
    indexes = metadata.tables["signoff_task"].indexes
    return next(each for each in indexes if each.name == "ix_signoff_task_claimed")


def downgrade() -> None:
    _claimed().drop(op.get_bind(), checkfirst=True)
    metadata.drop_all(op.get_bind(), tables=[metadata.tables[name] for name in TABLES])
