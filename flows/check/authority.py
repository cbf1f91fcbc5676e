"""Whether somebody could approve alone what is above their personal limit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from ...platform.people.directory import Person
from ...platform.problems import Problem, Severity
from ...platform.text import Message, msg
from ..definition import Kind, Mode, Step
from ..program import FlowProgram
from ..selectors import limit_of
from ..values import plain
from .facts import facts_of
from .ground import Ground
from .people import Asked, Company, Try
from .premises import premises
from .space import FALSE, TooMany
from .timeline import Timeline
from .variables import Variables

MAX_NAMED = 5


def check_authority(company: Company, ground: Ground, timeline: Timeline) -> Iterator[Problem]:
    """Warnings where somebody could be the only one to approve more than they may alone.

    Nothing is said where nobody has a limit on the form: then limits are not used.
    """
    program = company.program
    limited = any(program.flow.form in person.limits for person in company.people.persons.values())
    if limited and program.amount is not None and program.amount in ground.fields:
        yield from Authority(company, ground, timeline, program.amount).problems()


Above = tuple[Step, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Alone:
    """``person`` alone approves a request of ``submitters`` at ``step``, the last that asks, with these values."""

    person: Person
    submitter: Person | None
    step: Step
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Able:
    """Who can finish a step alone, with the amounts for which they can, as bits of cells; ``passed``: for which the
    step may be passed over."""

    people: Mapping[str, int]
    passed: int


class Authority:
    """All approvals that lie on one way, against each person who could give them all."""

    def __init__(self, company: Company, ground: Ground, timeline: Timeline, amount: str) -> None:
        self.company = company
        self.program = program = company.program
        self.people = people = company.people
        self.amount = amount
        self.form = program.flow.form
        self.steps = [step for step in company.steps if step.kind is Kind.APPROVE]
        ways = {step.id: [way.condition for way in timeline.ways[step.id]] for step in self.steps}
        keys = frozenset({amount}).union(*(way.keys for step in self.steps for way in timeline.ways[step.id]))
        premise = premises(ground, (), keys)
        asked = [*(condition for way in ways.values() for condition in way), *premise.conditions]
        self.limits = company.limits
        self.two_above = _two_above(program, amount)
        cuts = (*self.limits.places, *([] if self.two_above is None else [self.two_above]))
        self.variables = Variables(ground, asked, people, {amount: cuts})
        self.allowed = self.variables.space.every([self.variables.tree(each) for each in premise.conditions])
        self.trees = {step: self.variables.space.every(map(self.variables.tree, way)) for step, way in ways.items()}
        self.number = self.variables.number(amount)
        self.finished = True
        self._found: dict[Any, Above | None] = {}
        self._with_amount: dict[tuple[str, int], int] = {}

    def problems(self) -> Iterator[Problem]:
        """One warning for each step at which somebody would decide last, and alone."""
        found: dict[str, dict[str, Alone]] = {}
        for submitter in (
            member for group in self.company.groups for member in group[:2]
        ):  # each may be the other's approver
            for alone in self._alone(submitter):
                found.setdefault(alone.step.id, {}).setdefault(alone.person.key, alone)
        for by_person in found.values():
            yield self._problem(list(by_person.values()))
        if not self.finished:
            why = msg(
                "It could not be found out whether somebody could approve alone above their limit: there are too "
                "many combinations to try. Split the flow into smaller routes."
            )
            yield Problem("/steps", "not_proven", why, Severity.WARNING)

    def _alone(self, submitter: Person | None) -> Iterator[Alone]:
        able = [self._able(step, submitter) for step in self.steps]
        passed = tuple(each.passed for each in able)
        asks = self._of(submitter)
        owns: dict[str, list[int]] = {}
        for place, each in enumerate(able):
            for key, cells in each.people.items():
                owns.setdefault(key, [0] * len(able))[place] = cells
        for key, own in owns.items():
            person = self.people.persons[key]
            found = self._above(limit_of(person, self.form), asks, tuple(own), passed)
            if found is not None:
                yield Alone(person, submitter, *found)

    def _able(self, step: Step, submitter: Person | None) -> Able:
        found: dict[str, int] = {}
        passed = 0
        for attempt, asked in self.company.finders[step.id].found(submitter):
            cells = self._cells_of(attempt)
            if asked == "skip":
                passed |= cells
            for key in _finishers(step, asked):
                found[key] = found.get(key, 0) | cells
        return Able(found, passed)

    def _cells_of(self, attempt: Try) -> int:
        """The cells of the amount for which the attempt stands; all of them if its step does not ask for the amount."""
        if self.amount not in attempt.values:
            return self.variables.space.cells(self.number)
        return self.ranks.get(self.limits.rank(attempt.values[self.amount]), 0)

    @cached_property
    def ranks(self) -> Mapping[int | None, int]:
        """The cells of the amount, as bits, by the limits between which they lie."""
        found: dict[int | None, int] = {}
        for place, cell in enumerate(self.variables.domains[self.number].cells):
            rank = self.limits.rank(cell.value)
            found[rank] = found.get(rank, 0) | 1 << place
        return found

    def _if_amount(self, step: Step, cells: int) -> int:
        """That the step lies on the way, with such an amount."""
        found = self._with_amount.get((step.id, cells))
        if found is None:
            with_amount = self.variables.space.within(self.number, cells)
            found = self.variables.space.every([self.trees[step.id], with_amount])
            self._with_amount[step.id, cells] = found
        return found

    def _above(self, limit: Decimal, submitter: int, own: tuple[int, ...], passed: tuple[int, ...]) -> Above | None:
        """The last step and the values of a request above ``limit`` on whose way nobody else must agree.

        ``own`` and ``passed`` are, for each step, the amounts for which they can finish it, or it may be passed over.
        """
        key = (limit, submitter, own, passed)
        if key not in self._found:
            cells = self._search(limit, submitter, own, passed)
            self._found[key] = None if cells is None else (self._last(own, cells), self.variables.values(cells))
        return self._found[key]

    def _search(
        self, limit: Decimal, submitter: int, own: tuple[int, ...], passed: tuple[int, ...]
    ) -> dict[int, int] | None:
        space = self.variables.space
        mine = [self._if_amount(step, mask) for step, mask in zip(self.steps, own, strict=True)]
        others = {
            step.id: self._if_amount(step, ~(mask | skipped))
            for step, mask, skipped in zip(self.steps, own, passed, strict=True)
        }
        wanted = space.every([self.allowed, self._amount_alone(limit), submitter, space.some(mine)])
        try:
            for step in self.program.flow.steps:
                if wanted == FALSE:
                    return None
                wanted = space.every([wanted, space.negation(self._another((step,), others))])
            return space.solution(wanted)
        except TooMany:
            self.finished = False
            return None

    def _last(self, own: tuple[int, ...], cells: Mapping[int, int]) -> Step:
        """The last step on the way that is theirs."""
        steps = [(step, self._if_amount(step, mask)) for step, mask in zip(self.steps, own, strict=True)]
        return next(step for step, tree in reversed(steps) if self._holds(tree, cells))

    def _another(self, steps: Sequence[Step], others: Mapping[str, int]) -> int:
        """When somebody else must agree: at one of the steps on the way, unless it can be gone around."""
        space = self.variables.space
        found = [others[step.id] for step in steps if step.id in others]
        for step in steps:
            inside = [self._another(branch.steps, others) for branch in step.branches]
            if inside:
                around = step.kind is Kind.PARALLEL and step.join == "any"
                found.append(space.every(inside) if around else space.some(inside))
        return space.some(found)

    def _amount_alone(self, limit: Decimal) -> int:
        """That the amount is above ``limit``, and not so high that the engine asks a second person anyway."""
        most = Decimal("Infinity") if self.two_above is None else self.two_above
        cells = self.variables.domains[self.number].cells
        mask = sum(
            1 << place for place, cell in enumerate(cells) if cell.value is not None and limit < cell.value <= most
        )
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

    def _holds(self, tree: int, cells: Mapping[int, int]) -> bool:
        """Whether ``tree`` can hold for a request with these cells."""
        for variable, cell in cells.items():
            tree = self.variables.space.restrict(tree, variable, cell)
        return self.variables.space.can_hold(tree)

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


def _two_above(program: FlowProgram, amount: str) -> Decimal | None:
    """Above what the flow wants two persons for ``amount`` itself, whoever the steps ask."""
    authority = program.settings.authority
    return authority.two_above if authority is not None and authority.amount == amount else None


def _named(found: Sequence[Alone]) -> Message:
    names = ", ".join(alone.person.name for alone in found[:MAX_NAMED])
    if len(found) > MAX_NAMED:
        return msg("%(names)s and %(count)s more", names=names, count=len(found) - MAX_NAMED)
    return msg("%(names)s", names=names)


def _finishers(step: Step, asked: Asked) -> set[str]:
    """Those whose approval alone is enough for the step; who was chosen by their limit never exceeds it."""
    if isinstance(asked, str):
        return set()
    if step.mode is Mode.ANY:
        return {key for each in asked for key in each.people if not each.limited}
    people = {key for each in asked for key in each.people}
    if len(people) == 1 or (step.mode is Mode.VOTE and step.share is not None and step.share * len(people) <= 1):
        return people
    return set()
