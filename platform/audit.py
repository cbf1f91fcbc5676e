"""The history that cannot be rewritten: chains of entries, each holding the hash of the one before.

The hash of an entry covers its chain, position, time, actor and data, and the hash before it. The database refuses to
change or delete entries; whoever gets around that is found by :func:`verify`.

What one transaction tells of a chain at one moment is one row: its first entry stands in the columns, those behind it
in ``more``, and ``hash`` is that of the last; the others follow from the row before.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from json import JSONDecoder
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import db, json, statements
from .db import utc_text
from .models import audit_chains, audit_entries
from .statements import Statement
from .text import msg
from .value import value


@value
class Entry:
    """Something that happened. ``actor``: a person's key, ``None`` where no person acted; ``data``: JSON."""

    event: str
    actor: str | None
    acting_as: str
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it is kept; ``id`` grows with time, ``position`` counts from 1 in its chain."""

    id: int
    chain: str
    position: int
    event: str
    actor: str | None
    acting_as: str
    data: dict[str, Any]
    at: datetime
    hash: str


_TAKE = Statement(
    sa.text(
        "INSERT INTO signoff_audit_chain (chain, length, hash) VALUES (:chain, 0, '')"
        " ON CONFLICT (chain) DO UPDATE SET length = signoff_audit_chain.length RETURNING length, hash"
    )
)
_OF_CHAIN = ("chain", "chain")
_START = statements.insert(audit_chains, "chain", "length", "hash", row=_OF_CHAIN)
_HEADS = statements.lists_of(audit_chains, ("length", "hash", "chain"), seen="INTEGER")
_GROW = Statement(
    sa.text("UPDATE signoff_audit_chain SET length = :length, hash = :hash WHERE chain = :chain AND length = :seen"),
    row=_OF_CHAIN,
    many="UPDATE signoff_audit_chain AS kept SET length = new.length, hash = new.hash "  # noqa: S608 - nothing from outside
    f"FROM {_HEADS} WHERE kept.chain = new.chain AND kept.length = new.seen",
)
_INSERT = statements.rows(
    audit_entries, "chain", "position", "at", "actor", "acting_as", "event", "data", "hash", "more"
)


@value
class Head:
    """The end of a chain as it was read: how many entries it has, and the hash of the last."""

    length: int
    hash: str


NEW = Head(0, "")
"""Of a chain that does not exist yet."""


def lock(conn: Connection, chain: str) -> Head:
    """Make other writers of ``chain`` wait until this transaction ends; its end."""
    return Head(*_TAKE.one(conn, {"chain": chain}))


def append(conn: Connection, chain: str, entries: Sequence[Entry], *, seen: Head | None = None) -> None:
    """Write ``entries`` to the end of ``chain``, with what else the transaction of ``conn`` does or not at all.

    They are written at its end, with all others that it tells of the chain. ``seen`` is the end as it was read before,
    and saves a round trip. If somebody was first, the transaction fails with an error that :func:`outrun` knows.
    """
    if not entries:
        return
    told = _told()
    if told is None:
        head = seen or lock(conn, chain)
        _write(conn, {chain: (head, [*entries])}, {})
        return
    if chain in told.waiting:
        told.waiting[chain][1].extend(entries)
        return
    head = told.ends.get(chain) or seen or lock(conn, chain)
    if not told.waiting:
        db.before_commit(_write_waiting)
    told.waiting[chain] = (head, [*entries])


class _Told:
    """What a transaction tells: entries by chain that wait to be written, and ends of the chains that it wrote to."""

    __slots__ = ("ends", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[Head, list[Entry]]] = {}
        self.ends: dict[str, Head] = {}


_MEMORY = "signoff_audit"


def _told() -> _Told | None:
    """What this transaction told so far; ``None``: there is none."""
    memory = db.memory() if db.in_transaction() else None
    if memory is None:
        return None
    found: _Told | None = memory.get(_MEMORY)
    if found is None:
        found = memory[_MEMORY] = _Told()
    return found


def _write_waiting(conn: Connection) -> None:
    told = _told()
    if told is not None and told.waiting:
        waiting, told.waiting = told.waiting, {}
        _write(conn, waiting, told.ends)


def _write(conn: Connection, waiting: Mapping[str, tuple[Head, list[Entry]]], ends: dict[str, Head]) -> None:
    rows: list[dict[str, Any]] = []
    begun, grown = [], []
    for chain, (head, entries) in waiting.items():
        end = _link(rows, chain, head, entries)
        ends[chain] = end
        values = {"chain": chain, "length": end.length, "hash": end.hash}
        if head is NEW:
            begun.append(values)
        else:
            grown.append({**values, "seen": head.length})
    # the chains before their entries, as lock() does: two orders would wait for each other for ever
    if begun:
        _START.later_many(conn, begun)
    if grown:
        _GROW.later_many(conn, grown)
    _INSERT.later_many(conn, rows)


def outrun(error: sa.exc.IntegrityError) -> bool:
    """Whether a transaction failed because somebody else wrote to a chain since its end was ``seen``."""
    said = str(error.orig)
    return any(name in said for name in _ENDS_TAKEN)


_ENDS_TAKEN = (
    "signoff_audit.chain",
    "uq_signoff_audit_chain_position",
    "signoff_audit_chain.chain",
    "pk_signoff_audit_chain",
)


def begin(conn: Connection, chains: Mapping[str, Sequence[Entry]]) -> None:
    """Like :func:`append`, for chains that do not exist yet."""
    for chain, entries in chains.items():
        append(conn, chain, entries, seen=NEW)


def _link(rows: list[dict[str, Any]], chain: str, head: Head, entries: Sequence[Entry]) -> Head:
    """Add the rows of ``entries`` behind ``head``; the end of the chain then."""
    before, row = head.hash, None
    for position, entry in enumerate(entries, start=head.length + 1):
        data = json.canonical(entry.data)
        said = (entry.event, entry.actor, str(entry.acting_as), data)
        before = _hash(before, chain, position, utc_text(entry.at), said)
        if row is None or row["at"] != entry.at or position - row["position"] == MOST_IN_ROW:
            row = _row(chain, position, entry.at, said)
            rows.append(row)
        else:
            row["more"] += _more(said)
        row["hash"] = before
    return Head(head.length + len(entries), before)


def _row(chain: str, position: int, at: datetime, said: "Said") -> dict[str, Any]:
    event, actor, acting_as, data = said
    return {
        "chain": chain,
        "position": position,
        "at": at,
        "actor": actor,
        "acting_as": acting_as,
        "event": event,
        "data": data,
        "more": "",
    }


Said = tuple[str, str | None, str, str]
"""Event, actor, as what, and the data as canonical JSON."""

MOST_IN_ROW = 256
"""So many entries a row holds; the id of an entry is that of its row times this, and its place there."""

_USUAL = "system"


def _more(said: Said) -> str:
    """An entry behind the first of its row: a list that says who and what, and its data as it was hashed."""
    event, actor, acting_as, data = said
    who = [event] if actor is None and acting_as == _USUAL else [event, acting_as, actor]
    return json.canonical(who) + data


_decode = JSONDecoder().raw_decode


def said_in(row: Any) -> Iterator[Said]:
    """The entries of a row, in order.

    Raises:
        ValueError: what is behind the first was not written by Signoff.
    """
    yield row.event, row.actor, row.acting_as, row.data
    more, place = row.more or "", 0
    while place < len(more):
        who, begins = _decode(more, place)
        _, ends = _decode(more, begins)
        if not isinstance(who, list) or len(who) not in (1, 3):
            raise ValueError("not an entry of the history")
        event, acting_as, actor = who if len(who) == 3 else (who[0], _USUAL, None)
        yield event, actor, acting_as, more[begins:ends]
        place = ends


def _hash(before: str, chain: str, position: int, at: str, said: Said) -> str:
    event, actor, acting_as, data = said
    content = json.canonical([chain, position, at, actor, acting_as, event, data])
    return hashlib.sha256((before + content).encode()).hexdigest()


_BEFORE = audit_entries.alias("before")
_HASH_BEFORE = (
    sa.select(_BEFORE.c.hash)
    .where(_BEFORE.c.chain == audit_entries.c.chain, _BEFORE.c.position < audit_entries.c.position)
    .order_by(_BEFORE.c.position.desc())
    .limit(1)
    .scalar_subquery()
)
_AROUND = (
    sa.select(sa.func.max(_BEFORE.c.position))
    .where(_BEFORE.c.chain == sa.bindparam("chain"), _BEFORE.c.position <= sa.bindparam("first"))
    .scalar_subquery()
)
_ENTRIES = (
    sa.select(audit_entries, _HASH_BEFORE.label("before"))
    .where(audit_entries.c.chain == sa.bindparam("chain"), audit_entries.c.position >= _AROUND)
    .order_by(audit_entries.c.position)
    .limit(sa.bindparam("limit"))
)
_LAST = (
    sa.select(audit_entries, _HASH_BEFORE.label("before"))
    .where(audit_entries.c.chain == sa.bindparam("chain"))
    .order_by(audit_entries.c.position.desc())
    .limit(1)
)


def entries(chain: str, *, after: int = 0, limit: int = 200) -> list[Recorded]:
    """Up to ``limit`` entries of ``chain`` behind position ``after``, oldest first."""
    with db.reading() as conn:
        _write_waiting(conn)
        rows = conn.execute(_ENTRIES, {"chain": chain, "first": after + 1, "limit": limit + 1}).all()
    return [each for each in _recorded(rows) if each.position > after][:limit]


def last(chain: str) -> Recorded | None:
    """The newest entry of ``chain``."""
    with db.reading() as conn:
        _write_waiting(conn)
        found = _recorded(conn.execute(_LAST, {"chain": chain}))
    return found[-1] if found else None


def _recorded(rows: Iterable[Any]) -> list[Recorded]:
    found: list[Recorded] = []
    for row in rows:
        before = row.before or ""
        for place, said in enumerate(said_in(row)):
            event, actor, acting_as, data = said
            position = row.position + place
            before = _hash(before, row.chain, position, utc_text(row.at), said) if row.more else row.hash
            number = row.id if row.more is None else row.id * MOST_IN_ROW + place
            found.append(
                Recorded(number, row.chain, position, event, actor, acting_as, json.parse(data), row.at, before)
            )
    return found


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not hold: ``changed``, ``missing`` (it, or all from it on) or ``stray``."""

    chain: str
    position: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk over all chains found. ``digest`` covers them all: noted elsewhere, it proves that none vanished."""

    chains: int
    entries: int
    digest: str
    first_broken: Broken | None = None

    @property
    def ok(self) -> bool:
        return self.first_broken is None

    @property
    def message(self) -> str:
        if self.first_broken is not None:
            return self.first_broken.message
        return msg("%(entries)s entries in %(chains)s chains hold.", entries=self.entries, chains=self.chains)


_CHAINS = (
    sa.select(audit_chains)
    .where(audit_chains.c.chain > sa.bindparam("after"))
    .order_by(audit_chains.c.chain)
    .limit(sa.bindparam("limit"))
)
_OF_CHAINS = (
    sa.select(audit_entries)
    .where(audit_entries.c.chain.in_(sa.bindparam("chains", expanding=True)))
    .order_by(audit_entries.c.chain, audit_entries.c.position)
)
_STRAY = (
    sa.select(audit_entries.c.chain, sa.func.min(audit_entries.c.position).label("position"))
    .where(~sa.exists().where(audit_chains.c.chain == audit_entries.c.chain))
    .group_by(audit_entries.c.chain)
    .order_by(audit_entries.c.chain)
    .limit(1)
)


def verify() -> Verification:
    """Walk every chain, as of one moment; stop at the first entry that does not hold."""
    chains = count = 0
    digest = hashlib.sha256()
    with _one_moment() as conn:
        for head, rows in _walk(conn):
            chains += 1
            digest.update(f"{head.chain} {head.hash}\n".encode())
            there, broken = check(head.chain, head.length, head.hash, rows)
            count += there
            if broken is not None:
                return Verification(chains, count, digest.hexdigest(), broken)
        stray = conn.execute(_STRAY).first()
    broken = _stray(stray.chain, stray.position) if stray else None
    return Verification(chains, count, digest.hexdigest(), broken)


def _one_moment() -> Connection:
    connection = db.engine().connect()
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def _walk(conn: Connection, page: int = 200) -> Iterator[tuple[Any, list[Any]]]:
    """Every chain's head with its rows, some chains at a time."""
    after = ""
    while heads := conn.execute(_CHAINS, {"after": after, "limit": page}).all():
        after = heads[-1].chain
        found = conn.execute(_OF_CHAINS, {"chains": [head.chain for head in heads]})
        rows = {chain: list(group) for chain, group in groupby(found, key=lambda row: row.chain)}
        for head in heads:
            yield head, rows.get(head.chain, [])


