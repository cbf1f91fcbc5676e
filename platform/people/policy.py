"""Who may what, by role; and in whose names a person acts."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from ..errors import Forbidden
from ..text import msg
from .directory import ADMIN, AUDITOR, Directory, Person

EVERYBODY = "*"


def is_admin(person: Person) -> bool:
    return ADMIN in person.roles


def is_auditor(person: Person) -> bool:
    """Whether the person may read everything: auditors, and admins."""
    return AUDITOR in person.roles or is_admin(person)


def has_any(person: Person, roles: Iterable[str]) -> bool:
    """Whether the person has one of ``roles``; ``*`` is everybody, no role is nobody."""
    return any(role == EVERYBODY or role in person.roles for role in roles)


def require(person: Person, *roles: str) -> None:
    """Go on only for a person with one of ``roles``.

    Raises:
        Forbidden: ``details["right"]`` names the roles of which one is missing.
    """
    if has_any(person, roles):
        return
    right = " or ".join(roles)
    raise Forbidden(msg("This needs the role %(right)s. Ask an administrator for it.", right=right), right=right)


def principals(person: Person, directory: Directory, now: datetime) -> tuple[str, ...]:
    """Everything a task can be assigned to so that ``person`` may act: own first, then of those they stand in for.

    ``p:<key>``, ``r:<role>``, ``r:<role>@<department>`` for the own department and those above it.
    """
    everybody = (person, *represented(directory, person.key, now))
    return tuple(dict.fromkeys(found for each in everybody for found in own_principals(each, directory)))


def represented(directory: Directory, key: str, now: datetime) -> Iterator[Person]:
    """Everybody whom ``key`` stands for at ``now``, also through delegates who are away themselves; rings end."""
    seen, waiting = {key}, [key]
    while waiting:
        for delegation in directory.delegated_to(waiting.pop(0), now):
            person = directory.active(delegation.person)
            if person is not None and person.key not in seen:
                seen.add(person.key)
                waiting.append(person.key)
                yield person


def own_principals(person: Person, directory: Directory) -> list[str]:
    """``p:amy``, and of each role ``r:service`` and ``r:service@<department>`` up to the top department."""
    above = _departments(person, directory)
    roles = sorted(person.roles)
    return [
        f"p:{person.key}",
        *(f"r:{role}" for role in roles),
        *(f"r:{role}@{department}" for role in roles for department in above),
    ]


def _departments(person: Person, directory: Directory) -> list[str]:
    """The person's department and those above it, nearest first."""
    found: list[str] = []
    here = person.department
    while here is not None and here not in found:
        found.append(here)
        department = directory.departments.get(here)
        here = department.parent if department else None
    return found
