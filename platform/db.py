"""The database: tables' metadata, column types, and the two ways to it, ``reading()`` and ``transaction()``.

Hand-written Core statements throughout: the ORM costs three to fourteen times as much on the path of a decision.
"""

import json as stdlib_json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
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


def _loads(text: str | bytes) -> Any:
    """What ``loads`` does with UTF-8 that has no space around it, as databases give it."""
    return _decode(str(text, "utf-8") if isinstance(text, bytes) else text)[0]


_decode = stdlib_json.JSONDecoder().raw_decode


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

    __slots__ = ("after_commit", "before_commit", "connection", "memory", "pipeline")

    def __init__(self, connection: Connection, memory: dict[str, Any] | None = None) -> None:
        self.connection = connection
        self.memory: dict[str, Any] = {} if memory is None else memory
        self.after_commit: list[Callable[[], None]] = []
        self.before_commit: list[Callable[[Connection], None]] = []
        self.pipeline = Pipeline()

    def begin(self) -> None:
        if self.connection.dialect.name == "postgresql":
            self.pipeline.begin()
        else:
            connections.begin_immediate(self.connection)

    def complete(self) -> None:
        """Write what waited for the end."""
        while self.before_commit:
            self.before_commit.pop(0)(self.connection)

    def commit(self) -> None:
        self.complete()
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


class _Same:
    """A block that shares the connection of another around it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        return


class _Reading:
    """A block with a connection of its own, ``shared`` with all blocks inside or not.

    It and :class:`_Transaction` are no generators, as an action goes through a dozen of them.
    """

    __slots__ = ("_connection", "_engine", "_shared", "_token")
    _connection: Connection
    _engine: Engine
    _token: "Token[_Scope | None]"

    def __init__(self, *, shared: bool) -> None:
        self._shared = shared

    def __enter__(self) -> Connection:
        try:
            self._engine = engine()
            self._connection = connections.lend(self._engine)
        except Exception as error:
            _translate(error)
            raise
        if self._shared:
            self._token = _shared.set(_Scope(self._connection))
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._shared:
            _shared.reset(self._token)
        if error is None:
            connections.take_back(self._engine, self._connection)
            return
        self._connection.close()
        _translate(error)


class _Transaction:
    """The outermost block of a transaction, on the connection of the :func:`reading_together` around it, or another."""

    __slots__ = ("_deferred", "_engine", "_own", "_scope", "_shared", "_token")
    _scope: "_Scope"
    _shared: "_Scope"
    _token: "Token[_Scope | None]"

    def __enter__(self) -> Connection:
        self._own: Connection | None = None
        try:
            self._begin()
        except BaseException as error:
            self._close()
            _translate(error)
            raise
        return self._scope.connection

    def _begin(self) -> None:
        shared = _shared.get()
        if shared is None:
            self._engine = engine()
            self._own = connections.lend(self._engine)
            shared = _Scope(self._own)
        self._shared = shared
        self._deferred = _deferred.get()
        scope = self._scope = _Scope(shared.connection, dict(shared.memory))
        scope.begin()
        self._token = _open.set(scope)
        if self._deferred is not None:
            try:
                self._deferred.first(scope.connection)
            except BaseException:
                self._undo()
                raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            try:
                self._end()
            except BaseException as refused:
                self._give_up(refused)
                raise
            if self._deferred is None:
                self._finish()
        else:
            self._give_up(error)

    def _end(self) -> None:
        scope = self._scope
        if self._deferred is not None:
            scope.complete()
            if scope.pipeline:  # what the database refuses is refused to who asked for it, while nothing has begun
                scope.pipeline.send(scope.connection)
            self._deferred.begun = (scope, self._token)
        else:
            scope.commit()

    def _finish(self) -> None:
        _open.reset(self._token)
        self._shared.memory.clear()
        if self._own is not None:
            connections.take_back(self._engine, self._own)
        self._scope.finished()

    def _give_up(self, error: BaseException) -> None:
        """Undo everything, and say in words what the database cannot do."""
        try:
            self._undo()
        finally:
            self._close()
        _translate(error)

    def _undo(self) -> None:
        try:
            self._scope.rollback()
        finally:
            _open.reset(self._token)

    def _close(self) -> None:
        if self._own is not None:
            self._own.close()


def transaction() -> AbstractContextManager[Connection]:
    """A connection whose writes commit together at the end of the block, or not at all.

    Inside another ``transaction()`` of the same thread it joins that one: use cases can call use cases.
    On SQLite the write lock is taken at once, so read what you can before (:func:`reading`).

    Raises:
        Unavailable: the database is locked, full, read-only or away.
    """
    outer = _open.get()
    return _Transaction() if outer is None else _Same(outer.connection)


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
    outer.complete()
    with outer.connection.begin_nested():
        try:
            yield
            outer.complete()
        except BaseException:
            outer.pipeline.drop()
            outer.memory.clear()
            outer.before_commit.clear()
            raise


def begins_here() -> bool:
    """Whether the next :func:`transaction` commits with its own block."""
    return _open.get() is None and _deferred.get() is None


def in_transaction() -> bool:
    """Whether a :func:`transaction` is open, which may still be undone."""
    return _open.get() is not None


def reading() -> AbstractContextManager[Connection]:
    """A connection for queries, each on its own: the surrounding transaction's where there is one, else another."""
    outer = _open.get() or _shared.get()
    return _Reading(shared=False) if outer is None else _Same(outer.connection)


def reading_together() -> AbstractContextManager[Connection]:
    """Like :func:`reading`, and every ``reading()`` inside the block shares the connection. Not in generators."""
    outer = _open.get() or _shared.get()
    return _Reading(shared=True) if outer is None else _Same(outer.connection)


def pipeline_of(conn: Connection) -> Pipeline | None:
    """What waits to be sent in the transaction of ``conn``; ``None``: it is in no :func:`transaction`."""
    scope = _open.get()
    return scope.pipeline if scope is not None and scope.connection is conn else None


def memory() -> dict[str, Any] | None:
    """What was learned in this transaction, or in this :func:`reading_together`, and holds until its end."""
    scope = _open.get() or _shared.get()
    return scope.memory if scope is not None else None


def before_commit(call: Callable[[Connection], None]) -> None:
    """Run ``call`` at the end of the surrounding transaction, and before a part of it that can be undone alone."""
    scope = _open.get()
    if scope is None:
        raise RuntimeError("there is no transaction")
    scope.before_commit.append(call)


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
    except sa.exc.DBAPIError as error:
        _translate(error)
        raise


def _translate(error: BaseException) -> None:
    """Raises:
    Unavailable: ``error`` says that the database cannot do what was asked; else nothing happens.
    """
    if not isinstance(error, sa.exc.DBAPIError):
        return
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        raise Unavailable(_say(str(error.orig)), code="database") from error
    if isinstance(error, sa.exc.ProgrammingError):
        if type(error.orig).__name__ == "UndefinedTable":
            raise Unavailable(_say("no such table"), code="database") from error
    elif type(error) is sa.exc.DatabaseError:  # of the file, not of a statement
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
