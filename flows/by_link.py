"""Links that decide are used once: the decision that one brings uses it up, in the decision's transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform import clock, db, statements
from ..platform.audit import Entry
from ..platform.errors import Conflict
from ..platform.models import used_links
from ..platform.text import msg
from ..platform.timers import recurring

REMEMBERED = timedelta(days=60)
"""How long used links are known; no link holds that long."""

_using: ContextVar[str | None] = ContextVar("signoff_link", default=None)
_USE = statements.insert(used_links, "digest", "at", skip_existing=True)


@contextmanager
def using(digest: str) -> Iterator[None]:
    """The decision inside the block comes by this link."""
    token = _using.set(digest)
    try:
        yield
    finally:
        _using.reset(token)


def require_unused(digest: str) -> None:
    """Raises:
    Conflict: the link was used before.
    """
    with db.reading() as conn:
        used = conn.scalar(sa.select(used_links.c.at).where(used_links.c.digest == digest))
    if used is not None:
        raise _used()


def _used() -> Conflict:
    return Conflict(msg("This link was used before. Sign in to see what became of the request."), code="link_used")


def mark(conn: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """The history of a move; where a link brought it, the link is used up, and what its person did says so.

    Raises:
        Conflict: the link was used before.
    """
    digest = _using.get()
    if digest is None:
        return list(entries)
    if _USE.run(conn, {"digest": digest, "at": clock.now()}) != 1:
        raise _used()
    return [replace(each, data={**each.data, "by_link": True}) if each.actor else each for each in entries]


@recurring("links.forget", timedelta(days=1))
def forget(conn: Connection, now: datetime) -> None:
    """Used links that hold no more anyway."""
    conn.execute(sa.delete(used_links).where(used_links.c.at < now - REMEMBERED))
