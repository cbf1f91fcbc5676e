"""The inbox: what waits for a person, most urgent first, found through one index per principal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from flask import g, has_request_context
from sqlalchemy.engine import Connection

from ..forms.models import records
from ..forms.records import RecordRow
from ..platform import clock, notifications
from ..platform.db import reading
from ..platform.errors import Malformed, Refused
from ..platform.paging import Page, decode_cursor, page_of
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.statements import Statement
from ..platform.text import msg
from . import store
from .delegation import Seat, seats
from .models import runs, tasks

COUNT_CAP = 1000
_COUNTED = "signoff_inbox_counted"
SORTS = ("due_at",)
MARKS = ("vip", "returned")

_Shape = tuple[bool, bool, str | None]
"""Whether of a form, whether before a moment, and the mark."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number of tasks; ``capped`` means that there are more."""

    value: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the inbox is asked for. ``overdue``: only what is late; ``before``: only what is due before then.

    ``mark`` is one of :data:`MARKS`: only what is marked so.
    """

    form: str | None = None
    overdue: bool = False
    before: datetime | None = None
    delegated: bool = False
    mark: str | None = None
    sort: str = "due_at"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task of the inbox, the flow's version that its request goes through, and the request."""

    task: store.TaskRow
    flow: str
    version: int
    record: RecordRow


def find(person: Person, wanted: Filter, *, after: str | None = None, limit: int = 50) -> Page[Waiting]:
    """The tasks that ``person`` may act on now, own and delegated, most urgent first.

    Raises:
        Refused: an order or a mark that is not offered.
        Malformed: a cursor that is not ours.
    """
    _require_known(wanted)
    with reading() as conn:
        rows = _page(conn, person, wanted, after, limit + 1)
    return page_of(rows, limit, lambda each: (each.task.due_at or store.NEVER, each.task.id))


def _require_known(wanted: Filter) -> None:
    problems = []
    if wanted.sort not in SORTS:
        message = msg(
            "The inbox cannot be sorted by %(sort)s. Known: %(known)s.", sort=repr(wanted.sort), known=", ".join(SORTS)
        )
        problems.append(Problem("/sort", "unknown_sort", message))
    if wanted.mark is not None and wanted.mark not in MARKS:
        message = msg(
            "No task is marked as %(mark)s. Known: %(known)s.", mark=repr(wanted.mark[:20]), known=", ".join(MARKS)
        )
        problems.append(Problem("/mark", "unknown_mark", message))
    if problems:
        raise Refused.because(problems)


def count(person: Person, wanted: Filter | None = None) -> Count:
    """How many tasks wait, counted up to :data:`COUNT_CAP`."""
    wanted = wanted or Filter()
    known = g.pop(_COUNTED, {}) if has_request_context() else {}
    found: Count | None = known.get((person.key, wanted))
    return found if found is not None else counts(person, [wanted])[0]


def counts(person: Person, wanted: Sequence[Filter]) -> list[Count]:
    """:func:`count` of several filters, and what the head of a page counts, in one statement."""
    taken = [_seats(person, each) for each in wanted]
    shape = tuple((len(some), len(_persons(some)), _shape(each)) for some, each in zip(taken, wanted, strict=True))
    values: dict[str, Any] = {"limit": COUNT_CAP + 1, **notifications.unread_values(person.key)}
    for number, (some, each) in enumerate(zip(taken, wanted, strict=True)):
        values |= {f"{name}_of_{number}": value for name, value in _values(some, each).items()}
    with reading() as conn:
        *found, unread = _counts(shape).one(conn, values)
    notifications.remember_unread(person.key, unread)
    counted = [Count(min(each, COUNT_CAP), each > COUNT_CAP) for each in found]
    if has_request_context() and len(wanted) > 1:
        # the head of the page counts one of them again
        setattr(g, _COUNTED, {(person.key, each): count for each, count in zip(wanted, counted, strict=True)})
    return counted


def _page(conn: Connection, person: Person, wanted: Filter, after: str | None, limit: int) -> list[Waiting]:
    taken = _seats(person, wanted)
    if not taken:
        return []
    values = _values(taken, wanted) | {"limit": limit}
    if after is not None:
        values |= _position(after)
    first = _first(len(taken), len(_persons(taken)), after is not None, _shape(wanted))
    return [_waiting(row) for row in first.all(conn, values)]


