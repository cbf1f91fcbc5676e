"""A condition of a definition as rows of a page, and back: “field – is – value”, where all of them hold or any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..platform.people.directory import Person
from . import filter_rows
from .definition import Field, Form
from .filter_rows import MOST, OPERATORS, operand
from .kinds import PERSON, Base
from .types import kind_of

ALL, ANY = "all", "any"


class Sent(Protocol):
    """What a page sent, as werkzeug has it."""

    def get(self, key: str, /) -> str | None: ...

    def getlist(self, key: str, /) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Row:
    """``value`` is what stands in the JSON; a list for ``in``."""

    field: str
    op: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Rows:
    match: str = ALL
    rows: tuple[Row, ...] = ()


def rows_of(condition: Any) -> Rows | None:
    """The rows that say a condition, ``None`` if none can: it nests, or compares one field with another."""
    if not condition:
        return Rows()
    if not isinstance(condition, Mapping):
        return None
    if set(condition) == {ANY}:
        parts = [_rows(part) for part in condition[ANY]]
        if any(part is None or len(part) != 1 for part in parts):
            return None
        return Rows(ANY, tuple(row for part in parts for row in part or ()))
    parts = [_rows(part) for part in (condition[ALL] if set(condition) == {ALL} else [condition])]
    if any(part is None for part in parts):
        return None
    return Rows(ALL, tuple(row for part in parts for row in part or ()))


def _rows(condition: Any) -> list[Row] | None:
    """The rows of an object of fields and tests."""
    if not isinstance(condition, Mapping) or {ALL, ANY, "not"} & set(condition):
        return None
    found: list[Row] = []
    for key, test in condition.items():
        rows = _tests(key, test)
        if rows is None:
            return None
        found += rows
    return found


def _tests(key: str, test: Any) -> list[Row] | None:
    if isinstance(test, list):
        return [Row(key, "in", test)]
    if not isinstance(test, Mapping):
        return [Row(key, "eq", test)]
    found = []
    for op, value in test.items():
        if op == "empty" and isinstance(value, bool):
            found.append(Row(key, "empty" if value else "filled"))
        elif op in OPERATORS and op != "filled" and not isinstance(value, Mapping):
            found.append(Row(key, op, value))
        else:
            return None
    return found


def condition_of(found: Rows) -> Any:
    """The condition that rows say, ``None`` if there are none."""
    parts = [_condition(row) for row in found.rows]
    if len(parts) < 2:
        return parts[0] if parts else None
    if found.match == ANY:
        return {ANY: parts}
    together = {key: test for part in parts for key, test in part.items()}
    return together if len(together) == len(parts) else {ALL: parts}


def _condition(row: Row) -> dict[str, Any]:
    if row.op in ("empty", "filled"):
        return {row.field: {"empty": row.op == "empty"}}
    return {row.field: row.value if row.op in ("eq", "in") else {row.op: row.value}}


def read(form: Form | None, sent: Sent, name: str, by: Person) -> Rows:
    """The rows that a page sent in ``name-0-field``, ``-op`` and ``-value``; rows without a field are left out."""
    found = []
    for number in range(MOST):
        place = f"{name}-{number}"
        key, op = sent.get(f"{place}-field") or "", sent.get(f"{place}-op") or "eq"
        if key and op in OPERATORS:
            field = form.field(key) if form is not None else None
            found.append(Row(key, op, _value(field, op, sent.getlist(f"{place}-value"), by)))
    return Rows(ANY if sent.get(f"{name}-match") == ANY else ALL, tuple(found))


def _value(field: Field | None, op: str, typed: Sequence[str], by: Person) -> Any:
    if op in ("empty", "filled"):
        return None
    if op == "in":
        parts = [part.strip() for each in typed for part in each.replace("，", ",").split(",")]
        return [operand(field, part, by) for part in parts if part]
    return operand(field, (typed[0] if typed else "").strip(), by)


# --- how a row is drawn


@dataclass(frozen=True, slots=True)
class Drawn:
    """``widget``: none, choice, text, number, date or datetime-local; ``options``: value and label of a choice."""

    field: str
    op: str
    value: str
    widget: str
    options: Sequence[tuple[str, Any]] = ()


NO_YES = (("true", {"en": "yes", "zh": "是"}), ("false", {"en": "no", "zh": "否"}))
_WIDGETS = {Base.DATE: "date", Base.NUMBER: "number"}


def draw(form: Form, found: Rows, people: Sequence[tuple[str, str]]) -> list[Drawn]:
    """The rows as they are drawn, and an empty one to go on. ``people``: who can be chosen, by key."""
    drawn = [_drawn(form.field(row.field), row, people) for row in found.rows]
    return drawn if len(drawn) >= MOST else [*drawn, Drawn("", "eq", "", "text")]


def _drawn(field: Field | None, row: Row, people: Sequence[tuple[str, str]]) -> Drawn:
    if row.op in ("empty", "filled"):
        return Drawn(row.field, row.op, "", "none")
    value = ", ".join(map(_plain, row.value)) if isinstance(row.value, list) else _plain(row.value)
    options = options_of(field, people) if field is not None and row.op in ("eq", "ne") else ()
    if options:
        return Drawn(row.field, row.op, value, "choice", options)
    widget = _WIDGETS.get(kind_of(field).base, "text") if field is not None and row.op not in ("in",) else "text"
    return Drawn(row.field, row.op, value, widget)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def options_of(field: Field, people: Sequence[tuple[str, str]] = ()) -> Sequence[tuple[str, Any]]:
    """What can be chosen for a field, value and label; nothing where values are typed."""
    kind = kind_of(field)
    if kind.base is Base.BOOLEAN:
        return NO_YES
    if kind.base in (Base.CHOICE, Base.CHOICES):
        return [(str(each["value"]), each["label"]) for each in field.options.get("options", ())]
    return people if kind.target == PERSON else ()


askable = filter_rows.fields_of
