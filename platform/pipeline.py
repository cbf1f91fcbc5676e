"""Writes that wait for company: PostgreSQL gets them together, so that an action costs few round trips.

SQLite is in the same process, so there nothing waits.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import json

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

_ALIKE = 4
"""So many statements that differ in their values alone travel as one."""


class _Waiting(NamedTuple):
    sql: str
    values: dict[str, Any] | None
    check: Check | None
    row: Row | None
    many: str | None = None
    rows: int = 1


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

    def add(
        self,
        sql: str,
        parameters: dict[str, Any],
        check: Check | None,
        row: Row | None = None,
        many: str | None = None,
    ) -> None:
        """``many``: the statement that does the same with a list for each parameter."""
        self._waiting.append(_Waiting(sql, parameters, check, row, many))

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
        """Make one of statements that are alike, and put those of gathered rows behind the others."""
        if len(self._waiting) > _ALIKE:
            self._waiting = _joined(self._waiting)
        for sql, rows in self._rows.items():
            self.add(sql, _lists(rows), None, (sql,))
        self._rows = {}

    def send(self, conn: Connection, sql: str = "", parameters: dict[str, Any] | None = None) -> Any:
        """Send what waits, and behind it ``sql``, whose cursor is returned."""
        raw: psycopg.Connection[Any] = conn.connection.driver_connection  # type: ignore[assignment]
        self._line_up()
        waiting, self._waiting = self._waiting, []
        try:
            with raw.pipeline():
                sent = [(raw.execute(each.sql, each.values), each) for each in waiting]
                cursor = raw.execute(sql, parameters) if sql else None
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, sql, error) from error
        for done, each in sent:
            if each.check is not None:
                each.check(done.rowcount if each.rows == 1 else int(done.rowcount == each.rows))
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
                for each in self._waiting:
                    raw.execute(each.sql, each.values)
                raw.execute("COMMIT")
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, "COMMIT", error) from error
        finally:
            self._waiting = []

    def _can_be_one(self) -> bool:
        """Whether each statement writes a row of its own, so that all can see what was there before."""
        rows = [each.row for each in self._waiting[1:]]
        checks = sum(each.rows for each in self._waiting if each.check is not None)
        return None not in rows and len(set(rows)) == len(rows) and checks <= 1

    def _send_as_one(self, conn: Connection) -> None:
        """One statement, which is a transaction of its own: no BEGIN, no COMMIT, one round trip."""
        from psycopg import RawCursor

        waiting, self._waiting = self._waiting[1:], []
        raw: psycopg.Connection[Any] = conn.connection.driver_connection  # type: ignore[assignment]
        sql, names = _as_one(
            tuple([each.sql for each in waiting]), tuple([each.check is not None for each in waiting])
        )  # fmt: skip
        rows = [each.values or {} for each in waiting]
        try:
            RawCursor(raw).execute(sql, [rows[place][name] for place, name in names], prepare=True)
        except conn.dialect.loaded_dbapi.Error as error:
            check = next((each.check for each in waiting if each.check is not None), None)
            if check is not None and getattr(error, "sqlstate", None) == _NOBODY:
                check(0)
            raise driver_error(conn, sql, error) from error


def _joined(waiting: Sequence[_Waiting]) -> list[_Waiting]:
    """The same statements, of which those that are alike are one, where the first of them was.

    Nothing passes a statement that does not say which row it writes, or one that writes the same row.
    """
    found: list[_Waiting] = []
    begins = 0
    for place, each in enumerate(waiting):
        if each.row is None:
            found += [*_of_stretch(waiting[begins:place]), each]
            begins = place + 1
    return found + _of_stretch(waiting[begins:])


def _of_stretch(waiting: Sequence[_Waiting]) -> list[_Waiting]:
    rows = Counter(each.row for each in waiting)
    alike: dict[tuple[str, Check | None], list[_Waiting]] = {}
    for each in waiting:
        if each.many is not None and rows[each.row] == 1:
            alike.setdefault((each.many, each.check), []).append(each)
    joined = {id(group[0]): group for group in alike.values() if len(group) >= _ALIKE}
    gone = {id(each) for group in joined.values() for each in group[1:]}
    return [_one_of(joined[id(each)]) if id(each) in joined else each for each in waiting if id(each) not in gone]


def _one_of(group: Sequence[_Waiting]) -> _Waiting:
    first = group[0]
    assert first.many is not None
    values = _lists([each.values or {} for each in group])
    return _Waiting(first.many, values, first.check, (first.many,), rows=len(group))


def _lists(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: _list_text([row[name] for row in rows]) for name in rows[0]}


def _list_text(values: Sequence[Any]) -> str:
    """A list as PostgreSQL reads it from text, for a cast; the driver takes five times as long to write one."""
    first, sort = values[0], type(values[0])
    if (sort in _PLAIN and values.count(first) == len(values)) or all(each is first for each in values):
        return "{" + ",".join([_item_text(first)] * len(values)) + "}"
    if sort is str and all(type(each) is str for each in values):
        return _texts(values)
    if sort is datetime and all(type(each) is datetime for each in values):
        return '{"' + '","'.join([each.isoformat() for each in values]) + '"}'
    if hasattr(first, "obj") and all(type(each) is sort for each in values):  # the driver's wrapper of JSON
        return _texts([json.dumps(each.obj) for each in values])
    return "{" + ",".join([_item_text(each) for each in values]) + "}"


_PLAIN = frozenset({str, datetime})
"""What is the same text where it is equal."""


def _texts(values: Sequence[str]) -> str:
    """All quoted at once: no text of PostgreSQL holds the sign that stands between them."""
    whole = "\0".join(values)
    if whole.count("\0") == len(values) - 1:
        return '{"' + _escaped(whole).replace("\0", '","') + '"}'
    return "{" + ",".join(map(_quoted, values)) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _item_text(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    return _quoted(json.dumps(value.obj))  # the driver's wrapper of JSON


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


@lru_cache(512)
def _as_one(statements: Sequence[str], checked: Sequence[bool]) -> tuple[str, Sequence[tuple[int, str]]]:
    """``WITH w0 AS (…), w1 AS (…) SELECT …``, done in this order; where a checked one changes nothing, all fails.

    Beside it the place of the statement and the name of each value, in order: the driver would look for the names in
    so long a text anew each time.
    """
    places: dict[tuple[int, str], int] = {}

    def numbered(place: int, sql: str) -> str:
        return _NAME.sub(lambda found: f"${places.setdefault((place, found[1]), len(places) + 1)}", sql)

    parts = [f"w{n} AS ({numbered(n, sql).replace('%%', '%')} RETURNING 1)" for n, sql in enumerate(statements)]
    counts = [f"(SELECT count(*) FROM w{n})" for n in range(len(statements))]  # noqa: S608 - nothing from outside
    said = [f"1 / {count}" if is_checked else count for count, is_checked in zip(counts, checked, strict=True)]
    return f"WITH {', '.join(parts)} SELECT {', '.join(said)}", tuple(places)


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
