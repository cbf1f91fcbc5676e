"""Dates and times as people and programs write them."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from ..platform.text import Message, msg
from .errors import FieldError

_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９：－．／", "0123456789:-./")


class MomentError(FieldError):
    """No date or time; the message says what to write."""


def read_date(raw: Any) -> date:
    """A calendar day, ``2026-03-01``; also ``2026/3/1`` and ``2026年3月1日``.

    Raises:
        MomentError: no text, no date, or a day that does not exist.
    """
    text = _text(raw, _no_date)
    if len(text) == 10 and text[4] == "-":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise MomentError(_no_date(text)) from None
    found = _DATE.fullmatch(text)
    if not found:
        raise MomentError(_no_date(text))
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise MomentError(_no_date(text)) from None


def read_datetime(raw: Any, zone: tzinfo) -> datetime:
    """A moment in UTC; without an offset it is the wall clock of ``zone``.

    Raises:
        MomentError: no text, no moment, or beyond the calendar.
    """
    text = _text(raw, _no_datetime)
    try:
        moment = datetime.fromisoformat(text if len(text) < 11 or text[10] != " " else text.replace(" ", "T", 1))
        if len(text) <= 10:
            raise MomentError(_no_datetime(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MomentError(_no_datetime(text)) from None


def read_time(raw: Any) -> time:
    """A time of day, ``09:30`` or ``09:30:15``.

    Raises:
        MomentError: no text, no time.
    """
    text = _text(raw, _no_time)
    found = _TIME.fullmatch(text)
    try:
        if found:
            return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        pass
    raise MomentError(_no_time(text))


def write_datetime(moment: datetime) -> str:
    """RFC 3339 in UTC, ``2026-03-01T08:30:00Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def write_time(moment: time) -> str:
    """``09:30``, with seconds only where there are some."""
    return moment.isoformat("seconds" if moment.second else "minutes")


def _text(raw: Any, complain: Any) -> str:
    if not isinstance(raw, str):
        raise MomentError(complain(repr(raw)))
    text = raw.strip()
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def _no_date(text: str) -> Message:
    return msg("“%(value)s” is no date. Write year-month-day, for example 2026-03-01.", value=text[:40])


def _no_datetime(text: str) -> Message:
    return msg("“%(value)s” is no date with time. Write for example 2026-03-01 09:30.", value=text[:40])


def _no_time(text: str) -> Message:
    return msg("“%(value)s” is no time. Write hours and minutes, for example 09:30.", value=text[:40])
