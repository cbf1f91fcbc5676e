"""What a program is told when somebody's values are read: the time, the people, what was there, what lookups find."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g, has_request_context, request

from ..platform import calendar_store, clock
from ..platform.people.directory import Person
from ..platform.people.service import directory
from ..platform.text import LocalText
from ..platform.web.language import COOKIE, asked_language, language
from .lifecycle import Rights
from .lookup import Finder
from .reading import Left, ReadContext
from .records import DRAFT, Record
from .relatives import Relatives


def context_of(
    by: Person | None,
    record: Record | None,
    *,
    rights: Rights | None = None,
    draft: bool = False,
    partial: bool = False,
    as_system: bool = False,
    withheld: frozenset[str] = frozenset(),
    left: Left | None = None,
) -> ReadContext:
    """What a program is told: the time, the people, what was there before, and a finder with the rights of ``by``."""
    config = current_app.extensions["signoff"].config
    finder = Finder(None if as_system else by, (link["id"] for link in (record.links.values() if record else ())))
    return ReadContext(
        now=clock.now(),
        language=_language(by),
        zone=ZoneInfo(by.zone) if by is not None and by.zone else config.zone,
        previous=record.values if record else None,
        previous_links=record.links if record else {},
        rights=rights,
        lookups=finder,
        prefetch=finder.prefetch,
        person=_person,
        department=_department,
        submitter=_facts(record.submitted_by if record else by.key if by else None),
        working_days=_working_days,
        draft=draft,
        partial=partial,
        unfiled=record is not None and record.status == DRAFT,
        withheld=withheld,
        left=left,
        records=Relatives(finder, record.id if record is not None else None),
    )


def _facts(submitter: str | None) -> dict[str, Any]:
    """What conditions may ask of whoever submits."""
    people = directory()
    person = people.person(submitter)
    if person is None:
        return {}
    return {
        "submitter.department": person.department,
        "submitter.role": tuple(sorted(person.roles)),
        "submitter.level": people.level(person.key),
    }


def _language(by: Person | None) -> str:
    """The language in which problems name fields: chosen in the browser, else the person's, else what is asked for."""
    if not has_request_context():
        return (by.language if by else None) or str(current_app.extensions["signoff"].config.language)
    if by is not None and g.get("signoff_person") is by:
        return language()
    chosen = request.cookies.get(COOKIE)
    return by.language if by and by.language and not chosen else asked_language()


def _person(text: str) -> str | None:
    """The key of an active person called by key or, where nobody else is called so, by name."""
    people = directory()
    if people.active(text):
        return text
    named = [each.key for each in people.persons.values() if each.name == text and each.active]
    return named[0] if len(named) == 1 else None


def _department(text: str) -> str | None:
    known = directory().departments
    if text in known:
        return text
    named = [each.key for each in known.values() if text == each.name or text in _names(each.name)]
    return named[0] if len(named) == 1 else None


def _names(name: LocalText) -> tuple[str, ...]:
    return (name,) if isinstance(name, str) else tuple(name.values())


def _working_days(first: Any, last: Any) -> int:
    return int(calendar_store.calendar(None).working_days(first, last))
