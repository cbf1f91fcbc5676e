"""Timers and messages at scale: a burst, punctuality, an idle worker, and a full outbox, beside a claim in raw SQL.

``BENCH_TIMERS`` (10,000), ``BENCH_PENDING`` (1,000,000), ``BENCH_RUNS`` (2,000), ``BENCH_MESSAGES`` (100,000) and
``BENCH_PEER`` (2,000 jobs of procrastinate) say how many; all of it on SQLite and, where one answers or is named, on
PostgreSQL. How long another writer waits stands beside how long it waits while nothing else happens: on a machine
with other work the two are to be compared.
"""

import asyncio
import multiprocessing
import os
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection, make_url

from signoff import create_app
from signoff.app import settle
from signoff.platform import audit, background, bells, clock, db, timers
from signoff.platform.acting import ActingAs
from signoff.platform.audit import Entry
from signoff.platform.models import audit_entries, outbox
from signoff.platform.models import timers as table
from signoff.platform.scheduler import Worker
from signoff.platform.statements import watched
from signoff.platform.timers import Timer
from tests import postgres

from .company import VALUES, company, fresh_database

TIMERS = int(os.environ.get("BENCH_TIMERS", "10000"))
PENDING = int(os.environ.get("BENCH_PENDING", "1000000"))
RUNS = int(os.environ.get("BENCH_RUNS", "2000"))
MESSAGES = int(os.environ.get("BENCH_MESSAGES", "100000"))
PEER = int(os.environ.get("BENCH_PEER", "2000"))
BURST = "bench.burst"
PUNCTUAL = "bench.punctual"
MESSAGE = "bench.message"
BATCH = 500
BODY = "x" * 200

late: list[float] = []


@timers.timer_handler(BURST)
def fire(conn: Connection, timer: Timer) -> None:
    """What a reminder writes at least: a line of history and a message."""
    entry = Entry("timer.fired", None, ActingAs.TIMER, {"timer": timer.key}, clock.now())
    audit.begin(conn, {f"bench:{timer.key}": [entry]})
    background.enqueue(conn, MESSAGE, {"to": timer.key}, key=f"message:{timer.key}", due_at=timer.due_at + LATER)


LATER = timedelta(days=365)


@timers.timer_handler(PUNCTUAL)
def note(conn: Connection, timer: Timer) -> None:
    late.append((clock.now() - timer.due_at).total_seconds() * 1000)


@background.handler(MESSAGE)
def nothing(job: background.Job) -> None:
    """A message that costs nothing to send: what is measured is everything around it."""


def main(database_url: str) -> None:
    """Print rates, lateness, idle queries and the time to drain."""
    for url in [database_url] if database_url else ["", *filter(None, [postgres.server()])]:
        print(f"-- {make_url(url).get_backend_name() if url else 'sqlite'}")
        _measure(url)


def _measure(database_url: str) -> None:
    with fresh_database(database_url) as (url, _):
        floor = _floor(url)
    words = "raw claim, history and message, one process"
    print(f"{words:44}{floor.rate:>10,.0f} /s   {floor.cpu:.0f} µs of processor each")
    if not database_url.startswith("sqlite") and database_url:
        _peer(database_url)
    for workers, pending in ((1, 0), (3, 0), (1, PENDING), (3, PENDING)):
        _burst(database_url, workers, pending, floor)
    _reminders(database_url)
    with company(database_url) as app:
        _punctuality(app)
        _idle(app)
        _drain(app)


class Floor(NamedTuple):
    """Rows a second, and microseconds of this process's processor for each; PostgreSQL's own come on top."""

    rate: float
    cpu: float


