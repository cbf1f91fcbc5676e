"""Handing tasks around: claim and release (认领), transfer (转交), add approvers before and after (加签)."""

from dataclasses import replace

from ..platform.errors import Conflict, Forbidden
from ..platform.text import msg
from .definition import Mode, Step
from .effects import Actor, CloseTask, Reason
from .engine_draft import Draft
from .engine_errors import NotAllowed
from .engine_rights import check_limit_of, is_admin, offers, people_of, standing
from .events import Added, Claimed, Released, Transferred
from .run import Task

MAX_ADDED = 20
ADD = "add"


def claim(draft: Draft, task: Task, event: Claimed) -> None:
    """Take a task out of its pool; for its taker alone from now on.

    Raises:
        Conflict: somebody claimed it before.
    """
    if task.claimed_by is not None and task.claimed_by != event.actor.person:
        raise Conflict(
            msg("%(name)s claimed it before you.", name=_name(draft, task.claimed_by)),
            code="task_claimed", by=task.claimed_by, by_name=_name(draft, task.claimed_by), task=task.name,
        )  # fmt: skip
    actor = standing(draft, task, event.actor)
    if task.principal.startswith("p:"):
        raise NotAllowed.at("", "no_pool", msg("This task belongs to one person already. Only pools are claimed."))
    if task.claimed_by == actor.person:
        return
    claimed = replace(task, claimed_by=actor.person)
    draft.change_task(claimed, people_of(claimed, draft.world.people))
    draft.note("task.claimed", actor, task=task.name, step=task.step)


def release(draft: Draft, task: Task, event: Released) -> None:
    """Put a claimed task back into its pool; who claimed it may, and an administrator."""
    if task.claimed_by is None:
        raise NotAllowed.at("", "not_claimed", msg("Nobody has claimed this task."))
    actor = event.actor if is_admin(draft, event.actor) else standing(draft, task, event.actor)
    released = replace(task, claimed_by=None)
    draft.change_task(released, people_of(released, draft.world.people))
    draft.note("task.released", actor, task=task.name, step=task.step)


def transfer(draft: Draft, task: Task, event: Transferred) -> None:
    """Hand a task to another person: for good, or (``delegate``) to act in one's own name this once.

    Administrators may transfer any task: nothing stays with somebody who left.

    Raises:
        NotAllowed: not offered, or to nobody who could decide it.
        Forbidden: to the submitter, or to somebody whose limit does not cover the amount.
    """
    actor = _hander(draft, task, event)
    check_receiver(draft, task, event.to)
    behalf = (actor.on_behalf_of or actor.person) if event.delegate else None
    code = "delegated" if event.delegate else "transferred"
    moved = replace(
        task, principal=f"p:{event.to}", excluded=None, claimed_by=None, behalf=behalf,
        why=(*task.why, Reason(code, {"by": actor.person, "to": event.to})),
    )  # fmt: skip
    draft.change_task(moved, people_of(moved, draft.world.people))
    draft.note(f"task.{code}", actor, task=task.name, step=task.step, to=event.to, comment=event.comment)


def _hander(draft: Draft, task: Task, event: Transferred) -> Actor:
    wanted = "delegate" if event.delegate else "transfer"
    if is_admin(draft, event.actor) and not event.delegate:
        return event.actor
    actor = standing(draft, task, event.actor)
    _check_offered(draft, task, wanted)
    return actor


def _check_offered(draft: Draft, task: Task, wanted: str) -> None:
    offered = offers(draft.program, task)
    if wanted not in offered:
        message = msg(
            "%(action)s is not possible here. Possible: %(offered)s.", action=wanted, offered=", ".join(offered)
        )
        raise NotAllowed.at("", "not_offered", message)


def check_receiver(draft: Draft, task: Task, to: str) -> None:
    _check_person(draft, task, to, "/to")
    if task.principal == f"p:{to}" and task.behalf is None:
        raise NotAllowed.at("/to", "same_person", msg("%(name)s has this task already.", name=_name(draft, to)))
    if to in _decided_here(draft, task):
        message = msg("%(name)s is asked here already. Choose somebody else.", name=_name(draft, to))
        raise NotAllowed.at("/to", "asked_already", message)
    if task.limited:
        check_limit_of(draft, task, to)


