"""Bells of PostgreSQL: what one process commits, workers of others do at once."""

import threading
from datetime import timedelta

import pytest
from flask import Flask

from signoff.platform import background, bells, clock, scheduler, timers
from signoff.platform.db import transaction
from signoff.platform.scheduler import Worker

PATIENCE = 20
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def _another_process(app: Flask) -> Flask:
    """The same installation without the worker of this process."""
    other = Flask("another process")
    other.extensions = {"signoff": app.extensions["signoff"]}
    return other


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_sqlite_nobody_rings(context: Flask) -> None:
    assert bells.ringer() is None
    assert bells.listen(context, bells.DUE, print) is None


@ON_POSTGRESQL
def test_a_commit_elsewhere_wakes_the_worker(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(background, "handlers", {"test": lambda job: done.set()})
    monkeypatch.setattr(timers, "_chores", {})
    monkeypatch.setattr(scheduler, "POLL", timedelta(hours=1))
    monkeypatch.setattr(scheduler, "LISTENING", timedelta(hours=1))
    worker = Worker(context)
    worker.start()
    with _another_process(context).app_context():
        for _ in range(50):
            with transaction() as conn:
                background.enqueue(conn, "test", {}, key="once")
        assert done.wait(PATIENCE)
    worker.stop()


@ON_POSTGRESQL
def test_many_bells_of_a_moment_are_few(context: Flask) -> None:
    heard: list[str] = []
    changed = threading.Condition()

    def hear(text: str) -> None:
        with changed:
            heard.append(text)
            changed.notify_all()

    listener = bells.listen(context, bells.LIVE, hear)
    assert listener is not None
    with changed:
        assert changed.wait_for(lambda: heard == [""], PATIENCE), "what came before may be missed, so look once"
    ringer = bells.ringer()
    assert ringer is not None
    for number in range(300):
        ringer.live({f"person_{number:03d}"})
    with changed:
        assert changed.wait_for(lambda: len(set(" ".join(heard).split())) == 300, PATIENCE)
    assert len(heard) < 30
    listener.close()


@ON_POSTGRESQL
def test_what_is_due_much_later_rings_nothing(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[object] = []
    monkeypatch.setattr(bells.Ringer, "due", lambda self, at: rung.append(at))
    bells.ring_due(clock.now() + timedelta(hours=1))
    assert rung == []
    bells.ring_due(clock.now())
    assert len(rung) == 1


@ON_POSTGRESQL
def test_a_listener_whose_connection_breaks_listens_again(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bells, "AGAIN_SECONDS", 0.05)
    looked = threading.Semaphore(0)
    listener = bells.listen(context, bells.DUE, lambda text: looked.release())
    assert listener is not None
    assert looked.acquire(timeout=PATIENCE)
    with transaction() as conn:
        conn.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query = 'LISTEN signoff_due' AND datname = current_database()"
        )
    assert looked.acquire(timeout=PATIENCE)
    assert listener.is_listening
    listener.close()