def _floor(url: str) -> Floor:
    """Claim due rows in batches, delete them, and write a message and a line of history for each, by hand."""
    sqlite = url.startswith("sqlite")
    if sqlite:
        conn: Any = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
    else:
        conn = psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
        conn.autocommit = True
    mark, lock = ("?", "") if sqlite else ("%s", " FOR UPDATE SKIP LOCKED")
    cursor = conn.cursor()
    cursor.execute("CREATE TABLE due (id INTEGER PRIMARY KEY, at BIGINT)")
    cursor.execute("CREATE TABLE message (due VARCHAR(40) PRIMARY KEY, body TEXT)")
    cursor.execute("CREATE TABLE history (due VARCHAR(40) PRIMARY KEY, body TEXT)")
    cursor.execute("CREATE INDEX due_at ON due (at, id)")
    cursor.execute("BEGIN")
    cursor.executemany(f"INSERT INTO due VALUES ({mark}, {mark})", [(each, each) for each in range(TIMERS)])
    cursor.execute("COMMIT")
    started, began, done = time.perf_counter(), time.process_time(), 0
    while done < TIMERS:
        cursor.execute("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        cursor.execute(
            f"DELETE FROM due WHERE id IN (SELECT id FROM due ORDER BY at, id LIMIT {BATCH}{lock}) RETURNING id"
        )
        ids = cursor.fetchall()
        rows = [(f"timer:{each}", BODY) for (each,) in ids]
        for name in ("message", "history"):
            cursor.executemany(f"INSERT INTO {name} VALUES ({mark}, {mark})", rows)
        cursor.execute("COMMIT")
        done += len(ids)
    took, spent = time.perf_counter() - started, time.process_time() - began
    conn.close()
    return Floor(TIMERS / took, spent / TIMERS * 1e6)


def _peer(database_url: str) -> None:
    """Jobs of procrastinate that write the same two rows each, all due at once, done by one worker of four."""
    import procrastinate

    async def run(url: str) -> float:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=4, max_size=8))

        @app.task(name="remind")
        async def remind(number: int) -> None:
            row = {"due": f"timer:{number}", "body": BODY}
            for name in ("message", "history"):
                await app.connector.execute_query_async(f"INSERT INTO {name} VALUES (%(due)s, %(body)s)", **row)

        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            for name in ("message", "history"):
                await app.connector.execute_query_async(f"CREATE TABLE {name} (due VARCHAR(40) PRIMARY KEY, body TEXT)")
            await remind.batch_defer_async(*({"number": each} for each in range(PEER)))
            started = time.perf_counter()
            await app.run_worker_async(wait=False, concurrency=4, install_signal_handlers=False)
            return PEER / (time.perf_counter() - started)

    with fresh_database(database_url, "peer") as (url, _):
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        print(f"{f'procrastinate, {PEER:,} due at once':44}{asyncio.run(run(plain)):>10,.0f} /s")


def _burst(database_url: str, workers: int, pending: int, floor: Floor) -> None:
    """Many due at once beside many that are not, fired by processes of their own; meanwhile somebody else writes."""
    with company(database_url) as app:
        _set_later(pending)
        _set(BURST, TIMERS, clock.now() - timedelta(seconds=1))
        spawn = multiprocessing.get_context("spawn")
        ready, go = spawn.Barrier(workers + 1), spawn.Event()
        url = app.extensions["signoff"].config.database_url
        folder = str(app.extensions["signoff"].config.data_dir)
        ends = spawn.Array("d", workers * 2)
        processes = [
            spawn.Process(target=_fire_all, args=(url, folder, (ready, go, ends), number)) for number in range(workers)
        ]
        for process in processes:
            process.start()
        ready.wait()
        alone: list[float] = []
        _write_for(app, 1.0, alone)
        waits: list[float] = []
        stop = threading.Event()
        writer = threading.Thread(target=_write, args=(app, stop, waits))
        writer.start()
        started = time.time()
        go.set()
        for process in processes:
            process.join()
        took, spent = max(ends[:workers]) - started, sum(ends[workers:])
        stop.set()
        writer.join()
        with db.reading() as conn:
            messages = conn.scalar(sa.select(sa.func.count()).where(outbox.c.kind == MESSAGE))
            history = conn.scalar(sa.select(sa.func.count()).where(audit_entries.c.event == "timer.fired"))
        assert messages == history == TIMERS, (messages, history)
        rate = TIMERS / took
        if pending and workers == 1:
            _plans(pending)
        words = f"{TIMERS:,} at once of {pending + TIMERS:,}, {workers} process{'es' if workers > 1 else ''}"
        cpu = spent / TIMERS * 1e6
        print(f"{words:44}{rate:>10,.0f} /s   {rate / floor.rate:.2f} of the floor, each once; "
            f"{cpu:.0f} µs of processor each, {floor.cpu / cpu:.2f} of the floor")  # fmt: skip
        print(f"{'':44}{'':10}      another writer waited {_p(waits, 50):.0f} ms p50, "
            f"{_p(waits, 99):.0f} ms p99, {max(waits):.0f} ms at most; "
            f"alone {_p(alone, 50):.0f}, {_p(alone, 99):.0f}, {max(alone):.0f} ms")  # fmt: skip


