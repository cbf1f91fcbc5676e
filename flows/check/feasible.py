"""The values that a field can have where a step opens, as far as the flow and the form tell."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from ...platform.people.directory import Directory, Person
from ..definition import Step
from .facts import facts_of
from .ground import Ground
from .known import FACT
from .premises import premises
from .space import TooMany
from .timeline import Timeline
from .variables import Variables

MAX_VALUES = 150


class Feasible:
    """What can be at ``step``: by what is known there, and by the branches that led there."""

    def __init__(
        self,
        step: Step,
        ground: Ground,
        timeline: Timeline,
        people: Directory | None,
        cuts: Mapping[str, Iterable[Any]],
        keys: Iterable[str],
    ) -> None:
        self.people = people
        self._values: dict[tuple[str, int], list[Any]] = {}
        self.keys = sorted(set(keys) & set(ground.fields))
        facts = timeline.before[step.id].facts
        about = frozenset().union(*(fact.keys for fact in facts)) if facts else frozenset()
        self.needless = not self.keys and not any(key.startswith(FACT) for key in about)
        premise = premises(ground, facts, () if self.needless else {*about, *self.keys})
        self.conditions = premise.conditions
        self.variables = Variables(ground, self.conditions, people, cuts)

    def values(self, key: str, submitter: Person | None) -> list[Any]:
        """One value for each cell of ``key`` that can be there, blank last; ends and some between if there are many."""
        place = (key, self._allowed_for(submitter))
        if place not in self._values:
            self._values[place] = self._possible(*place)
        return self._values[place]

    def _possible(self, key: str, allowed: int) -> list[Any]:
        variable = self.variables.number(key)
        cells = self.variables.domains[variable].cells
        can_be = 0
        for mask, rest in self.variables.space.split(allowed, variable):
            can_be |= mask if self._solvable(rest) else 0
        possible = [cell.value for number, cell in enumerate(cells) if can_be >> number & 1]
        if len(possible) <= MAX_VALUES:
            return possible
        stride = len(possible) // MAX_VALUES + 1
        return list(dict.fromkeys([*possible[::stride], *possible[-2:]]))

    def comes(self, submitter: Person | None) -> bool:
        """Whether requests of ``submitter`` get to the step at all."""
        return self.needless or self._solvable(self._allowed_for(submitter))

    @cached_property
    def _allowed(self) -> int:
        return self.variables.space.every([self.variables.tree(each) for each in self.conditions])

    def _allowed_for(self, submitter: Person | None) -> int:
        """What is allowed, once it is known who asks."""
        allowed = self._allowed
        variable = self.variables.submitter
        if variable is None or self.people is None:
            return allowed
        facts = facts_of(submitter, self.people)
        for number, cell in enumerate(self.variables.domains[variable].cells):
            if all(facts.get(key) == value for key, value in cell.value.items()):
                return self.variables.space.restrict(allowed, variable, number)
        return allowed

    def _solvable(self, tree: int) -> bool:
        try:
            return self.variables.space.can_hold(tree)
        except TooMany:
            return True
