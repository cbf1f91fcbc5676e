"""Evaluating formulas: compiled once to nested functions, in decimals of 28 digits, half-even inside."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import lru_cache
from typing import Any

from ...platform.text import msg
from . import relations
from .tree import Call, FormulaError, Literal, Name, Tree

ARITHMETIC = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[DivisionByZero, InvalidOperation, Overflow])
MAX_STEPS = 1_000_000

ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_NO_VALUES: Mapping[str, Any] = {}


class Env:
    """What a formula can see. ``row`` is the line item in which it stands, if it stands in one."""

    __slots__ = ("now", "records", "row", "steps", "values", "working_days", "zone")

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        now: datetime,
        zone: tzinfo = UTC,
        working_days: Callable[[date, date], int] | None = None,
        records: relations.Records | None = None,
    ) -> None:
        self.records = records
        self.values = values
        self.row = _NO_VALUES
        self.now = now
        self.zone = zone
        self.working_days = working_days
        self.steps = 0

    @contextmanager
    def within(self, row: Mapping[str, Any]) -> Iterator[None]:
        """Inside a line item: its columns come first, for conditions too."""
        values = self.values
        self.row, self.values = row, {**values, **row}
        try:
            yield
        finally:
            self.row, self.values = _NO_VALUES, values

    def charge(self, steps: int) -> None:
        """Count work that grows with the number of rows.

        Raises:
            FormulaError: too much of it.
        """
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise FormulaError(0, msg("Computing takes more than %(max)s steps. Use fewer rows.", max=MAX_STEPS))

    def day(self, value: Any) -> date | None:
        """The day of a date, or of a moment where who fills in is."""
        if isinstance(value, datetime):
            return value.astimezone(self.zone).date()
        return value if isinstance(value, date) else None


Run = Callable[[Env], Any]


def evaluate(
    tree: Tree,
    values: Mapping[str, Any],
    *,
    now: datetime,
    zone: tzinfo = UTC,
    row: Mapping[str, Any] | None = None,
    working_days: Callable[[date, date], int] | None = None,
) -> Any:
    """The value of a resolved ``tree`` over typed ``values``; inside a line item ``row`` holds its columns.

    Raises:
        FormulaError: an unknown function, or too many steps.
    """
    env = Env(values, now=now, zone=zone, working_days=working_days)
    if row is not None:
        env.row = row
    return _cached(tree, None if row is None else frozenset(row))(env)


def compile_formula(tree: Tree, columns: frozenset[str] | None = None) -> Run:
    """The tree as a function; ``columns`` are names that mean the line item's own.

    Raises:
        FormulaError: an unknown function.
    """
    match tree:
        case Literal(value):
            return lambda env: value  # noqa: ARG005
        case Name(key):
            return _name(key, columns or frozenset())
        case Call():
            return _call(tree, columns)


_cached = lru_cache(maxsize=1024)(compile_formula)


def _name(key: str, columns: frozenset[str]) -> Run:
    if key in columns:
        return lambda env: env.row.get(key)
    table, dot, column = key.partition(".")
    if not dot or table == "submitter":
        return lambda env: env.values.get(key)

    def values_of_column(env: Env) -> list[Any]:
        rows = env.values.get(table) or ()
        env.charge(len(rows))
        return [row.get(column) for row in rows]

    return values_of_column


def _call(call: Call, columns: frozenset[str] | None) -> Run:
    from .functions import FUNCTIONS

    parts = [compile_formula(argument, columns) for argument in call.arguments]
    operator = _OPERATORS.get(call.name)
    if operator is not None:
        return operator(*parts)
    lazy = _LAZY.get(call.name)
    if lazy is not None:
        return lazy(parts)
    function = FUNCTIONS.get(call.name)
    if function is None:
        raise FormulaError(call.at, msg("No function “%(name)s”.", name=call.name[:40]))
    run = function.run
    if len(parts) == 1:
        only = parts[0]
        return lambda env: run(env, only(env))
    if len(parts) == 2:
        first, second = parts
        return lambda env: run(env, first(env), second(env))
    return lambda env: run(env, *[part(env) for part in parts])


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Run, Run], Run]:
    def make(left: Run, right: Run) -> Run:
        return lambda env: _computed(compute, left(env), right(env))

    return make


def _computed(compute: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    try:
        return compute(one, other)
    except TypeError:
        if one is not None and other is not None:  # no numbers: the formula was not checked
            return None
        return _computed(compute, ZERO if one is None else one, ZERO if other is None else other)
    except ArithmeticError:  # division by zero, beyond all bounds
        return None


def _shift(sign: int) -> Callable[[Run, Run], Run]:
    """A day some days later or earlier; a blank day stays blank, a blank number counts as 0."""

    def make(day: Run, days: Run) -> Run:
        def run(env: Env) -> date | None:
            start, count = day(env), days(env)
            try:
                return None if start is None else start + sign * timedelta(days=int(count or 0))
            except (OverflowError, ValueError):
                return None

        return run

    return make


def _between(last: Run, first: Run) -> Run:
    def run(env: Env) -> Decimal | None:
        end, start = last(env), first(env)
        return None if end is None or start is None else Decimal((end - start).days)

    return run


def _negative(operand: Run) -> Run:
    def run(env: Env) -> Any:
        value = operand(env)
        return ZERO if value is None else ARITHMETIC.minus(value)

    return run


def _positive(operand: Run) -> Run:
    def run(env: Env) -> Any:
        value = operand(env)
        return ZERO if value is None else value

    return run


def _percent(operand: Run) -> Run:
    def run(env: Env) -> Any:
        value = operand(env)
        return ZERO if value is None else ARITHMETIC.divide(value, _HUNDRED)

    return run


def remainder(one: Any, other: Any) -> Decimal | None:
    """What is left of ``one``, with the sign of ``other``, as spreadsheets have it; blank for a divisor of 0."""
    dividend, divisor = Decimal(one or 0), Decimal(other or 0)
    try:
        left = ARITHMETIC.remainder(dividend, divisor)
        return left if not left or (left < 0) == (divisor < 0) else ARITHMETIC.add(left, divisor)
    except ArithmeticError:
        return None


def _remainder(left: Run, right: Run) -> Run:
    return lambda env: remainder(left(env), right(env))


def text_of(value: Any, zone: tzinfo = UTC) -> str:
    """A value inside a text: digits without trailing zeros, days as ``2026-03-01``."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(ARITHMETIC), "f") if value else "0"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None).isoformat(" ", "minutes")
    return str(value)


