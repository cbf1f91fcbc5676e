"""Lifecycles in process, each action one durable commit: submit and three approvals, beside a floor in raw SQL.

The floor writes what any such product must: a request, its run and task, and a line of history, in four transactions.
What a lifecycle takes on disk is measured when its messages were told and its jobs are gone.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask

from signoff.flows import service, store
from signoff.forms import service as forms
from signoff.platform import background, claiming, clock, db, performing
from signoff.platform.people import service as people
from signoff.platform.statements import watched

from .company import APPROVERS, VALUES, company, fresh_database

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
TABLES = (
    "CREATE TABLE request (id {serial}, status TEXT, body TEXT)",
    "CREATE TABLE run (id {serial}, request INTEGER, state TEXT, revision INTEGER)",
    "CREATE TABLE task (id {serial}, run INTEGER, person TEXT, verdict TEXT)",
    "CREATE TABLE history (id {serial}, request INTEGER, entry TEXT)",
)
BODY = "x" * 300


def main(database_url: str) -> None:
    """Print lifecycles a second, the ratio to the floor, statements and round trips an action, bytes a lifecycle."""
    with fresh_database(database_url, "floor") as (url, _), company(database_url) as app:
        engine = app.extensions["signoff"].engine
        empty = _sizes(engine)
        floor = _floor(url)
        for _ in range(20):
            _lifecycle()
            floor()
        statements, trips = _statements()
        raw, ours, busy = _rates(floor)
        parts = _kept(app, engine, empty)
        print(f"{'':34}{'lifecycles/s':>14}")
        print(f"{'raw SQL floor, durable':34}{raw:>14.0f}")
        print(f"{'Signoff, durable':34}{ours:>14.0f}   {ours / raw:.2f} of the floor; a processor: {1 / busy:.0f}")
        print(f"statements: submit {statements[0]}, each approval {statements[1:]}")
        if trips[0]:
            print(f"round trips: submit {trips[0]}, each approval {trips[1:]}")
        kept, values = sum(parts.values()), _record_bytes(engine)
        print(f"on disk: {kept:,.0f} bytes a lifecycle, {kept - values:,.0f} beside the form's data")
        print(
            "  " + ", ".join(f"{name} {size:,.0f}" for name, size in sorted(parts.items(), key=lambda each: -each[1]))
        )


def _lifecycle() -> None:
    record = forms.submit("claim", VALUES, by=people.person("amy"))
    for person in APPROVERS:
        with db.reading() as conn:
            task = store.open_tasks_of_records(conn, [record.id])[record.id][0]
        service.decide(task.id, by=people.person(person), verdict="approve")


def _rates(floor: Callable[[], None]) -> tuple[float, float, float]:
    """Lifecycles a second of the floor and of ours, in turns, as other work comes and goes; our processor seconds."""
    done, spent, busy = {"floor": 0, "ours": 0}, {"floor": 0.0, "ours": 0.0}, 0.0
    while sum(spent.values()) < 2 * SECONDS:
        for name, lifecycle in (("floor", floor), ("ours", _lifecycle)):
            start, used = time.perf_counter(), time.process_time()
            while time.perf_counter() - start < 0.25:
                lifecycle()
                done[name] += 1
            spent[name] += time.perf_counter() - start
            busy += time.process_time() - used if name == "ours" else 0.0
    return done["floor"] / spent["floor"], done["ours"] / spent["ours"], busy / done["ours"]


def _statements() -> tuple[list[int], list[int]]:
    """Statements and round trips of each action, without finding the task, without begins and commits."""
    waits, here = 0, threading.get_ident()
    wait = psycopg.Connection.wait

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal waits
        waits += threading.get_ident() == here  # bells are rung after the commit, by a thread of their own
        return wait(*args, **kwargs)

    def measured(action: Callable[[], Any]) -> tuple[Any, int, int]:
        nonlocal waits
        waits = 0
        with watched() as seen:
            found = action()
        return found, len(seen), waits

    psycopg.Connection.wait = counted  # type: ignore[method-assign, assignment]
    try:
        asking = people.person("amy")
        record, count, trips = measured(lambda: forms.submit("claim", VALUES, by=asking))
        counts = [(count, trips)]
        for key in APPROVERS:
            with db.reading() as conn:
                task = store.open_tasks_of_records(conn, [record.id])[record.id][0]
            person = people.person(key)
            _, count, trips = measured(partial(service.decide, task.id, by=person, verdict="approve"))
            counts.append((count, trips))
    finally:
        psycopg.Connection.wait = wait  # type: ignore[method-assign]
    return [each[0] for each in counts], [each[1] for each in counts]


LEAST = 1000
"""So many lifecycles fill pages, of which each table and index has some."""


def _kept(app: Flask, engine: sa.Engine, empty: Mapping[str, int]) -> dict[str, float]:
    """Bytes a lifecycle of each table with its indexes, once all jobs are done; not what they took when ``empty``."""
    while _count(engine) < LEAST:
        _lifecycle()
    with background.work_context(app):
        while jobs := claiming.claim(500, clock.now()):
            for batch in performing.batches(jobs):
                performing.perform_all(batch)
    grown = {name: size - empty[name] for name, size in _sizes(engine).items() if size > empty[name]}
    return {name.removeprefix("signoff_"): size / _count(engine) for name, size in grown.items()}


def _count(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM signoff_run").scalar_one())


def _sizes(engine: sa.Engine) -> dict[str, int]:
    sizes = {"sqlite": _SIZES_SQLITE, "postgresql": _SIZES_POSTGRESQL}[engine.dialect.name]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM FULL")  # what updates left behind is used again
        return {name: int(size) for name, size in connection.exec_driver_sql(sizes)}


_SIZES_SQLITE = (
    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
    "WHERE m.tbl_name LIKE 'signoff%' GROUP BY m.tbl_name"
)
_SIZES_POSTGRESQL = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'signoff%%'"
)


def _record_bytes(engine: sa.Engine) -> float:
    """What a record's own data takes, without its indexes."""
    column = '"values"::text' if engine.dialect.name == "postgresql" else '"values"'
    with engine.connect() as connection:
        return float(connection.exec_driver_sql(f"SELECT avg(length({column})) FROM signoff_record").scalar_one())


