"""What marshmallow found wrong, as problems: a JSON Pointer, a stable code, and a sentence with the way out."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .problems import Problem, pointer
from .text import Message, msg

_PLACES = {"json", "query", "form", "files", "path", "json_or_form", "query_string", "headers"}

# marshmallow's own words; %(key)s is the part that is wrong, other names are groups of the pattern
_SENTENCES: tuple[tuple[str, str, Message], ...] = (
    (r"Missing data for required field\.", "required", msg("“%(key)s” is missing. Add it.")),
    (r"Unknown field\.", "unknown_key", msg("“%(key)s” is not known here. Remove it or correct its name.")),
    (r"Field may not be null\.", "null", msg("“%(key)s” must not be null. Give a value.")),
    (r"Invalid input type\.", "wrong_type", msg("A JSON object in braces was expected.")),
    (r"Not a valid string\.", "wrong_type", msg("“%(key)s” must be a text in quotes.")),
    (r"Not a valid integer\.", "wrong_type", msg("“%(key)s” must be a whole number, without quotes.")),
    (r"Not a valid number\.", "wrong_type", msg('“%(key)s” must be a number; write decimals as text: "4999.99".')),
    (r"Not a valid boolean\.", "wrong_type", msg("“%(key)s” must be true or false.")),
    (r"Not a valid list\.", "wrong_type", msg("“%(key)s” must be a list in brackets.")),
    (r"(Not a valid mapping type|Invalid type)\.", "wrong_type", msg("“%(key)s” must be an object in braces.")),
    (r"Not a valid date\.", "wrong_type", msg("“%(key)s” must be a date such as 2026-03-02.")),
    (
        r"Not a valid ((naive|aware) )?datetime\.",
        "wrong_type",
        msg("“%(key)s” must be a time with its zone, such as 2026-03-02T09:00:00Z."),
    ),
    (r"Must be one of: (?P<known>.*)\.", "not_offered", msg("“%(key)s” must be one of: %(known)s.")),
    (r"Longer than maximum length (?P<most>\d+)\.", "too_long", msg("“%(key)s” is longer than %(most)s.")),
    (r"Shorter than minimum length (?P<least>\d+)\.", "too_short", msg("“%(key)s” is shorter than %(least)s.")),
    (
        r"Length must be between (?P<least>\d+) and (?P<most>\d+)\.",
        "wrong_length",
        msg("“%(key)s” must have a length from %(least)s to %(most)s."),
    ),
    (
        r"Must be greater than or equal to (?P<least>\S+) and less than or equal to (?P<most>\S+)\.",
        "out_of_range",
        msg("“%(key)s” must be from %(least)s to %(most)s."),
    ),
    (
        r"Must be greater than or equal to (?P<least>\S+)\.",
        "out_of_range",
        msg("“%(key)s” must be at least %(least)s."),
    ),
    (r"Must be less than or equal to (?P<most>\S+)\.", "out_of_range", msg("“%(key)s” must be at most %(most)s.")),
    (r"Special numeric values .*", "wrong_type", msg("“%(key)s” must be a finite number.")),
)
_PATTERNS = tuple((re.compile(pattern), code, sentence.template) for pattern, code, sentence in _SENTENCES)


def schema_problems(messages: Any, path: str = "") -> tuple[Problem, ...]:
    """The problems in marshmallow's nested ``messages``, all of them; webargs puts the place (``json``) outermost."""
    if isinstance(messages, Mapping) and not path and messages and set(messages) <= _PLACES:
        return tuple(problem for inner in messages.values() for problem in _walk(inner, ""))
    return tuple(_walk(messages, path))


def _walk(messages: Any, path: str) -> Iterable[Problem]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _walk(inner, path if key == "_schema" else path + pointer(key))
        return
    for message in messages if isinstance(messages, list | tuple) else [messages]:
        if isinstance(message, Mapping):
            yield from _walk(message, path)
        elif isinstance(message, Message):
            yield Problem(path, "wrong_value", message)
        else:
            yield _problem(str(message), path)


def _problem(message: str, path: str) -> Problem:
    key = path.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")
    for pattern, code, template in _PATTERNS:
        found = pattern.fullmatch(message)
        if found is not None:
            return Problem(path, code, msg(template, key=key, **found.groupdict()))
    return Problem(path, "wrong_value", message)
