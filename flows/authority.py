"""What personal limits are held against: the amount of a request, and its sums over others that belong together."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .definition import Authority

ZERO = Decimal(0)


def counted(amount: Any) -> Decimal:
    """What a request adds to a sum; nobody makes room for others with a negative amount."""
    return max(Decimal(amount), ZERO) if isinstance(amount, Decimal | int) else ZERO


def with_sums(authority: Authority | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """``values`` with every sum of the authority; one that nobody summed up is the request's own amount."""
    if authority is None or not authority.sums:
        return values
    own = counted(values.get(authority.amount))
    return {**{each.fact: own for each in authority.sums}, **values}


def governed(authority: Authority | None, values: Mapping[str, Any], field: str) -> Any:
    """What a limit on ``field`` must cover: its amount or, if it is the authority's, the greatest of the sums."""
    amount = values.get(field)
    if authority is None or field != authority.amount or not isinstance(amount, Decimal | int):
        return amount
    return max([amount, *(values[each.fact] for each in authority.sums)])


def governed_amounts(authority: Authority | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """As :func:`governed`, for all that selectors can ask for besides fields."""
    if authority is None:
        return {}
    sums = {each.fact: values.get(each.fact) for each in authority.sums}
    return {**sums, authority.amount: governed(authority, values, authority.amount)}
