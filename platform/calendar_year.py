"""A year of a calendar as it is drawn: months of weeks of days; which days are other than the week says, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays
from babel import Locale

from .business_time import Calendar

_LOCALES = {"en": "en_US", "zh": "zh_CN"}


@dataclass(frozen=True, slots=True)
class Day:
    """``is_other``: than its weekday usually is; ``name``: the holiday's, where there is one."""

    date: date
    works: bool
    is_other: bool
    name: str


Week = tuple[Day | None, ...]
"""Seven days from Monday; ``None`` belongs to another month."""


@dataclass(frozen=True, slots=True)
class Other:
    """Days in a row that are other than the week says, for the same reason."""

    first: date
    last: date
    works: bool
    name: str


def months(calendar: Calendar, year: int, language: str) -> tuple[tuple[str, tuple[Week, ...]], ...]:
    """What each month is called, and its weeks."""
    names = holiday_names(calendar.country, year, language)
    firsts = [date(year, month, 1) for month in range(1, 13)]
    called = Locale.parse(_LOCALES.get(language, "en_US")).months["stand-alone"]["wide"]
    return tuple((called[first.month], _weeks(calendar, first, names)) for first in firsts)


def _weeks(calendar: Calendar, first: date, names: Mapping[date, str]) -> tuple[Week, ...]:
    found: list[Week] = []
    monday = first - timedelta(days=first.weekday())
    while monday.year < first.year or (monday.year == first.year and monday.month <= first.month):
        days = [monday + timedelta(days=each) for each in range(7)]
        found.append(tuple(_day(calendar, day, names) if day.month == first.month else None for day in days))
        monday += timedelta(days=7)
    return tuple(found)


def _day(calendar: Calendar, day: date, names: Mapping[date, str]) -> Day:
    works = calendar.working(day)
    return Day(day, works, works != bool(calendar.hours[day.weekday()]), names.get(day, ""))


def others(calendar: Calendar, year: int, language: str) -> list[Other]:
    """Days of a year that are other than the week says; those in a row with one name stand together."""
    names = holiday_names(calendar.country, year, language)
    found: list[Other] = []
    day = date(year, 1, 1)
    while day.year == year:
        each = _day(calendar, day, names)
        if each.is_other:
            before = found[-1] if found else None
            follows = before is not None and before.last == day - timedelta(days=1)
            if before and follows and (before.works, before.name) == (each.works, each.name):
                found[-1] = Other(before.first, day, each.works, each.name)
            else:
                found.append(Other(day, day, each.works, each.name))
        day += timedelta(days=1)
    return found


@lru_cache(maxsize=64)
def holiday_names(country: str | None, year: int, language: str) -> Mapping[date, str]:
    """What the public holidays of a country are called, in its own words where there are none in ``language``."""
    if not country:
        return {}
    name, _, part = country.partition("-")
    wanted = _LOCALES.get(language, "en_US")
    known = holidays.country_holidays(name, subdiv=part or None, years=year)
    if wanted in (known.supported_languages or ()):
        known = holidays.country_holidays(name, subdiv=part or None, years=year, language=wanted)
    return dict(known.items())


@lru_cache(maxsize=4)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Every country whose holidays are known, by name; one with parts is followed by them."""
    names = Locale.parse("zh_CN" if language == "zh" else "en").territories
    known = holidays.list_supported_countries()
    found = sorted(((names.get(code, code), code) for code in known if len(code) == 2), key=lambda pair: pair[0])
    return tuple((code, name) for name, code in found)


def parts_of(country: str) -> tuple[str, ...]:
    """``DE-BY`` and its like, of the country that ``country`` names."""
    code = country.partition("-")[0].upper()
    return tuple(f"{code}-{part}" for part in holidays.list_supported_countries().get(code, ()))
