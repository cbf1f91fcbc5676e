"""Totals: fields that are sums over other records, kept exact by adding differences in the same transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from .models import record_totals, records

MICRO = 1_000_000
COUNTED = ("kept", "approved")
"""Statuses of records that are facts; what is still asked for, or was refused, moves no stock."""

Shares = dict[tuple[int, str], int]
"""What records add to totals, in millionths, by the showing record's id and field."""


@dataclass(frozen=True, slots=True)
class Source:
    """A total that the records of one form feed: ``field`` of ``form`` shows the sum of ``sum`` where ``match`` points.

    ``sum`` and ``match`` may both be columns of one table: ``lines.quantity``, ``lines.product``.
    """

    form: str
    field: str
    sum: str
    match: str


def shares(sources: Iterable[Source], values: Mapping[str, Any], status: str) -> Shares:
    """What a record with typed or JSON ``values`` adds; nothing unless its status counts."""
    found: Shares = {}
    if status not in COUNTED:
        return found
    for source in sources:
        for target, amount in _pairs(source, values):
            key = (int(target), source.field)
            found[key] = found.get(key, 0) + micros(amount)
    return found


def _pairs(source: Source, values: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    table, _, match = source.match.rpartition(".")
    sum_table, _, sum_ = source.sum.rpartition(".")
    rows: Sequence[Mapping[str, Any]] = (values.get(table) or ()) if table else (values,)
    shared = values if sum_table != table else None
    pairs = [(row.get(match), (shared or row).get(sum_)) for row in rows]
    return [(target, amount) for target, amount in pairs if target is not None and amount is not None]


def micros(amount: Any) -> int:
    """A number in millionths, as totals are stored."""
    return int((Decimal(amount) * MICRO).to_integral_value(ROUND_HALF_EVEN))


def number(stored: int) -> Decimal:
    """The number of a stored total."""
    return Decimal(stored) / MICRO


def change(conn: Connection, before: Shares, after: Shares) -> None:
    """Move totals by what a record adds now and did not before.

    Rows are touched in the order of their keys, so that two transactions never wait for each other.
    """
    keys = sorted(before.keys() | after.keys())
    rows = [
        {
            "record_id": record_id,
            "field": field,
            "micros": after.get((record_id, field), 0) - before.get((record_id, field), 0),
        }
        for record_id, field in keys
        if after.get((record_id, field), 0) != before.get((record_id, field), 0)
    ]
    if rows:
        conn.execute(_ADD[conn.dialect.name], rows)


def start(conn: Connection, pairs: Iterable[tuple[int, str]]) -> None:
    """Give new records their totals of 0: pairs of record and field."""
    rows = [{"record_id": record_id, "field": field, "micros": 0} for record_id, field in pairs]
    if rows:
        conn.execute(_ADD[conn.dialect.name], rows)


def rebuild(conn: Connection, source: Source, over: str) -> None:
    """Sum one total anew over all records of the form ``over``; nobody else writes records meanwhile."""
    if conn.dialect.name == "postgresql":
        conn.execute(sa.text("LOCK TABLE signoff_record, signoff_record_total IN SHARE ROW EXCLUSIVE MODE"))
    owners = sa.select(records.c.id).where(records.c.form == source.form)
    conn.execute(
        sa.delete(record_totals).where(record_totals.c.field == source.field, record_totals.c.record_id.in_(owners))
    )
    found: Shares = {(record_id, source.field): 0 for record_id in conn.execute(owners).scalars()}
    rows = conn.execute(sa.select(records.c["values"], records.c.status).where(records.c.form == over)).yield_per(500)
    for values, status in rows:
        for key, amount in shares([source], values, status).items():
            if key in found:
                found[key] += amount
    new = [{"record_id": owner, "field": name, "micros": amount} for (owner, name), amount in found.items()]
    if new:
        conn.execute(sa.insert(record_totals), new)


def _upsert(insert: Any) -> Any:
    statement = insert(record_totals)
    return statement.on_conflict_do_update(
        index_elements=["record_id", "field"], set_={"micros": record_totals.c.micros + statement.excluded.micros}
    )


_ADD: dict[str, Any] = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}
