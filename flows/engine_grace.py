"""Grace: a decision that was taken, others see as taken, and that counts only once it cannot be taken back any more.

Until then nothing follows from it: the run keeps the task with the decision pending on it, and a timer makes it count.
"""

from dataclasses import replace

from ..platform.errors import Conflict, Forbidden, NotFound, SignoffError
from ..platform.text import msg
from .definition import Kind
from .effects import Actor, CloseTask, Effect, Note
from .engine_decide import apply_decision, decide
from .engine_draft import CANCELLED, SYSTEM, Draft, grace_timer
from .engine_errors import NotAssigned
from .engine_rights import standing
from .events import Decided, Settled, Taken, Undone
from .program import FlowProgram
from .run import Closed, Pending, Run, Task, Transition, World

SETTLED = "task.settled"


def has_grace(program: FlowProgram, step: str) -> bool:
    """Whether a decision of ``step`` can be taken back for a while."""
    found = program.steps.get(step)
    return bool(program.settings.grace) and found is not None and found.kind in (Kind.APPROVE, Kind.WORK)


def take(program: FlowProgram, run: Run, task: Task, event: Taken, world: World) -> Transition:
    """Record a decision that counts later; everything that would refuse it refuses it now.

    Raises:
        SignoffError: what :func:`.engine_decide.decide` raises.
    """
    decided = event.decided
    decide(Draft(program, run, world), task, decided)
    draft = Draft(program, run, world)
    actor = standing(draft, task, decided.actor)
    assert actor.person is not None
    until = world.now + program.settings.grace
    draft.put_task(
        replace(
            task,
            pending=Pending(
                decided.verdict, world.now, until, actor.person, actor.acting_as, actor.on_behalf_of,
                decided.comment, decided.to, decided.resume, event.raw,
            ),
        )
    )  # fmt: skip
    draft.effects.append(CloseTask(task.name, decided.verdict, actor))
    draft.effects += [CloseTask(each.name, CANCELLED) for each in draft.alternatives(task)]
    draft.set_timer(grace_timer(task.name), until)
    draft.note(
        "task.decided", actor, task=task.name, step=task.step, verdict=decided.verdict, comment=decided.comment,
        to=decided.to, until=until.isoformat(),
    )  # fmt: skip
    return draft.transition()


def settle(program: FlowProgram, run: Run, event: Settled, world: World) -> Transition:
    """The time to undo is over: the decision has its effects, or, where something made it impossible, falls."""
    task = run.task(event.task)
    if task is None or task.pending is None:
        return Transition(run, ())
    if world.now < task.pending.until:
        draft = Draft(program, run, world)
        draft.set_timer(grace_timer(task.name), task.pending.until)
        return draft.transition()
    try:
        return _counted(Draft(program, run, world), task, task.pending, event)
    except SignoffError as error:
        draft = Draft(program, run, world)
        draft.take_back(task, SYSTEM, error.message)
        return draft.transition()


def _counted(draft: Draft, task: Task, pending: Pending, event: Settled) -> Transition:
    actor = Actor(pending.by, pending.acting_as, pending.behalf)
    free = replace(task, pending=None)
    draft.put_task(free)
    decided = Decided(
        task.name, actor, pending.verdict, pending.comment, event.values, pending.to, pending.resume
    )  # fmt: skip
    apply_decision(draft, free, decided, actor)
    moved = draft.transition()
    return replace(moved, effects=tuple(_said(each, actor, task) for each in moved.effects))


def _said(effect: Effect, actor: Actor, task: Task) -> Effect:
    """That it was decided stands in the history already; what stands there now is that it counts."""
    if isinstance(effect, Note) and effect.event == "task.decided" and effect.data.get("task") == task.name:
        said = {key: value for key, value in effect.data.items() if key in ("task", "step", "verdict", "comment")}
        return Note(SETTLED, actor, said)
    return effect


def undo(program: FlowProgram, run: Run, event: Undone, world: World) -> Transition:
    """Take a decision back that does not count yet.

    Raises:
        NotAssigned: another took it.
        Conflict: it counts already.
        NotFound: there never was such a task.
    """
    task = run.task(event.task)
    draft = Draft(program, run, world)
    if event.actor.person is None and task is not None and task.pending is not None:
        draft.take_back(task, event.actor, event.because)
        return draft.transition()
    if task is None or task.pending is None:
        raise _too_late(run, event)
    if task.pending.by != event.actor.person:
        raise NotAssigned(msg("Only who took a decision may take it back."), right="decide")
    if world.now >= task.pending.until:
        raise _too_late(run, event)
    actor = Actor(task.pending.by, task.pending.acting_as, task.pending.behalf)
    draft.take_back(task, actor)
    return draft.transition()


def _too_late(run: Run, event: Undone) -> Conflict | Forbidden | NotFound:
    closed = [each for each in run.closed if each.name == event.task]
    waiting = run.task(event.task)
    if waiting is not None and waiting.pending is None:
        return Conflict(msg("There is nothing to take back: the task waits for a decision."), code="nothing_to_undo")
    if waiting is not None or any(each.by == event.actor.person for each in closed):
        return Conflict(msg("The decision counts already; it cannot be taken back any more."), code="grace_over")
    if closed:
        return NotAssigned(msg("Only who took a decision may take it back."), right="decide")
    return NotFound(msg("There is no task %(name)s in this request.", name=repr(event.task)))


def taken(run: Run, task: Task) -> Closed | None:
    """The pending decision that closes ``task`` to others: its own, or that of an alternative to it."""
    for each in run.tasks:
        if each.pending is not None and (
            each.name == task.name or (each.slot == task.slot and each.parent == task.parent)
        ):
            said = each.pending
            return Closed(task.name, task.step, said.verdict, said.at, said.by, said.acting_as, said.behalf)
    return None


def without_pending(run: Run) -> Run:
    """The run as if no decision were pending: for looking ahead."""
    if all(task.pending is None for task in run.tasks):
        return run
    return replace(run, tasks=tuple(replace(task, pending=None) for task in run.tasks))
