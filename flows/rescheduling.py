"""When a calendar changes: the deadlines of running requests that keep it follow, a batch at a time."""

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection

from ..platform import calendar_store, clock, db
from ..platform.background import Job, enqueue, handler
from ..platform.errors import NotFound
from . import cases, jobs, store
from .events import Rescheduled
from .models import runs

KIND = "flow.calendar"
BATCH = 20
"""So few are moved in one transaction that nobody who decides meanwhile waits for long."""

_RUNNING = (
    sa.select(runs.c.id)
    .where(runs.c.ended_at.is_(None), runs.c.id > sa.bindparam("after"))
    .order_by(runs.c.id)
    .limit(BATCH)
)


def init_app(_app: Flask) -> None:
    """Hear of every calendar that changes."""
    calendar_store.on_change(_changed)


def _changed(conn: Connection, key: str) -> None:
    """Every process has read the new calendar by then."""
    due_at = clock.now() + timedelta(seconds=calendar_store.REMEMBER_SECONDS + 1)
    enqueue(conn, KIND, {"calendar": key}, key=f"calendar:{key}:{clock.now().isoformat()}", due_at=due_at)


@handler(KIND)
def reschedule(job: Job) -> None:
    """Move every running request; called again it changes nothing that it changed before."""
    after, calendar = 0, str(job.payload["calendar"])
    while True:
        with db.reading() as conn:
            batch = list(conn.scalars(_RUNNING, {"after": after}))
            concerned = [run_id for run_id in batch if _keeps(conn, run_id, calendar)]
        if concerned:
            with db.giving_way(), db.transaction() as conn:
                store.lock_runs(conn, concerned)
                for run_id in concerned:
                    _of_run(conn, run_id)
        if len(batch) < BATCH:
            return
        after = batch[-1]


def _keeps(conn: Connection, run_id: int, calendar: str) -> bool:
    """Whether a deadline of the run may go by the calendar; without its key, by any."""
    try:
        case = cases.of_run(conn, run_id)
    except NotFound:
        return False
    own = {step.due.calendar for step in case.program.steps.values() if step.due is not None}
    own |= {progress.calendar for progress in case.run.steps.values()}
    return not calendar or calendar in own or cases.calendar_of(case.program).key == calendar


def _of_run(conn: Connection, run_id: int) -> None:
    try:
        jobs.move(conn, cases.of_run(conn, run_id, lock=True), Rescheduled())
    except NotFound:
        return
