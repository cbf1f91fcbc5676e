"""Paying money back: the interface that a payment provider's plugin implements."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from ...platform.errors import SignoffError
from ...platform.text import msg


@dataclass(frozen=True, slots=True)
class Payout:
    """One payment. ``key`` is the same on every retry: a gateway that has seen it answers as then, and pays nothing."""

    key: str
    amount: Decimal
    currency: str
    method: str  # original, bank, wallet
    account: str | None
    reference: str  # the request's number


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider says of a payment that is done."""

    id: str
    paid_at: datetime


class PayoutRefused(SignoffError):
    """The provider will never make this payment: the account does not exist, is closed …"""

    status = 422
    code = "payout_refused"


class GatewayAway(SignoffError):
    """The provider does not answer now; whether it has paid is unknown, and asking again with the key is safe."""

    status = 503
    code = "gateway_away"


class Gateway(Protocol):
    """A payment provider."""

    name: str

    def pay(self, payout: Payout) -> Receipt:
        """Pay once per ``payout.key``.

        Raises:
            PayoutRefused: it will never be paid.
            GatewayAway: try again later.
        """
        ...


_gateways: dict[str, Gateway] = {}


def register_gateway(gateway: Gateway) -> None:
    """Make ``gateway`` the one that pays; the one registered last by a plugin is used."""
    _gateways.pop(gateway.name, None)
    _gateways[gateway.name] = gateway


def gateway() -> Gateway:
    """Raises:
    GatewayAway: no plugin brings one.
    """
    if not _gateways:
        raise GatewayAway(msg("No payment gateway is installed. Install a plugin that brings one."))
    return next(reversed(_gateways.values()))
