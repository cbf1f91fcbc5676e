"""Runs and tasks in the database: statements made once, rows as plain values, and what the engine decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..forms.models import records
from ..forms.records import RecordRow
from ..platform import json, revisions, statements
from ..platform.audit import Head
from ..platform.db import for_update
from ..platform.errors import Conflict
from ..platform.models import audit_chains
from ..platform.statements import Statement
from ..platform.text import msg
from ..platform.value import value
from .effects import ChangeTask, CloseTask, OpenTask, Reason
from .marks import Marks
from .models import runs, subrequests, tasks

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The deadline of a task that has none: it sorts behind all others."""


@value
class RunRow:
    """A run as it is stored; ``state`` is the codec's JSON, ``revision`` guards every change."""

    id: int
    record_id: int
    flow: str
    version: int
    status: str
    state: Mapping[str, Any]
    revision: int
    started_at: datetime
    ended_at: datetime | None


@value
class TaskRow:
    """A task as it is stored; ``due_at`` is ``None`` where it has no deadline."""

    id: int
    run_id: int
    record_id: int
    name: str
    form: str
    step: str
    principal: str
    claimed_by: str | None
    excluded: str | None
    open: bool
    assigned_at: datetime
    due_at: datetime | None
    why: Sequence[Mapping[str, Any]]
    closed_at: datetime | None
    verdict: str | None
    decided_by: str | None
    decided_as: str | None
    vip: bool
    returned: bool

    @property
    def state(self) -> str:
        """``open``, ``claimed`` or ``closed``."""
        if not self.open:
            return "closed"
        return "claimed" if self.claimed_by else "open"


TASK_COLUMNS = tuple(tasks.c)
_ONE_RUN = sa.select(runs).where(runs.c.id == sa.bindparam("id"))
_RUN_BY_ID = Statement(_ONE_RUN)
_RUN_LOCKED = Statement(for_update(_ONE_RUN))
_LOCK_RUNS = for_update(
    sa.select(runs.c.id).where(runs.c.id.in_(sa.bindparam("ids", expanding=True))).order_by(runs.c.id)
)
_OF_RECORD = sa.select(runs).where(runs.c.record_id == sa.bindparam("record_id"))
_RUN_OF_RECORD = Statement(_OF_RECORD)
_RUN_OF_RECORD_LOCKED = Statement(for_update(_OF_RECORD))
_RUNS_OF_RECORDS = sa.select(runs).where(runs.c.record_id.in_(sa.bindparam("ids", expanding=True)))
_TASK = Statement(sa.select(tasks).where(tasks.c.id == sa.bindparam("id")))
_TASKS = sa.select(tasks).where(tasks.c.id.in_(sa.bindparam("ids", expanding=True)))
_MOVED = (*runs.c, *records.c, audit_chains.c.length, audit_chains.c.hash)
_LABELLED = tuple(column.label(f"moved_{place}") for place, column in enumerate(_MOVED))


def _to_decide(new_task: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(*tasks.c, *_LABELLED, subrequests.c.waits, *revisions.BESIDE, new_task)
        .join(runs, runs.c.id == tasks.c.run_id)
        .join(records, records.c.id == tasks.c.record_id)
        .outerjoin(audit_chains, audit_chains.c.chain == "record:" + sa.cast(tasks.c.record_id, sa.String))
        .outerjoin(subrequests, subrequests.c.record_id == tasks.c.record_id)
        .where(tasks.c.id == sa.bindparam("id"))
    )


