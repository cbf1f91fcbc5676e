"""Inputs of a drawn form: what stands in each, what may be done with it, and what is wrong with it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from ..platform import files
from ..platform.people.choosing import choosable
from ..platform.people.current import current_zone
from ..platform.people.service import directory
from ..platform.problems import Problem
from ..platform.text import local
from ..platform.web.filters import anchor
from ..platform.web.language import language, say
from ..platform.web.stencil import escaped
from .definition import Field
from .display import Reader, file_line
from .filing import file_ids
from .kinds import PERSON, Base
from .lifecycle import Rights
from .program import FormProgram
from .reading import Reading
from .stencils import EDIT, READ, Drawn, Sheet, sheet
from .types import kind_of

HIDDEN = " hidden"
CLOSED = " data-closed"
_SELECTS = frozenset(("choice", "people"))
_GROUPS = frozenset(("choices", "boolean", "rating"))
PLAIN = frozenset(("text", "number", "long_text", "date", "datetime", "time", "email", "phone", "url"))
_CHECKED = {"choice": "selected", "choices": "checked", "boolean": "checked", "rating": "checked"}
NOTHING: Mapping[str, Any] = {}


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


class Inputs:
    """Draws the inputs of one form."""

    def __init__(self, drawing: Drawing, values: Mapping[str, Any], *, linked: bool) -> None:
        self.drawing = drawing
        self.values = values
        self.sheet: Sheet = sheet(drawing.program, language())
        self.errors = errors_by_input(drawing.problems)
        ids = [*file_ids(self.sheet.files, values), *_ids_in(self.sheet.files, drawing.wires)]
        self.files = files.get_many(dict.fromkeys(ids))
        self.reader = Reader(self.sheet.language, current_zone(), self.files, linked)
        self._options: dict[tuple[str | None, str], str] = {}

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
        if widget in PLAIN:
            return {"value": escaped(wire)}
        if widget == "output":
            return {"value": escaped(self.reader.text(drawn.field, value))}
        if widget in _CHECKED:
            sign = "selected" if drawn.view.cell and widget == "boolean" else _CHECKED[widget]
            chosen = wire if isinstance(wire, list) else [wire]
            return {f"{sign}:{each}": f" {sign}" for each in chosen if each}
        if widget == "lookup":
            known = wire or {"id": "", "text": ""}
            return {"value": escaped(known["text"]), "id": escaped(known["id"])}
        if widget == "people":
            return {"options": self._people(drawn, str(wire))}
        if widget == "file":
            shown = (file_line(self.files[each], name=name, removable=True) for each in wire if each in self.files)
            return {"files": "".join(shown)}
        if widget == "address":
            return {f"part:{part}": escaped(text) for part, text in (wire or {}).items()}
        return {"value": escaped(wire)}

    def _people(self, drawn: Drawn, chosen: str) -> str:
        """The same for all inputs in which the same one is chosen, such as those of rows."""
        target = kind_of(drawn.field).target
        if (target, chosen) not in self._options:
            self._options[target, chosen] = self._offered(target, chosen)
        return self._options[target, chosen]

    def _offered(self, target: str | None, chosen: str) -> str:
        people = directory()
        if target == PERSON:
            named = choosable(people, chosen=chosen)
        else:
            named = [(each.key, local(each.name, self.sheet.language)) for each in people.departments.values()]
            named.sort(key=lambda pair: pair[1])
        option = Markup('<option value="{}"{}>{}</option>')
        return "".join(option.format(key, Markup(" selected") if key == chosen else "", name) for key, name in named)


def errors_by_input(problems: Iterable[Problem]) -> dict[str, str]:
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
