"""Requests that ask for requests: steps through which a form's request would ask for one of its own kind again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...platform.problems import Problem, Severity
from ...platform.text import msg
from ..definition import Flow, Kind, Step

ASKING = "request.open"
MAKING = "record.create"


@dataclass(frozen=True, slots=True)
class Ask:
    """A step that waits for a request of ``form``; ``always``: no branch leads around it."""

    step: Step
    form: str
    always: bool


def asks_of(flow: Flow) -> tuple[Ask, ...]:
    """The requests of forms known beforehand that a flow waits for, in its order."""
    return tuple(_asks(flow.steps, always=True))


def check_rings(flow: Flow, others: Iterable[Flow]) -> Iterator[Problem]:
    """Steps of ``flow`` that lead back to its own form: an error where nothing leads out of the ring.

    A ring that a branch may leave is a warning: whether it ends depends on what the requests hold.
    """
    by_form = {each.form: asks_of(each) for each in (*others, flow)}
    for ask in by_form[flow.form]:
        ring = _ring(ask, flow.form, by_form)
        if ring:
            yield _problem(flow.form, ring)


def _asks(steps: Iterable[Step], *, always: bool) -> Iterator[Ask]:
    for step in steps:
        if step.kind is Kind.ACTION:
            form = step.arguments.get("form")
            waits = step.do == ASKING or (step.do == MAKING and step.arguments.get("wait") is True)
            if waits and isinstance(form, str):
                yield Ask(step, form, always)
        for branch in step.branches:
            yield from _asks(branch.steps, always=always and step.kind is Kind.PARALLEL and step.join == "all")


def _ring(first: Ask, home: str, by_form: Mapping[str, Sequence[Ask]]) -> list[Ask]:
    """The shortest way from ``first`` back to the form ``home``, of steps nothing leads around if there is one."""
    return _back(first, home, by_form, only_always=True) or _back(first, home, by_form, only_always=False)


def _back(first: Ask, home: str, by_form: Mapping[str, Sequence[Ask]], *, only_always: bool) -> list[Ask]:
    waiting = [[first]] if first.always or not only_always else []
    seen: set[str] = set()
    while waiting:
        way = waiting.pop(0)
        if way[-1].form == home:
            return way
        if way[-1].form in seen:
            continue
        seen.add(way[-1].form)
        waiting += [[*way, each] for each in by_form.get(way[-1].form, ()) if each.always or not only_always]
    return []


def _problem(home: str, ring: Sequence[Ask]) -> Problem:
    names = " → ".join([home, *(each.form for each in ring)])
    if all(each.always for each in ring):
        message = msg(
            "Each such request asks for one of its own kind again (%(ring)s), so that none can end. Take one of the "
            "steps out, or put it into a branch that most requests do not take.",
            ring=names,
        )
        return Problem(f"{ring[0].step.path}/with/form", "endless_requests", message)
    message = msg(
        "Such a request can ask for one of its own kind again (%(ring)s). Make sure that a branch ends it: they nest "
        "at most five deep, then the step fails.",
        ring=names,
    )
    return Problem(f"{ring[0].step.path}/with/form", "requests_in_a_ring", message, Severity.WARNING)
