"""Deadlines: when a step is due, and the moments around it at which something happens."""

from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from ..platform.value import value
from .definition import Due

MAX_REPEATS = 1000
"""A step that is forgotten for years stops reminding."""


class Calendar(Protocol):
    """What the engine asks of a calendar: ``platform.business_time.Calendar`` answers it."""

    @property
    def zone(self) -> tzinfo:
        """Where its days begin."""
        ...

    def beside(self, key: str | None) -> "Calendar":
        """The calendar of that key; this one for ``None`` and for one that was taken away."""
        ...

    def working_days(self, start: date, end: date) -> int:
        """How many working days there are from ``start`` to ``end``, both counted; negative if ``end`` is earlier."""
        ...

    def add(self, start: datetime, duration: timedelta, clock: str = "business") -> datetime:
        """The moment ``duration`` after ``start`` (before it if negative)."""
        ...


class What(StrEnum):
    """What happens at a moment."""

    REMIND = "remind"
    THEN = "then"
    OVERDUE = "overdue"
    """The deadline passes, and nothing else happens at that time."""


@value
class Moment:
    """``number`` counts the moments of one deadline from 0, repeats included."""

    number: int
    at: datetime
    what: What


@value
class Plan:
    """A deadline and its moments in order, without repeats, which count from ``base``."""

    due_at: datetime
    moments: tuple[Moment, ...]
    base: datetime


def plan(due: Due, opened_at: datetime, calendar: Calendar) -> Plan:
    """The deadline of a step that opened at ``opened_at``; a reminder before the opening falls on the opening."""
    calendar = calendar.beside(due.calendar)
    due_at = calendar.add(opened_at, due.within, due.clock)
    found = [
        (max(opened_at, calendar.add(due_at, offset, due.clock)) if offset else due_at, What.REMIND)
        for offset in due.remind
    ]
    if due.then is not None:
        found.append((due_at, What.THEN))
    if all(at != due_at for at, _ in found):
        found.append((due_at, What.OVERDUE))
    found.sort(key=lambda each: (each[0], each[1] is What.THEN))
    moments = tuple(Moment(number, at, what) for number, (at, what) in enumerate(found))
    last = max((moment.at for moment in moments if moment.what is What.REMIND), default=due_at)
    return Plan(due_at, moments, max(due_at, last))


def moment(due: Due, planned: Plan, number: int, calendar: Calendar) -> Moment | None:
    """The moment of that number, ``None`` after the last one; repeats follow each other without end."""
    if number < len(planned.moments):
        return planned.moments[number]
    repeat = number - len(planned.moments)
    if due.repeat is None or repeat >= MAX_REPEATS:
        return None
    calendar = calendar.beside(due.calendar)
    return Moment(number, calendar.add(planned.base, due.repeat * (repeat + 1), due.clock), What.REMIND)
