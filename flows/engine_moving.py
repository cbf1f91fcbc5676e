"""Moving a run to another version of its flow: what stands in the way, and what changes of it."""

from collections.abc import Iterator

from ..platform.text import Message, msg
from .deadlines import moment, plan
from .definition import Kind, Step
from .engine_back import marks_of
from .engine_draft import Draft
from .engine_rights import people_of
from .events import Moved
from .program import FlowProgram
from .run import Progress, Run, State


def obstacles(run: Run, old: FlowProgram, new: FlowProgram) -> Iterator[Message]:
    """Why a run cannot go on under ``new``: nothing that happened or waits may lose its place."""
    for step_id, progress in run.steps.items():
        before, after = old.step(step_id), new.step(step_id)
        if after is None or before is None:
            yield msg("The step “%(step)s” is not there any more.", step=step_id)
        elif after.kind is not before.kind:
            yield msg("The step “%(step)s” is of another kind.", step=step_id)
        else:
            yield from _of_step(progress, before, after)
            if progress.state is State.OPEN and old.trail[step_id] != new.trail[step_id]:
                yield msg("The step “%(step)s”, which is open, lies in another branch.", step=step_id)
    if run.back is not None and new.step(run.back.step) is None:
        yield msg("It was sent back from “%(step)s”, which is not there any more.", step=run.back.step)
    if any(task.pending is not None for task in run.tasks):
        yield msg("A decision on it can still be taken back. Try again in a moment.")


def _of_step(progress: Progress, before: Step, after: Step) -> Iterator[Message]:
    branches = {branch.id for branch in after.branches}
    if before.kind in (Kind.ROUTE, Kind.PARALLEL) and progress.choice and progress.choice not in branches:
        yield msg("The branch “%(branch)s” of “%(step)s” is gone.", branch=progress.choice, step=after.id)
    if progress.state is not State.OPEN:
        return
    if before.mode is not after.mode or before.share != after.share:
        yield msg("“%(step)s” is open, and people agree there in another way.", step=after.id)
    if (before.do, before.event) != (after.do, after.event):
        yield msg("“%(step)s” is open, and does or waits for something else.", step=after.id)


def move(draft: Draft, event: Moved) -> None:
    """The run is of the program's version from now on; clocks of open steps are those of the new deadlines."""
    draft.note(
        "run.moved", event.actor, from_version=event.from_version, to_version=draft.program.version,
        comment=event.note,
    )  # fmt: skip
    draft.marks = marks_of(draft)
    for step_id, progress in list(draft.steps.items()):
        step = draft.program.steps[step_id]
        if progress.state is State.OPEN and step.due != event.dues.get(step_id):
            _new_clock(draft, step, progress)


def _new_clock(draft: Draft, step: Step, progress: Progress) -> None:
    """The new deadline counts from when the step opened; its moments that have passed are not made up for."""
    draft.clear_timer(step.id)
    if step.due is None or draft.asked is not None:
        draft.change_step(step.id, due_at=None, fired=0)
    else:
        calendar, now = draft.calendar_of(step.id), draft.world.now
        planned = plan(step.due, progress.opened_at or now, calendar)
        fired = 0
        coming = moment(step.due, planned, fired, calendar)
        while coming is not None and coming.at <= now:
            fired += 1
            coming = moment(step.due, planned, fired, calendar)
        draft.change_step(step.id, due_at=planned.due_at, fired=fired)
        if coming is not None:
            draft.set_timer(step.id, coming.at)
    for task in draft.tasks_of(step.id):
        if not task.held:
            draft.change_task(task, people_of(task, draft.world.people))
