"""Typed values as the engine hands them on: as JSON to actions, as short digests to its own memory."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from ..platform.durations import format_duration
from ..platform.json import canonical

MARK_LENGTH = 16


def plain(value: Any) -> Any:
    """``value`` as JSON: decimals and times as text, tuples as lists."""
    if value is None or isinstance(value, str | bool | int):
        return value
    maker = _TEXTS.get(type(value))
    if maker is not None:
        return maker(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(each) for each in value)
    return format_duration(value) if isinstance(value, timedelta) else str(value)


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _datetime(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_TEXTS: Mapping[type, Callable[[Any], str]] = {
    Decimal: _decimal,
    datetime: _datetime,
    date: date.isoformat,
    time: time.isoformat,
}


def mark(value: Any) -> str:
    """A short text that differs where values differ; equal amounts have equal marks (``5`` and ``5.00``)."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value.normalize(), "f") if value else "0"
    else:
        text = value if isinstance(value, str) else canonical(plain(value))
    if len(text) <= MARK_LENGTH and not text.startswith("~"):
        return text
    return "~" + blake2b(text.encode(), digest_size=8).hexdigest()
