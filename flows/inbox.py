"""The inbox: what waits for a person, most urgent first, found through one index per principal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform import clock
from ..platform.db import reading
from ..platform.errors import Malformed, Refused
from ..platform.paging import Page, decode_cursor, page_of
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import msg
from . import store
from .delegation import Seat, seats
from .models import runs, tasks

COUNT_CAP = 1000
SORTS = ("due_at",)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of tasks; ``capped`` means that there are more."""

    value: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the inbox is asked for. ``overdue``: only what is late; ``before``: only what is due before then."""

    form: str | None = None
    overdue: bool = False
    before: datetime | None = None
    delegated: bool = False
    sort: str = "due_at"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task of the inbox, and the flow's version that its request goes through."""

    task: store.TaskRow
    flow: str
    version: int


def find(person: Person, wanted: Filter, *, after: str | None = None, limit: int = 50) -> Page[Waiting]:
    """The tasks that ``person`` may act on now, own and delegated, most urgent first.

    Raises:
        Refused: an order that is not offered.
        Malformed: a cursor that is not ours.
    """
    if wanted.sort not in SORTS:
        raise Refused.because(
            [
                Problem(
                    "/sort",
                    "unknown_sort",
                    msg(
                        "The inbox cannot be sorted by %(sort)s. Known: %(known)s.",
                        sort=repr(wanted.sort),
                        known="due_at",
                    ),
                )
            ]
        )
    with reading() as conn:
        rows = _page(conn, person, wanted, after, limit + 1)
    return page_of(rows, limit, lambda each: (each.task.due_at or store.NEVER, each.task.id))


def count(person: Person, wanted: Filter | None = None) -> Count:
    """How many tasks wait, counted up to :data:`COUNT_CAP`."""
    wanted = wanted or Filter()
    taken = _seats(person, wanted)
    if not taken:
        return Count(0, False)
    statement, values = _count(len(taken), *_shape(wanted)), _values(taken, wanted)
    with reading() as conn:
        found = int(conn.execute(statement, values | {"limit": COUNT_CAP + 1}).scalar_one())
    return Count(min(found, COUNT_CAP), found > COUNT_CAP)


def _page(conn: Connection, person: Person, wanted: Filter, after: str | None, limit: int) -> list[Waiting]:
    taken = _seats(person, wanted)
    if not taken:
        return []
    values = _values(taken, wanted) | {"limit": limit}
    if after is not None:
        values |= _position(after)
    rows = conn.execute(_first(len(taken), after is not None, *_shape(wanted)), values)
    return [Waiting(store.task_row(row[:-2]), row[-2], row[-1]) for row in rows]


def _seats(person: Person, wanted: Filter) -> Sequence[Seat]:
    found = seats(person, clock.now())
    return [each for each in found if each.delegator] if wanted.delegated else found


def _shape(wanted: Filter) -> tuple[bool, bool]:
    return wanted.form is not None, wanted.overdue or wanted.before is not None


def _values(taken: Sequence[Seat], wanted: Filter) -> dict[str, Any]:
    values: dict[str, Any] = {"claimants": sorted({each.person for each in taken})}
    for number, seat in enumerate(taken):
        values[f"principal_{number}"] = seat.principal
        values[f"person_{number}"] = seat.person
        values[f"actor_{number}"] = seat.actor
    if wanted.form is not None:
        values["form"] = wanted.form
    if wanted.overdue or wanted.before is not None:
        now = clock.now()
        values["before"] = min(now, wanted.before or now) if wanted.overdue else wanted.before
    return values


def _position(cursor: str) -> dict[str, Any]:
    match decode_cursor(cursor):
        case [datetime() as due_at, int() as task_id]:
            return {"after_due": due_at, "after_id": task_id}
    raise Malformed(msg("The cursor “after” belongs to another list. Start again from the first page."), code="cursor")


# As the partial index has it: SQLAlchemy would say "open = 1" on SQLite, and the index would not be used.
_OPEN = sa.text("signoff_task.open")


def _of_seat(number: int, columns: Sequence[Any], form: bool, before: bool) -> sa.Select[Any]:
    """What one principal finds: not what another member took, not what is excluded for whoever acts here."""
    statement = sa.select(*columns).where(
        _OPEN,
        tasks.c.principal == sa.bindparam(f"principal_{number}"),
        sa.or_(tasks.c.claimed_by.is_(None), tasks.c.claimed_by.in_(sa.bindparam("claimants", expanding=True))),
        sa.or_(
            tasks.c.excluded.is_(None),
            tasks.c.excluded.not_in([sa.bindparam(f"person_{number}"), sa.bindparam(f"actor_{number}")]),
        ),
    )
    if form:
        statement = statement.where(tasks.c.form == sa.bindparam("form"))
    if before:
        statement = statement.where(tasks.c.due_at < sa.bindparam("before"))
    return statement


@lru_cache(maxsize=256)
def _first(seats: int, after: bool, form: bool, before: bool) -> sa.Select[Any]:
    """Each principal's first tasks, then the first of all: the index is read ``limit`` rows deep, not more."""
    parts = []
    for number in range(seats):
        part = _of_seat(number, store.TASK_COLUMNS, form, before)
        if after:
            part = part.where(
                sa.tuple_(tasks.c.due_at, tasks.c.id)
                > sa.tuple_(sa.bindparam("after_due", type_=tasks.c.due_at.type), sa.bindparam("after_id"))
            )
        part = part.order_by(tasks.c.due_at, tasks.c.id).limit(sa.bindparam("limit"))
        parts.append(sa.select(part.subquery()))
    both = sa.union_all(*parts).subquery()
    return (
        sa.select(*both.c, runs.c.flow, runs.c.version)
        .join(runs, runs.c.id == both.c.run_id)
        .order_by(both.c.due_at, both.c.id)
        .limit(sa.bindparam("limit"))
    )


@lru_cache(maxsize=256)
def _count(seats: int, form: bool, before: bool) -> sa.Select[Any]:
    parts = [
        sa.select(_of_seat(number, [tasks.c.id], form, before).limit(sa.bindparam("limit")).subquery())
        for number in range(seats)
    ]
    both = sa.union_all(*parts).subquery()
    return sa.select(sa.func.count()).select_from(sa.select(both.c.id).limit(sa.bindparam("limit")).subquery())
