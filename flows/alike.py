"""Requests that a flow treats alike: the same submitter, and values between the same cuts."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from ..forms.conditions import fields_of
from ..forms.conditions.tree import Condition, FieldRef
from ..platform.people.directory import Directory
from .check.testing import by_field, constants_of, is_exact
from .definition import Flow, Selector, Step
from .program import FlowProgram
from .selectors import limit_of

Likeness = Callable[[str | None, Mapping[str, Any]], Hashable]
"""The same for requests that take the same way, past the same people."""

LIMITS = "manager_with_limit"


def likeness(program: FlowProgram, people: Directory) -> Likeness:
    """How requests are told apart by ``program``: amounts only by the constants and personal limits around them."""
    conditions = [branch.when for step in program.flow.walk() for branch in step.branches if branch.when is not None]
    selectors = list(_selectors(program.flow))
    cut = _cuts(conditions, selectors, people, program.flow.form)
    plain = sorted({*_read(conditions), *_asked(selectors)} - cut.keys())

    def of(submitter: str | None, values: Mapping[str, Any]) -> Hashable:
        places = tuple(_place(values.get(key), cuts) for key, cuts in cut.items())
        return submitter, places, tuple(_told_apart(values.get(key)) for key in plain)

    return of


def _cuts(
    conditions: Iterable[Condition], selectors: Iterable[Selector], people: Directory, form: str
) -> dict[str, list[Decimal]]:
    """The numbers at which the way can change, for each field that is compared with numbers only."""
    asked = list(conditions)
    inexact = frozenset(key for each in asked if not is_exact(each) for key in fields_of(each))
    found: dict[str, list[Decimal]] = {}
    for key, tests in by_field(asked).items():
        constants = constants_of(tests)
        numeric = constants and all(
            isinstance(each, Decimal | int) and each.__class__ is not bool for each in constants
        )
        if numeric and key not in inexact and not any(isinstance(test.operand, FieldRef) for test in tests):
            found[key] = constants
    limits = [limit_of(person, form) for person in people.persons.values()]
    for selector in selectors:
        if selector.kind == LIMITS and selector.value not in inexact:
            found.setdefault(str(selector.value), []).extend(limits)
    return {key: sorted(set(cuts)) for key, cuts in found.items()}


def _selectors(flow: Flow) -> Iterable[Selector]:
    for step in flow.walk():
        yield from _selectors_of(step)
    if flow.settings.owner is not None:
        yield flow.settings.owner


def _selectors_of(step: Step) -> Iterable[Selector]:
    yield from step.who
    yield from step.to
    if not isinstance(step.nobody, str):
        yield from step.nobody


def _asked(selectors: Iterable[Selector]) -> Iterable[str]:
    """The fields that selectors read; of one whose kind a plugin knows, whatever its operand names."""
    for selector in selectors:
        if isinstance(selector.value, str):
            yield selector.value
        elif isinstance(selector.value, Mapping):
            yield from (str(each) for each in selector.value.values())


def _read(conditions: Iterable[Condition]) -> Iterable[str]:
    for condition in conditions:
        for key in fields_of(condition):
            yield key.partition(".")[0] if not key.startswith("submitter.") else key


def _place(value: Any, cuts: list[Decimal]) -> tuple[int, int] | None:
    return None if value is None else (bisect_left(cuts, value), bisect_right(cuts, value))


def _told_apart(value: Any) -> Hashable:
    return value if isinstance(value, Hashable) and not isinstance(value, tuple) else repr(value)
