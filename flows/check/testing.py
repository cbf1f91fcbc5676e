"""The single tests inside conditions, by the field that they ask."""

from collections.abc import Iterable, Iterator
from typing import Any

from ...forms.conditions.tree import All, AnyOf, Condition, FieldRef, Not, Op, Rows, Test


def tests_of(conditions: Iterable[Condition]) -> Iterator[Test]:
    """All tests of the fields of the form; those of line items are left out."""
    for condition in conditions:
        match condition:
            case Test():
                yield condition
            case All(parts) | AnyOf(parts):
                yield from tests_of(parts)
            case Not(part):
                yield from tests_of((part,))
            case Rows():
                continue


def row_tests_of(conditions: Iterable[Condition], table: str) -> Iterator[Test]:
    """The tests of the columns of ``table``."""
    for condition in conditions:
        match condition:
            case Rows(name, _, part) if name == table:
                yield from tests_of((part,))
            case All(parts) | AnyOf(parts):
                yield from row_tests_of(parts, table)
            case Not(part):
                yield from row_tests_of((part,), table)
            case _:
                continue


def by_field(conditions: Iterable[Condition]) -> dict[str, list[Test]]:
    """The tests on each field; fields that are compared with each other share theirs."""
    found: dict[str, list[Test]] = {}
    pairs: list[tuple[str, str]] = []
    for test in tests_of(conditions):
        found.setdefault(test.field, []).append(test)
        if isinstance(test.operand, FieldRef):
            found.setdefault(test.operand.key, [])
            pairs.append((test.field, test.operand.key))
    for left, right in pairs:
        found[left] = found[right] = list(dict.fromkeys([*found[left], *found[right]]))
    return found


def constants_of(tests: Iterable[Test]) -> list[Any]:
    """The values that ``tests`` compare with."""
    found: list[Any] = []
    for test in tests:
        if test.op is not Op.EMPTY and not isinstance(test.operand, FieldRef):
            found.extend(test.operand if isinstance(test.operand, tuple) else (test.operand,))
    return found


def is_exact(condition: Condition) -> bool:
    """Whether cells answer it exactly: no field against a field, no rows of a table."""
    match condition:
        case Test(_, _, operand):
            return not isinstance(operand, FieldRef)
        case All(parts) | AnyOf(parts):
            return all(is_exact(part) for part in parts)
        case Not(part):
            return is_exact(part)
        case Rows():
            return False
