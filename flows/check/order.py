"""The order of things: fields asked for before somebody fills them, steps that nothing gets to."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from ...forms.formulas import FormulaError, parse
from ...forms.formulas import fields_of as fields_of_formula
from ...platform.problems import Problem, Severity, pointer
from ...platform.text import msg
from ..definition import Flow, Kind, Right, Step
from .ground import NEVER, Ground
from .known import read_by
from .people import fields_asked
from .timeline import Timeline, written_by

Use = tuple[str, str]
"""A field, and the JSON Pointer to where it is asked for."""


def check_order(flow: Flow, ground: Ground, timeline: Timeline) -> Iterator[Problem]:
    """Warnings: a field that is asked for before the step that fills it, steps behind a rejection by rule."""
    yield from _behind_the_end(flow.steps, timeline)
    steps = list(flow.walk())
    filled = {key: [step for step in steps if _fills(step, key)] for key in ground.fields}
    for place, step in enumerate(steps):
        for key, path in _uses(step):
            later = _filled_later(step, key, filled.get(key, ()), steps[:place], ground)
            if later is not None:
                yield _unfilled(key, path, later)


def _behind_the_end(steps: tuple[Step, ...], timeline: Timeline) -> Iterator[Problem]:
    for before, step in pairwise(steps):
        if before.id in timeline.before and step.id not in timeline.before:
            message = msg(
                "No request gets to “%(step)s”: “%(before)s” ends them all. Move it up or remove it.",
                step=step.id,
                before=before.id,
            )
            yield Problem(step.path, "unreachable", message, Severity.WARNING)
    for step in steps:
        for branch in step.branches:
            yield from _behind_the_end(branch.steps, timeline)


def _fills(step: Step, key: str) -> bool:
    """Whether the step sees to it that the field is filled."""
    if step.kind in (Kind.APPROVE, Kind.WORK):
        return step.fields.get(key) is Right.REQUIRED
    return key in step.into


def _filled_later(step: Step, key: str, fillers: Iterable[Step], before: Iterable[Step], ground: Ground) -> Step | None:
    """The later step that fills ``key``, if neither the form nor an earlier step does."""
    field = ground.fields.get(key)
    if field is None or field.compute is not None or field.default is not None or ground.required(key) != NEVER:
        return None
    earlier = list(before)
    if any(key in written_by(each) for each in earlier) or key in written_by(step):
        return None
    return next((each for each in fillers if each is not step and each not in earlier), None)


def _unfilled(key: str, path: str, later: Step) -> Problem:
    return Problem(
        path,
        "unfilled_field",
        msg(
            "“%(field)s” is asked for here, but only “%(step)s” fills it, later. Move that step up, or make the field "
            "required in the form.",
            field=key,
            step=later.id,
        ),
        Severity.WARNING,
    )


def _uses(step: Step) -> Iterator[Use]:
    """The fields that a step reads, with where it does."""
    for branch in step.branches:
        if branch.when is not None:
            yield from ((key, branch.path + "/when") for key in sorted(read_by(branch.when)))
    for name, argument in step.arguments.items():
        yield from ((key, step.path + "/with" + pointer(name)) for key in sorted(_named(argument)))
    if step.kind in (Kind.APPROVE, Kind.WORK):
        yield from ((key, step.path + "/who") for key in sorted(fields_asked(step)))
    if step.until is not None:
        yield step.until, step.path + "/until"


def _named(argument: Any) -> frozenset[str]:
    if not isinstance(argument, Mapping):
        return frozenset()
    if isinstance(argument.get("field"), str):
        return frozenset({argument["field"]})
    if not isinstance(argument.get("formula"), str):
        return frozenset()
    try:
        return frozenset(key.split(".")[0] for key in fields_of_formula(parse(argument["formula"])))
    except FormulaError:
        return frozenset()
