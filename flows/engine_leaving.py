"""Handing over what waits for somebody who leaves, or would come to them later in a step that is open."""

from dataclasses import replace

from ..platform.errors import SignoffError
from .effects import Reason
from .engine_assign import admins
from .engine_draft import Draft
from .engine_hand import check_receiver
from .engine_rights import people_of
from .events import HandedOver
from .run import START, Task


def hand_over(draft: Draft, event: HandedOver) -> None:
    """What ``event.person`` has, and what would come to them, goes to ``event.to``, or else to administrators."""
    for task in list(draft.tasks):
        if task.principal == f"p:{event.person}" and task.pending is None:
            _give(draft, task, event)
        elif task.claimed_by == event.person and task.pending is None:
            _release(draft, task, event)
    for task in list(draft.tasks):
        if event.person in task.after:
            draft.put_task(replace(task, after=_without(task.after, event)))
    for step, progress in list(draft.steps.items()):
        if event.person in progress.queue:
            draft.change_step(step, queue=_without(progress.queue, event))


def _give(draft: Draft, task: Task, event: HandedOver) -> None:
    reason = Reason("handed_over", {"person": event.person})
    moved = replace(
        task, principal=f"p:{event.to}", behalf=None, claimed_by=None, excluded=None, why=(*task.why, reason)
    )  # fmt: skip
    if not _may(draft, task, event.to):
        pool = admins(draft, draft.program.steps.get(task.step), ())
        moved = replace(moved, principal=pool.principal, excluded=pool.excluded)
    _put(draft, moved, event)


def _may(draft: Draft, task: Task, to: str) -> bool:
    """Whether ``to`` may have the task; anybody corrects a request in the place of who filed it."""
    try:
        if task.step != START:
            check_receiver(draft, task, to)
    except SignoffError:
        return False
    return True


def _release(draft: Draft, task: Task, event: HandedOver) -> None:
    """What they claimed is back in its pool, where the others find it."""
    _put(draft, replace(task, claimed_by=None), event)


def _put(draft: Draft, moved: Task, event: HandedOver) -> None:
    if moved.held:
        draft.put_task(moved)
    else:
        draft.change_task(moved, people_of(moved, draft.world.people))
    draft.note(
        "task.handed_over", event.actor, task=moved.name, step=moved.step, person=event.person, to=moved.principal
    )  # fmt: skip


def _without(keys: tuple[str, ...], event: HandedOver) -> tuple[str, ...]:
    """``event.to`` in the place of who leaves; nobody twice."""
    return tuple(dict.fromkeys(event.to if key == event.person else key for key in keys))
