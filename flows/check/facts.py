"""Facts about the submitter beside the fields: those of the persons there are, or any, where nobody is known."""

from collections.abc import Sequence
from typing import Any

from ...forms.conditions import evaluate
from ...forms.conditions.tree import Test
from ...forms.definition import EVERYBODY
from ...forms.kinds import FACTS, Base
from ...platform.people.directory import ADMIN, Directory, Person
from ..engine_draft import facts_of as engine_facts
from ..run import World
from ..timeless import EPOCH, TIMELESS
from .domains import Cell, Domain, Evaluate, finite, named, on_line, sampled, subsets
from .ground import Ground
from .lines import integers
from .testing import constants_of

SUBMITTER = "submitter"
_SOMETHING = "something_else"


def facts_of(person: Person | None, people: Directory) -> dict[str, Any]:
    """What conditions may ask of who sent the request; nothing of a customer."""
    return engine_facts(person.key if person is not None else None, World(people, TIMELESS, EPOCH, {}, ""))


def submitters(people: Directory, ground: Ground) -> tuple[Person, ...]:
    """Active persons who may file the form."""
    allowed = set(ground.create)
    return tuple(
        person
        for person in people.persons.values()
        if person.active and (EVERYBODY in allowed or ADMIN in person.roles or person.roles & allowed)
    )


def domain_of_submitters(people: Directory, keys: Sequence[str], ground: Ground) -> Domain:
    """One cell for each combination of the facts ``keys`` that some submitter has; a customer who files has none."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for person in submitters(people, ground):
        facts = facts_of(person, people)
        found.setdefault(tuple(facts.get(key) for key in keys), {key: facts.get(key) for key in keys})
    if ground.public or not found:
        facts = facts_of(None, people)
        found.setdefault(tuple(facts.get(key) for key in keys), {key: facts.get(key) for key in keys})
    return Domain(tuple(Cell(facts) for facts in found.values()), _of_submitter)


def domain_of_fact(key: str, tests: Sequence[Test]) -> Domain:
    """All that a fact could be, persons not being known: what the tests name, and something else."""
    kind = FACTS.get(key)
    evaluate_ = _holds_for(key)
    constants = list(dict.fromkeys(constants_of(tests)))
    if kind is None:
        return sampled((), evaluate_)
    if kind.base is Base.NUMBER:
        return on_line(integers().narrowed(0, None), constants, evaluate_, blank=False)
    if kind.is_several:
        options = [*constants, _SOMETHING]
        return subsets(options, evaluate_, mentioned=constants, sizes=range(1, len(options) + 1))
    if not constants:
        return finite([_SOMETHING], evaluate_)
    return named(constants, _SOMETHING, evaluate_, allows=lambda _value: True)


def _of_submitter(test: Test, facts: Any) -> bool:
    return evaluate(test, facts)


def _holds_for(key: str) -> Evaluate:
    return lambda test, value: evaluate(test, {key: value})
