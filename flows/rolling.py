"""Roll-ups of the figures: for each form and day, what was filed then, counted again when the history says so.

The history is the feed: every change of a request writes an entry, so the days of the requests named by new entries
are counted again, whole, from the requests themselves. A day that is counted twice is counted right; nothing that the
roll-ups say has to be taken back by hand, and the path of a decision writes nothing for them.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms.definition import Form
from ..forms.models import records
from ..platform import background, clock, config
from ..platform.db import reading, transaction
from ..platform.models import audit_entries
from ..platform.timers import recurring
from .counting import Row, axes_of, counted, filed_on, money_field
from .models import figure_state, figures, work_figures

KIND = "flow.figures"
EVERY = timedelta(minutes=1)
ENTRIES = 20_000
DAYS = 8
AT_ONCE = 50_000
AT_ONCE_FOR_PAGE = 2_000
"""Days are counted together until they hold so many requests: a page does not wait for eight busy days."""

PAGE_SECONDS = 0.08
"""How long a page may count for itself what is not counted yet; what remains is the worker's."""

LAG = timedelta(seconds=30)
"""On PostgreSQL entries become visible out of order; the younger ones are looked at again."""

Day = tuple[str, date]


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
        taken = _first(state.backlog, zone, AT_ONCE if seconds is None else AT_ONCE_FOR_PAGE)
        after = replace(state, backlog=state.backlog.difference(taken), at=clock.now())
        if not taken and _is_same(known, after):
            return replace(known, at=known.at or after.at)
        rows = [counted(form, day, zone) for form, day in taken]
        if not _store(known, after, taken, rows):
            return state
        known = state = replace(after, revision=after.revision + 1)
        if not state.backlog or (seconds is not None and time.perf_counter() - started > seconds):
            return state


def _first(backlog: Iterable[Day], zone: ZoneInfo, most: int) -> list[Day]:
    """The youngest days, together of about so many requests: one at least."""
    found: list[Day] = []
    requests = 0
    with reading() as conn:
        for form, day in sorted(backlog, key=lambda each: (each[1], each[0]), reverse=True)[:DAYS]:
            found.append((form, day))
            few = sa.select(records.c.id).where(*filed_on(form, day, zone)).limit(most).subquery()
            requests += int(conn.execute(sa.select(sa.func.count()).select_from(few)).scalar_one())
            if requests >= most:
                break
    return found


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


# --- keeping it


def _store(known: State, after: State, taken: Sequence[Day], found: Sequence[tuple[list[Row], list[Row]]]) -> bool:
    """Write the days and how far it got, together; false if somebody else was quicker."""
    with transaction() as conn:
        if not _advance(conn, known, after):
            return False
        for form, day in taken:
            for table in (figures, work_figures):
                conn.execute(sa.delete(table).where(table.c.form == form, table.c.day == day))
        for table, rows in ((figures, [row for each, _ in found for row in each]),
                            (work_figures, [row for _, each in found for row in each])):  # fmt: skip
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
