"""Going back: returns to the start or an earlier step, corrections sent again, approvals that a change made void."""

from dataclasses import replace

from ..platform.text import msg
from .definition import Kind, Mode, Step
from .effects import Actor, Reason, SetStatus
from .engine_assign import Candidate, give, owner, person
from .engine_draft import SYSTEM, Draft
from .engine_errors import NotAllowed
from .engine_second import is_second
from .engine_walk import advance
from .events import Decided
from .program import FlowProgram
from .run import START, Back, Closed, Progress, Run, State, Status, Task
from .values import mark

AGAIN = "again"
HERE = "here"


def targets(program: FlowProgram, run: Run, task: Task) -> tuple[str, ...]:
    """Where a task may be sent back to now: ``start``, and the earlier steps allowed that were really done."""
    step = program.steps.get(task.step)
    if step is None or "return" not in step.actions:
        return ()
    return tuple(each for each in step.return_to if each == START or _was_done(run.steps.get(each)))


def _was_done(progress: Progress | None) -> bool:
    return progress is not None and progress.state in (State.DONE, State.UNDONE)


def send_back(draft: Draft, task: Task, step: Step, event: Decided, actor: Actor) -> None:
    """Return the request (退回): to its submitter, or to an earlier step.

    Raises:
        NotAllowed: the step may not send back there, or it was never done.
    """
    to, resume = _target(draft, step, event)
    draft.close_task(task, "return", actor)
    if to == START:
        _to_start(draft, Back(step.id, actor.person, resume))
        return
    _undo(draft, to, "returned")
    if resume == AGAIN:
        for later in draft.program.later(to):
            _undo(draft, later, "returned")
    else:
        _undo_decision(draft, step)
    go_on(draft)


def _target(draft: Draft, step: Step, event: Decided) -> tuple[str, str]:
    to = event.to or usual_target(step)
    if to not in step.return_to or not (to == START or _was_done(draft.steps.get(to))):
        allowed = [each for each in step.return_to if each == START or _was_done(draft.steps.get(each))]
        message = msg(
            "It cannot be sent back to %(to)s. Possible here: %(allowed)s.", to=to, allowed=", ".join(allowed) or "-"
        )
        raise NotAllowed.at("/to", "return_target", message)
    if event.resume not in (HERE, AGAIN):
        message = msg("%(resume)s is no way to go on. Choose here or again.", resume=repr(event.resume))
        raise NotAllowed.at("/resume", "unknown_resume", message)
    return to, event.resume


def usual_target(step: Step) -> str:
    """Where a step sends back to if it is not said: its only target, else the start."""
    return step.return_to[0] if len(step.return_to) == 1 else START


def _to_start(draft: Draft, back: Back) -> None:
    draft.halt("returned")
    draft.back = back
    draft.status = Status.RETURNED
    draft.effects.append(SetStatus(Status.RETURNED.value, finished=False))
    reason = Reason("returned", {"step": back.step, "by": back.by})
    submitter = draft.world.people.active(draft.submitter)
    corrects = person(submitter.key, reason) if submitter is not None else _stand_in(draft, reason)
    name = draft.next_name()
    task = Task(name, START, "correct", corrects.principal, name, corrects.excluded, why=corrects.reasons)
    draft.open_task(task, corrects.people)


def _stand_in(draft: Draft, reason: Reason) -> Candidate:
    """Where the submitter is a customer, or has left: whoever owns the case corrects it."""
    return owner(draft, reason, Reason("no_submitter", {"person": draft.submitter}))


def resubmit(draft: Draft, actor: Actor, comment: str, changed: tuple[str, ...]) -> None:
    """The corrected request goes on: where it was sent back, or from the start again."""
    back = draft.back
    assert back is not None
    for task in list(draft.tasks):
        draft.close_task(task, "complete", actor)
    draft.back = None
    draft.status = Status.OPEN
    draft.effects.append(SetStatus(Status.OPEN.value, finished=False))
    draft.note("run.resubmitted", actor, comment=comment, changed=list(changed), resume=back.resume, step=back.step)
    if back.resume == AGAIN:
        for step in draft.program.steps:
            _undo(draft, step, "returned")
    else:
        _undo_decision(draft, draft.program.steps[back.step])
    material_change(draft, actor)
    go_on(draft)


def _undo_decision(draft: Draft, step: Step) -> None:
    """Who sent it back decides anew; where all must agree, what others said there still stands."""
    if step.mode is Mode.ALL:
        draft.undo_step(step.id, "returned")
    else:
        _undo(draft, step.id, "returned")


def _undo(draft: Draft, step: str, because: str) -> None:
    """The step must be done again, and what was decided there weighs nothing any more."""
    if step not in draft.steps:
        return
    draft.undo_step(step, because)
    draft.closed = [replace(each, void=True) if each.step == step and not each.void else each for each in draft.closed]


