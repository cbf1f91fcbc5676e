"""Conditions over variables with finitely many cells, as interned trees that can be split, restricted and solved."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

FALSE = 0
TRUE = 1


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
        self._ids: dict[Node, int] = {}
        self._restricted: dict[tuple[int, int, int], int] = {}
        self._negated: dict[int, int] = {}
        self._hopeless: set[int] = {FALSE}

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
        return self._intern(Node("is", variable, mask), 1 << variable)

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
        if not self._support[tree] >> variable & 1:
            return tree
        key = (tree, variable, cell)
        found = self._restricted.get(key)
        if found is None:
            found = self._restricted[key] = self._restrict(self._nodes[tree], variable, cell)
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
        tried: set[int] = set()
        for cell in bits(self._full[variable]):
            rest = self.restrict(tree, variable, cell)
            if rest in tried:
                continue
            tried.add(rest)
            found = self.solution(rest)
            if found is not None:
                return {variable: cell, **found}
        self._hopeless.add(tree)
        return None

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

    def _restrict(self, node: Node, variable: int, cell: int) -> int:
        if node.kind == "is":
            return node.mask >> cell & 1
        self.spend(len(node.parts))
        parts = [self.restrict(part, variable, cell) for part in node.parts]
        return self.every(parts) if node.kind == "every" else self.some(parts)

    def _join(self, kind: str, parts: Iterable[int], neutral: int, absorbing: int) -> int:
        """One level of ``kind``: nested ones flattened, tests of the same variable put together."""
        masks: dict[int, int] = {}
        others: set[int] = set()
        waiting = list(parts)
        while waiting:
            tree = waiting.pop()
            if tree == absorbing:
                return absorbing
            if tree == neutral:
                continue
            node = self._nodes[tree]
            if node.kind == kind:
                waiting.extend(node.parts)
            elif node.kind != "is":
                others.add(tree)
            elif kind == "every":
                masks[node.variable] = masks.get(node.variable, -1) & node.mask
            else:
                masks[node.variable] = masks.get(node.variable, 0) | node.mask
        tests = [self.within(variable, mask) for variable, mask in masks.items()]
        if absorbing in tests:
            return absorbing
        return self._several(kind, sorted({*others, *tests}), neutral)

    def _several(self, kind: str, parts: list[int], neutral: int) -> int:
        if not parts:
            return neutral
        if len(parts) == 1:
            return parts[0]
        support = 0
        for part in parts:
            support |= self._support[part]
        return self._intern(Node(kind, parts=tuple(parts)), support)

    def _intern(self, node: Node, support: int) -> int:
        found = self._ids.get(node)
        if found is None:
            found = self._ids[node] = len(self._nodes)
            self._nodes.append(node)
            self._support.append(support)
        return found


def bits(mask: int) -> Iterator[int]:
    """The positions of the bits that are set, the lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
