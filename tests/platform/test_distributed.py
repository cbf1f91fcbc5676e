"""procrastinate finds the jobs: all that holds of jobs holds alike, over many nodes, and at a switch either way."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff import create_app
from signoff.platform import background, claiming, clock, config, distributed, migrating, performing
from signoff.platform.background import Job, Lane, enqueue
from signoff.platform.db import engine, reading, transaction
from signoff.platform.errors import Refused
from signoff.platform.models import outbox, settings
from signoff.platform.scheduler import LEFT_TO_OTHERS, Worker

from .. import postgres
from ..conftest import Clock
from . import test_background

# The tests of jobs run here a second time, with the application and the fixture below.
from .test_background import *  # noqa: F403

pytestmark = pytest.mark.postgresql
PATIENCE = 90


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with postgres.database() as url:
        app = create_app(
            database_url=url,
            data_dir=tmp_path_factory.mktemp("data"),
            secret_key="a secret for the tests",
            testing=True,
            jobs="procrastinate",
        )
        app.config["SERVER_NAME"] = "127.0.0.1"
        with app.app_context():
            migrating.upgrade()
        yield app
        with app.app_context():
            engine().dispose()


@pytest.fixture(autouse=True)
def _by_procrastinate(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context(), transaction() as conn:
        conn.execute(sa.text("DELETE FROM procrastinate_jobs"))
    monkeypatch.setattr(test_background, "run_due", drain)


def drain(app: Flask) -> int:
    """What :func:`run_due` does, by a worker of procrastinate that ends when nothing is left; how many jobs ran."""
    ran: list[Job] = []
    perform = performing.perform

    def counted(job: Job) -> None:
        ran.append(job)
        perform(job)

    with transaction() as conn:
        conn.execute(sa.text("UPDATE procrastinate_jobs SET scheduled_at = NULL"))  # the clock of a test is our own
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(performing, "perform", counted)
        thread = threading.Thread(target=lambda: asyncio.run(_drain(app)))
        thread.start()
        thread.join(PATIENCE)
    return len(ran)


async def _drain(app: Flask) -> None:
    carrier = distributed.make(app)
    async with carrier.open_async():
        await carrier.run_worker_async(
            wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="always"
        )


def _carried() -> list[tuple[Any, ...]]:
    with reading() as conn:
        rows = conn.execute(sa.text("SELECT queue_name, task_name, status::text FROM procrastinate_jobs ORDER BY id"))
        return [tuple(row) for row in rows]


def test_it_is_enqueued_in_the_callers_transaction(context: Flask, at: Clock) -> None:
    def undone() -> None:
        with transaction() as conn:
            enqueue(conn, "test", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    assert _carried() == []
    with transaction() as conn:
        enqueue(conn, "test", {}, key="once", lane=Lane.MAIL)
        enqueue(conn, "test", {}, key="once", lane=Lane.MAIL)
    assert _carried() == [("signoff.mail", "signoff.job", "todo")]


def test_workers_do_them_and_leave_nothing(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    changed = threading.Condition()

    def run(job: Job) -> None:
        with changed:
            done.append(job.payload["name"])
            changed.notify_all()

    monkeypatch.setattr(background, "handlers", {"test": run})
    workers = [Worker(context), Worker(context)]
    for each in workers:
        each.start()
    for number in range(20):
        with transaction() as conn:
            enqueue(conn, "test", {"name": f"{number:02d}"}, lane=list(Lane)[number % len(Lane)])
    with changed:
        assert changed.wait_for(lambda: len(done) == 20, PATIENCE), done
    for each in workers:
        each.stop()
    assert sorted(done) == [f"{number:02d}" for number in range(20)]
    with reading() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(outbox)) == 0
    assert [row for row in _carried() if row[1] == "signoff.job"] == []


def test_a_slow_receiver_holds_up_no_other_lane(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, mailed = threading.Event(), threading.Event()
    monkeypatch.setattr(
        background,
        "handlers",
        {"slow": lambda job: may_end.wait(PATIENCE), "mail": lambda job: mailed.set()},
    )
    with transaction() as conn:
        for _ in range(background.THREADS[Lane.OUTSIDE] + 2):
            enqueue(conn, "slow", {}, lane=Lane.OUTSIDE)
        enqueue(conn, "mail", {}, lane=Lane.MAIL)
    worker = Worker(context)
    worker.start()
    assert mailed.wait(PATIENCE)
    may_end.set()
    worker.stop()


def test_jobs_of_a_worker_that_died_are_taken_up_by_another(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(background, "handlers", {"test": lambda job: done.set()})
    with transaction() as conn:
        enqueue(conn, "test", {})
        # what a killed process leaves: a worker without a heartbeat, and a job in its hands
        worker = conn.scalar(
            sa.text(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
            )
        )
        conn.execute(sa.text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker"), {"worker": worker})

    async def retry() -> None:
        carrier = distributed.make(context)
        async with carrier.open_async():
            await carrier.configure_task("signoff.stalled", queueing_lock="stalled").defer_async(timestamp=0)
            await carrier.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    thread = threading.Thread(target=lambda: asyncio.run(retry()))
    thread.start()
    thread.join(PATIENCE)
    assert done.is_set()


def test_what_the_outbox_held_before_the_switch_is_done(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that procrastinate does not know: from before, from a node of the version before, or lost on the way."""
    monkeypatch.setattr(background, "handlers", {"test": lambda job: done.append(job.id)})
    done: list[int] = []
    with transaction() as conn:
        enqueue(conn, "test", {})
        conn.execute(sa.text("DELETE FROM procrastinate_jobs"))
    worker = Worker(context)
    worker._work()
    assert done == []
    at.move(seconds=LEFT_TO_OTHERS.total_seconds())
    worker._work()
    for pool in worker._pools.values():
        pool.shutdown(wait=True)
    assert len(done) == 1


