"""Numbers that say whether what a process remembers still holds: one light query for all of them, once a use case.

A number is random, not counted up: one that a rolled-back transaction used never comes again with other contents.
"""

import secrets
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import g, has_request_context
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from . import db, statements
from .models import settings
from .statements import Statement

PEOPLE = "people.revision"
DEFINITIONS = "definitions.revision"

_MEMORY = "signoff_revisions"
_OURS = sa.or_(settings.c.key == PEOPLE, settings.c.key == DEFINITIONS)
_READ = Statement(sa.select(settings.c.key, settings.c.value).where(_OURS))


def current(subject: str) -> int:
    """The number of ``subject``; 0 before it first changed."""
    known = _known()
    if known is None:
        with db.reading() as conn:
            known = dict(_READ.all(conn))
        _remember(known)
    return int(known.get(subject, 0))


def _number(subject: str) -> sa.Label[Any]:
    return sa.select(settings.c.value).where(settings.c.key == subject).scalar_subquery().label(subject)


BESIDE = (_number(PEOPLE), _number(DEFINITIONS))
"""Columns with which another query brings the numbers along, for :func:`learn`."""


def learn(people: int | None, definitions: int | None) -> None:
    """Take what the columns :data:`BESIDE` said, where nothing was known yet; ``None``: it never changed."""
    if _known() is None:
        _remember({PEOPLE: people or 0, DEFINITIONS: definitions or 0})


def ask_with_ids(conn: Connection) -> None:
    """On PostgreSQL, ask for the numbers and for ids of rows that will be written, in one go."""
    if conn.dialect.name != "postgresql" or _known() is not None:
        return
    people, definitions, *ids = _with_ids().one(conn)
    learn(people, definitions)
    for table, new in zip(statements.handed_out(), ids, strict=True):
        statements.keep_id(table, new)


@cache
def _with_ids() -> Statement:
    return Statement(sa.select(*BESIDE, *(statements.next_id(table) for table in statements.handed_out())))


def renew(conn: Connection, subject: str) -> None:
    """Let every process read anew what it remembers of ``subject``."""
    insert: Any = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    statement = insert(settings).values(key=subject, value=secrets.randbits(52) + 1)
    conn.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value}))
    look_again()


def look_again() -> None:
    """Ask the database the next time: something was changed, or others had the time to."""
    for memory in _memories():
        memory.pop(_MEMORY, None)


def _known() -> dict[str, Any] | None:
    if not has_request_context():
        memory = db.memory()
        return memory.get(_MEMORY) if memory is not None else None
    if db.in_transaction():
        return next((memory[_MEMORY] for memory in _memories() if _MEMORY in memory), None)
    return g.__dict__.get(_MEMORY)  # asked a dozen times for a page


def _remember(known: dict[str, Any]) -> None:
    """For the rest of a transaction, which may be undone; else of a request, or of one reading."""
    memory = next(iter(_memories()), None)
    if memory is not None:
        memory[_MEMORY] = known


def _memories() -> list[Any]:
    """Where something may be remembered, the narrowest first."""
    found = []
    narrow = db.memory()
    if narrow is not None and (db.in_transaction() or not has_request_context()):
        found.append(narrow)
    if has_request_context():
        found.append(g.__dict__)
    return found
