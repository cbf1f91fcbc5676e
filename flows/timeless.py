"""A calendar for questions in which time plays no part: who is asked, and which way a request goes."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from .deadlines import Calendar


class _Timeless:
    """Every duration is over at once."""

    zone: tzinfo = UTC

    def add(self, start: datetime, duration: timedelta, clock: str = "business") -> datetime:  # noqa: ARG002
        return start

    def beside(self, key: str | None) -> Calendar:  # noqa: ARG002
        return self

    def working_days(self, start: date, end: date) -> int:
        return (end - start).days + 1 if end >= start else (end - start).days - 1


TIMELESS: Calendar = _Timeless()
EPOCH = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""A moment like any other."""
