"""Whose working time a deadline keeps, and what was due by another calendar is due by the new one.

The calendar that a step's deadline names comes first, then that of the department that the step waits for (where all
whom it waits for keep the same), then that of the flow.
"""

from dataclasses import replace
from datetime import timedelta

from .deadlines import moment, plan
from .definition import Due, Step
from .effects import ChangeTask, OpenTask, SetTimer
from .engine_draft import SYSTEM, Draft
from .engine_rights import people_of
from .events import Rescheduled
from .run import Progress, State, Task

SOON = timedelta(seconds=1)


def reschedule(draft: Draft, event: Rescheduled) -> None:  # noqa: ARG001
    """Count the deadlines of open steps anew; what was told before is not told again, what is due by now is."""
    for step, due, progress in _running(draft):
        _count_anew(draft, step, due, progress)


def fit_clocks(draft: Draft) -> None:
    """Have the deadline of every open step keep the calendar of the department that it waits for now."""
    if not draft.world.people.calendars and all(each.calendar is None for each in draft.steps.values()):
        return
    for step, due, progress in _running(draft):
        calendar = _calendar(draft, step)
        if calendar != progress.calendar:
            draft.change_step(step.id, calendar=calendar)
            _count_anew(draft, step, due, draft.steps[step.id])


def _running(draft: Draft) -> list[tuple[Step, Due, Progress]]:
    """Open steps with a clock that runs: neither the customer nor the end of a decision's grace is waited for."""
    found = []
    for step_id, progress in draft.steps.items():
        step = draft.program.steps.get(step_id)
        if step is None or step.due is None or progress.state is not State.OPEN or progress.opened_at is None:
            continue
        if draft.asked is None and not any(task.pending is not None for task in draft.tasks_of(step_id)):
            found.append((step, step.due, progress))
    return found


def _calendar(draft: Draft, step: Step) -> str | None:
    """The calendar that all keep for whom the step waits, whoever of a pool claimed it; ``None`` if they differ."""
    people = draft.world.people
    asked = [replace(task, claimed_by=None) for task in draft.tasks_of(step.id) if not task.held]
    kept = {people.calendar(key) for task in asked for key in people_of(task, people)}
    return kept.pop() if len(kept) == 1 else None


def _count_anew(draft: Draft, step: Step, due: Due, progress: Progress) -> None:
    calendar, now = draft.calendar_of(step.id), draft.world.now
    opened_at = progress.opened_at or now
    planned = plan(due, opened_at, calendar)
    if planned.due_at == progress.due_at:
        return
    draft.change_step(step.id, due_at=planned.due_at)
    coming = moment(due, planned, progress.fired, calendar)
    if coming is not None:
        draft.effects = [each for each in draft.effects if not (isinstance(each, SetTimer) and each.name == step.id)]
        draft.set_timer(step.id, coming.at if opened_at == now else max(coming.at, now + SOON))
    if opened_at != now:
        draft.note("deadline.moved", SYSTEM, step=step.id, due_at=planned.due_at.isoformat())
    for task in draft.tasks_of(step.id):
        if not task.held:
            _date(draft, task)


def _date(draft: Draft, task: Task) -> None:
    """The task's new deadline: in what is said of it already, so that nobody is told of it twice."""
    due_at = draft.due_at(task.step)
    said = [
        place
        for place, each in enumerate(draft.effects)
        if isinstance(each, OpenTask | ChangeTask) and each.name == task.name
    ]
    for place in said:
        effect = draft.effects[place]
        assert isinstance(effect, OpenTask | ChangeTask)
        draft.effects[place] = replace(effect, due_at=due_at)
    if not said:
        draft.change_task(task, people_of(task, draft.world.people))
