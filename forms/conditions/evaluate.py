"""Asking a condition: compiled once to nested functions of the values."""

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from .tree import All, AnyOf, Condition, FieldRef, Not, Op, Rows, Test, Values

Asked = Callable[[Values], bool]

_SEVERAL = (tuple, list, frozenset, set)
_ORDER: Mapping[Op, Callable[[Any, Any], Any]] = {
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
}


def evaluate(condition: Condition, values: Values) -> bool:
    """Whether ``condition`` holds; where one is asked often, keep what :func:`compile_condition` gives."""
    return _cached(condition)(values)


def compile_condition(condition: Condition) -> Asked:
    """The condition as a function of typed values.

    A blank value (``None``, absent, nothing chosen, no rows) fails every test but ``empty``, ``ne`` and ``not_in``.
    Of several values (choices, the roles of a person) one that meets the test is enough.
    """
    match condition:
        case Test():
            return _test(condition)
        case All(parts):
            return _all([compile_condition(part) for part in parts])
        case AnyOf(parts):
            return _any([compile_condition(part) for part in parts])
        case Not(part):
            inner = compile_condition(part)
            return lambda values: not inner(values)
        case Rows():
            return _rows(condition)


_cached = lru_cache(maxsize=1024)(compile_condition)


def is_blank(value: Any) -> bool:
    """Nothing was filled in; ``False`` and ``0`` are answers."""
    return value is None or value == "" or (isinstance(value, _SEVERAL) and not value)


def fields_of(condition: Condition) -> frozenset[str]:
    """Keys and facts that the condition reads; columns as ``lines.quantity``."""
    return frozenset(_read_by(condition))


def _read_by(condition: Condition) -> Iterator[str]:
    match condition:
        case Test(key, _, operand):
            yield key
            if isinstance(operand, FieldRef):
                yield operand.key
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _read_by(part)
        case Not(part):
            yield from _read_by(part)
        case Rows(table, _, part):
            yield table
            for key in _read_by(part):
                yield key if "." in key else f"{table}.{key}"


def _all(parts: list[Asked]) -> Asked:
    if len(parts) == 2:
        first, second = parts
        return lambda values: first(values) and second(values)

    def holds(values: Values) -> bool:
        for part in parts:  # noqa: SIM110 (a loop is faster than a generator here)
            if not part(values):
                return False
        return True

    return holds


def _any(parts: list[Asked]) -> Asked:
    def holds(values: Values) -> bool:
        for part in parts:  # noqa: SIM110
            if part(values):
                return True
        return False

    return holds


def _rows(condition: Rows) -> Asked:
    table, every = condition.table, condition.every
    part = compile_condition(condition.part)

    def holds(values: Values) -> bool:
        rows = values.get(table)
        if not rows:
            return False
        for row in rows:
            if part({**values, **row}) is not every:
                return not every
        return every

    return holds


def _test(test: Test) -> Asked:
    if isinstance(test.operand, FieldRef):
        return _against_field(test, test.operand.key)
    match test.op:
        case Op.EMPTY:
            return _empty(test.field, test.operand)
        case Op.EQ:
            return _among(test.field, frozenset((test.operand,)), True)
        case Op.NE:
            return _among(test.field, frozenset((test.operand,)), False)
        case Op.IN:
            return _among(test.field, frozenset(test.operand), True)
        case Op.NOT_IN:
            return _among(test.field, frozenset(test.operand), False)
        case _:
            return _compared(test.field, test.op, test.operand)


def _empty(key: str, wanted: bool) -> Asked:
    def holds(values: Values) -> bool:
        value = values.get(key)
        if value is None:
            return wanted
        return is_blank(value) is wanted

    return holds


def _among(key: str, operands: Collection[Any], wanted: bool) -> Asked:
    def holds(values: Values) -> bool:
        value = values.get(key)
        if value is None:
            return not wanted
        if isinstance(value, _SEVERAL):
            return any(each in operands for each in value) is wanted
        return (value in operands) is wanted

    return holds


def _compared(key: str, op: Op, operand: Any) -> Asked:
    compare = _comparison(op)

    def holds(values: Values) -> bool:
        value = values.get(key)
        return value is not None and compare(value, operand)

    return holds


def _comparison(op: Op) -> Callable[[Any, Any], bool]:
    if op is Op.CONTAINS:
        return lambda value, operand: operand in value
    if op is Op.STARTS_WITH:
        return lambda value, operand: bool(value.startswith(operand))
    return _ORDER[op]


def _against_field(test: Test, other: str) -> Asked:
    key, op = test.field, test.op
    if op in (Op.EQ, Op.NE, Op.IN, Op.NOT_IN):
        wanted = op in (Op.EQ, Op.IN)
        return lambda values: _meet(values.get(key), values.get(other)) is wanted
    compare = _comparison(op)

    def holds(values: Values) -> bool:
        value, operand = values.get(key), values.get(other)
        return not is_blank(value) and not is_blank(operand) and compare(value, operand)

    return holds


def _meet(value: Any, other: Any) -> bool:
    """Both are there, and some value of one is some value of the other."""
    if is_blank(value) or is_blank(other):
        return False
    ones = value if isinstance(value, _SEVERAL) else (value,)
    others = other if isinstance(other, _SEVERAL) else (other,)
    return any(one in others for one in ones)
