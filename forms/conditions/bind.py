"""Conditions on records of another form: what they compare with stands in this one."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from .evaluate import is_blank
from .tree import ALWAYS, All, AnyOf, Condition, FieldRef, Not, Op, Rows, Test, Values

_NEVER = AnyOf()


def bind(condition: Condition, values: Values) -> Condition:
    """``condition`` with every ``{"field": …}`` replaced by the value that it has in ``values``."""
    match condition:
        case Test(_, _, FieldRef(key)):
            return _bound(condition, values.get(key))
        case Test():
            return condition
        case All(parts):
            return All(tuple(bind(part, values) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(bind(part, values) for part in parts))
        case Not(part):
            return Not(bind(part, values))
        case Rows():
            return replace(condition, part=bind(condition.part, values))


def loosened(condition: Condition, known: Collection[str]) -> Condition:
    """``condition`` without what it compares with fields that are not ``known`` yet: it lets through what it might."""
    match condition:
        case Test(_, _, FieldRef(key)):
            return condition if key in known else ALWAYS
        case Test():
            return condition
        case All(parts):
            return All(tuple(loosened(part, known) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(loosened(part, known) for part in parts))
        case Not(part) | Rows(part=part):
            return condition if refers_to(part) <= set(known) else ALWAYS


def refers_to(condition: Condition) -> set[str]:
    """The fields with which it compares."""
    match condition:
        case Test(_, _, FieldRef(key)):
            return {key}
        case All(parts) | AnyOf(parts):
            return {key for part in parts for key in refers_to(part)}
        case Not(part) | Rows(part=part):
            return refers_to(part)
        case _:
            return set()


def _bound(test: Test, value: Any) -> Condition:
    if is_blank(value):
        return ALWAYS if test.op in (Op.NE, Op.NOT_IN) else _NEVER
    if isinstance(value, tuple | list) and test.op in (Op.EQ, Op.NE):
        return replace(test, op=Op.IN if test.op is Op.EQ else Op.NOT_IN, operand=tuple(value))
    return replace(test, operand=value)
