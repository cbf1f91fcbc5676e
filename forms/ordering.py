"""An order in which everything comes after what it needs."""

from collections.abc import Iterable, Mapping


class Cycle(Exception):
    """There is none; ``members`` go round in a circle, the first again at the end."""

    def __init__(self, members: tuple[str, ...]) -> None:
        super().__init__(" → ".join(members))
        self.members = members


def ordered(names: Iterable[str], needs: Mapping[str, set[str]]) -> tuple[str, ...]:
    """``names`` in their own order, moved back only behind what they need.

    Raises:
        Cycle: some need each other.
    """
    done: dict[str, None] = {}
    for name in names:
        _visit(name, needs, done)
    return tuple(done)


def _visit(name: str, needs: Mapping[str, set[str]], done: dict[str, None]) -> None:
    """Depth first, with a stack of our own: a chain may be longer than Python's."""
    trail: list[str] = []
    waiting: list[tuple[str, bool]] = [(name, False)]
    while waiting:
        current, is_left = waiting.pop()
        if is_left:
            trail.pop()
            done[current] = None
            continue
        if current in done:
            continue
        if current in trail:
            raise Cycle((*trail[trail.index(current) :], current))
        trail.append(current)
        waiting.append((current, True))
        waiting += [(other, False) for other in sorted(needs.get(current, ()), reverse=True)]


def reach(name: str, needs: Mapping[str, set[str]]) -> frozenset[str]:
    """``name`` and everything that it needs, near and far."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += needs.get(current, ())
    return frozenset(found)
