"""``people/1``: reading the JSON of departments, people and calendars with all its problems at once, and writing it."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ..business_time import CalendarDocument
from ..calendars import read_calendar
from ..problems import Problem, Severity, pointer
from ..text import LANGUAGES, Message, msg
from .consistency import faults
from .directory import Department, Directory, Person
from .entry import Entry

SCHEMA = "people/1"
_DOCUMENT = ("schema", "departments", "people", "calendars")
_DEPARTMENT = ("key", "name", "parent", "head", "calendar")
_PERSON = (
    "key", "name", "email", "department", "manager", "roles", "limits", "language", "zone", "active",
)  # fmt: skip


@dataclass(frozen=True)
class PeopleDefinition:
    """What one document says. ``stated``: the keys that each person's object holds, so that silence changes nothing."""

    directory: Directory
    calendars: Mapping[str, CalendarDocument] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_people(document: object, known: Directory | None = None) -> tuple[PeopleDefinition | None, list[Problem]]:
    """The people of a ``people/1`` document, ``None`` if it has errors.

    ``known``: everybody who is there already and may be named as a manager, head or parent. Without it the document
    must stand alone.
    """
    if not isinstance(document, Mapping):
        return None, [Problem("", "not_an_object", msg("People are an object: {%(example)s}.", example=_EXAMPLE))]
    root = Entry(document, "")
    root.only(_DOCUMENT)
    if document.get("schema") != SCHEMA:
        root.problem("schema", "wrong_schema", msg('Write "schema": "%(schema)s" first.', schema=SCHEMA))
    departments = [_department(each) for each in root.entries("departments")]
    people = [_person(each) for each in root.entries("people")]
    calendars = _calendars(root)
    problems = list(root.problems)
    problems += _repeated("departments", [each.key for each in departments])
    problems += _repeated("people", [each.key for each in people])
    directory = Directory.of(people, departments)
    problems += _faults(directory, known, departments, people)
    if any(each.severity is Severity.ERROR for each in problems):
        return None, problems
    stated = {each["key"]: frozenset(each) for each in document.get("people", ())}
    return PeopleDefinition(directory, calendars, document, stated), problems


_EXAMPLE = '"schema": "people/1", "departments": […], "people": […]'


def _department(entry: Entry) -> Department:
    entry.only(_DEPARTMENT)
    return Department(
        key=entry.key("key"),
        name=entry.local_text("name"),
        parent=entry.reference("parent"),
        head=entry.reference("head"),
        calendar=entry.reference("calendar"),
    )


def _person(entry: Entry) -> Person:
    entry.only(_PERSON)
    return Person(
        key=entry.key("key"),
        name=entry.text("name", longest=120),
        email=entry.email("email"),
        department=entry.reference("department"),
        manager=entry.reference("manager"),
        roles=frozenset(entry.keys("roles")),
        limits=entry.amounts("limits"),
        language=entry.one_of("language", LANGUAGES),
        zone=entry.zone("zone"),
        active=entry.boolean("active", default=True),
    )


def _calendars(root: Entry) -> dict[str, CalendarDocument]:
    found: dict[str, CalendarDocument] = {}
    for entry in root.entries("calendars"):
        calendar, problems = read_calendar(entry.document)
        root.problems += [each.below(entry.path) for each in problems]
        if calendar is None:
            continue
        if calendar.key in found:
            entry.problem("key", "duplicate_key", msg("Calendar %(key)s stands twice. Remove one.", key=calendar.key))
        found[calendar.key] = entry.document
    return found


def named_in(documents: Iterable[Mapping[str, Any]]) -> Directory:
    """Everybody whom ``documents`` name, right or wrong: to see whether one refers to another."""
    found = Directory.of([], [])
    for document in documents:
        root = Entry(document, "")
        departments = [each for each in map(_department, root.entries("departments")) if each.key]
        people = [each for each in map(_person, root.entries("people")) if each.key]
        found = merge(found, Directory.of(people, departments))
    return found


def _repeated(part: str, keys: Iterable[str]) -> list[Problem]:
    seen: dict[str, int] = {}
    problems = []
    for index, key in enumerate(keys):
        if key and key in seen:
            message = msg("The key %(key)s stands at %(first)s already. Choose another.", key=key, first=seen[key] + 1)
            problems.append(Problem(pointer(part, index, "key"), "duplicate_key", message))
        seen.setdefault(key, index)
    return problems


def _faults(
    directory: Directory, known: Directory | None, departments: list[Department], people: list[Person]
) -> list[Problem]:
    """References that lead nowhere and rings, at the places of the document that hold them."""
    merged = merge(known, directory) if known else directory
    places = {("departments", each.key): index for index, each in reversed(list(enumerate(departments)))}
    places |= {("people", each.key): index for index, each in reversed(list(enumerate(people)))}
    return [
        Problem(pointer(each.part, places[each.part, each.key], each.attribute), each.code, each.message)
        for each in faults(merged)
        if (each.part, each.key) in places
    ]


def lost_calendars(directory: Directory, document: Mapping[str, Any], known: Container[str]) -> list[Problem]:
    """Departments of ``document`` whose calendar is none of ``known``."""
    found = []
    for index, each in enumerate(document.get("departments", ())):
        calendar = directory.departments[each["key"]].calendar
        if calendar is not None and calendar not in known:
            found.append(Problem(pointer("departments", index, "calendar"), "unknown_calendar", no_calendar(calendar)))
    return found


def no_calendar(key: str) -> Message:
    return msg("No calendar %(key)s. Add it, or name another.", key=repr(key))


def merge(known: Directory, added: Directory) -> Directory:
    """``known``, where persons and departments of ``added`` replace those of the same key."""
    return replace(
        known,
        persons={**known.persons, **added.persons},
        departments={**known.departments, **added.departments},
    )


def write_people(directory: Directory, calendars: Mapping[str, CalendarDocument]) -> dict[str, Any]:
    """The ``people/1`` document of everybody; reading it gives the same directory, delegations apart."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "departments": [_filled(_department_json(each)) for each in directory.departments.values()],
        "people": [_filled(person_json(each)) for each in directory.persons.values()],
    }
    if calendars:
        document["calendars"] = [dict(each) for each in calendars.values()]
    return document


def _filled(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not None}


def _department_json(department: Department) -> dict[str, Any]:
    name = department.name if isinstance(department.name, str) else dict(department.name)
    return {
        "key": department.key,
        "name": name,
        "parent": department.parent,
        "head": department.head,
        "calendar": department.calendar,
    }


def person_json(person: Person) -> dict[str, Any]:
    """The person's object; ``None`` stands for what is left out."""
    return {
        "key": person.key,
        "name": person.name,
        "email": person.email,
        "department": person.department,
        "manager": person.manager,
        "roles": sorted(person.roles),
        "limits": amounts_json(person.limits) or None,
        "language": person.language,
        "zone": person.zone,
        "active": None if person.active else False,
    }


def amounts_json(limits: Mapping[str, Decimal]) -> dict[str, str]:
    """Limits as JSON carries them: decimals as strings."""
    return {form: format(amount, "f") for form, amount in sorted(limits.items())}
