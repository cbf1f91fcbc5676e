"""Plans: a field, a table or a check with everything that can be decided before there are values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..platform.problems import Problem
from ..platform.text import Message, local, msg, translate
from .conditions import is_blank
from .conditions.tree import Condition
from .definition import Field
from .errors import FieldError
from .fields.lookups import found as find_record
from .formulas import Env, FormulaError
from .reading import Found, ReadContext
from .state import State
from .types import FieldType, Read

Ask = Callable[[Env], bool]
Compute = Callable[[Env], Any]

_ABSENT: Any = object()
_LISTS = ("choices", "files", "table", "reference")


@dataclass(frozen=True, slots=True)
class Ruled:
    """Which rules act on a field or column; each tuple asks one rule after the other."""

    show: tuple[Ask, ...] = ()
    hide: tuple[Ask, ...] = ()
    lock: tuple[Ask, ...] = ()
    require: tuple[Ask, ...] = ()
    sets: tuple[tuple[Ask, Compute], ...] = ()  # the last that holds counts

    def hides(self, env: Env) -> bool:
        """Hidden until one of the rules that show holds, and while one that hides does."""
        if self.show and not any(ask(env) for ask in self.show):
            return True
        return any(ask(env) for ask in self.hide)


NO_RULES = Ruled()


@dataclass(frozen=True, slots=True)
class Filled:
    """A field is filled from ``source`` of the record that ``lookup`` points to, of a table its ``columns`` from those
    there."""

    lookup: str
    source: str
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FieldPlan:
    """``key`` is the field's; ``name`` is the same, for a column ``lines.total``."""

    name: str
    field: Field
    type: FieldType
    read: Read
    path: str
    rules: Ruled = NO_RULES
    row_rules: Ruled = NO_RULES  # of a column: those that are asked for each row
    compute: Compute | None = None
    filled: tuple[Filled, ...] = ()
    filter: Condition | None = None
    is_lookup: bool = False
    is_plain: bool = False  # nothing but what was sent decides the value

    def run(self, state: State) -> None:
        """Find the value of the field and put it into ``state``."""
        if self.rules is not NO_RULES and self.rules.hides(state.env):
            state.hidden.add(self.name)
            return
        value = self._value(state)
        if value is not None:
            state.values[self.name] = value

    def _value(self, state: State) -> Any:
        if self.compute is not None:
            return self.computed(self.compute, state)
        if self.field.total is not None:
            return state.previous.get(self.name)
        for ask, compute in reversed(self.rules.sets):
            if ask(state.env):
                state.readonly.add(self.name)
                return self.computed(compute, state)
        locked = is_locked(self.name, self.rules, state)
        value = self._given(state, locked)
        return value if value is not _ABSENT else self._kept(state, locked)

    def _given(self, state: State, locked: bool) -> Any:
        """What was sent, or filled by a lookup that changed; absent if neither."""
        filled = self._filled(state)
        raw = _ABSENT if locked else state.raw.get(self.name, _ABSENT)
        if raw is _ABSENT:
            return filled
        value = self.read_raw(raw, state)
        return filled if value is None and filled is not _ABSENT and self.name not in state.broken else value

    def _kept(self, state: State, locked: bool) -> Any:
        if not state.first:
            if not (locked or state.context.partial):
                return self.blank(state)
            value = self.keep(state)
            if value is not None or not (locked and state.context.unfiled):
                return value
        raw = self.type.default(self.field)
        return self.read_raw(raw, state) if raw is not None else None

    def blank(self, state: State) -> None:
        """Nothing was entered; a lookup that held a record lets go of it."""
        if self.is_lookup and state.previous.get(self.name) is not None:
            state.changed[self.name] = None

    def keep(self, state: State) -> Any:
        """The value as it was, with its link."""
        value = state.previous.get(self.name)
        if self.is_lookup and value is not None:
            self._keep_link(state, value)
        return value

    def _keep_link(self, state: State, value: int) -> None:
        pointer = f"/{self.name}"
        link = state.context.previous_links.get(pointer)
        if link is None:
            record = state.context.lookups(self.field.options["form"], value)
            link = record.link() if record is not None else None
        if link is not None:
            state.links[pointer] = link

    def _filled(self, state: State) -> Any:
        for source in self.filled:
            if source.lookup in state.changed:
                record = state.changed[source.lookup]
                return self._from_record(record, source, state) if record is not None else None
        return _ABSENT

    def _from_record(self, record: Found, filled: Filled, state: State) -> Any:
        value = record.values.get(filled.source)
        if is_blank(value):
            return None
        return self.read_raw(raw_of(value), state)

    def read_raw(self, raw: Any, state: State) -> Any:
        """The typed value of what was sent; a problem and ``None`` if it does not fit."""
        if not raw and raw is not False and raw != 0 and (self.takes_lists or raw is None or raw == ""):
            return self.blank(state)
        try:
            if self.is_lookup:
                return self._found(raw, state)
            return self.read(raw, state.context)
        except FieldError as error:
            if raw.__class__ is str and raw.isspace():
                return self.blank(state)
            state.problem(self.path, error.code, error.message, self.name)
            return None

    def _found(self, raw: Any, state: State) -> int:
        before = state.previous.get(self.name)
        if before is not None and names_same(raw, before):
            return int(self.keep(state))
        record = find_record(self.field.options["form"], raw, state.context)
        if record.id == before:
            return int(self.keep(state))
        state.changed[self.name] = record
        state.links[f"/{self.name}"] = record.link()
        if self.filter is not None:
            state.filters.append((self.path, self.name, self.filter, record))
        return record.id

    @property
    def takes_lists(self) -> bool:
        """Whether an empty list is a blank value rather than one of another sort."""
        return self.type.value_kind in _LISTS

    def computed(self, compute: Compute, state: State) -> Any:
        """The result of a formula in the field's own precision; a problem and ``None`` if it does not fit."""
        try:
            return fitted(self, compute(state.env), state.context)
        except FieldError as error:
            state.problem(self.path, error.code, error.message, self.name)
        except FormulaError as error:
            state.problem(self.path, "too_much", error.message, self.name)
        return None


