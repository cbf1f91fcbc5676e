"""What a page with script is told while a form is filled: what the form says to what stands in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ..platform.people.current import current_zone
from ..platform.problems import pointer
from ..platform.web.filters import anchor
from ..platform.web.language import say
from . import lifecycle, render
from .definition import Field
from .filling import Sent, Sheet, confirmed_in, doubles
from .kinds import Base
from .program import FormProgram
from .reading import Reading
from .rows import BLANK_ROW, TablePlan
from .types import kind_of
from .wire import filled_rows, name_of, raw_of, rows_in_order, wire_of


def live(sheet: Sheet, sent: Sent) -> dict[str, Any]:
    """What a page with script is told after each change: see ``modules/fill.ts``."""
    fields = sheet.program.form.fields
    raw = raw_of(fields, sent)
    reading = sheet.read(raw)
    extra = lifecycle.current().extend_evaluation(sheet.program, reading, sheet.by)
    return {
        "visible": sorted(reading.visible),
        "required": sorted(reading.required),
        "readonly": sorted(reading.readonly),
        "cells": _cells(sheet.program, reading, sent),
        "inputs": _inputs(fields, reading, sent),
        "outputs": _outputs(fields, reading, sent),
        "tables": _tables(sheet, reading, sent),
        "problems": [
            {"id": anchor(_on_page(each.path, fields, sent)), "code": each.code, "message": say(each.message)}
            for each in reading.problems
        ],
        "doubles": doubles(sheet, reading, confirmed_in(sent)),
        **extra,
    }


def _on_page(path: str, fields: Sequence[Field], sent: Sent) -> str:
    """The path with the number that a row has on the page, where rows come and go, instead of its place."""
    parts = path.split("/")
    if len(parts) < 4 or not parts[3].isdigit():
        return path
    table = next((each for each in fields if each.key == parts[2] and each.columns), None)
    numbers = filled_rows(table, sent) if table else []
    place = int(parts[3])
    return "/".join([*parts[:3], str(numbers[place]), *parts[4:]]) if place < len(numbers) else path


def _inputs(fields: Sequence[Field], reading: Reading, sent: Sent) -> dict[str, Any]:
    """Inputs by id in which something else should stand than was sent."""
    zone = current_zone()
    found: dict[str, Any] = {}
    for each in fields:
        if each.type == "table":
            rows = reading.values.get(each.key) or ()
            for place, number in enumerate(_numbers(each, reading, sent)):
                if place < len(rows):
                    for column in each.columns:
                        link = reading.links.get(pointer(each.key, place, column.key))
                        value = rows[place].get(column.key)
                        _compare(found, column, name_of(each.key, number, column.key), value, link, zone, sent)
        else:
            link = reading.links.get(pointer(each.key))
            _compare(found, each, name_of(each.key), reading.values.get(each.key), link, zone, sent)
    return found


def _cells(program: FormProgram, reading: Reading, sent: Sent) -> dict[str, list[str]]:
    """``columns`` whose cells rules treat for themselves, and by the ids of their inputs those cells."""
    found: dict[str, list[str]] = {"columns": [], "hidden": [], "required": [], "readonly": []}
    for plan in program.plans:
        if isinstance(plan, TablePlan) and plan.by_row:
            found["columns"] += [f"{plan.name}.{key}" for key in plan.by_row]
            numbers = dict(enumerate(_numbers(plan.field, reading, sent)))
            rest = [each for each in rows_in_order(plan.name, sent.keys()) if each not in numbers.values()]
            for word in ("hidden", "required", "readonly"):
                found[word] += _cells_of(plan.name, getattr(reading.cells, word), numbers, rest)
    return found


def _cells_of(table: str, places: Iterable[str], numbers: Mapping[int, int], blank: Sequence[int]) -> Iterator[str]:
    """Ids of cells of one table: ``numbers`` of rows on the page by their place, and those of ``blank`` ones."""
    for place in sorted(places):
        _, key, index, column = place.split("/")
        if key == table:
            rows = blank if index == BLANK_ROW else [numbers[int(index)]] if int(index) in numbers else []
            yield from (name_of(table, number, column) for number in rows)


def _numbers(table: Field, reading: Reading, sent: Sent) -> list[int]:
    """The number on the page of each row that was read; rows in which nothing fits are not among them."""
    numbers = filled_rows(table, sent)
    places = reading.places.get(table.key)
    return numbers if places is None else [numbers[place] for place in places if place < len(numbers)]


def _compare(
    found: dict[str, Any], one: Field, name: str, value: Any, link: Mapping[str, Any] | None, zone: Any, sent: Sent
) -> None:
    base = kind_of(one).base
    if one.compute or one.total or value is None or base in (Base.FILES, Base.JSON, Base.NONE):
        return
    wire = wire_of(one, value, link, zone)
    if one.type == "lookup":
        if sent.get(f"{name}-id") != wire["id"] or not sent.get(name):
            found[name] = wire
    elif isinstance(wire, list):
        if sorted(wire) != sorted(each for each in sent.getlist(name) if each):
            found[name] = wire
    elif wire != (sent.getlist(name) or [""])[-1].strip():
        found[name] = wire


def _tables(sheet: Sheet, reading: Reading, sent: Sent) -> dict[str, Markup]:
    """Rows, as HTML by the id of their table, that a record filled where none were sent."""
    return {
        name_of(each.key): render.rows(sheet.program, each.key, reading, rights=sheet.shown)
        for each in sheet.program.form.fields
        if each.columns and reading.values.get(each.key) and not filled_rows(each, sent)
    }


def _outputs(fields: Sequence[Field], reading: Reading, sent: Sent) -> dict[str, str]:
    """What is computed, as people read it, by id."""
    reader = render.reader()
    found: dict[str, str] = {}
    for each in fields:
        if each.type == "table":
            rows = reading.values.get(each.key) or ()
            computed = [column for column in each.columns if column.compute]
            for place, number in enumerate(_numbers(each, reading, sent) if computed else ()):
                row = rows[place] if place < len(rows) else {}
                for column in computed:
                    found[name_of(each.key, number, column.key)] = reader.text(column, row.get(column.key))
        elif each.compute or each.total:
            found[name_of(each.key)] = reader.text(each, reading.values.get(each.key))
    return found
