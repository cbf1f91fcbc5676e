"""What a field type is, and the register of all that there are; plugins add theirs through the same door."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from difflib import get_close_matches
from functools import cache
from typing import Any, ClassVar

import marshmallow as ma

from ..platform.problems import Problem
from ..platform.text import LocalText, Message, msg
from .definition import Field, Form
from .errors import FieldError
from .kinds import FACTS, Base, Kind
from .reading import ReadContext

Read = Callable[[Any, ReadContext], Any]
"""Reads one raw value that is not blank, or raises :class:`FieldError`."""


OptionFields = Mapping[str, ma.fields.Field[Any]]
"""The options of a type by key of the definition."""


class FieldType:
    """A sort of field. The least that a type of a plugin says is ``name``, ``label``, its ``options`` and ``parse``.

    ``options`` are marshmallow fields by key of the definition, checked when a form is read, defaults filled.
    ``value_kind`` is how values are kept in JSON and ordered: text, number, date, datetime, time, boolean, choice,
    choices, reference (a record's id), files, table, json, none.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    options: ClassVar[OptionFields] = {}
    value_kind: ClassVar[str] = "text"

    @property
    def has_value(self) -> bool:
        """Notes have none."""
        return self.value_kind != "none"

    def check_options(self, field: Field) -> list[Problem]:  # noqa: ARG002
        """Problems that no single option has, such as a ``min`` above ``max``; pointers below the field."""
        return []

    def parts(self, field: Field) -> tuple[Field, ...]:  # noqa: ARG002
        """The fields that a field of this type is made of, with ``value_kind = "json"``.

        Each is drawn, read and stored as a field of its own type, and is named ``evidence.photos`` in rules and in the
        rights of steps. The value is an object of theirs by key.
        """
        return ()

    def kind(self, field: Field) -> Kind:
        """What conditions and formulas know of the field."""
        if not field.parts:
            return _plain_kind(self.value_kind)
        parts = {part.key: kind_of(part) for part in field.parts}
        return Kind(Base(self.value_kind), choices=tuple(parts) or None, parts=parts)

    def parse(self, raw: str, options: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """The typed value of a text that is not blank.

        Raises:
            FieldError: it does not fit.
        """
        return raw

    def reader(self, field: Field) -> Read:
        """The function that reads raw values of ``field``; made once, called for each value that is not blank."""
        options = field.options

        def read(raw: Any, context: ReadContext) -> Any:  # noqa: ARG001
            if not isinstance(raw, str):
                raise FieldError(msg("%(value)s is no text. Send it in quotes.", value=shown(raw)), code="wrong_type")
            return self.parse(raw.strip(), options)

        return read

    def read(self, raw: Any, field: Field, context: ReadContext) -> Any:
        """The typed value of ``raw``, ``None`` if that is blank.

        Raises:
            FieldError: it does not fit.
        """
        return None if self.blank(raw) else self.reader(field)(raw, context)

    def blank(self, raw: Any) -> bool:
        """Nothing was entered."""
        return raw is None or raw == "" or raw == [] or raw == {} or (isinstance(raw, str) and not raw.strip())

    def to_json(self, value: Any) -> Any:
        """The JSON of a typed value."""
        return value

    def from_json(self, json: Any) -> Any:
        """The typed value of what :meth:`to_json` gave."""
        return json

    def fit(self, value: Any, field: Field) -> Any:  # noqa: ARG002
        """A computed value in the field's own precision: money in whole cents, integers without decimals."""
        return value

    def default(self, field: Field) -> Any:
        """The raw value of a field that is not sent on first filing, ``None`` without one."""
        return field.default

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        """The value for people, where no more is known than the value."""
        return "" if value is None else str(value)


def part_of(key: str, type_name: str, label: LocalText, *, required: bool = False, **options: Any) -> Field:
    """A field for :meth:`FieldType.parts`; options that are not given have their defaults."""
    known = find(type_name).options
    defaults = {name: each.load_default for name, each in known.items() if each.load_default is not ma.missing}
    return Field(key, type_name, label, required=required, options={**defaults, **options})


def shown(raw: Any) -> str:
    """A raw value in a message: quoted, cut."""
    text = raw if isinstance(raw, str) else repr(raw)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


_types: dict[str, FieldType] = {}


class UnknownType(LookupError):
    """No such field type; ``message`` lists those that there are."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


def register(field_type: FieldType | type[FieldType]) -> None:
    """Add a field type, or replace the one of that name; a class is instantiated."""
    instance = field_type() if isinstance(field_type, type) else field_type
    _types[instance.name] = instance
    _forget()


_watchers: list[Callable[[], None]] = []


def when_registered(watcher: Callable[[], None]) -> None:
    """Call ``watcher`` when the register changes: what was made from it must be made anew."""
    _watchers.append(watcher)


def _forget() -> None:
    for watcher in _watchers:
        watcher()


def find(name: str) -> FieldType:
    """The field type of that name.

    Raises:
        UnknownType: there is none.
    """
    found = _types.get(name) or _built_in().get(name)
    if found is None:
        near = get_close_matches(str(name), list(_types), n=1)
        known = ", ".join(sorted(_types))
        raise UnknownType(
            msg("No field type “%(name)s”. Did you mean “%(near)s”?", name=str(name)[:60], near=near[0])
            if near
            else msg("No field type “%(name)s”. Known: %(known)s.", name=str(name)[:60], known=known)
        )
    return found


def all_types() -> tuple[FieldType, ...]:
    """All registered types, ours first."""
    return tuple(_built_in().values())


def _built_in() -> Mapping[str, FieldType]:
    if "text" not in _types:
        from . import fields

        fields.register_all()
    return _types


@cache
def _plain_kind(value_kind: str) -> Kind:
    return Kind(Base(value_kind))


def kind_of(field: Field) -> Kind:
    """What conditions and formulas know of ``field``."""
    return find(field.type).kind(field)


def kinds_of(form: Form) -> dict[str, Kind]:
    """The sorts of all fields of ``form``, and of the facts beside them."""
    return {**{field.key: kind_of(field) for field in form.fields}, **FACTS}