def is_locked(name: str, rules: Ruled, state: State) -> bool:
    """Whether what was sent is ignored: a rule or a right makes it so."""
    locked = any(ask(state.env) for ask in rules.lock)
    if state.rights is not None:
        right = right_on(name, state.rights)
        if right == "hidden":
            state.concealed.add(name)
        locked = locked or right in ("hidden", "read")
    if name in state.withheld:
        state.concealed.add(name)
        locked = True
    if locked:
        state.readonly.add(name)
    return locked


def right_on(name: str, rights: Mapping[str, str]) -> str:
    """What is not named may be read; a column has its table's right unless it has its own."""
    right = rights.get(name)
    if right is None and "." in name:
        right = rights.get(name.partition(".")[0])
        return "edit" if right == "required" else right or "read"
    return right or "read"


def fitted(plan: "FieldPlan", value: Any, context: ReadContext) -> Any:
    """A computed value as the field keeps it.

    Raises:
        FieldError: it does not fit.
    """
    if value is None or value == "":
        return None
    if plan.type.value_kind == "number":
        return plan.type.fit(value, plan.field)
    return plan.read(raw_of(value), context)


def raw_of(value: Any) -> Any:
    """A typed value as it would be sent, so that the same door lets it in."""
    if value is True or value is False or isinstance(value, str | int | dict):
        return value
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def names_same(raw: Any, before: int) -> bool:
    """Whether ``raw`` is the id of the record that is there already, in one of its forms."""
    if isinstance(raw, Mapping):
        raw = raw.get("id")
    if raw.__class__ is str:
        return bool(raw == f"#{before}")
    return raw.__class__ is int and raw == before


@dataclass(frozen=True, slots=True)
class Alike:
    """What may not, or should not, be in another record too: ``values`` by field; ``message`` is the rule's own."""

    rule: int
    values: Mapping[str, Any]
    refused: bool
    path: str
    message: str | None


@dataclass(frozen=True, slots=True)
class DuplicatePlan:
    """A rule about duplicates; which other records there are is asked by who stores."""

    when: Ask | None
    rule: int
    fields: tuple[str, ...]
    refused: bool
    path: str
    message: Any

    def run(self, state: State) -> Alike | None:
        """What to look for; ``None`` where the rule does not hold, a field is blank, or all are what they were."""
        values = {key: state.values.get(key) for key in self.fields}
        if any(is_blank(value) or key in state.broken for key, value in values.items()):
            return None
        if not state.context.unfiled and all(state.previous.get(key) == value for key, value in values.items()):
            return None
        if self.when is not None and not self.when(state.env):
            return None
        said = local(self.message, state.context.language) if self.message is not None else None
        return Alike(self.rule, values, self.refused, self.path, said)


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """A rule that must hold; ``needs`` are the nodes that it reads, near and far. ``table`` asks each row."""

    when: Ask | None
    holds: Ask
    path: str
    at: str | None
    label: str
    message: Any
    needs: frozenset[str]
    table: str | None = None

    def run(self, state: State) -> None:
        """Add a problem where the check does not hold."""
        if not self.needs.isdisjoint(state.broken) or (self.at is not None and self.at in state.hidden):
            return
        if self.table is not None:
            self._rows(self.table, state)
        elif (self.when is None or self.when(state.env)) and not self.holds(state.env):
            state.problems.append(Problem(self.path, "check", self._message(state)))

    def _rows(self, table: str, state: State) -> None:
        env, column = state.env, self.path.rpartition("/")[2]
        for index, row in enumerate(state.values.get(table) or ()):
            if state.is_hidden(table, index, column):
                continue
            with env.within(row):
                holds = (self.when is not None and not self.when(env)) or self.holds(env)
            if not holds:
                path = state.row_pointer(table, index, column)
                state.problems.append(Problem(path, "check", self._message(state)))

    def _message(self, state: State) -> str | Message:
        if self.message is not None:
            return local(self.message, state.context.language)
        return msg("“%(label)s” does not fit the other values. Correct it.", label=self.label)

    def said(self, language: str, gettext: Callable[[str], str]) -> str:
        """The sentence of a check that does not hold."""
        if self.message is not None:
            return local(self.message, language)
        return translate(msg("“%(label)s” does not fit the other values. Correct it.", label=self.label), gettext)