def _waiting(row: Sequence[Any]) -> Waiting:
    task = len(store.TASK_COLUMNS)
    return Waiting(store.task_row(row[:task]), row[task], row[task + 1], RecordRow(*row[task + 2 :]))


def _seats(person: Person, wanted: Filter) -> Sequence[Seat]:
    found = seats(person, clock.now())
    return [each for each in found if each.delegator] if wanted.delegated else found


def _shape(wanted: Filter) -> _Shape:
    return wanted.form is not None, wanted.overdue or wanted.before is not None, wanted.mark


def _persons(taken: Sequence[Seat]) -> list[str]:
    return sorted({each.person for each in taken})


def _values(taken: Sequence[Seat], wanted: Filter) -> dict[str, Any]:
    values: dict[str, Any] = {f"claimant_{number}": key for number, key in enumerate(_persons(taken))}
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


# As the partial indexes have it: SQLAlchemy would say "open = 1" on SQLite, and they would not be used.
_OPEN = sa.text("signoff_task.open")
_MARKED = {mark: sa.text(f"signoff_task.{mark}") for mark in MARKS}


def _of_seat(number: int, claimants: int, columns: Sequence[Any], shape: _Shape, of: str = "") -> sa.Select[Any]:
    """What one principal finds: not what another member took, not what is excluded for whoever acts here.

    ``claimants``: how many people's own claims are found; ``of`` ends the names of the parameters.
    """
    form, before, mark = shape
    ours: list[Any] = [sa.bindparam(f"claimant_{each}{of}") for each in range(claimants)]
    statement = sa.select(*columns).where(
        _OPEN,
        tasks.c.principal == sa.bindparam(f"principal_{number}{of}"),
        sa.or_(tasks.c.claimed_by.is_(None), tasks.c.claimed_by.in_(ours)),
        sa.or_(
            tasks.c.excluded.is_(None),
            tasks.c.excluded.not_in([sa.bindparam(f"person_{number}{of}"), sa.bindparam(f"actor_{number}{of}")]),
        ),
    )
    if form:
        statement = statement.where(tasks.c.form == sa.bindparam(f"form{of}"))
    if before:
        statement = statement.where(tasks.c.due_at < sa.bindparam(f"before{of}"))
    if mark is not None:
        statement = statement.where(_MARKED[mark])
    return statement


@lru_cache(maxsize=256)
def _first(seats: int, claimants: int, after: bool, shape: _Shape) -> Statement:
    """Each principal's first tasks, then the first of all: the index is read ``limit`` rows deep, not more."""
    parts = []
    for number in range(seats):
        part = _of_seat(number, claimants, store.TASK_COLUMNS, shape)
        if after:
            part = part.where(
                sa.tuple_(tasks.c.due_at, tasks.c.id)
                > sa.tuple_(sa.bindparam("after_due", type_=tasks.c.due_at.type), sa.bindparam("after_id"))
            )
        part = part.order_by(tasks.c.due_at, tasks.c.id).limit(sa.bindparam("limit"))
        parts.append(sa.select(part.subquery()))
    both = sa.union_all(*parts).subquery()
    of_record = (column.label(f"record_{column.name}") for column in records.c)
    return Statement(
        sa.select(*both.c, runs.c.flow, runs.c.version, *of_record)
        .join(runs, runs.c.id == both.c.run_id)
        .outerjoin(records, records.c.id == both.c.record_id)
        .order_by(both.c.due_at, both.c.id)
        .limit(sa.bindparam("limit"))
    )


@lru_cache(maxsize=256)
def _counts(wanted: tuple[tuple[int, int, _Shape], ...]) -> Statement:
    """A column for each that is ``wanted`` (seats, claimants, shape), and the unread."""
    columns = [_count(number, *each).scalar_subquery() for number, each in enumerate(wanted)]
    return Statement(sa.select(*columns, notifications.UNREAD.scalar_subquery()))


def _count(which: int, seats: int, claimants: int, shape: _Shape) -> sa.Select[Any]:
    if not seats:
        return sa.select(sa.literal(0))
    of = f"_of_{which}"
    parts = [
        sa.select(_of_seat(number, claimants, [tasks.c.id], shape, of).limit(sa.bindparam("limit")).subquery())
        for number in range(seats)
    ]
    both = sa.union_all(*parts).subquery()
    return sa.select(sa.func.count()).select_from(sa.select(both.c.id).limit(sa.bindparam("limit")).subquery())
