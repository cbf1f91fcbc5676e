"""Reading JSON that strangers send, and writing it in one canonical way."""

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import Malformed, Refused, TooLarge
from .problems import Problem, pointer
from .text import msg

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 64
MAX_EXPONENT = 1000


class _Duplicate(Exception):
    def __init__(self, key: str) -> None:
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Duplicate(key)
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise Malformed(msg("The JSON holds %(name)s, which is no number in JSON. Remove it.", name=name))


def _decimal(text: str) -> Decimal:
    """Exactly the number; an exponent whose digits would fill the memory is none."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("Infinity")
    if not value.is_finite() or abs(value.adjusted()) > MAX_EXPONENT:
        raise Malformed(msg("The number %(text)s is beyond what can be computed.", text=text[:40]))
    return value


def parse(source: str | bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text; numbers with a fraction come as :class:`~decimal.Decimal`.

    Raises:
        TooLarge: more than ``max_bytes`` bytes.
        Malformed: no JSON, nested deeper than ``max_depth``, a key twice, ``NaN`` or ``Infinity``.
    """
    if len(source) > max_bytes:
        raise TooLarge(
            msg("The JSON is %(size)s bytes long; at most %(max)s are read.", size=len(source), max=max_bytes)
        )
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
    except UnicodeDecodeError as error:
        raise Malformed(msg("The file is no UTF-8 text. Save it as UTF-8.")) from error
    _check_depth(text, max_depth)
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_decimal)
    except _Duplicate as error:
        raise Malformed(msg("The key %(key)s stands twice in one object. Remove one.", key=repr(error.key))) from error
    except json.JSONDecodeError as error:
        raise Malformed(
            msg(
                "No JSON: %(what)s at line %(line)s, column %(column)s.",
                what=error.msg,
                line=error.lineno,
                column=error.colno,
            ),
            line=error.lineno,
            column=error.colno,
        ) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # an integer of thousands of digits, a nesting beyond reason
        raise Malformed(msg("The JSON holds a number that is too long to read.")) from error
    if _ODD_ESCAPE.search(text):
        _check_texts(value)
    return value


_ODD_ESCAPE = re.compile(r"\\u(0000|[dD][89a-fA-F])")


def _check_texts(value: Any) -> None:
    """Escapes can write what no database stores: the character NUL, and halves of a surrogate pair."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in each):
            raise Malformed(msg("The text %(text)s holds a character that cannot be stored.", text=ascii(each[:40])))


def _check_depth(text: str, max_depth: int) -> None:
    """A scan before parsing: a thousand levels never reach the recursive parser."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > max_depth:
                raise Malformed(msg("The JSON is nested deeper than %(max)s levels.", max=max_depth))
        elif character in "]}":
            depth -= 1


def parse_object(source: str | bytes) -> dict[str, Any]:
    """Like :func:`parse`, and the value must be an object.

    Raises:
        Refused: it is an array, a string, a number …
    """
    value = parse(source)
    if not isinstance(value, dict):
        raise Refused.because([Problem(pointer(), "not_an_object", msg("Expected a JSON object in braces."))])
    return value


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _encoder(*, sort_keys: bool) -> Callable[[Any, int], Iterable[str]]:
    """An encoder made once; ``json.JSONEncoder`` makes one for every text, which takes as long as a short text does."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # not CPython
        whole = json.JSONEncoder(sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False, default=_plain)
        return lambda value, _level: whole.encode(value)
    write: Callable[[Any, int], Iterable[str]] = make(
        None, _plain, json.encoder.encode_basestring, None, ":", ",", sort_keys, False, True
    )
    return write


_CANONICAL = _encoder(sort_keys=True)
_COMPACT = _encoder(sort_keys=False)


# functions, no closures: psycopg says of those that they may leak
def canonical(value: Any) -> str:
    """The one text of a value: sorted keys, no spaces, decimals as strings. Hashes and comparisons use it."""
    return "".join(_CANONICAL(value, 0))


def dumps(value: Any) -> str:
    """Compact JSON; key order kept, decimals as strings."""
    return "".join(_COMPACT(value, 0))


def pretty(value: Any) -> str:
    """JSON for people: two spaces, key order kept."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n"
