"""Roll-ups of the figures: for each form and day, what was filed then, counted again when the history says so.

The history is the feed: every change of a request writes an entry, so the days of the requests named by new entries
are counted again, whole, from the requests themselves. A day that is counted twice is counted right; nothing that the
roll-ups say has to be taken back by hand, and the path of a decision writes nothing for them.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms.columns import column
from ..forms.definition import Field, Form
from ..forms.models import records
from ..platform import background, clock, config
from ..platform.db import reading, transaction
from ..platform.models import audit_entries
from ..platform.timers import recurring
from . import catalogue, survey
from .models import figure_state, figures, runs, surveys, tasks, work_figures
from .run import START

KIND = "flow.figures"
EVERY = timedelta(minutes=1)
FIRST_ANSWER = timedelta(minutes=30)
"""Within this time the first answer is to come (D26)."""

MOST_AXES = 12
ENTRIES = 20_000
DAYS = 8
PAGE_SECONDS = 0.08
"""How long a page may count for itself what is not counted yet; what remains is the worker's."""

LAG = timedelta(seconds=30)
"""On PostgreSQL entries become visible out of order; the younger ones are looked at again."""

MICRO = 1_000_000
ALL = ""
STATUS = "status"
SUMS = tuple(each.name for each in figures.columns if not each.primary_key)
WORK_SUMS = tuple(each.name for each in work_figures.columns if not each.primary_key)

Day = tuple[str, date]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """How far the history was counted; ``backlog`` are the days that are not counted yet."""

    revision: int = 0
    audit_id: int = 0
    shapes: Mapping[str, str] = None  # type: ignore[assignment]
    backlog: frozenset[Day] = frozenset()
    at: datetime | None = None


@recurring(KIND, EVERY)
def _each_minute(conn: Connection, _now: datetime) -> None:
    """Have a worker count, where there is something new to count."""
    state = _read(conn)
    newest = conn.execute(_NEWEST).scalar_one() or 0
    if state.backlog or newest > state.audit_id:
        background.enqueue(conn, KIND, {}, key=KIND)


@background.handler(KIND)
def count(_job: background.Job) -> None:
    """Count everything that is new."""
    catch_up()


def catch_up(seconds: float | None = None) -> State:
    """Count what is new, for at most so many seconds; how far it got.

    Two that count at once do no harm: whoever finds that another was quicker drops what it counted.
    """
    started = time.perf_counter()
    zone = config.current().zone
    with reading() as conn:
        known = _read(conn)
        state = _looked(conn, known, zone)
    while True:
        taken = sorted(state.backlog, key=lambda each: (each[1], each[0]), reverse=True)[:DAYS]
        after = replace(state, backlog=state.backlog.difference(taken), at=clock.now())
        if not taken and _is_same(known, after):
            return replace(known, at=known.at or after.at)
        counted = [_counted(form, day, zone) for form, day in taken]
        if not _store(known, after, taken, counted):
            return state
        known = state = replace(after, revision=after.revision + 1)
        if not state.backlog or (seconds is not None and time.perf_counter() - started > seconds):
            return state


def _is_same(known: State, after: State) -> bool:
    return (known.audit_id, known.shapes, known.backlog) == (after.audit_id, after.shapes, after.backlog)


# --- what is new


_NEWEST = sa.select(sa.func.max(audit_entries.c.id))
_STATE = sa.select(figure_state)


def _read(conn: Connection) -> State:
    row = conn.execute(_STATE).first()
    if row is None:
        return State(shapes={})
    backlog = frozenset((form, date.fromisoformat(day)) for form, day in row.backlog)
    return State(row.revision, row.audit_id, row.shapes, backlog, row.at)


def _looked(conn: Connection, state: State, zone: ZoneInfo) -> State:
    """The state with the days that entries since then touched, and those of forms that are counted otherwise now."""
    newest = conn.execute(_NEWEST).scalar_one() or 0
    shapes = {program.form.key: _shape(program.form, zone) for program in forms.forms_in_force()}
    backlog = set(state.backlog)
    changed = [form for form, shape in shapes.items() if state.shapes.get(form) != shape]
    for form in changed:
        backlog.update(_days_of(conn, form, zone))
    if state.revision == 0:
        return replace(state, audit_id=newest, shapes=shapes, backlog=frozenset(backlog))
    for first in range(state.audit_id, newest, ENTRIES):
        backlog.update(_touched(conn, first, min(first + ENTRIES, newest), zone))
    return replace(state, audit_id=_settled(conn, state.audit_id, newest), shapes=shapes, backlog=frozenset(backlog))


