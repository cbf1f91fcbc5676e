"""A transition in the making: the run taken apart so that it can change, and the effects gathered on the way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..platform.acting import ActingAs
from .authority import governed_amounts, with_sums
from .deadlines import Calendar, moment, plan
from .definition import Kind, Step
from .effects import (
    Actor,
    ChangeTask,
    ClearTimer,
    CloseTask,
    Effect,
    Note,
    OpenTask,
    Reason,
    Recall,
    ReopenTask,
    SetStatus,
    SetTimer,
)
from .program import FlowProgram
from .run import AGREED, FINISHED, Closed, Progress, Run, State, Status, Task, Transition, World
from .selectors import Asking

RULE = Actor(None, ActingAs.RULE)
TIMER = Actor(None, ActingAs.TIMER)
SYSTEM = Actor(None, ActingAs.SYSTEM)

CANCELLED = "cancelled"
ADMINS = "r:admin"
GRACE = "grace:"
NO_AMOUNTS: Mapping[str, Any] = {}


class Draft:
    """Mutable only inside one transition; :meth:`transition` freezes it."""

    __slots__ = (
        "asked",
        "asking",
        "back",
        "closed",
        "effects",
        "marks",
        "program",
        "serial",
        "status",
        "steps",
        "submitter",
        "tasks",
        "urged_at",
        "values",
        "world",
    )

    def __init__(self, program: FlowProgram, run: Run, world: World) -> None:
        self.program = program
        self.world = world
        self.submitter = run.submitter
        self.status = run.status
        self.tasks = list(run.tasks)
        self.closed = list(run.closed)
        self.steps = dict(run.steps)
        self.serial = run.serial
        self.marks = run.marks
        self.back = run.back
        self.urged_at = run.urged_at
        self.asked = run.asked
        self.effects: list[Effect] = []
        authority = program.settings.authority
        self.values: Mapping[str, Any] = world.values
        if program.uses_facts:
            self.values = {**self.values, **facts_of(run.submitter, world)}
        if authority is not None:
            self.values = with_sums(authority, self.values)
        amounts = governed_amounts(authority, self.values) if authority is not None else NO_AMOUNTS
        self.asking = Asking(run.submitter, world, self.approvers, amounts)

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    def transition(self) -> Transition:
        """The run as it became, and the effects in order."""
        run = Run(
            self.submitter,
            self.status,
            tuple(self.tasks),
            tuple(self.closed),
            self.steps,
            self.serial,
            self.marks,
            self.back,
            self.urged_at,
            self.asked,
        )
        return Transition(run, tuple(self.effects))

    def note(self, name: str, actor: Actor, /, **data: Any) -> None:
        """Write an entry of the history; what is ``None`` or empty is left out."""
        self.effects.append(Note(name, actor, {key: value for key, value in data.items() if value or value == 0}))

    def approvers(self, step: str) -> tuple[str, ...]:
        """Who approved or did ``step``, as far as that still counts."""
        found: dict[str, None] = {}
        for each in self.closed:
            if each.step == step and each.verdict in AGREED and not each.void and each.accountable is not None:
                found[each.accountable] = None
        return tuple(found)

    # tasks

    def barred_from(self, step: Step | None) -> str | None:
        """Who may not act on ``step``: nobody approves what they asked for unless the flow says so."""
        if step is None or step.kind is not Kind.APPROVE or self.program.settings.self_approval == "allow":
            return None
        return self.submitter

    def _hidden_from(self, task: Task) -> str | None:
        """Whom the task is not shown to: the submitter would find their own as a delegate of whom it waits for."""
        if task.excluded is not None or task.kind != "approve":
            return task.excluded
        return self.barred_from(self.program.steps.get(task.step))

    def open_task(self, task: Task, people: tuple[str, ...]) -> None:
        """A new task; its name is the next one."""
        self.tasks.append(task)
        due_at = self.due_at(task.step)
        self.effects.append(
            OpenTask(task.name, task.step, task.kind, task.principal, people, self._hidden_from(task), due_at, task.why)
        )
        self.effects.append(
            Note("task.opened", SYSTEM, {"task": task.name, "step": task.step, "principal": task.principal})
        )

    def next_name(self) -> str:
        self.serial += 1
        return f"t{self.serial}"

    def change_task(self, task: Task, people: tuple[str, ...]) -> None:
        """The task of that name becomes ``task``."""
        self.put_task(task)
        self.effects.append(
            ChangeTask(
                task.name,
                task.principal,
                people,
                task.claimed_by,
                self._hidden_from(task),
                self.due_at(task.step),
                task.why,
            )
        )

    def put_task(self, task: Task) -> None:
        """The task of that name becomes ``task``, which nobody outside sees."""
        for place, each in enumerate(self.tasks):
            if each.name == task.name:
                self.tasks[place] = task

    def close_task(self, task: Task, verdict: str, actor: Actor) -> None:
        """The task is over; a person's verdict is kept with who gave it."""
        self.tasks = [each for each in self.tasks if each.name != task.name]
        if task.pending is not None:
            self.effects.append(ClearTimer(grace_timer(task.name)))
        if not task.held:
            self.remember(task, verdict, actor)
            self.effects.append(CloseTask(task.name, verdict, None if verdict == CANCELLED else actor))

    def remember(self, task: Task, verdict: str, actor: Actor) -> None:
        """Keep how a task ended."""
        now = self.world.now
        if verdict == CANCELLED:
            closed = Closed(task.name, task.step, verdict, now)
        else:
            closed = Closed(task.name, task.step, verdict, now, actor.person, actor.acting_as, actor.on_behalf_of)
        self.closed.append(closed)

    def cancel_task(self, task: Task, because: str, actor: Actor = SYSTEM) -> None:
        """Others, or events, made the task needless."""
        self.close_task(task, CANCELLED, actor)
        if not task.held:
            self.note("task.cancelled", actor, task=task.name, step=task.step, because=because)

    def take_back(self, task: Task, actor: Actor, because: str = "") -> None:
        """The decision pending on the task does not count: it waits again, and with it those that it made needless."""
        assert task.pending is not None
        self.put_task(replace(task, pending=None))
        self.effects.append(ClearTimer(grace_timer(task.name)))
        self.effects += [ReopenTask(each.name) for each in (task, *self.alternatives(task))]
        self.note(
            "task.undone", actor, task=task.name, step=task.step, verdict=task.pending.verdict, because=because
        )  # fmt: skip

    def alternatives(self, task: Task) -> list[Task]:
        """The other tasks of which one decision is enough, that somebody sees."""
        return [
            each
            for each in self.tasks
            if each.slot == task.slot and each.parent == task.parent and each.name != task.name and not each.held
        ]

    def open_tasks(self) -> list[Task]:
        """Those that wait for somebody now."""
        return [task for task in self.tasks if not task.held and task.pending is None]

    def tasks_of(self, step: str) -> list[Task]:
        return [task for task in self.tasks if task.step == step]

    def due_at(self, step: str) -> datetime | None:
        progress = self.steps.get(step)
        return progress.due_at if progress else None

    # steps

    def open_step(self, step: Step, **more: Any) -> Progress:
        """The step opens, for the first time or again."""
        before = self.steps.pop(step.id, None)
        progress = Progress(State.OPEN, before.round + 1 if before else 1, self.world.now, **more)
        self.steps[step.id] = progress
        return progress

    def change_step(self, step: str, **changes: Any) -> None:
        self.steps[step] = replace(self.steps[step], **changes)

    def finish_step(self, step: str, state: State = State.DONE) -> None:
        """The step is over: what waits for it is cancelled, its timer cleared. What it rested on stays known."""
        progress = self.steps.get(step)
        self.stop(step, "step_done")
        if progress is None:
            self.steps[step] = Progress(state)
        else:
            self.steps[step] = Progress(state, progress.round, choice=progress.choice, facts=progress.facts)

    def undo_step(self, step: str, because: str) -> None:
        """The step must be done again when the run comes to it; what waits for it is cancelled."""
        progress = self.steps.get(step)
        if progress is None or self.is_under_way(step):
            return
        self.stop(step, because)
        progress = self.steps[step]
        if self.program.steps[step].kind is Kind.ACTION:
            self.steps[step] = Progress(State.UNDONE, progress.round, choice=progress.choice, facts=progress.facts)
        else:
            self.steps[step] = Progress(State.UNDONE, progress.round)

    def is_under_way(self, step: str) -> bool:
        """Whether an action was called and has not answered yet: nothing outside can be called back.

        A request that it asked for can.
        """
        progress = self.steps.get(step)
        if progress is None or progress.state is not State.OPEN or self.program.steps[step].kind is not Kind.ACTION:
            return False
        return progress.child is None and not self.tasks_of(step)

    def stop(self, step: str, because: str) -> None:
        """Cancel the tasks of a step, clear its timer, and call back what it asked for."""
        for task in self.tasks_of(step) if self.tasks else ():
            self.cancel_task(task, because)
        self.clear_timer(step)
        self.recall(step)
        if self.asked is not None and self.asked.step == step:
            self.go_on_counting(but=step)

    def recall(self, step: str) -> None:
        """Nobody waits any more for the request that the step asked for; asked again, it is another request."""
        progress = self.steps.get(step)
        if progress is not None and progress.child is not None:
            self.effects.append(Recall(progress.child))
            self.steps[step] = replace(progress, child=None, choice="")

    def set_timer(self, step: str, at: datetime) -> None:
        self.effects.append(SetTimer(step, at))

    def clear_timer(self, step: str) -> None:
        """Clear the step's timer, if it can have one that is still to come."""
        progress = self.steps.get(step)
        if progress is not None and progress.state is State.OPEN and self.has_timer(step):
            self.effects.append(ClearTimer(step))

    # clocks of deadlines

    def start_clock(self, step: Step) -> datetime | None:
        """Set the timer of a step that opens to its first moment; the deadline, none while the customer is asked."""
        if step.due is None or self.asked is not None:
            return None
        calendar = self.calendar_of(step.id)
        planned = plan(step.due, self.world.now, calendar)
        first = moment(step.due, planned, 0, calendar)
        if first is not None:
            self.set_timer(step.id, first.at)
        return planned.due_at

    def calendar_of(self, step: str) -> Calendar:
        """The calendar that the step's clock keeps: of the department that it waits for, else of the flow."""
        progress = self.steps.get(step)
        return self.world.calendar.beside(progress.calendar if progress is not None else None)

    def stop_clocks(self) -> None:
        """No deadline of an open step comes nearer any more."""
        for step in self._with_clocks():
            if self.steps[step.id].due_at is not None:
                self.clear_timer(step.id)
                self._date(step, None)

    def go_on_counting(self, *, but: str | None = None) -> None:
        """The customer is not waited for any more: clocks that stood still are set anew."""
        self.asked = None
        for step in self._with_clocks():
            if self.steps[step.id].due_at is None and step.id != but:
                self.change_step(step.id, opened_at=self.world.now, fired=0)
                self._date(step, self.start_clock(step))

    def _with_clocks(self) -> list[Step]:
        found = [self.program.steps[key] for key, progress in self.steps.items() if progress.state is State.OPEN]
        return [step for step in found if step.due is not None]

    def _date(self, step: Step, due_at: datetime | None) -> None:
        self.change_step(step.id, due_at=due_at)
        for task in self.tasks_of(step.id):
            if not task.held:
                self.change_task(task, ())

    def has_timer(self, step: str) -> bool:
        found = self.program.steps.get(step)
        return found is not None and (
            (found.due is not None) or found.wait_for is not None or found.until is not None or found.limit is not None
        )

    # the run

    def finish(self, status: Status, actor: Actor, **data: Any) -> None:
        """The run ends: whatever is open is cancelled, and said so."""
        self.status = status
        self.halt("run_" + status.value)
        self.back = None
        self.effects.append(SetStatus(status.value, finished=True))
        self.note("run.finished", actor, status=status.value, **data)

    def halt(self, because: str) -> None:
        """Nothing is waited for any more."""
        self.asked = None
        for task in list(self.tasks):
            self.cancel_task(task, because)
        for step, progress in list(self.steps.items()):
            if progress.state is State.OPEN and not self.is_under_way(step):
                self.clear_timer(step)
                self.recall(step)
                progress = self.steps[step]
                self.steps[step] = Progress(State.UNDONE, progress.round, choice=progress.choice, facts=progress.facts)

    def branch_reasons(self, step: str) -> tuple[Reason, ...]:
        """The step, and the branches that led to it."""
        found = [Reason("step", {"step": step})]
        for around, branch in self.program.trail.get(step, ()):
            if around in self.program.ways:
                progress = self.steps.get(around)
                facts = dict(progress.facts) if progress else {}
                found.append(Reason("branch", {"step": around, "branch": branch, "facts": facts}))
        return tuple(found)


def grace_timer(task: str) -> str:
    """The timer at whose end the decision pending on ``task`` counts; no step has such a name."""
    return f"{GRACE}{task}"


def facts_of(submitter: str | None, world: World) -> dict[str, Any]:
    """What conditions may know of the submitter; blank where nobody signed in submitted."""
    person = world.people.person(submitter)
    if person is None:
        return {"submitter.department": None, "submitter.role": (), "submitter.level": None}
    return {
        "submitter.department": person.department,
        "submitter.role": tuple(sorted(person.roles)),
        "submitter.level": world.people.level(person.key),
    }
