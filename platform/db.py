"""The database: tables' metadata, column types, and the two ways to it, ``reading()`` and ``transaction()``.

Hand-written Core statements throughout: the ORM costs three to fourteen times as much on the path of a decision.
"""

import json as stdlib_json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect, Engine

from . import connections, json
from .connections import giving_way as giving_way
from .errors import Unavailable
from .pipeline import Pipeline, driver_error
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


@lru_cache(256)
def utc_text(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds and ``Z``; texts sort as times do."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


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
        engine_options={"json_serializer": json.dumps, "json_deserializer": _loads},
        session_options={"autoflush": False},
    )


def _loads(text: str) -> Any:
    return stdlib_json.loads(text)


def prepare(engine: Engine, *, synchronous: str = "FULL") -> None:
    """Set up the connections of ``engine``, and let statements of PostgreSQL travel together."""
    if connections.prepare(engine, synchronous) and engine.dialect.name == "postgresql":
        sa.event.listen(engine, "before_cursor_execute", _catch_up)


def _catch_up(connection: Connection, *_: Any) -> None:
    waiting = pipeline_of(connection)
    if waiting:
        waiting.send(connection)


def engine() -> Engine:
    """The engine of the current application."""
    found: Engine = current_app.extensions["signoff"].engine
    return found


class _Scope:
    """A connection that everything inside a block shares; ``memory`` is what was learned there and holds for it."""

    __slots__ = ("after_commit", "connection", "memory", "pipeline")

    def __init__(self, connection: Connection, memory: dict[str, Any] | None = None) -> None:
        self.connection = connection
        self.memory: dict[str, Any] = {} if memory is None else memory
        self.after_commit: list[Callable[[], None]] = []
        self.pipeline = Pipeline()

    def begin(self) -> None:
        if self.connection.dialect.name == "postgresql":
            self.pipeline.begin()
        else:
            connections.begin_immediate(self.connection)

    def commit(self) -> None:
        if self.connection.dialect.name == "postgresql":
            self.pipeline.commit(self.connection)
            return
        raw: Any = self.connection.connection.dbapi_connection
        try:
            raw.commit()
        except sqlite3.Error as error:
            raise driver_error(self.connection, "COMMIT", error) from error

    def rollback(self) -> None:
        """Undo everything; a connection that is lost has nothing left to undo."""
        self.pipeline.drop()
        if self.connection.in_transaction():
            self.connection.rollback()
        if not self.connection.invalidated:
            with suppress(self.connection.dialect.loaded_dbapi.Error):
                self.connection.connection.rollback()

    def finished(self) -> None:
        for call in self.after_commit:
            call()


_open: ContextVar[_Scope | None] = ContextVar("signoff_transaction", default=None)
_shared: ContextVar[_Scope | None] = ContextVar("signoff_reading", default=None)
_deferred: ContextVar["_Deferred | None"] = ContextVar("signoff_deferred", default=None)


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
    with translated(), _connected() as shared:
        scope = _Scope(shared.connection, dict(shared.memory))
        scope.begin()
        token = _open.set(scope)
        deferred = _deferred.get()
        try:
            if deferred is not None:
                deferred.first(scope.connection)
            yield scope.connection
            if deferred is None:
                scope.commit()
            elif scope.pipeline:  # what the database refuses is refused to who asked for it, while nothing has begun
                scope.pipeline.send(scope.connection)
        except BaseException:
            scope.rollback()
            _open.reset(token)
            raise
        if deferred is not None:
            deferred.begun = (scope, token)
            return
        _open.reset(token)
        shared.memory.clear()
    scope.finished()


class _Deferred:
    """A transaction that begins with the first :func:`transaction` inside a block; ``first`` is its first act."""

    def __init__(self, first: Callable[[Connection], None]) -> None:
        self.first = first
        self.begun: tuple[_Scope, Token[_Scope | None]] | None = None


@contextmanager
def one_transaction(first: Callable[[Connection], None]) -> Iterator[None]:
    """Make one of all transactions inside the block: what is read before the first of them waits for nobody.

    ``first`` runs when it begins; if that or the first transaction fails, nothing has begun. Inside another transaction
    it is that one.

    Raises:
        Unavailable: see :func:`transaction`.
    """
    outer = _open.get()
    if outer is not None:
        first(outer.connection)
        yield
        return
    deferred = _Deferred(first)
    with translated(), reading_together():
        kept = _deferred.set(deferred)
        try:
            yield
            if deferred.begun is not None:
                deferred.begun[0].commit()
        except BaseException:
            if deferred.begun is not None:
                deferred.begun[0].rollback()
            raise
        finally:
            _deferred.reset(kept)
            if deferred.begun is not None:
                _open.reset(deferred.begun[1])
    if deferred.begun is not None:
        deferred.begun[0].finished()


@contextmanager
def undoable() -> Iterator[None]:
    """Inside a :func:`transaction`, undo this block alone where it raises; outside, its own transactions do."""
    outer = _open.get()
    if outer is None:
        yield
        return
    with outer.connection.begin_nested():
        try:
            yield
        except BaseException:
            outer.pipeline.drop()
            outer.memory.clear()
            raise


def begins_here() -> bool:
    """Whether the next :func:`transaction` commits with its own block."""
    return _open.get() is None and _deferred.get() is None


def in_transaction() -> bool:
    """Whether a :func:`transaction` is open, which may still be undone."""
    return _open.get() is not None


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for queries, each on its own: the surrounding transaction's where there is one, else another."""
    outer = _open.get() or _shared.get()
    if outer is not None:
        yield outer.connection
        return
    with _reader() as connection:
        yield connection


@contextmanager
def reading_together() -> Iterator[Connection]:
    """Like :func:`reading`, and every ``reading()`` inside the block shares the connection. Not in generators."""
    outer = _open.get() or _shared.get()
    if outer is not None:
        yield outer.connection
        return
    with _reader() as connection:
        token = _shared.set(_Scope(connection))
        try:
            yield connection
        finally:
            _shared.reset(token)


@contextmanager
def _connected() -> Iterator[_Scope]:
    """The connection of the surrounding :func:`reading_together`, or a new one."""
    shared = _shared.get()
    if shared is not None:
        yield shared
        return
    with connections.lent(engine()) as connection:
        yield _Scope(connection)


@contextmanager
def _reader() -> Iterator[Connection]:
    with translated(), connections.lent(engine()) as connection:
        yield connection


def pipeline_of(conn: Connection) -> Pipeline | None:
    """What waits to be sent in the transaction of ``conn``; ``None``: it is in no :func:`transaction`."""
    scope = _open.get()
    return scope.pipeline if scope is not None and scope.connection is conn else None


def memory() -> dict[str, Any] | None:
    """What was learned in this transaction, or in this :func:`reading_together`, and holds until its end."""
    scope = _open.get() or _shared.get()
    return scope.memory if scope is not None else None


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
