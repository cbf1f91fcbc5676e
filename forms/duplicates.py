"""Duplicates: other open records that hold the same, where a rule warns of them or refuses them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform import db, json
from ..platform.errors import Refused
from ..platform.people.directory import Person
from ..platform.problems import Problem, Severity
from ..platform.text import msg
from . import catalogue, rights
from .conditions.tree import All, Op, Test
from .definition import Form
from .lookup import name_of
from .models import records as table
from .plans import Alike
from .reading import Reading
from .records import COLUMNS, Record
from .where import clause, of_form, text_of

OPEN_STATUSES = ("open", "returned", "kept")
"""Statuses of records that are still asked for; what ended may be asked for again."""

MOST = 20
CONFIRM, REFUSED = "confirm_duplicate", "duplicate"


@dataclass(frozen=True, slots=True)
class Double:
    """Another record that holds the same; ``name`` is ``None`` for whoever may not see it.

    ``said`` are the rule's own words, where it has some.
    """

    id: int
    path: str
    refused: bool
    said: str | None
    name: str | None

    @property
    def key(self) -> str:
        """The field at which it is said."""
        return self.path.split("/")[2]

    def problem(self) -> Problem:
        name = self.name or msg("another record that you may not see")
        if self.said is not None:
            message: str = f"{self.said} ({self.name})" if self.name else self.said
        elif self.refused:
            message = msg("The same is open already: %(record)s. Go on with that one.", record=name)
        else:
            message = msg("The same is open already: %(record)s. Confirm that you want another one.", record=name)
        severity = Severity.ERROR if self.refused else Severity.WARNING
        example = {"record": self.id, **({"name": self.name} if self.name else {})}
        return Problem(self.path, REFUSED if self.refused else CONFIRM, message, severity, example)


def found(form: Form, reading: Reading, *, by: Person | None, record: Record | None = None) -> list[Double]:
    """The other records that hold the same as ``reading``; ``record`` is the one that is written."""
    if not reading.alike:
        return []
    with db.reading() as conn:
        return _found(conn, form, reading.alike, by, record.id if record else None)


def _found(
    conn: Connection, form: Form, asked: Sequence[Alike], by: Person | None, record_id: int | None
) -> list[Double]:
    return [
        Double(row.id, alike.path, alike.refused, alike.message, _name(conn, row, by))
        for alike in asked
        for row in _others(conn, form, alike, record_id)
    ]


def problems(
    form: Form,
    reading: Reading,
    *,
    by: Person | None,
    record: Record | None = None,
    confirmed: Collection[int] | None = (),
) -> list[Problem]:
    """One problem for each other record that holds the same; ``record`` is the one that is written.

    A warning is over once its record is among ``confirmed``; ``None`` confirms all of them.
    """
    return [
        each.problem()
        for each in found(form, reading, by=by, record=record)
        if each.refused or (confirmed is not None and each.id not in confirmed)
    ]


def require(
    conn: Connection, form: Form, readings: Sequence[Reading], *, by: Person | None, record_id: int | None = None
) -> None:
    """Refuse duplicates inside the transaction that stores: of two at the same time one is refused.

    Raises:
        Refused: another record, or another reading, holds the same.
    """
    strict = [alike for reading in readings for alike in reading.alike if alike.refused]
    if not strict:
        return
    keys = [_key(form, alike) for alike in strict]
    if conn.dialect.name == "postgresql":
        for key in sorted(set(keys)):
            conn.execute(_LOCK, {"key": key})
    wrong = [each.problem() for each in _found(conn, form, strict, by, record_id)]
    if not wrong and len(set(keys)) < len(keys):
        again = next(alike for place, alike in enumerate(strict) if keys[place] in keys[:place])
        wrong = [Problem(again.path, REFUSED, msg("The same stands twice in what was sent. Leave one out."))]
    if wrong:
        raise Refused.because(wrong)


_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


def _key(form: Form, alike: Alike) -> str:
    return json.canonical([form.key, alike.rule, [text_of(value) for value in alike.values.values()]])


def _others(conn: Connection, form: Form, alike: Alike, record_id: int | None) -> Sequence[Any]:
    same = All(tuple(Test(key, Op.EQ, value) for key, value in alike.values.items()))
    query = (
        sa.select(*COLUMNS)
        .where(of_form(form.key), clause(same, form.fields, conn.dialect.name), table.c.status.in_(OPEN_STATUSES))
        .order_by(table.c.id.desc())
        .limit(MOST + 1)
    )
    return [row for row in conn.execute(query) if row.id != record_id][:MOST]


def _name(conn: Connection, row: Any, by: Person | None) -> str | None:
    seen = by is not None and rights.may_see(conn, catalogue.program(row.form, row.version).form, row, by)
    return name_of(row) if seen else None
