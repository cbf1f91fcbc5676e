"""``signoff doctor --deep``: every run of the database is proven sound, page by page, in little memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..forms.models import records
from ..forms.records import chain_of
from ..platform import audit, db, json
from ..platform.errors import SignoffError
from ..platform.health import Check
from ..platform.models import audit_entries, outbox, timers
from ..platform.people import service as people
from ..platform.people.directory import Directory
from ..platform.text import Message, msg
from . import carrying, cases, catalogue, codec, soundness, store
from .engine_draft import GRACE
from .models import amounts, runs, subrequests, tasks
from .soundness import Facts, Flaw, Said
from .store import RunRow

PAGE = 200

_RUNS = sa.select(runs).where(runs.c.id > sa.bindparam("after")).order_by(runs.c.id).limit(PAGE)
_RECORDS = sa.select(records.c.id, records.c.status, records.c.version).where(
    records.c.id.in_(sa.bindparam("ids", expanding=True))
)
_TASKS = sa.select(tasks).where(tasks.c.record_id.in_(sa.bindparam("ids", expanding=True))).order_by(tasks.c.id)
_HISTORY = (
    sa.select(
        audit_entries.c.chain, audit_entries.c.event, audit_entries.c.actor, audit_entries.c.acting_as,
        audit_entries.c.data, audit_entries.c.more,
    )
    .where(audit_entries.c.chain.in_(sa.bindparam("chains", expanding=True)))
    .order_by(audit_entries.c.chain, audit_entries.c.position)
)  # fmt: skip
_TIMERS = sa.select(timers.c.key).where(timers.c.key.in_(sa.bindparam("keys", expanding=True)))
_CALLS = sa.select(outbox.c.key).where(
    outbox.c.key.in_(sa.bindparam("keys", expanding=True)), outbox.c.dead_at.is_(None)
)
_CHILDREN = sa.select(subrequests.c.run_id, subrequests.c.record_id).where(
    subrequests.c.run_id.in_(sa.bindparam("ids", expanding=True)), subrequests.c.waits
)
_COUNTS = sa.select(amounts.c.run_id, amounts.c.counts).where(
    amounts.c.run_id.in_(sa.bindparam("ids", expanding=True)), amounts.c.name == ""
)
_ALL_TIMERS = (
    sa.select(timers.c.id, timers.c.key, timers.c.payload)
    .where(timers.c.kind == carrying.TIMER_KIND, timers.c.id > sa.bindparam("after"))
    .order_by(timers.c.id)
    .limit(PAGE)
)
_SOME_RUNS = sa.select(runs).where(runs.c.id.in_(sa.bindparam("ids", expanding=True)))
_STRAY_TASK = (
    sa.select(tasks.c.id, tasks.c.run_id)
    .where(tasks.c.id > sa.bindparam("after"), ~sa.exists().where(runs.c.id == tasks.c.run_id))
    .order_by(tasks.c.id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a walk over all runs found; ``first`` is the first thing that is broken."""

    runs: int
    first: Flaw | None

    @property
    def ok(self) -> bool:
        return self.first is None

    @property
    def message(self) -> Message:
        if self.first is None:
            return msg("%(n)s requests were looked at, and all holds.", n=self.runs)
        if self.first.run is None:
            return self.first.message
        return msg("Request of run %(run)s: %(message)s", run=self.first.run, message=self.first.message)


def check(progress: Callable[[int], None] | None = None) -> list[Check]:
    """The deep part of ``signoff doctor``: the history's chains, and every run."""
    verified = audit.verify()
    proof = prove(progress)
    return [Check("history", verified.ok, verified.message), Check("requests", proof.ok, proof.message)]


def prove(progress: Callable[[int], None] | None = None) -> Proof:
    """Walk every run and every timer of runs; stop at the first that does not hold."""
    directory = people.directory()
    count = 0
    for page in _pages(directory):
        for facts in page:
            count += 1
            first = next(facts(), None)
            if first is not None:
                return Proof(count, first)
        if progress is not None:
            progress(count)
    return Proof(count, next(_strays(), None))


def _pages(directory: Directory) -> Iterator[list[Callable[[], Iterator[Flaw]]]]:
    after = 0
    while True:
        with _one_moment() as conn:
            rows = [store.run_row(row) for row in conn.execute(_RUNS, {"after": after})]
            if not rows:
                return
            found = _facts(conn, rows, directory)
        after = rows[-1].id
        yield found


def _one_moment() -> Connection:
    """A connection that sees the database as it was at one moment, so that parts of a run do not move under it."""
    connection = db.engine().connect()
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def _facts(conn: Connection, rows: Sequence[RunRow], directory: Directory) -> list[Callable[[], Iterator[Flaw]]]:
    """For each run how to look at it, with all that is needed read already."""
    known = _Known(conn, rows)
    return [_looking(row, known, directory) for row in rows]


