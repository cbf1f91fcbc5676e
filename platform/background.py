"""Work after the commit: ``enqueue`` a job inside a transaction, and its ``handler`` runs it later, at least once.

A job is a row of the outbox. A worker claims it until a time (a lease); when the worker dies, another takes it after
that. A handler that calls :meth:`Job.finish` inside its own transaction has its effect in the database
exactly once.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from flask import Flask, current_app
from sqlalchemy.engine import Connection

from . import clock, counters
from .db import Json, Utc, after_commit, reading, transaction
from .errors import Conflict, NotFound
from .models import outbox
from .statements import Statement
from .text import msg

LEASE = timedelta(seconds=30)
"""How long after the last sign of life of a worker another takes its jobs; a living worker extends it."""

MAX_ATTEMPTS = 24
"""After so many failures, about fourteen hours, a job is a dead letter."""

log = structlog.get_logger(__name__)


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
        gone = conn.execute(_DELETE, {"job_id": self.id, "claim": self.attempts})
        if gone.rowcount != 1:
            raise Conflict(
                msg("Job %(id)s of kind %(kind)s is in the hands of another worker.", id=self.id, kind=self.kind)
            )
        self.finished = True


Handler = Callable[[Job], None]
_handlers: dict[str, Handler] = {}


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``; it runs in a :func:`work_context`, outside transactions."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
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
    """Tell this process's worker, if it has one, that something new is due; other processes find it by themselves."""
    worker: Wakeable | None = current_app.extensions.get("signoff_worker")
    if worker is not None:
        after_commit(lambda: worker.wake(due_at))


_INSERT = Statement(
    sa.text(
        "INSERT INTO signoff_outbox (key, kind, payload, due_at, created_at, attempts) "
        "VALUES (:key, :kind, :payload, :due_at, :created_at, 0) ON CONFLICT (key) DO NOTHING"
    ).bindparams(
        sa.bindparam("payload", type_=Json()),
        sa.bindparam("due_at", type_=Utc()),
        sa.bindparam("created_at", type_=Utc()),
    )
)
# Every claim counts an attempt, so the number tells our claim from a later one.
_OURS = sa.and_(
    outbox.c.id == sa.bindparam("job_id"),
    outbox.c.attempts == sa.bindparam("claim"),
    outbox.c.claimed_until.is_not(None),
)
_DELETE = sa.delete(outbox).where(_OURS)


