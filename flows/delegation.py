"""Under which principals a person finds tasks: their own seats, and those of everybody whom they stand for."""

from dataclasses import dataclass
from datetime import datetime

from ..platform.people import service as people
from ..platform.people.directory import Directory, Person
from ..platform.people.policy import own_principals, represented


@dataclass(frozen=True, slots=True)
class Seat:
    """One principal under which ``actor`` finds tasks; ``person`` is who sits there: the actor or a delegator."""

    principal: str
    person: str
    actor: str

    @property
    def delegator(self) -> str | None:
        """Whom the actor stands for, ``None`` for their own seats."""
        return self.person if self.person != self.actor else None


def seats(person: Person, now: datetime) -> tuple[Seat, ...]:
    """Every principal that ``person`` acts under at ``now``: their own first, then those of their delegators."""
    return seats_in(people.directory(), person, now)


def seats_in(directory: Directory, person: Person, now: datetime) -> tuple[Seat, ...]:
    """:func:`seats`, by this directory; a principal reached both ways is the person's own."""
    found: dict[str, Seat] = {}
    for each in (person, *represented(directory, person.key, now)):
        for principal in own_principals(each, directory):
            found.setdefault(principal, Seat(principal, each.key, person.key))
    return tuple(found.values())
