"""The worker: fires due timers and runs due jobs, sleeps until the next is due, and is woken by commits.

APScheduler is the clock, in memory: what is due stands in the database, so any number of workers can share it.
Where procrastinate finds the jobs, this looks for those that it did not: from before the switch, or lost on the way.
"""

import atexit
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from . import background, bells, claiming, clock, performing, timers
from .background import THREADS, Lane
from .db import reading
from .errors import Unavailable

if TYPE_CHECKING:
    from .distributed import Carrier

POLL = timedelta(seconds=2)
"""How long a worker sleeps at most: what other processes enqueue is found by looking."""

LISTENING = timedelta(seconds=20)
"""How long at most while the database tells of what other processes enqueue (:mod:`.bells`)."""

REST = timedelta(milliseconds=25)
"""How long a worker rests between two looks, so that what many commits bring is done together."""

LEFT_TO_OTHERS = timedelta(minutes=1)
"""How long after its time a job is looked for that procrastinate should have found."""

CLAIMED_EACH = 16
"""Jobs claimed at a time for each thread: enough to keep it busy, few enough to share with other workers."""

CLAIMED_TIMERS = 500

log = structlog.get_logger(__name__)

_LANES = tuple(Lane)
_NEXT_DUE = sa.select(
    timers.NEXT_DUE.scalar_subquery().label("timer"),
    *(claiming.next_due_in(lane).scalar_subquery().label(lane) for lane in _LANES),
)

Due = Mapping[Lane, datetime]
"""When the next job of each lane is due; lanes without one are left out."""


def next_due(now: datetime) -> tuple[datetime | None, Due]:
    """When the next timer and the next job of each lane are due, of those that nobody has claimed; one query."""
    with reading() as conn:
        timer, *jobs = conn.execute(_NEXT_DUE, {"now": now}).one()
    return timer, {lane: at for lane, at in zip(_LANES, jobs, strict=True) if at is not None}


def run_due(app: Flask, now: datetime | None = None) -> int:
    """Fire and run everything that is due at ``now``, and what that makes due, in this thread; how many there were."""
    done = 0
    with background.work_context(app):
        while True:
            at = now or clock.now()
            fired = timers.work(CLAIMED_TIMERS, at)
            jobs = claiming.claim(CLAIMED_EACH * THREADS[Lane.INSIDE], at)
            if not fired and not jobs:
                return done
            for batch in performing.batches(jobs):
                performing.perform_all(batch)
            done += fired + len(jobs)


class _Alarm(BackgroundScheduler):  # type: ignore[misc]
    """APScheduler goes by the clock on the wall; a look further ahead than any planned tells that it was set back."""

    def _process_jobs(self) -> float:
        now = datetime.now(UTC)
        for job in self.get_jobs():
            if job.next_run_time - now > 2 * LISTENING:
                job.modify(next_run_time=now)
        wait_seconds = super()._process_jobs()
        longest = POLL.total_seconds()
        return longest if wait_seconds is None else min(wait_seconds, longest)


