"""Another calendar: what was due by the old one is due by the new one."""

from datetime import timedelta

from .deadlines import moment, plan
from .definition import Due, Step
from .engine_draft import SYSTEM, Draft
from .engine_rights import people_of
from .events import Rescheduled
from .run import Progress, State

SOON = timedelta(seconds=1)


def reschedule(draft: Draft, event: Rescheduled) -> None:  # noqa: ARG001
    """Count the deadlines of open steps anew; what was told before is not told again, what is due by now is."""
    if draft.asked is not None:  # they are counted from the answer on
        return
    for step_id, progress in list(draft.steps.items()):
        step = draft.program.steps[step_id]
        waits = any(task.pending is not None for task in draft.tasks_of(step_id))
        if progress.state is State.OPEN and step.due is not None and progress.opened_at is not None and not waits:
            _count_anew(draft, step, step.due, progress)


def _count_anew(draft: Draft, step: Step, due: Due, progress: Progress) -> None:
    calendar, now = draft.world.calendar, draft.world.now
    planned = plan(due, progress.opened_at or now, calendar)
    if planned.due_at == progress.due_at:
        return
    draft.change_step(step.id, due_at=planned.due_at)
    coming = moment(due, planned, progress.fired, calendar)
    if coming is not None:
        draft.set_timer(step.id, max(coming.at, now + SOON))
    draft.note("deadline.moved", SYSTEM, step=step.id, due_at=planned.due_at.isoformat())
    for task in draft.tasks_of(step.id):
        if not task.held:
            draft.change_task(task, people_of(task, draft.world.people))
