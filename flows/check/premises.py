"""What may be taken for granted at one point of a flow, as far as it bears on the fields in question."""

from collections.abc import Iterable
from dataclasses import dataclass

from ...forms.conditions.tree import Condition
from .ground import Ground
from .known import Known

MAX_FIELDS = 40


@dataclass(frozen=True)
class Premises:
    """What may be taken for granted at a route: ``conditions`` that hold there, about ``keys``.

    ``bound`` are the ``keys`` whose values matter; of the others it only matters whether they are filled.
    ``complete`` is ``False`` where there was too much to look at, so that what is found may not be real.
    """

    conditions: tuple[Condition, ...]
    keys: frozenset[str]
    bound: frozenset[str]
    complete: bool = True


def premises(ground: Ground, facts: Iterable[Known], asked: Iterable[str]) -> Premises:
    """Everything known that bears on the fields and facts ``asked``, and on those on which these depend."""
    wanted = frozenset(asked)
    keys = set(wanted)
    usable = [fact for fact in (*facts, *ground.sure_checks) if fact.exact]
    waiting, taken = list(keys), dict[Known, None]()
    while waiting and len(keys) <= MAX_FIELDS:
        key = waiting.pop()
        for fact in (*ground.laws(key), *usable):
            if key in fact.keys and fact.exact and fact not in taken:
                taken[fact] = None
                new = fact.keys - keys
                keys |= new
                waiting.extend(new)
    bound = wanted.union(*(fact.keys for fact in taken if not fact.loose))
    return Premises(tuple(fact.condition for fact in taken), frozenset(keys), bound, complete=not waiting)
