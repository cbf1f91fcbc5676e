"""Statements of the hot paths: compiled once, run on the driver's own cursor at a tenth of what Core costs a call.

They speak the same SQL, types and errors as Core does; what they do not have is lists as parameters.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from json import JSONDecoder
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from . import db, json
from .db import utc_text
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


def insert(
    table: sa.Table,
    *names: str,
    returning: Sequence[str] = (),
    skip_existing: bool = False,
    row: Sequence[str] | None = None,
) -> "Statement":
    """A new row of ``table`` with the columns ``names``; others are left to the database.

    ``row``: as :class:`Statement` has it.
    """
    columns = names or tuple(each.name for each in table.columns if not each.primary_key)
    made = {
        dialect: _insert(dialect, table, skip_existing).values({name: sa.bindparam(name) for name in columns})
        for dialect in ("sqlite", "postgresql")
    }
    if returning:
        made = {key: each.returning(*(table.c[name] for name in returning)) for key, each in made.items()}
    else:
        made = {key: each.inline() for key, each in made.items()}
    many = _of_arrays(table, columns, skip_existing) if row is not None and not returning else None
    return Statement(made, row=row, many=many)


_NEW_IDS = "signoff_new_ids"
_handed_out: list[sa.Table] = []


def hand_out(table: sa.Table) -> None:
    """Give ids of ``table`` before its rows are written (:func:`new_id`)."""
    _handed_out.append(table)


def handed_out() -> Sequence[sa.Table]:
    """The tables of :func:`hand_out`."""
    return _handed_out


def next_id(table: sa.Table) -> sa.Label[int]:
    """A column of PostgreSQL that takes an id of ``table``, for :func:`keep_id`."""
    return sa.literal_column(f"nextval('{table.name}_id_seq')", sa.BigInteger()).label(f"new_{table.name}")


def keep_id(table: sa.Table, given: int) -> None:
    """Remember an id that a query brought along, for the next :func:`new_id`."""
    memory = db.memory()
    if memory is not None:
        memory.setdefault(_NEW_IDS, {})[table.name] = given


def new_id(conn: Connection, table: sa.Table, *, alone: bool = False) -> int | None:
    """The id of a new row, where asking for it is cheaper than waiting for the row: on PostgreSQL, in a transaction.

    The first of a transaction brings one of each table that ids are handed out of, unless it comes ``alone``.
    """
    if conn.dialect.name != "postgresql":
        return None
    memory = db.memory()
    if memory is None or not db.in_transaction():
        return None
    known: dict[str, int] = memory.setdefault(_NEW_IDS, {})
    if table.name not in known:
        tables = [table] if alone else _handed_out
        sql = "SELECT " + ", ".join(f"nextval('{each.name}_id_seq')" for each in tables)
        raw: Any = conn.connection.dbapi_connection
        for watcher in _watchers:
            watcher(sql)
        try:
            found = raw.execute(sql, prepare=True).fetchone()  # no part of the transaction, so it need not begin yet
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, sql, error) from error
        known.update(zip((each.name for each in tables), found, strict=True))
    return known.pop(table.name)


def _insert(dialect: str, table: sa.Table, skip_existing: bool) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    made: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    return made.on_conflict_do_nothing() if skip_existing else made


def rows(table: sa.Table, *names: str, skip_existing: bool = False) -> "Rows":
    """New rows of ``table`` that may come in any order, and behind whatever else a transaction writes."""
    return Rows(insert(table, *names, skip_existing=skip_existing), _of_arrays(table, names, skip_existing))


def _of_arrays(table: sa.Table, names: Sequence[str], skip_existing: bool) -> str:
    """The statement of PostgreSQL that takes a list for each column."""
    end = " ON CONFLICT DO NOTHING" if skip_existing else ""
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM {lists_of(table, names)}{end}"  # noqa: S608


def lists_of(table: sa.Table, names: Sequence[str], **others: str) -> str:
    """``unnest(…) AS new (…)``: rows out of a list for each column, and for each of ``others``, with their types."""
    from sqlalchemy.dialects import postgresql

    postgres = postgresql.dialect()  # type: ignore[no-untyped-call]
    # a cast to varchar(80) would cut silently what an insert refuses
    types = {name: table.c[name].type for name in names}
    kinds = {name: "TEXT" if isinstance(each, sa.String) else each.compile(postgres) for name, each in types.items()}
    kinds |= others
    lists = ", ".join(f"CAST(%({name})s AS {kind}[])" for name, kind in kinds.items())
    return f"unnest({lists}) AS new ({', '.join(kinds)})"


class Statement:
    """A Core statement, or one for each dialect, that is compiled when it first runs.

    ``row``: a word for the table, then the parameters that name the one row that it writes. Statements that each write
    another row, and nothing else that a neighbour reads, travel as one. ``many``: what does the same on PostgreSQL
    with a list for each parameter (:func:`lists_of`), for when many of them wait.
    """

    __slots__ = ("_by_dialect", "_core", "_row", "many")

    def __init__(
        self,
        core: sa.Executable | Mapping[str, sa.Executable],
        *,
        row: Sequence[str] | None = None,
        many: str | None = None,
    ) -> None:
        self._core = core
        self._row = tuple(row) if row is not None else None
        self.many = many
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
        compiled = self._compiled(conn)
        if not compiled.is_immediate:
            compiled.wait(conn, values, check, self._row_of(values), self.many)
            return
        count = compiled.execute(conn, values).rowcount
        if check is not None:
            check(count)

    def later_many(self, conn: Connection, rows: Iterable[Values]) -> None:
        """Like :meth:`later`, once for each of ``rows``."""
        compiled = self._compiled(conn)
        if compiled.is_immediate:
            compiled.execute_many(conn, rows)
            return
        for values in rows:
            compiled.wait(conn, values, None, self._row_of(values), self.many)

    def amend(self, conn: Connection, values: Values, changed: Values) -> bool:
        """Change what waits to write the row that ``values`` name; ``False``: nothing does, or it was sent already."""
        waiting, row = db.pipeline_of(conn), self._row_of(values)
        return waiting is not None and row is not None and waiting.amend(row, dict(changed))

    def _row_of(self, values: Values) -> Row | None:
        row = self._row
        return None if row is None else (row[0], *(values[name] for name in row[1:]))

    def _compiled(self, conn: Connection) -> "_Compiled":
        name = conn.dialect.name
        compiled = self._by_dialect.get(name)
        if compiled is None:
            core = self._core[name] if isinstance(self._core, Mapping) else self._core
            compiled = self._by_dialect[name] = _Compiled(core, conn.dialect)
        return compiled


class Rows(Statement):
    """An insert whose rows wait for each other, and go to PostgreSQL in one statement; it answers nothing."""

    __slots__ = ()

    def __init__(self, one: Statement, many: str) -> None:
        super().__init__(one._core, many=many)

    def later(self, conn: Connection, values: Values = NOTHING, check: Check | None = None) -> None:
        waiting = db.pipeline_of(conn)
        if waiting is None or conn.dialect.name != "postgresql" or check is not None or self.many is None:
            super().later(conn, values, check)
            return
        compiled = self._compiled(conn)
        waiting.gather(self.many, compiled.parameters(values))
        for watcher in _watchers:
            watcher(compiled.sql)

    def later_many(self, conn: Connection, rows: Iterable[Values]) -> None:
        if conn.dialect.name != "postgresql":
            super().later_many(conn, rows)
            return
        for values in rows:
            self.later(conn, values)


class _Compiled:
    """The text for one dialect, and how values go in and come out."""

    __slots__ = ("_constants", "_pick", "_writers", "is_immediate", "readers", "sql")

    def __init__(self, core: Any, dialect: Dialect) -> None:
        compiled = core.compile(dialect=dialect)
        self.sql: str = compiled.string
        positions = compiled.positiontup
        names = list(compiled.binds) if positions is None else positions
        writers = {name: _writer(compiled.binds[name].type, dialect) for name in names}
        self.is_immediate: bool = positions is not None
        """Whether nothing waits, as the database is in this process."""
        self._pick = _picker(names)
        self._writers = tuple(
            (name if positions is None else place, convert)
            for place, name in enumerate(names)
            if (convert := writers[name]) is not None
        )
        self._constants = {
            name: compiled.binds[name].effective_value for name in names if not compiled.binds[name].required
        }
        self.readers = _readers(core, dialect)

    def parameters(self, values: Values) -> Any:
        found = {**self._constants, **values} if self._constants or not self.is_immediate else values
        row: Any = list(self._pick(found)) if self.is_immediate else found
        for place, convert in self._writers:
            row[place] = convert(row[place])
        return row

    def execute_many(self, conn: Connection, rows: Iterable[Values]) -> None:
        raw: Any = conn.connection.dbapi_connection
        parameters = [self.parameters(values) for values in rows]
        for watcher in _watchers:
            for _ in parameters:
                watcher(self.sql)
        try:
            raw.executemany(self.sql, parameters)
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, self.sql, error) from error

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
        if not self.is_immediate:
            waiting = db.pipeline_of(conn)
            if waiting:
                return waiting.send(conn, self.sql, parameters)
        try:
            return raw.execute(self.sql, parameters)
        except conn.dialect.loaded_dbapi.Error as error:
            raise driver_error(conn, self.sql, error) from error

    def wait(self, conn: Connection, values: Values, check: Check | None, row: Row | None, many: str | None) -> None:
        waiting = db.pipeline_of(conn)
        if waiting is not None:
            waiting.add(self.sql, self.parameters(values), check, row, many)
            for watcher in _watchers:
                watcher(self.sql)
            return
        done = self.execute(conn, values)
        if check is not None:
            check(done.rowcount)


def _picker(names: Sequence[str]) -> Callable[[Values], Row]:
    """What takes the values of ``names`` in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


