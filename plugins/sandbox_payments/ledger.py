"""A payment provider that moves no money: it keeps a ledger, honours keys, and refuses the accounts made for that.

An account of zeros (``00000000``) is refused for good, one of nines (``99999999``) never answers, all others are paid.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from ...platform import clock, db
from ...platform.text import msg
from ..refunds.gateways import GatewayAway, Payout, PayoutRefused, Receipt
from .models import payments


class SandboxGateway:
    """The gateway of the demo and of tests."""

    name = "sandbox"

    def pay(self, payout: Payout) -> Receipt:
        """Write the payment into the ledger, in a transaction of its own as a provider outside would."""
        if payout.account and set(payout.account) == {"0"}:
            raise PayoutRefused(msg("The bank refuses the account %(account)s.", account=payout.account))
        if payout.account and set(payout.account) == {"9"}:
            raise GatewayAway(msg("The bank of the account %(account)s does not answer.", account=payout.account))
        with db.transaction() as connection:
            known = connection.execute(
                sa.select(payments.c.id, payments.c.paid_at).where(payments.c.key == payout.key)
            ).first()
            if known is not None:
                return Receipt(f"SBX-{known.id}", known.paid_at)
            return _write(connection, payout)


def _write(connection: sa.Connection, payout: Payout) -> Receipt:
    paid_at = clock.now()
    number = connection.execute(
        sa.insert(payments)
        .values(
            key=payout.key,
            amount=db.decimal_text(payout.amount),
            currency=payout.currency,
            method=payout.method,
            account=payout.account,
            reference=payout.reference,
            paid_at=paid_at,
        )
        .returning(payments.c.id)
    ).scalar_one()
    return Receipt(f"SBX-{number}", paid_at)


def ledger(*, before: int | None = None, limit: int = 50) -> Sequence[sa.Row[Any]]:
    """The payments, newest first; ``before`` is the id of the last one seen."""
    query = sa.select(payments).order_by(payments.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(payments.c.id < before)
    with db.reading() as connection:
        return connection.execute(query).all()


def total() -> tuple[int, Decimal]:
    """How many payments there are, and their sum."""
    with db.reading() as connection:
        amounts = connection.execute(sa.select(payments.c.amount)).scalars().all()
    return len(amounts), sum(map(Decimal, amounts), Decimal(0))