def enqueue(
    conn: Connection,
    kind: str,
    payload: Mapping[str, Any],
    *,
    key: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Have ``kind``'s handler called with ``payload`` once this transaction is committed, or at ``due_at``.

    While a job of the same ``key`` waits, nothing happens.
    """
    now = clock.now()
    due_at = due_at or now
    _INSERT.later(conn, {"key": key, "kind": kind, "payload": payload, "due_at": due_at, "created_at": now})
    wake_after_commit(due_at)


def _free(now: sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return sa.or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now)


_NOW = sa.bindparam("now", type_=Utc())
_DUE = (
    sa.select(outbox.c.id)
    .where(outbox.c.due_at <= _NOW, outbox.c.dead_at.is_(None), _free(_NOW))
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    sa.update(outbox)
    .where(outbox.c.id.in_(_DUE))
    .values(claimed_until=sa.bindparam("until", type_=Utc()), attempts=outbox.c.attempts + 1)
    .returning(outbox.c.id, outbox.c.key, outbox.c.kind, outbox.c.payload, outbox.c.attempts)
)
_EXTEND = sa.update(outbox).where(_OURS).values(claimed_until=sa.bindparam("until", type_=Utc()))
NEXT_DUE = (
    sa.select(outbox.c.due_at)
    .where(outbox.c.dead_at.is_(None), _free(_NOW))
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(1)
)


def claim(most: int, now: datetime) -> list[Job]:
    """Up to ``most`` due jobs, now ours until the lease ends; two workers never get the same."""
    with transaction() as conn:
        rows = conn.execute(_CLAIM, {"most": most, "now": now, "until": now + LEASE}).all()
    return [Job(row.id, row.key, row.kind, row.payload, row.attempts) for row in sorted(rows, key=_by_id)]


def extend(jobs: Iterable[Job], now: datetime) -> None:
    """A sign of life: these jobs of ours are still being worked on."""
    with transaction() as conn:
        for job in jobs:
            conn.execute(_EXTEND, {"job_id": job.id, "claim": job.attempts, "until": now + LEASE})


def _by_id(row: sa.Row[Any]) -> int:
    number: int = row.id
    return number


def perform(job: Job, *, done: Callable[[Job], None] | None = None) -> None:
    """Run a claimed job's handler and settle the row: gone, due again, or dead. Raises nothing.

    ``done`` is given the job that is to be forgotten, so that many can be forgotten together; else it is at once.
    """
    try:
        run = _handlers.get(job.kind)
        if run is None:
            raise Retry(timedelta(minutes=10), f"no handler for {job.kind!r}; is its plugin installed?")
        run(job)
        if not job.finished:
            (done or _finish)(job)
        counters.JOBS.labels(job.kind, "done").inc()
    except Exception as error:
        _failed(job, error)


def _finish(job: Job) -> None:
    with transaction() as conn:
        job.finish(conn)


class Forgetting:
    """Forgets jobs that are done, many in one transaction: whoever comes while one commits is taken along by the next.

    A process that dies before has its jobs done again, as it would have if it had died a moment before.
    """

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._turn = threading.Lock()

    def __call__(self, job: Job) -> None:
        self._waiting.append(job)
        while self._waiting and self._turn.acquire(blocking=False):
            try:
                self._forget()
            finally:
                self._turn.release()

    def _forget(self) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not batch:
            return
        try:
            with transaction() as conn:
                for job in batch:
                    conn.execute(_DELETE, {"job_id": job.id, "claim": job.attempts})
        except Exception:
            log.exception("jobs that are done could not be forgotten; they are done again", count=len(batch))


def release(job: Job) -> None:
    """Give a claimed job back unworked, when the worker stops."""
    values = {"claimed_until": None, "attempts": job.attempts - 1}
    _settle(job, values)


def _failed(job: Job, error: Exception) -> None:
    dead = isinstance(error, GiveUp) or job.attempts >= MAX_ATTEMPTS
    now = clock.now()
    after = error.after if isinstance(error, Retry) else backoff(job.attempts)
    values = {"claimed_until": None, "last_error": describe(error), "due_at": now + after}
    counters.JOBS.labels(job.kind, "dead" if dead else "failed").inc()
    log.warning(
        "job failed",
        kind=job.kind,
        key=job.key,
        attempts=job.attempts,
        dead=dead,
        error=describe(error),
        exc_info=None if isinstance(error, Retry | GiveUp) else error,
    )
    _settle(job, values | ({"dead_at": now} if dead else {}))


def _settle(job: Job, values: Mapping[str, Any]) -> None:
    """Write how it went; if even that fails, the lease will end by itself."""
    try:
        with transaction() as conn:
            conn.execute(sa.update(outbox).where(_OURS).values(values), {"job_id": job.id, "claim": job.attempts})
    except Exception:
        log.exception("job could not be settled", kind=job.kind, key=job.key)


def backoff(attempts: int) -> timedelta:
    """Five seconds, doubled with every failure, up to an hour."""
    return min(timedelta(hours=1), timedelta(seconds=5 * 2 ** min(attempts - 1, 20)))


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was given up, with the last reason."""

    id: int
    key: str | None
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    created_at: datetime
    dead_at: datetime
    last_error: str


def dead_letters(
    *, before: int | None = None, limit: int = 50, where: sa.ColumnElement[bool] | None = None
) -> list[DeadLetter]:
    """Those given up, the newest first; ``before`` is the id that the page before ended with."""
    columns = [outbox.c[name] for name in DeadLetter.__dataclass_fields__]
    statement = sa.select(*columns).where(outbox.c.dead_at.is_not(None)).order_by(outbox.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(outbox.c.id < before)
    if where is not None:
        statement = statement.where(where)
    with reading() as conn:
        return [DeadLetter(*row) for row in conn.execute(statement)]


def send_again(job_id: int) -> None:
    """Bring a dead letter back to life, due now, with all its attempts.

    Raises:
        NotFound: there is no such dead letter (any more).
    """
    now = clock.now()
    with transaction() as conn:
        changed = conn.execute(
            sa.update(outbox)
            .where(outbox.c.id == job_id, outbox.c.dead_at.is_not(None))
            .values(dead_at=None, claimed_until=None, attempts=0, due_at=now)
        )
        _found(changed.rowcount, job_id)
        wake_after_commit(now)


def discard(job_id: int) -> None:
    """Throw a dead letter away.

    Raises:
        NotFound: there is no such dead letter (any more).
    """
    with transaction() as conn:
        gone = conn.execute(sa.delete(outbox).where(outbox.c.id == job_id, outbox.c.dead_at.is_not(None)))
        _found(gone.rowcount, job_id)


def _found(count: int, job_id: int) -> None:
    if count != 1:
        raise NotFound(msg("No undelivered message %(id)s. It was sent or discarded meanwhile.", id=job_id))
