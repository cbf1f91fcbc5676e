"""Attempts counted in the database: one window for all processes."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from limits import parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from signoff.platform import limit_storage
from signoff.platform.db import transaction
from signoff.platform.errors import Unavailable
from signoff.platform.limits import Window
from signoff.platform.people import service, tokens
from signoff.platform.people.definition import read_people
from signoff.platform.statements import watched

from ..conftest import Clock
from .shell import build
from .test_api_shell import PEOPLE


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


def windows(amount: int, count: int = 2) -> list[Window]:
    """As many processes, which allow ``amount`` calls a minute together."""
    return [Window(amount, 60, storage_from_string(limit_storage.URI)) for _ in range(count)]


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the minute of the windows' own clock."""

    def set_to(number: int) -> None:
        monkeypatch.setattr(time, "time", lambda: 28_000_000 * 60.0 + number * 60 + 15)

    set_to(0)
    return set_to


@pytest.mark.parametrize("amount", [1, 2, 63, 64, 100, 1000])
def test_processes_allow_together_what_one_would(context: Flask, minute: Callable[[int], None], amount: int) -> None:
    here, there = windows(amount)
    turns = [(here if n % 3 else there).hit("person:amy") for n in range(2 * amount)]
    turns += [each.hit("person:amy") for each in (here, there) for _ in range(amount)]
    assert turns.count(None) == amount
    assert {each for each in turns if each is not None} == {45.0}
    assert here.hit("person:bo") is None
    minute(1)
    assert there.hit("person:amy") is None


def test_what_a_process_took_and_did_not_use_is_at_most_a_portion(
    context: Flask, minute: Callable[[int], None]
) -> None:
    here, there = windows(6400)
    assert here.hit("person:amy") is None
    assert [there.hit("person:amy") for _ in range(6400)].count(None) == 6300


def test_a_process_asks_what_is_shared_once_a_portion(context: Flask, minute: Callable[[int], None]) -> None:
    (alone,) = windows(6400, 1)
    with watched() as seen:
        for _ in range(300):
            assert alone.hit("person:amy") is None
    assert len([each for each in seen if "signoff_limit" in each]) == 3
    with watched() as seen:
        local = Window(3, 60)
        assert [local.hit("person:amy") is None for _ in range(4)] == [True, True, True, False]
    assert seen == []


def test_threads_of_a_process_do_not_count_a_call_twice(context: Flask, minute: Callable[[int], None]) -> None:
    storage = MemoryStorage()
    shared = [Window(1000, 60, storage) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: shared[n % 2].hit("person:amy"), range(3000)))
    assert answers.count(None) == 1000


def test_a_process_counts_for_itself_while_what_is_shared_is_away(
    context: Flask, minute: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> int:
        raise Unavailable("The database is away.")

    (window,) = windows(100, 1)
    monkeypatch.setattr(limit_storage.DatabaseStorage, "incr", away)
    assert [window.hit("person:amy") for _ in range(300)].count(None) == 100


def test_calls_of_the_api_are_shared_where_attempts_are(
    database_url: str, tmp_path: Path, minute: Callable[[int], None]
) -> None:
    nodes = [
        build(database_url, tmp_path / str(n), testing=False, limits="database", api_limit="3 per minute")
        for n in range(2)
    ]
    with nodes[0].app_context():
        found, problems = read_people(PEOPLE)
        assert found is not None, problems
        service.apply_people(found, by=None)
        header = {"Authorization": "Bearer " + tokens.create("amy", "shared", days=1)}
    answers = [each.test_client().get("/api/v1/forms", headers=header) for each in (*nodes, *nodes)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
