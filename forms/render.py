"""Drawing a form: its stencils filled with values, problems and rights, to be edited or to be read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from flask import current_app
from markupsafe import Markup

from ..platform.people.current import current_zone
from ..platform.problems import Problem, pointer
from ..platform.web.language import language
from .display import Reader
from .inputs import HIDDEN, NOTHING, Drawing
from .lifecycle import Rights
from .lines import Lines
from .plans import right_on
from .program import FormProgram
from .reading import Reading
from .records import Record
from .stencils import EDIT, READ, Drawn
from .wire import wires_of


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
    notices: Mapping[str, str] = NOTHING,
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


class _Pen(Lines):
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
