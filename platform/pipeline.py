"""Writes that wait for company: PostgreSQL gets them together, so that an action costs few round trips.

SQLite is in the same process, so there nothing waits.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    import psycopg

Check = Callable[[int], None]
"""Is given how many rows a statement changed, and raises if that is not right."""

Row = tuple[Any, ...]
"""Which row a statement writes: its table and what names the row there."""

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
_NAME = re.compile(r"%\(([^)]+)\)s")
_NOBODY = "22012"
"""SQLSTATE of a division by zero: of a statement that had to change a row, and found none."""


class _Waiting(NamedTuple):
    sql: str
    values: dict[str, Any] | None
    check: Check | None
    row: Row | None


@dataclass(slots=True)
class Pipeline:
    """The statements of one transaction that were not sent yet, in their order."""

    _waiting: list[_Waiting] = field(default_factory=list)
    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._waiting or self._rows)

    def begin(self) -> None:
        """Open the transaction together with its first statement."""
        self._waiting = [_Waiting(_BEGIN, None, None, None)]

    @property
    def has_begun(self) -> bool:
        """Whether the transaction is open in the database."""
        return not self._waiting or self._waiting[0].sql is not _BEGIN

    def add(self, sql: str, parameters: dict[str, Any], check: Check | None, row: Row | None = None) -> None:
        self._waiting.append(_Waiting(sql, parameters, check, row))

    def amend(self, row: Row, changed: dict[str, Any]) -> bool:
        """Give other values to what waits to write ``row``; ``False``: nothing does."""
        for each in self._waiting:
            if each.row == row and each.values is not None:
                each.values.update(changed)
                return True
        return False

    def gather(self, sql: str, row: dict[str, Any]) -> None:
        """One more row for a statement that takes a list for each column, and goes behind the others."""
        self._rows.setdefault(sql, []).append(row)

    def _line_up(self) -> None:
        """Put the statements of gathered rows behind the others."""
        for sql, rows in self._rows.items():
            self.add(sql, {name: [row[name] for row in rows] for name in rows[0]}, None, (sql,))
        self._rows = {}

    def send(self, conn: Connection, sql: str = "", parameters: dict[str, Any] | None = None) -> Any:
        """Send what waits, and behind it ``sql``, whose cursor is returned."""
        raw: psycopg.Connection[Any] = conn.connection.driver_connection  # type: ignore[assignment]
        self._line_up()
        waiting, self._waiting = self._waiting, []
        try:
            with raw.pipeline():
                sent = [(raw.execute(text, values), check) for text, values, check, _ in waiting]
                cursor = raw.execute(sql, parameters) if sql else None
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, sql, error) from error
        for each, check in sent:
            if check is not None:
                check(each.rowcount)
        return cursor

    def drop(self) -> None:
        """Forget what waits: it is undone."""
        self._waiting, self._rows = [], {}

    def commit(self, conn: Connection) -> None:
        """Send what waits together with the end of the transaction."""
        self._line_up()
        if len(self._waiting) == 1 and not self.has_begun:
            return
        if not self.has_begun and self._can_be_one():
            self._send_as_one(conn)
            return
        if any(each.check is not None for each in self._waiting):
            self.send(conn)
        raw: psycopg.Connection[Any] = conn.connection.driver_connection  # type: ignore[assignment]
        try:
            with raw.pipeline():
                for text, values, _, _ in self._waiting:
                    raw.execute(text, values)
                raw.execute("COMMIT")
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, "COMMIT", error) from error
        finally:
            self._waiting = []

    def _can_be_one(self) -> bool:
        """Whether each statement writes a row of its own, so that all can see what was there before."""
        rows = [each.row for each in self._waiting[1:]]
        checks = sum(each.check is not None for each in self._waiting)
        return None not in rows and len(set(rows)) == len(rows) and checks <= 1

    def _send_as_one(self, conn: Connection) -> None:
        """One statement, which is a transaction of its own: no BEGIN, no COMMIT, one round trip."""
        waiting, self._waiting = self._waiting[1:], []
        raw: psycopg.Connection[Any] = conn.connection.driver_connection  # type: ignore[assignment]
        sql = _as_one(tuple(each.sql for each in waiting), tuple(each.check is not None for each in waiting))
        values = {f"{name}_{n}": value for n, each in enumerate(waiting) for name, value in (each.values or {}).items()}
        try:
            raw.execute(sql, values, prepare=True)
        except conn.dialect.loaded_dbapi.Error as error:
            check = next((each.check for each in waiting if each.check is not None), None)
            if check is not None and getattr(error, "sqlstate", None) == _NOBODY:
                check(0)
            raise driver_error(conn, sql, error) from error


@lru_cache(512)
def _as_one(statements: Sequence[str], checked: Sequence[bool]) -> str:
    """``WITH w0 AS (…), w1 AS (…) SELECT …``, done in this order; where a checked one changes nothing, all fails."""
    named = [_NAME.sub(rf"%(\1_{n})s", sql) for n, sql in enumerate(statements)]
    parts = [f"w{n} AS ({sql} RETURNING 1)" for n, sql in enumerate(named)]
    counts = [f"(SELECT count(*) FROM w{n})" for n in range(len(statements))]  # noqa: S608 - nothing from outside
    said = [f"1 / {count}" if is_checked else count for count, is_checked in zip(counts, checked, strict=True)]
    return f"WITH {', '.join(parts)} SELECT {', '.join(said)}"


def driver_error(conn: Connection, sql: str, error: Exception) -> sa.exc.DBAPIError:
    """The error of the driver as SQLAlchemy would raise it; a connection that is lost is given up."""
    dialect = conn.dialect
    lost = isinstance(error, dialect.loaded_dbapi.Error) and dialect.is_disconnect(
        error, conn.connection.dbapi_connection, None
    )
    found = sa.exc.DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )
    if lost:
        conn.invalidate(error)
    return found  # type: ignore[return-value]
