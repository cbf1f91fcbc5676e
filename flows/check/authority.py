"""Whether somebody could approve alone what is above their personal limit."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...forms.conditions.tree import All, Condition
from ...platform.people.directory import Directory, Person
from ...platform.problems import Problem, Severity
from ...platform.text import Message, msg
from ..definition import Kind, Mode, Step
from ..engine_assign import Candidate
from ..program import FlowProgram
from ..selectors import limit_of
from ..values import plain
from .facts import facts_of
from .ground import Ground
from .people import Finder, grouped
from .premises import premises
from .space import TooMany
from .timeline import Timeline
from .variables import Variables

MAX_NAMED = 5


def check_authority(program: FlowProgram, ground: Ground, timeline: Timeline, people: Directory) -> Iterator[Problem]:
    """Warnings where somebody could be the only one to approve more than they may alone.

    Nothing is said where nobody has a limit on the form: then limits are not used.
    """
    limited = any(program.flow.form in person.limits for person in people.persons.values())
    if limited and program.amount is not None and program.amount in ground.fields:
        yield from Authority(program, ground, timeline, people, program.amount).problems()


@dataclass(frozen=True, slots=True)
class Alone:
    """``person`` alone approves a request of ``submitters`` at ``step``, the last that asks, with these values."""

    person: Person
    submitter: Person | None
    step: Step
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Able:
    """``people``: each of them can finish the step alone; ``passable``: it may be passed over."""

    people: frozenset[str]
    passable: bool


class Authority:
    """All approvals that lie on one way, against each person who could give them all."""

    def __init__(
        self, program: FlowProgram, ground: Ground, timeline: Timeline, people: Directory, amount: str
    ) -> None:
        self.program = program
        self.people = people
        self.amount = amount
        self.form = program.flow.form
        self.steps = [step for step in program.flow.walk() if step.kind is Kind.APPROVE and step.id in timeline.before]
        self.finders = {step.id: Finder(program, step, ground, timeline, people) for step in self.steps}
        self.ways: dict[str, Condition] = {step.id: All(timeline.ways[step.id]) for step in self.steps}
        self.groups = grouped(program, ground, people)
        limits = sorted({limit_of(person, self.form) for person in people.persons.values()})
        asked = [*self.ways.values()]
        premise = premises(ground, (), asked, [amount])
        self.variables = Variables(ground, [*asked, *premise.conditions], people, {amount: limits})
        self.allowed = self.variables.space.every([self.variables.tree(each) for each in premise.conditions])
        self.trees = {step: self.variables.tree(way) for step, way in self.ways.items()}
        self.number = self.variables.number(amount)

    def problems(self) -> Iterator[Problem]:
        """One warning for each step at which somebody would decide last, and alone."""
        found: dict[str, dict[str, Alone]] = {}
        for group in self.groups:
            for alone in self._alone(group[0]):
                found.setdefault(alone.step.id, {}).setdefault(alone.person.key, alone)
        for by_person in found.values():
            yield self._problem(list(by_person.values()))

    def _alone(self, submitter: Person | None) -> Iterator[Alone]:
        able = {step.id: self._able(step, submitter) for step in self.steps}
        for key in dict.fromkeys(key for each in able.values() for key in each.people):
            person = self.people.persons[key]
            own = [step for step in self.steps if key in able[step.id].people]
            barring = {step.id for step in self.steps if key not in able[step.id].people and not able[step.id].passable}
            values = self._above(person, submitter, own, barring)
            if values is not None:
                taken = next(step for step in reversed(own) if self._holds(step, values))
                yield Alone(person, submitter, taken, self.variables.values(values))

    def _able(self, step: Step, submitter: Person | None) -> Able:
        """Who can finish the step, for some values; where limits are held against the amount, nobody exceeds theirs."""
        found: set[str] = set()
        passable = False
        finder = self.finders[step.id]
        for attempt in finder.tries(submitter):
            asked = finder.asked(attempt)
            if isinstance(asked, str):
                passable = passable or asked == "skip"
            else:
                found |= _finishers(step, asked)
        return Able(frozenset(found), passable)

    def _above(
        self, person: Person, submitter: Person | None, own: Sequence[Step], barring: Collection[str]
    ) -> dict[int, int] | None:
        """Cells of a request above the limit of ``person`` on whose way nobody else must agree."""
        space = self.variables.space
        wanted = [
            self.allowed,
            self._amount_above(limit_of(person, self.form)),
            self._of(submitter),
            space.some([self.trees[step.id] for step in own]),
            space.negation(self._another(self.program.flow.steps, barring)),
        ]
        try:
            return space.solution(space.every(wanted))
        except TooMany:
            return None

    def _another(self, steps: Sequence[Step], barring: Collection[str]) -> int:
        """When somebody else must agree: one of the steps ``barring`` lies on the way and cannot be gone around."""
        space = self.variables.space
        found: list[int] = []
        for step in steps:
            if step.id in barring:
                found.append(self.trees[step.id])
            inside = [self._another(branch.steps, barring) for branch in step.branches]
            if inside:
                around = step.kind is Kind.PARALLEL and step.join == "any"
                found.append(space.every(inside) if around else space.some(inside))
        return space.some(found)

    def _amount_above(self, limit: Decimal) -> int:
        cells = self.variables.domains[self.number].cells
        mask = sum(1 << place for place, cell in enumerate(cells) if cell.value is not None and cell.value > limit)
        return self.variables.space.within(self.number, mask)

    def _of(self, submitter: Person | None) -> int:
        """That it is ``submitter`` who asks, where conditions make a difference of it."""
        variable = self.variables.submitter
        if variable is None:
            return self.variables.space.every(())
        facts = facts_of(submitter, self.people)
        mask = 0
        for place, cell in enumerate(self.variables.domains[variable].cells):
            if all(facts.get(key) == value for key, value in cell.value.items()):
                mask |= 1 << place
        return self.variables.space.within(variable, mask)

    def _holds(self, step: Step, cells: Mapping[int, int]) -> bool:
        """Whether the step can lie on the way of a request with these cells."""
        space, tree = self.variables.space, self.trees[step.id]
        for variable, cell in cells.items():
            tree = space.restrict(tree, variable, cell)
        return space.solution(tree) is not None

    def _problem(self, found: Sequence[Alone]) -> Problem:
        first = found[0]
        return Problem(
            first.step.path,
            "alone_above_limit",
            msg(
                "%(who)s could alone approve %(amount)s, above the personal limit of %(limit)s. Ask a second person on "
                'this way, or choose approvers with {"manager_with_limit": "%(field)s"}.',
                who=_named(found),
                amount=plain(first.values[self.amount]),
                limit=plain(limit_of(first.person, self.form)),
                field=self.amount,
            ),
            Severity.WARNING,
            {
                "submitter": first.submitter.key if first.submitter else None,
                "approver": first.person.key,
                **{key: plain(value) for key, value in first.values.items()},
            },
        )


def _named(found: Sequence[Alone]) -> Message:
    names = ", ".join(alone.person.name for alone in found[:MAX_NAMED])
    if len(found) > MAX_NAMED:
        return msg("%(names)s and %(count)s more", names=names, count=len(found) - MAX_NAMED)
    return msg("%(names)s", names=names)


def _finishers(step: Step, asked: tuple[Candidate, ...]) -> set[str]:
    """Those whose approval alone is enough for the step."""
    if step.mode is Mode.ANY:
        return {key for each in asked for key in each.people if not each.limited}
    people = {key for each in asked for key in each.people}
    if len(people) == 1 or (step.mode is Mode.VOTE and step.share is not None and step.share * len(people) <= 1):
        return people
    return set()
