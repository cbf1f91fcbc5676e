"""Lanes: who waits for a slow receiver, and who does not."""

import threading

import pytest
from flask import Flask

from signoff.platform import background, timers
from signoff.platform.background import THREADS, Lane, enqueue
from signoff.platform.db import transaction
from signoff.platform.scheduler import Worker

PATIENCE = 20


@pytest.mark.parametrize("lane", [Lane.MAIL, Lane.CHAT, Lane.INSIDE])
def test_slow_webhooks_hold_up_no_other_lane(context: Flask, monkeypatch: pytest.MonkeyPatch, lane: Lane) -> None:
    may_end, done = threading.Event(), threading.Event()
    slow = threading.Semaphore(0)

    def hang(_job: background.Job) -> None:
        slow.release()
        may_end.wait(PATIENCE)

    monkeypatch.setattr(background, "handlers", {"slow": hang, "quick": lambda job: done.set()})
    monkeypatch.setattr(timers, "_chores", {})
    worker = Worker(context)
    worker.start()
    with transaction() as conn:
        for _ in range(100):
            enqueue(conn, "slow", {}, lane=Lane.OUTSIDE)
    for _ in range(THREADS[Lane.OUTSIDE]):
        assert slow.acquire(timeout=PATIENCE)
    with transaction() as conn:
        enqueue(conn, "quick", {}, lane=lane)
    assert done.wait(PATIENCE)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    assert worker._stopping.wait(PATIENCE)
    may_end.set()
    stopping.join(PATIENCE)


def test_every_way_out_has_its_lane(company: Flask) -> None:
    from signoff.platform import notifications

    with company.app_context():
        assert notifications._channels["email"].lane is Lane.MAIL
        others = [each for name, each in notifications._channels.items() if name != "email"]
        assert {each.lane for each in others} <= {Lane.CHAT}