class Worker:
    """Does an application's background work in threads of this process, from ``start`` to ``stop``."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._clock = _Alarm(timezone="UTC", job_defaults={"misfire_grace_time": None, "max_instances": 3})
        self._pools = {
            lane: ThreadPoolExecutor(threads, thread_name_prefix=f"signoff-{lane}") for lane, threads in THREADS.items()
        }
        self._stopping = threading.Event()
        self._forgetting = performing.Forgetting()
        self._jobs: dict[Lane, dict[int, background.Job]] = {lane: {} for lane in Lane}  # claimed and not yet done
        self._extended_at = clock.now()
        self._ticking = False
        self._again = False
        self._run_at: datetime | None = None  # of the next look, by the clock that APScheduler goes by
        self._rested_at = datetime.now(UTC)
        self._has_chores = False
        self._full: set[Lane] = set()
        self._carrier: Carrier | None = None
        self._bells: bells.Listener | None = None

    def start(self) -> None:
        """Begin; needs migrated tables, but waits for a database that is away."""
        self._app.extensions["signoff_worker"] = self
        atexit.register(self.stop)
        # A web server's process is a multiprocessing child, which ends without atexit.
        Finalize(self, self.stop, exitpriority=100)
        self._clock.start()
        self._bells = bells.listen(self._app, bells.DUE, self._heard)
        self._carrier = _carrier_of(self._app)
        self.wake(clock.now())
        log.info("worker started")

    def stop(self) -> None:
        """End after what is being done; what was only claimed is given back."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._app.extensions.pop("signoff_worker", None)
        if self._bells is not None:
            self._bells.close()
        self._clock.shutdown(wait=True)
        if self._carrier is not None:
            self._carrier.stop()
        for pool in self._pools.values():
            pool.shutdown(wait=True)
        log.info("worker stopped")

    def wake(self, due_at: datetime) -> None:
        """Look at the tables at ``due_at``, or before."""
        if self._run_at is not None and self._run_at <= _alarm_at(due_at):
            return
        with self._lock:
            if self._ticking:
                self._again = True
            else:
                self._plan(due_at)

    def _heard(self, text: str) -> None:
        self.wake(datetime.fromisoformat(text) if text else clock.now())

    def _plan(self, due_at: datetime) -> None:
        now = datetime.now(UTC)
        at = min(_alarm_at(due_at), now + self._longest())
        if self._rested_at - now <= REST:  # else the clock was set back
            at = max(at, self._rested_at)
        if self._stopping.is_set() or (self._run_at is not None and self._run_at <= at):
            return
        self._run_at = at
        self._clock.add_job(self._tick, "date", run_date=at, id="tick", replace_existing=True)

    def _tick(self) -> None:
        """One look: everything due is done or handed to threads; then plan the next."""
        with self._lock:
            if self._ticking:
                self._again = True
                return
            self._ticking, self._again, self._run_at = True, False, None
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
                self._rested_at = datetime.now(UTC) + REST
                self._plan(clock.now() if self._again else at or clock.now() + POLL)

    def _work(self) -> datetime | None:
        """Do a batch of what is due; the time at which to look again, ``None`` for at once."""
        if not self._has_chores:
            timers.start_chores()
            self._has_chores = True
        now = clock.now()
        self._extend(now)
        before = now - (LEFT_TO_OTHERS if background.is_carried() else timedelta(0))
        timer, jobs = next_due(now)
        room = self._room()
        done = True
        for lane in [lane for lane, at in jobs.items() if at <= before and room[lane] > 0]:
            claimed = claiming.claim(room[lane], now, lane=lane, due=before)
            self._hand_out(lane, claimed)
            done = done and len(claimed) < room[lane]
        if timer is not None and timer <= now:
            claimed_timers = timers.work(CLAIMED_TIMERS, now, stopping=self._stopping.is_set)
            done = done and claimed_timers < CLAIMED_TIMERS
        if not done:
            return None
        awaited = [at + (now - before) for lane, at in jobs.items() if room[lane] > 0]
        return min([*awaited, *([timer] if timer is not None else []), now + self._longest()])

    def _longest(self) -> timedelta:
        return LISTENING if self._bells is not None and self._bells.is_listening else POLL

    def _room(self) -> dict[Lane, int]:
        """How many more jobs to claim; while a lane has no room, the thread that ends a job of it wakes us."""
        with self._lock:
            room = {lane: CLAIMED_EACH * THREADS[lane] - len(jobs) for lane, jobs in self._jobs.items()}
            self._full = {lane for lane, left in room.items() if left == 0}
            return room

    def _extend(self, now: datetime) -> None:
        """Keep the jobs of long handlers ours, whichever way the clock was moved."""
        if abs(now - self._extended_at) < claiming.LEASE / 3:
            return
        self._extended_at = now
        with self._lock:
            jobs = [job for lane in self._jobs.values() for job in lane.values()]
        if jobs:
            claiming.extend(jobs, now)

    def _hand_out(self, lane: Lane, jobs: list[background.Job]) -> None:
        with self._lock:
            self._jobs[lane].update((job.id, job) for job in jobs)
        for batch in performing.batches(jobs):
            self._pools[lane].submit(self._perform, lane, batch)

    def _perform(self, lane: Lane, batch: list[background.Job]) -> None:
        try:
            with background.work_context(self._app):
                if self._stopping.is_set():
                    for job in batch:
                        performing.release(job)
                else:
                    performing.perform_all(batch, done=self._forgetting)
        finally:
            with self._lock:
                for job in batch:
                    self._jobs[lane].pop(job.id, None)
                awaited = lane in self._full
            if awaited:
                self.wake(clock.now())


def _alarm_at(due_at: datetime) -> datetime:
    """``due_at`` of the product's clock by the clock that APScheduler goes by: a test moves the one alone."""
    return datetime.now(UTC) + (due_at - clock.now())


def _carrier_of(app: Flask) -> "Carrier | None":
    """The workers of procrastinate, where the configuration asks for them."""
    with app.app_context():
        if not background.is_carried():
            return None
    from .distributed import Carrier

    found = Carrier(app)
    found.start()
    return found
