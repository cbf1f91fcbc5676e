"""What may be taken for granted at one point of a flow, as far as it bears on the fields in question."""

from collections.abc import Iterable
from dataclasses import dataclass

from ...forms.conditions.tree import Condition
from .ground import Ground
from .testing import is_exact
from .timeline import read_by

MAX_FIELDS = 40


@dataclass(frozen=True)
class Premises:
    """What may be taken for granted at a route: ``conditions`` that hold there, about ``keys``.

    ``complete`` is ``False`` where there was too much to look at, so that what is found may not be real.
    """

    conditions: tuple[Condition, ...]
    keys: frozenset[str]
    complete: bool = True


def premises(
    ground: Ground, known: Iterable[Condition], asked: Iterable[Condition], others: Iterable[str] = ()
) -> Premises:
    """Everything known that bears on the fields that ``asked`` reads or ``others`` are, and on what these depend on."""
    keys = set(others).union(*(read_by(condition) for condition in asked))
    open_facts = {fact: read_by(fact) for fact in (*known, *ground.checks) if is_exact(fact)}
    waiting, taken = list(keys), dict[Condition, None]()
    while waiting:
        key = waiting.pop()
        laws = ground.laws(key) if key in ground.fields else ()
        facts = [fact for fact, read in open_facts.items() if key in read]
        for condition in (*laws, *facts):
            if condition not in taken and is_exact(condition):
                taken[condition] = None
                new = read_by(condition) - keys
                keys |= new
                waiting.extend(new)
        if len(keys) > MAX_FIELDS:
            return Premises(tuple(taken), frozenset(keys), complete=False)
    return Premises(tuple(taken), frozenset(keys))
