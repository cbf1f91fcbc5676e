"""All functions of formulas: what each takes, gives and does, with an example. The documentation is made of this."""

# ruff: noqa: E501 (the table of functions reads by lines)

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from functools import reduce
from typing import Any

from .evaluate import ARITHMETIC, ZERO, Env, remainder
from .sorts import Sort

Sorts = frozenset[Sort]

NUMBER: Sorts = frozenset({Sort.NUMBER})
TEXT: Sorts = frozenset({Sort.TEXT})
BOOLEAN: Sorts = frozenset({Sort.BOOLEAN})
DAY: Sorts = frozenset({Sort.DATE, Sort.DATETIME})
ORDERED: Sorts = frozenset({Sort.NUMBER, Sort.DATE, Sort.DATETIME, Sort.TIME})
TEXTS: Sorts = frozenset({Sort.TEXT, Sort.SEVERAL})
ANYTHING: Sorts = frozenset(Sort)

SAME = "same"
"""The result is of the sort of the arguments, which must agree."""


@dataclass(frozen=True, slots=True)
class Function:
    """``takes`` are sorts by position, the last repeats if ``repeats``; ``needs`` is how many are needed.

    ``same_from`` is the first argument that counts for a result that is :data:`SAME`; ``lists`` says whether columns
    of a table may be arguments. A function whose arguments are evaluated only as needed has no ``run``.
    """

    name: str
    takes: tuple[Sorts, ...]
    gives: Sort | str
    example: str
    about: str
    run: Callable[..., Any] = lambda env, *values: None  # noqa: ARG005
    needs: int | None = None
    repeats: bool = False
    lists: bool = False
    same_from: int = 0

    @property
    def least(self) -> int:
        return len(self.takes) if self.needs is None else self.needs

    @property
    def most(self) -> int | None:
        """``None``: as many as one likes."""
        return None if self.repeats else len(self.takes)


