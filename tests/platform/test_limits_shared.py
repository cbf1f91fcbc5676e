"""Attempts counted in the database: one window for all processes."""

from flask import Flask
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from signoff.platform import limit_storage
from signoff.platform.db import transaction

from ..conftest import Clock


def test_two_processes_count_together(context: Flask, at: Clock) -> None:
    here, there = (FixedWindowRateLimiter(storage_from_string(limit_storage.URI)) for _ in range(2))
    limit = parse("3 per minute")
    assert [each.hit(limit, "amy") for each in (here, there, here, there)] == [True, True, True, False]
    assert here.hit(limit, "bo")
    at.move(seconds=61)
    assert there.hit(limit, "amy")
    assert here.storage.get_expiry("nobody") == at.now().timestamp()
    here.clear(limit, "amy")
    assert there.get_window_stats(limit, "amy").remaining == 3


def test_windows_that_are_over_are_forgotten(context: Flask, at: Clock) -> None:
    storage = limit_storage.DatabaseStorage()
    storage.incr("a", 60)
    storage.incr("b", 600)
    at.move(minutes=2)
    with transaction() as conn:
        limit_storage.forget(conn, at.now())
    assert storage.reset() == 1
