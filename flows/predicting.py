"""Predicted routes for pages and clients: with the people, calendar and flows of this installation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ..forms.program import FormProgram
from ..forms.reading import Reading
from ..platform import clock
from ..platform.errors import NotFound
from ..platform.people import service as people
from ..platform.people.directory import Person
from ..platform.text import LocalText, msg
from . import cases, catalogue, predict, sums, words
from .cases import Case
from .definition import Kind
from .naming import Names, language_of
from .predict import PredictedStep, Prediction
from .program import FlowProgram

SHOWN = frozenset({Kind.APPROVE, Kind.WORK, Kind.ACTION, Kind.WAIT})


@dataclass(frozen=True, slots=True)
class StepView:
    """A predicted step as a page tells it; ``names`` are the people who may act, or the role that they share."""

    id: str
    kind: Kind
    title: LocalText
    names: tuple[str, ...]
    pool: str | None
    due_at: datetime | None
    told: Callable[[], str]
    skipped: str | None

    @property
    def why(self) -> str:
        """How the task came to these people; worked out for pages that say it."""
        return self.told()

    @property
    def is_shown(self) -> bool:
        """Whether people want to know: somebody acts, or time passes."""
        return self.kind in SHOWN and self.skipped is None


@dataclass(frozen=True, slots=True)
class RouteView:
    """``takes`` is the working time until the end, if everybody takes all of theirs.

    Of a form that is not filled yet (``is_complete`` is false), the route is known only as far as its values lead.
    """

    outcome: str
    steps: tuple[StepView, ...]
    problems: tuple[str, ...]
    takes: timedelta | None
    is_complete: bool = True

    @property
    def asked(self) -> tuple[StepView, ...]:
        """The steps at which people act."""
        return tuple(each for each in self.steps if each.is_shown and each.kind in (Kind.APPROVE, Kind.WORK))


def of_submission(
    form: FormProgram, values: Mapping[str, Any], submitter: str | None
) -> tuple[Prediction, FlowProgram]:
    """The route that these values would take if ``submitter`` sent them now.

    Raises:
        NotFound: the form has no flow.
    """
    stored = catalogue.flow_of_form(form.form.key)
    if stored is None:
        raise NotFound(msg("The form %(form)s has no flow.", form=repr(form.form.key)))
    program = catalogue.flow_program(stored.key, stored.version, form.version)
    return of_values(program, form.form.key, values, submitter), program


def of_values(
    program: FlowProgram, form: str, values: Mapping[str, Any], submitter: str | None, now: datetime | None = None
) -> Prediction:
    """The route of typed values through a program, in force or not; sent now, unless it is said when."""
    of = sums.Of(None, submitter)
    world = cases.world_of(program, people.directory(), form, now or clock.now(), values, of)
    return predict.predict(program, submitter, world.values, world)


def of_case(case: Case) -> Prediction:
    """How a request goes on from where it is."""
    return predict.predict_rest(case.program, case.run, cases.world(case, clock.now()))


def of_reading(form: FormProgram, reading: Reading, by: Person) -> tuple[Prediction, FlowProgram]:
    """The route of a form that is being filled."""
    return of_submission(form, reading.values, by.key)


def view(prediction: Prediction, program: FlowProgram, language: str, now: datetime | None = None) -> RouteView:
    """A prediction as a page tells it; it was made now, unless it is said when."""
    return RouteView(
        prediction.outcome,
        tuple(step_view(each, prediction, language) for each in prediction.steps),
        tuple(problem.message for problem in prediction.problems),
        _takes(prediction, program, now or clock.now()),
    )


def _takes(prediction: Prediction, program: FlowProgram, now: datetime) -> timedelta | None:
    if prediction.ends_at is None:
        return None
    return cases.calendar_of(program).between(now, prediction.ends_at)


def step_view(each: PredictedStep, prediction: Prediction, language: str) -> StepView:
    return StepView(
        id=each.step.id,
        kind=each.step.kind,
        title=each.step.title or each.step.id,
        names=(_pool(each.pool, prediction, language),) if each.pool else _names(each.people, prediction),
        pool=each.pool,
        due_at=each.due_at,
        told=partial(words.why, each.why, prediction.people, language, prediction.flow),
        skipped=None if each.skipped is None else words.skipped(each.skipped, language),
    )


def _pool(pool: str, prediction: Prediction, language: str) -> str:
    return Names(prediction.people, prediction.flow, language_of(language)).principal(f"r:{pool}")


def _names(keys: Sequence[str], prediction: Prediction) -> tuple[str, ...]:
    found = (prediction.people.person(key) for key in keys)
    return tuple(person.name for person in found if person is not None)