def _flat(values: Iterable[Any]) -> list[Any]:
    """All values that are not blank, columns opened."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple):
            found += [each for each in value if each is not None and each != ""]
        elif value is not None and value != "":
            found.append(value)
    return found


def _added(values: list[Any]) -> Decimal | None:
    try:
        return reduce(ARITHMETIC.add, values, ZERO)
    except ArithmeticError:
        return None


def _sum(env: Env, *values: Any) -> Decimal | None:  # noqa: ARG001
    return _added(_flat(values))


def _average(env: Env, *values: Any) -> Decimal | None:  # noqa: ARG001
    found = _flat(values)
    total = _added(found)
    return ARITHMETIC.divide(total, Decimal(len(found))) if found and total is not None else None


def _count(env: Env, *values: Any) -> Decimal:  # noqa: ARG001
    return Decimal(len(_flat(values)))


def _min(env: Env, *values: Any) -> Any:  # noqa: ARG001
    return min(_flat(values), default=None)


def _max(env: Env, *values: Any) -> Any:  # noqa: ARG001
    return max(_flat(values), default=None)


def _rounding(mode: str) -> Callable[..., Any]:
    def run(env: Env, value: Any, places: Any = ZERO) -> Decimal:  # noqa: ARG001
        number = ZERO if value is None else Decimal(value)
        digits = max(-28, min(28, int(places or 0)))
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent >= -digits:
            return number
        return number.quantize(Decimal(1).scaleb(-digits), mode, ARITHMETIC)

    return run


def _abs(env: Env, value: Any) -> Decimal:  # noqa: ARG001
    return ZERO if value is None else abs(Decimal(value))


def _mod(env: Env, value: Any, divisor: Any) -> Decimal | None:  # noqa: ARG001
    return remainder(value, divisor)


def _not(env: Env, value: Any) -> bool:  # noqa: ARG001
    return not value


def _is_blank(env: Env, value: Any) -> bool:  # noqa: ARG001
    return value is None or value == "" or (isinstance(value, tuple | list) and not value)


def _len(env: Env, text: Any) -> Decimal:  # noqa: ARG001
    return Decimal(len(text or ""))


def _count_of(value: Any, otherwise: int) -> int:
    return max(0, min(100_000, otherwise if value is None else int(value)))


def _left(env: Env, text: Any, count: Any = 1) -> str:  # noqa: ARG001
    return (text or "")[: _count_of(count, 0)]


def _right(env: Env, text: Any, count: Any = 1) -> str:  # noqa: ARG001
    number = _count_of(count, 0)
    return (text or "")[-number:] if number else ""


def _upper(env: Env, text: Any) -> str:  # noqa: ARG001
    return (text or "").upper()


def _lower(env: Env, text: Any) -> str:  # noqa: ARG001
    return (text or "").lower()


def _trim(env: Env, text: Any) -> str:  # noqa: ARG001
    return " ".join((text or "").split(" ")).strip(" ") if "  " not in (text or "") else _single_spaces(text)


def _single_spaces(text: str) -> str:
    return " ".join(part for part in text.split(" ") if part)


def _contains(env: Env, text: Any, part: Any) -> bool:  # noqa: ARG001
    return bool(text) and bool(part) and part in text


def _today(env: Env) -> date:
    return env.now.astimezone(env.zone).date()


def _now(env: Env) -> datetime:
    return env.now


def _date(env: Env, year: Any, month: Any, day: Any) -> date | None:  # noqa: ARG001
    try:
        return date(int(year or 0), int(month or 0), int(day or 0))
    except (ValueError, OverflowError):
        return None


def _days(env: Env, last: Any, first: Any) -> Decimal | None:
    end, start = env.day(last), env.day(first)
    return Decimal((end - start).days) if end is not None and start is not None else None


def weekdays(first: date, last: date) -> int:
    """Mondays to Fridays from ``first`` to ``last``, both counted; negative backwards."""
    if last < first:
        return -weekdays(last, first)
    weeks, rest = divmod((last - first).days + 1, 7)
    return weeks * 5 + sum((first + timedelta(days=day)).weekday() < 5 for day in range(rest))


def _workdays(env: Env, first: Any, last: Any) -> Decimal | None:
    start, end = env.day(first), env.day(last)
    if start is None or end is None:
        return None
    return Decimal((env.working_days or weekdays)(start, end))


def _part(name: str) -> Callable[..., Any]:
    def run(env: Env, value: Any) -> Decimal | None:
        day = env.day(value)
        return Decimal(getattr(day, name)) if day is not None else None

    return run


_ALL = (
    Function("SUM", (NUMBER,), Sort.NUMBER, "SUM(lines.total)", "The sum; blanks are left out.", _sum, repeats=True, lists=True),
    Function("COUNT", (ANYTHING,), Sort.NUMBER, "COUNT(lines)", "How many are filled in; rows of a table.", _count, repeats=True, lists=True),
    Function("MIN", (ORDERED,), SAME, "MIN(lines.total)", "The least; blanks are left out.", _min, repeats=True, lists=True),
    Function("MAX", (ORDERED,), SAME, "MAX(amount, 0)", "The greatest; blanks are left out.", _max, repeats=True, lists=True),
    Function("AVERAGE", (NUMBER,), Sort.NUMBER, "AVERAGE(lines.total)", "The mean of what is filled in; blank without any.", _average, repeats=True, lists=True),
    Function("ROUND", (NUMBER, NUMBER), Sort.NUMBER, "ROUND(amount * 0.9, 2)", "Rounded half up to some decimals.", _rounding(ROUND_HALF_UP), needs=1),
    Function("ROUNDUP", (NUMBER, NUMBER), Sort.NUMBER, "ROUNDUP(amount, 0)", "Rounded away from zero.", _rounding(ROUND_UP), needs=1),
    Function("ROUNDDOWN", (NUMBER, NUMBER), Sort.NUMBER, "ROUNDDOWN(amount, 0)", "Rounded towards zero.", _rounding(ROUND_DOWN), needs=1),
    Function("ABS", (NUMBER,), Sort.NUMBER, "ABS(difference)", "The number without its sign.", _abs),
    Function("MOD", (NUMBER, NUMBER), Sort.NUMBER, "MOD(quantity, 12)", "The remainder of a division.", _mod),
    Function("IF", (BOOLEAN, ANYTHING, ANYTHING), SAME, 'IF(tier = "vip", 0, freight)', "One value or the other; blank without the other.", needs=2, same_from=1),
    Function("AND", (BOOLEAN,), Sort.BOOLEAN, "AND(amount > 0, amount < 100)", "Whether all hold.", repeats=True, lists=True),
    Function("OR", (BOOLEAN,), Sort.BOOLEAN, 'OR(tier = "vip", amount < 100)', "Whether one holds.", repeats=True, lists=True),
    Function("NOT", (BOOLEAN,), Sort.BOOLEAN, "NOT(intercepted)", "The opposite.", _not),
    Function("COALESCE", (ANYTHING,), SAME, "COALESCE(nickname, name)", "The first that is filled in.", repeats=True),
    Function("ISBLANK", (ANYTHING,), Sort.BOOLEAN, "ISBLANK(photos)", "Whether nothing is filled in.", _is_blank, lists=True),
    Function("LEN", (TEXT,), Sort.NUMBER, "LEN(name)", "How many characters.", _len),
    Function("LEFT", (TEXT, NUMBER), Sort.TEXT, "LEFT(sku, 3)", "The first characters.", _left, needs=1),
    Function("RIGHT", (TEXT, NUMBER), Sort.TEXT, "RIGHT(card, 4)", "The last characters.", _right, needs=1),
    Function("UPPER", (TEXT,), Sort.TEXT, "UPPER(sku)", "In capitals.", _upper),
    Function("LOWER", (TEXT,), Sort.TEXT, "LOWER(customer_email)", "In small letters.", _lower),
    Function("TRIM", (TEXT,), Sort.TEXT, "TRIM(name)", "Without spaces around, and single ones inside.", _trim),
    Function("CONTAINS", (TEXTS, TEXT), Sort.BOOLEAN, 'CONTAINS(note, "urgent")', "Whether a text, a column or choices hold another.", _contains, lists=True),
    Function("TODAY", (), Sort.DATE, "TODAY()", "This day.", _today),
    Function("NOW", (), Sort.DATETIME, "NOW()", "This moment.", _now),
    Function("DATE", (NUMBER, NUMBER, NUMBER), Sort.DATE, "DATE(2026, 3, 1)", "A day; blank if there is none such.", _date),
    Function("DAYS", (DAY, DAY), Sort.NUMBER, "DAYS(until, since)", "Days from the second to the first.", _days),
    Function("WORKDAYS", (DAY, DAY), Sort.NUMBER, "WORKDAYS(first, last)", "Working days from one to the other, both counted.", _workdays),
    Function("YEAR", (DAY,), Sort.NUMBER, "YEAR(ordered_on)", "The year of a day.", _part("year")),
    Function("MONTH", (DAY,), Sort.NUMBER, "MONTH(ordered_on)", "The month, 1 to 12.", _part("month")),
    Function("OF", (ANYTHING, TEXT), "its own", 'OF(order, "total")', "What a field of the looked-up record holds; of a column, all its values."),
    Function("LINKED", (ANYTHING, TEXT, TEXT, TEXT), "its own", 'SUM(LINKED(order, "refund", "order", "amount"))', "What a field holds in all records of a form whose lookup points to the same record."),
    Function("DAY", (DAY,), Sort.NUMBER, "DAY(ordered_on)", "The day of the month.", _part("day")),
)  # fmt: skip

FUNCTIONS: Mapping[str, Function] = {function.name: function for function in _ALL}
