"""How values travel in an HTML form: names of inputs, what stands in them, and back from what a browser sends.

Names begin with ``f-``, so that no key of a field can be taken for one of ours, and have ``-`` between their parts:
``f-amount``, ``f-lines-0-quantity``; ``f-lines-0`` says that there is a row 0.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, time, tzinfo
from decimal import Decimal
from typing import Any, Protocol

from ..platform.problems import pointer
from .definition import Field
from .kinds import Base
from .types import find, kind_of

MOST_ROWS = 5000

OWN = "own"
"""Stands in the input that says that there is a table, once somebody took rows out: none is filled in again."""


class Sent(Protocol):
    """What a browser sent, as werkzeug has it."""

    def get(self, key: str, /) -> str | None: ...
    def getlist(self, key: str, /) -> list[str]: ...
    def keys(self) -> Any: ...


def name_of(*parts: str | int) -> str:
    return "-".join(["f", *(str(part) for part in parts)])


def raw_of(fields: Sequence[Field], sent: Sent) -> dict[str, Any]:
    """Raw values as a program reads them; fields that the page did not have are left out."""
    present = dict.fromkeys(sent.keys())
    found: dict[str, Any] = {}
    for field in fields:
        if field.type == "table":
            if name_of(field.key) in present:
                found[field.key] = rows_of(field, sent, present)
        else:
            found.update(_raw(field, name_of(field.key), sent, present))
    return found


def rows_of(field: Field, sent: Sent, present: Collection[str]) -> list[dict[str, Any]]:
    """The rows of a table, in the order of the page; rows in which nothing stands are left out."""
    rows = [_row(field, number, sent, present) for number in rows_in_order(field.key, present)[:MOST_ROWS]]
    found = [row for row in rows if any(value not in ("", None, [], {}) for value in row.values())]
    if not found and OWN in sent.getlist(name_of(field.key)):
        return [{}]
    return found


def rows_in_order(key: str, present: Collection[str]) -> list[int]:
    """The numbers of a table's rows as their first inputs come: people move rows, and numbers stay."""
    prefix = name_of(key) + "-"
    found = dict.fromkeys(name[len(prefix) :].split("-", 1)[0] for name in present if name.startswith(prefix))
    return [int(number) for number in found if number.isascii() and number.isdigit() and len(number) < 7]


