"""Conditions over variables with finitely many cells, as interned trees that can be split, restricted and solved."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

FALSE = 0
TRUE = 1

Split = tuple[tuple[int, int], ...]
"""Cells of one variable, as bits, with what remains of a tree in them; each cell once, each remainder once."""


class TooMany(Exception):
    """The search took more steps than it was given."""


class Node(NamedTuple):
    """``kind``: ``is`` (the variable lies in ``mask``), ``every`` or ``some`` (of ``parts``), ``constant``."""

    kind: str
    variable: int = -1
    mask: int = 0
    parts: tuple[int, ...] = ()


class Space:
    """Trees are integers, equal trees are the same integer: :data:`FALSE` and :data:`TRUE` are two of them.

    Negation needs no node of its own, since a variable lies in exactly one of its cells.
    """

    def __init__(self, budget: int = 1_000_000) -> None:
        self.budget = budget  # parts of trees that searches may still look at
        self._full: list[int] = []
        self._nodes = [Node("constant"), Node("constant")]
        self._support = [0, 0]
        self._ids: dict[tuple[str, int, int, tuple[int, ...]], int] = {}
        self._splits: dict[tuple[int, int], Split] = {}
        self._negated: dict[int, int] = {}
        self._hopeless: set[int] = {FALSE}
        self._possible: set[int] = {TRUE}

    def variable(self, cells: int) -> int:
        """A new variable with that many cells."""
        self._full.append((1 << cells) - 1)
        return len(self._full) - 1

    def node(self, tree: int) -> Node:
        return self._nodes[tree]

    def support(self, tree: int) -> int:
        """The variables on which ``tree`` depends, as bits."""
        return self._support[tree]

    def within(self, variable: int, mask: int) -> int:
        """That the variable lies in one of the cells whose bits are set in ``mask``."""
        mask &= self._full[variable]
        if mask == 0:
            return FALSE
        if mask == self._full[variable]:
            return TRUE
        return self._intern("is", variable, mask, (), 1 << variable)

    def every(self, parts: Iterable[int]) -> int:
        """All of ``parts`` hold; without parts it is true."""
        return self._join("every", parts, TRUE, FALSE)

    def some(self, parts: Iterable[int]) -> int:
        """At least one of ``parts`` holds; without parts it is false."""
        return self._join("some", parts, FALSE, TRUE)

    def negation(self, tree: int) -> int:
        if tree <= TRUE:
            return TRUE - tree
        found = self._negated.get(tree)
        if found is None:
            found = self._negated[tree] = self._negation(self._nodes[tree])
        return found

    def _negation(self, node: Node) -> int:
        if node.kind == "is":
            return self.within(node.variable, ~node.mask)
        negated = [self.negation(part) for part in node.parts]
        return self.some(negated) if node.kind == "every" else self.every(negated)

    def restrict(self, tree: int, variable: int, cell: int) -> int:
        """What remains of ``tree`` once the variable is known to lie in ``cell``.

        Raises:
            TooMany: the budget is spent.
        """
        return next(rest for mask, rest in self.split(tree, variable) if mask >> cell & 1)

    def split(self, tree: int, variable: int) -> Split:
        """What remains of ``tree`` in each cell of the variable; cells that leave the same are together.

        Raises:
            TooMany: the budget is spent.
        """
        if not self._support[tree] >> variable & 1:
            return ((self._full[variable], tree),)
        found = self._splits.get((tree, variable))
        if found is None:
            found = self._splits[tree, variable] = self._split(self._nodes[tree], variable)
        return found

    def solution(self, tree: int) -> dict[int, int] | None:
        """Cells under which ``tree`` holds, the lowest first; ``None`` if there are none. Variables left out are free.

        Raises:
            TooMany: the budget is spent.
        """
        if tree in self._hopeless:
            return None
        if tree == TRUE:
            return {}
        self.spend()
        variable = _lowest(self._support[tree])
        for mask, rest in sorted(self.split(tree, variable), key=_first_cell):
            found = self.solution(rest)
            if found is not None:
                return {variable: _lowest(mask), **found}
        self._hopeless.add(tree)
        return None

    def can_hold(self, tree: int) -> bool:
        """Whether there is a :meth:`solution`; each tree is searched once.

        Raises:
            TooMany: the budget is spent.
        """
        if tree not in self._possible and self.solution(tree) is None:
            return False
        self._possible.add(tree)
        return True

    def spend(self, steps: int = 1) -> None:
        """Count steps of a search against the budget.

        Raises:
            TooMany: the budget is spent.
        """
        self.budget -= steps
        if self.budget < 0:
            raise TooMany

    def cells(self, variable: int) -> int:
        """All cells of the variable, as bits."""
        return self._full[variable]

    def _split(self, node: Node, variable: int) -> Split:
        full = self._full[variable]
        if node.kind == "is":
            return (node.mask, TRUE), (full & ~node.mask, FALSE)
        self.spend(len(node.parts))
        absorbing = FALSE if node.kind == "every" else TRUE
        pieces: list[tuple[int, tuple[int, ...]]] = [(full, ())]
        decided = 0
        free: list[int] = []
        support = self._support
        for part in node.parts:
            if support[part] >> variable & 1:
                pieces, gone = _refined(pieces, self.split(part, variable), absorbing)
                decided |= gone
            else:
                free.append(part)
        join = self.every if node.kind == "every" else self.some
        found: dict[int, int] = {absorbing: decided} if decided else {}
        for mask, parts in pieces:
            left = (*free, *parts)
            rest = left[0] if len(left) == 1 else join(left)
            found[rest] = found.get(rest, 0) | mask
        return tuple((mask, rest) for rest, mask in found.items())

    def _join(self, kind: str, parts: Iterable[int], neutral: int, absorbing: int) -> int:
        """One level of ``kind``: nested ones flattened, tests of the same variable put together."""
        masks: dict[int, int] = {}
        others: set[int] = set()
        waiting = list(parts)
        nodes, every = self._nodes, kind == "every"
        while waiting:
            tree = waiting.pop()
            if tree == absorbing:
                return absorbing
            if tree == neutral:
                continue
            sort, variable, mask, inner = nodes[tree]
            if sort == kind:
                waiting.extend(inner)
            elif sort != "is":
                others.add(tree)
            elif every:
                masks[variable] = masks.get(variable, -1) & mask
            else:
                masks[variable] = masks.get(variable, 0) | mask
        for variable, mask in masks.items():
            test = self.within(variable, mask)
            if test == absorbing:
                return absorbing
            others.add(test)
        return self._several(kind, sorted(others), neutral)

    def _several(self, kind: str, parts: list[int], neutral: int) -> int:
        if not parts:
            return neutral
        if len(parts) == 1:
            return parts[0]
        support = 0
        for part in parts:
            support |= self._support[part]
        return self._intern(kind, -1, 0, tuple(parts), support)

    def _intern(self, kind: str, variable: int, mask: int, parts: tuple[int, ...], support: int) -> int:
        node = (kind, variable, mask, parts)  # equal to a Node, and made in a tenth of the time
        found = self._ids.get(node)
        if found is None:
            found = self._ids[node] = len(self._nodes)
            self._nodes.append(Node(*node))
            self._support.append(support)
        return found


def _refined(
    pieces: list[tuple[int, tuple[int, ...]]], split: Split, absorbing: int
) -> tuple[list[tuple[int, tuple[int, ...]]], int]:
    """``pieces`` (cells and the parts that remain in them) cut by one more part; and the cells in which it decides."""
    if len(split) == 1:
        return [(mask, (*parts, split[0][1])) for mask, parts in pieces], 0
    found: list[tuple[int, tuple[int, ...]]] = []
    gone = 0
    for other, rest in split:
        for mask, parts in pieces:
            common = mask & other
            if not common:
                continue
            if rest == absorbing:
                gone |= common
            else:
                found.append((common, parts if rest <= TRUE else (*parts, rest)))
    return found, gone


def _first_cell(piece: tuple[int, int]) -> int:
    return piece[0] & -piece[0]


def bits(mask: int) -> Iterator[int]:
    """The positions of the bits that are set, the lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
