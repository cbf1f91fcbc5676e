"""The door from the ``cases`` of ``flow/1``: test cases, strict."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma

from ..forms.fields.options import Names, OneOf, Option, Text, shown
from ..forms.schema_problems import StrictSchema, loaded
from ..platform.problems import Problem, pointer
from ..platform.text import msg
from .definition import Trial

MAX_CASES = 200


class _Moment(Option[datetime]):
    """RFC 3339; without an offset it is UTC."""

    def read(self, value: Any) -> datetime:
        try:
            found = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            message = msg("%(value)s is no time. Example: 2026-03-02T10:00:00+08:00.", value=shown(value))
            raise ma.ValidationError(message) from None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class _Braces(Option[Mapping[str, Any]]):
    def read(self, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise ma.ValidationError(msg('%(value)s is no object. Write {"key": "…"}.', value=shown(value)))
        return dict(value)


class _Who(Option[Mapping[str, tuple[str, ...]]]):
    """People by step."""

    def read(self, value: Any) -> Mapping[str, tuple[str, ...]]:
        found = _Braces().read(value)
        wrong: dict[str, Any] = {}
        read: dict[str, tuple[str, ...]] = {}
        for step, people in found.items():
            try:
                read[str(step)] = Names().read(people)
            except ma.ValidationError as error:
                wrong[str(step)] = error.messages
        if wrong:
            raise ma.ValidationError(wrong)
        return read


class _ExpectSchema(StrictSchema):
    outcome = OneOf("approved", "rejected", "open")
    route = Names()
    people = _Who(load_default={})


class _TrialSchema(StrictSchema):
    name = Text(required=True)
    by = Text(required=True)
    at = _Moment()
    values = _Braces(required=True)
    expect = ma.fields.Nested(_ExpectSchema, required=True)


_TRIAL = _TrialSchema()


def read_trials(documents: list[Any], problems: list[Problem]) -> tuple[Trial, ...]:
    """The test cases of a flow; what is wrong with them is added to ``problems``."""
    if len(documents) > MAX_CASES:
        problems.append(Problem("/cases", "too_many", msg("A flow has at most %(max)s test cases.", max=MAX_CASES)))
        return ()
    found = (_read(each, pointer("cases", index), problems) for index, each in enumerate(documents))
    return tuple(each for each in found if each is not None)


def _read(document: Any, path: str, problems: list[Problem]) -> Trial | None:
    if not isinstance(document, Mapping):
        message = msg("Expected a case in braces, found %(value)s.", value=shown(document))
        problems.append(Problem(path, "wrong_type", message))
        return None
    data, wrong = loaded(_TRIAL, document, path)
    problems += wrong
    if wrong:
        return None
    expect = data["expect"]
    return Trial(
        data["name"], data["by"], data["values"], path, data.get("at"),
        expect.get("outcome"), expect.get("route"), expect.get("people", {}),
    )  # fmt: skip
