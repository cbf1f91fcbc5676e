"""Durations as definitions write them, ISO 8601: ``PT30M``, ``-PT1H``, ``P1D``, ``P2W``."""

import re
from datetime import timedelta

from .text import msg

MAX_DAYS = 3660
"""Ten years; a longer duration is a mistake."""

_ISO = re.compile(
    r"(?P<sign>[+-])?P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)


class Duration(timedelta):
    """A length of time that remembers its weeks and days.

    ``P1D`` and ``PT24H`` are equal as lengths, but on a calendar a day leads to the same time of the next (working)
    day, while 24 hours are 24 (working) hours. A plain ``timedelta`` has no days in this sense: it is exact time.
    ``days_named`` and ``weeks_named`` carry the sign.
    """

    weeks_named: int
    days_named: int

    def __new__(cls, weeks: int = 0, days: int = 0, time: timedelta = timedelta(0)) -> "Duration":
        self = super().__new__(
            cls, weeks=weeks, days=days + time.days, seconds=time.seconds, microseconds=time.microseconds
        )
        self.weeks_named = weeks
        self.days_named = days
        return self

    @property
    def time(self) -> timedelta:
        """What remains without the named weeks and days."""
        return timedelta(
            days=self.days - 7 * self.weeks_named - self.days_named,
            seconds=self.seconds,
            microseconds=self.microseconds,
        )

    def __neg__(self) -> "Duration":
        return Duration(-self.weeks_named, -self.days_named, -self.time)

    def __mul__(self, times: float) -> "Duration":
        if not isinstance(times, int):
            raise TypeError("a duration with days is multiplied by whole numbers only")
        return Duration(self.weeks_named * times, self.days_named * times, self.time * times)

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[type["Duration"], tuple[int, int, timedelta]]:
        return Duration, (self.weeks_named, self.days_named, self.time)


def parse_duration(text: str) -> Duration:
    """The duration that ``text`` says; years and months are refused, for they have no one length.

    Raises:
        ValueError: with a sentence that names the value and shows the form.
    """
    match = _ISO.fullmatch(text) if isinstance(text, str) else None
    if match is None or text[-1:] in ("P", "T"):
        raise ValueError(
            msg("%(value)s is no duration. Write PT30M, PT12H, P1D or P2W (no years or months).", value=repr(text))
        )
    sign = -1 if match["sign"] == "-" else 1
    time = timedelta(
        hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0), seconds=float(match["seconds"] or 0)
    )
    weeks, days = int(match["weeks"] or 0), int(match["days"] or 0)
    if timedelta(weeks=weeks, days=days) + time > timedelta(days=MAX_DAYS):
        raise ValueError(msg("%(value)s is longer than %(max)s days.", value=repr(text), max=MAX_DAYS))
    return Duration(sign * weeks, sign * days, sign * time)


def format_duration(duration: timedelta) -> str:
    """ISO 8601 text with the same meaning: ``parse_duration`` of it acts the same on every calendar."""
    if duration < timedelta(0):
        return "-" + format_duration(-duration)
    weeks, days, time = (
        (duration.weeks_named, duration.days_named, duration.time)
        if isinstance(duration, Duration)
        else (0, 0, duration)
    )
    minutes, seconds = divmod(time.days * 86400 + time.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    date_part = _part(weeks, "W") + _part(days, "D")
    time_part = _part(hours, "H") + _part(minutes, "M")
    if seconds or time.microseconds:
        time_part += f"{seconds}.{time.microseconds:06d}".rstrip("0").rstrip(".") + "S"
    if not date_part and not time_part:
        return "PT0S"
    return "P" + date_part + ("T" + time_part if time_part else "")


def _part(count: int, letter: str) -> str:
    return f"{count}{letter}" if count else ""
