"""``signoff route``: the route of a request from files alone, through the same engine that will move it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..flows.check.documents import check_documents
from ..flows.compile import compile_flow
from ..flows.predict import predict, route_json
from ..flows.run import World
from ..flows.schema import read_flow
from ..flows.supposing import read_values
from ..forms.compile import compile_form
from ..forms.schema import read_form
from ..platform import clock, config, json
from ..platform.calendars import Calendar, read_calendar, standard
from ..platform.errors import Malformed, NotFound, Refused, SignoffError
from ..platform.people.definition import PeopleDefinition, read_people
from ..platform.problems import Problem, errors_of
from ..platform.text import msg
from . import registry


@dataclass(frozen=True, slots=True)
class Texts:
    """The JSON texts of the four files."""

    flow: str | bytes
    form: str | bytes
    people: str | bytes
    values: str | bytes


def route_of_files(texts: Texts, person: str, at: str | None = None) -> dict[str, Any]:
    """The route as ``signoff route --json`` prints it, for ``person`` sending now or ``at`` (RFC 3339).

    Raises:
        Refused: a definition has errors; each problem's path is led by what it is in.
        NotFound: there is no such person.
    """
    _refuse_errors(texts)
    people, _ = read_people(json.parse_object(texts.people))
    form, _ = read_form(json.parse_object(texts.form))
    program, _ = compile_form(form) if form is not None else (None, [])
    flow, _ = read_flow(json.parse_object(texts.flow), program.form if program else None)
    compiled, _ = compile_flow(flow, program) if flow is not None else (None, [])
    if people is None or program is None or compiled is None:
        raise Refused(msg("The definitions cannot be read together."))
    if people.directory.active(person) is None:
        known = ", ".join(people.directory.persons)
        raise NotFound(msg("There is no active person %(key)s. Known: %(known)s.", key=repr(person), known=known))
    now = _moment(at)
    values, problems = read_values(program, json.parse_object(texts.values), people.directory, person, now)
    world = World(people.directory, _calendar(people, compiled.flow.settings.calendar), now, values, program.form.key)
    found = route_json(predict(compiled, person, values, world), "en")
    found["problems"] += [_problem_json(problem) for problem in problems]
    return found


def _refuse_errors(texts: Texts) -> None:
    """Errors of the definitions stop a prediction; what a proof would find of the flow does not."""
    files = [("people", texts.people), ("form", texts.form), ("flow", texts.flow)]
    broken = [problem for name, text in files if (problem := _of_another_kind(name, text)) is not None] or [
        problem.below(f"{name}: ")
        for name, problem in check_documents(files, offers=registry.offers())
        if errors_of([problem]) and (name, problem.code) not in ELSEWHERE and problem.code not in PROVEN
    ]
    if broken:
        raise Refused.because(broken)


PROVEN = {"gap", "overlap", "nobody", "unfilled_field"}
ELSEWHERE = {("form", "unknown_form")}
"""The forms that lookups name are not at hand, and not needed."""


def _of_another_kind(name: str, text: str | bytes) -> Problem | None:
    """Each option takes its own kind of definition; a file that cannot be read is reported with the rest."""
    try:
        schema = json.parse_object(text).get("schema")
    except SignoffError:
        return None
    if schema == f"{name}/1":
        return None
    message = msg("Expected %(wanted)s here, found %(schema)s.", wanted=f"{name}/1", schema=repr(schema)[:80])
    return Problem(f"{name}: /schema", "unknown_schema", message)


def _moment(text: str | None) -> datetime:
    if text is None:
        return clock.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed(msg("%(value)s is no time. Example: 2026-03-02T10:00:00+08:00.", value=repr(text))) from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _calendar(people: PeopleDefinition, key: str | None) -> Calendar:
    document = people.calendars.get(key or "office")
    found = read_calendar(document)[0] if document is not None else None
    settings = config.Config()
    return found or standard(settings.zone, settings.country)


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "code": problem.code,
        "severity": problem.severity.value,
        "message": str(problem.message),
    }


def in_words(route: Mapping[str, Any]) -> Iterator[str]:
    """One line a step, then the outcome and the problems."""
    for number, step in enumerate(route["steps"], start=1):
        who = ", ".join(step["people"])
        if step["pool"]:
            who = f"{step['pool']} ({who})"
        parts = [who, f"due {step['due']}" if step["due"] else "", step["why"] or ""]
        if step["skipped"]:
            parts = [step["skipped"]]
        yield f"{number}. {step['id']} ({step['kind']})" + "".join(f"; {part}" for part in parts if part)
    yield f"Outcome: {route['outcome']}"
    for problem in route["problems"]:
        yield f"{problem['path']}: {problem['code']}: {problem['message']}"
