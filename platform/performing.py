"""Claimed jobs are done, and settled: gone, due again, or given up."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from . import background, clock, counters
from .background import DELETE, OURS, GiveUp, Job, Retry, backoff, describe
from .db import transaction
from .models import outbox

MAX_ATTEMPTS = 24
"""After so many failures, about fourteen hours, a job is a dead letter."""

log = structlog.get_logger(__name__)


def batches(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs as they are to be done: those of a kind that is done together stand together."""
    found: list[list[Job]] = []
    kinds: dict[str, list[Job]] = {}
    for job in jobs:
        if job.kind not in background.together_handlers:
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
        background.together_handlers[kind](jobs)
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
        run = background.handlers.get(job.kind)
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
                    DELETE.later(conn, {"job_id": job.id, "claim": job.attempts})
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
            conn.execute(sa.update(outbox).where(OURS).values(values), {"job_id": job.id, "claim": job.attempts})
    except Exception:
        log.exception("job could not be settled", kind=job.kind, key=job.key)