def _decided_here(draft: Draft, task: Task) -> set[str]:
    """Who counts in this step already, where several must agree: nobody agrees twice."""
    step = _step(draft, task)
    if step is None or step.mode is Mode.ANY:
        return set()
    others = {each.principal.removeprefix("p:") for each in draft.tasks_of(task.step) if each.name != task.name}
    return {*others, *draft.approvers(task.step), *draft.steps[task.step].queue}


def _check_person(draft: Draft, task: Task, key: str, path: str) -> None:
    if draft.world.people.active(key) is None:
        message = msg("There is no active person %(key)s. Choose somebody else.", key=repr(key))
        raise NotAllowed.at(path, "unknown_person", message)
    if key == draft.barred_from(_step(draft, task)):
        message = msg("%(name)s asked for this; nobody decides their own request.", name=_name(draft, key))
        raise Forbidden(message, code="self_approval", right="approve")


def add(draft: Draft, task: Task, event: Added) -> None:
    """Bring in others: ``before``, the task waits for them; ``after``, they are asked once it agrees.

    Raises:
        NotAllowed: not offered, nobody or too many named, or somebody who has a task here already.
    """
    actor = standing(draft, task, event.actor)
    _check_offered(draft, task, ADD)
    people = _check_added(draft, task, event)
    _count_votes_of(draft, task, len(people))
    if event.when == "before":
        _hold(draft, task, people, actor)
    else:
        draft.put_task(replace(task, after=(*task.after, *people)))
    draft.note(
        "task.added", actor, task=task.name, step=task.step, people=list(people), when=event.when,
        comment=event.comment,
    )  # fmt: skip


def _check_added(draft: Draft, task: Task, event: Added) -> tuple[str, ...]:
    people = tuple(dict.fromkeys(event.people))
    if not people or len(people) > MAX_ADDED:
        raise NotAllowed.at("/people", "wrong_count", msg("Name one to %(max)s people.", max=MAX_ADDED))
    if event.when not in ("before", "after"):
        message = msg("%(value)s is neither before nor after.", value=repr(event.when))
        raise NotAllowed.at("/when", "unknown_when", message)
    busy = {each.principal for each in draft.tasks_of(task.step)} | {f"p:{key}" for key in task.after}
    for number, key in enumerate(people):
        path = f"/people/{number}"
        _check_person(draft, task, key, path)
        if f"p:{key}" in busy or key == event.actor.person or key in _decided_here(draft, task):
            message = msg("%(name)s is asked here already. Choose somebody else.", name=_name(draft, key))
            raise NotAllowed.at(path, "asked_already", message)
    return people


def _count_votes_of(draft: Draft, task: Task, count: int) -> None:
    step = _step(draft, task)
    if step is not None and step.mode is Mode.VOTE:
        draft.change_step(task.step, total=draft.steps[task.step].total + count)


def _hold(draft: Draft, task: Task, people: tuple[str, ...], actor: Actor) -> None:
    """The task leaves the inbox, and comes back under a new name when all ``people`` agreed."""
    held = replace(task, name=draft.next_name(), held=True)
    draft.tasks = [
        replace(each, parent=held.name) if each.parent == task.name else each
        for each in draft.tasks
        if each.name != task.name
    ]
    draft.tasks.append(held)
    draft.remember(task, ADD, actor)
    draft.effects.append(CloseTask(task.name, ADD, actor))
    why = (*draft.branch_reasons(task.step), Reason("added", {"by": actor.person, "when": "before"}))
    for key in people:
        name = draft.next_name()
        draft.open_task(Task(name, task.step, task.kind, f"p:{key}", name, parent=held.name, why=why), (key,))


def _step(draft: Draft, task: Task) -> Step | None:
    return draft.program.steps.get(task.step)


def _name(draft: Draft, key: str) -> str:
    person = draft.world.people.person(key)
    return person.name if person else key