def _shape(form: Form, zone: ZoneInfo) -> str:
    """What is counted of a form, short enough to compare."""
    money = money_field(form)
    text = repr((str(zone), [(each.key, each.type) for each in axes_of(form)], money.key if money else None))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def axes_of(form: Form) -> list[Field]:
    """What requests of a form are broken down by: its choices. Plain tables are only counted."""
    if catalogue.flow_of_form(form.key) is None:
        return []
    return [each for each in form.fields if each.type in ("choice", "boolean")][:MOST_AXES]


def money_field(form: Form) -> Field | None:
    """What a request is about in money: the last money field of the summary."""
    fields = (form.field(key) for key in reversed(form.summary))
    return next((field for field in fields if field is not None and field.type == "money"), None)


def _days_of(conn: Connection, form: str, zone: ZoneInfo) -> Iterable[Day]:
    """Every day from the first that something was filed on to the last."""
    of_form = (records.c.form == form, records.c.submitted_at.is_not(None))
    ordered = sa.select(records.c.submitted_at).where(*of_form)
    first = conn.execute(ordered.order_by(records.c.submitted_at).limit(1)).scalar()
    last = conn.execute(ordered.order_by(records.c.submitted_at.desc()).limit(1)).scalar()
    if first is None or last is None:
        return ()
    start, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    return ((form, start + timedelta(days=number)) for number in range((end - start).days + 1))


def _touched(conn: Connection, after: int, until: int, zone: ZoneInfo) -> Iterable[Day]:
    """The days on which the records were filed that entries of the history are about."""
    chain = audit_entries.c.chain
    number = sa.cast(sa.func.substr(chain, len("record:") + 1), sa.BigInteger)
    named = (
        sa.select(sa.case((chain.like("record:%"), number)).label("id"))
        .where(audit_entries.c.id > after, audit_entries.c.id <= until)
        .distinct()
        .subquery()
    )
    filed = sa.select(named.c.id, records.c.id.label("there"), records.c.form, records.c.submitted_at)
    rows = conn.execute(filed.select_from(named.outerjoin(records, records.c.id == named.c.id))).all()
    found = {(row.form, row.submitted_at.astimezone(zone).date()) for row in rows if row.submitted_at is not None}
    gone = [f"record:{row.id}" for row in rows if row.there is None and row.id is not None]
    return found | _of_deleted(conn, gone, zone)


def _of_deleted(conn: Connection, chains: Sequence[str], zone: ZoneInfo) -> set[Day]:
    """The days on which records were filed that are gone; of which form they were nobody knows any more."""
    keys = [program.form.key for program in forms.forms_in_force()]
    found: set[Day] = set()
    for first in range(0, len(chains), 500):
        filed = sa.select(audit_entries.c.at).where(
            audit_entries.c.chain.in_(chains[first : first + 500]), audit_entries.c.event == "record.submitted"
        )
        days = {at.astimezone(zone).date() for at in conn.scalars(filed)}
        found.update((key, day) for key in keys for day in days)
    return found


def _settled(conn: Connection, seen: int, newest: int) -> int:
    """Up to which entry nothing older can appear any more."""
    if conn.dialect.name == "sqlite":
        return newest
    young = sa.select(sa.func.min(audit_entries.c.id)).where(
        audit_entries.c.id > seen, audit_entries.c.id <= newest, audit_entries.c.at > clock.now() - LAG
    )
    found = conn.execute(young).scalar()
    return newest if found is None else int(found) - 1


# --- counting a day


