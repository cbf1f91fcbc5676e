"""The database: tables' metadata, column types, and the two ways to it, ``reading()`` and ``transaction()``.

Hand-written Core statements throughout: the ORM costs three to fourteen times as much on the path of a decision.
"""

import json as stdlib_json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect, Engine

from . import json
from .errors import Unavailable
from .text import msg

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(sa.types.TypeDecorator[datetime]):
    """Aware UTC time; SQLite keeps it as text that sorts: ``2026-11-21T09:00:00.000000Z``."""

    impl = sa.types.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.String(27) if dialect.name == "sqlite" else sa.types.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone reached the database")
        return utc_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


def utc_text(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds and ``Z``; texts sort as times do."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Json(sa.types.TypeDecorator[Any]):
    """A JSON value: text on SQLite, ``jsonb`` on PostgreSQL. Decimals are written as strings."""

    impl = sa.types.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(postgresql.JSONB() if dialect.name == "postgresql" else sa.JSON())


Key = sa.String(64)
"""A key or id that admins choose: ``[a-z][a-z0-9_]*``."""

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A row's number, given by the database."""


def make_db() -> SQLAlchemy:
    """The Flask-SQLAlchemy extension of an application that brought none."""
    return SQLAlchemy(
        metadata=metadata,
        engine_options={"json_serializer": json.dumps, "json_deserializer": _loads, "pool_pre_ping": True},
        session_options={"autoflush": False},
    )


def _loads(text: str) -> Any:
    return stdlib_json.loads(text)


def prepare(engine: Engine, *, synchronous: str = "FULL") -> None:
    """Give SQLite what many writers need: WAL, a busy timeout, foreign keys, and write locks taken at the start.

    A plain ``BEGIN`` fails when a reader turns writer while another writes; ``BEGIN IMMEDIATE`` waits.
    """
    if engine.dialect.name != "sqlite" or getattr(engine, "_signoff_prepared", False):
        return
    engine._signoff_prepared = True  # type: ignore[attr-defined]

    @sa.event.listens_for(engine, "connect")
    def _connect(dbapi: sqlite3.Connection, _record: Any) -> None:
        dbapi.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "busy_timeout=15000",
            "foreign_keys=ON",
        ):
            dbapi.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("signoff_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def engine() -> Engine:
    """The engine of the current application."""
    found: Engine = current_app.extensions["signoff"].engine
    return found


_open: ContextVar["_Transaction | None"] = ContextVar("signoff_transaction", default=None)


class _Transaction:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.after_commit: list[Callable[[], None]] = []


@contextmanager
def transaction() -> Iterator[Connection]:
    """A connection whose writes commit together at the end of the block, or not at all.

    Inside another ``transaction()`` of the same thread it joins that one: use cases can call use cases.
    On SQLite the write lock is taken at once, so read what you can before (:func:`reading`).

    Raises:
        Unavailable: the database is locked, full, read-only or away.
    """
    outer = _open.get()
    if outer is not None:
        yield outer.connection
        return
    with translated(), engine().connect().execution_options(signoff_writes=True) as connection, connection.begin():
        scope = _Transaction(connection)
        token = _open.set(scope)
        try:
            yield connection
        finally:
            _open.reset(token)
    for call in scope.after_commit:
        call()


@contextmanager
def undoable() -> Iterator[None]:
    """Inside a :func:`transaction`, undo this block alone where it raises; outside, its own transactions do."""
    outer = _open.get()
    if outer is None:
        yield
        return
    with outer.connection.begin_nested():
        yield


def in_transaction() -> bool:
    """Whether a :func:`transaction` is open, which may still be undone."""
    return _open.get() is not None


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for queries: the surrounding transaction's where there is one, else one of its own."""
    outer = _open.get()
    if outer is not None:
        yield outer.connection
        return
    with translated(), engine().connect() as connection:
        yield connection


def after_commit(call: Callable[[], None]) -> None:
    """Run ``call`` once the surrounding transaction is committed (wake a worker); at once if there is none."""
    scope = _open.get()
    if scope is None:
        call()
    else:
        scope.after_commit.append(call)


@contextmanager
def translated() -> Iterator[None]:
    """What the database cannot do, in words; for connections that are not of this module.

    Raises:
        Unavailable: see :func:`transaction`.
    """
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        raise Unavailable(_say(str(error.orig)), code="database") from error
    except sa.exc.ProgrammingError as error:
        if type(error.orig).__name__ != "UndefinedTable":
            raise
        raise Unavailable(_say("no such table"), code="database") from error
    except sa.exc.DatabaseError as error:
        if type(error) is not sa.exc.DatabaseError:  # of a statement, not of the file
            raise
        raise Unavailable(_say(str(error.orig)), code="database") from error


def _say(reason: str) -> str:
    if "database" in reason and "does not exist" in reason:
        return msg("The database does not exist: %(reason)s. Create it.", reason=_last_line(reason))
    if "no such table" in reason or "does not exist" in reason:
        return msg("The database lacks a table. Run “signoff db upgrade”.")
    if "locked" in reason:
        return msg("The database is locked by another program. Nothing was changed; try again.")
    if "full" in reason or "No space" in reason:
        return msg("The disk of the database is full. Nothing was changed; make room and try again.")
    if "readonly" in reason or "read-only" in reason:
        return msg("The database cannot be written to. Check the rights of the data folder.")
    return msg("The database does not answer: %(reason)s", reason=reason.splitlines()[0] if reason else "")


def _last_line(reason: str) -> str:
    """The words of the server, without those of the driver: ``… FATAL:  database "x" does not exist``."""
    return reason.strip().splitlines()[-1].rpartition("FATAL:")[2].strip()


def for_update(statement: sa.Select[Any]) -> sa.Select[Any]:
    """The same query, locking its rows until the transaction ends (on SQLite the whole database is locked already)."""
    return statement.with_for_update()


def decimal_text(value: Decimal) -> str:
    """A decimal as JSON carries it: plain digits, no exponent."""
    return format(value, "f")
