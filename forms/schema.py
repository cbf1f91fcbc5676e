"""The door from ``form/1`` JSON: unknown keys, wrong types and bad options are problems, all of them at once."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import marshmallow as ma

from ..platform.keys import KEY
from ..platform.problems import Problem, errors_of, pointer
from ..platform.text import msg
from .analysis import analyse
from .definition import EVERYBODY, SCHEMA, Access, Duplicate, Field, Form, Public, Rule, Section, Total
from .errors import FieldError
from .fields.options import AnyJson, Flag, Key, KeyMap, Local, Names, OneOf, Option, Text, Whole, bad_key, shown
from .numbering import check_pattern
from .reading import ReadContext
from .schema_problems import StrictSchema, loaded, unknown_key
from .types import FieldType, UnknownType, all_types, find, when_registered

MAX_FIELDS = 500
MAX_COLUMNS = 100
MAX_RULES = 500
MAX_SUMMARY = 5
MAX_FORMULA = 4000

RESERVED = frozenset(
    ("all", "any", "not", "field", "submitter", "true", "false", "constructor", "prototype", "null", "undefined")
)
"""Words of conditions and formulas, and names that mean something to the languages below."""

NO_COMPUTE = frozenset(("files", "table", "json", "none", "reference", "choices"))
_NO_ORDER = frozenset(("files", "table", "json", "none", "choices"))


class _SchemaName(Option[str]):
    def read(self, value: Any) -> str:
        if value != SCHEMA:
            raise ma.ValidationError(msg("%(value)s is no schema of a form. Write “form/1”.", value=shown(value)))
        return SCHEMA


class _Number(Text):
    def read(self, value: Any) -> str:
        pattern = super().read(value)
        wrong = check_pattern(pattern)
        if wrong is not None:
            raise ma.ValidationError(wrong)
        return pattern


class _Cells(Option[tuple[tuple[tuple[str, int | None], ...], ...]]):
    """Rows of keys, or of ``{"field": key, "width": 1–12}``."""

    def read(self, value: Any) -> tuple[tuple[tuple[str, int | None], ...], ...]:
        if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
            raise ma.ValidationError(
                msg('%(value)s is no list of rows. Write [["a", "b"], ["c"]].', value=shown(value))
            )
        wrong: dict[int, Any] = {}
        rows = []
        for index, row in enumerate(value):
            cells = []
            for place, cell in enumerate(row):
                try:
                    cells.append(_cell(cell))
                except ma.ValidationError as error:
                    wrong.setdefault(index, {})[place] = error.messages
            rows.append(tuple(cells))
        if wrong:
            raise ma.ValidationError(wrong)
        return tuple(rows)


def _cell(cell: Any) -> tuple[str, int | None]:
    if isinstance(cell, str):
        return cell, None
    if not isinstance(cell, Mapping) or not isinstance(cell.get("field"), str):
        raise ma.ValidationError(msg("%(value)s is no field. Write its key.", value=shown(cell)))
    for key in cell:
        if key not in ("field", "width"):
            raise ma.ValidationError({key: [unknown_key(str(key), ("field", "width"))]})
    if "width" not in cell:
        return cell["field"], None
    return cell["field"], Whole(least=1, most=12).deserialize(cell["width"])


class _SectionSchema(StrictSchema):
    title = Local()
    rows = _Cells(required=True)


class _TotalSchema(StrictSchema):
    form = Key(required=True)
    sum = Text(required=True)
    match = Text(required=True)


class _DuplicateSchema(StrictSchema):
    fields_ = Names(required=True, data_key="fields", most=10)
    do = OneOf("warn", "refuse", load_default="warn")

    @ma.post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Duplicate:
        return Duplicate(data["fields_"], data["do"])


class _RuleSchema(StrictSchema):
    when = AnyJson()
    show = Names(load_default=())
    hide = Names(load_default=())
    require = Names(load_default=())
    readonly = Names(load_default=())
    set = KeyMap(load_default={})
    check = AnyJson()
    duplicate = ma.fields.Nested(_DuplicateSchema)
    message = Local()
    at = Text()


class _AccessSchema(StrictSchema):
    create = Names(load_default=(EVERYBODY,))
    read = Names(load_default=())
    edit = Names(load_default=())
    delete = Names(load_default=())


class _PublicSchema(StrictSchema):
    fill = Flag(load_default=False)
    status = Names(load_default=())
    later = Names(load_default=())


class _FormSchema(StrictSchema):
    schema = _SchemaName(required=True)
    key = Key(required=True)
    title = Local(required=True)
    description = Local()
    number = _Number()
    fields_ = ma.fields.List(AnyJson(), required=True, data_key="fields")
    layout = ma.fields.List(ma.fields.Nested(_SectionSchema), load_default=[])
    rules = ma.fields.List(ma.fields.Nested(_RuleSchema), load_default=[])
    summary = Names(load_default=())
    access = ma.fields.Nested(_AccessSchema)
    public = ma.fields.Nested(_PublicSchema)


_COMMON: Mapping[str, ma.fields.Field[Any]] = {
    "key": Key(required=True),
    "type": AnyJson(required=True),
    "label": Local(),
    "help": Local(most=4000),
    "required": Flag(load_default=False),
    "default": AnyJson(),
    "compute": Text(most=MAX_FORMULA),
}
_OF_FIELDS: Mapping[str, ma.fields.Field[Any]] = {
    "unique": Flag(load_default=False),
    "indexed": Flag(load_default=False),
}


@lru_cache(maxsize=256)
def _schema_of(type_name: str, is_column: bool) -> ma.Schema:
    """What a field of that type may say."""
    field_type = find(type_name)
    members: dict[str, Any] = {**_COMMON, **field_type.options}
    if not is_column:
        members |= _OF_FIELDS
        if field_type.value_kind == "number":
            members["total"] = ma.fields.Nested(_TotalSchema)
    if field_type.value_kind == "table":
        members["columns"] = ma.fields.List(AnyJson(), required=True)
    return StrictSchema.from_dict(members, name=f"{type_name.title()}Schema")()


when_registered(_schema_of.cache_clear)


def schemas() -> Mapping[str, ma.Schema]:
    """What a form, a field and a column of each type may say: ``form``, ``field.money``, ``column.money``."""
    fields = {f"field.{each.name}": _schema_of(each.name, False) for each in all_types()}
    columns = {f"column.{each.name}": _schema_of(each.name, True) for each in all_types()}
    return {"form": _FORM, **fields, **columns}


def read_form(document: Any) -> tuple[Form | None, list[Problem]]:
    """The form that ``document`` says, or ``None`` and everything that is wrong with it.

    What refers to other forms (lookups, totals) is checked when the form is compiled.
    """
    if not isinstance(document, Mapping):
        return None, [
            Problem("", "wrong_type", msg("Expected a form in braces, found %(value)s.", value=shown(document)))
        ]
    data, problems = loaded(_FORM, document, "")
    reader = _FieldReader()
    fields = reader.fields(data.get("fields_", []), "/fields", MAX_FIELDS)
    problems += reader.problems
    if "fields" in document and isinstance(document["fields"], list) and not document["fields"]:
        problems.append(Problem("/fields", "missing", msg("A form needs a field. Add one.")))
    problems += _too_many(data)
    form = _form(data, fields, document)
    problems += [each for each in analyse(form, broken=reader.broken).problems if not _is_echo(each, problems)]
    return (None if errors_of(problems) else form), problems


_FORM = _FormSchema()


def _is_echo(problem: Problem, known: list[Problem]) -> bool:
    """A rule whose effect could not be read only seems to have none."""
    below = problem.path + "/"
    return problem.code == "no_effect" and any(f"{each.path}/".startswith(below) for each in known)


def _too_many(data: Mapping[str, Any]) -> list[Problem]:
    problems = []
    if len(data.get("summary", ())) > MAX_SUMMARY:
        problems.append(
            Problem("/summary", "too_many", msg("A summary has at most %(max)s fields. Remove some.", max=MAX_SUMMARY))
        )
    if len(data.get("rules", ())) > MAX_RULES:
        problems.append(Problem("/rules", "too_many", msg("A form has at most %(max)s rules.", max=MAX_RULES)))
    return problems


def _form(data: Mapping[str, Any], fields: tuple[Field, ...], document: Mapping[str, Any]) -> Form:
    return Form(
        key=data.get("key", ""),
        title=data.get("title", ""),
        description=data.get("description"),
        number=data.get("number"),
        fields=fields,
        layout=tuple(_section(section) for section in data.get("layout", ()) if isinstance(section, Mapping)),
        rules=tuple(_rule(rule) for rule in data.get("rules", ()) if isinstance(rule, Mapping)),
        summary=data.get("summary", ()),
        access=Access(**data.get("access", {})),
        public=Public(**data.get("public", {})),
        document=document,
    )


def _section(data: Mapping[str, Any]) -> Section:
    rows = data.get("rows", ())
    widths = {key: width for row in rows for key, width in row if width is not None}
    return Section(data.get("title"), tuple(tuple(key for key, _ in row) for row in rows), widths)


def _rule(data: Mapping[str, Any]) -> Rule:
    known = data.get("duplicate")
    return Rule(**{**data, "duplicate": known if isinstance(known, Duplicate) else None})  # else it could not be read


class _FieldReader:
    """Reads fields one by one; ``broken`` are keys of fields about which nothing more can be said."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.broken: set[str] = set()

    def fields(self, documents: list[Any], path: str, most: int) -> tuple[Field, ...]:
        if len(documents) > most:
            self._problem(path, "too_many", msg("At most %(max)s fields.", max=most))
            return ()
        found: list[Field] = []
        seen: set[str] = set()
        for index, document in enumerate(documents):
            field = self._field(document, f"{path}/{index}", is_column=False)
            key = self._check_key(document, f"{path}/{index}", seen)
            if field is not None:
                found.append(field)
            elif key is not None:
                self.broken.add(key)
        return tuple(found)

    def _problem(self, path: str, code: str, message: str) -> None:
        self.problems.append(Problem(path, code, message))

    def _check_key(self, document: Any, path: str, seen: set[str]) -> str | None:
        key = document.get("key") if isinstance(document, Mapping) else None
        if not isinstance(key, str):
            return None
        if key in seen:
            self._problem(path + "/key", "duplicate_key", msg("“%(key)s” stands twice. Rename one.", key=key[:60]))
        if key in RESERVED:
            self._problem(path + "/key", "reserved_key", msg("“%(key)s” is a word of its own. Rename it.", key=key))
        seen.add(key)
        return key

    def _field(self, document: Any, path: str, *, is_column: bool) -> Field | None:
        if not isinstance(document, Mapping):
            self._problem(
                path, "wrong_type", msg("Expected a field in braces, found %(value)s.", value=shown(document))
            )
            return None
        field_type = self._type(document, path, is_column)
        if field_type is None:
            key = document.get("key")
            if not isinstance(key, str) or not KEY.fullmatch(key):
                self._problem(path + "/key", "wrong_value", bad_key(key))
            return None
        before = len(self.problems)
        data, problems = loaded(_schema_of(field_type.name, is_column), document, path)
        self.problems += problems
        columns = self._columns(data.pop("columns", []), path) if field_type.value_kind == "table" else ()
        if len(self.problems) > before:
            return None
        field = _made(data, field_type, columns)
        field = replace(field, parts=field_type.parts(field))
        self.problems += [problem.below(path) for problem in _field_problems(field, field_type)]
        return field

    def _type(self, document: Mapping[str, Any], path: str, is_column: bool) -> FieldType | None:
        name = document.get("type")
        if name is None:
            self._problem(path + "/type", "missing", msg("“%(key)s” is missing. Add it.", key="type"))
            return None
        try:
            field_type = find(name if isinstance(name, str) else repr(name))
        except UnknownType as error:
            self._problem(path + "/type", "unknown_type", error.message)
            return None
        if is_column and field_type.value_kind in ("table", "none"):
            self._problem(
                path + "/type", "wrong_type", msg("A column cannot be of type “%(name)s”.", name=field_type.name)
            )
            return None
        return field_type

    def _columns(self, documents: list[Any], path: str) -> tuple[Field, ...]:
        if not documents:
            self._problem(path + "/columns", "missing", msg("A table needs a column. Add one."))
        if len(documents) > MAX_COLUMNS:
            self._problem(path + "/columns", "too_many", msg("At most %(max)s columns.", max=MAX_COLUMNS))
            return ()
        found: list[Field] = []
        seen: set[str] = set()
        for index, document in enumerate(documents):
            place = f"{path}/columns/{index}"
            column = self._field(document, place, is_column=True)
            self._check_key(document, place, seen)
            if column is not None:
                found.append(column)
        return tuple(found)


