"""The sandbox provider's own ledger: what it paid, once per key."""

import sqlalchemy as sa

from ...platform.db import Id, Utc, metadata

payments = sa.Table(
    "signoff_sandbox_payment",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.String(160), nullable=False, unique=True),
    sa.Column("amount", sa.String(40), nullable=False),  # a decimal
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("method", sa.String(40), nullable=False),
    sa.Column("account", sa.String(80)),
    sa.Column("reference", sa.String(80), nullable=False),
    sa.Column("paid_at", Utc, nullable=False),
)
