"""A draft of a flow against requests that were made: who would be asked, how long it would take, what passes by rule.

Nothing is executed: each request is predicted twice, by the flow as it is and by the draft, with today's people.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ..platform.people.directory import Directory
from .alike import likeness
from .definition import Kind
from .predict import PredictedStep, Prediction, predict
from .program import FlowProgram
from .run import World
from .timeless import TIMELESS

MAX_CASES = 200
NO_TIME = timedelta(0)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Past:
    """A request as it was sent: ``name`` is what people call it, ``values`` are typed."""

    id: int
    name: str
    submitter: str | None
    values: Mapping[str, Any]
    status: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One request that the draft would treat otherwise. People are keys; ``hours`` is what it adds, negative: saves."""

    past: Past
    asked: tuple[str, ...]
    spared: tuple[str, ...]
    steps_added: tuple[str, ...]
    steps_dropped: tuple[str, ...]
    hours: timedelta
    outcome_before: str
    outcome_after: str


@dataclass(frozen=True, slots=True)
class ByRule:
    """Requests that are approved without any person's approval, and their money."""

    count: int = 0
    money: Decimal = ZERO


@dataclass(frozen=True)
class Replay:
    """What the draft changes over all requests. ``cases`` are the first that differ, ``changed`` counts all of them.

    ``asked`` and ``spared`` count requests by person; ``stuck`` are those that the draft could not bring to an end.
    """

    requests: int
    changed: int
    cases: tuple[Case, ...]
    asked: Mapping[str, int]
    spared: Mapping[str, int]
    hours: timedelta
    by_rule_before: ByRule
    by_rule_after: ByRule
    stuck: tuple[str, ...] = ()
    outcomes: Mapping[tuple[str, str], int] = field(default_factory=dict)


def replay(
    current: FlowProgram,
    draft: FlowProgram,
    requests: Iterable[Past],
    people: Directory,
    now: datetime,
    *,
    measured: Mapping[str, timedelta],
    progress: Callable[[int], None] = lambda _count: None,
) -> Replay:
    """Compare ``current`` and ``draft`` on ``requests``.

    ``measured`` is how long each step takes on average, by its id; a step that was never measured counts with its
    deadline. ``progress`` is told after every 100 requests how many are done.
    """
    world = World(people, TIMELESS, now, {}, draft.flow.form)
    as_it_is, as_drafted = _Predictions(current, world), _Predictions(draft, world)
    tally = _Tally(draft.amount or current.amount)
    for number, past in enumerate(requests, start=1):
        tally.add(past, as_it_is.of(past), as_drafted.of(past), measured)
        if number % 100 == 0:
            progress(number)
    return tally.result()


class _Predictions:
    """By one flow; requests that it treats alike are predicted once."""

    def __init__(self, program: FlowProgram, world: World) -> None:
        self.program = program
        self.world = world
        self.likeness = likeness(program, world.people)
        self.made: dict[Hashable, Prediction] = {}

    def of(self, past: Past) -> Prediction:
        alike = self.likeness(past.submitter, past.values)
        if alike not in self.made:
            self.made[alike] = predict(self.program, past.submitter, past.values, self.world)
        return self.made[alike]


class _Tally:
    def __init__(self, amount: str | None) -> None:
        self.amount = amount
        self.requests = self.changed = 0
        self.cases: list[Case] = []
        self.asked: Counter[str] = Counter()
        self.spared: Counter[str] = Counter()
        self.hours = NO_TIME
        self.before = self.after = ByRule()
        self.stuck: list[str] = []
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def add(self, past: Past, before: Prediction, after: Prediction, measured: Mapping[str, timedelta]) -> None:
        self.requests += 1
        case = _compared(past, before, after, measured)
        self.outcomes[before.outcome, after.outcome] += 1
        self.before = self._with(self.before, past, before)
        self.after = self._with(self.after, past, after)
        if after.outcome == "open":
            self.stuck.append(past.name)
        self.hours += case.hours
        self.asked.update(case.asked)
        self.spared.update(case.spared)
        if _differs(case):
            self.changed += 1
            if len(self.cases) < MAX_CASES:
                self.cases.append(case)

    def _with(self, found: ByRule, past: Past, prediction: Prediction) -> ByRule:
        if prediction.outcome != "approved" or any(_decides(each) for each in prediction.steps):
            return found
        amount = past.values.get(self.amount or "")
        return ByRule(found.count + 1, found.money + (amount if isinstance(amount, Decimal) else ZERO))

    def result(self) -> Replay:
        return Replay(
            self.requests,
            self.changed,
            tuple(self.cases),
            dict(self.asked.most_common()),
            dict(self.spared.most_common()),
            self.hours,
            self.before,
            self.after,
            tuple(self.stuck),
            dict(self.outcomes),
        )


def _compared(past: Past, before: Prediction, after: Prediction, measured: Mapping[str, timedelta]) -> Case:
    was, will = _acting(before), _acting(after)
    people_before, people_after = _people(was), _people(will)
    return Case(
        past,
        tuple(key for key in people_after if key not in people_before),
        tuple(key for key in people_before if key not in people_after),
        tuple(step for step in will if step not in was),
        tuple(step for step in was if step not in will),
        _time(will, measured) - _time(was, measured),
        before.outcome,
        after.outcome,
    )


def _acting(prediction: Prediction) -> dict[str, PredictedStep]:
    """The steps at which somebody must act."""
    return {
        each.step.id: each
        for each in prediction.steps
        if each.step.kind in (Kind.APPROVE, Kind.WORK) and each.skipped is None
    }


def _decides(each: PredictedStep) -> bool:
    return each.step.kind is Kind.APPROVE and each.skipped is None


def _people(steps: Mapping[str, PredictedStep]) -> dict[str, None]:
    return dict.fromkeys(key for each in steps.values() for key in each.people)


def _time(steps: Mapping[str, PredictedStep], measured: Mapping[str, timedelta]) -> timedelta:
    return sum((_length(each, measured) for each in steps.values()), NO_TIME)


def _length(each: PredictedStep, measured: Mapping[str, timedelta]) -> timedelta:
    known = measured.get(each.step.id)
    if known is not None:
        return known
    return each.step.due.within if each.step.due is not None else NO_TIME


def _differs(case: Case) -> bool:
    return bool(
        case.asked or case.spared or case.steps_added or case.steps_dropped or case.outcome_before != case.outcome_after
    )
