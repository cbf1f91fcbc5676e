"""What comes from outside a task: the end of actions, events, edits, and what the submitter asks for."""

from datetime import timedelta

from ..platform.errors import Conflict, Forbidden, TooMany
from ..platform.text import msg
from .definition import Kind
from .effects import Notify, Reason, Recall, SetValues
from .engine_back import go_on, material_change
from .engine_back import resubmit as go_on_after_return
from .engine_draft import SYSTEM, Draft
from .engine_errors import NotAllowed
from .engine_rights import is_admin, people_of
from .engine_walk import advance, ask_owner, call_name
from .events import Arrived, Completed, Edited, Failed, Opened, Recalled, Resubmitted, Urged, Withdrawn
from .run import State, Status

URGE_EVERY = timedelta(hours=1)
URGED = "task_urged"


def complete(draft: Draft, event: Completed) -> None:
    """The action is done: its result fills the fields, the run goes on. The same news twice changes nothing."""
    step, progress = draft.program.steps.get(event.step), draft.steps.get(event.step)
    if step is None or step.kind is not Kind.ACTION or progress is None or progress.facts:
        return
    if event.name != call_name(event.step, progress.round):
        return
    for task in draft.tasks_of(event.step):
        draft.cancel_task(task, "action_done")
    values = draft.program.into(event.step, event.result)
    if values:
        draft.effects.append(SetValues(values))
    draft.change_step(event.step, facts={"done": event.name}, child=None)
    draft.note("action.completed", SYSTEM, step=event.step, action=step.do, name=event.name, result=dict(event.result))
    if draft.finished:
        return
    draft.finish_step(event.step)
    changed = bool(values) and material_change(draft, SYSTEM)
    if draft.status is Status.OPEN:
        _continue(draft, changed)


def _continue(draft: Draft, changed: bool) -> None:
    if changed:
        go_on(draft)
    else:
        advance(draft)


def fail(draft: Draft, event: Failed) -> None:
    """The action failed: tried again by the service, put before somebody, or the end, as its step says."""
    step, progress = draft.program.steps.get(event.step), draft.steps.get(event.step)
    waits = progress is not None and progress.child is not None
    if step is None or progress is None or not (waits or draft.is_under_way(event.step)):
        return
    if event.name != call_name(event.step, progress.round):
        return
    draft.change_step(event.step, child=None)
    draft.note(
        "action.failed", SYSTEM, step=event.step, action=step.do, name=event.name, message=event.message,
        final=event.final,
    )  # fmt: skip
    if step.on_error == "retry" and not event.final and not draft.finished:
        return
    if draft.status is not Status.OPEN:  # nobody performs it any more: it is called again should the request come here
        draft.change_step(event.step, state=State.UNDONE)
    elif step.on_error == "fail":
        draft.change_step(event.step, state=State.UNDONE)
        draft.finish(Status.REJECTED, SYSTEM, step=event.step, because="action_failed", message=event.message)
    else:
        reason = Reason("action_failed", {"step": event.step, "action": step.do, "message": event.message})
        ask_owner(draft, step, reason)


def opened(draft: Draft, event: Opened) -> None:
    """The action asked for another request, and waits for its end; one that comes too late is called back."""
    progress = draft.steps.get(event.step)
    expected = progress is not None and event.name == call_name(event.step, progress.round)
    if progress is None or not expected or draft.finished or not draft.is_under_way(event.step):
        draft.effects.append(Recall(event.record))
        return
    draft.change_step(event.step, child=event.record)
    draft.note("request.opened", SYSTEM, step=event.step, record=event.record, number=event.number, name=event.name)


def recalled(draft: Draft, event: Recalled) -> None:
    """Who asked for this request needs it no more.

    Raises:
        Conflict: an action is being carried out; it can be called back once that is over.
    """
    _check_not_busy(draft)
    draft.finish(Status.WITHDRAWN, event.actor, because="recalled")


