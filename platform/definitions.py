"""Versions of what admins define, forms and flows: published once, never changed; and the drafts of the next ones."""

import hashlib
import json as stdlib_json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import audit, caches, clock, db, json, revisions
from .acting import ActingAs
from .audit import Entry
from .errors import Conflict
from .models import definitions, drafts
from .text import msg

CHAIN = "definitions"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stored:
    """One version. ``document`` is shared with others: read it, never change it. ``digest`` tells equal documents."""

    kind: str
    key: str
    version: int
    document: dict[str, Any]
    note: str
    published_by: str | None
    published_at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody works on. ``base_version``: the one it was made from, 0 for none; ``revision`` counts saves."""

    kind: str
    key: str
    document: dict[str, Any]
    base_version: int
    revision: int
    saved_by: str | None
    saved_at: datetime


_NAMED = sa.and_(definitions.c.kind == sa.bindparam("kind"), definitions.c.key == sa.bindparam("key"))
_NEWEST = (
    sa.select(definitions.c.key, definitions.c.version, definitions.c.digest)
    .where(_NAMED)
    .order_by(definitions.c.version.desc())
    .limit(1)
)
_VERSION = sa.select(definitions).where(_NAMED, definitions.c.version == sa.bindparam("version"))
_VERSIONS = sa.select(definitions).where(_NAMED).order_by(definitions.c.version.desc())
_later = definitions.alias("later")
_IN_FORCE = (
    sa.select(definitions.c.key, definitions.c.version, definitions.c.digest)
    .where(
        definitions.c.kind == sa.bindparam("kind"),
        ~sa.exists().where(
            _later.c.kind == definitions.c.kind,
            _later.c.key == definitions.c.key,
            _later.c.version > definitions.c.version,
        ),
    )
    .order_by(definitions.c.key)
)
_DRAFT = sa.select(drafts).where(drafts.c.kind == sa.bindparam("kind"), drafts.c.key == sa.bindparam("key"))


def current(kind: str, key: str) -> Stored | None:
    """The version in force, ``None`` if nothing was ever published under ``key``."""
    now = _now()
    if (kind, key) not in now:
        with db.reading() as conn:
            row = conn.execute(_NEWEST, {"kind": kind, "key": key}).first()
            now[kind, key] = _known(conn, kind, row) if row else None
    found: Stored | None = now[kind, key]
    return found


def get(kind: str, key: str, version: int) -> Stored | None:
    """One version, ``None`` if there is no such one."""
    with db.reading() as conn:
        row = conn.execute(_VERSION, {"kind": kind, "key": key, "version": version}).first()
        return _stored(row) if row else None


def versions(kind: str, key: str) -> list[Stored]:
    """All versions, newest first."""
    with db.reading() as conn:
        return [_stored(row) for row in conn.execute(_VERSIONS, {"kind": kind, "key": key})]


def in_force(kind: str) -> tuple[Stored, ...]:
    """The version in force of every key, by key; the same tuple until something is published."""
    now = _now()
    if kind not in now:
        with db.reading() as conn:
            rows = conn.execute(_IN_FORCE, {"kind": kind}).all()
            now[kind] = tuple(_known(conn, kind, row) for row in rows)
    found: tuple[Stored, ...] = now[kind]
    return found


def titles(kind: str) -> dict[str, Any]:
    """What people call each that is in force, by key."""
    return {each.key: each.document.get("title", each.key) for each in in_force(kind)}


def derived(kind: str, make: Callable[[tuple[Stored, ...]], T]) -> T:
    """What ``make`` (a function of a module) says of all of ``kind`` that is in force, made once."""
    now = _now()
    if (kind, make) not in now:
        now[kind, make] = make(in_force(kind))
    found: T = now[kind, make]
    return found


def _now() -> dict[Any, Any]:
    """What is in force, as far as anybody asked: by kind, and by kind and key."""
    revision = revisions.current(revisions.DEFINITIONS)
    remembered = caches.cache("definitions.now")
    known: tuple[int, dict[Any, Any]] | None = remembered.get("now")
    if known is None or known[0] != revision:
        known = remembered["now"] = (revision, {})
    return known[1]


def _known(conn: Connection, kind: str, row: Any) -> Stored:
    """The version of a light row; its document is read from the database once per process.

    The digest is part of the place: a version that a rolled-back transaction made never stands in for another.
    """
    remembered = caches.cache("definitions")
    place = (kind, row.key, row.version, row.digest)
    if place not in remembered:
        full = conn.execute(_VERSION, {"kind": kind, "key": row.key, "version": row.version}).one()
        remembered[place] = _stored(full)
    found: Stored = remembered[place]
    return found


def _stored(row: Any) -> Stored:
    return Stored(
        kind=row.kind,
        key=row.key,
        version=row.version,
        document=json.parse(row.document),
        note=row.note,
        published_by=row.published_by,
        published_at=row.published_at,
        digest=row.digest,
    )


def publish(
    kind: str, key: str, document: Mapping[str, Any], *, by: str | None, note: str = "", base_version: int | None = None
) -> Stored:
    """Put ``document`` in force as the next version; one that is in force already stays, unchanged.

    ``base_version``: the version that the author started from, 0 for none; ``None`` does not ask.

    Raises:
        Conflict: somebody published since; ``details`` say who, when, and which version.
    """
    digest = _digest(document)
    with db.transaction() as conn:
        audit.lock(conn, CHAIN)  # one publisher at a time, on PostgreSQL too
        revisions.look_again()
        newest = current(kind, key)
        _check_base(newest, base_version)
        if newest is not None and newest.digest == digest:
            return newest
        row = {
            "kind": kind,
            "key": key,
            "version": newest.version + 1 if newest else 1,
            "document": document_text(document),
            "digest": digest,
            "note": note,
            "published_by": by,
            "published_at": clock.now(),
        }
        conn.execute(definitions.insert().values(**row))
        revisions.renew(conn, revisions.DEFINITIONS)
        facts = {"kind": kind, "key": key, "version": row["version"], "note": note, "digest": digest}
        _record(conn, "definition.published", facts, by)
        conn.execute(
            drafts.delete().where(
                drafts.c.kind == kind, drafts.c.key == key, drafts.c.document == document_text(document)
            )
        )
    return Stored(**{**row, "document": json.parse(document_text(document))})


def _check_base(newest: Stored | None, base_version: int | None) -> None:
    there = newest.version if newest else 0
    if base_version is None or base_version == there:
        return
    if newest is None:
        raise Conflict(msg("There is no version %(base)s to build on. Start from none.", base=base_version), version=0)
    raise Conflict(
        msg(
            "%(who)s published version %(version)s meanwhile (%(at)s). Look at it, and bring your changes into it.",
            who=newest.published_by or "Signoff",
            version=newest.version,
            at=db.utc_text(newest.published_at),
        ),
        by=newest.published_by,
        at=db.utc_text(newest.published_at),
        version=newest.version,
    )


def _record(conn: Connection, event: str, facts: dict[str, Any], by: str | None) -> None:
    acting_as = ActingAs.PERSON if by else ActingAs.SYSTEM
    audit.append(conn, CHAIN, [Entry(event, by, acting_as, facts, clock.now())])


def draft(kind: str, key: str) -> Draft | None:
    """The draft of the next version, ``None`` if nobody works on one."""
    with db.reading() as conn:
        row = conn.execute(_DRAFT, {"kind": kind, "key": key}).first()
    return _draft(row) if row else None


def _draft(row: Any) -> Draft:
    return Draft(
        kind=row.kind,
        key=row.key,
        document=json.parse(row.document),
        base_version=row.base_version,
        revision=row.revision,
        saved_by=row.saved_by,
        saved_at=row.saved_at,
    )


def save_draft(
    kind: str,
    key: str,
    document: Mapping[str, Any],
    *,
    by: str | None,
    base_version: int,
    revision: int | None = None,
) -> Draft:
    """Keep a draft, right or wrong. ``revision``: that of the draft it replaces, 0 for none; ``None`` does not ask.

    Raises:
        Conflict: somebody saved it since; ``details`` say who and when.
    """
    with db.transaction() as conn:
        row = conn.execute(db.for_update(_DRAFT), {"kind": kind, "key": key}).first()
        before = _draft(row) if row else None
        _check_revision(before, revision)
        values = {
            "document": document_text(document),
            "base_version": base_version,
            "revision": before.revision + 1 if before else 1,
            "saved_by": by,
            "saved_at": clock.now(),
        }
        if before is None:
            conn.execute(drafts.insert().values(kind=kind, key=key, **values))
        else:
            conn.execute(drafts.update().where(drafts.c.kind == kind, drafts.c.key == key).values(**values))
    return Draft(kind=kind, key=key, **{**values, "document": json.parse(document_text(document))})


def _check_revision(before: Draft | None, revision: int | None) -> None:
    there = before.revision if before else 0
    if revision is None or revision == there:
        return
    if before is None:
        raise Conflict(msg("The draft is gone: it was published or discarded. Start a new one."), revision=0)
    raise Conflict(
        msg(
            "%(who)s saved the draft meanwhile (%(at)s). Reload it, and bring your changes into it.",
            who=before.saved_by or "Signoff",
            at=db.utc_text(before.saved_at),
        ),
        by=before.saved_by,
        at=db.utc_text(before.saved_at),
        revision=before.revision,
    )


def discard_draft(kind: str, key: str) -> None:
    """Nobody works on it any more; nothing happens if nobody did."""
    with db.transaction() as conn:
        conn.execute(drafts.delete().where(drafts.c.kind == kind, drafts.c.key == key))


def document_text(document: Mapping[str, Any]) -> str:
    """A document as JSON, as it is kept: key order as it was written; a number stays a number."""
    return stdlib_json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_number)


def _digest(document: Mapping[str, Any]) -> str:
    text = stdlib_json.dumps(
        document, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_number, sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _number(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
