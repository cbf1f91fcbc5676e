"""Values that no two records may share: checked before for a friendly word, held by the database whatever happens."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
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
        return [_problem(conn, field, values[field.key], row, by) for field, row in found if row is not None]


def problems_of_many(
    program: FormProgram, rows: Sequence[Mapping[str, Any]], *, by: Person | None
) -> list[list[Problem]]:
    """The same for many new records at once; the second of two that share a value is the one that is wrong."""
    found: list[list[Problem]] = [[] for _ in rows]
    for field in indexes.unique_fields(program.form.fields):
        seen: dict[Any, int] = {}
        for place, values in enumerate(rows):
            value = values.get(field.key)
            if value is None:
                continue
            if value in seen:
                message = msg("%(field)s %(value)s stands twice in the file.", field=field.key, value=f"“{value}”")
                found[place].append(Problem(pointer("values", field.key), "not_unique", message))
            seen.setdefault(value, place)
        for place, problem in _held(program, field, seen, by):
            found[place].append(problem)
    return found


def _held(program: FormProgram, field: Field, seen: Mapping[Any, int], by: Person | None) -> list[tuple[int, Problem]]:
    with db.reading() as conn:
        dialect = conn.dialect.name
        one = column(dialect, field)
        if one is None or not seen:
            return []
        wanted = {operand_of(one, value): value for value in seen}
        rows = conn.execute(indexes.holders(program.form.key, one, dialect, list(wanted))).all()
        return [
            (seen[value], _problem(conn, field, value, row, by))
            for row in rows
            if (value := wanted.get(row.held)) is not None
        ]


def _holder(conn: sa.Connection, program: FormProgram, field: Field, value: Any, record: Record | None) -> Any:
    dialect = conn.dialect.name
    one = column(dialect, field)
    if one is None:
        return None
    query = indexes.holders(program.form.key, one, dialect, [operand_of(one, value)])
    return next((row for row in conn.execute(query) if record is None or row.id != record.id), None)


def _problem(conn: sa.Connection, field: Field, value: Any, row: Any, by: Person | None) -> Problem:
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
    """Say in words what the database refused because somebody else was faster.

    An outer transaction goes on: only what happened in the block is undone.
    """
    try:
        with db.undoable() if indexes.unique_fields(program.form.fields) else nullcontext():
            yield
    except sa.exc.IntegrityError as error:
        field = indexes.violated(error, program.form)
        if field is None:
            raise
        raise Refused.because(_after_all(program, field, values, by, record)) from error


def _after_all(
    program: FormProgram, field: Field, values: Mapping[str, Any], by: Person | None, record: Record | None
) -> list[Problem]:
    found = problems(program, values, by=by, record=record)
    taken = msg("%(field)s: another record took this value just now.", field=local(field.label, "en"))
    return found or [Problem(pointer("values", field.key), "not_unique", taken)]