def test_a_job_left_by_procrastinate_is_done_by_the_outbox_and_not_again(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Switched back: the rows are all there; what is left in procrastinate's table finds nothing to do."""
    done: list[int] = []
    monkeypatch.setattr(background, "handlers", {"test": lambda job: done.append(job.id)})
    with transaction() as conn:
        enqueue(conn, "test", {})
    (job,) = claiming.claim(1, clock.now())
    performing.perform(job)
    assert drain(context) == 0
    assert len(done) == 1


def test_its_tables_come_with_our_migrations(context: Flask) -> None:
    assert migrating.is_current()
    with transaction() as conn:
        conn.execute(sa.insert(settings).values(key=distributed.SCHEMA, value="03.03.00_01"))
    with engine().connect() as connection:
        assert not distributed.is_prepared(connection)
    with transaction() as conn:
        conn.execute(sa.delete(settings).where(settings.c.key == distributed.SCHEMA))
    with engine().connect() as connection:
        assert distributed.is_prepared(connection), "tables that somebody else made are theirs to bring forward"


def test_a_database_that_has_our_tables_already_gets_its_tables(tmp_path: Path) -> None:
    with postgres.database() as url:
        for jobs in ("outbox", "procrastinate"):
            app = create_app(database_url=url, data_dir=tmp_path, testing=True, jobs=jobs)
            with app.app_context():
                assert migrating.upgrade()
                assert not migrating.upgrade()
                engine().dispose()


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"jobs": "celery"}, "'celery' is not known"),
        ({"jobs": "procrastinate", "database_url": "sqlite:///x.db"}, "needs PostgreSQL"),
    ],
)
def test_a_wrong_choice_is_refused(chosen: dict[str, str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        config.load({}, data_dir=tmp_path, **chosen)
    assert sentence in refused.value.problems[0].message


def test_a_failed_job_comes_again_at_the_time_its_row_says(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(job: Job) -> None:
        raise background.Retry(timedelta(minutes=10), "busy")

    monkeypatch.setattr(background, "handlers", {"test": fail})
    with transaction() as conn:
        enqueue(conn, "test", {})
    drain(context)
    with reading() as conn:
        wait = conn.scalar(sa.text("SELECT scheduled_at - now() FROM procrastinate_jobs"))
    assert timedelta(minutes=9) < wait < timedelta(minutes=11)
