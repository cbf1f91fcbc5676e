"""Calendars: reading a calendar's document with all of its problems at once; what it does is ``business_time``."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from .business_time import WEEKDAYS, Calendar, CalendarDocument, Clock, Hours, Span, known_country, standard
from .keys import KEY
from .problems import Problem, pointer
from .text import msg

_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_KNOWN = ("key", "name", "zone", "country", "hours", "days_on", "days_off")
_MAX_DAYS = 366


def read_calendar(
    document: object, *, zone: str = "Asia/Shanghai", country: str = "CN"
) -> tuple[Calendar | None, list[Problem]]:
    """The calendar of a document; ``zone`` and ``country`` hold where it names none (``"country": ""``: no holidays).

    Days are ISO dates (``2026-02-14``) or spans of them (``2026-12-24/2026-12-31``); a day on without usual hours keeps
    those of the first weekday that has any. Days off win over days on.
    """
    if not isinstance(document, Mapping):
        return None, [Problem("", "not_an_object", msg("A calendar is an object with key, name, zone and hours."))]
    reading = _Reading(document, zone, country)
    calendar = reading.read()
    return (None if reading.problems else calendar), reading.problems


class _Reading:
    def __init__(self, document: Mapping[str, Any], zone: str, country: str) -> None:
        self.document = document
        self.default_zone = zone
        self.default_country = country
        self.problems: list[Problem] = []

    def problem(self, path: str, code: str, message: str) -> None:
        self.problems.append(Problem(path, code, message))

    def read(self) -> Calendar:
        for name in self.document:
            if name not in _KNOWN:
                known = ", ".join(_KNOWN)
                self.problem(
                    pointer(name), "unknown_key", msg("No key %(key)s. Known: %(known)s.", key=repr(name), known=known)
                )
        zone, country = self.zone(), self.country()
        hours = self.hours() if "hours" in self.document else standard(zone, country).hours
        usual = next((each for each in hours if each), ())
        special = {day: hours[day.weekday()] or usual for day in self.days("days_on")}
        special |= dict.fromkeys(self.days("days_off"), ())
        return Calendar(self.key(), self.name(), zone, hours, country, special)

    def key(self) -> str:
        key = self.document.get("key")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            self.problem(
                "/key",
                "wrong_key",
                msg("%(value)s is no key. Use small letters, digits and _, as in office.", value=repr(key)),
            )
        return str(key)

    def name(self) -> Any:
        name = self.document.get("name", self.document.get("key"))
        texts = name.values() if isinstance(name, Mapping) else [name]
        if not texts or not all(isinstance(each, str) and each for each in texts):
            self.problem(
                "/name",
                "wrong_type",
                msg('%(value)s is no text. Write "…" or {"en": "…", "zh": "…"}.', value=repr(name)),
            )
        return name

    def zone(self) -> ZoneInfo:
        zone = self.document.get("zone", self.default_zone)
        if zone not in available_timezones():
            self.problem(
                "/zone", "unknown_zone", msg("No time zone %(value)s. Example: Asia/Shanghai.", value=repr(zone))
            )
            return ZoneInfo("UTC")
        return ZoneInfo(zone)

    def country(self) -> str | None:
        country = self.document.get("country", self.default_country)
        if country in ("", None):
            return None
        if not isinstance(country, str) or not known_country(country):
            self.problem(
                "/country",
                "unknown_country",
                msg('No holidays of %(value)s are known. Use a code as in CN or DE-BY, or "".', value=repr(country)),
            )
            return None
        return country

    def hours(self) -> tuple[Hours, ...]:
        given = self.document["hours"]
        if not isinstance(given, Mapping):
            self.problem("/hours", "wrong_type", msg('Hours are by weekday: {"mon": [["09:00", "18:00"]]}.'))
            return ((),) * 7
        for name in given:
            if name not in WEEKDAYS:
                self.problem(
                    pointer("hours", name),
                    "unknown_key",
                    msg("No weekday %(key)s. Known: %(known)s.", key=repr(name), known=", ".join(WEEKDAYS)),
                )
        hours = tuple(self.spans(name, given.get(name, ())) for name in WEEKDAYS)
        if not any(hours) and not self.problems:
            self.problem("/hours", "never_open", msg("No weekday has hours, so no deadline could end. Add some."))
        return hours

    def spans(self, name: str, given: object) -> Hours:
        path = pointer("hours", name)
        if not isinstance(given, list | tuple):
            self.problem(path, "wrong_type", msg('Hours of a day are a list of spans: [["09:00", "18:00"]].'))
            return ()
        read = [self.span(f"{path}/{number}", each) for number, each in enumerate(given)]
        spans = [each for each in read if each is not None]
        for before, after in pairwise(spans):
            if after.start < before.end:
                self.problem(
                    path, "overlap", msg("The spans overlap or are not in order. Let each begin after the last.")
                )
        return tuple(spans)

    def span(self, path: str, given: object) -> Span | None:
        ends = [_minutes(each) for each in given] if isinstance(given, list | tuple) else []
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            self.problem(path, "wrong_type", msg('%(value)s is no span. Write ["09:00", "18:00"].', value=repr(given)))
            return None
        if ends[0] >= ends[1]:
            self.problem(
                path,
                "wrong_value",
                msg("%(value)s ends before it begins. Split a night at 24:00 over two days.", value=repr(given)),
            )
            return None
        return Span(ends[0], ends[1])

    def days(self, name: str) -> list[date]:
        given = self.document.get(name, ())
        if not isinstance(given, list | tuple):
            self.problem(
                pointer(name), "wrong_type", msg("Days are a list of dates: %(example)s.", example="2026-12-24")
            )
            return []
        return [day for number, each in enumerate(given) for day in self.day(pointer(name, number), each)]

    def day(self, path: str, given: object) -> list[date]:
        first, _, last = given.partition("/") if isinstance(given, str) else ("", "", "")
        try:
            start = date.fromisoformat(first)
            end = date.fromisoformat(last) if last else start
        except ValueError:
            self.problem(
                path,
                "wrong_type",
                msg("%(value)s is no date. Write 2026-12-24 or 2026-12-24/2026-12-31.", value=repr(given)),
            )
            return []
        if not 0 <= (end - start).days < _MAX_DAYS:
            self.problem(path, "wrong_value", msg("%(value)s is no span of up to a year.", value=repr(given)))
            return []
        return [start + timedelta(days=each) for each in range((end - start).days + 1)]


def _minutes(text: object) -> int | None:
    """Minutes after midnight of ``HH:MM``, up to ``24:00``."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    minutes = int(match[1]) * 60 + int(match[2]) if match else 1441
    return minutes if minutes <= 1440 else None


__all__ = ["Calendar", "CalendarDocument", "Clock", "read_calendar", "standard"]