def _plans(pending: int) -> None:
    """How the database finds what is due, and when the next will be: by an index, however many wait."""
    now = clock.now()
    due = timers.READY.order_by(table.c.due_at, table.c.id).limit(BATCH).params(now=now)
    with db.transaction() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(sa.text("ANALYZE signoff_timer"))
        for name, statement in (("due", due), ("next due", timers.NEXT_DUE.params(now=now))):
            print(f"{f'{name} of {pending:,}':44}{'':10}      {', '.join(_ways(conn, statement))}")


def _ways(conn: Connection, statement: Any) -> list[str]:
    """The steps of a statement's plan that look for rows."""
    sql = statement.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if conn.dialect.name == "sqlite" else "EXPLAIN"
    rows = conn.exec_driver_sql(f"{explain} {sql}").all()
    lines = (str(row[-1]).strip(" ->").partition("  (")[0] for row in rows)
    return [line for line in lines if line.startswith(("SEARCH", "SCAN", "Index", "Seq", "Bitmap"))]


def _set(kind: str, count: int, due_at: datetime, *, step: timedelta = timedelta(0)) -> None:
    rows = [
        {"key": f"{kind}:{each}", "kind": kind, "due_at": due_at + each * step, "payload": {}, "attempts": 0}
        for each in range(count)
    ]
    with db.transaction() as conn:
        conn.execute(sa.insert(table), rows)


_MANY = {
    "sqlite": "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < :count) "
    "INSERT INTO signoff_timer (key, kind, due_at, payload, attempts) "
    "SELECT 'pending:' || n, :kind, :due_at, '{}', 0 FROM many",
    "postgresql": "INSERT INTO signoff_timer (key, kind, due_at, payload, attempts) "
    "SELECT 'pending:' || n, :kind, :due_at, '{}', 0 FROM generate_series(1, :count) n",
}


def _set_later(count: int) -> None:
    """So many that are due in a year."""
    if count:
        due_at = sa.bindparam("due_at", type_=table.c.due_at.type)
        with db.transaction() as conn:
            statement = sa.text(_MANY[conn.dialect.name]).bindparams(due_at)
            conn.execute(statement, {"count": count, "kind": BURST, "due_at": clock.now() + LATER})


