"""The proof that each route takes every combination of values that the form allows, and takes it one way only."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from ...forms.conditions import evaluate
from ...platform.people.directory import Directory
from ...platform.problems import Problem, Severity
from ...platform.text import msg
from ..definition import Branch, Flow, Kind, Step
from ..values import plain
from .ground import Ground
from .known import FACT, Known, read_by
from .phrases import listed, region
from .pieces import Piece, pieces_of
from .premises import premises
from .routes import Exploration, Found
from .space import TooMany, bits
from .testing import is_exact
from .timeline import Timeline
from .variables import Variables

MAX_SHOWN = 6


def check_routes(flow: Flow, ground: Ground, timeline: Timeline, people: Directory | None) -> Iterator[Problem]:
    """Gaps and overlaps (errors), branches that nothing reaches and routes that could not be proven (warnings)."""
    for step in flow.walk():
        if step.kind is Kind.ROUTE and step.id in timeline.before and step.branches:
            yield from RouteProof(step, ground, timeline.before[step.id].facts, people).problems()


class RouteProof:
    """One route step. ``known`` is what holds when a request comes to it."""

    def __init__(self, step: Step, ground: Ground, known: Iterable[Known], people: Directory | None) -> None:
        self.step = step
        self.ground = ground
        self.branches = [branch for branch in step.branches if branch.when is not None and not branch.otherwise]
        self.conditions = [branch.when for branch in self.branches if branch.when is not None]
        self.otherwise = next((branch for branch in step.branches if branch.otherwise), None)
        self.premises = premises(ground, known, frozenset().union(*map(read_by, self.conditions)))
        self.variables = Variables(ground, [*self.conditions, *self.premises.conditions], people)

    @cached_property
    def trees(self) -> list[int]:
        return [self.variables.tree(condition) for condition in self.conditions]

    @cached_property
    def asked(self) -> int:
        """The variables that the branches depend on, as bits."""
        found = 0
        for tree in self.trees:
            found |= self.variables.space.support(tree)
        return found

    def problems(self) -> Iterator[Problem]:
        """All that is wrong with the route, and a word where that could not be found out."""
        exploration = Exploration(
            self.variables.space, first=self.step.hit == "first", otherwise=self.otherwise is not None
        )
        doubts: list[Problem] = []
        finished = True
        try:
            allowed = self.variables.space.every([self.variables.tree(each) for each in self.premises.conditions])
            exploration.run(allowed, self.trees)
        except TooMany:
            finished = False
            doubts.append(self._not_proven(msg("there are too many combinations to try"), None))
        found = exploration.found
        if self.otherwise is None:
            yield from _upto(MAX_SHOWN, self._gaps(found, doubts))
        yield from _upto(MAX_SHOWN, self._overlaps(found, doubts))
        yield from self._unreached(found, finished)
        if self.sampled:
            fields = listed(sorted(frozenset().union(*self.sampled.values())))
            doubts.append(self._not_proven(msg("%(fields)s can be checked by samples only", fields=fields), None))
        yield from doubts[:1]

    def _gaps(self, found: Found, doubts: list[Problem]) -> Iterator[Problem]:
        for box in found.gaps:
            for piece in pieces_of(box, self.variables):
                cells, values = self._example(piece)
                what = region(piece, self.variables)
                if any(evaluate(condition, values) for condition in self.conditions):
                    doubts.append(self._not_proven(msg("%(values)s may match no branch", values=what), None))
                elif not self._is_real(cells):
                    doubts.append(self._not_proven(msg("%(values)s may match no branch", values=what), values))
                else:
                    yield self._gap(what, self._bound(values))

    def _gap(self, what: str, values: Mapping[str, Any]) -> Problem:
        return Problem(
            self.step.path,
            "gap",
            msg(
                "No branch takes %(values)s. Widen a branch, add one for it, or add one for everything else "
                '("otherwise": true).',
                values=what,
            ),
            example=_shown(values),
        )

    def _overlaps(self, found: Found, doubts: list[Problem]) -> Iterator[Problem]:
        for (first, second), box in found.overlaps.items():
            piece = pieces_of(box, self.variables)[0]
            cells, values = self._example(piece)
            both = evaluate(self.conditions[first], values) and evaluate(self.conditions[second], values)
            what = region(piece, self.variables)
            if both and self._is_real(cells):
                yield self._overlap(self.branches[first], self.branches[second], what, self._bound(values))
            else:
                two = msg("%(first)s and %(second)s may overlap", **self._names(first, second))
                doubts.append(self._not_proven(two, values if both else None))

    def _names(self, first: int, second: int) -> dict[str, str]:
        return {"first": self.branches[first].id, "second": self.branches[second].id}

    def _overlap(self, first: Branch, second: Branch, what: str, values: Mapping[str, Any]) -> Problem:
        return Problem(
            self.step.path,
            "overlap",
            msg(
                "Both “%(first)s” and “%(second)s” take %(values)s. Narrow one of them, or let the first one win "
                '("hit": "first").',
                first=first.id,
                second=second.id,
                values=what,
            ),
            example=_shown(values),
        )

    def _unreached(self, found: Found, finished: bool) -> Iterator[Problem]:
        if not finished or self._nothing_comes(found):
            return
        for number, branch in enumerate(self.branches):
            if number not in found.taken and number not in self.sampled:
                yield self._unreachable(branch, number)
        if self.otherwise is not None and not found.otherwise and not self.sampled:
            yield Problem(
                self.otherwise.path,
                "unreachable",
                msg("Nothing is left for “%(branch)s”: the other branches take everything.", branch=self.otherwise.id),
                Severity.WARNING,
            )

    def _unreachable(self, branch: Branch, number: int) -> Problem:
        shadowed = self.step.hit == "first" and self.variables.space.can_hold(self.trees[number])
        if shadowed and number:
            why = msg("earlier branches take all that it asks for. Move it up or remove it")
        else:
            why = msg("no values that can come here meet its condition. Correct it or remove it")
        reason = msg("“%(branch)s” is never taken: %(why)s.", branch=branch.id, why=why)
        return Problem(branch.path, "unreachable", reason, Severity.WARNING)

    def _nothing_comes(self, found: Found) -> bool:
        """No request gets here at all: the branch around the route says so already."""
        return not found.taken and not found.gaps and not found.overlaps

    def _example(self, piece: Piece) -> tuple[dict[int, int], dict[str, Any]]:
        """One cell of each variable that matters, and its values."""
        cells = dict(piece.rest)
        for variable, mask in piece.masks.items():
            cells[variable] = self.variables.ordinary(variable, mask)
        for variable in bits(self.asked):
            if variable not in cells:
                cells[variable] = self.variables.ordinary(variable, self.variables.space.cells(variable))
        return cells, self.variables.values(cells)

    def _bound(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Without the fields of which it only matters that they are filled."""
        return {
            key: value
            for key, value in values.items()
            if value is None or key.startswith(FACT) or key in self.premises.bound
        }

    def _is_real(self, cells: Mapping[int, int]) -> bool:
        """Whether a request with these values can surely be made."""
        if not self.premises.complete or not self.variables.certain(cells):
            return False
        keys = {self.variables.names[variable] for variable in cells} & self.premises.bound
        computed = [key for key in keys if key in self.ground.sources]
        return all(self._is_free(key, keys, computed) for key in computed)

    def _is_free(self, key: str, keys: set[str], computed: list[str]) -> bool:
        """A computed field can take any value if something it is made of is not part of the example."""
        taken = keys.union(*(self.ground.sources[other] for other in computed if other != key))
        return not self.ground.sources[key] <= taken

    @cached_property
    def sampled(self) -> dict[int, frozenset[str]]:
        """Branches that cells answer by samples only, by number, with the fields because of which they do."""
        found: dict[int, frozenset[str]] = {}
        for number, condition in enumerate(self.conditions):
            doubtful = {
                self.variables.names[variable]
                for variable in bits(self.variables.space.support(self.trees[number]))
                if variable in self.variables.unproven and variable not in self.variables.opaque
            }
            if doubtful or not is_exact(condition):
                found[number] = frozenset(doubtful) or read_by(condition)
        return found

    def _not_proven(self, why: str, values: Mapping[str, Any] | None) -> Problem:
        return Problem(
            self.step.path,
            "not_proven",
            msg('It could not be proven that each request goes exactly one way: %(why)s. A branch for everything '
                'else ("otherwise": true) makes sure that nothing is lost.', why=why),
            Severity.WARNING,
            None if values is None else _shown(values),
        )  # fmt: skip


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """The example as JSON: fields in order, facts after them."""
    return {key: plain(values[key]) for key in sorted(values, key=lambda key: (key.startswith(FACT), key))}


def _upto(count: int, problems: Iterator[Problem]) -> Iterator[Problem]:
    for number, problem in enumerate(problems):
        if number >= count:
            return
        yield problem
