"""What is told of a move, to plugins and the world outside: events, each with an id that is always the same."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from ..forms.announcing import event_id, record_json
from ..platform import events
from ..platform.db import utc_text
from ..platform.events import Event
from ..platform.text import local
from . import cases, store
from .deadlines import plan
from .effects import Note, OpenTask, SetStatus
from .run import Run, Task

if TYPE_CHECKING:
    from .carrying import Move

Happening = tuple[str, str, Callable[[], Mapping[str, Any]]]
"""Name of the event, what of the request it is about, and its own data beside the request's."""


def announce(conn: Connection, move: "Move", task_ids: Mapping[str, int]) -> None:
    """Tell webhooks and plugins all that happened in a move; ``move.record`` is the record after it."""
    for name, about, data in _happenings(conn, move, task_ids):
        number = partial(event_id, move.record.chain, str(move.run_id), name, about)
        events.publish(conn, Event(name, number, move.now, move.record.form, partial(_whole, move, data)))


def _whole(move: "Move", data: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"record": record_json(move.record), "run": _run_json(move), **data()}


def _run_json(move: "Move") -> dict[str, Any]:
    return {"id": move.run_id, "flow": move.program.flow.key, "version": move.program.version}


def _happenings(conn: Connection, move: "Move", task_ids: Mapping[str, int]) -> Iterator[Happening]:
    if move.before is None:
        yield "record.submitted", "", dict
    elif move.entered.changes or any(each.event == "record.updated" for each in move.of(Note)):
        yield "record.updated", str(move.record.revision), lambda: {"fields": sorted(move.entered.changes)}
    yield from _opened(move, task_ids)
    yield from _decided(conn, move)
    yield from _overdue(conn, move)
    for status in move.of(SetStatus):
        if status.finished:
            yield "run.finished", "", _data({"status": status.status})


def _data(found: Mapping[str, Any]) -> Callable[[], Mapping[str, Any]]:
    return lambda: found


def _opened(move: "Move", task_ids: Mapping[str, int]) -> Iterator[Happening]:
    for task in move.of(OpenTask):
        yield "task.opened", task.name, partial(_opening, move, task, task_ids.get(task.name))


def _opening(move: "Move", task: OpenTask, task_id: int | None) -> Mapping[str, Any]:
    shown = {
        "id": task_id,
        "step": task.step,
        "title": _step_title(move, task.step),
        "kind": task.kind,
        "principal": task.principal,
        "people": list(task.people),
        "due_at": utc_text(task.due_at) if task.due_at else None,
    }
    return {"task": shown}


def _decided(conn: Connection, move: "Move") -> Iterator[Happening]:
    """A decision is told under the task and the move that brought it: a task that waits again is decided again.

    One that can be taken back is told once it counts.
    """
    for note in move.of(Note):
        if note.event == "task.settled" or (note.event == "task.decided" and "until" not in note.data):
            about = f"{note.data.get('task')}#{move.revision}"
            yield "task.decided", about, partial(_decision, conn, move, note)


def _decision(conn: Connection, move: "Move", note: Note) -> Mapping[str, Any]:
    shown = {
        "verdict": note.data.get("verdict"),
        "comment": note.data.get("comment"),
        "by": note.actor.person,
        "acting_as": str(note.actor.acting_as),
        "on_behalf_of": note.actor.on_behalf_of,
    }
    return {"task": _brief(conn, move, str(note.data.get("task")), note.data.get("step"))(), "decision": shown}


def _overdue(conn: Connection, move: "Move") -> Iterator[Happening]:
    """The first time that a deadline is found to have passed."""
    steps = {str(note.data.get("step")) for note in move.of(Note) if note.event == "timer.fired"}
    if move.before is None or not steps or not events.is_wanted("task.overdue"):
        return
    for task in move.before.open_tasks:
        if task.step in steps and _passes_now(move, move.before, task):
            due_at = move.before.steps[task.step].due_at
            task_json = _brief(conn, move, task.name, task.step)
            about = f"{task.name}#{due_at.isoformat() if due_at else ''}"
            yield "task.overdue", about, lambda shown=task_json: {"task": shown()}  # type: ignore[misc]


def _passes_now(move: "Move", before: Run, task: Task) -> bool:
    """Whether the deadline of a task's step has passed, and no moment at or after it had come before."""
    step, progress = move.program.step(task.step), before.steps[task.step]
    if step is None or step.due is None or progress.due_at is None or progress.opened_at is None:
        return False
    planned = plan(step.due, progress.opened_at, cases.calendar_of(move.program).beside(progress.calendar))
    earlier = [each for each in planned.moments if each.number < progress.fired]
    told = progress.fired > len(planned.moments) or any(each.at >= planned.due_at for each in earlier)
    return progress.due_at <= move.now and not told


def _brief(conn: Connection, move: "Move", name: str, step: Any) -> Callable[[], Mapping[str, Any]]:
    def read() -> Mapping[str, Any]:
        row = store.task_named(conn, move.run_id, name)
        return {
            "id": row.id if row else None,
            "step": step,
            "title": _step_title(move, str(step)),
            "due_at": utc_text(row.due_at) if row and row.due_at else None,
        }

    return read


def _step_title(move: "Move", step_id: str) -> str:
    step = move.program.step(step_id)
    return local(step.title, "en") or step_id if step is not None else step_id
