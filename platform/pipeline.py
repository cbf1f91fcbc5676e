"""Writes that wait for company: PostgreSQL gets them together, so that an action costs few round trips.

SQLite is in the same process, so there nothing waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    import psycopg

Check = Callable[[int], None]
"""Is given how many rows a statement changed, and raises if that is not right."""

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"


@dataclass(slots=True)
class Pipeline:
    """The statements of one transaction that were not sent yet, in their order."""

    _waiting: list[tuple[str, Mapping[str, Any] | None, Check | None]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def begin(self) -> None:
        """Open the transaction together with its first statement."""
        self._waiting = [(_BEGIN, None, None)]

    def add(self, sql: str, parameters: Mapping[str, Any], check: Check | None) -> None:
        self._waiting.append((sql, parameters, check))

    def send(self, conn: Connection, sql: str = "", parameters: Mapping[str, Any] | None = None) -> Any:
        """Send what waits, and behind it ``sql``, whose cursor is returned."""
        raw: psycopg.Connection[Any] = conn.connection.driver_connection  # type: ignore[assignment]
        waiting, self._waiting = self._waiting, []
        try:
            with raw.pipeline():
                sent = [(raw.execute(text, values), check) for text, values, check in waiting]
                cursor = raw.execute(sql, parameters) if sql else None
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, sql, error) from error
        for each, check in sent:
            if check is not None:
                check(each.rowcount)
        return cursor

    def drop(self) -> None:
        """Forget what waits: it is undone."""
        self._waiting = []

    def commit(self, conn: Connection) -> None:
        """Send what waits together with the end of the transaction."""
        if any(check is not None for _, _, check in self._waiting):
            self.send(conn)
        if all(text is _BEGIN for text, _, _ in self._waiting):
            return
        raw: psycopg.Connection[Any] = conn.connection.driver_connection  # type: ignore[assignment]
        try:
            with raw.pipeline():
                for text, values, _ in self._waiting:
                    raw.execute(text, values)
                raw.execute("COMMIT")
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, "COMMIT", error) from error
        finally:
            self._waiting = []


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