def _counted(form_key: str, day: date, zone: ZoneInfo) -> tuple[list[Row], list[Row]]:
    """The rows of one day: of requests, and of the work on them."""
    form = forms.program(form_key).form
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    tomorrow = day + timedelta(days=1)
    end = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    filed = (
        records.c.form == form_key,
        records.c.submitted_at >= start.astimezone(UTC),
        records.c.submitted_at < end.astimezone(UTC),
    )
    with reading() as conn:
        requests = _requests(conn, form, filed)
        work = _work(conn, filed) if catalogue.flow_of_form(form_key) is not None else []
    place = {"form": form_key, "day": day}
    return (
        [place | row for row in _with_everybody(requests, ("axis", "member"), SUMS)],
        [place | row for row in _with_everybody(work, ("step", "person"), WORK_SUMS)],
    )


def _requests(conn: Connection, form: Form, filed: Sequence[sa.ColumnElement[bool]]) -> list[Row]:
    """Sums by who filed, for the day as a whole, by status, and by each choice: the requests are read once."""
    axes = [(field.key, column(conn.dialect.name, field)) for field in axes_of(form)]
    named = [(key, one.value) for key, one in axes if one is not None]
    facts = (
        sa.select(
            sa.func.coalesce(records.c.submitted_by, "").label("whose"),
            records.c.status,
            *_facts(conn, form),
            *(sa.func.coalesce(sa.func.substr(value, 1, 64), "").label(f"axis_{key}") for key, value in named),
        )
        .select_from(
            records.outerjoin(runs, runs.c.record_id == records.c.id).outerjoin(
                surveys, surveys.c.record_id == records.c.id
            )
        )
        .where(*filed)
        .cte("facts")
        .prefix_with("MATERIALIZED")
    )
    members = [(ALL, sa.literal("")), (STATUS, facts.c.status)] if named or _has_flow(form) else [(ALL, sa.literal(""))]
    members += [(key, facts.c[f"axis_{key}"]) for key, _ in named]
    parts = [_part(facts, axis, member) for axis, member in members]
    return [dict(row) for row in conn.execute(sa.union_all(*parts)).mappings()]


def _has_flow(form: Form) -> bool:
    return catalogue.flow_of_form(form.key) is not None


def _facts(conn: Connection, form: Form) -> list[sa.ColumnElement[Any]]:
    """Of one request: its money, how long it took, when it was first answered, what was said of it."""
    money = money_field(form)
    answered = (
        sa.select(sa.func.min(tasks.c.closed_at))
        .where(tasks.c.record_id == records.c.id, tasks.c.decided_by.is_not(None), tasks.c.step != START)
        .scalar_subquery()
    )
    over = records.c.status.in_(survey.ENDED)
    return [
        (_micros(conn, money) if money is not None else sa.literal(0)).label("micros"),
        sa.case((over, seconds(conn, records.c.submitted_at, runs.c.ended_at))).label("took"),
        seconds(conn, records.c.submitted_at, answered).label("answer"),
        surveys.c.score.label("score"),
    ]


def _part(facts: sa.CTE, axis: str, member: Any) -> sa.Select[Any]:
    f = facts.c
    approved = f.status == "approved"
    sums = {
        "requests": sa.func.count(),
        "micros": sa.func.sum(f.micros),
        "approved": _sum_if(approved, 1),
        "approved_micros": _sum_if(approved, f.micros),
        "rejected": _sum_if(f.status == "rejected", 1),
        "ended": sa.func.count(f.took),
        "ended_seconds": sa.func.sum(f.took),
        "answered": sa.func.count(f.answer),
        "in_time": _sum_if(f.answer <= FIRST_ANSWER.total_seconds(), 1),
        "answer_seconds": sa.func.sum(f.answer),
        "surveyed": sa.func.count(f.score),
        "score": sa.func.sum(f.score),
        "content": _sum_if(f.score >= survey.CONTENT, 1),
        "unhappy": _sum_if(f.score <= survey.UNHAPPY, 1),
    }
    group = sa.cast(member, sa.String(64)).label("member")
    return sa.select(
        f.whose,
        sa.literal(axis).label("axis"),
        group,
        *(sa.cast(sa.func.coalesce(each, 0), sa.BigInteger).label(name) for name, each in sums.items()),
    ).group_by(f.whose, *([member] if axis else []))


