"""Everything that one field can hold, in cells over which every test of a proof answers the same."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from ...forms.conditions.tree import Op, Test
from .lines import Line, Stretch

MAX_SUBSETS_OF = 7


@dataclass(frozen=True, slots=True)
class Cell:
    """``value`` stands for all of the cell. ``certain``: the form surely allows it. ``stretch`` is set on a line."""

    value: Any
    certain: bool = True
    stretch: Stretch | None = None


@dataclass(frozen=True)
class Domain:
    """``blank`` comes last, if the value can be missing. ``exact`` is ``False`` where cells are samples only.

    ``evaluate`` answers a test for one value of the field.
    """

    cells: tuple[Cell, ...]
    evaluate: Callable[[Test, Any], bool]
    exact: bool = True

    @property
    def blank(self) -> int:
        """The cell of blank, as a bit; 0 if the value is never blank."""
        last = len(self.cells) - 1
        return 1 << last if self.cells and self.cells[last].value is None else 0

    def mask(self, test: Test) -> int:
        """The cells in which ``test`` holds, as bits."""
        found = 0
        for number, cell in enumerate(self.cells):
            if self.evaluate(test, cell.value):
                found |= 1 << number
        return found


@dataclass(frozen=True)
class LineDomain(Domain):
    """Cells in the order of their values: a comparison is a run of bits, found without looking at each cell."""

    line: Line | None = None

    @cached_property
    def _places(self) -> list[Any]:
        assert self.line is not None
        return [self.line.place(cell.value) for cell in self.cells if cell.value is not None]

    def mask(self, test: Test) -> int:
        """The cells in which ``test`` holds, as bits."""
        everything = (1 << len(self._places)) - 1
        if test.op is Op.EMPTY:
            return self.blank if test.operand else everything
        if test.op is Op.IN:
            return self._among(test.operand)
        if test.op is Op.NOT_IN:
            return (everything & ~self._among(test.operand)) | self.blank
        if test.op is Op.NE:
            return (everything & ~self._equal(test.operand)) | self.blank
        if test.operand is None or test.op in (Op.CONTAINS, Op.STARTS_WITH):
            return super().mask(test)
        return self._compared(test.op, test.operand, everything)

    def _compared(self, op: Op, operand: Any, everything: int) -> int:
        assert self.line is not None
        place = self.line.place(operand)
        below = (1 << bisect_left(self._places, place)) - 1
        upto = (1 << bisect_right(self._places, place)) - 1
        if op is Op.LT:
            return below
        if op is Op.LTE:
            return upto
        if op is Op.GT:
            return everything & ~upto
        if op is Op.GTE:
            return everything & ~below
        return upto & ~below

    def _equal(self, operand: Any) -> int:
        return 0 if operand is None else self._compared(Op.EQ, operand, (1 << len(self._places)) - 1)

    def _among(self, operands: Iterable[Any]) -> int:
        found = 0
        for operand in operands:
            found |= self._equal(operand)
        return found


Evaluate = Callable[[Test, Any], bool]


def on_line(line: Line, cuts: Iterable[Any], evaluate: Evaluate, *, blank: bool = True) -> Domain:
    """Values of a line, cut at the constants that the tests name."""
    cells = [Cell(stretch.value, stretch=stretch) for stretch in line.cut(cuts)]
    return LineDomain(with_blank(cells, blank), evaluate, line=line)


def finite(values: Iterable[Any], evaluate: Evaluate, *, blank: bool = True, certain: bool = True) -> Domain:
    """These values and no others."""
    return Domain(with_blank([Cell(value, certain) for value in values], blank), evaluate)


def named(
    values: Iterable[Any], other: Any, evaluate: Evaluate, *, allows: Callable[[Any], bool], blank: bool = True
) -> Domain:
    """The ``values`` that tests name, and ``other`` for anything else; ``allows`` says what the form surely takes."""
    distinct = list(dict.fromkeys([*values, other]))
    return Domain(with_blank([Cell(value, allows(value)) for value in distinct], blank), evaluate)


def subsets(
    options: Sequence[Any], evaluate: Evaluate, *, mentioned: Iterable[Any], sizes: range, blank: bool = True
) -> Domain:
    """Every choice of several of ``options``: all subsets of those ``mentioned`` in tests and of one more."""
    wanted = set(mentioned)
    chosen = [option for option in options if option in wanted]
    others = [option for option in options if option not in wanted]
    atoms = (chosen + others[:1])[:MAX_SUBSETS_OF]
    picks = [pick for size in range(1, len(atoms) + 1) for pick in combinations(atoms, size)]
    padded = dict.fromkeys(_padded(pick, others, sizes.start, options) for pick in picks)
    cells = [Cell(pick) for pick in padded if len(pick) in sizes]
    return Domain(with_blank(cells, blank), evaluate, exact=len(chosen) + len(others[:1]) <= MAX_SUBSETS_OF)


def _padded(pick: tuple[Any, ...], others: Sequence[Any], least: int, options: Sequence[Any]) -> tuple[Any, ...]:
    """As many more as must be chosen, of those that no test names, all in the order of the options."""
    more = [other for other in others if other not in pick][: max(0, least - len(pick))]
    return tuple(option for option in options if option in pick or option in more)


def sampled(values: Iterable[Any], evaluate: Evaluate, *, blank: bool = True) -> Domain:
    """Some values of many: what is found with them is true, that nothing is found proves nothing."""
    return Domain(with_blank([Cell(value) for value in values], blank), evaluate, exact=False)


def with_blank(cells: list[Cell], blank: bool) -> tuple[Cell, ...]:
    """The cells, and one more for nothing at all."""
    return (*cells, Cell(None)) if blank else tuple(cells)
