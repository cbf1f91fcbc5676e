"""The flows of this installation: compiled once per version and process, found by key or by the form they serve."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..forms import catalogue as forms
from ..forms.program import FormProgram
from ..platform import caches, calendar_store, definitions
from ..platform.definitions import Stored
from ..platform.errors import NotFound, Refused
from ..platform.notifications import templates
from ..platform.people import service as people
from ..platform.problems import Problem, Severity, errors_of
from ..platform.text import msg
from . import trials
from .actions import all_actions
from .check import check_flow
from .check.deadlines import length_of
from .check.rings import asks_of, check_rings
from .compile import compile_flow
from .definition import Flow
from .program import FlowProgram
from .schema import read_flow

KIND = "flow"


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that was read and proven: its program, ``None`` if it has none, and everything found."""

    program: FlowProgram | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return errors_of(self.problems)


def flow_program(key: str, version: int | None = None, form_version: int | None = None) -> FlowProgram:
    """The program of a flow in a version (``None``: in force), against its form in ``form_version`` (likewise).

    Raises:
        NotFound: there is no such flow or version.
        Refused: it does not fit the form in that version.
    """
    known = caches.cache("flows.programs")
    if (key, version, form_version) in known:
        remembered: FlowProgram = known[key, version, form_version]
        return remembered
    stored = _stored(key, version)
    form = forms.program(str(stored.document["form"]), form_version)
    at = (key, stored.version, form.version)
    if at not in known:
        known[at] = _compiled(stored, form)
    found: FlowProgram = known[at]
    return found


def _stored(key: str, version: int | None) -> Stored:
    stored = definitions.current(KIND, key) if version is None else definitions.get(KIND, key, version)
    if stored is None:
        which = key if version is None else f"{key} {version}"
        raise NotFound(msg("There is no flow %(key)s.", key=repr(which)))
    return stored


def _compiled(stored: Stored, form: FormProgram) -> FlowProgram:
    flow, problems = read_flow(stored.document, form)
    program = None
    if flow is not None:
        program, more = compile_flow(flow, form, stored.version)
        problems = [*problems, *more]
    if program is None:
        raise Refused.because(errors_of(problems))
    return program


def flow_of_form(form: str) -> Stored | None:
    """The flow in force that serves a form, ``None`` if its records are simply kept."""
    return definitions.derived(KIND, _by_form).get(form)


def _by_form(everything: Sequence[Stored]) -> dict[object, Stored]:
    return {each.document.get("form"): each for each in reversed(everything)}


def flows_in_force() -> Sequence[Stored]:
    """Every flow in the version that is in force."""
    return definitions.in_force(KIND)


def check_document(document: Mapping[str, Any], *, prove: bool = True) -> Checked:
    """Everything that is wrong with a flow, against the forms, people and plugins of this installation.

    Without ``prove`` it is only read and compiled.
    """
    form = _form_of(document)
    flow, problems = read_flow(
        document,
        form,
        actions={action.name for action in all_actions()},
        templates={template.key for template in templates()},
    )
    if form is None and "form" in document:
        message = msg("No form %(key)s. Publish the form first.", key=repr(document["form"])[:80])
        problems = [*problems, Problem("/form", "unknown_form", message)]
    if flow is None or form is None:
        return Checked(None, tuple(problems))
    program, more = compile_flow(flow, form)
    problems = [*problems, *more, *_served_twice(flow.key, flow.form), *_no_calendar(flow)]
    problems += check_rings(flow, _others(flow))
    if prove and program is not None and not errors_of(problems):
        calendar = calendar_store.calendar(flow.settings.calendar)
        problems += check_flow(program, form, people.directory(), calendar)
        problems += trials.differences(program, people.directory(), calendar)
    return Checked(program, tuple(problems))


def length(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """How long the shortest and the longest way of a draft take by its calendar, in minutes of working time.

    ``None``: it cannot be said before the draft's errors are put right.
    """
    form = _form_of(document)
    flow = read_flow(document, form)[0] if form is not None else None
    if flow is None or any(_no_calendar(flow)):
        return None
    calendar = calendar_store.calendar(flow.settings.calendar)
    return length_of(flow, calendar).json(calendar)


def _others(flow: Flow) -> Iterator[Flow]:
    """What else is in force, where ``flow`` asks for requests at all."""
    if asks_of(flow):
        for stored in flows_in_force():
            if stored.key != flow.key:
                with contextlib.suppress(Refused, NotFound):
                    yield flow_program(stored.key).flow


def _no_calendar(flow: Flow) -> Iterator[Problem]:
    """A problem for each calendar that is named and not there."""
    named = [("/settings/calendar", flow.settings.calendar)]
    named += [(f"{step.path}/due/calendar", step.due.calendar) for step in flow.walk() if step.due is not None]
    for path, key in named:
        try:
            calendar_store.calendar(key)
        except NotFound as error:
            yield Problem(path, "unknown_calendar", error.message)


def _form_of(document: Mapping[str, Any]) -> FormProgram | None:
    key = document.get("form")
    try:
        return forms.program(key) if isinstance(key, str) else None
    except NotFound:
        return None


def _served_twice(key: str, form: str) -> list[Problem]:
    other = flow_of_form(form)
    if other is None or other.key == key:
        return []
    message = msg(
        "The form %(form)s goes through the flow %(other)s already. Change that flow instead.",
        form=repr(form),
        other=repr(other.key),
    )
    return [Problem("/form", "form_has_flow", message)]


def broken_by(form: FormProgram) -> list[Problem]:
    """What the flow of a form would no longer mean, were ``form`` in force; a flow that is not sure is not broken."""
    stored = flow_of_form(form.form.key)
    if stored is None:
        return []
    flow, problems = read_flow(stored.document, form)
    if flow is not None:
        problems = [*problems, *compile_flow(flow, form)[1]]
    return [
        Problem(
            "", "used_elsewhere",
            msg(
                "The flow %(flow)s would break at %(path)s: %(problem)s",
                flow=repr(stored.key),
                path=problem.path,
                problem=problem.message,
            ),
        )
        for problem in errors_of(problems)
    ]  # fmt: skip


def publish_flow(
    document: Mapping[str, Any], *, by: str | None, note: str = "", base_version: int | None = None
) -> Stored:
    """Put a flow in force.

    Raises:
        Refused: with every problem that stops it.
        Conflict: somebody published after ``base_version``.
    """
    checked = check_document(document)
    if checked.errors:
        raise Refused.because(checked.problems)
    return definitions.publish(KIND, str(document["key"]), dict(document), by=by, note=note, base_version=base_version)


def warnings_of(checked: Checked) -> tuple[Problem, ...]:
    """What does not stop a publish, and should be seen."""
    return tuple(each for each in checked.problems if each.severity is Severity.WARNING)
