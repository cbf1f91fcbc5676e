"""Connections that are kept at hand: used again, given up after an error, closed with their engine."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.pool import QueuePool

from signoff.platform import connections, db


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    made = sa.create_engine(f"sqlite:///{tmp_path}/kept.db", poolclass=QueuePool)
    db.prepare(made)
    return made


def raw(connection: sa.Connection) -> Any:
    return connection.connection.dbapi_connection


def test_a_connection_is_used_again(engine: sa.Engine) -> None:
    with connections.lent(engine) as connection:
        first = raw(connection)
    with connections.lent(engine) as connection:
        assert raw(connection) is first


def test_two_at_once_are_two(engine: sa.Engine) -> None:
    with connections.lent(engine) as one, connections.lent(engine) as other:
        assert raw(one) is not raw(other)


def test_what_core_began_is_ended(engine: sa.Engine) -> None:
    with connections.lent(engine) as connection:
        connection.execute(sa.select(1))
    with connections.lent(engine) as again:
        assert again is connection
        assert not again.in_transaction()


def test_after_an_error_it_goes_back_to_the_pool(engine: sa.Engine) -> None:
    with pytest.raises(ZeroDivisionError), connections.lent(engine) as connection:
        raise ZeroDivisionError
    assert connection.closed
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_an_engine_that_is_disposed_closes_them(engine: sa.Engine) -> None:
    with connections.lent(engine) as connection:
        first = raw(connection)
    engine.dispose()
    assert connection.closed
    with connections.lent(engine) as other:
        assert raw(other) is not first


def test_a_small_pool_of_a_host_gets_all_of_them_back(tmp_path: Path) -> None:
    small = sa.create_engine(f"sqlite:///{tmp_path}/small.db", poolclass=QueuePool, pool_size=1, max_overflow=0)
    db.prepare(small)
    with connections.lent(small):
        pass
    with small.connect() as connection:
        assert connection.execute(sa.select(1)).scalar() == 1


def test_a_child_leaves_its_parents_alone(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with connections.lent(engine) as connection:
        parents = raw(connection)
    monkeypatch.setattr(connections.os, "getpid", lambda: -1)
    with connections.lent(engine) as connection:
        assert raw(connection) is not parents


def test_a_server_that_was_started_anew_is_noticed(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = db.engine()
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite is in this process")
    monkeypatch.setattr(connections, "_IDLE_SECONDS", 0.0)
    with db.reading() as conn:
        raw(conn).close()
    with db.reading() as conn:
        assert conn.execute(sa.select(1)).scalar() == 1
