"""Conditions as SQL: what can be asked of one record can be asked of all, with the same answer."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from ..platform.errors import Refused
from ..platform.problems import Problem
from ..platform.text import msg
from .columns import INDEXED_LENGTH, LEAST, Column, column, member, part_of
from .conditions.tree import All, AnyOf, Condition, FieldRef, Not, Op, Rows, Test
from .definition import Field
from .kinds import Base
from .models import records as table
from .totals import MICRO
from .types import find, kind_of

Clause = sa.ColumnElement[bool]
_LAST = "\U0010ffff"


def clause(condition: Condition, fields: Iterable[Field], dialect: str) -> Clause:
    """``condition`` over the table of records.

    Raises:
        Refused: a part cannot be asked of the database (a fact about the submitter, an order of several choices).
    """
    return _Writer({field.key: (field, '"values"') for field in fields}, dialect).write(condition)


def of_form(form: str) -> Clause:
    """Records of a form, spelled out so that the database sees that a partial index serves; keys are checked names."""
    return table.c.form == sa.literal_column(f"'{form}'")


class _Writer:
    """``fields`` are those that can be named, each with the SQL of the JSON object that holds it."""

    def __init__(self, fields: Mapping[str, tuple[Field, str]], dialect: str) -> None:
        self.fields = fields
        self.dialect = dialect

    def write(self, condition: Condition) -> Clause:
        match condition:
            case All(parts):
                return sa.and_(sa.true(), *(self.write(part) for part in parts))
            case AnyOf(parts):
                return sa.or_(sa.false(), *(self.write(part) for part in parts))
            case Not(part):
                return sa.not_(self.write(part))
            case Rows():
                return self._rows(condition)
            case Test():
                return self._test(condition)

    def _field(self, key: str) -> tuple[Field, str]:
        found = self.fields.get(key)
        if found is None:
            raise _refusal(msg("%(field)s is nothing that records can be searched by.", field=repr(key)))
        return found

    def _column(self, key: str) -> Column | None:
        field, base = self._field(key)
        return column(self.dialect, field, base)

    def _rows(self, rows: Rows) -> Clause:
        table, _ = self._field(rows.table)
        columns = {each.key: (each, "item.value") for each in table.columns}
        inner = _Writer({**self.fields, **columns}, self.dialect).write(rows.part)
        if rows.every:
            return sa.and_(self._some(table.key, sa.true()), sa.not_(self._some(table.key, sa.not_(inner))))
        return self._some(table.key, inner)

    def _some(self, key: str, clause: Clause) -> Clause:
        """Some member of the JSON array meets ``clause``, to which it is ``item.value``."""
        base = self._field(key)[1]
        if self.dialect == "sqlite":
            source = f"json_each({base}, '$.{key}') AS item"
        else:
            array = f"{base} -> '{key}'"
            source = (
                f"jsonb_array_elements(CASE WHEN jsonb_typeof({array}) = 'array' THEN {array} "
                "ELSE '[]'::jsonb END) AS item(value)"
            )
        return sa.exists(sa.select(sa.literal_column("1")).select_from(sa.text(source)).where(clause))

    def _test(self, test: Test) -> Clause:
        if test.op in (Op.NE, Op.NOT_IN):
            return sa.not_(self._test(Test(test.field, Op.EQ if test.op is Op.NE else Op.IN, test.operand)))
        found = self._column(test.field)
        if found is None:
            return self._test_of_list(test)
        if test.op is Op.EMPTY:
            return found.value.is_(None) if test.operand else found.value.is_not(None)
        if isinstance(test.operand, FieldRef):
            return self._compare_fields(test, found, test.operand)
        return sa.and_(found.value.is_not(None), *self._compare(found, test.op, test.operand))

    def _compare_fields(self, test: Test, left: Column, reference: FieldRef) -> Clause:
        right = self._column(reference.key)
        compare = _ORDERS.get(test.op)
        if right is None or right.kind != left.kind or compare is None:
            raise _refusal(
                msg("%(a)s and %(b)s cannot be compared in a search.", a=repr(test.field), b=repr(reference.key))
            )
        return sa.and_(left.value.is_not(None), right.value.is_not(None), compare(left.value, right.value))

    def _test_of_list(self, test: Test) -> Clause:
        """Several choices, files, tables, parts: empty or not, and what is among them."""
        field, base = self._field(test.field)
        if kind_of(field).base is Base.JSON and test.op in (Op.EMPTY, Op.CONTAINS):
            inner = member(self.dialect, base, test.field)
            if test.op is Op.CONTAINS:
                inner = part_of(self.dialect, base, test.field, str(test.operand))
            there = sa.literal_column(inner, sa.Text()).is_not(None)
            return sa.not_(there) if test.op is Op.EMPTY and test.operand else there
        if test.op is Op.EMPTY:
            some = self._some(test.field, sa.true())
            return sa.not_(some) if test.operand else some
        several = kind_of(self._field(test.field)[0]).base in (Base.CHOICES, Base.FILES)
        if not several or isinstance(test.operand, FieldRef) or test.op not in (Op.EQ, Op.IN, Op.CONTAINS):
            raise _refusal(
                msg("%(field)s cannot be searched with %(op)s.", field=repr(test.field), op=repr(test.op.value))
            )
        item = sa.literal_column("item.value" if self.dialect == "sqlite" else "(item.value #>> '{}')", sa.Text())
        wanted = test.operand if test.op is Op.IN else (test.operand,)
        return self._some(test.field, item.in_([str(each) for each in wanted]))

    def _compare(self, found: Column, op: Op, operand: Any) -> list[Clause]:
        """The test itself, and for texts the same on what the index holds, so that the index serves it."""
        if op is Op.IN:
            values = [operand_of(found, each) for each in operand]
            clauses: list[Clause] = [found.value.in_(values)]
            if found.kind == "text":
                clauses.append(found.position.in_([value[:INDEXED_LENGTH] for value in values]))
            return clauses
        value = operand_of(found, operand)
        if op is Op.CONTAINS:
            find = sa.func.instr if self.dialect == "sqlite" else sa.func.strpos
            return [find(found.value, value) > 0]
        if op is Op.STARTS_WITH:
            start = value[:INDEXED_LENGTH]
            exact = sa.func.substr(found.value, 1, len(value)) == value
            return [found.position >= start, found.position < start + _LAST, exact]
        if found.kind != "text":
            least = [found.position > sa.literal_column(LEAST)] if found.kind == "number" else []
            return [_ORDERS[op](found.position, value), *least]
        wide = {Op.GT: Op.GTE, Op.LT: Op.LTE}.get(op, op)
        return [_ORDERS[op](found.value, value), _ORDERS[wide](found.position, value[:INDEXED_LENGTH])]


_ORDERS: dict[Op, Callable[[sa.ColumnElement[Any], Any], Clause]] = {
    Op.EQ: lambda a, b: a == b,
    Op.GT: lambda a, b: a > b,
    Op.GTE: lambda a, b: a >= b,
    Op.LT: lambda a, b: a < b,
    Op.LTE: lambda a, b: a <= b,
}


def operand_of(found: Column, value: Any) -> Any:
    """A typed value as the column compares it."""
    if found.kind == "total":
        return int(Decimal(value) * MICRO)
    if found.kind == "boolean":
        return "true" if value else "false"
    if found.kind == "number":
        return value if abs(value) < 2**63 else Decimal(value)
    return text_of(value)


def text_of(value: Any) -> str:
    """A typed value as the JSON of records has it."""
    if isinstance(value, datetime):
        return str(find("datetime").to_json(value))
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _refusal(message: str) -> Refused:
    return Refused.because([Problem("/where", "cannot_search", message)])
