"""Everything that can be proven of a flow before it is published, in one report."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...forms.definition import Form
from ...platform.people.directory import Directory
from ...platform.problems import Problem, Severity, errors_of
from ..compile import compile_flow
from ..definition import Flow
from ..program import FlowProgram
from .authority import check_authority
from .coverage import check_routes
from .deadlines import Length, WorkingTime, check_deadlines, length_of
from .deriving import ground_of
from .order import check_order
from .people import Company, check_people
from .references import check_references
from .timeline import Timeline

if TYPE_CHECKING:
    from ...forms.program import FormProgram


@dataclass(frozen=True, slots=True)
class Report:
    """``length`` is ``None`` where no calendar was given. Without people, nothing is said about them."""

    problems: tuple[Problem, ...]
    length: Length | None = None

    @property
    def ok(self) -> bool:
        """Nothing stops a publish."""
        return not errors_of(self.problems)


def check_flow(
    flow: Flow | FlowProgram,
    form: "FormProgram | Form",
    people: Directory | None = None,
    calendar: WorkingTime | None = None,
) -> list[Problem]:
    """All problems of a flow that was read and compiled without errors: errors first, each kind in the flow's order."""
    return list(report(flow, form, people, calendar).problems)


def report(
    flow: Flow | FlowProgram,
    form: "FormProgram | Form",
    people: Directory | None = None,
    calendar: WorkingTime | None = None,
) -> Report:
    """The problems of a flow, and how long its ways take."""
    program = flow if isinstance(flow, FlowProgram) else None
    plain = flow.flow if isinstance(flow, FlowProgram) else flow
    if program is None and people is not None:
        program, _ = compile_flow(plain, None if isinstance(form, Form) else form)
    definition = form if isinstance(form, Form) else form.form
    problems = sorted(_problems(plain, program, definition, people), key=lambda each: each.severity is Severity.WARNING)
    return Report(tuple(problems), length_of(plain, calendar) if calendar is not None else None)


def _problems(flow: Flow, program: FlowProgram | None, form: Form, people: Directory | None) -> Iterator[Problem]:
    ground = ground_of(form)
    timeline = Timeline.of(flow, ground)
    yield from check_routes(flow, ground, timeline, people)
    if program is not None and people is not None and people.persons:
        yield from check_references(flow, people, Severity.WARNING)
        company = Company(program, ground, timeline, people)
        yield from check_people(company)
        yield from check_authority(company, ground, timeline)
    yield from check_order(flow, ground, timeline)
    yield from check_deadlines(flow)