def _looking(row: RunRow, known: "_Known", directory: Directory) -> Callable[[], Iterator[Flaw]]:
    def look() -> Iterator[Flaw]:
        try:
            facts = known.of(row, directory)
        except (SignoffError, LookupError, ValueError, TypeError) as error:
            message = msg("It cannot be read: %(reason)s. Restore it from a backup.", reason=str(error))
            yield Flaw(row.id, "state", message)
            return
        yield from soundness.flaws(facts)

    return look


class _Known:
    """What the database holds of one page of runs; eight statements."""

    def __init__(self, conn: Connection, rows: Sequence[RunRow]) -> None:
        ids = [row.id for row in rows]
        record_ids = [row.record_id for row in rows]
        self.records = {row.id: row for row in conn.execute(_RECORDS, {"ids": record_ids})}
        self.tasks: dict[int, list[store.TaskRow]] = {row.id: [] for row in rows}
        for task in conn.execute(_TASKS, {"ids": record_ids}):
            self.tasks.setdefault(task.run_id, []).append(store.task_row(task))
        self.history: dict[str, list[Said]] = {}
        for row in conn.execute(_HISTORY, {"chains": [chain_of(each) for each in record_ids]}):
            told = self.history.setdefault(row.chain, [])
            for event, actor, acting_as, data in audit.said_in(row):
                told.append(Said(event, actor, acting_as, json.parse(data)))
        self.timers = _those_there(conn, _TIMERS, [key for row in rows for key in _timer_keys(row)])
        self.calls = _those_there(conn, _CALLS, [key for row in rows for key in _call_keys(row)])
        self.children: dict[int, set[int]] = {}
        for run_id, record_id in conn.execute(_CHILDREN, {"ids": ids}):
            self.children.setdefault(run_id, set()).add(record_id)
        self.counts = {run_id: bool(counts) for run_id, counts in conn.execute(_COUNTS, {"ids": ids})}

    def of(self, row: RunRow, directory: Directory) -> Facts:
        """All that is known of one run."""
        record = self.records.get(row.record_id)
        program = catalogue.flow_program(row.flow, row.version, record.version if record is not None else None)
        prefix = len(carrying.timer_key(row.id, ""))
        return Facts(
            row=row,
            record_status=record.status if record is not None else None,
            program=program,
            people=directory,
            calendar=cases.calendar_of(program),
            tasks=self.tasks[row.id],
            timers=frozenset(key[prefix:] for key in _timer_keys(row) if key in self.timers),
            calls=frozenset(key[prefix:] for key in _call_keys(row) if key in self.calls),
            history=self.history.get(chain_of(row.record_id), ()),
            children=frozenset(self.children.get(row.id, ())),
            counts=self.counts.get(row.id),
        )


def _those_there(conn: Connection, statement: sa.Select[Any], keys: Sequence[str]) -> set[str]:
    return {
        key
        for start in range(0, len(keys), PAGE)
        for key in conn.scalars(statement, {"keys": list(keys[start : start + PAGE])})
    }


def _timer_keys(row: RunRow) -> list[str]:
    """The keys of all timers that the run could have, by its state as JSON."""
    steps = list(row.state.get("steps", {}))
    graces = [f"{GRACE}{task['id']}" for task in row.state.get("tasks", ())]
    return [carrying.timer_key(row.id, name) for name in (*steps, *graces)]


def _call_keys(row: RunRow) -> list[str]:
    """The keys of the calls that the run may wait for: of each step the last."""
    return [
        carrying.call_key(row.id, f"{step}#{progress.get('r', 1) if isinstance(progress, dict) else 1}")
        for step, progress in row.state.get("steps", {}).items()
    ]


def _strays() -> Iterator[Flaw]:
    """Timers of runs that wait for none, and tasks of runs that are not there."""
    after = 0
    while True:
        with _one_moment() as conn:
            found = conn.execute(_ALL_TIMERS, {"after": after}).all()
            wanted = sorted({int(timer.payload["run"]) for timer in found})
            there = {row.id: store.run_row(row) for row in conn.execute(_SOME_RUNS, {"ids": wanted})}
            versions = _versions(conn, there.values())
        if not found:
            break
        after = found[-1].id
        for timer in found:
            row = there.get(int(timer.payload["run"]))
            if row is None or str(timer.payload["name"]) not in _allowed(row, versions):
                message = msg("The timer %(key)s waits for nothing. Delete its row of signoff_timer.", key=timer.key)
                yield Flaw(row.id if row is not None else None, "timers", message)
    with _one_moment() as conn:
        stray = conn.execute(_STRAY_TASK, {"after": 0}).first()
    if stray is not None:
        message = msg(
            "The task %(id)s belongs to the run %(run)s, which is not there. Restore it.", id=stray.id, run=stray.run_id
        )
        yield Flaw(None, "tasks", message)


def _versions(conn: Connection, rows: Any) -> dict[int, int]:
    ids = [row.record_id for row in rows]
    return {row.id: row.version for row in conn.execute(_RECORDS, {"ids": ids})}


def _allowed(row: RunRow, versions: dict[int, int]) -> frozenset[str]:
    program = catalogue.flow_program(row.flow, row.version, versions.get(row.record_id))
    return soundness.allowed_timers(program, codec.load(row.state))