def arrive(draft: Draft, event: Arrived) -> None:
    """An event reaches the steps that wait for it.

    Raises:
        NotAllowed: none does.
    """
    waiting = [
        step
        for step, progress in draft.steps.items()
        if progress.state is State.OPEN and draft.program.steps[step].event == event.event
    ]
    if not waiting:
        known = ", ".join(
            str(draft.program.steps[step].event)
            for step, progress in draft.steps.items()
            if progress.state is State.OPEN and draft.program.steps[step].event is not None
        )
        message = msg(
            "Nothing waits for %(event)s now. Waited for: %(known)s.", event=repr(event.event), known=known or "-"
        )
        raise NotAllowed.at("/event", "not_waited_for", message)
    if event.values:
        draft.effects.append(SetValues(event.values))
    for step in waiting:
        draft.finish_step(step)
        draft.note("wait.over", event.actor, step=step, because="event", event=event.event)
    changed = bool(event.values) and material_change(draft, event.actor)
    _continue(draft, changed)


def edit(draft: Draft, event: Edited) -> None:
    """The record was changed beside the flow: approvals of something else fall."""
    if draft.status is Status.OPEN and material_change(draft, event.actor):
        go_on(draft)


def withdraw(draft: Draft, event: Withdrawn) -> None:
    """The submitter takes the request back (撤回).

    Raises:
        Forbidden: it is another's, or the flow does not let them any more.
        Conflict: an action is being carried out.
    """
    _check_submitter(draft, event.actor.person)
    _check_withdraw(draft)
    draft.finish(Status.WITHDRAWN, event.actor, comment=event.comment)


def _check_submitter(draft: Draft, person: str | None) -> None:
    if person != draft.submitter:
        raise Forbidden(msg("Only who filed the request may do this."), right="submitter")


def _check_withdraw(draft: Draft) -> None:
    rule = draft.program.settings.withdraw
    _check_not_busy(draft)
    decided = any(each.verdict not in ("cancelled", "add") and not each.void for each in draft.closed) or any(
        task.pending is not None for task in draft.tasks
    )
    if rule == "never" or (rule == "until_decided" and decided and draft.status is not Status.RETURNED):
        message = (
            msg("This flow does not let requests be withdrawn.")
            if rule == "never"
            else msg("Somebody has decided already, so it cannot be withdrawn. Ask them to send it back.")
        )
        raise Forbidden(message, code="not_withdrawable", right="withdraw")


def _check_not_busy(draft: Draft) -> None:
    busy = next((step for step in draft.steps if draft.is_under_way(step)), None)
    if busy is not None:
        raise Conflict(
            msg("“%(action)s” is being carried out. Try again in a moment.", action=draft.program.steps[busy].do),
            code="action_under_way",
        )


def resubmit(draft: Draft, event: Resubmitted) -> None:
    """The corrected request is sent again.

    Raises:
        Forbidden: it is another's.
        NotAllowed: it was not sent back.
    """
    if draft.status is not Status.RETURNED:
        raise NotAllowed.at("", "not_returned", msg("The request was not sent back; there is nothing to send again."))
    holders = [key for task in draft.open_tasks() for key in people_of(task, draft.world.people)]
    if event.actor.person not in (draft.submitter, *holders) and not is_admin(draft, event.actor):
        _check_submitter(draft, event.actor.person)
    if event.changed:
        draft.effects.append(SetValues({key: draft.world.values.get(key) for key in event.changed}))
    go_on_after_return(draft, event.actor, event.comment, event.changed)


def urge(draft: Draft, event: Urged) -> None:
    """Ask those it waits for to hurry (催办), at most once an hour.

    Raises:
        Forbidden: it is another's request.
        TooMany: they were asked a moment ago.
    """
    _check_submitter(draft, event.actor.person)
    now = draft.world.now
    if draft.urged_at is not None and now - draft.urged_at < URGE_EVERY:
        left = URGE_EVERY - (now - draft.urged_at)
        raise TooMany(
            msg("They were asked to hurry already. Try again in %(minutes)s minutes.", minutes=left.seconds // 60 + 1),
            retry_after=left.seconds + 1,
        )
    told: list[str] = []
    for task in draft.open_tasks():
        people = tuple(key for key in people_of(task, draft.world.people) if key != draft.submitter)
        if people:
            name = f"urge.{task.name}.{int(now.timestamp())}"
            data = {"comment": event.comment, "by": event.actor.person}
            draft.effects.append(Notify(name, URGED, people, step=task.step, task=task.name, data=data))
            told += people
    if not told:
        raise NotAllowed.at("", "nobody_to_urge", msg("The request waits for nobody but you."))
    draft.urged_at = now
    draft.note("run.urged", event.actor, comment=event.comment, people=sorted(set(told)))
