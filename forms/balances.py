"""Balances: what records take of another one, and what that one has; the arithmetic, and the check of definitions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..platform.problems import Problem, pointer
from ..platform.text import msg
from .definition import Balance, Field, Form
from .foreign import member, no_field_of
from .types import find, kind_of

Forms = Callable[[str], Form | None]
Values = Mapping[str, Any]

Part = tuple[Any, ...]
"""What tells the parts of a record apart: the values of the columns of ``per``."""

Held = dict[tuple[int, Part], Decimal]
"""Amounts by the record of which they are taken, and its part."""


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """A balance of the form that is read: ``lookup`` is the field's key, of a column ``lines.order``."""

    lookup: str
    field: Field
    balance: Balance

    @property
    def target(self) -> str:
        """The form of which is taken."""
        return str(self.field.options["form"])


@dataclass(frozen=True, slots=True)
class Taken:
    """One amount, with the place where it stands: ``row`` is ``None`` outside of a table."""

    target: int
    part: Part
    amount: Decimal
    row: int | None


def holds_of(form: Form) -> tuple[Hold, ...]:
    """The balances that the form keeps."""
    named = [(each.key, each) for each in form.fields]
    named += [(f"{each.key}.{column.key}", column) for each in form.fields for column in each.columns]
    return tuple(
        Hold(name, each, balance)
        for name, each in named
        if each.type == "lookup"
        for balance in each.options["balance"]
    )


def taken(hold: Hold, values: Values) -> Iterator[Taken]:
    """What a record with typed ``values`` takes, row by row; blanks take nothing."""
    table, rows = _rows(hold.balance.take, values)
    key = hold.balance.take.rpartition(".")[2]
    lookup_table, _, lookup = hold.lookup.rpartition(".")
    for place, row in enumerate(rows):
        target = (row if lookup_table else values).get(lookup)
        amount = row.get(key)
        if target is not None and amount is not None:
            part = tuple(row.get(name.rpartition(".")[2]) for name in hold.balance.per)
            yield Taken(target, part, Decimal(amount), place if table else None)


def held(hold: Hold, values: Values) -> Held:
    """The same in all, by record and part."""
    found: Held = {}
    for each in taken(hold, values):
        found[each.target, each.part] = found.get((each.target, each.part), Decimal(0)) + each.amount
    return found


def changed(holds: Sequence[Hold], before: Values, after: Values) -> tuple[Hold, ...]:
    """The balances of which ``after`` takes something else than ``before``: what was so is not asked about again."""
    return tuple(hold for hold in holds if held(hold, before) != held(hold, after))


def offered(balance: Balance, values: Values) -> dict[Part, Decimal]:
    """What a record with typed ``values`` has, by part."""
    key = balance.of.rpartition(".")[2]
    found: dict[Part, Decimal] = {}
    for row in _rows(balance.of, values)[1]:
        if row.get(key) is not None:
            part = tuple(row.get(name.rpartition(".")[2]) for name in balance.per.values())
            found[part] = found.get(part, Decimal(0)) + Decimal(row[key])
    return found


def less(hold: Hold, rows: Sequence[Values], target: int, holders: Sequence[Values]) -> list[Values]:
    """The line items of the record ``target`` without what ``holders`` take of them; those used up are left out."""
    gone: dict[Part, Decimal] = {}
    for values in holders:
        for (record, part), amount in held(hold, values).items():
            if record == target:
                gone[part] = gone.get(part, Decimal(0)) + amount
    key = hold.balance.of.rpartition(".")[2]
    found: list[Values] = []
    for row in rows:
        part = tuple(row.get(name.rpartition(".")[2]) for name in hold.balance.per.values())
        there = Decimal(row.get(key) or 0)
        taken_here = min(gone.get(part, Decimal(0)), there)
        if taken_here:
            gone[part] -= taken_here
        if there > taken_here or key not in row:
            found.append({**row, key: there - taken_here} if taken_here else row)
    return found


def _rows(name: str, values: Values) -> tuple[str, Sequence[Values]]:
    table = name.rpartition(".")[0]
    return table, (values.get(table) or ()) if table else (values,)


def check_balances(form: Form, each: Field, table: Field | None, path: str, forms: Forms | None) -> list[Problem]:
    """What is wrong with the balances of the lookup ``each``; without ``forms`` nothing is said of the other form."""
    found: list[Problem] = []
    other = None
    if forms is not None:
        other = form if each.options["form"] == form.key else forms(each.options["form"])
    for index, balance in enumerate(each.options["balance"]):
        found += [problem.below(f"{path}/balance/{index}") for problem in _check(form, balance, table, other)]
    return found


def _check(form: Form, balance: Balance, table: Field | None, other: Form | None) -> Iterator[Problem]:
    yield from _check_amount(form, balance.take, "take")
    taking = balance.take.rpartition(".")[0]
    if table is not None and taking != table.key:
        message = msg("“%(key)s” is taken row by row. Write “%(table)s.…”.", key=balance.take, table=table.key)
        yield Problem("/take", "does_not_fit", message)
    for here in balance.per:
        yield from _check_part(form, here, taking, "/per" + pointer(here))
    if other is None:
        return
    yield from _check_amount(other, balance.of, "of")
    for here, there in balance.per.items():
        path = "/per" + pointer(here)
        yield from _check_part(other, there, balance.of.rpartition(".")[0], path)
        one, two = member(form, here), member(other, there)
        if one is not None and two is not None and not _alike(one, two):
            message = msg("“%(a)s” and “%(b)s” hold different things and never match.", a=here, b=there)
            yield Problem(path, "does_not_fit", message)


def _check_amount(form: Form, name: str, word: str) -> Iterator[Problem]:
    found = member(form, name)
    if found is None:
        yield Problem(f"/{word}", "unknown_field", no_field_of(name, form))
    elif find(found.type).value_kind != "number":
        yield Problem(f"/{word}", "does_not_fit", msg("“%(key)s” is no number to be summed.", key=name))


def _check_part(form: Form, name: str, table: str, path: str) -> Iterator[Problem]:
    """A part is told apart by a column of the table that is summed."""
    if member(form, name) is None:
        yield Problem(path, "unknown_field", no_field_of(name, form))
    elif not table or name.rpartition(".")[0] != table:
        message = msg("“%(key)s” does not stand in the rows that are summed. Name a column of them.", key=name)
        yield Problem(path, "does_not_fit", message)


def _alike(one: Field, two: Field) -> bool:
    a, b = kind_of(one), kind_of(two)
    return a.base is b.base and a.target == b.target
