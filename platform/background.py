"""Work after the commit: ``enqueue`` a job inside a transaction, and its ``handler`` runs it later, at least once.

A job is a row of the outbox. A worker claims it until a time (a lease); when the worker dies, another takes it after
that. A handler that calls :meth:`Job.finish` inside its own transaction has its effect in the database
exactly once.

Jobs stand in lanes, each with threads of its own, so that a receiver that is slow holds up nobody else. Who finds them
is a setting: workers that look along the table, or procrastinate (:mod:`.distributed`), whose jobs name rows of it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.engine import Connection

from . import bells, clock, config, db, statements
from .db import Json, Utc
from .errors import Conflict
from .models import outbox
from .statements import Statement
from .text import msg


class Lane(StrEnum):
    """Jobs that may wait for each other: those of this database, mails, chats, and calls to other systems."""

    INSIDE = "inside"
    MAIL = "mail"
    CHAT = "chat"
    OUTSIDE = "outside"


THREADS: Mapping[Lane, int] = {Lane.INSIDE: 4, Lane.MAIL: 2, Lane.CHAT: 2, Lane.OUTSIDE: 4}
"""How many jobs of a lane a worker does at a time."""

PROCRASTINATE = "procrastinate"


class Retry(Exception):
    """A handler asks to be called again ``after`` a time."""

    def __init__(self, after: timedelta, reason: str) -> None:
        super().__init__(reason)
        self.after = after


class GiveUp(Exception):
    """A handler says that calling it again is useless: the job becomes a dead letter at once."""


@dataclass(slots=True)
class Job:
    """A claimed job. ``attempts`` counts this one, from 1; ``key`` is stable over all of them."""

    id: int
    key: str | None
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    finished: bool = False

    def finish(self, conn: Connection) -> None:
        """Delete the job inside the handler's transaction, so that effect and end commit together.

        Raises:
            Conflict: the lease ran out and another worker has the job; let the transaction fail.
        """
        DELETE.later(conn, {"job_id": self.id, "claim": self.attempts}, self._require_ours)
        self.finished = True

    def _require_ours(self, count: int) -> None:
        if count != 1:
            raise Conflict(
                msg("Job %(id)s of kind %(kind)s is in the hands of another worker.", id=self.id, kind=self.kind)
            )


Handler = Callable[[Job], None]
Together = Callable[[Sequence[Job]], None]
handlers: dict[str, Handler] = {}
together_handlers: dict[str, Together] = {}


def handler(kind: str, *, together: Together | None = None) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``; it runs in a :func:`work_context`, outside transactions.

    ``together`` does and finishes many of them in one transaction; if it raises, each is done alone.
    """

    def register(function: Handler) -> Handler:
        handlers[kind] = function
        if together is not None:
            together_handlers[kind] = together
        return function

    return register


def work_context(app: Flask) -> AbstractContextManager[object]:
    """Where work runs that no request asked for: nobody is signed in, ``url_for`` gives paths below ``base_url``."""
    return app.test_request_context(base_url=app.extensions["signoff"].config.base_url)


class Wakeable(Protocol):
    """A worker of this process, in ``app.extensions["signoff_worker"]``."""

    def wake(self, due_at: datetime) -> None:
        """Look at the tables at ``due_at`` at the latest."""


def wake_after_commit(due_at: datetime) -> None:
    """Tell the workers that something new is due: this process's own, and on PostgreSQL those of others.

    They are told once of all that a transaction makes due: when the first of it is.
    """
    memory = db.memory() if db.in_transaction() else None
    if memory is None:
        _wake(due_at)
    elif _FIRST_DUE in memory:
        memory[_FIRST_DUE][0] = min(memory[_FIRST_DUE][0], due_at)
    else:
        first = memory[_FIRST_DUE] = [due_at]
        db.after_commit(lambda: _wake(first[0]))


_FIRST_DUE = "signoff_first_due"


def _wake(due_at: datetime) -> None:
    worker: Wakeable | None = current_app.extensions.get("signoff_worker")
    if worker is not None:
        worker.wake(due_at)
    bells.ring_due(due_at)


_ROW = (
    "INSERT INTO signoff_outbox (key, kind, payload, due_at, created_at, attempts, lane) "
    "VALUES (:key, :kind, :payload, :due_at, :created_at, 0, :lane) ON CONFLICT (key) DO "
)
# The very function that procrastinate enqueues with; one statement, so that it travels with the transaction's others.
_CARRIED = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('signoff.' || lane, 'signoff.job', 0, NULL, NULL, "
    "jsonb_build_object('job', id), CASE WHEN due_at > created_at THEN due_at END)::procrastinate_job_to_defer_v1])"
)
NOTHING = "NOTHING"
REVIVE = "UPDATE SET dead_at = NULL"


_COLUMNS = ("key", "kind", "payload", "due_at", "created_at", "attempts", "lane")
_ADD = statements.rows(outbox, *_COLUMNS, skip_existing=True)


@cache
def _insert(conflict: str, carried: bool) -> Statement:
    """A new row; where its key waits already, ``conflict`` says what happens."""
    sql = _ROW + conflict
    if carried:
        sql = f"WITH added AS ({sql} RETURNING id, lane, due_at, created_at) {_CARRIED} FROM added"
    return Statement(
        sa.text(sql).bindparams(
            sa.bindparam("payload", type_=Json()),
            sa.bindparam("due_at", type_=Utc()),
            sa.bindparam("created_at", type_=Utc()),
        ),
        row=None if carried else ("job", "key"),
    )


CARRY = sa.text(f"{_CARRIED} FROM signoff_outbox WHERE id = :job_id")


def is_carried() -> bool:
    """Whether procrastinate finds the jobs of this installation."""
    return config.current().jobs == PROCRASTINATE


# Every claim counts an attempt, so the number tells our claim from a later one.
OURS = sa.and_(
    outbox.c.id == sa.bindparam("job_id"),
    outbox.c.attempts == sa.bindparam("claim"),
    outbox.c.claimed_until.is_not(None),
)
_CLAIMS = statements.lists_of(outbox, [], job_id="BIGINT", claim="INTEGER")
DELETE = Statement(
    sa.delete(outbox).where(OURS),
    row=("job", "job_id"),
    many=f"DELETE FROM signoff_outbox AS kept USING {_CLAIMS} "  # noqa: S608 - nothing from outside
    "WHERE kept.id = new.job_id AND kept.attempts = new.claim AND kept.claimed_until IS NOT NULL",
)
"""Forgets a job that is ours."""


def enqueue(
    conn: Connection,
    kind: str,
    payload: Mapping[str, Any],
    *,
    key: str | None = None,
    due_at: datetime | None = None,
    lane: Lane = Lane.INSIDE,
    conflict: str = NOTHING,
) -> None:
    """Have ``kind``'s handler called with ``payload`` once this transaction is committed, or at ``due_at``.

    While a job of the same ``key`` waits, nothing happens; with :data:`REVIVE`, that row is locked and lives again.
    """
    now = clock.now()
    due_at = due_at or now
    row = {"key": key, "kind": kind, "payload": payload, "due_at": due_at, "created_at": now, "lane": lane}
    carried = is_carried()
    if carried or conflict != NOTHING:
        _insert(conflict, carried).later(conn, row)
    else:
        _ADD.later(conn, {**row, "attempts": 0})
    if not carried:  # procrastinate wakes its workers itself
        wake_after_commit(due_at)


def backoff(attempts: int) -> timedelta:
    """Five seconds, doubled with every failure, up to an hour."""
    return min(timedelta(hours=1), timedelta(seconds=5 * 2 ** min(attempts - 1, 20)))


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]
