"""What must hold between people: references lead somewhere, managers form a tree, and so do departments."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..text import msg
from .directory import Directory


@dataclass(frozen=True, slots=True)
class Fault:
    """``attribute`` of the ``part`` (``people``, ``departments``) with ``key`` cannot be as it is."""

    part: str
    key: str
    attribute: str
    code: str
    message: str


def faults(directory: Directory) -> list[Fault]:
    """Everything that does not hold, in the order of the directory."""
    return [
        *_lost_departments(directory),
        *_lost_people(directory),
        *_department_rings(directory),
        *_manager_rings(directory),
    ]


def _lost_departments(directory: Directory) -> Iterator[Fault]:
    for department in directory.departments.values():
        if department.parent is not None and department.parent not in directory.departments:
            yield _no_department("departments", department.key, "parent", department.parent)
    for person in directory.persons.values():
        if person.department is not None and person.department not in directory.departments:
            yield _no_department("people", person.key, "department", person.department)


def _no_department(part: str, key: str, attribute: str, named: str) -> Fault:
    message = msg("No department %(key)s. Add it, or name another.", key=repr(named))
    return Fault(part, key, attribute, "unknown_department", message)


def _lost_people(directory: Directory) -> Iterator[Fault]:
    for department in directory.departments.values():
        if department.head is not None and department.head not in directory.persons:
            yield _no_person("departments", department.key, "head", department.head)
    for person in directory.persons.values():
        if person.manager is not None and person.manager not in directory.persons:
            yield _no_person("people", person.key, "manager", person.manager)


def _no_person(part: str, key: str, attribute: str, named: str) -> Fault:
    message = msg("No person %(key)s. Add them, or name another.", key=repr(named))
    return Fault(part, key, attribute, "unknown_person", message)


def _manager_rings(directory: Directory) -> Iterator[Fault]:
    managers = {each.key: each.manager for each in directory.persons.values()}
    for ring in _rings(managers):
        way = " → ".join([*ring, ring[0]])
        message = msg("Managers must form a tree, but %(way)s is a ring. Give one of them another manager.", way=way)
        yield from (Fault("people", key, "manager", "manager_ring", message) for key in ring)


def _department_rings(directory: Directory) -> Iterator[Fault]:
    parents = {each.key: each.parent for each in directory.departments.values()}
    for ring in _rings(parents):
        way = " → ".join([*ring, ring[0]])
        message = msg("Departments must form a tree, but %(way)s is a ring. Give one another parent.", way=way)
        yield from (Fault("departments", key, "parent", "department_ring", message) for key in ring)


def _rings(up: Mapping[str, str | None]) -> list[list[str]]:
    """The rings of a map that leads each key to one other; each once, from the member that stands first."""
    rings: list[list[str]] = []
    done: set[str] = set()
    for start in up:
        way = _walk(start, up.get, done)
        if way:
            end = up.get(way[-1])
            if end in way:
                rings.append(way[way.index(end) :])
        done.update(way)
    return rings


def _walk(start: str, up: Callable[[str], str | None], done: set[str]) -> list[str]:
    way: list[str] = []
    here: str | None = start
    seen: set[str] = set()
    while here is not None and here not in done and here not in seen:
        seen.add(here)
        way.append(here)
        here = up(here)
    return way
