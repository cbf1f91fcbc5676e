"""Whom a step asks: selectors, then the rules on oneself, on nobody and on who approved already."""

from collections.abc import Sequence
from dataclasses import replace

from ..platform.people.directory import ADMIN
from ..platform.value import value
from .definition import Kind, Mode, Selector, Selectors, Step
from .effects import Reason
from .engine_draft import ADMINS, Draft
from .run import Task
from .selectors import Found, resolve


@value
class Candidate:
    """One principal that a task can go to, with all who may act as it and why it is they."""

    principal: str
    people: tuple[str, ...]
    reasons: tuple[Reason, ...]
    excluded: str | None = None
    limited: bool = False


def person(key: str, *reasons: Reason, limited: bool = False) -> Candidate:
    """The candidate who is one person."""
    return Candidate(f"p:{key}", (key,), reasons, limited=limited)


def candidates(draft: Draft, step: Step) -> str | tuple[Candidate, ...]:
    """Whom ``step`` asks; ``"skip"`` or ``"refuse"`` where it finds nobody and says so."""
    found, trace = find(draft, step, step.who, pools=step.mode is Mode.ANY)
    if found:
        return found
    if isinstance(step.nobody, str):
        if step.nobody != "admin":
            return step.nobody
        return (admins(draft, step, (*trace, Reason("nobody", {"then": "admin"}))),)
    trace = (*trace, Reason("nobody", {"then": "others"}))
    found, more = find(draft, step, step.nobody, pools=step.mode is Mode.ANY)
    if found:
        return tuple(replace(each, reasons=(*trace, *each.reasons)) for each in found)
    return (admins(draft, step, (*trace, *more, Reason("nobody", {"then": "admin"}))),)


def admins(draft: Draft, step: Step | None, trace: tuple[Reason, ...]) -> Candidate:
    """The administrators, also while there are none: the task waits for the first who becomes one."""
    barred = draft.barred_from(step)
    members = tuple(each.key for each in draft.world.people.members(ADMIN))
    excluded = barred if barred in members else None
    return Candidate(ADMINS, _without(members, barred), trace, excluded)


def owner(draft: Draft, *trace: Reason) -> Candidate:
    """Who owns the case, or else the administrators."""
    selector = draft.program.settings.owner
    if selector is not None:
        found, reasons = find(draft, None, (selector,), pools=True)
        if found:
            return replace(found[0], reasons=(*trace, *found[0].reasons))
        trace = (*trace, *reasons)
    return admins(draft, None, trace)


def find(
    draft: Draft, step: Step | None, selectors: Selectors, *, pools: bool
) -> tuple[tuple[Candidate, ...], tuple[Reason, ...]]:
    """The candidates that ``selectors`` find, and the trace of what was looked for in vain.

    With ``pools`` a role stays one candidate; otherwise each member is one.
    """
    barred = draft.barred_from(step)
    found: list[Candidate] = []
    trace: list[Reason] = []
    met_self = False
    for selector in selectors:
        each = _resolve(draft, selector)
        met_self = met_self or barred in each.people
        got = _of(each, barred, pools)
        found.extend(got)
        if not got:
            trace.append(each.reason)
    if not found and met_self and barred is not None:
        return _instead(draft, barred, tuple(trace))
    return _once(found), tuple(trace)


def _resolve(draft: Draft, selector: Selector) -> Found:
    return resolve(selector, draft.asking)


def _of(found: Found, barred: str | None, pools: bool) -> list[Candidate]:
    people = _without(found.people, barred)
    if not people:
        return []
    if found.pool is not None and pools:
        excluded = barred if barred in found.people else None
        return [Candidate(found.pool, people, (found.reason,), excluded)]
    return [person(key, found.reason, limited=found.limited) for key in people]


def _without(people: tuple[str, ...], barred: str | None) -> tuple[str, ...]:
    if barred is None or barred not in people:
        return people
    return tuple(key for key in people if key != barred)


def _instead(draft: Draft, barred: str, trace: tuple[Reason, ...]) -> tuple[tuple[Candidate, ...], tuple[Reason, ...]]:
    """Only the submitter was found: their manager and on up, if the flow escalates; otherwise nobody."""
    if draft.program.settings.self_approval == "escalate":
        for above in draft.world.people.line(barred):
            if above.active:
                reason = Reason("self", {"person": barred, "instead": above.key})
                return (person(above.key, *trace, reason),), ()
    return (), (*trace, Reason("self", {"person": barred}))


def _once(found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Nobody twice: the first reason counts."""
    if len(found) < 2:
        return tuple(found)
    kept: dict[str, Candidate] = {}
    for each in found:
        kept.setdefault(each.principal, each)
    return tuple(kept.values())


def give(draft: Draft, step: Step, candidate: Candidate, *, slot: str | None = None, before: tuple[Reason, ...]) -> str:
    """Open a task of ``step`` for the candidate; its slot: tasks of one slot are alternatives to each other."""
    name = draft.next_name()
    kind = "approve" if step.kind is Kind.APPROVE else "work"
    task = Task(
        name,
        step.id,
        kind,
        candidate.principal,
        slot or name,
        candidate.excluded,
        limited=candidate.limited,
        why=(*before, *candidate.reasons),
    )
    draft.open_task(task, candidate.people)
    return task.slot
