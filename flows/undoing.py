"""A decision that somebody took a moment ago and may still take back."""

from dataclasses import dataclass
from datetime import datetime

from ..platform import clock
from ..platform.db import reading
from ..platform.people.directory import Person
from . import cases
from .cases import Case


@dataclass(frozen=True, slots=True)
class Undoable:
    """``task`` is the id of the task that was decided on the request ``name``; it counts from ``until`` on."""

    task: int
    name: str
    verdict: str
    until: datetime
    seconds: int


def of_task(task_id: int | None, by: Person) -> Undoable | None:
    """What ``by`` may take back of a task, ``None`` if nothing."""
    if task_id is None:
        return None
    with reading() as conn:
        found = cases.of_task(conn, task_id)
    return of_case(task_id, found[0].name, found[1], by) if found is not None else None


def of_case(task_id: int, task: str, case: Case, by: Person) -> Undoable | None:
    """As :func:`of_task`, of a case that was read."""
    now = clock.now()
    waiting = case.run.task(task)
    pending = waiting.pending if waiting is not None else None
    if pending is None or pending.by != by.key or now >= pending.until:
        return None
    seconds = round((pending.until - now).total_seconds())
    return Undoable(task_id, case.record.name, pending.verdict, pending.until, seconds)
