"""A compiled flow: its tables are made once per version and process, so that the engine only looks things up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..forms.program import FormProgram
from .definition import Branch, Due, Flow, Kind, Right, Settings, Step
from .run import START, World

Values = Mapping[str, Any]
Argument = Callable[[Values, World], Any]
"""From typed values (and the facts beside them) to the argument's typed value."""


@dataclass(frozen=True, slots=True)
class Way:
    """A branch of a route, with its condition ready to be asked; ``None`` of the branch that is taken otherwise."""

    branch: Branch
    asked: Callable[[Values], bool] | None


@dataclass(frozen=True, eq=False)
class FlowProgram:
    """``trail``: for each step the routes and parallels around it with the branch it lies in, outer first.

    ``withheld`` are fields, columns and parts that are filled on the way, not by who files the form.
    ``ways`` and ``reads`` are the branches of each route and the fields that their conditions read; ``behind`` the
    steps before each step on which people act; ``amount`` is the field that personal limits are held against.
    """

    flow: Flow
    version: int
    form: FormProgram | None
    steps: Mapping[str, Step]
    order: Mapping[str, int]
    trail: Mapping[str, tuple[tuple[str, str], ...]]
    ways: Mapping[str, tuple[Way, ...]]
    reads: Mapping[str, tuple[str, ...]]
    behind: Mapping[str, tuple[str, ...]]
    arguments: Mapping[str, Mapping[str, Argument]]
    amount: str | None
    uses_facts: bool
    withheld: frozenset[str] = frozenset()

    @cached_property
    def settings(self) -> Settings:
        return self.flow.settings

    def step(self, step_id: str) -> Step | None:
        """The step of that id; ``None`` for ``start`` and for steps there are not."""
        return self.steps.get(step_id)

    def due(self, step_id: str) -> Due | None:
        """The deadline of a step, as it was defined."""
        step = self.steps.get(step_id)
        return step.due if step else None

    def rights(self, step_id: str) -> Mapping[str, Right]:
        """What whoever acts on a step may do with each field.

        What the step does not name is read. In the correction of a returned request (``start``) all is edited but what
        is filled on the way; all of it where an administrator helps out on a step of which people do nothing otherwise
        (a route, an action).
        """
        step = self.steps.get(step_id)
        keys = [each.key for each in self.form.form.fields] if self.form is not None else []
        if step_id == START:
            return dict.fromkeys(keys, Right.EDIT) | dict.fromkeys(self.withheld, Right.READ)
        if step is None or step.kind not in (Kind.APPROVE, Kind.WORK):
            return dict.fromkeys(keys, Right.EDIT)
        return dict.fromkeys(keys, Right.READ) | dict(step.fields)

    def into(self, step_id: str, result: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that an action's result fills; members that the result does not have fill nothing."""
        step = self.steps.get(step_id)
        if step is None:
            return {}
        return {key: result[member] for key, member in step.into.items() if member in result}

    def later(self, step_id: str) -> tuple[str, ...]:
        """Steps that come after ``step_id`` on its way: not those of the branches beside it."""
        trail, place = self.trail[step_id], self.order[step_id]
        return tuple(
            other for other, where in self.order.items() if where > place and not _beside(trail, self.trail[other])
        )


def _beside(trail: tuple[tuple[str, str], ...], other: tuple[tuple[str, str], ...]) -> bool:
    """Whether two trails part in different branches of one step."""
    for (step, branch), (their_step, their_branch) in zip(trail, other, strict=False):
        if step != their_step:
            return False
        if branch != their_branch:
            return True
    return False
