"""The second person: above a threshold nothing is done or finished before two approved, in whatever order.

The rule stands where the way leads out (an action, the end), not where somebody decides, so that no order of
decisions, deadlines, returns and changes goes around it. Where only one approved, their step asks another.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ..platform.errors import Forbidden
from ..platform.text import msg
from .authority import ZERO, governed
from .definition import Authority, Kind, Step
from .effects import Actor, Reason
from .engine_assign import Candidate, admins, find, give
from .engine_draft import RULE, Draft
from .run import Closed, State, Status, Task

SECOND = "second"
Clock = Callable[[Draft, Step], datetime | None]


def held_back(draft: Draft, clock: Clock) -> bool:
    """Whether the way out is closed until another person approved; they are asked, unless they are already."""
    authority = draft.program.settings.authority
    if authority is None or not _lacks_second(draft, authority):
        return False
    if not any(is_second(task) for task in draft.tasks):
        _ask(draft, authority, clock)
    return True


def is_second(task: Task) -> bool:
    """Whether the task asks for the second person's approval."""
    return SECOND in [reason.code for reason in task.why]


def require_another(draft: Draft, task: Task, actor: Actor) -> None:
    """Who approved already does not approve as the second person, neither in their own name nor in another's.

    Raises:
        Forbidden: they did; they may still hand the task on.
    """
    if is_second(task) and not {actor.person, actor.on_behalf_of}.isdisjoint(_agreed(draft)):
        message = msg("You approved this already, and it needs a second person. Transfer the task to somebody else.")
        raise Forbidden(message, code="second_person", right="approve")


def _agreed(draft: Draft) -> set[str | None]:
    """Everybody who approved, in person or through another."""
    return {key for each in _approvals(draft) for key in (each.by, each.accountable) if key is not None}


def _lacks_second(draft: Draft, authority: Authority) -> bool:
    if authority.two_above is None:
        return False
    amount = governed(authority, draft.values, authority.amount)
    if amount is None or amount <= authority.two_above:
        return False
    approvals = _approvals(draft)
    # one who decides for two is one person; so are two who decide for one
    return min(len({each.by for each in approvals}), len({each.accountable for each in approvals})) < 2


def _approvals(draft: Draft) -> list[Closed]:
    """Those that count, by persons other than who asked."""
    return [
        each
        for each in draft.closed
        if each.verdict == "approve"
        and not each.void
        and each.by is not None
        and draft.submitter not in (each.by, each.accountable)
    ]


def _ask(draft: Draft, authority: Authority, clock: Clock) -> None:
    """Reopen the last step that was approved for somebody else; without one, the request is not let through."""
    step = _last_approved(draft)
    if step is None:
        draft.finish(Status.REJECTED, RULE, because=SECOND)
        return
    due_at = clock(draft, step)
    draft.change_step(step.id, state=State.OPEN, opened_at=draft.world.now, due_at=due_at, fired=0)
    amount = governed(authority, draft.values, authority.amount)
    reason = Reason(SECOND, {"amount": format(amount, "f"), "above": format(authority.two_above or ZERO, "f")})
    before = (*draft.branch_reasons(step.id), reason)
    slot = None
    for each in _others(draft, step, authority):
        slot = give(draft, step, each, slot=slot, before=before)
    draft.note("second.asked", RULE, step=step.id, amount=format(amount, "f"))


def _last_approved(draft: Draft) -> Step | None:
    known = draft.program.steps
    for each in reversed(draft.closed):
        if each.verdict == "approve" and not each.void and each.step in draft.steps and each.step in known:
            return known[each.step]
    done = [
        known[step]
        for step, progress in draft.steps.items()
        if known[step].kind is Kind.APPROVE and progress.state in (State.DONE, State.PASSED)
    ]
    return done[-1] if done else None


def _others(draft: Draft, step: Step, authority: Authority) -> tuple[Candidate, ...]:
    """Whom to ask: nobody who approved already, in person or through another; administrators where nobody is left."""
    asked = _agreed(draft)
    found, trace = find(draft, step, authority.second, pools=False)
    others = tuple(each for each in found if each.principal.removeprefix("p:") not in asked)
    if others:
        return others
    pool = admins(draft, step, trace)
    left = tuple(key for key in pool.people if key not in asked)
    if left == pool.people or not left:
        return (pool,)
    return tuple(replace(pool, principal=f"p:{key}", people=(key,), excluded=None) for key in left)