def go_on(draft: Draft) -> None:
    """Walk again from the top, after something behind was undone: routes whose facts changed are decided anew, and
    what is open where the way no longer leads is cancelled."""
    for step_id, progress in list(draft.steps.items()):
        step = draft.program.steps[step_id]
        if step.kind is Kind.ROUTE and progress.choice:
            _reopen_route(draft, step, progress)
        elif step.kind is Kind.PARALLEL and progress.state is State.DONE:
            _reopen_parallel(draft, step, progress)
    advance(draft)
    if not draft.finished:
        _leave_unreached(draft)


def _reopen_route(draft: Draft, step: Step, progress: Progress) -> None:
    same = all(mark(draft.values.get(key)) == progress.facts.get(key, "") for key in draft.program.reads[step.id])
    state = State.OPEN if same else State.UNDONE
    draft.steps[step.id] = replace(progress, state=state, choice=progress.choice if same else "")


def _reopen_parallel(draft: Draft, step: Step, progress: Progress) -> None:
    """One branch was enough: as long as it stands, the others are not asked."""
    if step.join == "any":
        inside = [
            inner
            for inner, trail in draft.program.trail.items()
            if (step.id, progress.choice) in trail and inner in draft.steps
        ]
        if all(draft.steps[inner].state is not State.UNDONE for inner in inside):
            return
    draft.steps[step.id] = replace(progress, state=State.OPEN, choice="")


def _leave_unreached(draft: Draft) -> None:
    reached = set(_reached(draft, draft.program.flow.steps))
    for step, progress in list(draft.steps.items()):
        if progress.state is not State.OPEN or step in reached or draft.is_under_way(step):
            continue
        if not any(is_second(task) for task in draft.tasks_of(step)):
            draft.undo_step(step, "way_changed")


def _reached(draft: Draft, steps: tuple[Step, ...]) -> list[str]:
    """The open steps to which the walk leads now."""
    for step in steps:
        progress = draft.steps.get(step.id)
        if progress is None or progress.state is State.UNDONE:
            return []
        if progress.state is State.OPEN:
            found = [step.id]
            for branch in step.branches:
                if step.kind is Kind.PARALLEL or branch.id == progress.choice:
                    found += _reached(draft, branch.steps)
            return found
    return []


def material_change(draft: Draft, actor: Actor, keep: str | None = None, own: str | None = None) -> bool:
    """Make void the approvals given before a material field changed; whether somebody is asked again.

    ``keep`` is who decides with this change, on the step ``own``: what they said earlier they said knowing it.
    """
    changed = _changed(draft)
    if not changed:
        return False
    asked = [
        step
        for step, progress in list(draft.steps.items())
        if draft.program.steps[step].kind is Kind.APPROVE and _ask_again(draft, step, progress, (keep, own))
    ]
    if asked:
        draft.note("approvals.void", actor, changed=list(changed), steps=asked)
    return bool(asked)


def _changed(draft: Draft) -> tuple[str, ...]:
    marks = marks_of(draft)
    changed = tuple(key for key, value in marks.items() if draft.marks.get(key) != value)
    if changed:
        draft.marks = marks
    return changed


def marks_of(draft: Draft) -> dict[str, str]:
    """Digests of the material fields as they are now."""
    return {key: mark(draft.values.get(key)) for key in draft.program.settings.material}


def _ask_again(draft: Draft, step: str, progress: Progress, kept: tuple[str | None, str | None]) -> bool:
    """Whether somebody must be asked again: an approval falls, the step was passed over, or a limit chose somebody."""
    keep, own = kept
    fallen = [each for each in draft.closed if each.step == step and _falls(each, keep)]
    if progress.state is State.OPEN and not (step != own and _is_limited(draft, step)):
        return _reopen_decisions(draft, step, fallen, keep)
    if not fallen and progress.state not in (State.PASSED, State.OPEN):
        return False
    _void(draft, fallen)
    draft.undo_step(step, "material")
    again = tuple(dict.fromkeys(each.accountable for each in fallen if each.accountable is not None))
    draft.steps[step] = replace(draft.steps[step], queue=again)
    return True


def _falls(closed: Closed, keep: str | None) -> bool:
    return closed.verdict in ("approve", "reject") and not closed.void and (keep is None or closed.accountable != keep)


def _void(draft: Draft, fallen: list[Closed]) -> None:
    names = {each.name for each in fallen}
    draft.closed = [replace(each, void=True) if each.name in names else each for each in draft.closed]


def _is_limited(draft: Draft, step: str) -> bool:
    """It waits for somebody whom a limit chose: perhaps another one now."""
    return any(task.limited for task in draft.tasks_of(step))


def _reopen_decisions(draft: Draft, step_id: str, fallen: list[Closed], keep: str | None) -> bool:
    """While a step is open, those whose decisions fell are asked beside the others."""
    _void(draft, fallen)
    step = draft.program.steps[step_id]
    pending = [task for task in draft.tasks_of(step_id) if task.pending is not None and task.pending.by != keep]
    for task in pending:
        draft.take_back(task, SYSTEM, "material")
    people = dict.fromkeys(each.accountable for each in fallen if draft.world.people.active(each.accountable))
    before = draft.branch_reasons(step_id)
    for key in people:
        assert key is not None
        give(draft, step, person(key, Reason("again", {"person": key})), before=before)
    return bool(fallen or pending)
