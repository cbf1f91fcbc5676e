"""What of a drawn form is the same on every page, made once per version, language and mode from the templates.

A template is rendered with marks where pages differ; cut at the marks, it becomes a stencil that a page only fills.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, url_for
from markupsafe import Markup

from ..platform.caches import cache
from ..platform.text import local
from ..platform.web.filters import SIGNS, file_size
from ..platform.web.language import gettext as _
from ..platform.web.stencil import MARK, Stencil, slot, stencil
from .conditions.bind import refers_to
from .definition import Field, Section
from .kinds import DEPARTMENT, PERSON, Base
from .program import FormProgram
from .types import kind_of

ROW = "__row__"
TEMPLATE = "signoff/forms/fields.html"
EDIT, READ = "edit", "read"

_WIDGETS = {
    "long_text": "long_text",
    "number": "number",
    "integer": "number",
    "money": "number",
    "percent": "number",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "choice": "choice",
    "choices": "choices",
    "boolean": "boolean",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "lookup": "lookup",
    "person": "people",
    "department": "people",
    "address": "address",
    "rating": "rating",
    "note": "note",
    "table": "table",
}
_GROUPED = ("choices", "boolean", "rating", "address")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A field's stencils: as an input, as something to read, and of a table its columns and a row of each."""

    field: Field
    view: "View"
    edit: Stencil
    read: Stencil
    columns: tuple["Drawn", ...] = ()
    edit_row: Stencil | None = None
    read_row: Stencil | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole form: sections of lines of keys, the drawn fields by key, and those that may hold files."""

    fields: Mapping[str, Drawn]
    sections: tuple[tuple[Stencil, tuple[tuple[Stencil, tuple[str, ...]], ...]], ...]
    language: str
    files: tuple[Field, ...] = ()


@dataclass(frozen=True)
class View:
    """What templates ask of a field."""

    key: str
    id: str
    label: str
    help: str
    widget: str
    number: bool = False
    wide: bool = False
    span: int = 0
    cell: bool = False
    table: str = ""
    grouped: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    whole: bool = False
    max_length: int | None = None
    max_rows: int = 0
    most: int = 5
    placeholder: str = ""
    lookup_url: str = ""
    people_url: str = ""
    fills: str = ""
    filled_by: str = ""
    filled_from: str = ""
    needs: str = ""
    many: bool = False
    accept: str = ""
    kinds: str = ""
    ask: str = ""
    limits: str = ""
    signed: bool = False
    most_bytes: int = 0
    camera: bool = False
    parts: tuple[tuple[str, str], ...] = ()


def sheet(program: FormProgram, language: str) -> Sheet:
    """The stencils of a form, made on first use."""
    sheets = cache("forms.sheets")
    place = (*place_of(program), language)
    if place not in sheets:
        sheets[place] = _sheet(program, language)
    found: Sheet = sheets[place]
    return found


def place_of(program: FormProgram) -> tuple[str, int, int]:
    """Under what is remembered of a form's version, or of this very draft."""
    return program.form.key, program.version, 0 if program.version else id(program)


def forget(program: FormProgram) -> None:
    """Forget the stencils of a draft that is no longer needed: another may stand where it stood in memory."""
    for name in ("forms.sheets", "forms.following", "forms.rows"):
        known = cache(name)
        for place in [each for each in known if each[:3] == (program.form.key, program.version, id(program))]:
            del known[place]


def macros() -> Any:
    """The templates of fields, as functions."""
    known = cache("forms.macros")
    if "module" not in known:
        template = current_app.jinja_env.get_template(TEMPLATE)
        known["module"] = template.make_module({"slot": slot})
    return known["module"]


def _sheet(program: FormProgram, language: str) -> Sheet:
    form = program.form
    drawn = {field.key: _draw(field, program, language) for field in form.fields}
    layout = form.layout or (Section(None, tuple((field.key,) for field in form.fields)),)
    placed = {key for section in layout for row in section.rows for key in row}
    rest = tuple((field.key,) for field in form.fields if field.key not in placed)
    sections = [*layout, *([Section(None, rest)] if rest else [])]
    holders = tuple(field for field in form.fields if _holds_files(field))
    return Sheet(drawn, tuple(_section(section, language) for section in sections), language, holders)


