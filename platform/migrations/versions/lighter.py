"""What every action writes is less: jobs are found by their lanes alone, and ends of chains are one tree on SQLite."""

import sqlalchemy as sa
from alembic import op

revision = "lighter"
down_revision = "history_rows"
branch_labels = None
depends_on = None

WAITING = sa.text("dead_at IS NULL")
COLUMNS = "chain VARCHAR(80) NOT NULL, length INTEGER NOT NULL, hash VARCHAR(64) NOT NULL"
GROWS = (
    "CREATE TRIGGER signoff_audit_chain_grows BEFORE UPDATE ON signoff_audit_chain WHEN NEW.length < OLD.length"
    " BEGIN SELECT RAISE(ABORT, 'signoff_audit_chain only grows'); END"
)


def upgrade() -> None:
    op.drop_index("ix_signoff_outbox_due", table_name="signoff_outbox")
    _remake_chains(" WITHOUT ROWID")


def downgrade() -> None:
    op.create_index(
        "ix_signoff_outbox_due", "signoff_outbox", ["due_at", "id"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    _remake_chains("")


def _remake_chains(how: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute(
        f"CREATE TABLE signoff_audit_chain_new ({COLUMNS}, CONSTRAINT pk_signoff_audit_chain PRIMARY KEY (chain)){how}"
    )
    op.execute("INSERT INTO signoff_audit_chain_new SELECT chain, length, hash FROM signoff_audit_chain ORDER BY chain")
    op.execute("DROP TABLE signoff_audit_chain")
    op.execute("ALTER TABLE signoff_audit_chain_new RENAME TO signoff_audit_chain")
    op.execute(GROWS)
