"""Rolling upgrades: nodes of two versions share a database while one replaces the other."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff import create_app
from signoff.flows import service
from signoff.forms import service as forms
from signoff.platform import audit, background, claiming, dead_letters, health, migrating, timers
from signoff.platform.background import enqueue
from signoff.platform.db import engine, metadata, reading, transaction
from signoff.platform.models import outbox
from signoff.platform.models import timers as timer_table
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from .shop import person, refund, task_of


@pytest.fixture(scope="module")
def application(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A database that the next version has migrated already: every table has a column that this one does not know."""
    with _fresh(database_url, tmp_path_factory) as url:
        app = create_app(
            database_url=url,
            data_dir=tmp_path_factory.mktemp("data"),
            secret_key="a secret for the tests",
            testing=True,
            mail_url="folder:",
            sqlite_synchronous="NORMAL",
        )
        app.config["SERVER_NAME"] = "127.0.0.1"
        with app.app_context():
            migrating.upgrade()
            with engine().begin() as connection:
                for table in metadata.tables:
                    connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN of_the_next_version TEXT DEFAULT 'x'")
                connection.exec_driver_sql(f"UPDATE {migrating.VERSION_TABLE} SET version_num = 'next'")
        yield app
        with app.app_context():
            engine().dispose()


def _fresh(database_url: str, folders: pytest.TempPathFactory) -> Any:
    from contextlib import nullcontext

    from .. import postgres

    if database_url.startswith("sqlite"):
        return nullcontext(f"sqlite:///{folders.mktemp('rolling') / 'signoff.db'}")
    return postgres.database()


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Any:
    with shop.app_context():
        yield shop


def test_columns_of_the_next_version_disturb_nothing(context: Flask, at: Clock) -> None:
    made = refund()
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve")
    service.decide(task_of("li").id, by=person("li"), verdict="approve")
    run_due(context)
    assert forms.read_record(made.id, by=person("amy")).status == "approved"
    assert audit.verify().ok
    assert dead_letters.dead_letters() == []


def test_a_node_stays_ready_and_can_start_again_on_tables_of_the_next_version(context: Flask) -> None:
    """Else the proxy would take every old node out at once, and one that died could not come back."""
    assert migrating.present() == "next"
    assert context.test_client().get("/readyz").status_code == 200
    assert migrating.is_current()  # the worker and the commands ask this
    assert not migrating.upgrade()  # what a web server does first
    assert migrating.present() == "next"
    [said] = [each for each in health.checks() if each.name == "migrations"]
    assert said.ok
    assert "newer version (next)" in str(said.message)


# What the version before lanes says to the table of jobs.
BEFORE = {
    "enqueue": "INSERT INTO signoff_outbox (key, kind, payload, due_at, created_at, attempts) "
    "VALUES (:key, :kind, :payload, :now, :now, 0)",
    "claim": "UPDATE signoff_outbox SET claimed_until = :until, attempts = attempts + 1 WHERE id IN (SELECT id "
    "FROM signoff_outbox WHERE due_at <= :now AND dead_at IS NULL AND claimed_until IS NULL "
    "ORDER BY due_at, id LIMIT 64) RETURNING kind",
}


def test_a_job_of_the_version_before_is_done_by_this_one(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(background, "handlers", {"test": done.append})
    old = sa.text(BEFORE["enqueue"]).bindparams(
        sa.bindparam("payload", type_=outbox.c.payload.type), sa.bindparam("now", type_=outbox.c.due_at.type)
    )
    with transaction() as conn:
        conn.execute(old, {"key": "old", "kind": "test", "payload": {"n": 1}, "now": at.now()})
    assert [job.key for job in claiming.claim(10, at.now(), lane=background.Lane.INSIDE)] == ["old"]


def test_a_job_of_this_version_is_found_by_the_one_before(context: Flask, at: Clock) -> None:
    with transaction() as conn:
        for lane in background.Lane:
            enqueue(conn, f"test.{lane}", {}, lane=lane)
    old = sa.text(BEFORE["claim"]).bindparams(
        sa.bindparam("until", type_=outbox.c.due_at.type), sa.bindparam("now", type_=outbox.c.due_at.type)
    )
    with transaction() as conn:
        found = conn.execute(old, {"now": at.now(), "until": at.now() + timedelta(seconds=30)})
        assert sorted(found.scalars()) == sorted(f"test.{lane}" for lane in background.Lane)


def test_a_job_that_only_the_next_version_knows_waits_for_it(context: Flask, at: Clock) -> None:
    """Put off for ten minutes each time, for longer than an upgrade takes; and never in the way of others."""
    with transaction() as conn:
        enqueue(conn, "of.the.next.version", {})
        timers.set_timer(conn, "next", "timer.of.the.next.version", at.now(), {})
    run_due(context)
    at.move(minutes=9)
    assert run_due(context) <= 1  # the timer is tried more often
    with reading() as conn:
        assert conn.scalar(sa.select(outbox.c.dead_at).where(outbox.c.kind == "of.the.next.version")) is None
        assert conn.scalar(sa.select(timer_table.c.attempts).where(timer_table.c.key == "next")) >= 1
