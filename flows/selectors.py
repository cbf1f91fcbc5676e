"""Selectors: from ``{"role": "finance"}`` or ``{"manager": 1}`` to persons, each with the reason why it is they."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any

from ..forms.conditions.parse import no_field
from ..forms.kinds import FACTS, PERSON, Base, Kind
from ..platform.people.directory import Person
from ..platform.text import Message, msg
from ..platform.value import value
from .definition import Selector
from .effects import Reason
from .run import World

MAX_LEVEL = 20
DEPARTMENT_FACT = "submitter.department"


@value
class Asking:
    """For whom somebody is looked for. ``approvers`` says who approved or did a step of this run.

    ``amounts`` are what limits must cover where that is more than a field's value: the sums of the flow's authority.
    """

    submitter: str | None
    world: World
    approvers: Callable[[str], tuple[str, ...]]
    amounts: Mapping[str, Any] = field(default_factory=dict)


@value
class Found:
    """Whom a selector finds: active persons in order, perhaps as the ``pool`` (``r:finance``) that they are.

    ``limited``: they were chosen for a personal limit that covers the amount. ``addresses`` are mail addresses of
    people without an account. ``reason`` says how they were found, or what was looked for in vain.
    """

    reason: Reason
    people: tuple[str, ...] = ()
    pool: str | None = None
    limited: bool = False
    addresses: tuple[str, ...] = ()


@value
class Scope:
    """What a selector's operand may name. ``None``: not known, so not checked."""

    kinds: Mapping[str, Kind] | None
    steps: Collection[str] | None


@value
class SelectorKind:
    """One kind of selector. ``check`` gives what is wrong with its operand as (code, sentence), ``None`` if nothing is.

    ``narrowed``: it takes ``of``, a department's key or ``submitter.department``.
    """

    name: str
    resolve: Callable[[Selector, Asking], Found]
    check: Callable[[Selector, Scope], tuple[str, Message] | None]
    example: str
    narrowed: bool = False


_kinds: dict[str, SelectorKind] = {}


def register(kind: SelectorKind) -> None:
    """Offer a kind of selector; plugins call it when they are loaded.

    Raises:
        ValueError: the name is taken by another.
    """
    if _kinds.get(kind.name, kind) is not kind:
        raise ValueError(msg("There is a selector %(name)s already. Choose another name.", name=kind.name))
    _kinds[kind.name] = kind


def unregister(name: str) -> None:
    """Take back a kind that a plugin offered."""
    _kinds.pop(name, None)


def known() -> Mapping[str, SelectorKind]:
    """All kinds by name."""
    return dict(_kinds)


def resolve(selector: Selector, asking: Asking) -> Found:
    """Whom ``selector`` finds; nobody where its kind is not known any more (a plugin went)."""
    kind = _kinds.get(selector.kind)
    if kind is None:
        return Found(Reason("unknown_selector", {"selector": selector.kind}))
    return kind.resolve(selector, asking)


def check(selector: Selector, scope: Scope) -> tuple[str, Message] | None:
    """What is wrong with ``selector``: its kind, its operand, its ``of``; ``None`` if nothing is."""
    kind = _kinds.get(selector.kind)
    if kind is None:
        names = ", ".join(sorted(_kinds))
        return "unknown_selector", msg("No selector %(name)s. Known: %(known)s.", name=repr(selector.kind), known=names)
    if selector.of is not None and not kind.narrowed:
        return "unknown_key", msg("The selector %(name)s takes no “of”. Remove it.", name=selector.kind)
    if selector.of is not None and "." in selector.of and selector.of != DEPARTMENT_FACT:
        return "unknown_fact", _no_fact(selector.of)
    return kind.check(selector, scope)


# What the built-in kinds find.


def _role(selector: Selector, asking: Asking) -> Found:
    role, department = selector.value, _department(selector.of, asking)
    if selector.of is not None and department is None:
        return Found(Reason("role", {"role": role, "of": selector.of}))
    members = tuple(person.key for person in asking.world.people.members(role, department))
    if department is None:
        return Found(Reason("role", {"role": role}), members, f"r:{role}")
    return Found(Reason("role", {"role": role, "of": department}), members, f"r:{role}@{department}")


def _person(selector: Selector, asking: Asking) -> Found:
    found = asking.world.people.active(selector.value)
    return Found(Reason("person", {"person": selector.value}), (found.key,) if found else ())


def _manager(selector: Selector, asking: Asking) -> Found:
    submitter = asking.submitter
    found = asking.world.people.manager(submitter, selector.value) if submitter is not None else None
    return Found(Reason("manager", {"level": selector.value, "of": submitter}), (found.key,) if found else ())


def _manager_with_limit(selector: Selector, asking: Asking) -> Found:
    amount = asking.amounts.get(selector.value, asking.world.values.get(selector.value))
    said: dict[str, Any] = {"field": selector.value, "of": asking.submitter}
    if not isinstance(amount, Decimal | int) or asking.submitter is None:
        return Found(Reason("limit", said), limited=True)
    said["amount"] = format(Decimal(amount), "f")
    for person in asking.world.people.line(asking.submitter):
        if person.active and limit_of(person, asking.world.form) >= amount:
            said["limit"] = format(limit_of(person, asking.world.form), "f")
            return Found(Reason("limit", said), (person.key,), limited=True)
    return Found(Reason("limit", said), limited=True)


def limit_of(person: Person, form: str) -> Decimal:
    """What ``person`` may approve alone on ``form``; without a limit, nothing."""
    return person.limits.get(form, _NONE)


_NONE = Decimal(0)