_TASK_TO_DECIDE = Statement(
    {
        "sqlite": _to_decide(sa.null().label("new_task")),
        # most decisions open one more task
        "postgresql": _to_decide(statements.next_id(tasks)),
    }
)
_MANY = {
    "sqlite": sa.text("signoff_run.id IN (SELECT value FROM json_each(:ids))"),
    "postgresql": sa.text("signoff_run.id = ANY(CAST(:ids AS BIGINT[]))"),
}
_FREE_RUNS = Statement(
    sa.select(runs.c.id).where(_MANY["postgresql"]).order_by(runs.c.id).with_for_update(skip_locked=True)
)
_HELD = Statement(
    {
        dialect: sa.select(*_LABELLED)
        .join(records, records.c.id == runs.c.record_id)
        .outerjoin(audit_chains, audit_chains.c.chain == "record:" + sa.cast(runs.c.record_id, sa.String))
        .where(which)
        for dialect, which in _MANY.items()
    }
)
_TASK_NAMED = sa.select(tasks).where(tasks.c.run_id == sa.bindparam("run_id"), tasks.c.name == sa.bindparam("name"))
_TASKS_OF_RECORD = sa.select(tasks).where(tasks.c.record_id == sa.bindparam("record_id")).order_by(tasks.c.id)
_OPEN_OF_RECORDS = (
    sa.select(tasks)
    .where(tasks.c.record_id.in_(sa.bindparam("ids", expanding=True)), tasks.c.open)
    .order_by(tasks.c.record_id, tasks.c.id)
)
_OPEN_OF_RECORD = Statement(
    sa.select(tasks).where(tasks.c.record_id == sa.bindparam("id"), tasks.c.open).order_by(tasks.c.id)
)
_INSERT_RUN = statements.insert(runs, returning=["id"])
_INSERT_RUN_AS = statements.insert(runs, *runs.c.keys(), row=("run", "id"))
statements.hand_out(runs)
_ADVANCE = Statement(
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("run"), runs.c.revision == sa.bindparam("seen"))
    .values(
        state=sa.bindparam("state"),
        status=sa.bindparam("status"),
        ended_at=sa.bindparam("ended_at"),
        revision=runs.c.revision + 1,
    ),
    row=("run", "run"),
    many="UPDATE signoff_run AS kept SET state = new.state, status = new.status, ended_at = new.ended_at, "  # noqa: S608 - nothing from outside
    "revision = kept.revision + 1 "
    f"FROM {statements.lists_of(runs, ['state', 'status', 'ended_at'], run='BIGINT', seen='INTEGER')} "
    "WHERE kept.id = new.run AND kept.revision = new.seen",
)
_NEW_TASK = (
    "run_id", "record_id", "name", "form", "step", "principal", "claimed_by", "excluded", "open", "assigned_at",
    "due_at", "why", "vip", "returned",
)  # fmt: skip
_INSERT_TASK = statements.insert(tasks, *_NEW_TASK, returning=["id"])
_INSERT_TASK_AS = statements.insert(tasks, "id", *_NEW_TASK, row=("task", "run_id", "name"))
statements.hand_out(tasks)
_CLOSE_TASK = Statement(
    sa.update(tasks)
    .where(tasks.c.run_id == sa.bindparam("run"), tasks.c.name == sa.bindparam("task"))
    .values(
        open=False,
        closed_at=sa.bindparam("closed_at"),
        verdict=sa.bindparam("verdict"),
        decided_by=sa.bindparam("decided_by"),
        decided_as=sa.bindparam("decided_as"),
    ),
    row=("task", "run", "task"),
)
_REOPEN_TASKS = (
    sa.update(tasks)
    .where(tasks.c.run_id == sa.bindparam("run"), tasks.c.name.in_(sa.bindparam("names", expanding=True)))
    .values(open=True, closed_at=None, verdict=None, decided_by=None, decided_as=None)
)
_CHANGE_TASK = Statement(
    sa.update(tasks)
    .where(tasks.c.run_id == sa.bindparam("run"), tasks.c.name == sa.bindparam("task"))
    .values(
        principal=sa.bindparam("principal"),
        claimed_by=sa.bindparam("claimed_by"),
        excluded=sa.bindparam("excluded"),
        due_at=sa.bindparam("due_at"),
        why=sa.bindparam("why"),
    ),
    row=("task", "run", "task"),
)


def run_row(row: Sequence[Any]) -> RunRow:
    return RunRow(*tuple(row))


def task_row(row: Sequence[Any]) -> TaskRow:
    """The task of a row that holds :data:`TASK_COLUMNS` in order."""
    values = list(row)
    if values[11] is not None and values[11].year == NEVER.year:
        values[11] = None
    return TaskRow(*values)


def run(conn: Connection, run_id: int, *, lock: bool = False) -> RunRow | None:
    """The row of a run; ``lock`` holds it until the transaction ends."""
    found = (_RUN_LOCKED if lock else _RUN_BY_ID).first(conn, {"id": run_id})
    return run_row(found) if found else None


def lock_runs(conn: Connection, run_ids: Iterable[int]) -> None:
    """Hold many runs until the transaction ends, always in the same order."""
    conn.execute(_LOCK_RUNS, {"ids": sorted(set(run_ids))})


@dataclass(frozen=True, slots=True)
class Held:
    """A run that nobody else can move, with its record and the end of its history."""

    run: RunRow
    record: RecordRow
    head: Head | None


