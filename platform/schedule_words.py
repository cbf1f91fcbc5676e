"""When a schedule runs, as people write it: in words of both languages, or as cron (minute hour day month weekday)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .text import LocalText, msg

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE = "一二三四五六日"
_CRON_DAYS = ("sun", *DAYS)  # cron counts from Sunday, and 7 is Sunday again

_AT = r"(?:\s+at)?\s*(?P<hour>[01]?\d|2[0-3])[:：](?P<minute>[0-5]\d)"
_EVERY_DAY = re.compile(rf"(?:every day|daily|每天){_AT}")
_WEEKDAYS = re.compile(rf"(?:every weekday|weekdays|周一至周五){_AT}")
_WORKING = re.compile(rf"(?:every working day|每个?工作日){_AT}")
_WEEKLY = re.compile(rf"(?:every|weekly on)\s+(?P<days>[a-z]+(?:(?:\s*,\s*|\s+and\s+)[a-z]+)*){_AT}")
_WEEKLY_ZH = re.compile(rf"每周(?P<days>[一二三四五六日天](?:[、,，]\s*周?[一二三四五六日天])*){_AT}")
_MONTHLY = re.compile(rf"(?:every month|monthly) on (?:day |the )?(?P<day>\d{{1,2}}|last day)(?:st|nd|rd|th)?{_AT}")
_MONTHLY_ZH = re.compile(rf"每月(?P<day>\d{{1,2}}[日号]|最后一天){_AT}")
_HOURLY = re.compile(r"every hour|hourly|每小时")
_MINUTES = re.compile(r"(?:every (?P<en>\d{1,2}) minutes|每(?P<zh>\d{1,2})分钟)")
_HOURS = re.compile(r"(?:every (?P<en>\d{1,2}) hours|每(?P<zh>\d{1,2})小时)")
_CRON = re.compile(r"(?:[0-9*,/\-a-z]+\s+){4}[0-9*,/\-a-z]+")

EXAMPLES = "every weekday 09:00, every working day 09:00, every monday 08:30, every month on the 1st 07:00, 0 9 * * 1-5"


@dataclass(frozen=True, slots=True)
class Times:
    """The five fields of cron, days of the week by name; ``working_days``: only those of the calendar."""

    minute: str
    hour: str
    day: str = "*"
    month: str = "*"
    weekday: str = "*"
    working_days: bool = False


def read_times(text: str) -> Times:
    """The times that ``text`` says.

    Raises:
        ValueError: with a sentence that shows the ways of writing.
    """
    said = " ".join(text.strip().lower().split())
    found = _words(said) or _cron(said)
    if found is None:
        raise ValueError(
            msg("%(text)s is no time of a schedule. Examples: %(examples)s.", text=repr(text), examples=EXAMPLES)
        )
    return found


def _words(said: str) -> Times | None:
    if match := _EVERY_DAY.fullmatch(said):
        return Times(*_clock(match))
    if match := _WORKING.fullmatch(said):
        return Times(*_clock(match), working_days=True)
    if match := _WEEKDAYS.fullmatch(said):
        return Times(*_clock(match), weekday="mon-fri")
    if match := (_MONTHLY.fullmatch(said) or _MONTHLY_ZH.fullmatch(said)):
        return _monthly(match)
    if match := _WEEKLY_ZH.fullmatch(said):
        numbers = sorted(
            {_CHINESE.index(sign.replace("天", "日")) for sign in re.findall("[一二三四五六日天]", match["days"])}
        )
        return Times(*_clock(match), weekday=",".join(DAYS[each] for each in numbers))
    if match := _WEEKLY.fullmatch(said):
        return _weekly(match)
    if _HOURLY.fullmatch(said):
        return Times("0", "*")
    if match := _MINUTES.fullmatch(said):
        return _divided(int(match["en"] or match["zh"]), 60, lambda step: Times(f"*/{step}", "*"))
    if match := _HOURS.fullmatch(said):
        return _divided(int(match["en"] or match["zh"]), 24, lambda step: Times("0", f"*/{step}"))
    return None


def _clock(match: re.Match[str]) -> tuple[str, str]:
    return str(int(match["minute"])), str(int(match["hour"]))


def _divided(step: int, whole: int, make: Callable[[int], Times]) -> Times | None:
    """Only steps that go round evenly: every 7 minutes would be 4 minutes at the end of the hour."""
    return make(step) if step and whole % step == 0 else None


def _monthly(match: re.Match[str]) -> Times | None:
    said = match["day"].rstrip("日号")
    if not said.isdecimal():
        return Times(*_clock(match), day="last")
    return Times(*_clock(match), day=said) if 1 <= int(said) <= 31 else None


def _weekly(match: re.Match[str]) -> Times | None:
    names = re.findall("[a-z]+", match["days"].replace(" and ", ","))
    numbers = [_number(name) for name in names]
    if None in numbers:
        return None
    return Times(*_clock(match), weekday=",".join(DAYS[each] for each in sorted({n for n in numbers if n is not None})))


def _number(name: str) -> int | None:
    for number, full in enumerate(_ENGLISH):
        if name in (full, full + "s", full[:3]):
            return number
    return None


def _cron(said: str) -> Times | None:
    if not _CRON.fullmatch(said):
        return None
    minute, hour, day, month, weekday = said.split()
    if day != "*" and weekday != "*":  # cron means either, most people mean both
        return None
    if weekday == "*":
        return Times(minute, hour, day, month)
    days = _days(weekday)
    return Times(minute, hour, day, month, days) if days else None


def _days(text: str) -> str | None:
    """Cron's days of the week, ``1-5`` or ``mon,wed``, each by its name."""
    found: set[str] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        start, end = _day(first), _day(last) if dash else _day(first)
        if start is None or end is None:
            return None
        if end < start:
            end += 7
        found |= {_CRON_DAYS[number % 7] for number in range(start, end + 1)}
    return ",".join(day for day in DAYS if day in found)


def _day(text: str) -> int | None:
    """0 is Sunday."""
    if text.isdecimal() and int(text) <= 7:
        return int(text) % 7
    return _CRON_DAYS.index(text) if text in _CRON_DAYS else None


def describe(times: Times) -> LocalText:
    """The times in words, where they have simple ones; else as cron."""
    if not (times.minute.isdecimal() and times.hour.isdecimal() and times.month == "*"):
        cron = f"{times.minute} {times.hour} {times.day} {times.month} {times.weekday}"
        return {"en": cron, "zh": cron}
    at = f"{int(times.hour):02}:{int(times.minute):02}"
    if times.working_days:
        return {"en": f"every working day {at}", "zh": f"每个工作日 {at}"}
    if times.day != "*":
        if times.day == "last":
            return {"en": f"every month on the last day {at}", "zh": f"每月最后一天 {at}"}
        return {"en": f"every month on day {times.day} {at}", "zh": f"每月{times.day}日 {at}"}
    if times.weekday == "*":
        return {"en": f"every day {at}", "zh": f"每天 {at}"}
    if times.weekday in ("mon-fri", "mon,tue,wed,thu,fri"):
        return {"en": f"every weekday {at}", "zh": f"周一至周五 {at}"}
    chosen = [number for number, day in enumerate(DAYS) if day in times.weekday.split(",")]
    english = " and ".join(_ENGLISH[number] for number in chosen)
    return {"en": f"every {english} {at}", "zh": f"每周{'、'.join(_CHINESE[number] for number in chosen)} {at}"}
