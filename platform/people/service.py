"""People: reading everybody, and every change to them, one transaction each, with the history."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from .. import audit, caches, calendar_store, clock, db, revisions
from ..acting import ActingAs
from ..audit import Entry
from ..business_time import CalendarDocument
from ..db import utc_text
from ..errors import NotFound, Refused
from ..problems import Problem, pointer
from ..text import msg
from . import passwords, store
from .changes import Changes, changes
from .consistency import faults
from .definition import PeopleDefinition, amounts_json, lost_calendars, merge, no_calendar
from .directory import Delegation, Department, Directory, Person
from .models import delegations, persons
from .store import Everybody

CHAIN = "people"


def directory() -> Directory:
    """Everybody as the database has them now; loaded anew only when the revision changed."""
    return everybody().directory


def everybody() -> Everybody:
    """The directory with the session epochs: one light query in a use case or a request, if nobody changed."""
    revision = revisions.current(revisions.PEOPLE)
    remembered = caches.cache("people")
    found: Everybody | None = remembered.get("everybody")
    if found is None or found.directory.revision != revision:
        with db.reading() as conn:
            found = remembered["everybody"] = store.load(conn, revision)
    return found


def person(key: str) -> Person:
    """The person with ``key``, active or not.

    Raises:
        NotFound: there is none.
    """
    found = directory().person(key)
    if found is None:
        raise NotFound(msg("No person %(key)s. Choose one from the list of people.", key=repr(key)))
    return found


def changed(conn: Connection, event: str, data: Mapping[str, Any], *, by: str | None) -> None:
    """What every change of people ends with: the history, and a new revision."""
    acting_as = ActingAs.PERSON if by else ActingAs.SYSTEM
    audit.append(conn, CHAIN, [Entry(event, by, acting_as, data, clock.now())])
    revisions.renew(conn, revisions.PEOPLE)


def locked_directory(conn: Connection) -> Directory:
    """Everybody as they are, while no other transaction can change them."""
    _take_turns(conn)
    return directory()


def _take_turns(conn: Connection) -> None:
    """Let one writer at a time compare what is there with what shall be."""
    audit.lock(conn, CHAIN)
    revisions.look_again()


def preview_people(definition: PeopleDefinition) -> list[str]:
    """The sentences of :func:`apply_people`, and nothing is changed."""
    return list(_changes(definition).sentences) + [sentence for _, sentence in _changed_calendars(definition.calendars)]


def apply_people(definition: PeopleDefinition, *, by: str | None) -> list[str]:
    """Put everybody whom ``definition`` names in force; a sentence for each change, none if all was so before.

    Whoever it does not name is left alone; so are calendars.

    Raises:
        Refused: together with the people who are there, managers or departments form no tree.
    """
    with db.transaction() as conn:
        _take_turns(conn)
        found = _changes(definition)
        known = {*calendar_store.known(), *definition.calendars}
        lost = lost_calendars(definition.directory, definition.document, known)
        if lost:
            raise Refused.because(lost)
        changed_calendars = _changed_calendars(definition.calendars)
        sentences = [*found.sentences, *(sentence for _, sentence in changed_calendars)]
        if sentences:
            write(conn, found)
            for document, _ in changed_calendars:
                calendar_store.save_calendar(conn, document)
            changed(conn, "people.applied", {"changes": [str(each) for each in sentences]}, by=by)
    return sentences


def _changes(definition: PeopleDefinition) -> Changes:
    before = directory()
    wrong = faults(merge(before, definition.directory))
    if wrong:
        raise Refused.because(
            Problem(pointer(each.part, each.key, each.attribute), each.code, each.message) for each in wrong
        )
    return changes(before, definition)


def _changed_calendars(
    documents: Mapping[str, CalendarDocument],
) -> list[tuple[CalendarDocument, str]]:
    before = calendar_store.documents() if documents else {}
    return [
        (
            document,
            msg("Calendar %(key)s changes.", key=key) if key in before else msg("Calendar %(key)s is new.", key=key),
        )
        for key, document in documents.items()
        if before.get(key) != document
    ]


def write(conn: Connection, found: Changes) -> None:
    """Write what ``found`` changes; the caller finishes with :func:`changed`."""
    before = directory()
    for place, department in enumerate(found.departments, start=len(before.departments)):
        store.write_department(conn, department, position=None if department.key in before.departments else place)
    for place, each in enumerate(found.persons, start=len(before.persons)):
        store.write_person(conn, each, position=None if each.key in before.persons else place)
        _end_sessions_if_left(conn, before.person(each.key), each)
    after = merge(before, Directory.of(found.persons, found.departments))
    if any(before.calendar(key) != after.calendar(key) for key in before.persons):
        calendar_store.reassigned(conn)


def _end_sessions_if_left(conn: Connection, before: Person | None, after: Person) -> None:
    if before is not None and before.active and not after.active:
        store.end_sessions(conn, after.key)


def save_person(new: Person, *, by: str | None) -> None:
    """Add ``new``, or change the person of the same key into it.

    Raises:
        Refused: its manager or department is unknown, or managers would form a ring; paths are ``/manager`` ….
    """
    with db.transaction() as conn:
        before = locked_directory(conn)
        _check(merge(before, Directory.of([new])), "people", new.key)
        write(conn, Changes(persons=(new,)))
        was = before.person(new.key)
        data = {"person": new.key, "before": _facts(was) if was else None, "after": _facts(new)}
        changed(conn, "person.saved", data, by=by)


def save_department(new: Department, *, by: str | None) -> None:
    """Add ``new``, or change the department of the same key into it.

    Raises:
        Refused: its parent or head is unknown, or departments would form a ring; paths are ``/parent`` ….
    """
    with db.transaction() as conn:
        before = locked_directory(conn)
        _check(merge(before, Directory.of([], [new])), "departments", new.key)
        if new.calendar is not None and new.calendar not in calendar_store.known():
            raise Refused.because([Problem("/calendar", "unknown_calendar", no_calendar(new.calendar))])
        write(conn, Changes(departments=(new,)))
        name = new.name if isinstance(new.name, str) else dict(new.name)
        data = {
            "department": new.key,
            "name": name,
            "parent": new.parent,
            "head": new.head,
            "calendar": new.calendar,
        }
        changed(conn, "department.saved", data, by=by)


def _check(after: Directory, part: str, key: str) -> None:
    wrong = [each for each in faults(after) if (each.part, each.key) == (part, key)]
    if wrong:
        raise Refused.because(Problem(pointer(each.attribute), each.code, each.message) for each in wrong)


def _facts(of: Person) -> dict[str, Any]:
    """What the history keeps of a person."""
    return {
        "name": of.name,
        "email": of.email,
        "department": of.department,
        "manager": of.manager,
        "roles": sorted(of.roles),
        "limits": amounts_json(of.limits),
        "active": of.active,
    }


def save_preferences(key: str, *, language: str | None, zone: str | None, theme: str | None) -> None:
    """How the product looks to a person; ``None``: as the installation, or their device, has it."""
    with db.transaction() as conn:
        conn.execute(persons.update().where(persons.c.key == key).values(language=language, zone=zone, theme=theme))
        data = {"person": key, "language": language, "zone": zone, "theme": theme}
        changed(conn, "person.preferences_saved", data, by=key)


def set_password(key: str, password: str, *, by: str | None = None) -> None:
    """Give the person a new password and end all their sessions.

    Raises:
        NotFound: there is no such person.
        Refused: the password is too short, too long, or says who they are.
    """
    owner = person(key)
    passwords.check_choice(password, owner)
    hashed = passwords.hash_of(password)
    with db.transaction() as conn:
        conn.execute(persons.update().where(persons.c.key == key).values(password_hash=hashed))
        store.end_sessions(conn, key)
        changed(conn, "person.password_set", {"person": key}, by=by)


def end_sessions(key: str, *, by: str | None) -> None:
    """Sign the person out everywhere."""
    with db.transaction() as conn:
        store.end_sessions(conn, key)
        changed(conn, "person.sessions_ended", {"person": key}, by=by)


def set_delegation(delegation: Delegation, *, by: str | None) -> None:
    """Let somebody act for a person between two times; it replaces the person's delegation before.

    Raises:
        Refused: the delegate is unknown, inactive or the person, or the time is over or ends before it starts.
    """
    person(delegation.person)
    problems = _delegation_problems(delegation, directory(), clock.now())
    if problems:
        raise Refused.because(problems)
    amount = None if delegation.max_amount is None else format(delegation.max_amount, "f")
    row = {
        "person": delegation.person,
        "delegate": delegation.delegate,
        "from_at": delegation.from_at,
        "until_at": delegation.until_at,
        "max_amount": amount,
    }
    with db.transaction() as conn:
        store.upsert(conn, delegations, row)
        times = {"from_at": utc_text(delegation.from_at), "until_at": utc_text(delegation.until_at)}
        changed(conn, "delegation.set", row | times, by=by)


def _delegation_problems(delegation: Delegation, people: Directory, now: datetime) -> Iterable[Problem]:
    problems = []
    if delegation.delegate == delegation.person:
        problems.append(Problem("/delegate", "self", msg("You cannot stand in for yourself. Choose somebody else.")))
    elif people.active(delegation.delegate) is None:
        message = msg("No active person %(key)s. Choose another.", key=repr(delegation.delegate))
        problems.append(Problem("/delegate", "unknown_person", message))
    if delegation.until_at <= delegation.from_at:
        problems.append(Problem("/until_at", "wrong_order", msg("The end is before the start. Choose a later end.")))
    elif delegation.until_at <= now:
        problems.append(Problem("/until_at", "over", msg("The end is in the past. Choose a later end.")))
    if delegation.max_amount is not None and delegation.max_amount < Decimal(0):
        problems.append(Problem("/max_amount", "wrong_amount", msg("The limit is negative. Choose 0 or more.")))
    return problems


def end_delegation(key: str, *, by: str | None) -> None:
    """Nobody acts for the person any more; nothing happens if nobody did."""
    with db.transaction() as conn:
        done = conn.execute(delegations.delete().where(delegations.c.person == key))
        if done.rowcount:
            changed(conn, "delegation.ended", {"person": key}, by=by)


def set_active(key: str, active: bool, *, by: str | None) -> None:
    """Let a person in again, or keep them out: an inactive person signs in no more and is asked no more."""
    save_person(replace(person(key), active=active), by=by)
