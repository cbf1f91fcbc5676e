"""Who may change which definitions: admins all, owners those of their subject, a form's key; auditors read.

A form and the flows for it are one subject, so that who owns it can change both.
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import audit, caches, clock, db, revisions
from ..acting import ActingAs
from ..audit import Entry
from ..errors import Forbidden, Refused
from ..problems import Problem, pointer
from ..text import msg
from . import policy, service
from .directory import ADMIN, Person
from .handing_over import Estate, add_estate
from .models import definition_owners

CHAIN = "definitions"
MOST = 20

_ALL = sa.select(definition_owners.c.subject, definition_owners.c.person).order_by(
    definition_owners.c.subject, definition_owners.c.person
)


def owners(subject: str) -> tuple[str, ...]:
    """The keys of those who own it, beside the administrators."""
    return _by_subject().get(subject, ())


def everybodys() -> Mapping[str, tuple[str, ...]]:
    """The owners of every subject that has some."""
    return _by_subject()


def owned_by(person: Person) -> frozenset[str]:
    """All that a person owns."""
    return frozenset(subject for subject, keys in _by_subject().items() if person.key in keys)


def may_change(person: Person, subjects: Iterable[str]) -> bool:
    """Whether the person may change definitions of all of ``subjects``; one of none is for administrators."""
    wanted = set(subjects)
    return policy.is_admin(person) or (bool(wanted) and wanted <= owned_by(person))


def may_read(person: Person, subjects: Iterable[str]) -> bool:
    """Whether they may look at them as a builder does, drafts and all."""
    return policy.is_auditor(person) or may_change(person, subjects)


def builds(person: Person) -> bool:
    """Whether they may change any definition at all."""
    return policy.is_admin(person) or bool(owned_by(person))


def looks(person: Person) -> bool:
    """Whether they may look at any as a builder does."""
    return policy.is_auditor(person) or builds(person)


def require_change(person: Person, subjects: Iterable[str]) -> None:
    """Go on only for an administrator or an owner.

    Raises:
        Forbidden: ``details["right"]`` names what is missing.
    """
    wanted = tuple(dict.fromkeys(subjects))
    if not may_change(person, wanted):
        raise _denied(wanted)


def require_read(person: Person, subjects: Iterable[str]) -> None:
    """Go on only for who may look at the definitions.

    Raises:
        Forbidden: ``details["right"]`` names what is missing.
    """
    wanted = tuple(dict.fromkeys(subjects))
    if not may_read(person, wanted):
        raise _denied(wanted)


def require_builder(person: Person) -> None:
    """Go on only for who may change any definition.

    Raises:
        Forbidden: they own nothing and are no administrator.
    """
    if not builds(person):
        raise _denied(())


def set_owners(subject: str, keys: Iterable[str], *, by: str | None) -> tuple[str, ...]:
    """Let exactly these people own ``subject``.

    Raises:
        Refused: somebody is not known or not active, or they are too many.
    """
    wanted = tuple(dict.fromkeys(keys))
    _check(wanted)
    with db.transaction() as conn:
        audit.lock(conn, CHAIN)
        revisions.look_again()
        before = owners(subject)
        if set(before) == set(wanted):
            return before
        conn.execute(definition_owners.delete().where(definition_owners.c.subject == subject))
        for key in wanted:
            conn.execute(definition_owners.insert().values(subject=subject, person=key))
        revisions.renew(conn, revisions.DEFINITIONS)
        _record(conn, {"subject": subject, "before": list(before), "after": list(wanted)}, by)
    return owners(subject)


def _check(keys: tuple[str, ...]) -> None:
    directory = service.directory()
    problems = [
        Problem(
            pointer("owners", place),
            "unknown_person",
            msg("There is nobody active with the key %(key)s.", key=repr(key)),
        )
        for place, key in enumerate(keys)
        if directory.active(key) is None
    ]
    if len(keys) > MOST:
        problems.append(Problem("/owners", "too_many", msg("At most %(max)s people own a form.", max=MOST)))
    if problems:
        raise Refused.because(problems)


def _record(conn: Connection, facts: Mapping[str, object], by: str | None) -> None:
    acting_as = ActingAs.PERSON if by else ActingAs.SYSTEM
    audit.append(conn, CHAIN, [Entry("definition.owners", by, acting_as, dict(facts), clock.now())])


def _by_subject() -> Mapping[str, tuple[str, ...]]:
    revision = revisions.current(revisions.DEFINITIONS)
    remembered = caches.cache("people.owners")
    known: tuple[int, dict[str, tuple[str, ...]]] | None = remembered.get("now")
    if known is None or known[0] != revision:
        found: dict[str, tuple[str, ...]] = {}
        with db.reading() as conn:
            for subject, person in conn.execute(_ALL):
                found[subject] = (*found.get(subject, ()), person)
        known = remembered["now"] = (revision, found)
    return known[1]


def _denied(subjects: tuple[str, ...]) -> Forbidden:
    if len(subjects) == 1:
        return Forbidden(
            msg("Only administrators and owners of “%(form)s” may do this.", form=subjects[0]),
            right=f"{ADMIN} or owner of {subjects[0]}",
        )
    return Forbidden(msg("Only administrators and owners of the form may do this."), right=f"{ADMIN} or owner")


# Whoever takes over from somebody owns what they owned.


def _count(person: str) -> int:
    return sum(person in keys for keys in _by_subject().values())


def _transfer(conn: Connection, person: str, to: str, by: str | None) -> str | None:
    subjects = [subject for subject, keys in _by_subject().items() if person in keys]
    for subject in subjects:
        before = owners(subject)
        after = tuple(dict.fromkeys(to if each == person else each for each in before))
        conn.execute(definition_owners.delete().where(definition_owners.c.subject == subject))
        for key in after:
            conn.execute(definition_owners.insert().values(subject=subject, person=key))
        _record(conn, {"subject": subject, "before": list(before), "after": list(after)}, by)
    if not subjects:
        return None
    revisions.renew(conn, revisions.DEFINITIONS)
    return msg("%(n)s forms have a new owner.", n=len(subjects))


add_estate(Estate(msg("Owned forms"), _count, _transfer))