def _holds_files(field: Field) -> bool:
    return any(kind_of(each).base is Base.FILES for each in (field, *field.parts, *field.columns))


def _section(section: Section, language: str) -> tuple[Stencil, tuple[tuple[Stencil, tuple[str, ...]], ...]]:
    outer = macros().section(local(section.title, language), len(section.rows), slot("body"))
    spans = _spans(section)
    lines = tuple(
        (stencil(macros().line(12 if spans.keys() & set(row) else len(row), slot("body"))), row) for row in section.rows
    )
    return stencil(outer), lines


def _spans(section: Section) -> dict[str, int]:
    """Twelfths by key, of rows in which one has a width: the others share what is left."""
    found: dict[str, int] = {}
    for row in section.rows:
        given = [section.widths[key] for key in row if key in section.widths]
        if given:
            share = max(1, (12 - sum(given)) // max(1, len(row) - len(given)))
            found |= {key: section.widths.get(key, share) for key in row}
    return found


def _draw(field: Field, program: FormProgram, language: str) -> Drawn:
    if field.type == "table":
        return _draw_table(field, program, language)
    view = _view(field, program, language)
    if field.parts:
        parts = tuple(_draw_part(part, field, program, language) for part in field.parts)
        edit, read = (stencil(macros().parts(view, slot("body"), mode)) for mode in (EDIT, READ))
        return Drawn(field, view, edit, read, parts)
    if view.widget == "note":
        note = stencil(macros().note(view))
        return Drawn(field, view, note, note)
    read = stencil(macros().field(view, "", READ))
    return Drawn(field, view, stencil(macros().field(view, _widget(view), EDIT)), read)


def _draw_part(part: Field, outer: Field, program: FormProgram, language: str) -> Drawn:
    view = replace(
        _view(part, program, language), key=f"{outer.key}.{part.key}", id=f"f-{outer.key}-{part.key}", wide=True
    )
    read = stencil(macros().field(view, "", READ))
    return Drawn(part, view, stencil(macros().field(view, _widget(view), EDIT)), read)


def _widget(view: View) -> Markup:
    found: Markup = getattr(macros(), f"widget_{view.widget}")(view)
    return found


def _draw_table(field: Field, program: FormProgram, language: str) -> Drawn:
    by, named = _filled_by(field, program, language)
    view = replace(_view(field, program, language), filled_by=by, filled_from=named)
    views = [_view(column, program, language, table=field.key) for column in field.columns]
    columns = tuple(
        Drawn(
            column,
            each,
            stencil(macros().cell(each, _widget(each), EDIT)),
            stencil(macros().cell(each, "", READ)),
        )
        for column, each in zip(field.columns, views, strict=True)
    )
    return Drawn(
        field,
        view,
        stencil(macros().table(view, views, EDIT)),
        stencil(macros().table(view, views, READ)),
        columns,
        stencil(macros().row(view, slot("cells"), EDIT)),
        stencil(macros().row(view, slot("cells"), READ)),
    )


def _view(field: Field, program: FormProgram, language: str, *, table: str = "") -> View:
    options = field.options
    kind = kind_of(field)
    computed = field.compute is not None or field.total is not None
    widget = "output" if computed else _widget_of(field)
    span = 0 if table else _span_of(field, program)
    multiple = bool(options.get("multiple"))
    signed = field.type == "signature"
    accept = ("image/*",) if signed else tuple(options.get("accept") or ())
    return View(
        key=field.key,
        id=f"f-{table}-{MARK}row{MARK}-{field.key}" if table else f"f-{field.key}",
        label=local(field.label, language),
        help=local(field.help, language),
        widget=widget,
        number=kind.base is Base.NUMBER,
        wide=widget in ("long_text", "file", "table") and not span,
        span=span,
        cell=bool(table),
        table=table,
        grouped=widget in _GROUPED and not table,
        choices=_choices(field, language),
        unit=_unit(field, language),
        whole=kind.whole,
        max_length=options.get("max_length"),
        max_rows=int(options.get("max_rows", 0)),
        most=int(options.get("max", 5)) if widget == "rating" else 5,
        lookup_url=_lookup_url(field, program, table),
        people_url=url_for("api_people.people") if kind.target == PERSON else "",
        fills=" ".join(options.get("fill") or ()) if field.type == "lookup" else "",
        needs=_needs(field, program, table),
        many=multiple,
        accept=",".join(accept),
        kinds=_kinds(accept),
        ask=_ask(multiple, table, signed),
        limits=_limits(options.get("max_size"), accept),
        signed=signed,
        most_bytes=int(options.get("max_size") or 0),
        camera=not signed and any(each.startswith("image/") for each in accept),
        parts=_address_parts(field),
    )


def _span_of(field: Field, program: FormProgram) -> int:
    """In twelfths of its row, 0 where no field of it has a width."""
    return next((spans[field.key] for each in program.form.layout if field.key in (spans := _spans(each))), 0)


def _widget_of(field: Field) -> str:
    kind = kind_of(field)
    if kind.base is Base.FILES:
        return "file"
    if kind.target in (PERSON, DEPARTMENT):
        return "people"
    return _WIDGETS.get(field.type, "text")


def _choices(field: Field, language: str) -> tuple[tuple[str, str], ...]:
    given = field.options.get("options")
    if not isinstance(given, list | tuple):
        return ()
    return tuple((str(each["value"]), local(each["label"], language)) for each in given)


def _unit(field: Field, language: str) -> str:
    if field.type == "money":
        currency = str(field.options.get("currency", ""))
        return SIGNS.get(currency, currency)
    if field.type == "percent":
        return "%"
    return local(field.options.get("unit"), language) if field.type in ("number", "integer") else ""


def _lookup_url(field: Field, program: FormProgram, table: str) -> str:
    if field.type != "lookup":
        return ""
    place = f"{table}.{field.key}" if table else field.key
    return url_for("signoff_forms.suggestions", form_key=program.form.key, field=place)


def _needs(field: Field, program: FormProgram, table: str) -> str:
    """The inputs with which the filter of a lookup compares, to be sent along when somebody searches."""
    condition = program.filters.get(f"{table}.{field.key}" if table else field.key)
    own = {each.key for each in program.form.fields}
    return " ".join(sorted(f"f-{key}" for key in refers_to(condition) & own)) if condition is not None else ""


def _filled_by(table: Field, program: FormProgram, language: str) -> tuple[str, str]:
    """The lookup that fills line items: the id of its input, and its label."""
    for each in program.form.fields:
        if each.type == "lookup" and table.key in each.options["fill"]:
            return f"f-{each.key}", local(each.label, language)
    return "", ""


_SHORT = {
    "application/msword": "Word",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "image/svg+xml": "SVG",
}


def _ask(multiple: bool, table: str, signed: bool) -> str:
    if table:
        return _("Add a file")
    if signed:
        return _("Or choose a picture of your signature.")
    return _("Drop files here, or choose them.") if multiple else _("Drop a file here, or choose one.")


def _kinds(accept: tuple[str, ...]) -> str:
    """What people call the media types that are taken: ``PDF, images``."""
    sorts = {"image/*": _("images"), "video/*": _("videos"), "audio/*": _("sound"), "text/plain": _("text")}
    return ", ".join(dict.fromkeys(sorts.get(each) or _short(each) for each in accept))


def _short(media_type: str) -> str:
    return _SHORT.get(media_type) or media_type.rpartition("/")[2].removeprefix("x-").upper()


def _limits(size: int | None, accept: tuple[str, ...]) -> str:
    kinds = _kinds(accept)
    most = _("up to %(size)s each", size=file_size(size)) if size else ""
    said = " · ".join(part for part in (kinds, most) if part)
    return said[:1].upper() + said[1:]


def _address_parts(field: Field) -> tuple[tuple[str, str], ...]:
    if field.type != "address":
        return ()
    parts = [
        ("province", _("Province")),
        ("city", _("City")),
        ("district", _("District")),
        ("street", _("Street")),
        ("postcode", _("Postcode")),
    ]
    return tuple(([("country", _("Country"))] if field.options.get("country") else []) + parts)
