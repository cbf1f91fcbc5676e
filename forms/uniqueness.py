"""Values that no two records may share: checked before for a friendly word, held by the database whatever happens."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from ..platform import db
from ..platform.errors import Refused
from ..platform.people.directory import Person
from ..platform.problems import Problem, pointer
from ..platform.text import local, msg
from . import catalogue, indexes, rights
from .columns import column
from .definition import Field
from .lookup import name_of
from .program import FormProgram
from .records import Record
from .where import operand_of


def problems(
    program: FormProgram, values: Mapping[str, Any], *, by: Person | None, record: Record | None = None
) -> list[Problem]:
    """One problem for each unique value that another record holds; ``record`` is the one that is written."""
    wanted = [field for field in indexes.unique_fields(program.form.fields) if values.get(field.key) is not None]
    if not wanted:
        return []
    with db.reading() as conn:
        found = [(field, _holder(conn, program, field, values[field.key], record)) for field in wanted]
        return [_problem(conn, program, field, values[field.key], row, by) for field, row in found if row is not None]


def _holder(conn: sa.Connection, program: FormProgram, field: Field, value: Any, record: Record | None) -> Any:
    dialect = conn.dialect.name
    one = column(dialect, field)
    if one is None:
        return None
    query = indexes.holders(program.form.key, one, dialect, [operand_of(one, value)])
    return next((row for row in conn.execute(query) if record is None or row.id != record.id), None)


def _problem(
    conn: sa.Connection, program: FormProgram, field: Field, value: Any, row: Any, by: Person | None
) -> Problem:
    label = local(field.label, "en")
    if by is not None and rights.may_see(conn, catalogue.program(row.form, row.version).form, row, by):
        message = msg(
            "%(field)s %(value)s stands in %(record)s already. Enter another one, or open that record.",
            field=label,
            value=f"“{value}”",
            record=name_of(row),
        )
    else:
        message = msg("%(field)s %(value)s is taken already. Enter another one.", field=label, value=f"“{value}”")
    return Problem(pointer("values", field.key), "not_unique", message)


@contextmanager
def explained(
    program: FormProgram, values: Mapping[str, Any], *, by: Person | None, record: Record | None = None
) -> Iterator[None]:
    """Say in words what the database refused because somebody else was faster; around the transaction, not in it."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        field = indexes.violated(error, program.form)
        if field is None:
            raise
        raise Refused.because(_after_all(program, field, values, by, record)) from error


def _after_all(
    program: FormProgram, field: Field, values: Mapping[str, Any], by: Person | None, record: Record | None
) -> list[Problem]:
    try:
        found = problems(program, values, by=by, record=record)
    except sa.exc.DBAPIError:  # an outer transaction has failed with ours: nothing can be asked any more
        found = []
    taken = msg("%(field)s: another record took this value just now.", field=local(field.label, "en"))
    return found or [Problem(pointer("values", field.key), "not_unique", taken)]
