"""Line items of a drawn form: the table, its rows with their own rules, and all rows at once where they are alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ..platform.problems import pointer
from ..platform.web.stencil import escaped
from .inputs import CLOSED, HIDDEN, NOTHING, PLAIN, Inputs
from .reading import NO_CELLS
from .row_stencils import rows_alike
from .rows import BLANK_ROW
from .stencils import EDIT, READ, ROW, Drawn
from .wire import OWN, wire_of, wires_of


class Lines(Inputs):
    """Draws tables, too."""

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
            rows = enumerate(zip_longest(wires, typed[: len(wires)], fillvalue=NOTHING))
            return "".join(self._edit_row(drawn, columns, str(place), wire, row, states) for place, (wire, row) in rows)
        return "".join(self._alike(drawn, columns, states, typed))

    def _wires(self, drawn: Drawn) -> Sequence[Mapping[str, Any]]:
        """What stands in the inputs of the rows of a table: what was typed, else what is there; never no row."""
        key = drawn.field.key
        found = self.drawing.wires.get(key)
        if found is None:
            found = wires_of((drawn.field,), self.values, self.drawing.links, self.reader.zone)[key]
        return found or [NOTHING] * max(1, int(drawn.field.options.get("min_rows", 1)))

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
            row = typed[place] if place < len(typed) else NOTHING
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
            return lambda value, _place: (escaped(self.reader.text(one, value)),)
        if widget in PLAIN:
            return lambda value, _place: ("" if value is None else escaped(wire_of(one, value, None, zone)),)
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