def _made(data: dict[str, Any], field_type: FieldType, columns: tuple[Field, ...]) -> Field:
    total = data.get("total")
    return Field(
        key=data["key"],
        type=field_type.name,
        label=data.get("label") or data["key"].replace("_", " ").capitalize(),
        help=data.get("help"),
        required=data["required"],
        default=data.get("default"),
        compute=data.get("compute"),
        unique=data.get("unique", False),
        indexed=data.get("indexed", False),
        options={name: data[name] for name in field_type.options if name in data},
        columns=columns,
        total=Total(**total) if total else None,
    )


def _field_problems(field: Field, field_type: FieldType) -> list[Problem]:
    problems = list(field_type.check_options(field))
    if field.compute is not None and field_type.value_kind in NO_COMPUTE:
        problems.append(_clash("compute", msg("A field of type “%(name)s” cannot be computed.", name=field.type)))
    if field.compute is not None and field.default is not None:
        problems.append(_clash("default", msg("A computed field takes no default. Remove one of the two.")))
    if field.total is not None and (field.compute is not None or field.default is not None):
        problems.append(_clash("total", msg("A total takes neither a formula nor a default. Remove them.")))
    for word in ("unique", "indexed"):
        if getattr(field, word) and field_type.value_kind in _NO_ORDER:
            problems.append(
                _clash(word, msg("A field of type “%(name)s” cannot be “%(word)s”.", name=field.type, word=word))
            )
    return problems + _default_problem(field, field_type)


def _clash(word: str, message: str) -> Problem:
    return Problem(pointer(word), "does_not_fit", message)


def _default_problem(field: Field, field_type: FieldType) -> list[Problem]:
    if field.default is None or field_type.name in ("lookup", "person", "department"):
        return []
    try:
        field_type.read(field.default, field, ReadContext())
    except FieldError as error:
        return [Problem("/default", "wrong_default", error.message)]
    return []