def hold_runs(conn: Connection, run_ids: Iterable[int]) -> tuple[list[Held], set[int]]:
    """Hold those of many runs that nobody else holds, without waiting, and read all that moving them needs to know.

    Returns them, and the ids of those that somebody else holds.
    """
    ids = sorted(set(run_ids))
    if conn.dialect.name == "sqlite":  # the whole database is ours
        return [_held(row) for row in _HELD.all(conn, {"ids": json.dumps(ids)})], set()
    free = {row[0] for row in _FREE_RUNS.all(conn, {"ids": ids})}
    found = [_held(row) for row in _HELD.all(conn, {"ids": ids})]
    return [each for each in found if each.run.id in free], {each.run.id for each in found} - free


def _held(found: Sequence[Any]) -> Held:
    run = len(runs.c)
    return Held(run_row(found[:run]), RecordRow(*found[run:-2]), Head(*found[-2:]) if found[-2] else None)


def run_of_record(conn: Connection, record_id: int, *, lock: bool = False) -> RunRow | None:
    """The run of a record, if it has one; ``lock`` holds it until the transaction ends."""
    found = (_RUN_OF_RECORD_LOCKED if lock else _RUN_OF_RECORD).first(conn, {"record_id": record_id})
    return run_row(found) if found else None


def runs_of_records(conn: Connection, record_ids: Sequence[int]) -> dict[int, RunRow]:
    """The runs of many records, by record."""
    if not record_ids:
        return {}
    if len(record_ids) == 1:
        one = run_of_record(conn, record_ids[0])
        return {one.record_id: one} if one is not None else {}
    rows = conn.execute(_RUNS_OF_RECORDS, {"ids": list(record_ids)})
    return {row.record_id: row for row in map(run_row, rows)}


def task(conn: Connection, task_id: int) -> TaskRow | None:
    found = _TASK.first(conn, {"id": task_id})
    return task_row(found) if found else None


@value
class ToDecide:
    """A task with all that moves when it is decided, read together.

    ``head`` is the end of the record's history; ``asked``: another request asked for this one.
    """

    task: TaskRow
    run: RunRow
    record: RecordRow
    head: Head | None
    asked: bool


def task_to_decide(conn: Connection, task_id: int) -> ToDecide | None:
    found = _TASK_TO_DECIDE.first(conn, {"id": task_id})
    if found is None:
        return None
    run, record = len(TASK_COLUMNS), len(TASK_COLUMNS) + len(runs.c)
    *others, length, end, asked, people, definitions, new_task = found
    revisions.learn(people, definitions)
    if new_task is not None:
        statements.keep_id(tasks, new_task)
    return ToDecide(
        task_row(others[:run]),
        RunRow(*others[run:record]),
        RecordRow(*others[record:]),
        Head(length, end) if length else None,
        asked is not None,
    )


def task_named(conn: Connection, run_id: int, name: str) -> TaskRow | None:
    """The task that the engine calls ``name`` in a run."""
    found = conn.execute(_TASK_NAMED, {"run_id": run_id, "name": name}).first()
    return task_row(found) if found else None


def tasks_by_id(conn: Connection, ids: Sequence[int]) -> dict[int, TaskRow]:
    if not ids:
        return {}
    return {row.id: row for row in map(task_row, conn.execute(_TASKS, {"ids": list(ids)}))}


def tasks_of_record(conn: Connection, record_id: int) -> list[TaskRow]:
    """All tasks a record ever had, oldest first."""
    return [task_row(row) for row in conn.execute(_TASKS_OF_RECORD, {"record_id": record_id})]


def open_tasks_of_records(conn: Connection, record_ids: Sequence[int]) -> dict[int, list[TaskRow]]:
    """What each record waits for now."""
    found: dict[int, list[TaskRow]] = {record_id: [] for record_id in record_ids}
    if len(record_ids) == 1:
        found[record_ids[0]] = [task_row(row) for row in _OPEN_OF_RECORD.all(conn, {"id": record_ids[0]})]
    elif record_ids:
        for row in conn.execute(_OPEN_OF_RECORDS, {"ids": list(record_ids)}):
            found[row.record_id].append(task_row(row))
    return found


@value
class NewState:
    """What a run becomes; ``ended_at`` is ``None`` while it goes on."""

    state: Mapping[str, Any]
    status: str
    ended_at: datetime | None