def _fire_all(url: str, folder: str, shared: Any, number: int) -> None:
    """One worker's process: fire until nothing is due."""
    ready, go, ends = shared
    app = create_app(database_url=url, data_dir=folder, secret_key="a secret of the bench", testing=True)
    with app.app_context():
        with db.reading() as conn:
            conn.execute(sa.select(1))
        settle()
        ready.wait()
        go.wait()
        began = time.process_time()
        while timers.work(500, clock.now()):
            pass
        ends[number] = time.time()
        ends[len(ends) // 2 + number] = time.process_time() - began


def _write_for(app: Flask, seconds: float, waits: list[float]) -> None:
    stop = threading.Event()
    writer = threading.Thread(target=_write, args=(app, stop, waits))
    writer.start()
    time.sleep(seconds)
    stop.set()
    writer.join()


def _write(app: Flask, stop: threading.Event, waits: list[float]) -> None:
    """Somebody decides something every 20 ms."""
    with app.app_context():
        while not stop.is_set():
            started = time.perf_counter()
            with db.transaction() as conn:
                timers.set_timer(conn, "bench.writer", PUNCTUAL, clock.now() + LATER, {})
            waits.append((time.perf_counter() - started) * 1000)
            time.sleep(0.02)


def _reminders(database_url: str) -> None:
    """Reminders of running requests: the whole engine, one process."""
    from signoff.forms import service as forms
    from signoff.platform.people import service as people

    with company(database_url) as app:
        amy = people.person("amy")
        for _ in range(RUNS):
            forms.submit("claim", VALUES, by=amy)
        with db.transaction() as conn:
            conn.execute(sa.delete(outbox))
        started = time.perf_counter()
        later = clock.now() + timedelta(days=8)
        fired = 0
        clock_source, clock._source = clock._source, lambda: later
        try:
            with background.work_context(app):
                while fired < RUNS:
                    fired += timers.work(500, later)
        finally:
            clock._source = clock_source
        rate = fired / (time.perf_counter() - started)
        print(f"{f'{fired:,} reminders of running requests':44}{rate:>10,.0f} /s")


def _punctuality(app: Flask) -> None:
    """A hundred a second for ten seconds."""
    late.clear()
    _set(PUNCTUAL, 1000, clock.now() + timedelta(seconds=1), step=timedelta(milliseconds=10))
    _work(app, lambda: len(late) >= 1000)
    print(f"{'lateness at 100 /s':44}{_p(late, 50):>10.1f} ms p50, {_p(late, 99):.1f} ms p99")


def _idle(app: Flask) -> None:
    """What a worker asks of the database while nothing happens, and how late it wakes from that sleep."""
    worker = Worker(app)
    worker.start()
    time.sleep(3)
    seconds = 30
    with watched() as seen:
        time.sleep(seconds)
    print(f"{'queries of an idle worker':44}{len(seen) * 60 / seconds:>10.0f} a minute")
    late.clear()
    for count in range(1, 6):
        _set_elsewhere(app, clock.now() + timedelta(seconds=3))
        _until(partial(_are_late, count))
    worker.stop()
    print(f"{'lateness of what another process set':44}{max(late):>10.1f} ms at most of {len(late)}")


def _are_late(count: int) -> bool:
    return len(late) >= count


def _set_elsewhere(app: Flask, due_at: datetime) -> None:
    """A timer of which this process is told nothing, as another process sets it; on PostgreSQL that one rings."""
    with app.extensions["signoff"].engine.begin() as conn:
        row = {"key": f"idle:{due_at}", "kind": PUNCTUAL, "due_at": due_at, "payload": {}, "attempts": 0}
        conn.execute(sa.insert(table), row)
        if conn.dialect.name == "postgresql":
            conn.execute(sa.select(sa.func.pg_notify(bells.DUE, due_at.isoformat())))


def _drain(app: Flask) -> None:
    """A full outbox, sent by one worker's threads."""
    now = clock.now()
    rows = [
        {"key": f"bench:{each}", "kind": MESSAGE, "payload": {}, "due_at": now, "created_at": now, "attempts": 0}
        for each in range(MESSAGES)
    ]
    with db.transaction() as conn:
        conn.execute(sa.delete(outbox))
        for start in range(0, MESSAGES, 5000):
            conn.execute(sa.insert(outbox), rows[start : start + 5000])
    started = time.perf_counter()
    _work(app, _is_drained, every=0.25)
    took = time.perf_counter() - started
    print(f"{f'{MESSAGES:,} messages drained':44}{took:>10.1f} s   {MESSAGES / took:,.0f} /s")


def _is_drained() -> bool:
    with db.reading() as conn:
        return conn.execute(sa.select(outbox.c.id).where(outbox.c.kind == MESSAGE).limit(1)).first() is None


def _work(app: Flask, done: Callable[[], bool], *, every: float = 0.05) -> None:
    worker = Worker(app)
    worker.start()
    try:
        _until(done, every=every)
    finally:
        worker.stop()


def _until(done: Callable[[], bool], *, every: float = 0.05) -> None:
    while not done():
        time.sleep(every)


def _p(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else values[0]
