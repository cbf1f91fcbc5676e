"""Connections of the two databases: how they are set up, how SQLite's write lock is taken, and a few kept at hand."""

import math
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

from .pipeline import driver_error

_BUSY_SECONDS = 15.0
_SHORTEST_WAIT, _LONGEST_WAIT = 0.0002, 0.002
_shortest_wait: ContextVar[float] = ContextVar("signoff_shortest_wait", default=_SHORTEST_WAIT)

_IDLE_SECONDS = 5.0

_MOST_KEPT = 2
"""How many connections wait outside of the pool; the others wait in it."""

_LEAST_POOL = 5
"""A pool that is smaller belongs to a host application, which may need all of it."""

_OURS: dict[str, dict[str, Any]] = {
    # BEGIN is ours to send: on PostgreSQL it travels with the first statement, the driver's own is a round trip
    "sqlite": {"signoff_ours": True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}


def prepare(engine: Engine, synchronous: str) -> bool:
    """Give SQLite what many writers need, and notice a PostgreSQL server that was started anew.

    SQLite gets WAL, a busy timeout, foreign keys, and write locks taken at the start: a plain ``BEGIN`` fails when a
    reader turns writer while another writes; ``BEGIN IMMEDIATE`` waits. ``False``: that was done before.
    """
    if hasattr(engine, "_signoff_kept"):
        return False
    engine._signoff_kept = {}  # type: ignore[attr-defined]
    pool = engine.pool
    engine._signoff_most_kept = (  # type: ignore[attr-defined]
        _MOST_KEPT if isinstance(pool, QueuePool) and pool.size() >= _LEAST_POOL else 0
    )
    sa.event.listen(engine, "engine_disposed", _close_kept)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, synchronous)
    else:
        _prepare_postgresql(engine)
    return True


def _prepare_sqlite(engine: Engine, synchronous: str) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connect(dbapi: sqlite3.Connection, _record: Any) -> None:
        dbapi.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            f"busy_timeout={int(_BUSY_SECONDS * 1000)}",
            "foreign_keys=ON",
            # copying the log into the database waits for the disk twice: every 16 MB, not every 4
            "wal_autocheckpoint=4000",
        ):
            dbapi.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if "signoff_ours" not in connection.get_execution_options():
            connection.connection.dbapi_connection.execute("BEGIN")  # type: ignore[union-attr]


def _prepare_postgresql(engine: Engine) -> None:
    @sa.event.listens_for(engine, "checkin")
    def _checkin(_dbapi: Any, record: Any) -> None:
        record.info["signoff_idle_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def _checkout(dbapi: Any, record: Any, _proxy: Any) -> None:
        # a server that was started anew is noticed here; asking each time would double the round trips of a query
        if time.monotonic() - record.info.get("signoff_idle_since", math.inf) < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(dbapi)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError from error


def begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock, looking often: SQLite's own waiting sleeps up to 100 ms while the lock is free."""
    raw: Any = connection.connection.dbapi_connection
    end = time.monotonic() + _BUSY_SECONDS
    wait = _shortest_wait.get()
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise driver_error(connection, "BEGIN IMMEDIATE", error) from error
            time.sleep(wait)
            wait = max(wait, min(wait * 1.5, _LONGEST_WAIT))
    finally:
        raw.execute(f"PRAGMA busy_timeout={int(_BUSY_SECONDS * 1000)}")


@contextmanager
def giving_way() -> Iterator[None]:
    """On SQLite, let others write first: for work in batches that nobody waits for."""
    token = _shortest_wait.set(_LONGEST_WAIT)
    try:
        yield
    finally:
        _shortest_wait.reset(token)


@contextmanager
def lent(engine: Engine) -> Iterator[Connection]:
    """A connection of the engine, for a block."""
    connection = lend(engine)
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    take_back(engine, connection)


def lend(engine: Engine) -> Connection:
    """A connection of the engine, to be given back by :func:`take_back`, or closed where an error came to it."""
    return _kept(engine) or engine.connect().execution_options(**_OURS[engine.dialect.name])


def take_back(engine: Engine, connection: Connection) -> None:
    """Keep a connection that was used without an error for the next, in place of giving it to the pool.

    SQLAlchemy takes longer to make a connection ready than SQLite to answer a query.
    """
    kept = _kept_of(engine)
    if len(kept) >= engine._signoff_most_kept or connection.invalidated:  # type: ignore[attr-defined]
        connection.close()
        return
    if connection.in_transaction():
        connection.rollback()
    kept.append((connection, time.monotonic()))


def _kept_of(engine: Engine) -> list[tuple[Connection, float]]:
    """Of this process alone: what a parent had when it forked stays the parent's."""
    kept: list[tuple[Connection, float]] = engine._signoff_kept.setdefault(os.getpid(), [])  # type: ignore[attr-defined]
    return kept


def _kept(engine: Engine) -> Connection | None:
    """A connection that was kept and still holds."""
    kept = _kept_of(engine)
    while True:
        try:
            connection, since = kept.pop()
        except IndexError:
            return None
        if engine.dialect.name == "sqlite" or time.monotonic() - since < _IDLE_SECONDS or _answers(connection):
            return connection


def _answers(connection: Connection) -> bool:
    raw: Any = connection.connection.dbapi_connection
    try:
        return connection.dialect.do_ping(raw)
    except connection.dialect.loaded_dbapi.Error:
        _close(connection)
        return False


def _close_kept(engine: Engine) -> None:
    kept = _kept_of(engine)
    while kept:
        _close(kept.pop()[0])


def _close(connection: Connection) -> None:
    """End it in the database too: the pool that it came from may be gone."""
    connection.invalidate()
    connection.close()
