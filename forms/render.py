"""Drawing a form: its stencils filled with values, problems and rights, to be edited or to be read."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from flask import current_app
from markupsafe import Markup, escape

from ..platform import files
from ..platform.people.choosing import choosable
from ..platform.people.current import current_zone
from ..platform.people.service import directory
from ..platform.problems import Problem, pointer
from ..platform.text import local
from ..platform.web.filters import anchor
from ..platform.web.language import language, say
from .definition import Field
from .display import Reader, file_line
from .filing import file_ids
from .kinds import PERSON, Base
from .lifecycle import Rights
from .plans import right_on
from .program import FormProgram
from .reading import NO_CELLS, Reading
from .records import Record
from .row_stencils import rows_alike
from .rows import BLANK_ROW
from .stencils import EDIT, READ, ROW, Drawn, Sheet, sheet
from .types import kind_of
from .wire import OWN, wire_of, wires_of

HIDDEN = " hidden"
CLOSED = " data-closed"
_SELECTS = frozenset(("choice", "people"))
_GROUPS = frozenset(("choices", "boolean", "rating"))
_PLAIN = frozenset(("text", "number", "long_text", "date", "datetime", "time", "email", "phone", "url"))
_CHECKED = {"choice": "selected", "choices": "checked", "boolean": "checked", "rating": "checked"}
_NOTHING: Mapping[str, Any] = {}
_SIGNS = re.compile("[&<>'\"]")


@dataclass(frozen=True)
class Drawing:
    """One form about to be drawn: what was read, what stands in its inputs, what is wrong with it."""

    program: FormProgram
    reading: Reading
    wires: Mapping[str, Any]
    rights: Rights | None = None
    problems: Sequence[Problem] = ()
    links: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    own: Collection[str] = ()
    notices: Mapping[str, str] = field(default_factory=dict)

    def right(self, key: str) -> str:
        return EDIT if self.rights is None else self.rights.get(key, READ)


def fields(
    program: FormProgram,
    values: Mapping[str, Any],
    *,
    reading: Reading,
    rights: Rights | None = None,
    problems: Iterable[Problem] = (),
    mode: str = EDIT,
    wires: Mapping[str, Any] | None = None,
    links: Mapping[str, Mapping[str, Any]] | None = None,
    own: Collection[str] = (),
    notices: Mapping[str, str] = _NOTHING,
) -> Markup:
    """The fields of a form as HTML: ``mode`` ``edit`` (inputs, as far as ``rights`` allow), ``read`` or ``print``.

    ``values`` are typed; ``reading`` says what is visible and required; ``wires`` are what somebody typed already,
    ``own`` the tables out of which they took rows. ``notices`` are HTML that stands below the line of a field.
    """
    known = dict(links if links is not None else reading.links)
    plain = [each for each in program.form.fields if not each.columns]
    shown = {**wires_of(plain, values, known, current_zone()), **(wires or {})}
    drawing = Drawing(program, reading, shown, rights, tuple(problems), known, own, notices)
    pen = _Pen(drawing, values, linked=mode != "print")
    return pen.draw(EDIT if mode == EDIT else READ)


def rows(program: FormProgram, key: str, reading: Reading, *, rights: Rights | None) -> Markup:
    """The rows of one table to be edited, as HTML."""
    pen = _Pen(Drawing(program, reading, {}, rights, (), dict(reading.links)), reading.values, linked=True)
    return Markup(pen.rows(key))  # noqa: S704 - our own


def record_fields(
    record: Record, program: FormProgram, reading: Reading, *, mode: str = READ, rights: Rights | None = None
) -> Markup:
    """A record to be read."""
    return fields(program, record.values, reading=reading, mode=mode, links=record.links, rights=rights)


def summary(problems: Sequence[Problem]) -> Markup:
    """All that is wrong with a form, above it."""
    if not problems:
        return Markup("")
    ui: Any = current_app.jinja_env.get_template("signoff/platform/ui.html").module
    return Markup(ui.problem_summary(problems))  # noqa: S704 - our own


def reader() -> Reader:
    """Writes values out for the person of this request."""
    return Reader(language(), current_zone())


class _Pen:
    def __init__(self, drawing: Drawing, values: Mapping[str, Any], *, linked: bool) -> None:
        self.drawing = drawing
        self.values = values
        self.sheet: Sheet = sheet(drawing.program, language())
        self.errors = _errors(drawing.problems)
        ids = [*file_ids(self.sheet.files, values), *_ids_in(self.sheet.files, drawing.wires)]
        self.files = files.get_many(dict.fromkeys(ids))
        self.reader = Reader(self.sheet.language, current_zone(), self.files, linked)

    def draw(self, mode: str) -> Markup:
        return Markup("".join(self._section(*section, mode) for section in self.sheet.sections))  # noqa: S704

    def _section(self, outer: Any, lines: Any, mode: str) -> str:
        drawn = "".join(self._line(line, keys, mode) for line, keys in lines)
        if not drawn:
            return ""
        keys = [key for _, row in lines for key in row]
        empty = not any(key in self.drawing.reading.visible for key in keys)
        filled: str = outer.fill({"hidden": HIDDEN if empty else "", "body": drawn})
        return filled

    def _line(self, line: Any, keys: Sequence[str], mode: str) -> str:
        drawn = "".join(self._field(self.sheet.fields[key], mode) for key in keys)
        filled: str = line.fill({"body": drawn}) if drawn else ""
        if self.drawing.notices:
            filled += "".join(self.drawing.notices.get(key, "") for key in keys)
        return filled

    def _field(self, drawn: Drawn, mode: str) -> str:
        key = drawn.field.key
        right = self.drawing.right(key)
        visible = key in self.drawing.reading.visible
        if drawn.field.parts:
            return self._parts(drawn, mode, visible)
        if right == "hidden" or (not visible and (mode == READ or right == READ)):
            return ""
        if drawn.edit_row is not None:
            return self._table(drawn, mode if right != READ else READ)
        if drawn.view.widget == "note":
            return drawn.edit.fill({"hidden": "" if visible else HIDDEN})
        if mode == READ or right == READ:
            link = self.drawing.links.get(pointer(key))
            return drawn.read.fill({"value": str(self.reader.show(drawn.field, self.values.get(key), link))})
        gaps = self._state(drawn, key, key in self.drawing.reading.readonly)
        gaps["hidden"] = "" if visible else HIDDEN
        gaps.update(self._content(drawn, drawn.view.id, self.drawing.wires.get(key, ""), self.values.get(key)))
        self._blame(gaps, drawn.view.id)
        return drawn.edit.fill(gaps)

    def _state(self, drawn: Drawn, place: str, readonly: bool, *, required: bool | None = None) -> dict[str, str]:
        """Gaps that say what may be done with an input, the same in every row."""
        if required is None:
            required = place in self.drawing.reading.required
        widget = drawn.view.widget
        chosen = widget in _SELECTS or widget in _GROUPS or widget == "boolean"
        state = ""
        if required and (widget not in _GROUPS or drawn.view.cell):
            state = ' aria-required="true"'
        if readonly:
            state += " disabled" if chosen else " readonly"
        return {
            "state": state,
            "unmarked": "" if required else HIDDEN,
            "fixed": HIDDEN if readonly else "",
            "faultless": HIDDEN,
        }

    def _blame(self, gaps: dict[str, str], ident: str) -> None:
        error = self.errors.get(ident)
        if error is not None:
            gaps["error"] = str(escape(error))
            gaps["faultless"] = ""
            gaps["state"] = gaps.get("state", "") + ' aria-invalid="true"'

    def _content(self, drawn: Drawn, name: str, wire: Any, value: Any) -> dict[str, str]:
        """Gaps that hold the value."""
        widget = drawn.view.widget
        if widget in _PLAIN:
            return {"value": _escaped(wire)}
        if widget == "output":
            return {"value": _escaped(self.reader.text(drawn.field, value))}
        if widget in _CHECKED:
            sign = "selected" if drawn.view.cell and widget == "boolean" else _CHECKED[widget]
            chosen = wire if isinstance(wire, list) else [wire]
            return {f"{sign}:{each}": f" {sign}" for each in chosen if each}
        if widget == "lookup":
            known = wire or {"id": "", "text": ""}
            return {"value": _escaped(known["text"]), "id": _escaped(known["id"])}
        if widget == "people":
            return {"options": self._people(drawn, str(wire))}
        if widget == "file":
            shown = (file_line(self.files[each], name=name, removable=True) for each in wire if each in self.files)
            return {"files": "".join(shown)}
        if widget == "address":
            return {f"part:{part}": _escaped(text) for part, text in (wire or {}).items()}
        return {"value": _escaped(wire)}

    def _people(self, drawn: Drawn, chosen: str) -> str:
        people = directory()
        if kind_of(drawn.field).target == PERSON:
            named = choosable(people, chosen=chosen)
        else:
            named = [(each.key, local(each.name, self.sheet.language)) for each in people.departments.values()]
            named.sort(key=lambda pair: pair[1])
        option = Markup('<option value="{}"{}>{}</option>')
        return "".join(option.format(key, Markup(" selected") if key == chosen else "", name) for key, name in named)

    def _parts(self, drawn: Drawn, mode: str, visible: bool) -> str:
        """A field made of others: each is drawn as a field of its own, as far as the step gives a right on it."""
        key = drawn.field.key
        values = self.values.get(key) or {}
        wires = self.drawing.wires.get(key) or {}
        rights = {each.field.key: self._part_right(key, each) for each in drawn.columns}
        edits = mode == EDIT and any(right in (EDIT, "required") for right in rights.values())
        if not (visible or edits):
            return ""
        body = "".join(
            self._part(key, each, mode if rights[each.field.key] != READ else READ, values, wires)
            for each in drawn.columns
            if rights[each.field.key] != "hidden"
        )
        if not edits:
            return drawn.read.fill({"body": body}) if body else ""
        gaps = {"hidden": "" if visible else HIDDEN, "body": body, "faultless": HIDDEN}
        gaps["unmarked"] = "" if key in self.drawing.reading.required else HIDDEN
        self._blame(gaps, drawn.view.id)
        return drawn.edit.fill(gaps)

    def _part_right(self, outer: str, part: Drawn) -> str:
        rights = self.drawing.rights
        return EDIT if rights is None else right_on(f"{outer}.{part.field.key}", rights)

    def _part(self, outer: str, drawn: Drawn, mode: str, values: Mapping[str, Any], wires: Mapping[str, Any]) -> str:
        name = f"{outer}.{drawn.field.key}"
        visible = name in self.drawing.reading.visible
        value = values.get(drawn.field.key)
        if mode == READ:
            return drawn.read.fill({"value": str(self.reader.show(drawn.field, value))}) if value is not None else ""
        gaps = self._state(drawn, name, name in self.drawing.reading.readonly)
        gaps["hidden"] = "" if visible else HIDDEN
        gaps.update(self._content(drawn, drawn.view.id, wires.get(drawn.field.key, ""), value))
        self._blame(gaps, drawn.view.id)
        return drawn.edit.fill(gaps)

    def _table(self, drawn: Drawn, mode: str) -> str:
        key = drawn.field.key
        visible = key in self.drawing.reading.visible
        readonly = key in self.drawing.reading.readonly
        columns = [each for each in drawn.columns if self._column_right(key, each) != "hidden"]
        gaps = {"hidden": "" if visible else HIDDEN, "fixed": HIDDEN if readonly else ""}
        gaps["unmarked"] = "" if key in self.drawing.reading.required else HIDDEN
        for each in drawn.columns:
            place = f"{key}.{each.field.key}"
            gaps[f"hidden:{each.field.key}"] = "" if each in columns and self._shown(place) else HIDDEN
            gaps[f"unmarked:{each.field.key}"] = "" if place in self.drawing.reading.required else HIDDEN
        if mode == READ:
            gaps["rows"] = self._read_rows(drawn, columns)
            return drawn.read.fill(gaps)
        gaps["rows"] = self._edit_rows(drawn, columns)
        gaps["template"] = self._edit_row(drawn, columns, ROW, {}, {}, self._column_states(drawn, columns))
        gaps["faultless"] = HIDDEN
        gaps["own"] = OWN if key in self.drawing.own else ""
        self._blame(gaps, drawn.view.id)
        if self.errors.get(drawn.view.id):
            gaps["group"] = ' aria-invalid="true"'
        return drawn.edit.fill(gaps)

    def rows(self, key: str) -> str:
        """The rows of one table."""
        drawn = self.sheet.fields[key]
        return self._edit_rows(drawn, [each for each in drawn.columns if self._column_right(key, each) != "hidden"])

    def _column_right(self, table: str, column: Drawn) -> str:
        if self.drawing.rights is None:
            return EDIT
        return self.drawing.rights.get(f"{table}.{column.field.key}", self.drawing.right(table))

    def _shown(self, place: str) -> bool:
        """Columns of which a program says nothing are shown."""
        table = place.split(".", 1)[0]
        visible = self.drawing.reading.visible
        return place in visible or not any(each.startswith(f"{table}.") for each in visible)

    def _read_rows(self, drawn: Drawn, columns: Sequence[Drawn]) -> str:
        key = drawn.field.key
        rows = []
        for place, row in enumerate(self.values.get(key) or ()):
            cells = [
                each.read.fill(
                    {
                        "row": str(place),
                        "hidden": "" if self._shown(f"{key}.{each.field.key}") else HIDDEN,
                        "value": self._cell(key, place, each, row),
                    }
                )
                for each in columns
            ]
            assert drawn.read_row is not None
            rows.append(drawn.read_row.fill({"row": str(place), "cells": "".join(cells)}))
        return "".join(rows)

    def _cell(self, key: str, place: int, column: Drawn, row: Mapping[str, Any]) -> str:
        link = self.drawing.links.get(pointer(key, place, column.field.key))
        return str(self.reader.show(column.field, row.get(column.field.key), link))

    def _column_states(self, drawn: Drawn, columns: Sequence[Drawn]) -> list[dict[str, str]]:
        key = drawn.field.key
        readonly = self.drawing.reading.readonly
        found = []
        for each in columns:
            place = f"{key}.{each.field.key}"
            fixed = key in readonly or place in readonly or self._column_right(key, each) == READ
            state = self._state(each, place, fixed)
            state["hidden"] = "" if self._shown(place) else HIDDEN
            found.append(state)
        return found

    def _has_cells(self, drawn: Drawn) -> bool:
        cells = self.drawing.reading.cells
        start = f"/{drawn.field.key}/"
        return cells is not NO_CELLS and any(
            place.startswith(start) for found in (cells.hidden, cells.required, cells.readonly) for place in found
        )

    def _cell_state(self, drawn: Drawn, column: Drawn, place: str, state: Mapping[str, str]) -> Mapping[str, str]:
        """The state of a column, but for cells of which rules say something else."""
        key, cells = drawn.field.key, self.drawing.reading.cells
        rows = len(self.values.get(key) or ())
        index = place if place.isdigit() and int(place) < rows else BLANK_ROW
        at = pointer(key, index, column.field.key)
        name = f"{key}.{column.field.key}"
        required = name in self.drawing.reading.required or at in cells.required
        fixed = state["fixed"] == HIDDEN or at in cells.readonly
        found = self._state(column, name, fixed, required=required)
        return {**found, "hidden": state["hidden"], "closed": CLOSED if at in cells.hidden else ""}

    def _edit_rows(self, drawn: Drawn, columns: Sequence[Drawn]) -> str:
        states = self._column_states(drawn, columns)
        typed: Sequence[Mapping[str, Any]] = self.values.get(drawn.field.key) or ()
        if self.errors or self._has_cells(drawn):
            wires = self._wires(drawn)
            rows = enumerate(zip_longest(wires, typed[: len(wires)], fillvalue=_NOTHING))
            return "".join(self._edit_row(drawn, columns, str(place), wire, row, states) for place, (wire, row) in rows)
        return "".join(self._alike(drawn, columns, states, typed))

    def _wires(self, drawn: Drawn) -> Sequence[Mapping[str, Any]]:
        """What stands in the inputs of the rows of a table: what was typed, else what is there; never no row."""
        key = drawn.field.key
        found = self.drawing.wires.get(key)
        if found is None:
            found = wires_of((drawn.field,), self.values, self.drawing.links, self.reader.zone)[key]
        return found or [_NOTHING] * max(1, int(drawn.field.options.get("min_rows", 1)))

    def _alike(
        self,
        drawn: Drawn,
        columns: Sequence[Drawn],
        states: Sequence[Mapping[str, str]],
        typed: Sequence[Mapping[str, Any]],
    ) -> Iterator[str]:
        """Rows that differ in their values alone."""
        alike = rows_alike(self.drawing.program, self.sheet.language, drawn, columns, states)
        gaps = alike.at(0).gaps
        table = drawn.field.key
        if typed and table not in self.drawing.wires:
            fills = [
                (each.field.key, self._fill(table, each, names)) for each, names in zip(columns, gaps, strict=True)
            ]
            for place, row in enumerate(typed):
                yield alike.at(place).fill([fill(row.get(key), place) for key, fill in fills])
            return
        for place, wire in enumerate(self._wires(drawn)):
            row = typed[place] if place < len(typed) else _NOTHING
            yield alike.at(place).fill(
                [
                    self._in_gaps(table, each, names, place, wire.get(each.field.key, ""), row.get(each.field.key))
                    for each, names in zip(columns, gaps, strict=True)
                ]
            )

    def _in_gaps(
        self, table: str, column: Drawn, names: Sequence[str], place: int, wire: Any, value: Any
    ) -> Sequence[str]:
        content = self._content(column, f"f-{table}-{place}-{column.field.key}", wire, value)
        return [content.get(name, "") for name in names]

    def _fill(self, table: str, column: Drawn, names: Sequence[str]) -> Callable[[Any, int], Sequence[str]]:
        """How a value of a column, in a row, becomes HTML in its gaps; quick where it is one text."""
        one, widget, zone, links = column.field, column.view.widget, self.reader.zone, self.drawing.links
        if widget == "output":
            return lambda value, _place: (_escaped(self.reader.text(one, value)),)
        if widget in _PLAIN:
            return lambda value, _place: ("" if value is None else _escaped(wire_of(one, value, None, zone)),)
        key = one.key

        def fill(value: Any, place: int) -> Sequence[str]:
            link = links.get(f"/{table}/{place}/{key}") if widget == "lookup" else None
            return self._in_gaps(table, column, names, place, wire_of(one, value, link, zone), value)

        return fill

    def _edit_row(
        self,
        drawn: Drawn,
        columns: Sequence[Drawn],
        place: str,
        wires: Mapping[str, Any],
        typed: Mapping[str, Any],
        states: Sequence[Mapping[str, str]],
    ) -> str:
        start = f"f-{drawn.field.key}-{place}"
        cells = []
        alone = self._has_cells(drawn)
        for column, state in zip(columns, states, strict=True):
            key = column.field.key
            ident = f"{start}-{key}"
            gaps = self._content(column, ident, wires.get(key, ""), typed.get(key))
            gaps["row"] = place
            gaps = {**(self._cell_state(drawn, column, place, state) if alone else state), **gaps}
            self._blame(gaps, ident)
            cells.append(column.edit.fill(gaps))
        assert drawn.edit_row is not None
        return drawn.edit_row.fill(
            {"row": place, "cells": "".join(cells), "fixed": states[0]["fixed"] if states else ""}
        )


def _escaped(value: object) -> str:
    """HTML of a text; nothing that comes from a person or a record is HTML already, whatever it says of itself."""
    text = str(value)
    return str(escape(text)) if _SIGNS.search(text) else text


def _errors(problems: Iterable[Problem]) -> dict[str, str]:
    """The first message for each input; one about a row as a whole stands at the table."""
    found: dict[str, str] = {}
    for problem in problems:
        found.setdefault(anchor(problem.path), say(problem.message))
    return found


def _ids_in(holders: Iterable[Field], wires: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for each in holders:
        if kind_of(each).base is Base.FILES:
            found += wires.get(each.key) or []
        for part in each.parts:
            if kind_of(part).base is Base.FILES:
                found += (wires.get(each.key) or {}).get(part.key) or []
        for column in each.columns:
            if kind_of(column).base is Base.FILES:
                found += [one for row in wires.get(each.key) or () for one in row.get(column.key) or ()]
    return found
