"""What time does: reminders, what follows a deadline that passed, and the end of waiting."""

from dataclasses import replace
from datetime import timedelta

from .deadlines import Moment, What, moment, plan
from .definition import Due, Kind, Mode, Step
from .effects import Notify, Reason
from .engine_assign import Candidate, find, give, person
from .engine_draft import TIMER, Draft
from .engine_rights import people_of
from .engine_walk import advance
from .run import Progress, State, Status, Task

REMINDER = "task_reminder"
SOON = timedelta(seconds=1)


def expire(draft: Draft, step_id: str) -> None:
    """The timer of a step is due; one that comes too late, or too early, does no harm."""
    step, progress = draft.program.steps.get(step_id), draft.steps.get(step_id)
    if step is None or progress is None or progress.state is not State.OPEN:
        return
    pending = [task.pending.until for task in draft.tasks_of(step_id) if task.pending is not None]
    if pending:  # who decided in time is not overtaken by the deadline
        draft.set_timer(step_id, max(*pending, draft.world.now + SOON))
    elif step.kind is Kind.WAIT:
        _end_waiting(draft, step, progress)
    elif step.due is not None and draft.asked is None:
        _pass_moments(draft, step, step.due, progress)


def _end_waiting(draft: Draft, step: Step, progress: Progress) -> None:
    if progress.due_at is not None and progress.due_at > draft.world.now:
        draft.set_timer(step.id, progress.due_at)
        return
    draft.finish_step(step.id)
    draft.note("wait.over", TIMER, step=step.id, because="limit" if step.event is not None else "time")
    advance(draft)


def _pass_moments(draft: Draft, step: Step, due: Due, progress: Progress) -> None:
    """All moments that have passed: of several reminders, after a standstill, only the last is sent."""
    assert progress.opened_at is not None
    calendar, now = draft.calendar_of(step.id), draft.world.now
    planned = plan(due, progress.opened_at, calendar)
    passed: list[Moment] = []
    coming = moment(due, planned, progress.fired, calendar)
    while coming is not None and coming.at <= now:
        passed.append(coming)
        coming = moment(due, planned, coming.number + 1, calendar)
    draft.change_step(step.id, fired=progress.fired + len(passed))
    reminders = [each for each in passed if each.what is What.REMIND]
    if reminders:
        _remind(draft, step, reminders[-1])
    elif any(each.what is What.OVERDUE for each in passed):
        draft.note("timer.fired", TIMER, step=step.id, what="overdue")
    if coming is not None:
        draft.set_timer(step.id, coming.at)
    if any(each.what is What.THEN for each in passed):
        _then(draft, step, due)


def _remind(draft: Draft, step: Step, reached: Moment) -> None:
    progress = draft.steps[step.id]
    overdue = progress.due_at is not None and draft.world.now >= progress.due_at
    for task in draft.tasks_of(step.id):
        if not task.held:
            name = f"{step.id}#{progress.round}.{task.name}.{reached.number}"
            data = {"due_at": progress.due_at.isoformat() if progress.due_at else None, "overdue": overdue}
            people = people_of(task, draft.world.people)
            draft.effects.append(Notify(name, REMINDER, people, step=step.id, task=task.name, data=data))
    draft.note("timer.fired", TIMER, step=step.id, what="remind", overdue=overdue)


def _then(draft: Draft, step: Step, due: Due) -> None:
    assert due.then is not None
    do = due.then.do
    draft.note("timer.fired", TIMER, step=step.id, what=do)
    if do == "reject":
        draft.finish(Status.REJECTED, TIMER, step=step.id, because="deadline")
    elif do == "approve":
        _agree_for_all(draft, step)
    else:
        _hand_over(draft, step, due, do)


def _agree_for_all(draft: Draft, step: Step) -> None:
    """Whoever did not answer agreed: the step is over, in the name of the deadline."""
    verdict = "approve" if step.kind is Kind.APPROVE else "complete"
    for task in [each for each in draft.tasks_of(step.id) if not each.held]:
        draft.close_task(task, verdict, TIMER)
        draft.note("task.decided", TIMER, task=task.name, step=step.id, verdict=verdict)
    draft.finish_step(step.id)
    advance(draft)


def _hand_over(draft: Draft, step: Step, due: Due, do: str) -> None:
    """Escalate or transfer what still waits: one task goes over, the others would only repeat it."""
    tasks = [each for each in draft.tasks_of(step.id) if not each.held]
    receivers, reason = _receivers(draft, step, due, tasks)
    if not receivers or not tasks:
        draft.note("escalation.nobody", TIMER, step=step.id, do=do)
        return
    first, *others = tasks
    code = "escalated" if do == "escalate" else "transferred"
    why = (*first.why, *reason, Reason(code, {"because": "deadline"}))
    draft.change_task(_moved(first, receivers[0], why), receivers[0].people)
    draft.note(f"task.{code}", TIMER, task=first.name, step=step.id, to=receivers[0].principal)
    for each in others:
        draft.cancel_task(each, code, TIMER)
    needless = len(others) + _drop_waiting_for_nobody(draft, step)
    if step.mode is Mode.VOTE:
        draft.change_step(step.id, total=draft.steps[step.id].total - needless)
    for receiver in receivers[1:]:
        give(draft, step, receiver, slot=first.slot, before=why)


def _drop_waiting_for_nobody(draft: Draft, step: Step) -> int:
    """Tasks held until those who were added agreed go with them; how many."""
    count = 0
    while True:
        waited_for = {task.parent for task in draft.tasks}
        held = next((each for each in draft.tasks_of(step.id) if each.held and each.name not in waited_for), None)
        if held is None:
            return count
        draft.cancel_task(held, "escalated", TIMER)
        count += 1


def _moved(task: Task, to: Candidate, why: tuple[Reason, ...]) -> Task:
    return replace(
        task, principal=to.principal, excluded=to.excluded, claimed_by=None, behalf=None, limited=to.limited,
        why=(*why, *to.reasons),
    )  # fmt: skip


def _receivers(
    draft: Draft, step: Step, due: Due, tasks: list[Task]
) -> tuple[tuple[Candidate, ...], tuple[Reason, ...]]:
    """Whom the deadline names, who does not hold the step yet; without names the managers of those it waits for."""
    assert due.then is not None
    if due.then.to:
        found, trace = find(draft, step, due.then.to, pools=True)
    else:
        found, trace = _above(draft, tasks), ()
    holding = {each.principal for each in tasks}
    if step.mode is not Mode.ANY:
        holding |= {f"p:{key}" for key in draft.approvers(step.id)}
    return tuple(each for each in found if each.principal not in holding), trace


def _above(draft: Draft, tasks: list[Task]) -> tuple[Candidate, ...]:
    found: dict[str, Candidate] = {}
    for task in tasks:
        for key in people_of(task, draft.world.people)[:1]:
            for manager in draft.world.people.line(key):
                if manager.active and manager.key != draft.submitter:
                    reason = Reason("manager", {"level": 1, "of": key})
                    found.setdefault(manager.key, person(manager.key, reason))
                    break
    return tuple(found.values())
