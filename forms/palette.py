"""What the builder shows of field types: group, icon, and each option with its words and the widget that edits it.

Plugins say the words of their options in ``metadata`` of the marshmallow field: ``label`` and ``help``, texts or texts
by language; ``kind`` names another widget. A type says ``icon`` and ``help`` as attributes of its class.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import marshmallow as ma

from ..platform.text import LocalText, msg
from .fields.options import (
    Choices,
    Currency,
    Day,
    DecimalText,
    Flag,
    Key,
    KeyMap,
    Local,
    MediaTypes,
    Names,
    OneOf,
    Pattern,
    Size,
    Text,
    Whole,
)
from .schema import NO_COMPUTE
from .types import FieldType

TEXTS, NUMBERS, CHOOSING, TIME, PEOPLE, FILES, STRUCTURE, PLUGIN = (
    "text", "number", "choice", "time", "people", "files", "structure", "plugin",
)  # fmt: skip

_BUILT_IN: Mapping[str, tuple[str, str, LocalText]] = {
    "text": (TEXTS, "input-cursor-text", msg("One line: a name, a number of a parcel.")),
    "long_text": (TEXTS, "text-paragraph", msg("Several lines, such as a description.")),
    "email": (TEXTS, "envelope", msg("An address that mail can be sent to.")),
    "phone": (TEXTS, "telephone", msg("A number that can be called.")),
    "url": (TEXTS, "link-45deg", msg("The address of a page.")),
    "address": (TEXTS, "geo-alt", msg("Province, city, street and postcode.")),
    "number": (NUMBERS, "123", msg("A number with decimals, perhaps with a unit.")),
    "integer": (NUMBERS, "hash", msg("A count of pieces, days or people.")),
    "money": (NUMBERS, "currency-yen", msg("An amount in a currency, exact to the cent.")),
    "percent": (NUMBERS, "percent", msg("A share, such as a discount.")),
    "rating": (NUMBERS, "star", msg("Some stars out of several.")),
    "choice": (CHOOSING, "ui-radios", msg("One of several answers.")),
    "choices": (CHOOSING, "ui-checks", msg("Any of several answers.")),
    "boolean": (CHOOSING, "toggle-on", msg("A box to tick.")),
    "date": (TIME, "calendar3", msg("A day.")),
    "time": (TIME, "clock", msg("A time of the day.")),
    "datetime": (TIME, "calendar-event", msg("A day and a time.")),
    "person": (PEOPLE, "person", msg("Somebody of this installation.")),
    "department": (PEOPLE, "diagram-2", msg("A department of this installation.")),
    "file": (FILES, "paperclip", msg("Documents, such as a receipt.")),
    "image": (FILES, "image", msg("Photos, shown small.")),
    "signature": (FILES, "pen", msg("Drawn with the finger or the mouse.")),
    "lookup": (STRUCTURE, "search", msg("A record of another form, which fills other fields.")),
    "table": (STRUCTURE, "table", msg("Line items: rows of columns.")),
    "note": (STRUCTURE, "info-circle", msg("A text that explains; nothing is entered.")),
}

_WORDS: Mapping[str, tuple[LocalText, LocalText]] = {
    "min_length": (msg("Fewest characters"), ""),
    "max_length": (msg("Most characters"), ""),
    "pattern": (msg("Pattern"), msg("A regular expression that the whole text must match.")),
    "min": (msg("Least"), msg("The smallest value allowed.")),
    "max": (msg("Most"), msg("The largest value allowed.")),
    "date.min": (msg("First day"), msg("A date, or “today”.")),
    "date.max": (msg("Last day"), msg("A date, or “today”.")),
    "rating.max": (msg("Stars"), msg("How many there are.")),
    "decimals": (msg("Decimals"), msg("How many places after the point are kept.")),
    "unit": (msg("Unit"), msg("Stands behind the number, such as kg.")),
    "currency": (msg("Currency"), msg("Its three letters, such as CNY.")),
    "options": (msg("Answers"), ""),
    "min_choices": (msg("Fewest answers"), ""),
    "max_choices": (msg("Most answers"), ""),
    "multiple": (msg("Several files"), ""),
    "max_files": (msg("Most files"), ""),
    "accept": (msg("Kinds of files"), msg("Such as image/* or application/pdf; none: all.")),
    "max_size": (msg("Largest file"), msg("Such as 10MB.")),
    "form": (msg("Form"), msg("Whose records are offered.")),
    "show": (msg("Shown to choose by"), msg("Fields of that form.")),
    "filter": (msg("Which records"), msg("Only those for which this holds.")),
    "fill": (msg("Fills in"), msg("A field here gets the value of a field there.")),
    "balance": (msg("Balance"), msg("What may be taken of the record in all.")),
    "min_rows": (msg("Fewest rows"), ""),
    "max_rows": (msg("Most rows"), ""),
    "country": (msg("Ask for the country"), ""),
}

_KINDS: tuple[tuple[type[ma.fields.Field[Any]], str], ...] = (
    (Flag, "boolean"), (ma.fields.Boolean, "boolean"), (Whole, "number"), (DecimalText, "number"),
    (ma.fields.Integer, "number"), (ma.fields.Float, "number"), (ma.fields.Decimal, "number"), (Local, "localtext"),
    (OneOf, "choice"), (Choices, "choices"), (MediaTypes, "list"), (Names, "list"), (KeyMap, "map"), (Day, "date"),
    (Text, "text"), (Key, "text"), (Size, "text"), (Pattern, "text"), (Currency, "text"), (ma.fields.String, "text"),
)  # fmt: skip
_NAMED_KINDS: Mapping[str, str] = {"form": "form", "show": "fields", "filter": "condition"}
_OF_COLUMNS = frozenset(("table", "none"))


def describe(field_type: FieldType) -> dict[str, Any]:
    """Everything that the palette and the inspector need to know of a type."""
    built_in = _BUILT_IN.get(field_type.name)
    group, icon, help_text = built_in or (PLUGIN, "puzzle", "")
    return {
        "name": field_type.name,
        "label": field_type.label,
        "help": getattr(field_type, "help", help_text),
        "icon": getattr(field_type, "icon", icon),
        "group": group,
        "sort": field_type.value_kind,
        "options": list(_options(field_type, ours=built_in is not None)),
        "column": field_type.value_kind not in _OF_COLUMNS,
        "computed": field_type.value_kind not in NO_COMPUTE,
    }


def _options(field_type: FieldType, *, ours: bool) -> Iterable[dict[str, Any]]:
    yield from _named(field_type.options, f"{field_type.name}.", ours=ours)


def _named(options: Mapping[str, ma.fields.Field[Any]], prefix: str, *, ours: bool) -> Iterable[dict[str, Any]]:
    for name, option in options.items():
        said = option.metadata
        words = _WORDS.get(f"{prefix}{name}") or _WORDS.get(name) or (name.replace("_", " "), "")
        kind = str(said.get("kind") or (ours and _NAMED_KINDS.get(name)) or _kind(option))
        yield {
            "name": name,
            "kind": kind,
            "label": said.get("label", words[0]),
            "help": said.get("help", words[1] or ("" if ours else said.get("doc", ""))),
            "required": bool(option.required),
            **_default(option),
            **_bounds(option),
        }


def _kind(option: ma.fields.Field[Any]) -> str:
    return next((kind for sort, kind in _KINDS if isinstance(option, sort)), "json")


def _default(option: ma.fields.Field[Any]) -> dict[str, Any]:
    value = option.load_default
    if value is ma.missing or callable(value) or not isinstance(value, str | int | bool | list | tuple | dict):
        return {}
    return {"default": list(value) if isinstance(value, tuple) else value}


def _bounds(option: ma.fields.Field[Any]) -> dict[str, Any]:
    if isinstance(option, Whole):
        return {"least": option.least, "most": option.most}
    if isinstance(option, DecimalText):
        return {"decimal": True}
    if isinstance(option, OneOf):
        words: Mapping[str, LocalText] = option.metadata.get("words", {})
        return {"choices": [{"value": each, "label": words.get(each, each.replace("_", " "))} for each in option.words]}
    if isinstance(option, ma.fields.List) and isinstance(option.inner, ma.fields.Nested):
        return {"members": list(_named(option.inner.schema.fields, "", ours=False))}
    return {}