def _head_of(selector: Selector, asking: Asking) -> Found:
    department = selector.value
    if isinstance(department, Mapping):
        department = asking.world.values.get(str(department.get("field")))
    else:
        department = _department(department, asking)
    found = asking.world.people.head(department)
    return Found(Reason("head_of", {"department": department}), (found.key,) if found else ())


def _department(name: str | None, asking: Asking) -> str | None:
    """A department's key, or that of the submitter for the fact; ``None`` where they have none."""
    if name != DEPARTMENT_FACT:
        return name
    submitter = asking.world.people.person(asking.submitter)
    return submitter.department if submitter else None


def _field(selector: Selector, asking: Asking) -> Found:
    value = asking.world.values.get(selector.value)
    named = value if isinstance(value, tuple | list) else (value,)
    texts = [each for each in named if isinstance(each, str) and each]
    people = tuple(dict.fromkeys(each for each in texts if asking.world.people.active(each)))
    addresses = tuple(dict.fromkeys(each for each in texts if "@" in each))
    return Found(Reason("field", {"field": selector.value}), people, addresses=addresses)


def _approver_of(selector: Selector, asking: Asking) -> Found:
    people = tuple(each for each in asking.approvers(selector.value) if asking.world.people.active(each))
    return Found(Reason("approver_of", {"step": selector.value}), people)


def _submitter(_selector: Selector, asking: Asking) -> Found:
    found = asking.world.people.active(asking.submitter)
    return Found(Reason("submitter", {"person": asking.submitter}), (found.key,) if found else ())


# What may be wrong with their operands.

Wrong = tuple[str, Message] | None


def _check_key(selector: Selector, _scope: Scope) -> Wrong:
    if isinstance(selector.value, str) and selector.value and len(selector.value) <= 63:
        return None
    return "wrong_type", msg("%(value)s is no key. Write the key of a person or role.", value=repr(selector.value))


def _check_level(selector: Selector, _scope: Scope) -> Wrong:
    level = selector.value
    if isinstance(level, int) and not isinstance(level, bool) and 1 <= level <= MAX_LEVEL:
        return None
    return "wrong_level", msg(
        "%(value)s is no level. 1 is the direct manager, 2 the next one up, at most %(max)s.",
        value=repr(level),
        max=MAX_LEVEL,
    )


def _check_amount(selector: Selector, scope: Scope) -> Wrong:
    if not isinstance(selector.value, str):
        return "wrong_type", msg("%(value)s is no field. Name the field with the amount.", value=repr(selector.value))
    return _check_named(selector.value, scope, lambda kind: kind.base is Base.NUMBER, msg("a number or money"))


def _check_field(selector: Selector, scope: Scope) -> Wrong:
    if not isinstance(selector.value, str):
        return "wrong_type", msg("%(value)s is no field. Name a field of the form.", value=repr(selector.value))
    return _check_named(selector.value, scope, _names_people, msg("a person or an e-mail address"))


def _names_people(kind: Kind) -> bool:
    return kind.target == PERSON or kind.base in (Base.TEXT, Base.CHOICE, Base.CHOICES)


def _check_named(key: str, scope: Scope, fits: Callable[[Kind], bool], wanted: Message) -> Wrong:
    if scope.kinds is None:
        return None
    kind = scope.kinds.get(key)
    if kind is None or kind.table:
        return "unknown_field", no_field(key, scope.kinds)
    if not fits(kind):
        return "wrong_kind", msg("The field %(key)s is not %(wanted)s. Choose another field.", key=key, wanted=wanted)
    return None


def _no_fact(name: str) -> Message:
    return msg("No fact “%(name)s”. Known: %(known)s.", name=name[:80], known=", ".join(FACTS))


def _check_head(selector: Selector, scope: Scope) -> Wrong:
    value = selector.value
    if isinstance(value, Mapping):
        if set(value) != {"field"} or not isinstance(value["field"], str):
            return "wrong_type", msg('%(value)s names no department. Write {"field": KEY}.', value=repr(value)[:80])
        return _check_named(value["field"], scope, lambda kind: kind.base is not Base.TABLE, msg("a department"))
    if isinstance(value, str) and "." in value and value != DEPARTMENT_FACT:
        return "unknown_fact", _no_fact(value)
    return _check_key(selector, scope)


def _check_step(selector: Selector, scope: Scope) -> Wrong:
    if not isinstance(selector.value, str):
        return "wrong_type", msg("%(value)s is no step. Name an earlier step.", value=repr(selector.value))
    if scope.steps is None or selector.value in scope.steps:
        return None
    return "unknown_step", msg(
        "No earlier step “%(step)s” where people act. Known here: %(known)s.",
        step=selector.value[:80],
        known=", ".join(scope.steps) or "-",
    )


def _check_true(selector: Selector, _scope: Scope) -> Wrong:
    if selector.value is True:
        return None
    return "wrong_type", msg('Write {"submitter": true}, not %(value)s.', value=repr(selector.value))


for _kind in (
    SelectorKind("person", _person, _check_key, '{"person": "amy"}'),
    SelectorKind("role", _role, _check_key, '{"role": "finance"}', narrowed=True),
    SelectorKind("manager", _manager, _check_level, '{"manager": 1}'),
    SelectorKind("manager_with_limit", _manager_with_limit, _check_amount, '{"manager_with_limit": "amount"}'),
    SelectorKind("head_of", _head_of, _check_head, '{"head_of": "warehouse"}'),
    SelectorKind("field", _field, _check_field, '{"field": "owner"}'),
    SelectorKind("approver_of", _approver_of, _check_step, '{"approver_of": "lead"}'),
    SelectorKind("submitter", _submitter, _check_true, '{"submitter": true}'),
):
    register(_kind)
