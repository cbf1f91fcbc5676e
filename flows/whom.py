"""Whom selectors mean today, for somebody who writes a flow: without a request, as far as that can be said."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from ..platform.people.directory import Directory, Person
from .definition import Selector
from .run import World
from .selectors import Asking, Found, limit_of, resolve
from .timeless import TIMELESS

# What a selector needs of a request, where it needs something.
NEEDS = {
    "manager": "submitter",
    "manager_with_limit": "amount",
    "field": "field",
    "approver_of": "step",
    "submitter": "submitter",
}
_OWN = "submitter."


@dataclass(frozen=True, slots=True)
class Meant:
    """A person: ``limit`` is what they may approve alone, where that matters; ``delegate`` acts for them now."""

    person: Person
    limit: Decimal | None = None
    delegate: Person | None = None


@dataclass(frozen=True, slots=True)
class Whom:
    """``pool``: one of them is enough, and they share a task. ``needs`` says what of a request it depends on yet:
    ``submitter``, ``amount``, ``field``, ``step``; ``None``: nothing."""

    people: tuple[Meant, ...]
    pool: bool = False
    needs: str | None = None


def whom(
    selectors: Iterable[Selector], directory: Directory, form: str, submitter: str | None, now: datetime
) -> list[Whom]:
    """For each selector those it finds for a request of ``submitter`` (``None``: of nobody known)."""
    asking = Asking(submitter, World(directory, TIMELESS, now, {}, form), lambda _step: ())
    return [_whom(selector, asking, directory, now) for selector in selectors]


def _whom(selector: Selector, asking: Asking, directory: Directory, now: datetime) -> Whom:
    if selector.kind == "manager_with_limit" and asking.submitter is not None:
        return Whom(tuple(_line(asking.submitter, directory, asking.world.form, now)), needs="amount")
    needs = _needs(selector, asking.submitter)
    if needs is not None:
        return Whom((), needs=needs)
    found: Found = resolve(selector, asking)
    people = [each for key in found.people if (each := directory.person(key)) is not None]
    return Whom(tuple(_meant(each, directory, now) for each in people), pool=found.pool is not None)


def _needs(selector: Selector, submitter: str | None) -> str | None:
    if isinstance(selector.value, dict):
        return "field"
    of_submitter = [text for text in (selector.of, selector.value) if isinstance(text, str) and text.startswith(_OWN)]
    needs = NEEDS.get(selector.kind) or ("submitter" if of_submitter else None)
    return None if needs == "submitter" and submitter is not None else needs


def _line(submitter: str, directory: Directory, form: str, now: datetime) -> Iterable[Meant]:
    """The managers above somebody whose limit is higher than that of all below them: who can be asked at all."""
    covered = Decimal(0)
    for person in directory.line(submitter):
        limit = limit_of(person, form)
        if person.active and limit > covered:
            covered = limit
            yield replace(_meant(person, directory, now), limit=limit)


def _meant(person: Person, directory: Directory, now: datetime) -> Meant:
    delegation = directory.delegate(person.key, now)
    return Meant(person, delegate=directory.person(delegation.delegate) if delegation is not None else None)
