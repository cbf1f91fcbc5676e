"""The history that cannot be rewritten: chains of entries, each holding the hash of the one before.

The hash of an entry covers its chain, position, time, actor and data, and the hash before it. The database refuses to
change or delete entries; whoever gets around that is found by :func:`verify`.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import db, json, statements
from .db import utc_text
from .models import audit_chains, audit_entries
from .statements import Statement
from .text import msg


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened. ``actor``: a person's key, ``None`` where no person acted; ``data``: JSON."""

    event: str
    actor: str | None
    acting_as: str
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it is kept; ``position`` counts from 1 in its chain."""

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
_INSERT = statements.rows(audit_entries, "chain", "position", "at", "actor", "acting_as", "event", "data", "hash")


@dataclass(frozen=True, slots=True)
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

    ``seen`` is the end as it was read before, and saves a round trip. If somebody was first, the transaction fails
    with an error that :func:`outrun` knows.
    """
    if not entries:
        return
    known = _ends()
    head = known.get(chain) or seen or lock(conn, chain)
    rows = _linked(chain, head, entries)
    values = {"chain": chain, "length": rows[-1]["position"], "hash": rows[-1]["hash"]}
    # the chain before its entries, as lock() does: two orders would wait for each other for ever
    if head is NEW:
        _START.later(conn, values)
    elif chain not in known or not _GROW.amend(conn, values, {"length": values["length"], "hash": values["hash"]}):
        _GROW.later(conn, {**values, "seen": head.length})
    _INSERT.later_many(conn, rows)
    known[chain] = Head(rows[-1]["position"], rows[-1]["hash"])


def _ends() -> dict[str, Head]:
    """The ends of the chains that this transaction wrote to, and so holds."""
    memory = db.memory() if db.in_transaction() else None
    found: dict[str, Head] = {} if memory is None else memory.setdefault("signoff_audit_ends", {})
    return found


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


def _linked(chain: str, head: Head, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    rows = []
    before = head.hash
    for position, entry in enumerate(entries, start=head.length + 1):
        data = json.canonical(entry.data)
        before = _hash(before, chain, position, entry.at, entry.actor, entry.acting_as, entry.event, data)
        rows.append(
            {
                "chain": chain,
                "position": position,
                "at": entry.at,
                "actor": entry.actor,
                "acting_as": entry.acting_as,
                "event": entry.event,
                "data": data,
                "hash": before,
            }
        )
    return rows


def _hash(
    before: str, chain: str, position: int, at: datetime, actor: str | None, acting_as: str, event: str, data: str
) -> str:
    content = json.canonical([chain, position, utc_text(at), actor, str(acting_as), event, data])
    return hashlib.sha256((before + content).encode()).hexdigest()


_ENTRIES = (
    sa.select(audit_entries)
    .where(audit_entries.c.chain == sa.bindparam("chain"), audit_entries.c.position > sa.bindparam("after"))
    .order_by(audit_entries.c.position)
    .limit(sa.bindparam("limit"))
)


def entries(chain: str, *, after: int = 0, limit: int = 200) -> list[Recorded]:
    """Up to ``limit`` entries of ``chain`` behind position ``after``, oldest first."""
    with db.reading() as conn:
        rows = conn.execute(_ENTRIES, {"chain": chain, "after": after, "limit": limit})
        return [_recorded(row) for row in rows]


def _recorded(row: Any) -> Recorded:
    return Recorded(
        id=row.id,
        chain=row.chain,
        position=row.position,
        event=row.event,
        actor=row.actor,
        acting_as=row.acting_as,
        data=json.parse(row.data),
        at=row.at,
        hash=row.hash,
    )


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
            count += len(rows)
            digest.update(f"{head.chain} {head.hash}\n".encode())
            broken = check(head.chain, head.length, head.hash, rows)
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


def check(chain: str, length: int, last: str, rows: Sequence[Any]) -> Broken | None:
    """The first of ``rows``, in order, that breaks ``chain``, whose ``length`` and ``last`` hash are known."""
    before = ""
    for expected, row in enumerate(rows, start=1):
        if row.position != expected:
            return _missing(chain, expected)
        if row.hash != _hash(before, chain, expected, row.at, row.actor, row.acting_as, row.event, row.data):
            return _changed(chain, row)
        before = row.hash
    if len(rows) < length:
        return _cut(chain, length, len(rows))
    if len(rows) > length:
        return _stray(chain, length + 1)
    return _changed(chain, rows[-1]) if rows and before != last else None


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
