"""The fields that a proof is about, as variables of a space, and the conditions of form and flow as its trees."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ...forms.conditions import evaluate
from ...forms.conditions.tree import All, AnyOf, Condition, FieldRef, Not, Rows, Test
from ...platform.people.directory import Directory
from ..definition import SUM
from .domains import Domain, Evaluate, on_line, sampled
from .facts import SUBMITTER, domain_of_fact, domain_of_submitters
from .field_domains import domain_of_field
from .ground import Ground
from .known import FACT
from .lines import numbers
from .space import Space, bits
from .tables import domain_of_table
from .testing import by_field, constants_of, row_tests_of

MAX_PAIRS = 4_000
NO_CUTS: Mapping[str, Iterable[Any]] = {}


class Variables:
    """Fields and facts, each a variable with its cells, cut at every constant that ``conditions`` name.

    The facts of the submitter are one variable where the persons are known: theirs are all there can be.
    ``cuts`` are further constants by field. ``unproven`` are the variables about which finding nothing proves nothing.
    """

    def __init__(
        self,
        ground: Ground,
        conditions: Iterable[Condition],
        people: Directory | None,
        cuts: Mapping[str, Iterable[Any]] = NO_CUTS,
    ) -> None:
        self.ground = ground
        self.people = people
        self.space = Space()
        self.domains: list[Domain] = []
        self.names: list[str] = []
        self.unproven: set[int] = set()
        self._numbers: dict[str, int] = {}
        self._conditions = tuple(conditions)
        self._tests = by_field(self._conditions)
        self._cuts = cuts
        self._trees: dict[int, int] = {}  # by identity: large conditions are too slow to hash
        self._kept: list[Condition] = []
        self.opaque: set[int] = set()
        self._count_off()

    def tree(self, condition: Condition) -> int:
        """The condition as a tree of the space."""
        found = self._trees.get(id(condition))
        if found is None:
            found = self._trees[id(condition)] = self._made(condition)
            self._kept.append(condition)
        return found

    def number(self, key: str) -> int:
        """The variable that holds the field or fact ``key``; made at its first use, if no condition asks for it."""
        name = self._name(key)
        if name not in self._numbers:
            self._numbers[name] = self._new(name, self._domain(name))
        return self._numbers[name]

    def _count_off(self) -> None:
        """Number what the conditions ask for, the fewest cells first.

        Searches cut in this order: of what they cut last only sets of cells are left, which are put together at once.
        """
        domains = {name: self._domain(name) for name in dict.fromkeys(map(self._name, self._tests))}
        for name in sorted(domains, key=lambda each: len(domains[each].cells)):
            self._numbers[name] = self._new(name, domains[name])

    def _name(self, key: str) -> str:
        return SUBMITTER if key.startswith(FACT) and self.people is not None else key

    @property
    def submitter(self) -> int | None:
        """The variable of who sends the request, if conditions ask for facts of theirs and the persons are known."""
        return self._numbers.get(SUBMITTER)

    def values(self, cells: Mapping[int, int]) -> dict[str, Any]:
        """Typed values for one cell of each variable; opaque ones have none."""
        found: dict[str, Any] = {}
        for variable, cell in cells.items():
            value = self.domains[variable].cells[cell].value
            if self.names[variable] == SUBMITTER:
                found.update(value)
            elif variable not in self.opaque:
                found[self.names[variable]] = value
        return found

    def certain(self, cells: Mapping[int, int]) -> bool:
        """Whether the form surely allows these cells."""
        return all(
            variable not in self.opaque and self.domains[variable].cells[cell].certain
            for variable, cell in cells.items()
        )

    def ordinary(self, variable: int, among: int) -> int:
        """The cell of ``among`` (bits) that makes the plainest example: filled and certain if there is such."""
        cells = self.domains[variable].cells
        filled = [cell for cell in bits(among) if cells[cell].value is not None]
        surely = [cell for cell in filled if cells[cell].certain]
        return next(iter(surely or filled or list(bits(among))))

    def _new(self, name: str, domain: Domain) -> int:
        variable = self.space.variable(len(domain.cells))
        self.names.append(name)
        self.domains.append(domain)
        if not domain.exact:
            self.unproven.add(variable)
        return variable

    def _domain(self, name: str) -> Domain:
        if name == SUBMITTER:
            assert self.people is not None
            facts = [key for key in self._tests if key.startswith(FACT)]
            return domain_of_submitters(self.people, facts, self.ground)
        tests = self._tests.get(name, [])
        if name.startswith(FACT):
            return domain_of_fact(name, tests)
        if name.startswith(SUM):
            cuts = [*constants_of(tests), *self._cuts.get(name, ())]
            return on_line(numbers(None).narrowed(Decimal(0), None), cuts, _holds_for(name), blank=False)
        found = self.ground.fields.get(name)
        if found is None:  # a plugin's own fact, or a reference that the schema reports
            return sampled((), _holds_for(name))
        if found.columns:
            rows = list(row_tests_of(self._conditions, name))
            return domain_of_table(
                found, rows, _holds_for(name), self.people, blank=not self.ground.always_filled(name)
            )
        cuts = [*constants_of(tests), *self._cuts.get(name, ())]
        return domain_of_field(
            found, tests, cuts, _holds_for(name), self.people, blank=not self.ground.always_filled(name)
        )

    def _made(self, condition: Condition) -> int:
        match condition:
            case Test(_, _, FieldRef()):
                return self._compared(condition)
            case Test():
                return self._test(condition)
            case All(parts):
                return self.space.every([self.tree(part) for part in parts])
            case AnyOf(parts):
                return self.space.some([self.tree(part) for part in parts])
            case Not(part):
                return self.space.negation(self.tree(part))
            case Rows():
                return self._rows(condition)

    def _test(self, test: Test) -> int:
        variable = self.number(test.field)
        return self.space.within(variable, self.domains[variable].mask(test))

    def _rows(self, condition: Rows) -> int:
        variable = self.number(condition.table)
        mask = 0
        for number, cell in enumerate(self.domains[variable].cells):
            if evaluate(condition, {condition.table: cell.value}):
                mask |= 1 << number
        return self.space.within(variable, mask)

    def _compared(self, test: Test) -> int:
        """A field against another, for the samples of both: what differs between samples stays unproven."""
        left, right = self.number(test.field), self.number(test.operand.key)
        if left == right or len(self.domains[left].cells) * len(self.domains[right].cells) > MAX_PAIRS:
            return self._unknown()
        rows: list[int] = []
        for number in range(len(self.domains[left].cells)):
            mask = 0
            for other in range(len(self.domains[right].cells)):
                if evaluate(test, self.values({left: number, right: other})):
                    mask |= 1 << other
            here = self.space.within(left, 1 << number)
            rows.append(self.space.every((here, self.space.within(right, mask))))
        return self.space.some(rows)

    def _unknown(self) -> int:
        """A test that may come out either way."""
        name = f"?{len(self.names)}"
        variable = self._new(name, sampled((False,), lambda _test, value: value is not None))
        self.opaque.add(variable)
        return self.space.within(variable, 1)


def _holds_for(name: str) -> Evaluate:
    return lambda test, value: evaluate(test, {name: value})
