"""Holding balances: whether enough is left of what a record takes of another one, also while others take of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from ..platform import db
from ..platform.errors import Refused
from ..platform.people.directory import Person
from ..platform.problems import Problem, pointer
from ..platform.text import Message, msg
from . import balances, catalogue, records, rights
from .balances import Hold, Part, Taken
from .indexes import FREE
from .lookup import name_of
from .models import record_links
from .models import records as table
from .reading import Found, Reading
from .records import COLUMNS, Record

MOST_NAMED = 5

_HOLDERS = (
    sa.select(*COLUMNS)
    .where(
        table.c.id.in_(
            sa.select(record_links.c.record_id).where(
                record_links.c.target_id.in_(sa.bindparam("targets", expanding=True))
            )
        ),
        table.c.form == sa.bindparam("form"),
        table.c.status.not_in(FREE),
    )
    .order_by(table.c.id)
)


@dataclass(frozen=True, slots=True)
class Taker:
    """What is about to be stored: ``id`` is that of the record it replaces, ``None`` of a new one; ``before`` are the
    values by which that counts already."""

    values: Mapping[str, Any]
    links: Mapping[str, Any]
    id: int | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


def taker(reading: Reading, record: Record | None) -> Taker:
    """What a reading is about to make of ``record``."""
    if record is None:
        return Taker(reading.values, reading.links)
    return Taker(reading.values, reading.links, record.id, {} if record.status in FREE else record.values)


def problems(form_key: str, holds: Sequence[Hold], taker: Taker, *, by: Person | None) -> list[Problem]:
    """What ``taker`` takes and is not there, with those who hold the rest, as far as ``by`` may know of them."""
    holds = balances.changed(holds, taker.before, taker.values)
    if not holds:
        return []
    with db.reading() as conn:
        return list(_Balance(conn, form_key, holds, [taker], lock=False).short(taker, by))


def require(conn: Connection, form_key: str, takers: Sequence[Taker], *, by: Person | None) -> None:
    """The same inside the transaction that stores: from here to its end nobody else takes of the same records.

    Raises:
        Refused: not enough is left.
    """
    kept = balances.holds_of(catalogue.program(form_key).form)
    holds = tuple(
        hold for hold in kept if any(balances.changed([hold], taker.before, taker.values) for taker in takers)
    )
    if not holds:
        return
    balance = _Balance(conn, form_key, holds, takers, lock=True)
    for taker in takers:
        found = list(balance.short(taker, by))
        if found:
            raise Refused.because(found)
        balance.take(taker)


def left(form_key: str, holds: Sequence[Hold], lookup: str, found: Found, *, without: int | None) -> Mapping[str, Any]:
    """The values of what ``lookup`` points to, with no more in its line items than others left of them.

    ``without`` is the record that is being changed: what it holds itself is not counted.
    """
    kept = [hold for hold in holds if hold.lookup == lookup and "." in hold.balance.of]
    values = dict(found.values)
    if not kept:
        return values
    with db.reading() as conn:
        rows = conn.execute(_HOLDERS, {"targets": [found.id], "form": form_key}).all()
    holders = [catalogue.values_of(row, {}) for row in rows if row.id != without]
    for hold in kept:
        table_key = hold.balance.of.partition(".")[0]
        values[table_key] = balances.less(hold, values.get(table_key) or (), found.id, holders)
    return values


class _Balance:
    """The records of which is taken, and all who take of them."""

    def __init__(
        self, conn: Connection, form_key: str, holds: Sequence[Hold], takers: Sequence[Taker], *, lock: bool
    ) -> None:
        self.conn = conn
        self.holds = holds
        targets = sorted(
            {each.target for taker in takers for hold in holds for each in balances.taken(hold, taker.values)}
        )
        # always in the same order, so that two transactions never wait for each other
        rows = [records.row(conn, each, lock=lock) for each in targets]
        self.targets = {row.id: row for row in rows if row is not None}
        self.values = {each: catalogue.values_of(row, {}) for each, row in self.targets.items()}
        mine = {taker.id for taker in takers}
        found = conn.execute(_HOLDERS, {"targets": targets, "form": form_key}).all() if targets else []
        self.holders = [(row, catalogue.values_of(row, {})) for row in found if row.id not in mine]
        self.taken: dict[Hold, balances.Held] = {}

    def take(self, taker: Taker) -> None:
        """Count ``taker`` in for those that follow."""
        for hold in self.holds:
            sums = self.taken.setdefault(hold, {})
            for key, amount in balances.held(hold, taker.values).items():
                sums[key] = sums.get(key, Decimal(0)) + amount

    def short(self, taker: Taker, by: Person | None) -> Iterator[Problem]:
        """One problem for each part of which too much is taken, at the row that goes over."""
        told: set[tuple[int, Part, tuple[str, ...]]] = set()
        for hold in self.holds:
            others = self._held_by_others(hold)
            running: balances.Held = {}
            for each in balances.taken(hold, taker.values):
                place = (each.target, each.part)
                running[place] = running.get(place, Decimal(0)) + each.amount
                left = self._offered(hold, each) - others.get(place, Decimal(0))
                again = (*place, tuple(hold.balance.per))
                if running[place] > left and again not in told:
                    told.add(again)
                    yield self._problem(hold, each, taker, left, by)

    def _offered(self, hold: Hold, each: Taken) -> Decimal:
        return balances.offered(hold.balance, self.values.get(each.target, {})).get(each.part, Decimal(0))

    def _held_by_others(self, hold: Hold) -> balances.Held:
        found = dict(self.taken.get(hold, {}))
        for _, values in self.holders:
            for place, amount in balances.held(hold, values).items():
                found[place] = found.get(place, Decimal(0)) + amount
        return found

    def _problem(self, hold: Hold, each: Taken, taker: Taker, left: Decimal, by: Person | None) -> Problem:
        table_key, _, key = hold.balance.take.rpartition(".")
        path = pointer("values", table_key, each.row or 0, key) if table_key else pointer("values", key)
        what = self._what(hold, each, taker)
        target = name_of(self.targets[each.target]) if each.target in self.targets else f"#{each.target}"
        offered = self._offered(hold, each)
        if each.part and not offered:
            message = msg("“%(what)s” is not on %(record)s. Take it out.", what=what, record=target)
            return Problem(path, "not_there", message)
        holders = self._named(hold, each, by)
        told = {"what": what, "record": target, "offered": _text(offered), "left": _text(max(left, Decimal(0)))}
        if holders is None:
            message = msg("“%(what)s”: %(record)s has %(offered)s in all. Enter at most %(left)s.", **told)
        else:
            message = msg(
                "“%(what)s”: of %(offered)s on %(record)s only %(left)s are left; the rest is held by %(holders)s. "
                "Enter at most %(left)s.",
                **told,
                holders=holders,
            )
        return Problem(path, "over_balance", message)

    def _what(self, hold: Hold, each: Taken, taker: Taker) -> str:
        """The part in words: titles of what its lookups point to, else the values; without parts, the record."""
        names = []
        for column, value in zip(hold.balance.per, each.part, strict=True):
            table_key, _, key = column.rpartition(".")
            link = taker.links.get(pointer(table_key, each.row or 0, key))
            names.append(str(link["title"]) if link and link["id"] == value else str(value))
        if names:
            return " · ".join(names)
        return name_of(self.targets[each.target]) if each.target in self.targets else f"#{each.target}"

    def _named(self, hold: Hold, each: Taken, by: Person | None) -> str | Message | None:
        """Who holds how much: ``RF-1 (2), RF-2 (1)``; what ``by`` may not see is counted together."""
        named: list[str] = []
        unseen = Decimal(0)
        for row, values in self.holders:
            amount = balances.held(hold, values).get((each.target, each.part), Decimal(0))
            if amount and len(named) < MOST_NAMED and self._may_see(row, by):
                named.append(f"{row.number or row.title or f'#{row.id}'} ({_text(amount)})")
            else:
                unseen += amount
        unseen += self.taken.get(hold, {}).get((each.target, each.part), Decimal(0))
        if not unseen:
            return ", ".join(named) or None
        others = msg("others (%(amount)s)", amount=_text(unseen))
        return msg("%(named)s, %(others)s", named=", ".join(named), others=others) if named else others

    def _may_see(self, row: Row[Any], by: Person | None) -> bool:
        return by is not None and rights.may_see(self.conn, catalogue.program(row.form, row.version).form, row, by)


def _text(amount: Decimal) -> str:
    return format(amount.normalize(), "f")


def require_cover(conn: Connection, before: Record, after: Record) -> None:
    """A record of which others have taken keeps as much as they hold; call it when its row is written, and so locked.

    Raises:
        Refused: less would be there than is held.
    """
    found = [
        problem
        for form, hold in catalogue.holds_on(after.form)
        for problem in _uncovered(conn, form, hold, before, after)
    ]
    if found:
        raise Refused.because(found)


def _uncovered(conn: Connection, form: str, hold: Hold, before: Record, after: Record) -> Iterable[Problem]:
    was, now = balances.offered(hold.balance, before.values), balances.offered(hold.balance, after.values)
    fewer = {part for part, amount in was.items() if now.get(part, Decimal(0)) < amount}
    if not fewer:
        return
    rows = conn.execute(_HOLDERS, {"targets": [after.id], "form": form}).all()
    sums: dict[Part, Decimal] = {}
    names: dict[Part, list[str]] = {}
    for row in rows:
        for (target, part), amount in balances.held(hold, catalogue.values_of(row, {})).items():
            if target == after.id and part in fewer:
                sums[part] = sums.get(part, Decimal(0)) + amount
                names.setdefault(part, []).append(f"{row.number or row.title or f'#{row.id}'} ({_text(amount)})")
    for part, amount in sums.items():
        left = now.get(part, Decimal(0))
        if amount > left:
            message = msg(
                "%(amount)s of it are held by %(holders)s: it cannot become %(left)s. Change those first.",
                amount=_text(amount),
                holders=", ".join(names[part][:MOST_NAMED]),
                left=_text(left),
            )
            yield Problem(pointer("values", hold.balance.of.split(".")[0]), "held", message)
            return
