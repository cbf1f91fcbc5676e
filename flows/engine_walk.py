"""Walking a run forward: every step that can be done without anybody is done, every other is opened.

The walk starts at the top each time and passes over what is done, so that there is one rule for going on, for going on
after a return and for asking again after a material change.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from .definition import Branch, Kind, Mode, Step
from .effects import Actor, Call, Notify, Reason
from .engine_assign import Candidate, candidates, give, owner, person
from .engine_draft import RULE, Draft
from .engine_second import held_back
from .program import Way
from .run import State, Status
from .selectors import resolve
from .values import mark, plain

_OVER = (State.DONE, State.PASSED)


def advance(draft: Draft) -> None:
    """Go on as far as it goes; a run whose steps are all done is approved."""
    if draft.finished or not _walk(draft, draft.program.flow.steps) or draft.finished:
        return
    if not held_back(draft, Draft.start_clock):
        draft.finish(Status.APPROVED, RULE)


def _walk(draft: Draft, steps: tuple[Step, ...]) -> bool:
    """Whether all of ``steps`` are over; the first that is not is opened, unless it is open."""
    for step in steps:
        progress = draft.steps.get(step.id)
        if progress is not None and progress.state in _OVER:
            continue
        if not _ENTER[step.kind](draft, step) or draft.finished:
            return False
    return True


def _is_open(draft: Draft, step: Step) -> bool:
    progress = draft.steps.get(step.id)
    return progress is not None and progress.state is State.OPEN


# approve, work


def _enter_people(draft: Draft, step: Step) -> bool:
    if _is_open(draft, step):
        return False
    asked = candidates(draft, step)
    if asked == "skip":
        return _pass(draft, step, "nobody")
    if isinstance(asked, str):
        draft.finish(Status.REJECTED, RULE, step=step.id, because="nobody")
        return False
    return ask(draft, step, asked)


def ask(draft: Draft, step: Step, asked: tuple[Candidate, ...]) -> bool:
    """Open the step for those asked, less those whose approval still stands; whether it is over at once."""
    stands = {f"p:{key}" for key in draft.approvers(step.id)} if draft.closed else ()
    again = _asked_again(draft, step)
    narrowed = _narrowed(asked, again)
    remaining = tuple([each for each in narrowed if each.principal not in stands]) if stands else narrowed
    if not remaining:
        return _pass(draft, step, "approved")
    if not again and _may_skip(draft, step, remaining):
        return _pass(draft, step, "repeat")
    in_turn = step.mode is Mode.IN_TURN
    draft.open_step(
        step,
        queue=tuple(each.people[0] for each in remaining[1:]) if in_turn else (),
        total=len(remaining) + len(stands) if step.mode is Mode.VOTE else 0,
        due_at=draft.start_clock(step),
    )
    _give_all(draft, step, remaining[:1] if in_turn else remaining)
    return False


def _give_all(draft: Draft, step: Step, asked: tuple[Candidate, ...]) -> None:
    before = draft.branch_reasons(step.id)
    slot = None
    for each in asked:
        given = give(draft, step, each, slot=slot, before=before)
        if step.mode is Mode.ANY:
            slot = given


def ask_next(draft: Draft, step: Step) -> bool:
    """Ask the next in turn, with the whole time of the clock; ``False``: nobody is left who still works here."""
    left = [key for key in draft.steps[step.id].queue if draft.world.people.active(key)]
    if not left:
        return False
    due_at = draft.start_clock(step)
    draft.change_step(step.id, queue=tuple(left[1:]), opened_at=draft.world.now, due_at=due_at, fired=0)
    candidate = person(left[0], Reason("in_turn", {"person": left[0]}))
    give(draft, step, candidate, before=draft.branch_reasons(step.id))
    return True


def _asked_again(draft: Draft, step: Step) -> tuple[str, ...]:
    """Those who approved the step before something material changed."""
    progress = draft.steps.get(step.id)
    return progress.queue if progress is not None and progress.state is State.UNDONE else ()


def _narrowed(asked: tuple[Candidate, ...], again: tuple[str, ...]) -> tuple[Candidate, ...]:
    """Of a pool, only those who decided it before, as long as they belong to it: they know the request."""
    if not again:
        return asked
    narrowed: list[Candidate] = []
    for each in asked:
        known = [key for key in each.people if key in again] if not each.principal.startswith("p:") else []
        narrowed.extend(person(key, *each.reasons, Reason("again", {"person": key})) for key in known)
        if not known:
            narrowed.append(each)
    return tuple(narrowed)


def _may_skip(draft: Draft, step: Step, asked: tuple[Candidate, ...]) -> bool:
    """Whether all whom the step asks approved earlier in this run, and need not again."""
    if step.kind is not Kind.APPROVE or draft.program.settings.repeat_approver != "skip":
        return False
    approved = {each.accountable for each in draft.closed if each.verdict == "approve" and not each.void}
    people = [key for each in asked for key in each.people]
    return bool(people) and approved.issuperset(people)


def _pass(draft: Draft, step: Step, because: str) -> bool:
    draft.finish_step(step.id, State.PASSED)
    draft.note("step.skipped", RULE, step=step.id, because=because)
    return True


# route, parallel


def _enter_route(draft: Draft, step: Step) -> bool:
    progress = draft.steps.get(step.id)
    if progress is None or progress.state is not State.OPEN:
        ways = _ways_open(draft, step)
        if len(ways) != 1:
            return _ask_for_way(draft, step, len(ways))
        take(draft, step, ways[0].branch, RULE)
    elif not progress.choice:
        return False
    if not _walk(draft, _branch(step, draft.steps[step.id].choice).steps) or draft.finished:
        return False
    draft.finish_step(step.id)
    return True


def _ways_open(draft: Draft, step: Step) -> list[Way]:
    """The branches whose conditions hold; the one taken otherwise if none does."""
    ways = draft.program.ways[step.id]
    values = draft.values
    if step.hit == "first":
        return next(([way] for way in ways if way.asked is not None and way.asked(values)), _otherwise(ways))
    return [way for way in ways if way.asked is not None and way.asked(values)] or _otherwise(ways)


def _otherwise(ways: tuple[Way, ...]) -> list[Way]:
    return [way for way in ways if way.asked is None]


def way_open(draft: Draft, step: Step) -> Branch | None:
    """The one branch that a route would take now, ``None`` if there is none or more than one."""
    ways = _ways_open(draft, step)
    return ways[0].branch if len(ways) == 1 else None


def take(draft: Draft, step: Step, branch: Branch, actor: Actor) -> None:
    """The route goes by ``branch``; what its conditions read is kept with it."""
    facts = {key: mark(draft.values.get(key)) for key in draft.program.reads[step.id]}
    draft.open_step(step, choice=branch.id, facts=facts)
    draft.note("route.taken", actor, step=step.id, branch=branch.id, facts=facts)


def _branch(step: Step, branch_id: str) -> Branch:
    return next(branch for branch in step.branches if branch.id == branch_id)


def _ask_for_way(draft: Draft, step: Step, count: int) -> bool:
    """No branch, or several: what ``signoff check`` excludes. Whoever owns the case finds the way; nothing is lost."""
    reads = draft.program.reads[step.id]
    facts = {key: mark(draft.values.get(key)) for key in reads}
    draft.open_step(step)
    draft.note("route.stuck", RULE, step=step.id, matches=count, facts=facts)
    ask_owner(draft, step, Reason("no_way", {"step": step.id, "matches": count, "facts": facts}))
    return False


def ask_owner(draft: Draft, step: Step, reason: Reason) -> None:
    """A task of ``step`` for whoever owns the case: they say how it goes on."""
    give(draft, step, owner(draft, reason), before=draft.branch_reasons(step.id))


def _enter_parallel(draft: Draft, step: Step) -> bool:
    if not _is_open(draft, step):
        draft.open_step(step)
    over = 0
    for branch in step.branches:
        done = _walk(draft, branch.steps)
        if draft.finished:
            return False
        if done and step.join == "any":
            draft.change_step(step.id, choice=branch.id)
            leave_others(draft, step, branch)
            draft.finish_step(step.id)
            return True
        over += done
    if over < len(step.branches):
        return False
    draft.finish_step(step.id)
    return True


def leave_others(draft: Draft, step: Step, winner: Branch) -> None:
    """One branch was enough: whatever is open in the others is cancelled, and said so."""
    for inner, trail in draft.program.trail.items():
        progress = draft.steps.get(inner)
        if progress is None or progress.state is not State.OPEN:
            continue
        around = dict(trail)
        if around.get(step.id, winner.id) != winner.id:
            draft.undo_step(inner, "join_any")
            draft.note("step.cancelled", RULE, step=inner, because="join_any")


# auto, action, notify, wait


def _enter_auto(draft: Draft, step: Step) -> bool:
    draft.note("step.auto", RULE, step=step.id, verdict=step.verdict, reason=_text(step.reason))
    if step.verdict == "reject":
        draft.finish(Status.REJECTED, RULE, step=step.id, reason=_text(step.reason))
        return False
    draft.finish_step(step.id)
    return True


def _text(reason: Any) -> Any:
    return dict(reason) if isinstance(reason, Mapping) else reason


def arguments_of(draft: Draft, step: Step) -> dict[str, Any]:
    """What the action is called with, as JSON."""
    made = draft.program.arguments.get(step.id, {})
    return {key: plain(argument(draft.values, draft.world)) for key, argument in made.items()}


def _enter_action(draft: Draft, step: Step) -> bool:
    """An action that was performed is not performed again: with other arguments now, somebody is asked."""
    if _is_open(draft, step):
        return False
    if held_back(draft, Draft.start_clock):
        return False
    arguments = arguments_of(draft, step)
    before = draft.steps.get(step.id)
    if before is None or not before.facts:
        call(draft, step, arguments)
        return False
    if before.choice == mark(arguments):
        draft.finish_step(step.id)
        draft.note("action.kept", RULE, step=step.id)
        return True
    draft.change_step(step.id, state=State.OPEN)
    ask_owner(draft, step, Reason("action_differs", {"step": step.id, "action": step.do}))
    return False


def call(draft: Draft, step: Step, arguments: Mapping[str, Any]) -> None:
    """Perform the action. Its name is the same as long as its arguments are: a retry has the same idempotency key."""
    before, digest = draft.steps.get(step.id), mark(arguments)
    draft.open_step(step, choice=digest)
    if before is not None and before.choice == digest and not before.facts:
        draft.change_step(step.id, round=before.round)
    name = call_name(step.id, draft.steps[step.id].round)
    draft.effects.append(Call(name, step.id, step.do, arguments, step.on_error))
    draft.note("action.called", RULE, step=step.id, action=step.do, name=name)


def call_name(step: str, round_: int) -> str:
    return f"{step}#{round_}"


def _enter_notify(draft: Draft, step: Step) -> bool:
    people: dict[str, None] = {}
    addresses: dict[str, None] = {}
    for selector in step.to:
        found = resolve(selector, draft.asking)
        people |= dict.fromkeys(found.people)
        addresses |= dict.fromkeys(found.addresses)
    before = draft.steps.get(step.id)
    name = call_name(step.id, before.round + 1 if before else 1)
    if people or addresses:
        draft.effects.append(
            Notify(name, step.template, tuple(people), tuple(addresses), step.id, channels=step.channels)
        )
    draft.note("people.told", RULE, step=step.id, people=list(people), addresses=list(addresses))
    draft.open_step(step)
    draft.finish_step(step.id)
    return True


def _enter_wait(draft: Draft, step: Step) -> bool:
    if _is_open(draft, step):
        return False
    until = _until(draft, step)
    if step.event is None and (until is None or until <= draft.world.now):
        draft.finish_step(step.id)
        draft.note("wait.over", RULE, step=step.id, because="past" if until else "blank")
        return True
    draft.open_step(step, due_at=until)
    draft.note("wait.started", RULE, step=step.id, until=until.isoformat() if until else None, event=step.event)
    if until is not None:
        draft.set_timer(step.id, until)
    return False


def _until(draft: Draft, step: Step) -> datetime | None:
    """When the waiting ends by itself; ``None``: only by its event, or at once where the date is blank."""
    length = step.limit if step.event is not None else step.wait_for
    if length is not None:
        return draft.world.calendar.add(draft.world.now, length, "always")
    value = draft.values.get(step.until) if step.until is not None else None
    if isinstance(value, datetime):
        return value
    return _morning(draft, value) if isinstance(value, date) else None


def _morning(draft: Draft, day: date) -> datetime:
    """Midnight at the beginning of ``day``, where the calendar is."""
    return datetime(day.year, day.month, day.day, tzinfo=draft.world.calendar.zone).astimezone(UTC)


_ENTER = {
    Kind.APPROVE: _enter_people,
    Kind.WORK: _enter_people,
    Kind.ROUTE: _enter_route,
    Kind.PARALLEL: _enter_parallel,
    Kind.AUTO: _enter_auto,
    Kind.ACTION: _enter_action,
    Kind.NOTIFY: _enter_notify,
    Kind.WAIT: _enter_wait,
}
