"""The JSON of a condition's tree, its operands typed: what the browser evaluates without knowing the fields."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from ..moments import write_datetime, write_time
from .tree import All, AnyOf, Condition, FieldRef, Not, Op, Rows, Test


def to_json(condition: Condition) -> dict[str, Any]:
    """``{"test": "amount", "op": "gte", "operand": {"number": "200"}}``, ``{"all": […]}``, ``{"rows": "lines", …}``."""
    match condition:
        case Test(key, op, operand):
            return {"test": key, "op": op.value, "operand": operand_json(operand)}
        case All(parts):
            return {"all": [to_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [to_json(part) for part in parts]}
        case Not(part):
            return {"not": to_json(part)}
        case Rows(table, every, part):
            return {"rows": table, "every": every, "part": to_json(part)}


def from_json(document: Mapping[str, Any]) -> Condition:
    """The tree of what :func:`to_json` gave."""
    match document:
        case {"test": key, "op": op, "operand": operand}:
            return Test(key, Op(op), _operand(operand))
        case {"all": parts}:
            return All(tuple(from_json(part) for part in parts))
        case {"any": parts}:
            return AnyOf(tuple(from_json(part) for part in parts))
        case {"not": part}:
            return Not(from_json(part))
    return Rows(document["rows"], document["every"], from_json(document["part"]))


def operand_json(value: Any) -> Any:
    """A typed value with its sort: ``{"number": "200"}``, ``{"date": "2026-03-01"}``; a list of several.

    A blank is ``null``; what no condition or formula compares is left out of it.
    """
    match value:
        case None:
            return None
        case FieldRef(key):
            return {"field": key}
        case bool():
            return {"boolean": value}
        case int() | Decimal():
            return {"number": format(value, "f" if isinstance(value, Decimal) else "d")}
        case str():
            return {"text": value}
        case datetime():
            return {"datetime": write_datetime(value)}
        case date():
            return {"date": value.isoformat()}
        case time():
            return {"time": write_time(value)}
        case tuple() | list() | frozenset():
            return [operand_json(each) for each in value]
        case Mapping():
            return {"parts": sorted(value)}
    return {"other": True}


def _operand(document: Any) -> Any:
    match document:
        case list():
            return tuple(_operand(each) for each in document)
        case {"field": key}:
            return FieldRef(key)
        case {"number": digits}:
            return Decimal(digits)
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"time": text}:
            return time.fromisoformat(text)
        case {"boolean": value} | {"text": value}:
            return value
    return None
