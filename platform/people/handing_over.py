"""Handing over everything of somebody who leaves: people they manage, departments, delegations, and what floors add."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from .. import db
from ..errors import Refused
from ..problems import Problem
from ..text import msg
from . import service
from .changes import Changes
from .directory import Delegation, Department, Directory, Person
from .models import delegations


@dataclass(frozen=True)
class Estate:
    """What a floor above keeps of people: open tasks, owned cases.

    ``count(person)`` says how much; ``transfer(conn, person, to, by)`` gives it away and returns a sentence, inside the
    same transaction as everything else.
    """

    name: str
    count: Callable[[str], int]
    transfer: Callable[[Connection, str, str, str | None], str | None]


_estates: dict[str, Estate] = {}


def add_estate(estate: Estate) -> None:
    """Let what ``estate`` keeps be handed over too; the same name again replaces it."""
    _estates[estate.name] = estate


@dataclass(frozen=True)
class Belongings:
    """What one person has that others need; ``others``: counts by the name of an estate."""

    reports: tuple[Person, ...]
    departments: tuple[Department, ...]
    stands_in_for: tuple[Delegation, ...]
    others: dict[str, int]


def belongings(key: str) -> Belongings:
    people = service.directory()
    return Belongings(
        tuple(each for each in people.persons.values() if each.manager == key),
        tuple(each for each in people.departments.values() if each.head == key),
        tuple(each for each in people.delegations if each.delegate == key),
        {name: estate.count(key) for name, estate in _estates.items()},
    )


def hand_over(key: str, to: str, *, roles: bool, leaves: bool, by: str | None) -> list[str]:
    """Give everything of ``key`` to ``to``; sentences of what was done.

    ``roles``: the successor gets the roles too. ``leaves``: the person may no longer sign in.

    Raises:
        Refused: the successor is unknown, inactive, or the same person.
    """
    person = service.person(key)
    with db.transaction() as conn:
        people = service.locked_directory(conn)
        successor = _successor(people, key, to, by if leaves else None)
        changes = _changes(people, person, successor, roles=roles, leaves=leaves)
        service.write(conn, changes)
        _pass_delegations(conn, key, to)
        sentences = [*changes.sentences, *_transfer(conn, key, to, by)]
        data = {"person": key, "to": to, "changes": [str(each) for each in sentences]}
        service.changed(conn, "person.handed_over", data, by=by)
    return sentences


def _successor(people: Directory, key: str, to: str, leaving_by: str | None) -> Person:
    successor = people.active(to)
    if successor is None:
        message = msg("No active person %(key)s. Choose another.", key=repr(to))
        raise Refused.because([Problem("/to", "unknown_person", message)])
    if to == key:
        raise Refused.because([Problem("/to", "self", msg("This is the same person. Choose somebody else."))])
    if leaving_by == key:
        message = msg("You cannot end your own administration. Let another administrator do it.")
        raise Refused.because([Problem("/leaves", "own_rights", message)])
    return successor


def _changes(people: Directory, person: Person, successor: Person, *, roles: bool, leaves: bool) -> Changes:
    persons = {each.key: replace(each, manager=successor.key) for each in _reports(people, person, successor)}
    new = successor
    if any(each.key == person.key for each in people.line(successor.key)):
        new = replace(new, manager=person.manager)  # somebody from below moves up to the leaver's place
    if roles:
        new = replace(new, roles=new.roles | person.roles)
    if new != successor:
        persons[new.key] = new
    if leaves:
        persons[person.key] = replace(person, active=False)
    departments = tuple(
        replace(each, head=successor.key) for each in people.departments.values() if each.head == person.key
    )
    sentences = _sentences(people, persons, departments, successor, leaves=leaves, person=person)
    return Changes(departments, tuple(persons.values()), tuple(sentences))


def _reports(people: Directory, person: Person, successor: Person) -> list[Person]:
    return [each for each in people.persons.values() if each.manager == person.key and each.key != successor.key]


def _sentences(
    people: Directory,
    persons: dict[str, Person],
    departments: tuple[Department, ...],
    successor: Person,
    *,
    leaves: bool,
    person: Person,
) -> list[str]:
    moved = sum(1 for key, each in persons.items() if each.manager == successor.key != people.persons[key].manager)
    found: list[str] = []
    if moved:
        found.append(msg("%(to)s is now the manager of %(count)s people.", to=successor.name, count=moved))
    if departments:
        found.append(msg("%(to)s is now the head of %(count)s departments.", to=successor.name, count=len(departments)))
    if leaves:
        found.append(msg("%(name)s may no longer sign in.", name=person.name))
    return found


def _pass_delegations(conn: Connection, key: str, to: str) -> None:
    """Those for whom the leaver stood in get the successor instead, unless that is themselves."""
    conn.execute(delegations.delete().where(delegations.c.delegate == key, delegations.c.person == to))
    conn.execute(delegations.update().where(delegations.c.delegate == key).values(delegate=to))
    conn.execute(delegations.delete().where(delegations.c.person == key))


def _transfer(conn: Connection, key: str, to: str, by: str | None) -> list[str]:
    done = [estate.transfer(conn, key, to, by) for estate in _estates.values()]
    return [sentence for sentence in done if sentence]
