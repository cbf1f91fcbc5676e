"""Work that comes due: actions of flows (once, or at least once with a stable key) and timers of runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.engine import Connection

from ..platform import clock, db
from ..platform.background import Job, Retry, backoff, handler
from ..platform.errors import Conflict, NotFound, Refused, SignoffError
from ..platform.text import msg
from ..platform.timers import Timer, timer_handler
from . import carrying, cases, engine, entering, store
from .actions import Action, ActionContext, ActionFailed, find_action
from .cases import Case
from .engine_draft import GRACE, SYSTEM
from .entering import NOTHING_ENTERED, Entered
from .events import Completed, Event, Expired, Failed, Settled, Undone
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
        _complete(conn, case, job, result)


def _outside(action: Action, job: Job) -> None:
    """The action acts first; if this process dies before the commit, it is performed again with the same key."""
    with db.reading() as conn:
        case = cases.of_run(conn, job.payload["run"])
    result = _performed(action, _context(case, job, None))
    with db.transaction() as conn:
        _complete(conn, cases.of_run(conn, job.payload["run"], lock=True), job, result)


def _complete(conn: Connection, case: Case, job: Job, result: Mapping[str, Any]) -> None:
    step = str(job.payload["step"])
    entered = _entered(case, case.program.into(step, result))
    _step(conn, case, Completed(step, job.payload["name"], result), entered)
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
        _step(conn, case, Failed(job.payload["step"], job.payload["name"], error.message, final))
        if not again:
            job.finish(conn)
    if again:
        raise Retry(backoff(job.attempts), error.message)


def _performed(action: Action, context: ActionContext) -> Mapping[str, Any]:
    try:
        result: Mapping[str, Any] = plain(action.perform(context))
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
        conn=conn,
    )


def _lock(conn: Connection, due: Sequence[Timer]) -> None:
    store.lock_runs(conn, (timer.payload["run"] for timer in due))


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
        _step(conn, case, Expired(name))


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
        _step(conn, case, Undone(task, SYSTEM, error.message))
        return
    _step(conn, case, Settled(task, entered.changes), entered)


def _step(conn: Connection, case: Case, event: Event, entered: Entered = NOTHING_ENTERED) -> None:
    """Move a locked run; an event that comes too late changes nothing."""
    now = clock.now()
    world = cases.world(case, now, entered.values)
    transition = engine.step(case.program, case.run, event, world)
    if carrying.carry_out(conn, case, transition, world, entered) is None:
        raise Conflict(msg("The request is being changed by many at once. Try again."), code="busy")
