"""What a transaction tells of a chain at one moment is one row of the history, not one for each entry."""

import sqlalchemy as sa
from alembic import op

revision = "history_rows"
down_revision = "leaner"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signoff_audit", sa.Column("more", sa.Text()))


def downgrade() -> None:
    """Rows that hold several entries cannot be told apart without it."""
    several = sa.text("SELECT 1 FROM signoff_audit WHERE more <> '' LIMIT 1")
    if op.get_bind().execute(several).first() is not None:
        raise RuntimeError("the history holds rows of several entries, which the version before cannot read")
    op.execute("ALTER TABLE signoff_audit DROP COLUMN more")