def insert_run(
    conn: Connection, record_id: int, definition: tuple[str, int], new: NewState, started_at: datetime
) -> int:
    """A new run of the flow ``definition`` (key, version); its id."""
    row = {
        "record_id": record_id,
        "flow": definition[0],
        "version": definition[1],
        "status": new.status,
        "state": new.state,
        "revision": 1,
        "started_at": started_at,
        "ended_at": new.ended_at,
    }
    run_id = statements.new_id(conn, runs)
    if run_id is None:
        return int(_INSERT_RUN.one(conn, row)[0])
    _INSERT_RUN_AS.later(conn, {**row, "id": run_id})
    return run_id


class Outrun(Conflict):
    """Somebody changed the run since it was read; nothing of the transaction is kept."""

    code = "busy"

    @classmethod
    def require(cls, count: int) -> None:
        """Raise where a statement that had to change the run did not."""
        if count != 1:
            raise cls(msg("The request is being changed by many at once. Try again."))


def advance(conn: Connection, seen: RunRow, new: NewState, *, at_commit: bool = False) -> bool:
    """Store the run's next state, if nobody changed it since it was ``seen``; ``False``: somebody was first.

    ``at_commit``: that is found out with the commit, which then fails with :class:`Outrun`.
    """
    if at_commit:
        _ADVANCE.later(conn, _next(seen, new), Outrun.require)
        return True
    return _ADVANCE.run(conn, _next(seen, new)) == 1


def advance_held(conn: Connection, seen: RunRow, new: NewState) -> None:
    """Like :func:`advance`, of a run that this transaction holds: it need not be waited for.

    Raises:
        Outrun: it was changed nevertheless; at the end of the transaction, which fails.
    """
    _ADVANCE.later(conn, _next(seen, new), Outrun.require)


def _next(seen: RunRow, new: NewState) -> dict[str, Any]:
    return {
        "run": seen.id,
        "seen": seen.revision,
        "state": new.state,
        "status": new.status,
        "ended_at": new.ended_at,
    }


def open_tasks(
    conn: Connection, run: tuple[int, int, str], opened: Sequence[OpenTask], marks: Marks, now: datetime
) -> dict[str, int]:
    """Write new tasks of ``run`` (its id, its record, its form); their ids by name."""
    run_id, record_id, form = run
    ids: dict[str, int] = {}
    for each in opened:
        row = {
            "run_id": run_id,
            "record_id": record_id,
            "name": each.name,
            "form": form,
            "step": each.step,
            "principal": each.principal,
            "claimed_by": None,
            "excluded": each.excluded,
            "open": True,
            "assigned_at": now,
            "due_at": each.due_at or NEVER,
            "why": reasons_json(each.why),
            "vip": marks.vip,
            "returned": each.step in marks.returned,
        }
        new = statements.new_id(conn, tasks)
        if new is None:
            ids[each.name] = _INSERT_TASK.one(conn, row)[0]
        else:
            ids[each.name] = new
            _INSERT_TASK_AS.later(conn, {**row, "id": new})
    return ids


def close_tasks(conn: Connection, run_id: int, closed: Sequence[CloseTask], now: datetime) -> None:
    """Close tasks with their verdicts; who decided is kept beside as what they did."""
    for each in closed:
        values = {
            "run": run_id,
            "task": each.name,
            "closed_at": now,
            "verdict": each.verdict,
            "decided_by": each.actor.person if each.actor else None,
            "decided_as": each.actor.acting_as if each.actor else None,
        }
        _CLOSE_TASK.later(conn, values)


def reopen_tasks(conn: Connection, run_id: int, names: Sequence[str]) -> None:
    """Let closed tasks wait again."""
    if names:
        conn.execute(_REOPEN_TASKS, {"run": run_id, "names": list(names)})


def change_tasks(conn: Connection, run_id: int, changed: Sequence[ChangeTask]) -> None:
    """Give open tasks their new principal, claim, deadline and trace."""
    for each in changed:
        values = {
            "run": run_id,
            "task": each.name,
            "principal": each.principal,
            "claimed_by": each.claimed_by,
            "excluded": each.excluded,
            "due_at": each.due_at or NEVER,
            "why": reasons_json(each.why),
        }
        _CHANGE_TASK.later(conn, values)


def reasons_json(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    return [{"code": each.code, **each.data} for each in reasons]


def reasons(stored: Sequence[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """The trace as the engine wrote it."""
    return tuple(
        Reason(str(each["code"]), {key: value for key, value in each.items() if key != "code"}) for each in stored
    )
