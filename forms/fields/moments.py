"""Types whose value is a day, a moment or a time of day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, ClassVar

from ...platform.problems import Problem
from ...platform.text import msg
from ..definition import Field
from ..errors import FieldError
from ..moments import read_date, read_datetime, read_time, write_datetime, write_time
from ..reading import ReadContext
from ..types import FieldType, OptionFields, Read
from .options import Day

TODAY = "today"
NOW = "now"


def today(context: ReadContext) -> date:
    """The day of the person who fills in."""
    return context.now.astimezone(context.zone).date()


class Date(FieldType):
    """A calendar day; the default may be ``today``."""

    name = "date"
    label = msg("Date")
    value_kind = "date"
    options: ClassVar[OptionFields] = {
        "min": Day(metadata={"doc": "The first day allowed, or “today”."}),
        "max": Day(metadata={"doc": "The last day allowed, or “today”."}),
    }

    def check_options(self, field: Field) -> list[Problem]:
        least, most = field.options.get("min"), field.options.get("max")
        if not (isinstance(least, date) and isinstance(most, date) and least > most):
            return []
        return [
            Problem(
                "/min",
                "min_above_max",
                msg("min %(min)s is after max %(max)s. Swap them.", min=str(least), max=str(most)),
            )
        ]

    def reader(self, field: Field) -> Read:
        least, most = _bound(field.options.get("min")), _bound(field.options.get("max"))

        def read(raw: Any, context: ReadContext) -> date:
            value = today(context) if raw == TODAY else read_date(raw)
            if least is not None and value < least(context):
                raise FieldError(
                    msg("%(value)s is too early. At the earliest %(min)s.", value=str(value), min=str(least(context))),
                    code="min",
                )
            if most is not None and value > most(context):
                raise FieldError(
                    msg("%(value)s is too late. At the latest %(max)s.", value=str(value), max=str(most(context))),
                    code="max",
                )
            return value

        return read

    def fit(self, value: Any, field: Field) -> Any:  # noqa: ARG002
        return value.astimezone(UTC).date() if isinstance(value, datetime) else value

    def to_json(self, value: date | None) -> str | None:
        return value.isoformat() if value is not None else None

    def from_json(self, json: str | None) -> date | None:
        return date.fromisoformat(json) if json is not None else None

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return "" if value is None else str(value.isoformat())


def _bound(option: date | str | None) -> Callable[[ReadContext], date] | None:
    if option is None:
        return None
    if isinstance(option, date):
        day = option
        return lambda context: day  # noqa: ARG005
    return today


class DateTime(FieldType):
    """A moment; without an offset it is the clock of who fills in; the default may be ``now``."""

    name = "datetime"
    label = msg("Date and time")
    value_kind = "datetime"

    def reader(self, field: Field) -> Read:  # noqa: ARG002
        def read(raw: Any, context: ReadContext) -> datetime:
            return context.now if raw == NOW else read_datetime(raw, context.zone)

        return read

    def to_json(self, value: datetime | None) -> str | None:
        return write_datetime(value) if value is not None else None

    def from_json(self, json: str | None) -> datetime | None:
        return datetime.fromisoformat(json) if json is not None else None

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return "" if value is None else value.astimezone(zone).strftime("%Y-%m-%d %H:%M")


class Time(FieldType):
    """A time of day."""

    name = "time"
    label = msg("Time")
    value_kind = "time"

    def reader(self, field: Field) -> Read:  # noqa: ARG002
        return lambda raw, context: read_time(raw)  # noqa: ARG005

    def to_json(self, value: time | None) -> str | None:
        return write_time(value) if value is not None else None

    def from_json(self, json: str | None) -> time | None:
        return time.fromisoformat(json) if json is not None else None

    def text(self, value: Any, field: Field, language: str, zone: tzinfo) -> str:  # noqa: ARG002
        return "" if value is None else write_time(value)
