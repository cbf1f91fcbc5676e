"""Pages of lists: rows and the cursor of the next page, which is an opaque, signed position in an order."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeVar

from flask import current_app

from . import json
from .db import utc_text
from .errors import Malformed, Refused
from .problems import Problem, pointer
from .text import msg

DEFAULT_LIMIT = 50
MOST = 200

T = TypeVar("T")
R = TypeVar("R")

Position = str | int | bool | Decimal | datetime | date | None
"""One value of a cursor: what a row has in a column of the order."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """``next`` is the cursor of the page after this one, ``None`` on the last."""

    items: tuple[T, ...]
    next: str | None = None

    def map(self, change: Callable[[T], R]) -> "Page[R]":
        """The same page with every item changed."""
        return Page(tuple(change(item) for item in self.items), self.next)


def page_of(rows: Sequence[T], limit: int, position: Callable[[T], Iterable[Position]]) -> Page[T]:
    """The page of ``rows``, of which up to ``limit + 1`` were asked for: the one too many says that there are more."""
    if len(rows) <= limit:
        return Page(tuple(rows))
    return Page(tuple(rows[:limit]), encode_cursor(position(rows[limit - 1])))


def encode_cursor(values: Iterable[Position]) -> str:
    """The cursor after a row whose columns of the order hold ``values``; safe in a URL."""
    body = json.canonical([_to_json(value) for value in values]).encode()
    return base64.urlsafe_b64encode(_signature(body) + body).rstrip(b"=").decode()


def decode_cursor(text: str) -> list[Position]:
    """The values that :func:`encode_cursor` was given.

    Raises:
        Malformed: it is none of ours.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unknown_cursor() from error
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not body or not hmac.compare_digest(signature, _signature(body)):
        raise _unknown_cursor()
    return [_from_json(value) for value in json.parse(body)]


def read_limit(text: str | None, default: int = DEFAULT_LIMIT, most: int = MOST) -> int:
    """The ``limit`` of a request.

    Raises:
        Refused: no whole number from 1 to ``most``.
    """
    if text is None or text == "":
        return default
    if text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most:
        return int(text)
    message = msg("The limit is %(value)s. Use a whole number from 1 to %(most)s.", value=repr(text[:40]), most=most)
    raise Refused.because([Problem(pointer("limit"), "limit", message)])


_SIGNATURE_BYTES = 9


def _signature(body: bytes) -> bytes:
    key = hashlib.sha256(b"cursor:" + str(current_app.secret_key).encode()).digest()
    return hmac.digest(key, body, "sha256")[:_SIGNATURE_BYTES]


def _unknown_cursor() -> Malformed:
    return Malformed(msg("The cursor “after” cannot be read. Start again from the first page."), code="cursor")


def _to_json(value: Position) -> object:
    if isinstance(value, datetime):
        return {"t": utc_text(value)}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": format(value, "f")}
    return value


def _from_json(value: object) -> Position:
    if not isinstance(value, dict):
        assert value is None or isinstance(value, str | int)
        return value
    kind, text = next(iter(value.items()))
    readers: dict[str, Callable[[str], Position]] = {
        "t": datetime.fromisoformat,
        "d": date.fromisoformat,
        "n": Decimal,
    }
    return readers[kind](text)
