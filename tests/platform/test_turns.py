"""Turns: who works in batches on SQLite does so one after the other."""

import fcntl
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url

from signoff.platform import clock, db, timers
from signoff.platform.turns import _path, turn


def _many_write() -> bool:
    return db.engine().dialect.name == "postgresql"


def _is_free(name: str) -> bool:
    path = Path(f"{db.engine().url.database}-{name}")
    if not path.exists():
        return True
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_one_at_a_time_where_one_writes_at_a_time(context: Flask) -> None:
    with turn("test"):
        assert _is_free("test") == _many_write()
        with turn("other"):  # another subject waits for nobody
            pass
    assert _is_free("test")
    with suppress(ZeroDivisionError), turn("test"):
        raise ZeroDivisionError
    assert _is_free("test")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////var/lib/signoff/signoff.db", "/var/lib/signoff/signoff.db-timers"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite:///file:shared?mode=memory&uri=true", None),
        ("postgresql+psycopg://signoff@database/signoff", None),
    ],
)
def test_the_file_stands_beside_the_database(url: str, path: str | None) -> None:
    assert _path(make_url(url), "timers") == (Path(path) if path else None)


def test_timers_are_claimed_and_fired_in_one_turn(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    free: list[bool] = []
    monkeypatch.setattr(timers, "_kinds", {})

    @timers.timer_handler("test")
    def fire(conn: object, timer: timers.Timer) -> None:
        free.append(_is_free("timers"))

    with db.transaction() as conn:
        timers.set_timer(conn, "a", "test", clock.now(), {})
    assert timers.work(10, clock.now()) == 1
    assert free == [_many_write()]
    assert _is_free("timers")
