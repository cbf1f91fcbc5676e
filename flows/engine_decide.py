"""Decisions: approve, reject, return, complete; and what follows for the step."""

from dataclasses import replace
from decimal import Decimal

from ..platform.text import msg
from .definition import Kind, Mode, Step
from .effects import Actor, Reason, SetValues
from .engine_back import go_on, material_change, resubmit, send_back, usual_target
from .engine_draft import Draft
from .engine_errors import NotAllowed
from .engine_rights import check_limits, offers, people_of, standing
from .engine_second import is_second, require_another
from .engine_walk import advance, arguments_of, ask_next, call, take, way_open
from .events import Decided
from .run import START, Status, Task


def decide(draft: Draft, task: Task, event: Decided) -> None:
    """Apply one decision.

    Raises:
        NotAssigned: it is another's task.
        Forbidden: their own request, above their limit.
        NotAllowed: the verdict is not offered, a reason is missing, the way back leads nowhere.
    """
    apply_decision(draft, task, event, standing(draft, task, event.actor))


def apply_decision(draft: Draft, task: Task, event: Decided, actor: Actor) -> None:
    """The decision of ``actor``, whose standing was looked at before.

    Raises:
        Forbidden, NotAllowed: as :func:`decide`.
    """
    step = draft.program.steps.get(task.step)
    _check(draft, task, step, event)
    if event.values:
        draft.effects.append(SetValues(event.values))
    if task.step == START:
        resubmit(draft, actor, event.comment, tuple(sorted(event.values)))
    elif step is not None:
        if event.verdict == "approve":
            check_limits(draft, task, actor)
            require_another(draft, task, actor)
        _apply(draft, task, step, event, actor)


def _check(draft: Draft, task: Task, step: Step | None, event: Decided) -> None:
    offered = offers(draft.program, task)
    if event.verdict not in offered:
        message = msg(
            "%(verdict)s is not possible here. Possible: %(offered)s.",
            verdict=repr(event.verdict),
            offered=", ".join(offered),
        )
        raise NotAllowed.at("/verdict", "not_offered", message)
    if step is not None and event.verdict in step.reason_on and not event.comment.strip():
        raise NotAllowed.at("/comment", "reason_missing", msg("Say why: this decision needs a reason in words."))


def _apply(draft: Draft, task: Task, step: Step, event: Decided, actor: Actor) -> None:
    returns = event.verdict == "return"
    draft.note(
        "task.decided", actor, task=task.name, step=task.step, verdict=event.verdict, comment=event.comment,
        to=event.to or (usual_target(step) if returns else None), resume=event.resume if returns else None,
    )  # fmt: skip
    approves = event.verdict == "approve"
    keep = (actor.on_behalf_of or actor.person) if approves else None
    changed = bool(event.values) and material_change(draft, actor, keep=keep, own=step.id)
    if returns:
        send_back(draft, task, step, event, actor)
        return
    draft.close_task(task, event.verdict, actor)
    if step.kind in (Kind.APPROVE, Kind.WORK):
        _settle(draft, task, step, event, actor)
    else:
        _help_out(draft, step, event, actor)
    if changed and not draft.finished:
        go_on(draft)
    else:
        advance(draft)


def _settle(draft: Draft, task: Task, step: Step, event: Decided, actor: Actor) -> None:
    if event.verdict == "reject" and (step.mode is not Mode.VOTE or is_second(task)):
        draft.finish(Status.REJECTED, actor, step=step.id, comment=event.comment)
        return
    agreed(draft, task, step, actor)
    if step.mode is Mode.VOTE and not is_second(task):
        count_votes(draft, step, actor)
    elif not draft.tasks_of(step.id) and not ask_next(draft, step):
        draft.finish_step(step.id)


def agreed(draft: Draft, task: Task, step: Step, actor: Actor) -> None:
    """What a decided task sets free: alternatives are needless, those added after it are asked, what waited goes on."""
    _cancel_alternatives(draft, task)
    after = [key for key in task.after if draft.world.people.active(key)]
    if after:
        for key in after:
            _ask_added(draft, step, key, parent=task.parent, by=actor.person)
    elif task.parent is not None and all(each.parent != task.parent for each in draft.tasks):
        _resume(draft, task.parent)


def _cancel_alternatives(draft: Draft, task: Task) -> None:
    for other in [each for each in draft.tasks if each.slot == task.slot and each.parent == task.parent]:
        _cancel_with_added(draft, other)


def _cancel_with_added(draft: Draft, task: Task) -> None:
    for added in [each for each in draft.tasks if each.parent == task.name]:
        _cancel_with_added(draft, added)
    draft.cancel_task(task, "other_decided")


def _ask_added(draft: Draft, step: Step, key: str, *, parent: str | None, by: str | None) -> None:
    """A task of its own for an added person."""
    name = draft.next_name()
    why = (*draft.branch_reasons(step.id), Reason("added", {"by": by, "when": "after"}))
    kind = "approve" if step.kind is Kind.APPROVE else "work"
    draft.open_task(Task(name, step.id, kind, f"p:{key}", name, parent=parent, why=why), (key,))


def _resume(draft: Draft, name: str) -> None:
    """A held task waits for its holder again: all who were added before it agreed."""
    held = next((each for each in draft.tasks if each.name == name), None)
    if held is None:
        return
    task = replace(held, held=False, why=(*held.why, Reason("added_agreed")))
    draft.tasks.remove(held)
    draft.open_task(task, people_of(task, draft.world.people))


def count_votes(draft: Draft, step: Step, actor: Actor) -> None:
    """Agreed as soon as the share is reached, rejected as soon as it cannot be reached any more."""
    votes = [each for each in draft.closed if each.step == step.id and not each.void]
    yes = sum(each.verdict in ("approve", "complete") for each in votes)
    no = sum(each.verdict == "reject" for each in votes)
    # Who left since cannot vote: once nobody is waited for, the votes given decide.
    total = draft.steps[step.id].total if draft.tasks_of(step.id) else yes + no
    needed = (step.share or Decimal(1)) * total
    if yes >= needed:
        draft.finish_step(step.id)
    elif total - no < needed:
        draft.note("vote.failed", actor, step=step.id, agreed=yes, against=no, total=total)
        draft.finish(Status.REJECTED, actor, step=step.id)


def _help_out(draft: Draft, step: Step, event: Decided, actor: Actor) -> None:
    """Somebody helps a step on at which people do nothing otherwise."""
    if event.verdict == "reject":
        draft.finish(Status.REJECTED, actor, step=step.id, comment=event.comment)
    elif step.kind is Kind.ACTION:
        _help_action(draft, step, event, actor)
    else:
        _help_route(draft, step, event, actor)


def _help_action(draft: Draft, step: Step, event: Decided, actor: Actor) -> None:
    if event.verdict == "retry":
        call(draft, step, arguments_of(draft, step))
    else:
        draft.finish_step(step.id)
        draft.note("action.skipped", actor, step=step.id, action=step.do, comment=event.comment)


def _help_route(draft: Draft, step: Step, event: Decided, actor: Actor) -> None:
    chosen = next((each for each in step.branches if each.id == event.to), None) if event.to else way_open(draft, step)
    if chosen is None:
        known = ", ".join(each.id for each in step.branches)
        message = msg("Still no branch fits. Correct the values, or choose one of %(known)s.", known=known)
        raise NotAllowed.at("/to", "no_branch", message)
    take(draft, step, chosen, actor)
