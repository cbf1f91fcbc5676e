"""What must hold of every run, whatever happened to it: its state, tasks, timers, calls, history and record agree.

Pure: the facts of one run come in, the first thing that is broken comes out. :mod:`.deep_check` walks the database.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..platform.people.directory import Directory
from ..platform.text import Message, msg
from . import codec
from .deadlines import Calendar, moment, plan
from .definition import Kind, Step
from .engine_draft import grace_timer
from .engine_grace import taken
from .engine_rights import people_of
from .engine_walk import call_name
from .program import FlowProgram
from .run import FINISHED, START, Progress, Run, State, Status

if TYPE_CHECKING:
    from .store import RunRow, TaskRow

DECIDED = frozenset({"approve", "reject", "return", "complete", "retry", "skip"})


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of the history, as far as a proof needs it."""

    event: str
    actor: str | None
    acting_as: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """All that the database holds of one run. ``timers`` and ``calls`` are the names of those that are there.

    ``record_status`` is ``None`` where the record is missing; ``children`` are the records whose end it waits for;
    ``counts`` says whether its amount counts in sums, ``None`` where none is kept.
    """

    row: "RunRow"
    record_status: str | None
    program: FlowProgram
    people: Directory
    calendar: Calendar
    tasks: Sequence["TaskRow"] = ()
    timers: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    history: Sequence[Said] = ()
    children: frozenset[int] = frozenset()
    counts: bool | None = None
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "run", codec.load(self.row.state))


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that must never be: ``rule`` names what is broken, ``message`` says it with the way out."""

    run: int | None
    rule: str
    message: Message


def flaws(facts: Facts) -> Iterator[Flaw]:
    """Everything that is broken of one run, the most telling first."""
    for rule, check in RULES.items():
        for message in check(facts):
            yield Flaw(facts.row.id, rule, message)


def _state(facts: Facts) -> Iterator[Message]:
    if codec.dump(facts.run) != dict(facts.row.state):
        yield msg("Its state does not survive being read and written. Restore the run from a backup.")


def _status(facts: Facts) -> Iterator[Message]:
    said = {facts.row.status, facts.run.status.value, facts.record_status or "-"}
    if len(said) > 1:
        yield msg(
            "The run is %(row)s, its state %(state)s, its record %(record)s. Restore the three from one backup.",
            row=facts.row.status,
            state=facts.run.status.value,
            record=facts.record_status or "-",
        )
    if facts.run.finished != (facts.row.ended_at is not None):
        yield msg("It is %(status)s, and its end says otherwise. Restore it from a backup.", status=facts.row.status)


def _tasks(facts: Facts) -> Iterator[Message]:
    """What people see is what the engine remembers."""
    run, rows = facts.run, {row.name: row for row in facts.tasks}
    waiting = {task.name for task in run.open_tasks if taken(run, task) is None}
    seen = {name for name, row in rows.items() if row.open}
    for name in sorted(waiting ^ seen):
        yield msg("The task %(task)s is open in one place and not in the other. Restore the run.", task=name)
    for task in run.open_tasks:
        row = rows.get(task.name)
        if row is not None and row.open and (row.principal, row.claimed_by) != (task.principal, task.claimed_by):
            yield msg("The task %(task)s is shown to others than those it waits for. Restore the run.", task=task.name)
    for closed in run.closed:
        row = rows.get(closed.name)
        if row is None or (row.verdict, row.decided_by) != (closed.verdict, closed.by):
            yield msg("The task %(task)s ended otherwise than its row says. Restore the run.", task=closed.name)
    known = {task.name for task in run.tasks} | {closed.name for closed in run.closed}
    for name in sorted(rows.keys() - known):
        yield msg("The engine knows nothing of the task %(task)s. Restore the run.", task=name)


def _somebody(facts: Facts) -> Iterator[Message]:
    for task in facts.run.open_tasks:
        if not any(facts.people.active(key) for key in people_of(task, facts.people)):
            yield msg(
                "The task %(task)s of %(step)s waits for %(principal)s, and there is nobody. Give somebody the role, or"
                " let an administrator transfer it.",
                task=task.name,
                step=task.step,
                principal=task.principal,
            )


def _decided_once(facts: Facts) -> Iterator[Message]:
    """Each decision stands in the history once, with who took it, and nothing else does."""
    verdicts: dict[str, list[Said]] = {}
    for said in facts.history:
        if said.event == "task.decided":
            verdicts.setdefault(str(said.data.get("task")), []).append(said)
        elif said.event == "task.undone" and verdicts.get(str(said.data.get("task"))):
            verdicts[str(said.data["task"])].pop()
    ended = {each.name: each for each in facts.run.closed if each.verdict in DECIDED and each.step != START}
    for name in sorted(ended.keys() | verdicts.keys()):
        found = [(each.data.get("verdict"), each.actor) for each in verdicts.get(name, ())]
        closed, task = ended.get(name), facts.run.task(name)
        if closed is not None:
            wanted = [(closed.verdict, closed.by)]
        elif task is not None and task.pending is not None:
            wanted = [(task.pending.verdict, task.pending.by)]
        elif any(each.name == name for each in facts.run.closed):
            continue  # a decision that did not count before its task was cancelled
        else:
            wanted = []
        if found != wanted:
            yield msg(
                "The history tells of %(found)s decisions of the task %(task)s, the run of %(wanted)s."
                " Run “signoff audit verify”, and restore the run.",
                found=len(found), task=name, wanted=len(wanted),
            )  # fmt: skip


def replayed(history: Iterable[Said]) -> tuple[frozenset[str], str]:
    """The names of the tasks that wait, and the status, by the history alone, read from its beginning."""
    there: set[str] = set()
    status = Status.OPEN.value
    for said in history:
        name = str(said.data.get("task"))
        match said.event:
            case "task.opened" | "task.undone":
                there.add(name)
            case "task.decided" | "task.cancelled":
                there.discard(name)
                if said.data.get("verdict") == "return" and said.data.get("to") == START:
                    status = Status.RETURNED.value
            case "task.added" if said.data.get("when") == "before":
                there.discard(name)
            case "run.resubmitted":
                there.clear()
                status = Status.OPEN.value
            case "run.finished":
                status = str(said.data.get("status"))
    return frozenset(there), status


def _replayed(facts: Facts) -> Iterator[Message]:
    """The history leads to the tasks and the status that there are."""
    there, status = replayed(facts.history)
    waiting = {task.name for task in facts.run.open_tasks if task.pending is None}
    if there != waiting:
        yield msg(
            "By its history %(history)s wait, by its state %(state)s. Run “signoff audit verify”, and restore the run.",
            history=", ".join(sorted(there)) or "-",
            state=", ".join(sorted(waiting)) or "-",
        )
    now = facts.run.status
    if (now in FINISHED or status in {each.value for each in FINISHED}) and status != now.value:
        yield msg(
            "By its history it is %(history)s, by its state %(state)s. Restore the run from a backup.",
            history=status,
            state=now.value,
        )


def _timers(facts: Facts) -> Iterator[Message]:
    for name in sorted(required_timers(facts) - facts.timers):
        yield msg("Its timer %(name)s is gone, so nothing happens when it is due. Restore the run.", name=name)
    for name in sorted(facts.timers - allowed_timers(facts.program, facts.run)):
        yield msg("Its timer %(name)s waits for nothing. Delete the row of signoff_timer.", name=name)


def allowed_timers(program: FlowProgram, run: Run) -> frozenset[str]:
    """The names of all timers that a run may have."""
    if run.finished:
        return frozenset()
    steps = {step for step, progress in run.steps.items() if progress.state is State.OPEN and _timed(program, step)}
    return frozenset(steps | {grace_timer(task.name) for task in run.tasks if task.pending is not None})


def _timed(program: FlowProgram, step_id: str) -> bool:
    step = program.step(step_id)
    return step is not None and (step.due is not None or step.kind is Kind.WAIT)


def required_timers(facts: Facts) -> frozenset[str]:
    """The names of the timers without which a run would miss something."""
    if facts.run.finished:
        return frozenset()
    found = {grace_timer(task.name) for task in facts.run.tasks if task.pending is not None}
    for step_id, progress in facts.run.steps.items():
        step = facts.program.step(step_id)
        if progress.state is State.OPEN and step is not None and _still_comes(facts, step, progress):
            found.add(step_id)
    return frozenset(found)


def _still_comes(facts: Facts, step: Step, progress: Progress) -> bool:
    """Whether the clock of an open step has a moment before it."""
    if step.kind is Kind.WAIT:
        return progress.due_at is not None
    if step.due is None or progress.opened_at is None or progress.due_at is None:
        return False
    calendar = facts.calendar.beside(progress.calendar)
    planned = plan(step.due, progress.opened_at, calendar)
    return moment(step.due, planned, progress.fired, calendar) is not None


def _calls(facts: Facts) -> Iterator[Message]:
    """What was begun outside is waited for, and was done at most once."""
    for step_id, progress in facts.run.steps.items():
        if progress.state is not State.OPEN or not _is_called(facts, step_id, progress):
            continue
        name = call_name(step_id, progress.round)
        if name not in facts.calls:
            yield msg("Nobody performs its action %(name)s any more. Restore the run from a backup.", name=name)
    called = Counter(str(each.data.get("name")) for each in facts.history if each.event == "action.called")
    done = Counter(str(each.data.get("name")) for each in facts.history if each.event == "action.completed")
    for name, count in sorted(done.items()):
        if count > 1 or name not in called:
            yield msg(
                "The action %(name)s was completed %(count)s times. Look at what it did outside.",
                name=name,
                count=count,
            )


def _is_called(facts: Facts, step_id: str, progress: Progress) -> bool:
    step = facts.program.step(step_id)
    busy = any(task.step == step_id for task in facts.run.tasks)
    return step is not None and step.kind is Kind.ACTION and progress.child is None and not busy


def _children(facts: Facts) -> Iterator[Message]:
    wanted = {each.child for each in facts.run.steps.values() if each.child is not None}
    for record in sorted(wanted ^ facts.children):
        yield msg("It waits for the request %(record)s in one place and not in the other. Restore both.", record=record)


def _goes_on(facts: Facts) -> Iterator[Message]:
    """Something can always happen to a run that is not over."""
    run = facts.run
    if run.finished or run.tasks:
        return
    for step_id, progress in run.steps.items():
        step = facts.program.step(step_id)
        if progress.state is State.OPEN and step is not None and step.kind in (Kind.WAIT, Kind.ACTION):
            return
    yield msg("It waits for nothing and is not over. Let an administrator edit the record, which moves it on.")


def _sums(facts: Facts) -> Iterator[Message]:
    if facts.program.settings.authority is None:
        return
    wanted = facts.run.status not in (Status.REJECTED, Status.WITHDRAWN)
    if facts.counts is not None and facts.counts != wanted:
        yield msg("Its amount counts in sums and should not, or the other way round. Restore the run.")


RULES: Mapping[str, Callable[[Facts], Iterator[Message]]] = {
    "state": _state,
    "status": _status,
    "tasks": _tasks,
    "somebody": _somebody,
    "once": _decided_once,
    "history": _replayed,
    "timers": _timers,
    "calls": _calls,
    "subrequests": _children,
    "goes_on": _goes_on,
    "sums": _sums,
}