def _moment_text(value: datetime | None) -> str | None:
    if value is not None and value.tzinfo is None:
        raise ValueError("a time without zone reached the database")
    return None if value is None else utc_text(value)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _json_of(text: Any) -> Any:
    """SQLite turns the text of a number into that number."""
    return _decoded(text)[0] if isinstance(text, str) else text


_decoded = JSONDecoder().raw_decode
"""Half of the time of ``loads``, which also looks for spaces around the text: ours have none."""


_SQLITE: dict[type, tuple[Convert | None, Convert | None]] = {
    db.Utc: (_moment_text, _moment),
    db.Json: (json.dumps, _json_of),
    sa.Boolean: (None, _truth),
}
"""How values of a type go into SQLite and come out; SQLAlchemy's own way there is several times as long."""


def _writer(type_: Any, dialect: Dialect) -> Convert | None:
    if dialect.name == "sqlite" and type(type_) in _SQLITE:
        return _SQLITE[type(type_)][0]
    convert: Convert | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return convert


def _readers(core: Any, dialect: Dialect) -> tuple[tuple[int, Convert], ...]:
    columns = getattr(core, "exported_columns", ())
    found = [_reader(each.type, dialect) for each in columns]
    return tuple((place, convert) for place, convert in enumerate(found) if convert is not None)


def _reader(type_: Any, dialect: Dialect) -> Convert | None:
    if dialect.name == "sqlite" and type(type_) in _SQLITE:
        return _SQLITE[type(type_)][1]
    convert: Convert | None = type_.dialect_impl(dialect).result_processor(dialect, None)
    return convert
