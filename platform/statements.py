"""Statements of the hot paths: compiled once, run on the driver's own cursor at a tenth of what Core costs a call.

They speak the same SQL, types and errors as Core does; what they do not have is lists as parameters.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from . import db
from .pipeline import Check, driver_error

Convert = Callable[[Any], Any]
Values = Mapping[str, Any]
Row = tuple[Any, ...]
NOTHING: Values = {}

_watchers: list[Callable[[str], None]] = []


@contextmanager
def watched() -> Iterator[list[str]]:
    """Every statement that runs inside the block in this process, Core's among them; for tests and measurements."""
    seen: list[str] = []
    engine = db.engine()

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    _watchers.append(seen.append)
    try:
        yield seen
    finally:
        _watchers.remove(seen.append)
        sa.event.remove(engine, "before_cursor_execute", note)


def insert(table: sa.Table, *names: str, returning: Sequence[str] = (), skip_existing: bool = False) -> "Statement":
    """A new row of ``table`` with the columns ``names``; others are left to the database."""
    columns = names or tuple(each.name for each in table.columns if not each.primary_key)
    made = {
        dialect: _insert(dialect, table, skip_existing).values({name: sa.bindparam(name) for name in columns})
        for dialect in ("sqlite", "postgresql")
    }
    if returning:
        made = {key: each.returning(*(table.c[name] for name in returning)) for key, each in made.items()}
    return Statement(made)


def _insert(dialect: str, table: sa.Table, skip_existing: bool) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    made: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    return made.on_conflict_do_nothing() if skip_existing else made


class Statement:
    """A Core statement, or one for each dialect, that is compiled when it first runs."""

    __slots__ = ("_by_dialect", "_core")

    def __init__(self, core: sa.Executable | Mapping[str, sa.Executable]) -> None:
        self._core = core
        self._by_dialect: dict[str, _Compiled] = {}

    def first(self, conn: Connection, values: Values = NOTHING) -> Row | None:
        """The first row, ``None`` if there is none."""
        rows = self.all(conn, values)
        return rows[0] if rows else None

    def one(self, conn: Connection, values: Values = NOTHING) -> Row:
        """The row of a statement that always gives one."""
        return self.all(conn, values)[0]

    def all(self, conn: Connection, values: Values = NOTHING) -> list[Row]:
        """Every row."""
        compiled = self._compiled(conn)
        rows = compiled.execute(conn, values).fetchall()
        return [compiled.read(row) for row in rows] if compiled.readers else rows

    def run(self, conn: Connection, values: Values = NOTHING) -> int:
        """Execute it now; how many rows it changed."""
        count: int = self._compiled(conn).execute(conn, values).rowcount
        return count

    def later(self, conn: Connection, values: Values = NOTHING, check: Check | None = None) -> None:
        """Execute it before whatever this transaction does next that answers, or at its end."""
        self._compiled(conn).wait(conn, values, check)

    def later_many(self, conn: Connection, rows: Iterable[Values]) -> None:
        """Like :meth:`later`, once for each of ``rows``."""
        compiled = self._compiled(conn)
        for values in rows:
            compiled.wait(conn, values, None)

    def _compiled(self, conn: Connection) -> "_Compiled":
        name = conn.dialect.name
        compiled = self._by_dialect.get(name)
        if compiled is None:
            core = self._core[name] if isinstance(self._core, Mapping) else self._core
            compiled = self._by_dialect[name] = _Compiled(core, conn.dialect)
        return compiled


class _Compiled:
    """The text for one dialect, and how values go in and come out."""

    __slots__ = ("_constants", "_names", "_writers", "readers", "sql")

    def __init__(self, core: Any, dialect: Dialect) -> None:
        compiled = core.compile(dialect=dialect)
        self.sql: str = compiled.string
        positions = compiled.positiontup
        names = list(dict.fromkeys(positions)) if positions is not None else list(compiled.binds)
        writers = {name: _writer(compiled.binds[name].type, dialect) for name in names}
        self._names: tuple[str, ...] | None = tuple(positions) if positions is not None else None
        self._writers = tuple((name, convert) for name, convert in writers.items() if convert is not None)
        self._constants = {
            name: compiled.binds[name].effective_value for name in names if not compiled.binds[name].required
        }
        self.readers = _readers(core, dialect)

    def parameters(self, values: Values) -> Any:
        found = {**self._constants, **values}
        for name, convert in self._writers:
            found[name] = convert(found[name])
        return [found[name] for name in self._names] if self._names is not None else found

    def read(self, row: Row) -> Row:
        read = list(row)
        for place, convert in self.readers:
            read[place] = convert(read[place])
        return tuple(read)

    def execute(self, conn: Connection, values: Values) -> Any:
        raw: Any = conn.connection.dbapi_connection
        parameters = self.parameters(values)
        for watcher in _watchers:
            watcher(self.sql)
        if self._names is None:
            waiting = db.pipeline_of(conn)
            if waiting:
                return waiting.send(conn, self.sql, parameters)
        try:
            return raw.execute(self.sql, parameters)
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, self.sql, error) from error

    def wait(self, conn: Connection, values: Values, check: Check | None) -> None:
        waiting = db.pipeline_of(conn) if self._names is None else None
        if waiting is not None:
            waiting.add(self.sql, self.parameters(values), check)
            for watcher in _watchers:
                watcher(self.sql)
            return
        done = self.execute(conn, values)
        if check is not None:
            check(done.rowcount)


def _writer(type_: Any, dialect: Dialect) -> Convert | None:
    convert: Convert | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return convert


def _readers(core: Any, dialect: Dialect) -> tuple[tuple[int, Convert], ...]:
    columns = getattr(core, "exported_columns", ())
    found = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
    return tuple((place, convert) for place, convert in enumerate(found) if convert is not None)
