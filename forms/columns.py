"""Fields of the JSON values as SQL: the expressions that indexes, filters and orders share, for both databases."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .definition import Field
from .kinds import DEPARTMENT, PERSON, Base
from .types import kind_of

INDEXED_LENGTH = 100
"""So much of a text is in an index: PostgreSQL refuses long entries, and nobody sorts by more."""

LEAST = "-1e30"
"""Where records without a number stand in an order: before all that have one."""

_TEXTS = frozenset((Base.TEXT, Base.CHOICE, Base.DATE, Base.TIME, Base.DATETIME))


@dataclass(frozen=True, slots=True)
class Column:
    """``raw`` is NULL where the field is blank; ``order`` never is: blanks stand first, and one index serves both ways.

    ``kind``: text, number, boolean, total.
    """

    kind: str
    raw: str
    order: str

    @property
    def value(self) -> sa.ColumnElement[Any]:
        return sa.literal_column(self.raw, _TYPES[self.kind])

    @property
    def position(self) -> sa.ColumnElement[Any]:
        return sa.literal_column(self.order, _TYPES[self.kind])


_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    # SQLite compares numbers as floats, and says so when it is handed a decimal
    "number": sa.Numeric().with_variant(sa.Float(), "sqlite"),
    "boolean": sa.Text(),
    "total": sa.BigInteger(),
}


def column(dialect: str, field: Field, base: str = '"values"') -> Column | None:
    """The field as SQL, ``None`` if its type has no order (tables, files, several choices).

    ``base`` is the SQL of the JSON object that holds the field.
    """
    if field.total is not None:
        return _total(field.key)
    kind = _kind(field)
    if kind is None:
        return None
    text = member(dialect, base, field.key)
    return (_sqlite if dialect == "sqlite" else _postgresql)(kind, text)


def _kind(field: Field) -> str | None:
    found = kind_of(field)
    if found.base in _TEXTS or (found.base is Base.REFERENCE and found.target in (PERSON, DEPARTMENT)):
        return "text"
    if found.base in (Base.NUMBER, Base.REFERENCE):
        return "number"
    return "boolean" if found.base is Base.BOOLEAN else None


def member(dialect: str, base: str, key: str) -> str:
    """A member of a JSON object as text (on SQLite as what it is); keys are checked names, safe in a literal."""
    return f"json_extract({base}, '$.{key}')" if dialect == "sqlite" else f"({base} ->> '{key}')"


def part_of(dialect: str, base: str, key: str, part: str) -> str:
    """A part of a member as text; both are checked names."""
    if dialect == "sqlite":
        return f"json_extract({base}, '$.{key}.{part}')"
    return f"({base} -> '{key}' ->> '{part}')"


def _sqlite(kind: str, text: str) -> Column:
    if kind == "number":
        return Column(kind, f"CAST({text} AS NUMERIC)", f"COALESCE(CAST({text} AS NUMERIC), {LEAST})")
    if kind == "boolean":
        said = f"(CASE {text} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
        return Column(kind, said, f"COALESCE({said}, '')")
    return Column(kind, text, f"COALESCE(substr({text}, 1, {INDEXED_LENGTH}), '')")


def _postgresql(kind: str, text: str) -> Column:
    if kind == "number":
        # an older version of the form may have kept a text here
        number = f"(CASE WHEN {text} ~ '^-?[0-9]+([.][0-9]+)?$' THEN {text}::numeric END)"
        return Column(kind, number, f"COALESCE({number}, {LEAST})")
    if kind == "boolean":
        return Column(kind, text, f"COALESCE({text}, '')")
    raw = f'({text} COLLATE "C")'
    return Column(kind, raw, f'(COALESCE("left"({text}, {INDEXED_LENGTH}), \'\') COLLATE "C")')


def _total(key: str) -> Column:
    place = f"t.record_id = signoff_record.id AND t.field = '{key}'"
    stored = f"(SELECT t.micros FROM signoff_record_total AS t WHERE {place})"  # noqa: S608 - a checked name
    return Column("total", stored, f"COALESCE({stored}, 0)")
