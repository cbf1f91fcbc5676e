"""Who may act on a task, as what, up to which amount, and what is offered to them."""

from decimal import Decimal

from ..platform.acting import ActingAs
from ..platform.errors import Forbidden
from ..platform.people.directory import ADMIN, Directory
from ..platform.text import msg
from .authority import governed
from .definition import Kind
from .effects import Actor
from .engine_draft import Draft
from .engine_errors import NotAssigned
from .program import FlowProgram
from .run import START, Run, Task, World
from .selectors import limit_of

VERDICTS = ("approve", "reject", "return", "complete", "retry", "skip")


def offers(program: FlowProgram, task: Task) -> tuple[str, ...]:
    """What may be done on a task: verdicts first, then ``transfer``, ``add``, ``delegate``; claim and release aside."""
    if task.step == START:
        return ("complete",)
    step = program.steps[task.step]
    if step.kind in (Kind.APPROVE, Kind.WORK):
        return step.actions
    if step.kind is Kind.ACTION:
        return ("retry", "skip", "reject", "transfer")
    return ("complete", "reject", "transfer")


def people_of(task: Task, people: Directory) -> tuple[str, ...]:
    """All who may act on the task in their own right now; of a claimed one, who claimed it."""
    if task.claimed_by is not None:
        return (task.claimed_by,)
    sort, _, name = task.principal.partition(":")
    if sort == "p":
        return (name,) if task.behalf is None else (name, task.behalf)
    role, _, department = name.partition("@")
    return tuple(each.key for each in people.members(role, department or None) if each.key != task.excluded)


def acting(program: FlowProgram, run: Run, task: Task, actor: Actor, world: World) -> Actor:
    """As what ``actor`` acts on an open task of ``run``: for the pages, which ask before they offer.

    Raises:
        NotAssigned: it is another's.
        Forbidden: it is their own request.
    """
    return standing(Draft(program, run, world), task, actor)


def standing(draft: Draft, task: Task, actor: Actor) -> Actor:
    """As what ``actor`` acts: themselves, or for somebody who delegated to them (``on_behalf_of`` chooses whom).

    Raises:
        NotAssigned: it is another's.
        Forbidden: it is their own request.
    """
    if actor.person is None:
        return actor
    found = _standing(draft, task, actor)
    step = draft.program.steps.get(task.step)
    barred = draft.barred_from(step) if task.kind == "approve" else None
    if barred is not None and barred in (found.person, found.on_behalf_of):
        raise Forbidden(
            msg("You asked for this yourself; somebody else must decide it."), code="self_approval", right="approve"
        )
    return found


def _standing(draft: Draft, task: Task, actor: Actor) -> Actor:
    person, directory = actor.person, draft.world.people
    assert person is not None
    if task.behalf is not None and task.principal == f"p:{person}":
        return Actor(person, ActingAs.DELEGATE, task.behalf)
    mine = people_of(task, directory)
    if actor.on_behalf_of in (None, person) and person in mine and not _claimed_as_delegate(draft, task):
        return Actor(person, actor.acting_as if actor.acting_as is ActingAs.CUSTOMER else ActingAs.PERSON)
    theirs = _unclaimed(task, directory) if task.claimed_by == person else mine
    for other in delegators(draft, person):
        if other in theirs and actor.on_behalf_of in (None, other):
            return Actor(person, ActingAs.DELEGATE, other)
    raise not_assigned(draft, task)


def _claimed_as_delegate(draft: Draft, task: Task) -> bool:
    return task.claimed_by is not None and task.claimed_by not in _unclaimed(task, draft.world.people)


def _unclaimed(task: Task, directory: Directory) -> tuple[str, ...]:
    sort, _, name = task.principal.partition(":")
    role, _, department = name.partition("@")
    if sort == "p":
        return (name,)
    return tuple(each.key for each in directory.members(role, department or None) if each.key != task.excluded)


def delegators(draft: Draft, person: str) -> dict[str, Decimal | None]:
    """For whom ``person`` acts now, also through others (Ann to Bob, Bob to Cay), with the least limit on the way.

    Ends where delegations form a ring.
    """
    found: dict[str, Decimal | None] = {}
    waiting: list[tuple[str, Decimal | None]] = [(person, None)]
    while waiting:
        delegate, limit = waiting.pop(0)
        for each in draft.world.people.delegated_to(delegate, draft.world.now):
            if each.person in found or each.person == person:
                continue
            limits = [one for one in (limit, each.max_amount) if one is not None]
            found[each.person] = min(limits, default=None)
            waiting.append((each.person, found[each.person]))
    return found


def not_assigned(draft: Draft, task: Task) -> NotAssigned:
    """Says whose the task is."""
    if task.claimed_by is not None:
        message = msg("%(who)s claimed this task. Ask them to release it.", who=_name(draft, task.claimed_by))
    else:
        message = msg("This task is not yours: it waits for %(who)s.", who=_principal(draft, task))
    return NotAssigned(message, right="decide", principal=task.principal)


def _principal(draft: Draft, task: Task) -> str:
    sort, _, name = task.principal.partition(":")
    return _name(draft, name) if sort == "p" else name


def _name(draft: Draft, key: str) -> str:
    person = draft.world.people.person(key)
    return person.name if person else key


def is_admin(draft: Draft, actor: Actor) -> bool:
    person = draft.world.people.active(actor.person)
    return person is not None and ADMIN in person.roles


def check_limits(draft: Draft, task: Task, actor: Actor) -> None:
    """Nobody approves above their own limit where the limit chose them, nor above what was delegated to them.

    Raises:
        Forbidden: the amount is higher.
    """
    if actor.person is None:
        return
    if actor.acting_as is ActingAs.DELEGATE and actor.on_behalf_of is not None:
        limit = delegators(draft, actor.person).get(actor.on_behalf_of)
        amount = governed(draft.program.settings.authority, draft.values, draft.program.amount or "")
        if limit is not None and amount is not None and amount > limit:
            raise _above(limit, amount, "delegation_limit")
    if task.limited:
        check_limit_of(draft, task, actor.on_behalf_of or actor.person)


def check_limit_of(draft: Draft, task: Task, key: str) -> None:
    """The personal limit of ``key`` covers the amount of a task that a limit chose.

    Raises:
        Forbidden: it does not.
    """
    authority = draft.program.settings.authority
    amount = governed(authority, draft.values, limit_field(draft.program, task.step) or "")
    if amount is not None and authority is not None and authority.of_approver and draft.world.granted is not None:
        amount += draft.world.granted(key)
    person = draft.world.people.person(key)
    limit = limit_of(person, draft.world.form) if person else Decimal(0)
    if amount is None or amount > limit:
        raise _above(limit, amount, "above_limit")


def limit_field(program: FlowProgram, step: str) -> str | None:
    """The field that a step holds personal limits against."""
    found = program.steps.get(step)
    named = (each.value for each in (found.who if found else ()) if each.kind == "manager_with_limit")
    return next(named, program.amount)


def _above(limit: Decimal, amount: Decimal | None, code: str) -> Forbidden:
    shown = "-" if amount is None else format(amount, "f")
    return Forbidden(
        msg(
            "%(amount)s is above the limit of %(limit)s. Transfer it to somebody whose limit covers it.",
            amount=shown,
            limit=format(limit, "f"),
        ),
        code=code,
        right="limit",
    )
