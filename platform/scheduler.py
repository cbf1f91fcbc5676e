"""The worker: fires due timers and runs due jobs, sleeps until the next is due, and is woken by commits.

APScheduler is the clock, in memory: what is due stands in the database, so any number of workers can share it.
"""

import atexit
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing.util import Finalize

import sqlalchemy as sa
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from . import background, clock, timers
from .db import reading
from .errors import Unavailable

POLL = timedelta(seconds=2)
"""How long a worker sleeps at most: what other processes enqueue is found by looking."""

THREADS = 4
CLAIMED_JOBS = 16 * THREADS
"""Jobs claimed at a time: enough to keep the threads busy, few enough to share with other workers."""

CLAIMED_TIMERS = 500

log = structlog.get_logger(__name__)

_NEXT_DUE = sa.select(
    timers.NEXT_DUE.scalar_subquery().label("timer"), background.NEXT_DUE.scalar_subquery().label("job")
)


def next_due(now: datetime) -> tuple[datetime | None, datetime | None]:
    """When the next timer and the next job are due, of those that nobody has claimed; one query."""
    with reading() as conn:
        timer, job = conn.execute(_NEXT_DUE, {"now": now}).one()
    return timer, job


def run_due(app: Flask, now: datetime | None = None) -> int:
    """Fire and run everything that is due at ``now``, and what that makes due, in this thread; how many there were."""
    done = 0
    with background.work_context(app):
        while True:
            at = now or clock.now()
            claimed = timers.claim(CLAIMED_TIMERS, at)
            jobs = background.claim(CLAIMED_JOBS, at)
            if not claimed.timers and not jobs:
                return done
            timers.fire(claimed)
            for job in jobs:
                background.perform(job)
            done += len(claimed.timers) + len(jobs)


class Worker:
    """Does an application's background work in threads of this process, from ``start`` to ``stop``."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._clock = BackgroundScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "max_instances": 3})
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="signoff-job")
        self._stopping = threading.Event()
        self._forgetting = background.Forgetting()
        self._jobs: dict[int, background.Job] = {}  # claimed and not yet done
        self._extended_at = clock.now()
        self._ticking = False
        self._again = False
        self._next_at: datetime | None = None
        self._has_chores = False
        self._is_full = False

    def start(self) -> None:
        """Begin; needs migrated tables, but waits for a database that is away."""
        self._app.extensions["signoff_worker"] = self
        atexit.register(self.stop)
        # A web server's process is a multiprocessing child, which ends without atexit.
        Finalize(self, self.stop, exitpriority=100)
        self._clock.start()
        self.wake(clock.now())
        log.info("worker started")

    def stop(self) -> None:
        """End after what is being done; what was only claimed is given back."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._app.extensions.pop("signoff_worker", None)
        self._clock.shutdown(wait=True)
        self._pool.shutdown(wait=True)
        log.info("worker stopped")

    def wake(self, due_at: datetime) -> None:
        """Look at the tables at ``due_at``, or before."""
        if self._next_at is not None and self._next_at <= due_at:
            return
        with self._lock:
            if self._ticking:
                self._again = True
            else:
                self._plan(due_at)

    def _plan(self, at: datetime) -> None:
        if self._stopping.is_set() or (self._next_at is not None and self._next_at <= at):
            return
        self._next_at = at
        self._clock.add_job(self._tick, "date", run_date=at, id="tick", replace_existing=True)

    def _tick(self) -> None:
        """One look: everything due is done or handed to threads; then plan the next."""
        with self._lock:
            if self._ticking:
                self._again = True
                return
            self._ticking, self._again, self._next_at = True, False, None
        at = None
        try:
            while at is None and not self._stopping.is_set():
                with background.work_context(self._app):  # anew each time, so that nothing remembered grows old
                    at = self._work()
        except Unavailable as error:
            log.warning("worker waits for the database", reason=error.message)
        except Exception:
            log.exception("worker could not look for work")
        finally:
            with self._lock:
                self._ticking = False
                self._plan(clock.now() if self._again else at or clock.now() + POLL)

    def _work(self) -> datetime | None:
        """Do a batch of what is due; the time at which to look again, ``None`` for at once."""
        if not self._has_chores:
            timers.start_chores()
            self._has_chores = True
        now = clock.now()
        timer, job = next_due(now)
        self._extend(now)
        room = self._room()
        if job is not None and job <= now and room > 0:
            self._hand_out(background.claim(room, now))
            return None
        if timer is not None and timer <= now:
            timers.fire(timers.claim(CLAIMED_TIMERS, now), stopping=self._stopping.is_set)
            return None
        awaited = [each for each in (timer, job if room > 0 else None) if each is not None]
        return min([*awaited, now + POLL])

    def _room(self) -> int:
        """How many more jobs to claim; while there is no room, the thread that ends a job wakes us."""
        with self._lock:
            room = CLAIMED_JOBS - len(self._jobs)
            self._is_full = room == 0
            return room

    def _extend(self, now: datetime) -> None:
        """Keep the jobs of long handlers ours."""
        if now - self._extended_at < background.LEASE / 3:
            return
        self._extended_at = now
        with self._lock:
            jobs = list(self._jobs.values())
        if jobs:
            background.extend(jobs, now)

    def _hand_out(self, jobs: list[background.Job]) -> None:
        with self._lock:
            self._jobs.update((job.id, job) for job in jobs)
        for job in jobs:
            self._pool.submit(self._perform, job)

    def _perform(self, job: background.Job) -> None:
        try:
            with background.work_context(self._app):
                if self._stopping.is_set():
                    background.release(job)
                else:
                    background.perform(job, done=self._forgetting)
        finally:
            with self._lock:
                self._jobs.pop(job.id, None)
                awaited = self._is_full
            if awaited:
                self.wake(clock.now())