def _row(field: Field, number: int, sent: Sent, present: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in field.columns:
        found.update(_raw(column, name_of(field.key, number, column.key), sent, present))
    return found


def _raw(field: Field, name: str, sent: Sent, present: Collection[str]) -> dict[str, Any]:
    base = kind_of(field).base
    if field.parts:
        if name not in present:
            return {}
        parts_sent: dict[str, Any] = {}
        for part in field.parts:
            parts_sent.update(_raw(part, f"{name}-{part.key}", sent, present))
        return {field.key: parts_sent}
    if base is Base.JSON and field.type == "address":
        parts = {key[len(name) + 1 :]: sent.get(key) for key in present if key.startswith(f"{name}-")}
        return {field.key: {part: text for part, text in parts.items() if text}} if parts else {}
    if name not in present:
        return {}
    if base in (Base.CHOICES, Base.FILES):
        return {field.key: [value for value in sent.getlist(name) if value]}
    if field.type == "lookup":
        return {field.key: _looked_up(name, sent)}
    return {field.key: sent.getlist(name)[-1]}


def _looked_up(name: str, sent: Sent) -> str:
    """The id that the page kept, unless somebody typed over the text that it shows."""
    text, shown, ident = ((sent.get(name + part) or "").strip() for part in ("", "-shown", "-id"))
    return f"#{ident}" if ident.isdigit() and text == shown and text else text


def wire_of(field: Field, value: Any, link: Mapping[str, Any] | None, zone: tzinfo) -> Any:
    """What stands in the input of a typed value: a text, a list of texts, or of a lookup its id and title."""
    if field.parts:
        return {part.key: wire_of(part, (value or {}).get(part.key), None, zone) for part in field.parts}
    if field.type == "lookup":
        title = link["title"] if link and link["id"] == value else (f"#{value}" if value is not None else "")
        return {"id": "" if value is None else str(value), "text": title}
    if value is None:
        return ""
    write = _WRITERS.get(value.__class__)
    if write is not None:
        return write(value, zone)
    return value if isinstance(value, Mapping) else str(find(field.type).to_json(value))


_WRITERS: Mapping[type, Callable[[Any, tzinfo], Any]] = {
    bool: lambda value, _zone: "true" if value else "false",
    Decimal: lambda value, _zone: format(value, "f"),
    datetime: lambda value, zone: value.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
    time: lambda value, _zone: value.strftime("%H:%M"),
    tuple: lambda value, _zone: [str(each) for each in value],
    list: lambda value, _zone: [str(each) for each in value],
    dict: lambda value, _zone: value,
}


def wires_of(
    fields: Sequence[Field],
    values: Mapping[str, Any],
    links: Mapping[str, Mapping[str, Any]],
    zone: tzinfo,
) -> dict[str, Any]:
    """What stands in all inputs of a form; tables are lists of the same."""
    found: dict[str, Any] = {}
    for field in fields:
        value = values.get(field.key)
        if field.type == "table":
            found[field.key] = [
                {
                    column.key: wire_of(
                        column,
                        row.get(column.key),
                        links.get(pointer(field.key, place, column.key)) if column.type == "lookup" else None,
                        zone,
                    )
                    for column in field.columns
                }
                for place, row in enumerate(value or ())
            ]
        else:
            link = links.get(pointer(field.key)) if field.type == "lookup" else None
            found[field.key] = wire_of(field, value, link, zone)
    return found


def sent_of(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a page would send that was filled with raw JSON values: the way back of :func:`raw_of`."""
    found: dict[str, list[str]] = {}
    for field in fields:
        value = values.get(field.key)
        if field.type == "table" and isinstance(value, list):
            found[name_of(field.key)] = [""]
            for number, row in enumerate(each for each in value if isinstance(each, Mapping)):
                found[name_of(field.key, number)] = ["1"]
                for column in field.columns:
                    found.update(_inputs(column, name_of(field.key, number, column.key), row.get(column.key)))
        else:
            found.update(_inputs(field, name_of(field.key), value))
    return found


def _inputs(field: Field, name: str, value: Any) -> dict[str, list[str]]:
    if value is None or field.type == "table":
        return {}
    if isinstance(value, Mapping):
        inner = {part.key: part for part in field.parts}
        found = {name: [""]} if inner else {}
        for key, each in value.items():
            found |= _inputs(inner[key], f"{name}-{key}", each) if key in inner else {f"{name}-{key}": [_text(each)]}
        return found
    if isinstance(value, list):
        return {name: [_text(each) for each in value]}
    return {name: [f"#{value}" if field.type == "lookup" and isinstance(value, int) else _text(value)]}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def wires_sent(fields: Sequence[Field], sent: Sent) -> dict[str, Any]:
    """What somebody typed, right or wrong, to be shown to them again."""
    present = dict.fromkeys(sent.keys())
    found: dict[str, Any] = {}
    for field in fields:
        if field.type == "table":
            found[field.key] = _rows_sent(field, sent, present)
        elif name_of(field.key) in present or field.type == "address":
            found[field.key] = _wire_sent(field, name_of(field.key), sent)
    return found


def _rows_sent(field: Field, sent: Sent, present: Collection[str]) -> list[dict[str, Any]]:
    """Rows in the order in which they are read; those in which nothing stands come last."""
    numbers = rows_in_order(field.key, present)[:MOST_ROWS]
    numbers.sort(key=lambda number: not is_filled(field, number, sent, present))
    return [
        {column.key: _wire_sent(column, name_of(field.key, number, column.key), sent) for column in field.columns}
        for number in numbers
    ]


def filled_rows(field: Field, sent: Sent) -> list[int]:
    """The numbers of the rows that are read, in order."""
    present = dict.fromkeys(sent.keys())
    numbers = rows_in_order(field.key, present)[:MOST_ROWS]
    return [number for number in numbers if is_filled(field, number, sent, present)]


def is_filled(field: Field, number: int, sent: Sent, present: Collection[str]) -> bool:
    return any(value not in ("", None, [], {}) for value in _row(field, number, sent, present).values())


def _wire_sent(field: Field, name: str, sent: Sent) -> Any:
    if field.parts:
        return {part.key: _wire_sent(part, f"{name}-{part.key}", sent) for part in field.parts}
    if field.type == "lookup":
        raw = _looked_up(name, sent)
        return {"id": raw[1:] if raw.startswith("#") else "", "text": sent.get(name) or ""}
    if field.type == "address":
        return {key[len(name) + 1 :]: sent.get(key) for key in sent.keys() if key.startswith(f"{name}-")}  # noqa: SIM118
    values = sent.getlist(name)
    if kind_of(field).base in (Base.CHOICES, Base.FILES):
        return [value for value in values if value]
    return values[-1] if values else ""
