"""The worker in its threads: woken by commits, sharing with others, quiet when idle, gone without a trace."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection

from signoff.platform import background, claiming, clock, scheduler, timers
from signoff.platform.background import Job
from signoff.platform.db import reading, transaction
from signoff.platform.models import outbox
from signoff.platform.models import timers as table
from signoff.platform.scheduler import Worker
from signoff.platform.timers import Timer, set_timer

from ..conftest import Clock

PATIENCE = 20


class Done:
    """What was done, and a way to wait for it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._changed = threading.Condition()

    def add(self, name: str) -> None:
        with self._changed:
            self.names.append(name)
            self._changed.notify_all()

    def wait_for(self, count: int) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.names) >= count, PATIENCE), self.names
            return sorted(self.names)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Done:
    monkeypatch.setattr(background, "handlers", {})
    monkeypatch.setattr(timers, "_kinds", {})
    monkeypatch.setattr(timers, "_chores", {})
    found = Done()

    @background.handler("test")
    def run(job: Job) -> None:
        found.add(job.payload["name"])

    @timers.timer_handler("test")
    def fire(conn: Connection, timer: Timer) -> None:
        background.enqueue(conn, "test", {"name": timer.key})

    return found


@pytest.fixture
def worker(context: Flask, done: Done) -> Iterator[Worker]:
    found = Worker(context)
    found.start()
    yield found
    found.stop()


def test_a_commit_wakes_it(context: Flask, worker: Worker, done: Done) -> None:
    with transaction() as conn:
        for number in range(30):
            background.enqueue(conn, "test", {"name": f"{number:02d}"})
    assert done.wait_for(30) == [f"{number:02d}" for number in range(30)]


def test_timers_fire_and_what_they_enqueue_is_done(context: Flask, worker: Worker, done: Done) -> None:
    with transaction() as conn:
        set_timer(conn, "soon", "test", clock.now() + timedelta(milliseconds=50), {})
        set_timer(conn, "later", "test", clock.now() + timedelta(hours=1), {})
    assert done.wait_for(1) == ["soon"]


def test_two_workers_share_and_do_nothing_twice(context: Flask, worker: Worker, done: Done) -> None:
    other = Worker(context)
    other.start()
    for group in range(5):
        with transaction() as conn:
            for number in range(20):
                set_timer(conn, f"{group}-{number:02d}", "test", clock.now(), {})
    assert done.wait_for(100) == [f"{group}-{number:02d}" for group in range(5) for number in range(20)]
    other.stop()
    worker.stop()
    assert len(done.names) == 100


def test_what_is_not_begun_when_it_stops_is_given_back(context: Flask, done: Done) -> None:
    begun, may_end = threading.Event(), threading.Event()

    @background.handler("slow")
    def run(job: Job) -> None:
        begun.set()
        assert may_end.wait(PATIENCE)
        done.add("slow")

    with transaction() as conn:
        for _ in range(12):
            background.enqueue(conn, "slow", {})
    worker = Worker(context)
    worker.start()
    assert begun.wait(PATIENCE)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    assert worker._stopping.wait(PATIENCE)
    may_end.set()
    stopping.join(PATIENCE)
    with reading() as conn:
        left = conn.execute(sa.select(outbox.c.claimed_until, outbox.c.attempts)).all()
    assert len(left) + len(done.names) == 12
    assert len(left) >= 8
    assert {tuple(row) for row in left} == {(None, 0)}


def test_idle_it_asks_one_question_and_sleeps(context: Flask, done: Done) -> None:
    statements: list[str] = []
    engine = context.extensions["signoff"].engine

    def count(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with transaction() as conn:
        set_timer(conn, "later", "test", clock.now() + timedelta(hours=1), {})
    worker = Worker(context)
    worker._work()
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        next_look = worker._work() or clock.now()
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    asked = [each for each in statements if not each.startswith("BEGIN")]
    assert len(asked) == 1, asked
    assert next_look - clock.now() > timedelta(seconds=1.5)


def test_chores_are_set_once_for_all_workers(context: Flask, done: Done) -> None:
    calls: list[str] = []

    @timers.recurring("chore", timedelta(days=1))
    def chore(conn: Connection, now: object) -> None:
        calls.append("swept")

    timers.start_chores()
    with transaction() as conn:
        conn.execute(sa.update(table).values(due_at=clock.now()))
    timers.start_chores()
    assert timers.work(10, clock.now()) == 1
    with reading() as conn:
        (due_at,) = conn.scalars(sa.select(table.c.due_at))
    assert calls == ["swept"]
    assert due_at > clock.now() + timedelta(hours=23)


def test_a_clock_that_is_set_back_is_not_slept_out(done: Done) -> None:
    alarm = scheduler._Alarm(timezone="UTC")
    alarm.start()
    alarm.add_job(done.add, "date", run_date=datetime.now(UTC) + timedelta(hours=1), args=["looked"])
    assert done.wait_for(1) == ["looked"]
    alarm.shutdown()


@pytest.mark.parametrize("hours", [-1, 1])
def test_it_works_by_the_clock_of_the_product(
    context: Flask, done: Done, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    monkeypatch.setattr(clock, "_source", lambda: datetime.now(UTC) + timedelta(hours=hours))
    worker = Worker(context)
    worker.start()
    with transaction() as conn:
        set_timer(conn, "soon", "test", clock.now() + timedelta(milliseconds=50), {})
    assert done.wait_for(1) == ["soon"]
    worker.stop()


@pytest.mark.parametrize("hours", [-1, 1])
def test_long_jobs_stay_its_own_whichever_way_the_clock_is_moved(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    extended: list[Job] = []
    monkeypatch.setattr(claiming, "extend", lambda jobs, _now: extended.extend(jobs))
    worker = Worker(context)
    job = Job(1, None, "test", {}, 1)
    worker._jobs[background.Lane.OUTSIDE][1] = job
    worker._extend(at.now())
    assert extended == []
    worker._extend(at.move(hours=hours))
    assert extended == [job]


def test_it_is_woken_though_the_clock_leapt_past_its_next_look(
    context: Flask, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was to do at a time that is past by now is not waited for any longer."""
    ahead = [timedelta(0)]
    monkeypatch.setattr(clock, "_source", lambda: datetime.now(UTC) + ahead[0])
    monkeypatch.setattr(scheduler, "POLL", timedelta(minutes=10))
    monkeypatch.setattr(scheduler, "LISTENING", timedelta(minutes=10))
    worker = Worker(context)
    worker.start()
    with transaction() as conn:
        set_timer(conn, "soon", "test", clock.now(), {})
        set_timer(conn, "later", "test", clock.now() + timedelta(minutes=5), {})
    assert done.wait_for(1) == ["soon"]
    ahead[0] = timedelta(minutes=6)
    worker.wake(clock.now())
    assert done.wait_for(2) == ["later", "soon"]
    worker.stop()
