"""Reading the operand of a test as a value of the field's sort, and which operators a sort of field knows."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from ...platform.text import msg
from ..errors import FieldError
from ..kinds import Base, Kind
from ..moments import read_date, read_datetime, read_time
from ..numerals import read_decimal
from .tree import Op

_SAME = frozenset({Op.EQ, Op.NE, Op.IN, Op.NOT_IN, Op.EMPTY})
_ORDERED = _SAME | {Op.GT, Op.GTE, Op.LT, Op.LTE}

_OPERATORS: Mapping[Base, frozenset[Op]] = {
    Base.TEXT: _SAME | {Op.CONTAINS, Op.STARTS_WITH},
    Base.NUMBER: _ORDERED,
    Base.BOOLEAN: _SAME,
    Base.DATE: _ORDERED,
    Base.DATETIME: _ORDERED,
    Base.TIME: _ORDERED,
    Base.CHOICE: _SAME,
    Base.CHOICES: _SAME | {Op.CONTAINS},
    Base.REFERENCE: _SAME,
    Base.FILES: frozenset({Op.EMPTY}),
    Base.TABLE: frozenset({Op.EMPTY}),
    Base.JSON: frozenset({Op.EMPTY}),
    Base.NONE: frozenset(),
}


def operators_of(kind: Kind) -> frozenset[Op]:
    """What can be asked of a field; of one made of parts also whether a part is filled."""
    return _OPERATORS[kind.base] | ({Op.CONTAINS} if kind.parts else frozenset())


class OperandError(FieldError):
    """The operand does not fit the field; the message says what would."""


def read_operand(raw: Any, kind: Kind) -> Any:
    """The typed value of ``raw`` for a field of ``kind``.

    Raises:
        FieldError: another sort of value, or none of the field's choices.
    """
    match kind.base:
        case Base.NUMBER:
            return read_decimal(raw)
        case Base.DATE:
            return read_date(raw)
        case Base.DATETIME:
            return _moment(raw)
        case Base.TIME:
            return read_time(raw)
        case Base.BOOLEAN:
            if not isinstance(raw, bool):
                raise OperandError(msg("%(value)s is neither true nor false.", value=repr(raw)))
            return raw
        case Base.REFERENCE if kind.target not in ("person", "department"):
            if isinstance(raw, bool) or not isinstance(raw, int):
                raise OperandError(
                    msg("%(value)s is no id of a record. Write a whole number, or test “empty”.", value=repr(raw))
                )
            return raw
        case _:
            return _text(raw, kind)


def _moment(raw: Any) -> Any:
    if isinstance(raw, str) and not (raw.endswith("Z") or "+" in raw or raw.count("-") > 2):
        raise OperandError(msg("“%(value)s” lacks its offset. Write for example 2026-03-01T09:30:00Z.", value=raw[:40]))
    return read_datetime(raw, UTC)


def _text(raw: Any, kind: Kind) -> str:
    if not isinstance(raw, str):
        raise OperandError(msg("%(value)s is no text. Write it in quotes.", value=repr(raw)))
    if not raw:
        raise OperandError(msg('Choose a value; what is blank is found by “is empty”, in JSON {"empty": true}.'))
    if kind.choices is not None and raw not in kind.choices:
        raise OperandError(
            msg("“%(value)s” is none of the choices: %(known)s.", value=raw[:60], known=", ".join(kind.choices[:20]))
        )
    return raw
