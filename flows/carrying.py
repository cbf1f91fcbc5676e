"""Carrying out what the engine decided: state, tasks, timers, calls, messages, values, history, all in one go."""

from collections.abc import Iterable
from dataclasses import field, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.engine import Connection

from ..forms import records
from ..forms import service as forms
from ..forms.records import Record
from ..platform import audit, background, timers
from ..platform.background import Lane
from ..platform.db import utc_text
from ..platform.errors import Conflict
from ..platform.people.directory import Directory
from ..platform.text import msg
from ..platform.value import value
from . import by_link, codec, marks, messages, store, subrequests, sums
from .actions import is_transactional
from .cases import Case
from .effects import (
    Call,
    ChangeTask,
    ClearTimer,
    CloseTask,
    Effect,
    Note,
    Notify,
    OpenTask,
    Recall,
    ReopenTask,
    SetStatus,
    SetTimer,
    SetValues,
)
from .entering import NOTHING_ENTERED, Entered
from .program import FlowProgram
from .run import Run, Status, Transition, World
from .values import plain

TIMER_KIND = "flow.timer"
CALL_KIND = "flow.call"

E = TypeVar("E")


class SumsMoved(Conflict):
    """The sums of a flow's authority are others by now."""

    code = "busy"


@value
class Move:
    """One transition of one run, on its way into the database."""

    run_id: int
    record: Record
    program: FlowProgram
    directory: Directory
    effects: tuple[Effect, ...]
    now: datetime
    revision: int = 1
    before: Run | None = None
    after: Run | None = None
    entered: Entered = NOTHING_ENTERED
    head: audit.Head | None = None
    asked: bool | None = None
    _kinds: dict[type, list[Any]] = field(default_factory=dict)

    def of(self, kind: type[E]) -> list[E]:
        """The effects of one kind, in order."""
        if not self._kinds:
            for each in self.effects:
                self._kinds.setdefault(type(each), []).append(each)
        return self._kinds.get(kind, [])


def begin(
    conn: Connection,
    record: Record,
    program: FlowProgram,
    directory: Directory,
    transition: Transition,
    now: datetime,
) -> Record:
    """Store a new run and everything its start brings; the record as it is then."""
    definition = (program.flow.key, program.version)
    run_id = store.insert_run(conn, record.id, definition, _new_state(transition, now), now)
    counts = transition.run.status not in (Status.REJECTED, Status.WITHDRAWN)
    sums.keep(conn, program, record.values, sums.Of(run_id, record.submitted_by), now, counts=counts)
    return _write(conn, Move(run_id, record, program, directory, transition.effects, now))


def carry_out(
    conn: Connection,
    case: Case,
    transition: Transition,
    world: World,
    entered: Entered = NOTHING_ENTERED,
    *,
    at_commit: bool = False,
) -> Record | None:
    """Store a transition of the run as it was read, in the ``world`` that it was made for.

    ``None``, and nothing is stored: somebody was first; ``at_commit``: that is found out with the commit.

    Raises:
        Outrun: with the commit; see :func:`.store.advance`.
        SumsMoved: other requests changed what the decision rests on; it must be made anew.
    """
    now = world.now
    if not transition.effects and transition.run == case.run:
        return case.record
    if case.held:
        store.advance_held(conn, case.row, _new_state(transition, now))
    elif not store.advance(conn, case.row, _new_state(transition, now), at_commit=at_commit):
        return None
    _keep_sums(conn, case, transition, world)
    move = Move(
        run_id=case.row.id,
        record=case.record,
        program=case.program,
        directory=case.directory,
        effects=transition.effects,
        now=now,
        revision=case.row.revision + 1,
        before=case.run,
        after=transition.run,
        head=case.head,
        asked=case.asked,
        # what a decision that does not count yet brings is not stored yet either
        entered=entered if any(isinstance(each, SetValues) for each in transition.effects) else NOTHING_ENTERED,
    )
    return _write(conn, move)


def _keep_sums(conn: Connection, case: Case, transition: Transition, world: World) -> None:
    if case.program.settings.authority is None:
        return
    of = sums.Of(case.row.id, case.run.submitter)
    if not sums.hold(conn, case.program, world, of):
        raise SumsMoved(msg("Other requests that count together with this one were changed at once. Try again."))
    counts = transition.run.status not in (Status.REJECTED, Status.WITHDRAWN)
    sums.keep(conn, case.program, world.values, of, case.row.started_at, counts=counts)


