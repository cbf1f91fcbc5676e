"""The tree of a condition; ``parse`` makes it from JSON, ``evaluate`` answers it, ``flows.check`` proves with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Op(StrEnum):
    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class FieldRef:
    """``{"field": KEY}``: the other field's value, or a fact such as ``submitter.department``."""

    key: str


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one field. ``operand`` is typed as the field is (``Decimal`` for money, ``date`` …), a tuple
    for ``in`` and ``not_in``, a ``bool`` for ``empty``, or a :class:`FieldRef`."""

    field: str
    op: Op
    operand: Any


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without parts it always holds."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; without parts it never holds."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


@dataclass(frozen=True, slots=True)
class Rows:
    """Some (``every=False``) or all (``every=True``) line items of ``table`` meet ``part``; its fields are columns.

    JSON: ``{"lines": {"any": Condition}}`` and ``{"lines": {"all": Condition}}``.
    """

    table: str
    every: bool
    part: "Condition"


Condition = Test | All | AnyOf | Not | Rows

ALWAYS = All()

Values = Mapping[str, Any]
"""Typed values by field key, facts such as ``submitter.role`` beside them; a blank is ``None`` or absent."""
