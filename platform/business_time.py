"""Business time: working hours and days of a place, exact across holidays, make-up workdays and clock changes.

What durations mean on the ``business`` clock:

- Hours, minutes and seconds are time during working hours: ``PT8H`` is eight working hours, and ends at the first
  moment at which they have passed (at closing time, not at the opening of the next day).
- A day is a working day: ``P1D`` leads to the same time of day of the next working day. If that day is closed at that
  time, it is the last open moment before it, or the day's opening.
- A week has as many working days as the calendar has weekdays with hours.
- A start outside working hours counts from the next opening (backwards: from the closing before). Zero leads to the
  start itself.

On the ``always`` clock a day is a calendar day of the zone (the same time of day tomorrow, also when clocks change),
and hours are hours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from .durations import Duration
from .text import LocalText

HORIZON = timedelta(days=40 * 366)
"""No moment is looked for further away: one open minute a week would be walked for centuries."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

CalendarDocument = Mapping[str, Any]
"""``{"key", "name", "zone", "country", "hours": {"mon": [["09:00", "18:00"]]}, "days_on": […], "days_off": […]}``."""


class Clock(StrEnum):
    """Which time counts: working time, or all of it."""

    BUSINESS = "business"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Span:
    """Opening hours from ``start`` until ``end`` minutes after midnight; 1440 is the end of the day."""

    start: int
    end: int


Hours = tuple[Span, ...]
"""The spans of one day in order, not overlapping; empty: closed."""


