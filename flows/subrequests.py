"""Requests that another one asked for and waits for: who waits, how far they nest, and news of their end."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..forms.records import Record
from ..platform import background
from ..platform.text import msg
from .actions import ActionFailed
from .models import runs, subrequests

ENDED = "flow.subrequest"
RECALL = "flow.recall"
DEEPEST = 5
"""Requests that ask for requests end: so many of them stand below the first."""

_LINK = sa.select(subrequests).where(subrequests.c.record_id == sa.bindparam("record"))
_PARENT = (
    sa.select(runs.c.record_id)
    .join(subrequests, subrequests.c.run_id == runs.c.id)
    .where(subrequests.c.record_id == sa.bindparam("record"))
)
_INSERT = sa.insert(subrequests)
_WAIT_NO_MORE = (
    sa.update(subrequests)
    .where(subrequests.c.record_id == sa.bindparam("record"), subrequests.c.waits)
    .values(waits=False)
)


@dataclass(frozen=True, slots=True)
class Link:
    """``record`` was asked for by the call ``name`` of a step of ``run``; ``waits``: its end is still waited for."""

    record: int
    run: int
    step: str
    name: str
    waits: bool


def link_of(conn: Connection, record_id: int) -> Link | None:
    """Who asked for a record, ``None`` if nobody did."""
    found = conn.execute(_LINK, {"record": record_id}).first()
    return Link(*found) if found is not None else None


def keep(conn: Connection, link: Link) -> None:
    """From now on the end of the record is waited for."""
    conn.execute(
        _INSERT,
        {"record_id": link.record, "run_id": link.run, "step": link.step, "name": link.name, "waits": link.waits},
    )


def wait_no_more(conn: Connection, record_id: int) -> bool:
    """Nobody waits for the record any more; whether somebody did."""
    return conn.execute(_WAIT_NO_MORE, {"record": record_id}).rowcount == 1


def ended(conn: Connection, record_id: int) -> None:
    """The record came to its end: tell who waits for it, after this transaction, as their run is another."""
    link = link_of(conn, record_id)
    if link is not None and link.waits:
        background.enqueue(conn, ENDED, {"record": record_id}, key=f"subrequest:{record_id}")


def recall(conn: Connection, record_id: int) -> None:
    """The record is needed no more: withdraw it, after this transaction."""
    wait_no_more(conn, record_id)
    background.enqueue(conn, RECALL, {"record": record_id}, key=f"recall:{record_id}")


def require_shallow(conn: Connection, record: Record) -> None:
    """Stop requests that would ask for requests without end.

    Raises:
        ActionFailed: for good; they nest too deep.
    """
    depth = 0
    above: int | None = record.id
    while above is not None:
        above = conn.execute(_PARENT, {"record": above}).scalar()
        depth += 1
        if depth > DEEPEST:
            raise ActionFailed(
                msg("Requests that wait for requests nest at most %(most)s deep. Change the flow.", most=DEEPEST),
                final=True,
            )
