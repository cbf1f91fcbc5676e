"""Amounts that belong together: what each request adds to the sums of its flow's authority, and what they come to."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform.db import reading
from ..platform.json import canonical
from ..platform.value import value
from .authority import counted
from .definition import SUBMITTER, Authority, Sum
from .models import amounts, tasks
from .program import FlowProgram
from .run import World
from .values import plain

MILLION = 1_000_000


@value
class Of:
    """Whose sums: ``run`` is ``None`` of a request that does not exist yet."""

    run: int | None
    submitter: str | None


NEW = Of(None, None)

_SUM = sa.select(sa.func.coalesce(sa.func.sum(amounts.c.micros), 0)).where(
    amounts.c.form == sa.bindparam("form"),
    amounts.c.name == sa.bindparam("name"),
    amounts.c.mark == sa.bindparam("mark"),
    amounts.c.counts,
    amounts.c.run_id != sa.bindparam("run"),
)
_SUM_SINCE = _SUM.where(amounts.c.at > sa.bindparam("since"))
_APPROVED = (
    sa.select(sa.func.coalesce(sa.func.sum(amounts.c.micros), 0))
    .where(
        amounts.c.run_id.in_(
            sa.select(tasks.c.run_id).where(
                tasks.c.decided_by == sa.bindparam("person"),
                tasks.c.closed_at > sa.bindparam("since"),
                tasks.c.verdict == "approve",
                tasks.c.form == sa.bindparam("form"),
            )
        ),
        amounts.c.name == "",
        amounts.c.counts,
        amounts.c.run_id != sa.bindparam("run"),
    )
)  # fmt: skip
_ALL_OF = sa.select(amounts.c.name, amounts.c.mark, amounts.c.micros, amounts.c.counts).where(
    amounts.c.run_id == sa.bindparam("run")
)
_DROP = sa.delete(amounts).where(amounts.c.run_id == sa.bindparam("run"))
_KEEP = sa.insert(amounts)


def beside(program: FlowProgram, values: Mapping[str, Any], of: Of, now: datetime) -> Mapping[str, Any]:
    """``values`` with the sums as they are now, the request's own amount in them."""
    authority = program.settings.authority
    if authority is None or not authority.sums:
        return values
    own = counted(values.get(authority.amount))
    with reading() as conn:
        found = {
            each.fact: own + _others(conn, program.flow.form, each, _mark(each, values, of), of, now)
            for each in authority.sums
        }
    return {**values, **found}


def _others(conn: Connection, form: str, each: Sum, mark: str, of: Of, now: datetime) -> Decimal:
    """What other requests come to; a blank field has nothing in common with anything."""
    if not mark:
        return Decimal(0)
    asked: dict[str, Any] = {"form": form, "name": each.name, "mark": mark, "run": of.run or 0}
    if each.within is None:
        return Decimal(conn.execute(_SUM, asked).scalar_one()) / MILLION
    since = now - each.within
    return Decimal(conn.execute(_SUM_SINCE, {**asked, "since": since}).scalar_one()) / MILLION


class Granted:
    """What people approved lately of other requests; ``seen`` is what was asked and answered."""

    def __init__(self, program: FlowProgram, of: Of, now: datetime) -> None:
        self.program = program
        self.of = of
        self.now = now
        self.seen: dict[str, Decimal] = {}

    def __call__(self, person: str) -> Decimal:
        if person not in self.seen:
            self.seen[person] = self.now_of(person)
        return self.seen[person]

    def now_of(self, person: str) -> Decimal:
        """As it is now in the database."""
        authority, form = self.program.settings.authority, self.program.flow.form
        sums = authority.of_approver if authority is not None else ()
        with reading() as conn:
            found = (_approved(conn, form, each, person, self.of, self.now) for each in sums)
            return max(found, default=Decimal(0))


def granted(program: FlowProgram, of: Of, now: datetime) -> Granted | None:
    """What somebody approved lately of other requests; ``None`` where the flow does not ask."""
    authority = program.settings.authority
    return Granted(program, of, now) if authority is not None and authority.of_approver else None


def hold(conn: Connection, program: FlowProgram, world: World, of: Of) -> bool:
    """Whether the sums that a decision rests on are still so; from now on nobody changes them before the commit."""
    authority = program.settings.authority
    if authority is None:
        return True
    asked = world.granted if isinstance(world.granted, Granted) else None
    lock(conn, program, world.values, of, asked.seen if asked is not None else ())
    now = beside(program, world.values, of, world.now)
    if any(now[each.fact] != world.values.get(each.fact) for each in authority.sums):
        return False
    return asked is None or all(asked.now_of(person) == amount for person, amount in asked.seen.items())


def _approved(conn: Connection, form: str, each: Sum, person: str, of: Of, now: datetime) -> Decimal:
    assert each.within is not None
    since = now - each.within
    asked = {"form": form, "person": person, "since": since, "run": of.run or 0}
    return Decimal(conn.execute(_APPROVED, asked).scalar_one()) / MILLION


def keep(
    conn: Connection, program: FlowProgram, values: Mapping[str, Any], of: Of, at: datetime, *, counts: bool
) -> None:
    """Remember what a run adds to the sums; written only where that changed."""
    authority = program.settings.authority
    if authority is None or of.run is None:
        return
    micros = int(counted(values.get(authority.amount)) * MILLION)
    wanted = {"": ("", micros, counts)} | {
        each.name: (mark, micros, counts) for each in authority.sums if (mark := _mark(each, values, of))
    }
    there = {row.name: (row.mark, row.micros, row.counts) for row in conn.execute(_ALL_OF, {"run": of.run})}
    if there == wanted:
        return
    conn.execute(_DROP, {"run": of.run})
    conn.execute(
        _KEEP,
        [
            {
                "run_id": of.run, "name": name, "form": program.flow.form, "mark": mark, "micros": amount, "at": at,
                "counts": counting,
            }
            for name, (mark, amount, counting) in wanted.items()
        ],
    )  # fmt: skip


def lock(conn: Connection, program: FlowProgram, values: Mapping[str, Any], of: Of, people: Iterable[str] = ()) -> None:
    """Let one at a time change the sums to which the request belongs, and what ``people`` approved.

    SQLite has one writer at a time anyway.
    """
    authority = program.settings.authority
    if authority is None or conn.dialect.name != "postgresql":
        return
    for number in sorted(_locks(program.flow.form, authority, values, of, people)):
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def _locks(form: str, authority: Authority, values: Mapping[str, Any], of: Of, people: Iterable[str]) -> set[int]:
    marks = [(each.name, mark) for each in authority.sums if (mark := _mark(each, values, of))]
    marks += [("approver:", key) for key in people if authority.of_approver]
    digests = (blake2b(f"{form} {name} {mark}".encode(), digest_size=8).digest() for name, mark in marks)
    return {int.from_bytes(digest, "big", signed=True) for digest in digests}


def _mark(each: Sum, values: Mapping[str, Any], of: Of) -> str:
    """What requests of the sum have in common; empty where the field is blank."""
    value = of.submitter if each.by == SUBMITTER else values.get(each.by)
    if value is None or value in ("", (), []):
        return ""
    text = value.strip().casefold() if isinstance(value, str) else canonical(plain(value))
    return text if len(text) <= 40 else blake2b(text.encode(), digest_size=16).hexdigest()