@dataclass(frozen=True, eq=False)
class Calendar:
    """Working hours of one place.

    ``hours`` are by weekday from Monday; ``special`` overrides single days (``()``: closed). ``country`` is an ISO
    code, with a part of the country after a hyphen if need be (``DE-BY``); ``None`` keeps no holidays.
    """

    key: str
    name: LocalText
    zone: ZoneInfo
    hours: tuple[Hours, ...]
    country: str | None = None
    special: Mapping[date, Hours] = field(default_factory=dict)
    others: Mapping[str, "Calendar"] = field(default_factory=dict, compare=False, repr=False)
    """Those of other departments, by key."""

    def beside(self, key: str | None) -> "Calendar":
        """The calendar of that key; this one for ``None`` and for one that was taken away."""
        return self.others.get(key, self) if key is not None else self

    def hours_on(self, day: date) -> Hours:
        """The opening hours of a day, holidays and make-up workdays considered."""
        if day in self.special:
            return self.special[day]
        off, on = _public_days(self.country, day.year) if self.country else _NONE
        usual = self.hours[day.weekday()]
        if day in on:
            return usual or self.usual_hours
        return () if day in off else usual

    @cached_property
    def usual_hours(self) -> Hours:
        """Those of the first weekday that has any: what a make-up workday keeps."""
        return next((hours for hours in self.hours if hours), ())

    def working(self, day: date) -> bool:
        """Whether anybody works on ``day``."""
        return bool(self.hours_on(day))

    def working_days(self, start: date, end: date) -> int:
        """How many working days there are from ``start`` to ``end``, both counted; negative if ``end`` is earlier.

        Days further apart than the horizon are not walked.
        """
        if end < start:
            return -self.working_days(end, start)
        days = min(end - start, HORIZON).days
        return sum(self.working(start + timedelta(days=each)) for each in range(days + 1))

    def open_at(self, moment: datetime) -> bool:
        """Whether ``moment`` lies in working hours."""
        return any(start <= moment < end for start, end in self._spans(self._local(moment).date()))

    def add(self, start: datetime, duration: timedelta, clock: str = Clock.BUSINESS) -> datetime:
        """The moment ``duration`` after ``start`` (before it if negative), aware, in UTC."""
        named = duration if isinstance(duration, Duration) else Duration(time=duration)
        if clock == Clock.ALWAYS:
            return self._add_wall_days(start, 7 * named.weeks_named + named.days_named) + named.time
        days = named.weeks_named * sum(map(bool, self.hours)) + named.days_named
        return self._add_time(self._add_working_days(start.astimezone(UTC), days), named.time)

    def subtract(self, start: datetime, duration: timedelta, clock: str = Clock.BUSINESS) -> datetime:
        """The moment ``duration`` before ``start``."""
        return self.add(start, -duration, clock)

    def between(self, start: datetime, end: datetime, clock: str = Clock.BUSINESS) -> timedelta:
        """How much time of the clock passes from ``start`` to ``end``; negative if ``end`` is earlier.

        Exact time, without named days: ``add(start, between(start, end))`` is as much working time later as ``end``.
        """
        if end < start:
            return -self.between(end, start, clock)
        if clock == Clock.ALWAYS:
            return end - start
        total = timedelta(0)
        for opening, closing in self._openings(start):
            if opening >= end:
                break
            total += min(closing, end) - max(opening, start)
        return total

    def next_open(self, moment: datetime) -> datetime:
        """``moment`` if it is in working hours, else the next opening."""
        return next((max(opening, moment) for opening, _ in self._openings(moment)), moment).astimezone(UTC)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def _add_wall_days(self, start: datetime, days: int) -> datetime:
        if not days:
            return start.astimezone(UTC)
        there = self._local(start)
        return instant(there.date() + timedelta(days=days), there.time(), self.zone)

    def _add_time(self, start: datetime, left: timedelta) -> datetime:
        if left < timedelta(0):
            return self._take_time(start, -left)
        if not left:
            return start
        for opening, closing in self._openings(start):
            here = max(opening, start)
            if closing - here >= left:
                return here + left
            left -= closing - here
        return start + HORIZON

    def _take_time(self, start: datetime, left: timedelta) -> datetime:
        for opening, closing in self._closings(start):
            here = min(closing, start)
            if here - opening >= left:
                return here - left
            left -= here - opening
        return start - HORIZON

    def _add_working_days(self, start: datetime, days: int) -> datetime:
        if not days:
            return start
        there = self._local(self._settle(start, 1 if days > 0 else -1))
        day, step = there.date(), timedelta(days=1 if days > 0 else -1)
        left, last = abs(days), day + HORIZON * step.days
        while left and day != last:
            day += step
            left -= self.working(day)
        return self._clamp(day, instant(day, there.time(), self.zone))

    def _settle(self, moment: datetime, direction: int) -> datetime:
        """``moment`` if it is open, an opening or a closing; else the nearest opening after, or closing before it."""
        if any(start <= moment <= end for start, end in self._spans(self._local(moment).date())):
            return moment
        if direction > 0:
            return next((opening for opening, _ in self._openings(moment)), moment)
        return next((closing for _, closing in self._closings(moment)), moment)

    def _clamp(self, day: date, moment: datetime) -> datetime:
        """``moment`` if the day is open then, else its last open moment before it, else its opening."""
        spans = self._spans(day)
        reached = [min(end, moment) for start, end in spans if start <= moment]
        return max(reached) if reached else (spans[0][0] if spans else moment)

    def _openings(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The spans that end after ``start``, in order."""
        day = self._local(start).date() - timedelta(days=1)
        for _ in range(HORIZON.days):
            for opening, closing in self._spans(day):
                if closing > start:
                    yield opening, closing
            day += timedelta(days=1)

    def _closings(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The spans that begin before ``start``, the last first."""
        day = self._local(start).date() + timedelta(days=1)
        for _ in range(HORIZON.days):
            for opening, closing in reversed(self._spans(day)):
                if opening < start:
                    yield opening, closing
            day -= timedelta(days=1)

    @cached_property
    def _known(self) -> dict[date, tuple[tuple[datetime, datetime], ...]]:
        return {}

    def _spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The opening hours of ``day`` as moments in UTC; a span that a clock change swallows whole is left out."""
        found = self._known.get(day)
        if found is None:
            moments = [(self._moment(day, span.start), self._moment(day, span.end)) for span in self.hours_on(day)]
            found = self._known[day] = tuple(each for each in moments if each[0] < each[1])
        return found

    def _moment(self, day: date, minute: int) -> datetime:
        extra, minute = divmod(minute, 1440)
        return instant(day + timedelta(days=extra), time(minute // 60, minute % 60), self.zone)


def standard(zone: ZoneInfo, country: str | None, key: str = "office") -> Calendar:
    """The calendar of an installation that defined none: Monday to Friday, 09:00 to 18:00."""
    day: Hours = (Span(9 * 60, 18 * 60),)
    return Calendar(key, {"en": "Office hours", "zh": "办公时间"}, zone, (day,) * 5 + ((),) * 2, country or None)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment of a wall clock's time: the first of two when clocks go back, the change itself when they skip it."""
    wall = datetime.combine(day, at.replace(tzinfo=None), zone)
    early, late = wall.replace(fold=1).astimezone(UTC), wall.replace(fold=0).astimezone(UTC)
    return clocks_change(early, late, zone) if early < late else late


def clocks_change(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The moment after ``early``, up to ``late``, at which the zone's clocks change."""
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == before else (early, middle)
    return late.replace(microsecond=0)


_NONE: tuple[frozenset[date], frozenset[date]] = (frozenset(), frozenset())


@lru_cache(maxsize=512)
def _public_days(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Public holidays, and weekend days on which people work instead (调休), of one year."""
    name, _, part = country.partition("-")
    found = holidays.country_holidays(name, subdiv=part or None, years=year)
    on = frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year == year)
    return frozenset(found) - on, on


def known_country(country: str) -> bool:
    """Whether holidays of ``country`` (``CN``, ``DE-BY``) are known."""
    name, _, part = country.partition("-")
    parts = holidays.list_supported_countries().get(name)
    return parts is not None and (not part or part in parts)