def check(chain: str, length: int, last: str, rows: Sequence[Any]) -> tuple[int, Broken | None]:
    """How many entries the ``rows`` hold, in order, and the first that breaks ``chain``, whose ``length`` and ``last``
    hash are known."""
    before, there = "", 0
    for row in rows:
        if row.position != there + 1:
            return there, _missing(chain, there + 1)
        try:
            for said in said_in(row):
                there += 1
                before = _hash(before, chain, there, utc_text(row.at), said)
        except ValueError:
            return there, _changed(chain, row)
        if row.hash != before:
            return there, _changed(chain, row)
    if there < length:
        return there, _cut(chain, length, there)
    if there > length:
        return there, _stray(chain, length + 1)
    return there, _changed(chain, rows[-1]) if rows and before != last else None


def _changed(chain: str, row: Any) -> Broken:
    message = msg(
        "Entry %(position)s of %(chain)s (%(event)s, %(at)s) was changed after it was written."
        " Restore it from a backup.",
        position=row.position,
        chain=chain,
        event=row.event,
        at=utc_text(row.at),
    )
    return Broken(chain, row.position, "changed", message)


def _missing(chain: str, position: int) -> Broken:
    message = msg(
        "Entry %(position)s of %(chain)s is missing, though later ones are there. Restore it from a backup.",
        position=position,
        chain=chain,
    )
    return Broken(chain, position, "missing", message)


def _cut(chain: str, length: int, there: int) -> Broken:
    message = msg(
        "The end of %(chain)s is missing from entry %(position)s on: %(length)s were written, %(there)s are there."
        " Restore it from a backup.",
        chain=chain,
        position=there + 1,
        length=length,
        there=there,
    )
    return Broken(chain, there + 1, "missing", message)


def _stray(chain: str, position: int) -> Broken:
    message = msg(
        "Entry %(position)s of %(chain)s is in no chain that Signoff wrote. Find out who put it there.",
        position=position,
        chain=chain,
    )
    return Broken(chain, position, "stray", message)
