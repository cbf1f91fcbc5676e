"""Timers fire exactly once, move when set again, and fail alone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection

from signoff.platform import clock, timers
from signoff.platform.db import transaction
from signoff.platform.models import timers as table
from signoff.platform.scheduler import run_due
from signoff.platform.sequences import next_value
from signoff.platform.timers import Timer, clear_timer, set_timer

from ..conftest import Clock

MINUTE = timedelta(minutes=1)


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of timers of kind ``test`` that fired; one whose payload says ``fail`` raises."""
    keys: list[str] = []
    monkeypatch.setattr(timers, "_kinds", {})

    @timers.timer_handler("test")
    def fire(conn: Connection, timer: Timer) -> None:
        if timer.payload.get("fail"):
            raise RuntimeError("broken")
        keys.append(timer.key)
        next_value(conn, f"fired {timer.key}")

    return keys


def _set(key: str, after: timedelta = MINUTE, **payload: object) -> None:
    with transaction() as conn:
        set_timer(conn, key, "test", clock.now() + after, payload)


def test_a_timer_fires_once_at_its_time(context: Flask, at: Clock, fired: list[str]) -> None:
    _set("a")
    assert run_due(context) == 0
    at.move(minutes=1)
    assert run_due(context) == 1
    assert run_due(context) == 0
    assert fired == ["a"]


def test_set_again_it_moves(context: Flask, at: Clock, fired: list[str]) -> None:
    _set("a")
    _set("a", 5 * MINUTE)
    at.move(minutes=4)
    run_due(context)
    assert fired == []
    at.move(minutes=1)
    run_due(context)
    assert fired == ["a"]


def test_cleared_it_never_fires(context: Flask, at: Clock, fired: list[str]) -> None:
    _set("a")
    with transaction() as conn:
        clear_timer(conn, "a")
        clear_timer(conn, "never set")
    at.move(hours=1)
    run_due(context)
    assert fired == []


@pytest.mark.parametrize("change", ["moved", "cleared"])
def test_whoever_moves_or_clears_it_first_is_waited_for_by_nobody(
    context: Flask, at: Clock, fired: list[str], change: str
) -> None:
    """On PostgreSQL its row is theirs, and passed over; on SQLite the worker begins after them."""
    _set("a")
    _set("b")
    at.move(minutes=1)
    with transaction() as conn:
        if change == "moved":
            set_timer(conn, "a", "test", clock.now() + 5 * MINUTE, {})
        else:
            clear_timer(conn, "a")
        if conn.dialect.name == "postgresql":
            conn.execute(sa.select(1))  # what waits is sent
            assert _elsewhere(context) == 1
    run_due(context)
    assert fired == ["b"]


def _elsewhere(app: Flask) -> int:
    """How many timers another worker finds."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run_due, app).result()


def test_one_that_fails_holds_up_nobody_and_comes_again(context: Flask, at: Clock, fired: list[str]) -> None:
    _set("a")
    _set("b", fail=True)
    _set("c")
    at.move(minutes=1)
    run_due(context)
    with transaction() as conn:
        assert [next_value(conn, f"fired {key}") for key in ("a", "b", "c")] == [2, 1, 2]
        row = conn.execute(sa.select(table)).one()
    assert (row.key, row.attempts, row.last_error) == ("b", 1, "RuntimeError: broken")
    assert row.due_at == clock.now() + timedelta(seconds=5)


def test_a_handler_may_set_its_own_timer_again(context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "_kinds", {})
    times: list[int] = []

    @timers.timer_handler("again")
    def fire(conn: Connection, timer: Timer) -> None:
        times.append(timer.payload["n"])
        set_timer(conn, timer.key, "again", timer.due_at + MINUTE, {"n": timer.payload["n"] + 1})

    with transaction() as conn:
        set_timer(conn, "r", "again", clock.now(), {"n": 1})
    for _ in range(3):
        run_due(context)
        at.move(minutes=1)
    assert times == [1, 2, 3]


def test_what_a_killed_worker_was_at_is_taken_up_at_once(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "_kinds", {})
    killed: list[str] = []

    @timers.timer_handler("test")
    def fire(conn: Connection, timer: Timer) -> None:
        next_value(conn, f"fired {timer.key}")
        if not killed:
            killed.append(timer.key)
            raise SystemExit

    for key in ("a", "b"):
        _set(key)
    at.move(minutes=1)
    with pytest.raises(SystemExit):
        run_due(context)
    assert run_due(context) == 2
    with transaction() as conn:
        assert [next_value(conn, f"fired {key}") for key in ("a", "b")] == [2, 2]


def test_what_a_node_of_the_version_before_claimed_is_its_own(context: Flask, at: Clock, fired: list[str]) -> None:
    _set("a")
    at.move(minutes=1)
    with transaction() as conn:
        conn.execute(sa.update(table).values(claimed_until=clock.now() + timedelta(seconds=30)))
    assert run_due(context) == 0
    at.move(seconds=31)
    assert run_due(context) == 1
    assert fired == ["a"]


def test_locks_are_taken_before_the_rows_and_what_somebody_holds_waits(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "_kinds", {})
    order: list[str] = []
    held = {"b"}

    def lock(conn: Connection, group: Sequence[Timer]) -> list[Timer]:
        left = conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        order.append(f"lock {[each.key for each in group]} of {left}")
        return [each for each in group if each.key not in held]

    @timers.timer_handler("locked", lock=lock)
    def fire(conn: Connection, timer: Timer) -> None:
        order.append(f"fire {timer.key}")

    with transaction() as conn:
        for key in ("a", "b"):
            set_timer(conn, key, "locked", clock.now(), {})
    assert timers.work(10, clock.now()) == 2
    assert timers.work(10, clock.now()) == 1
    held.clear()
    assert timers.work(10, clock.now()) == 1
    assert order == ["lock ['a', 'b'] of 2", "fire a", "lock ['b'] of 1", "lock ['b'] of 1", "fire b"]


def test_who_stops_begins_nothing_more(context: Flask, at: Clock, fired: list[str]) -> None:
    _set("a")
    at.move(minutes=1)
    assert timers.work(10, clock.now(), stopping=lambda: True) == 0
    assert run_due(context) == 1
    assert fired == ["a"]


def test_what_fires_together_happens_at_one_time(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "_kinds", {})
    times: list[datetime] = []

    @timers.timer_handler("test")
    def fire(conn: Connection, timer: Timer) -> None:
        times.append(clock.now())

    before = clock.now()
    for key in ("a", "b", "c"):
        _set(key, timedelta(0))
    run_due(context)
    assert len(times) == 3
    assert len(set(times)) == 1
    assert before < times[0] < clock.now()


def test_a_thousand_at_once_each_fire_once(context: Flask, at: Clock, fired: list[str]) -> None:
    with transaction() as conn:
        for number in range(1000):
            set_timer(conn, f"t{number}", "test", clock.now(), {})
    assert run_due(context) == 1000
    assert sorted(fired) == sorted(f"t{number}" for number in range(1000))


def test_sequences_count_from_one_each_by_itself(context: Flask) -> None:
    with transaction() as conn:
        assert [next_value(conn, "RF-20260302") for _ in range(3)] == [1, 2, 3]
        assert next_value(conn, "RF-20260303") == 1
