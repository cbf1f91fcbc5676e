"""Test cases of a flow: requests with the route that they are expected to take; a publish runs them all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..platform.errors import SignoffError
from ..platform.people.directory import Directory
from ..platform.problems import Problem, pointer
from ..platform.text import Message, msg
from .deadlines import Calendar
from .definition import Kind, Trial
from .predict import Prediction, predict
from .program import FlowProgram
from .run import World
from .supposing import read_values
from .timeless import EPOCH

ASKED = (Kind.APPROVE, Kind.WORK)
FAILED = "case"


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test case: ``route`` are the steps at which people are asked; ``problems`` every difference."""

    trial: Trial
    outcome: str
    route: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def json(self) -> dict[str, Any]:
        return {
            "name": self.trial.name,
            "ok": self.ok,
            "outcome": self.outcome,
            "route": list(self.route),
            "problems": [
                {"path": each.path, "code": each.code, "message": str(each.message)} for each in self.problems
            ],
        }


def run_all(program: FlowProgram, people: Directory, calendar: Calendar) -> list[Tried]:
    """Every test case of the flow, in order."""
    return [run_one(program, trial, people, calendar) for trial in program.flow.cases]


def differences(program: FlowProgram, people: Directory, calendar: Calendar) -> list[Problem]:
    """What is otherwise than the test cases expect; each an error."""
    return [problem for tried in run_all(program, people, calendar) for problem in tried.problems]


def run_one(program: FlowProgram, trial: Trial, people: Directory, calendar: Calendar) -> Tried:
    """One test case: its values read by the form, sent through the engine, compared with what it expects."""
    assert program.form is not None
    if people.active(trial.by) is None:
        message = msg("%(name)s: there is no active person %(key)s.", name=trial.name, key=repr(trial.by))
        return Tried(trial, "", (), (Problem(trial.path + "/by", FAILED, message),))
    at = trial.at or EPOCH
    try:
        values, wrong = read_values(program.form, trial.values, people, trial.by, at)
    except SignoffError as error:
        return Tried(trial, "", (), (_refused(trial, "/values", error.message),))
    if wrong:
        return Tried(trial, "", (), tuple(_refused(trial, each.path, each.message) for each in wrong))
    found = predict(program, trial.by, values, World(people, calendar, at, values, program.form.form.key))
    asked = {each.step.id: each.people for each in found.steps if each.step.kind in ASKED and each.skipped is None}
    return Tried(trial, found.outcome, tuple(asked), tuple(_compared(trial, found, asked)))


def _refused(trial: Trial, path: str, reason: str) -> Problem:
    return Problem(trial.path + path, FAILED, msg("%(name)s: %(reason)s", name=trial.name, reason=reason))


def _compared(trial: Trial, found: Prediction, asked: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    expect = trial.path + "/expect"
    if trial.outcome is not None and trial.outcome != found.outcome:
        why = "; ".join(str(each.message) for each in found.problems)
        yield Problem(
            expect + "/outcome", FAILED,
            msg(
                "%(name)s: it ends as %(found)s, expected %(wanted)s. %(why)s",
                name=trial.name, found=found.outcome, wanted=trial.outcome, why=why,
            ),
        )  # fmt: skip
    if trial.route is not None and trial.route != tuple(asked):
        yield Problem(expect + "/route", FAILED, _otherwise(trial, trial.route, tuple(asked)))
    for step, people in trial.people.items():
        there = asked.get(step, ())
        if set(people) != set(there):
            yield Problem(
                expect + pointer("people", step), FAILED,
                msg(
                    "%(name)s: %(step)s asks %(found)s, expected %(wanted)s.",
                    name=trial.name, step=step, found=", ".join(there) or "-", wanted=", ".join(people) or "-",
                ),
            )  # fmt: skip


def _otherwise(trial: Trial, wanted: tuple[str, ...], found: tuple[str, ...]) -> Message:
    return msg(
        "%(name)s: it goes by %(found)s, expected %(wanted)s.",
        name=trial.name,
        found=" → ".join(found) or "-",
        wanted=" → ".join(wanted) or "-",
    )