def _floor(url: str) -> Callable[[], None]:
    """A lifecycle in hand-written SQL."""
    postgresql = not url.startswith("sqlite")
    if postgresql:
        connection: Any = psycopg.connect(url.replace("+psycopg", ""))
        serial, mark = "BIGSERIAL PRIMARY KEY", "%s"
    else:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        serial, mark = "INTEGER PRIMARY KEY", "?"
    for table in TABLES:
        connection.execute(table.format(serial=serial))
    connection.commit()

    def execute(text: str, *values: Any) -> Any:
        return connection.execute(text.replace("?", mark), values)

    def begin() -> None:
        if not postgresql:
            connection.execute("BEGIN IMMEDIATE")

    def lifecycle() -> None:
        begin()
        request = execute("INSERT INTO request (status, body) VALUES ('open', ?) RETURNING id", BODY).fetchone()[0]
        run = execute(
            "INSERT INTO run (request, state, revision) VALUES (?, ?, 1) RETURNING id", request, BODY
        ).fetchone()[0]
        task = execute("INSERT INTO task (run, person) VALUES (?, 'li') RETURNING id", run).fetchone()[0]
        execute("INSERT INTO history (request, entry) VALUES (?, ?)", request, BODY)
        connection.commit()
        for step in range(3):
            begin()
            execute("UPDATE run SET state = ?, revision = revision + 1 WHERE id = ?", BODY, run)
            execute("UPDATE task SET verdict = 'approve' WHERE id = ?", task)
            if step < 2:
                task = execute("INSERT INTO task (run, person) VALUES (?, 'li') RETURNING id", run).fetchone()[0]
            else:
                execute("UPDATE request SET status = 'approved' WHERE id = ?", request)
            execute("INSERT INTO history (request, entry) VALUES (?, ?)", request, BODY)
            connection.commit()

    return lifecycle
