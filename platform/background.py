"""Work after the commit: ``enqueue`` a job inside a transaction, and its ``handler`` runs it later, at least once.

A job is a row of the outbox. A worker claims it until a time (a lease); when the worker dies, another takes it after
that. A handler that calls :meth:`Job.finish` inside its own transaction has its effect in the database
exactly once.

Jobs stand in lanes, each with threads of its own, so that a receiver that is slow holds up nobody else. Who finds them
is a setting: workers that look along the table, or procrastinate (:mod:`.distributed`), whose jobs name rows of it.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from flask import Flask, current_app
from sqlalchemy.engine import Connection

from . import bells, clock, config, counters, db, statements
from .db import Json, Utc, reading, transaction
from .errors import Conflict, NotFound
from .models import outbox
from .statements import Statement
from .text import msg

LEASE = timedelta(seconds=30)
"""How long after the last sign of life of a worker another takes its jobs; a living worker extends it."""

MAX_ATTEMPTS = 24
"""After so many failures, about fourteen hours, a job is a dead letter."""

log = structlog.get_logger(__name__)


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
        _DELETE.later(conn, {"job_id": self.id, "claim": self.attempts}, self._require_ours)
        self.finished = True

    def _require_ours(self, count: int) -> None:
        if count != 1:
            raise Conflict(
                msg("Job %(id)s of kind %(kind)s is in the hands of another worker.", id=self.id, kind=self.kind)
            )


Handler = Callable[[Job], None]
Together = Callable[[Sequence[Job]], None]
_handlers: dict[str, Handler] = {}
_together: dict[str, Together] = {}


def handler(kind: str, *, together: Together | None = None) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``; it runs in a :func:`work_context`, outside transactions.

    ``together`` does and finishes many of them in one transaction; if it raises, each is done alone.
    """

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        if together is not None:
            _together[kind] = together
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


_CARRY = sa.text(f"{_CARRIED} FROM signoff_outbox WHERE id = :job_id")


def is_carried() -> bool:
    """Whether procrastinate finds the jobs of this installation."""
    return config.current().jobs == PROCRASTINATE


# Every claim counts an attempt, so the number tells our claim from a later one.
_OURS = sa.and_(
    outbox.c.id == sa.bindparam("job_id"),
    outbox.c.attempts == sa.bindparam("claim"),
    outbox.c.claimed_until.is_not(None),
)
_DELETE = Statement(sa.delete(outbox).where(_OURS))


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


def _free(now: sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return sa.or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now)


_NOW = sa.bindparam("now", type_=Utc())


def _claim(*which: sa.ColumnElement[bool]) -> sa.Update:
    due = (
        sa.select(outbox.c.id)
        .where(*which, outbox.c.due_at <= _NOW, outbox.c.dead_at.is_(None), _free(_NOW))
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(sa.bindparam("most"))
        .with_for_update(skip_locked=True)
    )
    return (
        sa.update(outbox)
        .where(outbox.c.id.in_(due))
        .values(claimed_until=sa.bindparam("until", type_=Utc()), attempts=outbox.c.attempts + 1)
        .returning(outbox.c.id, outbox.c.key, outbox.c.kind, outbox.c.payload, outbox.c.attempts)
    )


_CLAIM = _claim()
_CLAIM_LANE = _claim(outbox.c.lane == sa.bindparam("in_lane"))
_CLAIM_ONE = _claim(outbox.c.id == sa.bindparam("job_id"))
_EXTEND = sa.update(outbox).where(_OURS).values(claimed_until=sa.bindparam("until", type_=Utc()))


def next_due_in(lane: Lane) -> sa.Select[tuple[datetime]]:
    """When the next job of ``lane`` is due that nobody has claimed, with ``now`` to be bound."""
    return (
        sa.select(outbox.c.due_at)
        .where(outbox.c.lane == sa.literal_column(f"'{lane}'"), outbox.c.dead_at.is_(None), _free(_NOW))
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(1)
    )


def claim(most: int, now: datetime, *, lane: Lane | None = None, due: datetime | None = None) -> list[Job]:
    """Up to ``most`` jobs of a lane (``None``: of any) that were ``due`` by then (``None``: now).

    They are ours until the lease ends; two workers never get the same.
    """
    values: dict[str, Any] = {"most": most, "now": due or now, "until": now + LEASE}
    with transaction() as conn:
        if lane is None:
            rows = conn.execute(_CLAIM, values).all()
        else:
            rows = conn.execute(_CLAIM_LANE, {**values, "in_lane": lane}).all()
    return [Job(row.id, row.key, row.kind, row.payload, row.attempts) for row in sorted(rows, key=_by_id)]


def claim_one(job_id: int, now: datetime) -> Job | None:
    """The job of that id; ``None`` if it is done, dead, not due, or in somebody's hands."""
    with transaction() as conn:
        row = conn.execute(_CLAIM_ONE, {"job_id": job_id, "most": 1, "now": now, "until": now + LEASE}).first()
    return Job(row.id, row.key, row.kind, row.payload, row.attempts) if row is not None else None


def again_at(job_id: int) -> datetime | None:
    """When a job is to be looked at again: it is due, or whoever has it lost it; ``None`` if it is gone or given up."""
    statement = sa.select(outbox.c.due_at, outbox.c.claimed_until).where(
        outbox.c.id == job_id, outbox.c.dead_at.is_(None)
    )
    with reading() as conn:
        row = conn.execute(statement).first()
    return max(filter(None, row)) if row is not None else None


def extend(jobs: Iterable[Job], now: datetime) -> None:
    """A sign of life: these jobs of ours are still being worked on."""
    with transaction() as conn:
        for job in jobs:
            conn.execute(_EXTEND, {"job_id": job.id, "claim": job.attempts, "until": now + LEASE})


def _by_id(row: sa.Row[Any]) -> int:
    number: int = row.id
    return number


def batches(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs as they are to be done: those of a kind that is done together stand together."""
    found: list[list[Job]] = []
    kinds: dict[str, list[Job]] = {}
    for job in jobs:
        if job.kind not in _together:
            found.append([job])
        elif job.kind in kinds:
            kinds[job.kind].append(job)
        else:
            found.append(kinds.setdefault(job.kind, [job]))
    return found


def perform_all(jobs: Sequence[Job], *, done: Callable[[Job], None] | None = None) -> None:
    """Run one of the :func:`batches`, like :func:`perform`."""
    if len(jobs) > 1 and _performed_together(jobs):
        return
    for job in jobs:
        perform(job, done=done)


def _performed_together(jobs: Sequence[Job]) -> bool:
    kind = jobs[0].kind
    try:
        _together[kind](jobs)
    except Exception as error:
        log.info("jobs could not be done together", kind=kind, count=len(jobs), error=describe(error))
        for job in jobs:
            job.finished = False
        return False
    counters.JOBS.labels(kind, "done").inc(len(jobs))
    return True


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
                    _DELETE.later(conn, {"job_id": job.id, "claim": job.attempts})
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
        if is_carried():
            conn.execute(_CARRY, {"job_id": job_id})
        else:
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
