"""Line items: all rows of a table read at once, column by column in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..platform.text import msg
from .conditions.parse import no_field
from .errors import FieldError
from .fields.lookups import found as find_record
from .formulas import FormulaError
from .kinds import UNKNOWN
from .plans import NO_RULES, Compute, FieldPlan, Filled, fitted, is_locked, names_same, raw_of
from .reading import EMPTY, Found
from .state import State
from .types import shown

Row = dict[str, Any]

BLANK_ROW = "-"
"""Stands for the index of a row in which nothing was filled in yet."""


@dataclass(frozen=True, slots=True, eq=False)
class TablePlan(FieldPlan):
    """A table; ``columns`` are those that are read, ``keys`` of all. ``in_turn`` has the columns in the order in which
    their cells become known, where rules are asked for each row."""

    columns: tuple[FieldPlan, ...] = ()
    in_turn: tuple[FieldPlan, ...] = ()
    by_row: tuple[str, ...] = ()  # keys of columns on which such rules act
    keys: frozenset[str] = frozenset()
    is_simple: bool = True  # no lookups, no defaults, no rules on columns: a row is only what was sent

    def run(self, state: State) -> None:
        """Find which columns are open, then the rows."""
        if self.rules is not NO_RULES and self.rules.hides(state.env):
            state.hidden.add(self.name)
            return
        if not (self.is_simple and state.is_open):
            for column in self.columns:
                if column.rules.hides(state.env):
                    state.hidden.add(column.name)
                else:
                    is_locked(column.name, column.rules, state)
        value = self._value(state)
        if self.in_turn:
            _Rows(self, self._open_columns(state), [], state).ask_blank()
        if self.name in state.readonly:
            state.readonly.update(column.name for column in self.columns)
        if value is not None:
            state.values[self.name] = value

    def read_raw(self, raw: Any, state: State) -> Any:
        """The rows; problems for cells that do not fit."""
        if raw is None or raw == "" or raw == []:
            return None
        if not isinstance(raw, list):
            message = msg("%(value)s is no list of rows. Send [{…}, {…}].", value=shown(raw))
            state.problem(self.path, "wrong_type", message, self.name)
            return None
        most = self.field.options["max_rows"]
        if len(raw) > most:
            message = msg("%(count)s rows are too many. At most %(max)s.", count=len(raw), max=most)
            state.problem(self.path, "too_many_rows", message, self.name)
            return None
        columns = self._open_columns(state)
        if self.is_simple and state.is_open:
            rows = [self._simple_row(each, index, columns, state) for index, each in enumerate(raw)]
        else:
            rows = _Rows(self, columns, raw, state).read()
        if not all(rows):
            state.places[self.name] = [index for index, row in enumerate(rows) if row]
            rows = [row for row in rows if row]
        return rows or None

    def _given(self, state: State, locked: bool) -> Any:
        """A row that is blank is an answer too: no line items, whatever a record would fill."""
        raw = state.raw.get(self.name)
        if self.filled and isinstance(raw, list) and raw and not locked:
            return self.read_raw(raw, state)
        return super(TablePlan, self)._given(state, locked)

    def _from_record(self, record: Found, filled: Filled, state: State) -> Any:
        left = state.context.left
        values = record.values if left is None else left(filled.lookup, record)
        rows = [
            {here: raw_of(row[there]) for here, there in filled.columns.items() if row.get(there) is not None}
            for row in values.get(filled.source) or ()
        ]
        return self.read_raw([row for row in rows if row], state)

    def keep(self, state: State) -> Any:
        """The rows as they were, without columns that are hidden now."""
        before = state.previous.get(self.name)
        if not before:
            return None
        columns = self._open_columns(state)
        shown_keys = {column.field.key for column in columns}
        prefix = f"/{self.name}/"
        state.links.update(
            {path: link for path, link in state.context.previous_links.items() if path.startswith(prefix)}
        )
        if self.in_turn:
            return _Rows(self, columns, [], state).kept(before)
        return [{key: value for key, value in row.items() if key in shown_keys} for row in before]

    def _open_columns(self, state: State) -> tuple[FieldPlan, ...]:
        if self.is_simple:
            return self.columns
        return tuple(column for column in self.columns if column.name not in state.hidden)

    def _simple_row(self, raw: Any, index: int, columns: Sequence[FieldPlan], state: State) -> Row:
        if raw.__class__ is not dict:
            self.no_row(raw, index, state)
            return {}
        row: Row = {}
        known = 0
        context = state.context
        for column in columns:
            key = column.field.key
            if key in raw:
                known += 1
                value = raw[key]
                if value is None or value == "":
                    continue
                try:
                    value = column.read(value, context)
                except FieldError as error:
                    self.bad_cell(error, value, index, column, state)
                    continue
                if value is not None:
                    row[key] = value
        if known != len(raw):
            self.unknown_columns(raw, index, state)
        return row

    def no_row(self, raw: Any, index: int, state: State) -> None:
        """Something else stands where a row should."""
        message = msg("%(value)s is no row. Send an object in braces.", value=shown(raw))
        state.problem(f"{self.path}/{index}", "wrong_type", message, self.name)

    def bad_cell(self, error: FieldError, raw: Any, index: int, column: FieldPlan, state: State) -> None:
        """A cell does not fit, unless it is only space."""
        if not (raw.__class__ is str and raw.isspace()) and raw != []:
            state.problem(f"{self.path}/{index}/{column.field.key}", error.code, error.message, self.name)

    def unknown_columns(self, raw: Mapping[str, Any], index: int, state: State) -> None:
        """Keys that are no column; computed and hidden ones are sent back by pages and mean nothing."""
        for key in raw:
            if key not in self.keys:
                message = no_field(key, dict.fromkeys(sorted(self.keys), UNKNOWN))
                state.problem(f"{self.path}/{index}/{str(key)[:80]}", "unknown_field", message, self.name)


class _Rows:
    """Reading of rows that lookups fill, or whose columns are not all open to who sends them."""

    def __init__(self, plan: TablePlan, columns: tuple[FieldPlan, ...], raw: list[Any], state: State) -> None:
        self.plan = plan
        self.raw = raw
        self.state = state
        self.columns = columns
        self.locked = {column.field.key for column in columns if column.name in state.readonly}
        self.lookups = [column for column in columns if column.is_lookup]
        others = [column for column in columns if not column.is_lookup]
        self.in_turn = [column for column in plan.in_turn if column in columns] or [*self.lookups, *others]
        self.before: Sequence[Row] = state.previous.get(plan.name) or ()
        self.used: set[int] = set()
        self.links: list[dict[str, Mapping[str, Any]]] = []
        self.cells: list[list[tuple[str, str]]] = []  # of each row: what rules say of which column

    def read(self) -> list[Row]:
        self._prefetch()
        rows = [self._row(each, index) for index, each in enumerate(self.raw)]
        kept = [links for links, row in zip(self.links, rows, strict=True) if row]
        for index, links in enumerate(kept):
            for key, link in links.items():
                self.state.links[f"/{self.plan.name}/{index}/{key}"] = link
        self._tell([cells for cells, row in zip(self.cells, rows, strict=True) if row])
        return rows

    def kept(self, before: Sequence[Row]) -> list[Row]:
        """Rows that nobody sent, as rules have them now."""
        rows: list[Row] = []
        for was in before:
            self.cells.append([])
            row: Row = {}
            for column in self.in_turn:
                key = column.field.key
                if not self._is_ruled(column, row, len(rows)) and was.get(key) is not None:
                    row[key] = was[key]
            rows.append(row)
        self._tell(self.cells)
        return rows

    def ask_blank(self) -> None:
        """Find what rules say of the cells of a row that is still blank."""
        self.cells.append([])
        for column in self.in_turn:
            self._is_ruled(column, {}, BLANK_ROW)
        for word, key in self.cells[0]:
            self.state.cell(word, self.plan.name, BLANK_ROW, key)

    def _tell(self, cells: Sequence[Sequence[tuple[str, str]]]) -> None:
        for index, found in enumerate(cells):
            for word, key in found:
                self.state.cell(word, self.plan.name, index, key)

    def _is_ruled(self, column: FieldPlan, row: Row, index: int | str) -> bool:
        """Whether rules decide what stands in a cell: nothing, or what a formula gives."""
        rules, key, env = column.row_rules, column.field.key, self.state.env
        if rules is NO_RULES:
            return False
        with env.within(row):
            if rules.hides(env):
                self.cells[-1].append(("hidden", key))
                return True
            for ask, compute in reversed(rules.sets):
                if ask(env):
                    self.cells[-1].append(("readonly", key))
                    value = self._computed(column, compute, index) if index != BLANK_ROW else None
                    if value is not None:
                        row[key] = value
                    return True
            if any(ask(env) for ask in rules.lock):
                self.cells[-1].append(("readonly", key))
        return False

    def _computed(self, column: FieldPlan, compute: Compute, index: int | str) -> Any:
        path = f"{self.plan.path}/{index}/{column.field.key}"
        try:
            return fitted(column, compute(self.state.env), self.state.context)
        except FieldError as error:
            self.state.problem(path, error.code, error.message, self.plan.name)
        except FormulaError as error:
            self.state.problem(path, "too_much", error.message, self.plan.name)
        return None

    def _is_locked(self, key: str) -> bool:
        return key in self.locked or ("readonly", key) in self.cells[-1]

    def _prefetch(self) -> None:
        """Tell who looks up of all records that will be asked for, so that it can ask once."""
        prefetch = self.state.context.prefetch
        for column in self.lookups if prefetch is not None else ():
            key = column.field.key
            before = {row.get(key) for row in self.before}
            wanted = [row[key] for row in self.raw if isinstance(row, dict) and row.get(key) not in (None, "")]
            asked = [raw for raw in wanted if isinstance(raw, dict) or raw not in before]
            if asked and prefetch is not None:
                prefetch(column.field.options["form"], asked)

    def _row(self, raw: Any, index: int) -> Row:
        self.links.append({})
        self.cells.append([])
        if raw.__class__ is not dict:
            self.plan.no_row(raw, index, self.state)
            return {}
        if not raw.keys() <= self.plan.keys:
            self.plan.unknown_columns(raw, index, self.state)
        place = self._same_row(raw, index)
        before: Row = self.before[place] if place is not None else {}
        row: Row = {}
        changed: dict[str, Found | None] = {}
        blank = self.plan.in_turn and all(value in ("", None, [], {}) for value in raw.values())
        for column in self.in_turn:
            if self.plan.in_turn and self._is_ruled(column, row, BLANK_ROW if blank else index):
                continue
            if column.is_lookup:
                self._lookup(column, raw, row, index, place, changed)
                continue
            value = self._cell(column, raw, index, before, changed, place is None)
            if value is not None:
                row[column.field.key] = value
        return row

    def _same_row(self, raw: Row, index: int) -> int | None:
        """The row of before that this one is: the one in its place, or another that looks up the same records."""
        if not self.before:
            return None
        candidates = [index, *range(len(self.before))] if self.lookups else [index]
        for place in candidates:
            if place < len(self.before) and place not in self.used and self._matches(raw, self.before[place]):
                self.used.add(place)
                return place
        return None

    def _matches(self, raw: Row, before: Row) -> bool:
        for column in self.lookups:
            key = column.field.key
            was = before.get(key)
            if key in self.locked:
                continue
            if was is None or not names_same(raw.get(key), was):
                return False
        return True

    def _lookup(
        self, column: FieldPlan, raw: Row, row: Row, index: int, place: int | None, changed: dict[str, Found | None]
    ) -> None:
        key = column.field.key
        before = self.before[place].get(key) if place is not None else None
        sent = raw.get(key)
        if self._is_locked(key) or (before is not None and names_same(sent, before)):
            if before is not None and place is not None:
                row[key] = before
                self._keep_link(column, before, index, place)
            return
        if sent is None or sent == "":
            return
        try:
            record = find_record(column.field.options["form"], sent, self.state.context)
        except FieldError as error:
            self.plan.bad_cell(error, sent, index, column, self.state)
            return
        row[key] = record.id
        changed[key] = record
        self.links[index][key] = record.link()
        if column.filter is not None:
            path = f"{self.plan.path}/{index}/{key}"
            self.state.filters.append((path, self.plan.name, column.filter, record))

    def _keep_link(self, column: FieldPlan, value: int, index: int, place: int) -> None:
        key = column.field.key
        link = self.state.context.previous_links.get(f"/{self.plan.name}/{place}/{key}")
        if link is None:
            record = self.state.context.lookups(column.field.options["form"], value)
            link = record.link() if record is not None else None
        if link is not None:
            self.links[index][key] = link

    def _cell(
        self, column: FieldPlan, raw: Row, index: int, before: Row, changed: Mapping[str, Found | None], is_new: bool
    ) -> Any:
        key = column.field.key
        locked = self._is_locked(key)
        sent = None if locked else raw.get(key)
        if sent is not None and sent != "":
            return self._read(column, sent, index)
        for source in column.filled:
            record = changed.get(source.lookup)
            if record is not None:
                value = record.values.get(source.source)
                return self._read(column, raw_of(value), index) if value is not None else None
        if locked and not is_new:
            return before.get(key)
        if is_new and (locked or key not in raw):
            default = column.type.default(column.field)
            return self._read(column, default, index) if default is not None else None
        return None

    def _read(self, column: FieldPlan, raw: Any, index: int) -> Any:
        try:
            return column.read(raw, self.state.context)
        except FieldError as error:
            self.plan.bad_cell(error, raw, index, column, self.state)
            return None


@dataclass(frozen=True, slots=True, eq=False)
class ColumnPlan(FieldPlan):
    """A computed column: one formula, asked for each row."""

    table: str = ""
    formula: Compute = lambda env: None  # noqa: ARG005

    def run(self, state: State) -> None:
        """Compute the column of every row."""
        if self.rules.hides(state.env):
            state.hidden.add(self.name)
            return
        if state.rights is not None and "hidden" in (state.rights.get(self.name), state.rights.get(self.table)):
            state.concealed.add(self.name)
        env, key, table, formula, context = state.env, self.field.key, self.table, self.formula, state.context
        for index, row in enumerate(state.values.get(table) or ()):
            if self.row_rules is not NO_RULES and self._is_hidden(row, index, state):
                continue
            env.row = row
            try:
                value = fitted(self, formula(env), context)
            except FieldError as error:
                state.problem(state.row_pointer(table, index, key), error.code, error.message, self.name)
                continue
            except FormulaError as error:
                state.problem(state.row_pointer(table, index, key), "too_much", error.message, self.name)
                break
            if value is not None:
                row[key] = value
        env.row = EMPTY

    def _is_hidden(self, row: Row, index: int, state: State) -> bool:
        with state.env.within(row):
            hidden = self.row_rules.hides(state.env)
        if hidden:
            state.cell("hidden", self.table, index, self.field.key)
        return hidden
