"""Lifecycles in process, each action one durable commit: submit and three approvals, beside a floor in raw SQL.

The floor writes what any such product must: a request, its run and task, and a line of history, in four transactions.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa

from signoff.flows import service, store
from signoff.forms import service as forms
from signoff.platform import db
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
    """Print lifecycles a second, the ratio to the floor, statements an action and bytes a lifecycle."""
    with fresh_database(database_url) as (url, _):
        floor = _rate(_floor(url))
    with company(database_url) as app:
        engine = app.extensions["signoff"].engine
        for _ in range(20):
            _lifecycle()
        statements = _statements()
        before = _bytes(engine)
        started = _count(engine)
        rate = _rate(_lifecycle)
        done = _count(engine) - started
        grown = (_bytes(engine) - before) / done
        share = grown - _record_bytes(engine)
        print(f"{'':34}{'lifecycles/s':>14}")
        print(f"{'raw SQL floor, durable':34}{floor:>14.0f}")
        print(f"{'Signoff, durable':34}{rate:>14.0f}   {rate / floor:.2f} of the floor")
        print(f"statements: submit {statements[0]}, each approval {statements[1:]}")
        print(f"on disk: {grown / 1024:.1f} kB a lifecycle, {share / 1024:.1f} kB beside the form's data")


def _lifecycle() -> None:
    record = forms.submit("claim", VALUES, by=people.person("amy"))
    for person in APPROVERS:
        with db.reading() as conn:
            task = store.open_tasks_of_records(conn, [record.id])[record.id][0]
        service.decide(task.id, by=people.person(person), verdict="approve")


def _rate(lifecycle: Callable[[], None]) -> float:
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < SECONDS:
        lifecycle()
        done += 1
    return done / spent


def _statements() -> list[int]:
    """Statements of each action, without those of finding the task and without begins and commits."""
    asking = people.person("amy")
    with watched() as seen:
        record = forms.submit("claim", VALUES, by=asking)
    counts = [len(seen)]
    for key in APPROVERS:
        with db.reading() as conn:
            task = store.open_tasks_of_records(conn, [record.id])[record.id][0]
        person = people.person(key)
        with watched() as seen:
            service.decide(task.id, by=person, verdict="approve")
        counts.append(len(seen))
    return counts


def _count(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM signoff_run").scalar_one())


def _bytes(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        return pages * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


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
