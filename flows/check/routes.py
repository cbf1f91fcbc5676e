"""One route step against all cells at once: combinations that no branch takes, or two, and branches never taken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .space import FALSE, TRUE, Space, bits

MAX_FOUND = 40

Live = tuple[tuple[int, int], ...]
"""Branches that can still hold, by number, with what remains of their conditions; in the order of the branches."""


@dataclass(frozen=True, slots=True)
class Box:
    """Cells for some variables as bits: any combination of them; ``rest`` are cells that the others need."""

    masks: Mapping[int, int]
    rest: Mapping[int, int]


@dataclass
class Found:
    """``overlaps`` are by pair of branches, the first combination of each; ``taken`` are the branches ever taken."""

    gaps: list[Box] = field(default_factory=list)
    overlaps: dict[tuple[int, int], Box] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    otherwise: bool = False  # some combination is left to the branch that is taken otherwise


class Exploration:
    """Splits the cells one variable at a time, and stops where what happens is decided."""

    def __init__(self, space: Space, *, first: bool, otherwise: bool) -> None:
        self.space = space
        self.first = first
        self.otherwise = otherwise  # a branch takes what the others leave
        self.found = Found()
        self._seen: set[tuple[int, Live]] = set()

    def run(self, allowed: int, conditions: list[int]) -> Found:
        """Explore all combinations under which ``allowed`` holds.

        Raises:
            TooMany: the budget of the space is spent; ``found`` holds what was seen until then.
        """
        live = tuple((number, tree) for number, tree in enumerate(conditions) if tree != FALSE)
        self._visit(allowed, live, {})
        return self.found

    def _visit(self, allowed: int, live: Live, masks: dict[int, int]) -> None:
        if self.first:
            live = _upto_first(live)
        if allowed == FALSE or (allowed, live) in self._seen or self._exhausted(live):
            return
        self._seen.add((allowed, live))
        self.space.spend()
        holding = [number for number, tree in live if tree == TRUE]
        if self._settled(allowed, live, holding, masks):
            return
        for group, rest, split in self._split(allowed, live):
            self._visit(rest, split, {**masks, **group})

    def _exhausted(self, live: Live) -> bool:
        """Where one branch always wins, there is nothing more to learn of those that were seen to be taken."""
        if not (self.first and self.otherwise and self.found.otherwise):
            return False
        return all(number in self.found.taken for number, _ in live)

    def _settled(self, allowed: int, live: Live, holding: list[int], masks: dict[int, int]) -> bool:
        """Note what is decided here; whether nothing is open any more."""
        if holding and (len(holding) > 1 or len(live) == 1):
            if self._needless(holding):
                return len(holding) == len(live)
            box = self._box(allowed, masks)
            if box is None:
                return True
            self.found.taken.update(holding[:1] if self.first else holding)
            self._overlap(holding, box)
            return len(holding) == len(live)
        if not live:
            self._gap(allowed, masks)
            return True
        return False

    def _needless(self, holding: list[int]) -> bool:
        """Nothing new would be learned from one more combination of these."""
        if not self.found.taken.issuperset(holding[:1] if self.first else holding):
            return False
        pairs = [] if self.first else list(_pairs(holding))
        return all(pair in self.found.overlaps for pair in pairs)

    def _overlap(self, holding: list[int], box: Box) -> None:
        if self.first:
            return
        for pair in _pairs(holding):
            self.found.overlaps.setdefault(pair, box)

    def _gap(self, allowed: int, masks: dict[int, int]) -> None:
        if len(self.found.gaps) >= MAX_FOUND:
            return
        box = self._box(allowed, masks)
        if box is not None:
            self.found.gaps.append(box)
            self.found.otherwise = True

    def _box(self, allowed: int, masks: dict[int, int]) -> Box | None:
        rest = self.space.solution(allowed)
        return None if rest is None else Box(masks, rest)

    def _split(self, allowed: int, live: Live) -> Iterator[tuple[dict[int, int], int, Live]]:
        """One variable's cells, together where they leave the same open."""
        variable = self._next(live)
        columns = self._columns(live, variable)
        groups: dict[tuple[int, Live], int] = {}
        for mask, rest in self.space.split(allowed, variable):
            if rest == FALSE:
                continue
            for cell in bits(mask):
                key = (rest, tuple(columns[cell]))
                groups[key] = groups.get(key, 0) | 1 << cell
        for (rest, split), mask in sorted(groups.items(), key=lambda each: each[1] & -each[1]):
            yield {variable: mask}, rest, split

    def _next(self, live: Live) -> int:
        """The variable on which most open conditions depend; of those the one with the fewest cells."""
        counts: dict[int, int] = {}
        for _, tree in live:
            for variable in bits(self.space.support(tree)):
                counts[variable] = counts.get(variable, 0) + 1
        return min(counts, key=lambda variable: (-counts[variable], self.space.cells(variable), variable))

    def _columns(self, live: Live, variable: int) -> list[list[tuple[int, int]]]:
        """For each cell of ``variable`` what remains of each branch that can still hold there."""
        undecided = self.space.cells(variable)  # where the first wins, nobody is asked after one that holds
        columns: list[list[tuple[int, int]]] = [[] for _ in range(undecided.bit_length())]
        for number, tree in live:
            for mask, rest in self.space.split(tree, variable):
                if rest == FALSE:
                    continue
                for cell in bits(mask & undecided):
                    columns[cell].append((number, rest))
                if rest == TRUE and self.first:
                    undecided &= ~mask
        return columns


def _pairs(holding: list[int]) -> Iterator[tuple[int, int]]:
    for place, number in enumerate(holding):
        for other in holding[place + 1 :]:
            yield number, other


def _upto_first(live: Live) -> Live:
    """Where the first that fits wins, what comes after one that holds is never asked."""
    for place, (_, tree) in enumerate(live):
        if tree == TRUE:
            return live[: place + 1]
    return live
