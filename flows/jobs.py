"""Work that comes due: actions of flows (once, or at least once with a stable key) and timers of runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.engine import Connection

from ..forms.records import Record
from ..platform import clock, db
from ..platform.background import Job, Retry, backoff, handler
from ..platform.db import utc_text
from ..platform.errors import Conflict, NotFound, Refused, SignoffError
from ..platform.text import msg
from ..platform.timers import Timer, timer_handler
from . import carrying, cases, engine, entering, subrequests
from .actions import Action, ActionContext, ActionFailed, Asked, find_action
from .cases import Case
from .engine_draft import GRACE, SYSTEM
from .entering import NOTHING_ENTERED, Entered
from .events import Completed, Event, Expired, Failed, Opened, Settled, Undone
from .subrequests import Link
from .values import plain

ATTEMPTS = 10
"""After so many failures, about an hour and a half, an action that is tried again is put before somebody."""

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Nothing to set up: importing this module registers the handlers."""


@handler(carrying.CALL_KIND)
def perform(job: Job) -> None:
    """Perform a call's action; its end moves the run in the transaction that forgets the job."""
    try:
        action = find_action(str(job.payload["action"]))
        if action.transactional:
            _inside(action, job)
        else:
            _outside(action, job)
    except ActionFailed as error:
        log.warning("action failed", action=job.payload["action"], run=job.payload["run"], reason=error.message)
        _failed(job, error)


def _inside(action: Action, job: Job) -> None:
    """What the action writes, the run's next state and the end of the job commit together."""
    with db.transaction() as conn:
        case = cases.of_run(conn, job.payload["run"], lock=True)
        result = _performed(action, _context(case, job, conn))
        if isinstance(result, Asked):
            _wait_for(conn, case, job, result.record)
        else:
            _complete(conn, case, job, result)


def _outside(action: Action, job: Job) -> None:
    """The action acts first; if this process dies before the commit, it is performed again with the same key."""
    with db.reading() as conn:
        case = cases.of_run(conn, job.payload["run"])
    result = _performed(action, _context(case, job, None))
    if isinstance(result, Asked):
        raise ActionFailed(msg("The action %(name)s cannot wait for a request.", name=action.name), final=True)
    with db.transaction() as conn:
        _complete(conn, cases.of_run(conn, job.payload["run"], lock=True), job, result)


def _complete(conn: Connection, case: Case, job: Job, result: Mapping[str, Any]) -> None:
    complete(conn, case, Completed(str(job.payload["step"]), job.payload["name"], result))
    job.finish(conn)


def complete(conn: Connection, case: Case, event: Completed) -> None:
    """An action of a locked run is done; its result fills the fields that the step says."""
    move(conn, case, event, _entered(case, case.program.into(event.step, event.result)))


def _wait_for(conn: Connection, case: Case, job: Job, record: Record) -> None:
    """The action asked for a request: the step waits for its end, which may have come already."""
    step, name = str(job.payload["step"]), str(job.payload["name"])
    subrequests.keep(conn, Link(record.id, case.row.id, step, name, waits=True))
    move(conn, case, Opened(step, name, record.id, record.name))
    if record.status not in ("open", "returned"):
        subrequests.ended(conn, record.id)
    job.finish(conn)


def _entered(case: Case, into: Mapping[str, Any]) -> Entered:
    """The fields that a result fills; what does not fit is left out, as the action is done and its result kept."""
    try:
        return entering.arrive(case, into, None)
    except Refused as error:
        log.error("a result does not fit its fields", record=case.record.id, problems=[str(error)])
        return NOTHING_ENTERED


def _failed(job: Job, error: ActionFailed) -> None:
    """The run learns of the failure; it is tried again if the step says so, but not for ever."""
    final = error.final or job.attempts >= ATTEMPTS
    with db.transaction() as conn:
        case = cases.of_run(conn, job.payload["run"], lock=True)
        step = case.program.step(job.payload["step"])
        again = step is not None and step.on_error == "retry" and not final and not case.run.finished
        move(conn, case, Failed(job.payload["step"], job.payload["name"], error.message, final))
        if not again:
            job.finish(conn)
    if again:
        raise Retry(backoff(job.attempts), error.message)


def _performed(action: Action, context: ActionContext) -> Mapping[str, Any] | Asked:
    try:
        given = action.perform(context)
        if isinstance(given, Asked):
            return given
        result: Mapping[str, Any] = plain(given)
        return result
    except ActionFailed:
        raise
    except Exception as error:
        log.exception("action broke", action=action.name)
        raise ActionFailed(
            msg("The action %(name)s broke: %(reason)s", name=action.name, reason=f"{type(error).__name__}: {error}")
        ) from error


def _context(case: Case, job: Job, conn: Connection | None) -> ActionContext:
    return ActionContext(
        key=carrying.call_key(case.row.id, job.payload["name"]),
        arguments=job.payload["arguments"],
        record=case.record,
        run_id=case.row.id,
        now=clock.now(),
        asked_at=datetime.fromisoformat(job.payload.get("asked_at") or utc_text(clock.now())),
        conn=conn,
    )


def _lock(conn: Connection, due: Sequence[Timer]) -> Sequence[Timer]:
    """Those of runs that nobody is deciding about at this moment."""
    busy = cases.hold(conn, (timer.payload["run"] for timer in due))
    return [timer for timer in due if timer.payload["run"] not in busy]


@timer_handler(carrying.TIMER_KIND, lock=_lock)
def fire(conn: Connection, timer: Timer) -> None:
    """A deadline, a reminder or a wait of a run is due; a run that is gone needs none."""
    try:
        case = cases.of_run(conn, timer.payload["run"], lock=True)
    except NotFound:
        return
    name = str(timer.payload["name"])
    if name.startswith(GRACE):
        _settle(conn, case, name.removeprefix(GRACE))
    else:
        move(conn, case, Expired(name))


def _settle(conn: Connection, case: Case, task: str) -> None:
    """A decision counts from now on, with its values read anew; it falls where they cannot be any more."""
    waiting = case.run.task(task)
    if waiting is None or waiting.pending is None:
        return
    pending = waiting.pending
    by = case.directory.person(pending.by)
    try:
        if by is None:
            raise NotFound(msg("There is no person %(key)s.", key=repr(pending.by)))
        entered = entering.enter(case, waiting.step, pending.verdict, pending.raw, by)
    except SignoffError as error:
        move(conn, case, Undone(task, SYSTEM, error.message))
        return
    move(conn, case, Settled(task, entered.changes), entered)


def move(conn: Connection, case: Case, event: Event, entered: Entered = NOTHING_ENTERED) -> None:
    """Move a locked run; an event that comes too late changes nothing."""
    now = clock.now()
    world = cases.world(case, now, entered.values)
    transition = engine.step(case.program, case.run, event, world)
    if carrying.carry_out(conn, case, transition, world, entered) is None:
        raise Conflict(msg("The request is being changed by many at once. Try again."), code="busy")
