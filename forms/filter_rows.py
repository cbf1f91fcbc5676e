"""Conditions as rows of a page: “field – is – value”, each three inputs of the address, read into one condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l

from ..platform.people.directory import Person
from ..platform.problems import Problem
from . import conditions
from .definition import Field, Form
from .kinds import PERSON, Base
from .lookup import Finder
from .types import kind_of, kinds_of

MOST = 12

OPERATORS: Mapping[str, Any] = {
    "eq": _l("is"),
    "ne": _l("is not"),
    "gte": _l("is at least"),
    "lte": _l("is at most"),
    "gt": _l("is more than"),
    "lt": _l("is less than"),
    "in": _l("is one of (with commas)"),
    "contains": _l("contains"),
    "starts_with": _l("begins with"),
    "empty": _l("is empty"),
    "filled": _l("is filled"),
}
"""What a row can ask, in its words; ``filled`` is ``empty: false``."""


class Args(Protocol):
    """The address's arguments, as werkzeug has them."""

    def get(self, key: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was sent; ``problem`` is what is wrong with it."""

    number: int
    field: str
    op: str
    value: str
    problem: Problem | None = None


def fields_of(form: Form) -> list[Field]:
    """The fields by which rows can ask."""
    return [each for each in form.fields if kind_of(each).base not in (Base.NONE, Base.TABLE) and each.total is None]


def read(form: Form, args: Args, by: Person) -> tuple[list[Any], list[Row]]:
    """Conditions (JSON) of the rows that are right, and all rows; rows without a field are left out."""
    found: list[Any] = []
    rows: list[Row] = []
    for number in range(MOST):
        key, op = args.get(f"w-{number}-field") or "", args.get(f"w-{number}-op") or "eq"
        value = (args.get(f"w-{number}-value") or "").strip()
        if not key:
            continue
        condition = _condition(form.field(key), key, op, value, by)
        problem = _wrong(form, condition)
        rows.append(Row(number, key, op, value, problem))
        if problem is None:
            found.append(condition)
    return found, rows


def _condition(field: Field | None, key: str, op: str, value: str, by: Person) -> Any:
    if op in ("empty", "filled"):
        return {key: {"empty": op == "empty"}}
    if op == "in":
        return {key: {"in": [operand(field, part.strip(), by) for part in value.split(",") if part.strip()]}}
    return {key: {op: operand(field, value, by)}}


def operand(field: Field | None, text: str, by: Person) -> Any:
    """What the condition compares with: yes or no, the id of a record named by its number, else the text."""
    if field is None:
        return text
    kind = kind_of(field)
    if kind.base is Base.BOOLEAN:
        return {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}.get(text.lower(), text)
    if field.type == "lookup" and text:
        found = Finder(by)(field.options["form"], text)
        return found.id if found is not None else text
    if kind.base in (Base.CHOICE, Base.CHOICES):
        return _choice(field, text)
    return "" if kind.target == PERSON and not text else text


def _choice(field: Field, text: str) -> str:
    """A choice by its value, or by its label in any language."""
    for each in field.options.get("options", ()):
        label = each["label"]
        labels: Sequence[str] = (label,) if isinstance(label, str) else tuple(label.values())
        if text == each["value"] or text.casefold() in [one.casefold() for one in labels]:
            return str(each["value"])
    return text


def _wrong(form: Form, condition: Any) -> Problem | None:
    _, problems = conditions.parse(condition, kinds_of(form), "/where")
    return problems[0] if problems else None
