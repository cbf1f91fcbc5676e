"""Publishing where a second person must agree: somebody asks, somebody else who may publish confirms what was asked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import audit, clock, db, definitions, json
from .acting import ActingAs
from .audit import Entry
from .definitions import CHAIN, Stored
from .errors import Conflict, Forbidden, NotFound, Refused
from .models import publish_requests
from .problems import Problem, errors_of
from .text import msg
from .web.place import signoff

EVERYTHING = "*"
Publish = Callable[..., Stored]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to be in force, and nobody confirmed yet."""

    kind: str
    key: str
    document: dict[str, Any]
    note: str
    base_version: int
    asked_by: str
    asked_at: datetime


_ASKED = sa.select(publish_requests).where(
    publish_requests.c.kind == sa.bindparam("kind"), publish_requests.c.key == sa.bindparam("key")
)


def needs_second(key: str) -> bool:
    """Whether the settings ask for a second person for what is called ``key``."""
    named = signoff().config.second_person.replace(",", " ").split()
    return EVERYTHING in named or key in named


def asked(kind: str, key: str) -> Asked | None:
    """What waits for a second person, ``None`` if nothing does."""
    with db.reading() as conn:
        row = conn.execute(_ASKED, {"kind": kind, "key": key}).first()
    return _asked(row) if row else None


def release(
    kind: str,
    document: Mapping[str, Any],
    *,
    by: str,
    note: str,
    base_version: int,
    publish: Publish,
    check: Callable[[dict[str, Any]], Iterable[Problem]],
) -> Stored | Asked:
    """Publish at once, or ask for a second person where that is set; a later request replaces an earlier one.

    Raises:
        Refused: with every problem that would stop the publish.
        Conflict: somebody published after ``base_version``.
    """
    key = str(document["key"])
    if not needs_second(key):
        return publish(dict(document), by=by, note=note, base_version=base_version)
    problems = tuple(check(dict(document)))
    if errors_of(problems):
        raise Refused.because(problems)
    with db.transaction() as conn:
        audit.lock(conn, CHAIN)
        _require_base(kind, key, base_version)
        row = {
            "kind": kind, "key": key, "document": definitions.document_text(document), "note": note,
            "base_version": base_version, "asked_by": by, "asked_at": clock.now(),
        }  # fmt: skip
        conn.execute(_gone(kind, key))
        conn.execute(publish_requests.insert().values(**row))
        _record(conn, "definition.publish_asked", kind, key, by, note=note)
    return _asked(_Row(row))


def confirm(kind: str, key: str, *, by: str, publish: Publish) -> Stored:
    """Put in force what was asked; the version is by who asked, the history says who confirmed.

    Raises:
        NotFound: nothing was asked, or it was taken back.
        Forbidden: ``by`` asked for it.
        Conflict: somebody published meanwhile.
    """
    with db.transaction() as conn:
        audit.lock(conn, CHAIN)
        found = asked(kind, key)
        if found is None:
            raise NotFound(msg("Nothing waits for a second person here. It was published or taken back."))
        if found.asked_by == by:
            raise Forbidden(msg("You asked for this yourself. Somebody else confirms it."), right="a second person")
        stored = publish(found.document, by=found.asked_by, note=found.note, base_version=found.base_version)
        _record(conn, "definition.publish_confirmed", kind, key, by, version=stored.version)
        conn.execute(_gone(kind, key))
    return stored


def take_back(kind: str, key: str, *, by: str) -> None:
    """Nobody wants it any more; nothing happens if nobody did."""
    with db.transaction() as conn:
        if conn.execute(_gone(kind, key)).rowcount:
            _record(conn, "definition.publish_taken_back", kind, key, by)


def _require_base(kind: str, key: str, base_version: int) -> None:
    newest = definitions.current(kind, key)
    if (newest.version if newest else 0) != base_version:
        raise Conflict(
            msg("Somebody published meanwhile. Look at it, and bring your changes into it."),
            version=newest.version if newest else 0,
        )


def _gone(kind: str, key: str) -> sa.Delete:
    return publish_requests.delete().where(publish_requests.c.kind == kind, publish_requests.c.key == key)


def _record(conn: Connection, event: str, kind: str, key: str, by: str, **facts: Any) -> None:
    audit.append(conn, CHAIN, [Entry(event, by, ActingAs.PERSON, {"kind": kind, "key": key, **facts}, clock.now())])


class _Row:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def _asked(row: Any) -> Asked:
    document = json.parse(row.document)
    return Asked(row.kind, row.key, document, row.note, row.base_version, row.asked_by, row.asked_at)
