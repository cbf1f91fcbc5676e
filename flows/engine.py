"""The engine: what becomes of a run when something happens. Pure; the same input gives the same output.

``start`` begins a run, ``step`` moves it by one event; both give the run as it became and the effects to carry out in
one transaction: tasks, timers, calls, messages, values, history. The rules are in the modules ``engine_*``, by subject.

``World.values`` are the record's values as they are *after* the event. The engine says with ``SetValues`` which fields
the event itself changes, so that the service stores them: those of a decision or an event from outside, of a
correction, of an action's result (``FlowProgram.into`` tells beforehand which).

Messages: ``Notify`` is for reminders (template ``task_reminder``), for urging (``task_urged``) and for notify steps.
Whoever gets a task is told by ``OpenTask`` and ``ChangeTask``, the submitter by ``SetStatus``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..platform.errors import NotFound
from ..platform.text import msg
from .effects import Actor, SetStatus
from .engine_back import marks_of, targets
from .engine_calendar import fit_clocks, reschedule
from .engine_customer import ask_customer, customer_answered, go_on_without
from .engine_decide import decide
from .engine_draft import Draft
from .engine_errors import NotAllowed, NotAssigned, RunFinished, TaskClosed
from .engine_grace import settle, take, taken, undo
from .engine_hand import add, claim, release, transfer
from .engine_leaving import hand_over
from .engine_moving import move
from .engine_outside import arrive, complete, edit, fail, opened, recalled, resubmit, urge, withdraw
from .engine_rights import acting, offers, people_of
from .engine_time import expire
from .engine_walk import advance
from .events import (
    Added,
    Arrived,
    Claimed,
    Completed,
    CustomerAnswered,
    CustomerAsked,
    CustomerAwaited,
    Decided,
    Edited,
    Event,
    Expired,
    Failed,
    HandedOver,
    Moved,
    Opened,
    Recalled,
    Released,
    Rescheduled,
    Resubmitted,
    Settled,
    Taken,
    Transferred,
    Undone,
    Urged,
    Withdrawn,
)
from .program import FlowProgram
from .run import Run, Status, Task, Transition, World


def start(program: FlowProgram, submitter: str | None, world: World, actor: Actor | None = None) -> Transition:
    """Begin a run for what ``submitter`` filed (``None``: a customer who did not sign in)."""
    draft = Draft(program, Run(submitter, Status.OPEN), world)
    draft.marks = marks_of(draft)
    draft.effects.append(SetStatus(Status.OPEN.value, finished=False))
    draft.note("run.started", actor or Actor(submitter), flow=program.flow.key, version=program.version)
    advance(draft)
    return _moved(draft)


def step(program: FlowProgram, run: Run, event: Event, world: World) -> Transition:
    """Move a run by one event.

    Raises:
        TaskClosed: the task was closed before: by whom, when, how.
        RunFinished: the request is over.
        NotAssigned: the task is another's.
        Forbidden: their own request, above a limit, not theirs to withdraw.
        NotAllowed: what they want is not offered there, or lacks something.
        NotFound: there never was such a task.
    """
    graceful = _GRACEFUL.get(type(event))
    if graceful is not None:
        return graceful(program, run, event, world)
    draft = Draft(program, run, world)
    on_task = _ON_TASK.get(type(event))
    if on_task is not None:
        on_task(draft, _task(run, event, world), event)
        return _moved(draft)
    if isinstance(event, Expired | Completed | Failed | Edited | Opened | Recalled | HandedOver | Moved | Rescheduled):
        if not run.finished or isinstance(event, Completed | Failed | Opened):
            _SILENT[type(event)](draft, event)
    elif run.finished:
        raise RunFinished.now(run)
    else:
        _ON_RUN[type(event)](draft, event)
    return _moved(draft)


def _moved(draft: Draft) -> Transition:
    fit_clocks(draft)
    return draft.transition()


def _task(run: Run, event: Any, world: World) -> Task:
    task = run.task(event.task)
    if task is not None and not task.held:
        first = taken(run, task)
        if first is not None:
            raise TaskClosed.by(first, world.people)
        return task
    closed = next((each for each in run.closed if each.name == event.task), None)
    if closed is not None:
        raise TaskClosed.by(closed, world.people)
    raise NotFound(msg("There is no task %(name)s in this request.", name=repr(event.task)))


def _take(program: FlowProgram, run: Run, event: Taken, world: World) -> Transition:
    return take(program, run, _task(run, event, world), event, world)


def _expired(draft: Draft, event: Expired) -> None:
    expire(draft, event.name)


_GRACEFUL: Mapping[type, Callable[[FlowProgram, Run, Any, World], Transition]] = {
    Taken: _take,
    Settled: settle,
    Undone: undo,
}
_ON_TASK: Mapping[type, Callable[[Draft, Task, Any], None]] = {
    Decided: decide,
    Claimed: claim,
    Released: release,
    Transferred: transfer,
    Added: add,
    CustomerAsked: ask_customer,
    CustomerAwaited: go_on_without,
}
_SILENT: Mapping[type, Callable[[Draft, Any], None]] = {
    Expired: _expired,
    Completed: complete,
    Failed: fail,
    Opened: opened,
    Recalled: recalled,
    HandedOver: hand_over,
    Moved: move,
    Rescheduled: reschedule,
    Edited: edit,
}
_ON_RUN: Mapping[type, Callable[[Draft, Any], None]] = {
    Arrived: arrive,
    Withdrawn: withdraw,
    Resubmitted: resubmit,
    Urged: urge,
    CustomerAnswered: customer_answered,
}

__all__ = [
    "NotAllowed",
    "NotAssigned",
    "RunFinished",
    "TaskClosed",
    "Transition",
    "World",
    "acting",
    "offers",
    "people_of",
    "start",
    "step",
    "targets",
]