def _sum_if(condition: Any, value: Any) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((condition, value), else_=0))


def _work(conn: Connection, filed: Sequence[sa.ColumnElement[bool]]) -> list[Row]:
    """Sums of the decisions on the day's requests, by who filed, step and who decided."""
    took = seconds(conn, tasks.c.assigned_at, tasks.c.closed_at)
    sums = {
        "decided": sa.func.count(),
        "approved": _sum_if(tasks.c.verdict.in_(("approve", "complete")), 1),
        "rejected": _sum_if(tasks.c.verdict == "reject", 1),
        "returned": _sum_if(tasks.c.verdict == "return", 1),
        "late": _sum_if(tasks.c.closed_at > tasks.c.due_at, 1),
        "seconds": sa.func.sum(took),
        "slowest": sa.func.max(took),
    }
    whose = sa.func.coalesce(records.c.submitted_by, "").label("whose")
    statement = (
        sa.select(
            whose,
            tasks.c.step,
            tasks.c.decided_by.label("person"),
            *(sa.cast(each, sa.BigInteger).label(name) for name, each in sums.items()),
        )
        .select_from(records.join(tasks, tasks.c.record_id == records.c.id))
        .where(*filed, tasks.c.decided_by.is_not(None))
        .group_by(whose, tasks.c.step, tasks.c.decided_by)
    )
    return [dict(row) for row in conn.execute(statement).mappings()]


def _with_everybody(rows: Sequence[Row], names: tuple[str, str], sums: Sequence[str]) -> list[Row]:
    """The rows of each person who filed, and the same of all of them together, whose name is empty."""
    together: dict[tuple[str, str], Row] = {}
    own = []
    for row in rows:
        if row["whose"]:
            own.append(row)
        place = (row[names[0]], row[names[1]])
        total = together.setdefault(place, dict.fromkeys(sums, 0) | dict(zip(names, place, strict=True)))
        for name in sums:
            total[name] = max(total[name], row[name]) if name == "slowest" else total[name] + row[name]
    return [*({"whose": ALL, **row} for row in together.values()), *own]


def seconds(conn: Connection, first: Any, last: Any) -> sa.ColumnElement[Any]:
    """The time between two columns, blank where one of them is."""
    if conn.dialect.name == "postgresql":
        return sa.func.extract("epoch", sa.cast(last, sa.DateTime(True)) - sa.cast(first, sa.DateTime(True)))
    return (sa.func.julianday(last) - sa.func.julianday(first)) * 86400.0


def _micros(conn: Connection, money: Field) -> sa.ColumnElement[Any]:
    """Millionths: whole numbers, so that both databases sum alike."""
    one = column(conn.dialect.name, money)
    if one is None:
        return sa.literal(0)
    return sa.func.coalesce(sa.cast(sa.func.round(one.value * MICRO), sa.BigInteger), 0)


# --- keeping it


def _store(known: State, after: State, taken: Sequence[Day], counted: Sequence[tuple[list[Row], list[Row]]]) -> bool:
    """Write the days and how far it got, together; false if somebody else was quicker."""
    with transaction() as conn:
        if not _advance(conn, known, after):
            return False
        for form, day in taken:
            for table in (figures, work_figures):
                conn.execute(sa.delete(table).where(table.c.form == form, table.c.day == day))
        for table, rows in ((figures, [row for each, _ in counted for row in each]),
                            (work_figures, [row for _, each in counted for row in each])):  # fmt: skip
            if rows:
                conn.execute(table.insert(), rows)
    return True


def _advance(conn: Connection, known: State, after: State) -> bool:
    values = {
        "revision": known.revision + 1,
        "audit_id": after.audit_id,
        "shapes": dict(after.shapes),
        "backlog": sorted([form, day.isoformat()] for form, day in after.backlog),
        "at": after.at,
    }
    if known.revision == 0:
        insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
        new = insert(figure_state).values(id=1, **values).on_conflict_do_nothing()
        return bool(conn.execute(new).rowcount)
    unchanged = (figure_state.c.id == 1, figure_state.c.revision == known.revision)
    return bool(conn.execute(sa.update(figure_state).where(*unchanged).values(**values)).rowcount)