def _new_state(transition: Transition, now: datetime) -> store.NewState:
    run = transition.run
    finished = any(isinstance(each, SetStatus) and each.finished for each in transition.effects)
    return store.NewState(codec.dump(run), str(run.status), now if finished else None)


def _write(conn: Connection, move: Move) -> Record:
    record = _write_values(conn, move)
    run = (move.run_id, record.id, record.form)
    opened = move.of(OpenTask)
    ids = store.open_tasks(conn, run, opened, marks.of(record, move.program, move.after), move.now) if opened else {}
    store.change_tasks(conn, move.run_id, move.of(ChangeTask))
    store.reopen_tasks(conn, move.run_id, [each.name for each in move.of(ReopenTask)])
    store.close_tasks(conn, move.run_id, move.of(CloseTask), move.now)
    _write_timers(conn, move)
    _write_calls(conn, move)
    for recall in move.of(Recall):
        subrequests.recall(conn, recall.record)
    if move.asked is not False and any(each.finished for each in move.of(SetStatus)):
        subrequests.ended(conn, record.id)
    records.add_viewers(conn, ((record.id, principal) for principal in _new_viewers(move)))
    audit.append(conn, record.chain, by_link.mark(conn, _entries(move, record)), seen=move.head)
    messages.tell(conn, move if record is move.record else replace(move, record=record), ids)
    return record


def _write_values(conn: Connection, move: Move) -> Record:
    """The record with the values and the status that this transition gives it."""
    record = move.record
    if move.entered.changes and move.of(SetValues):
        record = forms.apply_values(conn, record, move.entered.changes, links=move.entered.links, now=move.now)
    statuses = [each.status for each in move.of(SetStatus)]
    if statuses and statuses[-1] != record.status:
        forms.set_status_of(conn, record, statuses[-1])
        record = replace(record, status=statuses[-1])
    return record


def _write_timers(conn: Connection, move: Move) -> None:
    """Only the last word on each timer counts."""
    last: dict[str, SetTimer | ClearTimer] = {}
    for each in move.effects:
        if type(each) is SetTimer or type(each) is ClearTimer:
            last[each.name] = each
    for name, each in last.items():
        key = timer_key(move.run_id, name)
        if isinstance(each, SetTimer):
            timers.set_timer(conn, key, TIMER_KIND, each.due_at, {"run": move.run_id, "name": name})
        else:
            timers.clear_timer(conn, key)


def _write_calls(conn: Connection, move: Move) -> None:
    for call in move.of(Call):
        payload = {
            "run": move.run_id,
            "step": call.step,
            "name": call.name,
            "action": call.action,
            "arguments": plain(call.arguments),
            "asked_at": utc_text(move.now),
        }
        lane = Lane.INSIDE if is_transactional(call.action) else Lane.OUTSIDE
        background.enqueue(conn, CALL_KIND, payload, key=call_key(move.run_id, call.name), lane=lane)


def timer_key(run_id: int, name: str) -> str:
    return f"run:{run_id}:{name}"


def call_key(run_id: int, name: str) -> str:
    """The outbox key of a call, and its idempotency key outside."""
    return f"run:{run_id}:{name}"


def _new_viewers(move: Move) -> Iterable[str]:
    """Whoever a task came to, and whoever was told, sees the request from now on; who had a task sees it already."""
    yield from (opened.principal for opened in move.of(OpenTask))
    yield from (changed.principal for changed in move.of(ChangeTask))
    notices = move.of(Notify)
    if notices:
        before = {task.principal for task in move.before.tasks if not task.held} if move.before is not None else ()
        told = (f"p:{person}" for notice in notices for person in notice.people)
        yield from (principal for principal in told if principal not in before)


def _entries(move: Move, after: Record) -> list[audit.Entry]:
    """The history of this move; what it changed of the values stands in its first entry."""
    entries = [_entry(note, move.now) for note in move.of(Note)]
    changes = forms.differences(move.record, after) if after.revision != move.record.revision else {}
    if changes and entries:
        first = entries[0]
        entries[0] = replace(first, data={**first.data, "changes": changes})
    return entries


def _entry(note: Note, now: datetime) -> audit.Entry:
    data = plain(note.data)
    if note.actor.on_behalf_of is not None:
        data = {**data, "on_behalf_of": note.actor.on_behalf_of}
    return audit.Entry(note.event, note.actor.person, str(note.actor.acting_as), data, now)
