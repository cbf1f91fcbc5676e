"""Indexes over the JSON values, made when a form is published: what is unique, and what lists are ordered by."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform.problems import Problem, pointer
from ..platform.text import msg
from .columns import Column, column
from .definition import Field, Form
from .models import records

PREFIX = "ix_field_"
FREE = ("draft", "rejected", "withdrawn")
"""Statuses of records whose unique values others may use."""


@dataclass(frozen=True, slots=True)
class Index:
    name: str
    create: str


def unique_name(form: str, field: str) -> str:
    return _name("u", form, field)


def _name(kind: str, form: str, field: str, expression: str = "") -> str:
    digest = hashlib.sha256(f"{form}.{field}.{expression}".encode()).hexdigest()[:24]
    return f"{PREFIX}{kind}_{digest}"


def wanted(form: Form, dialect: str) -> list[Index]:
    """The indexes of a form: one for each unique field, one for each that lists are ordered by, or
    duplicates are looked for by."""
    found: list[Index] = []
    searched = {rule.duplicate.fields[0] for rule in form.rules if rule.duplicate is not None}
    for field in form.fields:
        one = column(dialect, field)
        if one is None or field.total is not None:
            continue
        if field.unique:
            found.append(_unique(form.key, field.key, one, dialect))
        if field.indexed or field.key in form.summary or field.key in searched:
            found.append(_ordered(form.key, field.key, one))
    return found


def _unique(form: str, field: str, one: Column, dialect: str) -> Index:
    name = unique_name(form, field)
    free = ", ".join(f"'{status}'" for status in FREE)
    return Index(
        name,
        f"CREATE UNIQUE INDEX IF NOT EXISTS {name} ON signoff_record ({unique_key(one, dialect)}) "
        f"WHERE form = '{form}' AND status NOT IN ({free})",
    )


def unique_key(one: Column, dialect: str) -> str:
    """What the unique index holds: on PostgreSQL a digest of texts, for long entries are refused there."""
    return f"md5({one.raw})" if dialect == "postgresql" and one.kind == "text" else one.raw


def _ordered(form: str, field: str, one: Column) -> Index:
    name = _name("o", form, field, one.order)
    return Index(name, f"CREATE INDEX IF NOT EXISTS {name} ON signoff_record ({one.order}, id) WHERE form = '{form}'")


def holders(form: str, one: Column, dialect: str, values: Sequence[Any]) -> sa.Select[Any]:
    """The query for the records that hold one of ``values`` (as :func:`.where.operand_of` makes them) in the unique
    column ``one``; its own column ``held`` says which."""
    key = sa.literal_column(unique_key(one, dialect), one.value.type)
    held = [sa.func.md5(each) for each in values] if dialect == "postgresql" and one.kind == "text" else list(values)
    free = ", ".join(f"'{status}'" for status in FREE)
    # spelled out as in the index: a parameter would hide from the database that the index serves
    return sa.select(*records.c, one.value.label("held")).where(
        sa.text(f"form = '{form}' AND status NOT IN ({free})"), key.in_(held)
    )


def sync(conn: Connection, form: Form, before: Form | None) -> list[Problem]:
    """Make and drop indexes so that they are those of ``form``; problems name values that are not unique today."""
    dialect = conn.dialect.name
    new = {index.name: index for index in wanted(form, dialect)}
    old = {index.name for index in wanted(before, dialect)} if before else set()
    problems = [
        problem
        for place, field in enumerate(form.fields)
        if field.unique and unique_name(form.key, field.key) not in old
        for problem in _duplicates(conn, form, field, place)
    ]
    if problems:
        return problems
    for name in sorted(old - new.keys()):
        conn.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")
    for name in sorted(new.keys() - old):
        conn.exec_driver_sql(new[name].create.replace("%", "%%") if dialect == "postgresql" else new[name].create)
    return []


def _duplicates(conn: Connection, form: Form, field: Field, place: int) -> list[Problem]:
    one = column(conn.dialect.name, field)
    path = pointer("fields", place, "unique")
    if one is None:
        message = msg("A field of type %(type)s cannot be unique. Remove “unique”.", type=field.type)
        return [Problem(path, "cannot_be_unique", message)]
    query = (
        sa.select(one.value, sa.func.count())
        .where(records.c.form == form.key, records.c.status.not_in(FREE), one.value.is_not(None))
        .group_by(one.value)
        .having(sa.func.count() > 1)
        .limit(1)
    )
    found = conn.execute(query).first()
    if found is None:
        return []
    message = msg(
        "%(field)s cannot be unique yet: %(count)s records hold %(value)s. Change them first.",
        field=field.key,
        count=found[1],
        value=repr(found[0]),
    )
    return [Problem(path, "not_unique", message)]


def violated(error: sa.exc.IntegrityError, form: Form) -> Field | None:
    """The unique field that an error of the database is about, ``None`` if it is about something else."""
    match = re.search(rf"{PREFIX}u_[0-9a-f]+", str(error.orig))
    names: Mapping[str, Field] = {unique_name(form.key, field.key): field for field in form.fields if field.unique}
    return names.get(match.group(0)) if match else None


def unique_fields(fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if field.unique]
