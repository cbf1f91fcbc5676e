"""Deadlines: which steps have none, and how long the shortest and the longest way take in working hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ...platform.problems import Problem, Severity
from ...platform.text import msg
from ..definition import Branch, Flow, Kind, Step

ACTED = (Kind.APPROVE, Kind.WORK)
NOTHING = timedelta(0)
# A Monday morning without holidays near it, so that lengths do not depend on the day of the check.
_MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


class WorkingTime(Protocol):
    """What is asked of a calendar: ``platform.business_time.Calendar`` answers it."""

    def beside(self, key: str | None) -> "WorkingTime": ...

    def add(self, start: datetime, duration: timedelta, clock: str = "business") -> datetime: ...

    def between(self, start: datetime, end: datetime, clock: str = "business") -> timedelta: ...

    def next_open(self, moment: datetime) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Length:
    """Working time from sending to the end, if each step takes all of the time it has.

    ``open_ended`` are steps on some way that have no deadline, and so no greatest length.
    """

    shortest: timedelta
    longest: timedelta
    open_ended: tuple[str, ...] = ()

    def json(self, calendar: WorkingTime) -> dict[str, Any]:
        """In minutes; ``day`` is a working day."""
        day = calendar.between(_MONDAY, _MONDAY + timedelta(days=1))
        minutes = {"shortest": self.shortest, "longest": self.longest, "day": day}
        return {
            **{name: round(length.total_seconds() / 60) for name, length in minutes.items()},
            "open_ended": list(self.open_ended),
        }


def check_deadlines(flow: Flow) -> Iterator[Problem]:
    """A warning for each step at which people act without a deadline."""
    for step in flow.walk():
        if step.kind in ACTED and step.due is None:
            yield Problem(
                step.path,
                "no_deadline",
                msg(
                    "The step “%(step)s” has no deadline, so that it can wait for ever. Add one, for example "
                    '"due": {"in": "PT12H"}.',
                    step=step.id,
                ),
                Severity.WARNING,
            )


def length_of(flow: Flow, calendar: WorkingTime) -> Length:
    """How long the shortest and the longest way through the flow take."""
    return _of_steps(flow.steps, calendar, calendar.next_open(_MONDAY))


def _of_steps(steps: tuple[Step, ...], calendar: WorkingTime, start: datetime) -> Length:
    shortest = longest = NOTHING
    open_ended: list[str] = []
    for step in steps:
        each = _of_step(step, calendar, start)
        shortest += each.shortest
        longest += each.longest
        open_ended.extend(each.open_ended)
        if step.kind is Kind.AUTO and step.verdict == "reject":
            break
    return Length(shortest, longest, tuple(open_ended))


def _of_step(step: Step, calendar: WorkingTime, start: datetime) -> Length:
    if step.branches:
        return _of_branches(step, step.branches, calendar, start)
    if step.kind in ACTED:
        if step.due is None:
            return Length(NOTHING, NOTHING, (step.id,))
        taken = calendar.between(start, calendar.beside(step.due.calendar).add(start, step.due.within, step.due.clock))
        return Length(taken, taken)
    waited = step.limit if step.event is not None else step.wait_for
    if step.kind is not Kind.WAIT or waited is None:
        return Length(NOTHING, NOTHING, (step.id,) if step.kind is Kind.WAIT else ())
    taken = calendar.between(start, calendar.add(start, waited, "always"))
    return Length(NOTHING if step.event is not None else taken, taken)


def _of_branches(step: Step, branches: tuple[Branch, ...], calendar: WorkingTime, start: datetime) -> Length:
    found = [_of_steps(branch.steps, calendar, start) for branch in branches]
    shortest, longest = [each.shortest for each in found], [each.longest for each in found]
    open_ended = tuple(name for each in found for name in each.open_ended)
    if step.kind is Kind.ROUTE:
        return Length(min(shortest), max(longest), open_ended)
    if step.join == "any":
        return Length(min(shortest), min(longest), open_ended)
    return Length(max(shortest), max(longest), open_ended)