def _joined(left: Run, right: Run) -> Run:
    return lambda env: text_of(left(env), env.zone) + text_of(right(env), env.zone)


def _blank_like(value: Any) -> Any:
    """What a blank counts as beside ``value``: 0, an empty text, FALSE; nothing beside a day."""
    if isinstance(value, bool):
        return False
    if isinstance(value, Decimal | int):
        return ZERO
    return "" if isinstance(value, str) else None


def _equal(one: Any, other: Any) -> bool:
    if one is None:
        return other is None or bool(_blank_like(other) == other)
    if other is None:
        return bool(_blank_like(one) == one)
    return bool(one == other)


def _order(one: Any, other: Any) -> int | None:
    """-1, 0, 1; ``None`` where a blank day is compared with a day."""
    if one is None and other is None:
        return 0
    one = _blank_like(other) if one is None else one
    other = _blank_like(one) if other is None else other
    if one is None or other is None:
        return None
    return int(one > other) - int(one < other)


def _comparison(holds: Callable[[int], bool]) -> Callable[[Run, Run], Run]:
    def make(left: Run, right: Run) -> Run:
        def run(env: Env) -> bool:
            order = _order(left(env), right(env))
            return order is not None and holds(order)

        return run

    return make


_OPERATORS: Mapping[str, Callable[..., Run]] = {
    "+": _arithmetic(ARITHMETIC.add),
    "-": _arithmetic(ARITHMETIC.subtract),
    "later": _shift(1),
    "earlier": _shift(-1),
    "between": _between,
    "of": relations.of,
    "linked": relations.linked,
    "*": _arithmetic(ARITHMETIC.multiply),
    "/": _arithmetic(ARITHMETIC.divide),
    "mod": _remainder,
    "neg": _negative,
    "pos": _positive,
    "percent": _percent,
    "&": _joined,
    "=": lambda left, right: lambda env: _equal(left(env), right(env)),
    "<>": lambda left, right: lambda env: not _equal(left(env), right(env)),
    "<": _comparison(lambda order: order < 0),
    "<=": _comparison(lambda order: order <= 0),
    ">": _comparison(lambda order: order > 0),
    ">=": _comparison(lambda order: order >= 0),
}


def _if(parts: list[Run]) -> Run:
    condition, then = parts[0], parts[1]
    if len(parts) == 2:
        return lambda env: then(env) if condition(env) else None
    otherwise = parts[2]
    return lambda env: then(env) if condition(env) else otherwise(env)


def _and(parts: list[Run]) -> Run:
    return lambda env: all(_true(part(env)) for part in parts)


def _or(parts: list[Run]) -> Run:
    return lambda env: any(_some_true(part(env)) for part in parts)


def _true(value: Any) -> bool:
    return all(map(bool, value)) if isinstance(value, list) else bool(value)


def _some_true(value: Any) -> bool:
    return any(map(bool, value)) if isinstance(value, list) else bool(value)


def _coalesce(parts: list[Run]) -> Run:
    def run(env: Env) -> Any:
        for part in parts:
            value = part(env)
            if value is not None and value != "":
                return value
        return None

    return run


_LAZY: Mapping[str, Callable[[list[Run]], Run]] = {"IF": _if, "AND": _and, "OR": _or, "COALESCE": _coalesce}
