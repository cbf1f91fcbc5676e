"""From the errors of marshmallow, nested as the input is, to problems with paths, in our words."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import marshmallow as ma

from ..platform.problems import Problem, pointer
from ..platform.text import Message, msg

_MISSING = "Missing data for required field."
_NULL = "Field may not be null."
_TYPES = {"Invalid input type.": msg("an object in braces"), "Not a valid list.": msg("a list in brackets")}
_UNKNOWN = "Unknown field."


class StrictSchema(ma.Schema):
    """Unknown keys are errors."""

    class Meta:
        unknown = ma.RAISE

    error_messages: dict[str, str] = {"unknown": _UNKNOWN, "type": "Invalid input type."}


def loaded(schema: ma.Schema, document: Any, path: str) -> tuple[dict[str, Any], list[Problem]]:
    """What could be read of ``document``, and what is wrong with the rest."""
    try:
        return dict(schema.load(document)), []
    except ma.ValidationError as error:
        valid = error.valid_data if isinstance(error.valid_data, dict) else {}
        messages: Any = error.messages
        if isinstance(messages, dict) and set(messages) == {"_schema"}:
            messages = messages["_schema"]
        return dict(valid), list(_problems(messages, document, path, schema))


def _problems(messages: Any, document: Any, path: str, schema: ma.Schema | None) -> Iterator[Problem]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            if key == "_schema":
                yield from _problems(inner, document, path, schema)
            else:
                yield from _problems(inner, _child(document, key), path + pointer(key), _schema_below(schema, key))
    elif isinstance(messages, Iterable) and not isinstance(messages, str):
        for each in messages:
            yield from _problems(each, document, path, schema)
    else:
        yield _problem(str.__str__(messages) if not isinstance(messages, Message) else messages, document, path, schema)


def _child(document: Any, key: Any) -> Any:
    try:
        return document[key]
    except (KeyError, IndexError, TypeError):
        return None


class _Unknown(StrictSchema):
    """Stands for the schema around a key that it does not know."""

    def __init__(self, known: Iterable[str]) -> None:
        super().__init__()
        self.known = tuple(sorted(known))


def _schema_below(schema: ma.Schema | None, key: Any) -> ma.Schema | None:
    if schema is None or isinstance(key, int):
        return schema
    field = schema.fields.get(key) or next((each for each in schema.fields.values() if each.data_key == key), None)
    if field is None:
        return _Unknown(each.data_key or name for name, each in schema.fields.items())
    if isinstance(field, ma.fields.List):
        field = field.inner
    return field.schema if isinstance(field, ma.fields.Nested) else None


def _problem(message: str, document: Any, path: str, schema: ma.Schema | None) -> Problem:
    key = path.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    if message == _UNKNOWN and isinstance(schema, _Unknown):
        return Problem(path, "unknown_key", unknown_key(key, schema.known))
    if message == _MISSING:
        return Problem(path, "missing", msg("“%(key)s” is missing. Add it.", key=key))
    if message == _NULL:
        return Problem(path, "missing", msg("“%(key)s” is null. Give it a value, or leave it out.", key=key))
    if message in _TYPES:
        return Problem(
            path, "wrong_type", msg("Expected %(what)s, found %(found)s.", what=_TYPES[message], found=_shown(document))
        )
    return Problem(path, "wrong_value", message)


def unknown_key(key: str, known: Iterable[str]) -> Message:
    """Says that there is no such key, and which one may have been meant."""
    names = sorted(known)
    near = get_close_matches(key, names, n=1)
    if near:
        return msg("No key “%(key)s” here. Did you mean “%(near)s”?", key=key[:60], near=near[0])
    return msg("No key “%(key)s” here. Known: %(known)s.", key=key[:60], known=", ".join(names))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
