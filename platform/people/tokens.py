"""API tokens: shown once, kept as a hash, good until they expire or are revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from .. import caches, clock, db
from ..errors import NotFound, Refused
from ..problems import Problem
from ..statements import Statement
from ..text import msg
from . import service
from .directory import Person
from .models import tokens

PREFIX = "so_"
LONGEST_DAYS = 3650
_MOST_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class Token:
    """What can be shown of a token later; the token itself is not kept."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_on: str | None


def create(person: str, name: str, *, days: int | None = None, by: str | None = None) -> str:
    """A new token of ``person``, to be shown once; ``days``: how long it holds, ``None`` for ever.

    Raises:
        NotFound: there is no such person.
        Refused: no name, or no sensible number of days.
    """
    owner = service.person(person)
    problems = _problems(name, days)
    if problems:
        raise Refused.because(problems)
    token = PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    row = {
        "person": owner.key,
        "name": name.strip(),
        "hash": _hash(token),
        "created_at": now,
        "expires_at": None if days is None else now + timedelta(days=days),
    }
    with db.transaction() as conn:
        conn.execute(tokens.insert().values(**row))
        service.changed(conn, "token.created", {"person": owner.key, "name": name.strip(), "days": days}, by=by)
    return token


def _problems(name: str, days: int | None) -> list[Problem]:
    problems = []
    if not name.strip() or len(name) > 120:
        problems.append(Problem("/name", "wrong_name", msg("Give the token a name of 1 to 120 characters.")))
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        message = msg("%(days)s days is not possible. Choose 1 to %(max)s.", days=days, max=LONGEST_DAYS)
        problems.append(Problem("/days", "wrong_days", message))
    return problems


_FIND = Statement(
    sa.select(tokens.c.id, tokens.c.person, tokens.c.expires_at, tokens.c.last_used_on).where(
        tokens.c.hash == sa.bindparam("hash"), tokens.c.revoked_at.is_(None)
    )
)
_USED = tokens.update().where(tokens.c.id == sa.bindparam("token")).values(last_used_on=sa.bindparam("today"))


def resolve(token: str) -> Person | None:
    """The active person whom ``token`` stands for, ``None`` if it does not hold."""
    people, hashed, now = service.directory(), _hash(token), clock.now()
    found = _known(hashed, people.revision)
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    owner = people.active(found.person)
    if owner is not None and found.last_used_on != now.date():
        with db.transaction() as conn:
            conn.execute(_USED, {"token": found.id, "today": now.date()})
        caches.cache("tokens").pop(hashed, None)
    return owner


class _Held(NamedTuple):
    """A token that was not revoked at a revision of people: making and revoking one gives them another."""

    revision: int
    id: int
    person: str
    expires_at: datetime | None
    last_used_on: date | None


def _known(hashed: str, revision: int) -> _Held | None:
    """The token of that hash; asked of the database when people have changed since it was last used."""
    remembered = caches.cache("tokens")
    held: _Held | None = remembered.get(hashed)
    if held is not None and held.revision == revision:
        return held
    with db.reading() as conn:
        row = _FIND.first(conn, {"hash": hashed})
    if row is None:
        return None
    held = _Held(revision, *row)
    if len(remembered) >= _MOST_REMEMBERED:
        remembered.clear()
    remembered[hashed] = held
    return held


def tokens_of(person: str) -> list[Token]:
    """The tokens of a person that hold, newest first."""
    query = (
        sa.select(tokens)
        .where(tokens.c.person == person, tokens.c.revoked_at.is_(None))
        .order_by(tokens.c.id.desc())
        .limit(200)
    )
    now = clock.now()
    with db.reading() as conn:
        rows = conn.execute(query).all()
    return [
        Token(row.id, row.name, row.created_at, row.expires_at, row.last_used_on)
        for row in rows
        if row.expires_at is None or row.expires_at > now
    ]


def revoke(person: str, token_id: int, *, by: str | None) -> None:
    """The token holds no more.

    Raises:
        NotFound: the person has no such token.
    """
    found = sa.and_(tokens.c.id == token_id, tokens.c.person == person, tokens.c.revoked_at.is_(None))
    with db.transaction() as conn:
        done = conn.execute(tokens.update().where(found).values(revoked_at=clock.now()))
        if not done.rowcount:
            raise NotFound(msg("No such token. It may be revoked already."))
        service.changed(conn, "token.revoked", {"person": person, "token": token_id}, by=by)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
