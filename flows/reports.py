"""Counts, money, durations of what somebody may know: forms they read, people below them, their own requests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms import rights
from ..forms.definition import Field, Form
from ..forms.models import records
from ..platform import clock
from ..platform.db import reading, utc_text
from ..platform.errors import NotFound, Refused
from ..platform.people import service as people
from ..platform.people.directory import Directory, Person
from ..platform.problems import Problem
from ..platform.text import msg
from . import catalogue
from .models import runs, tasks

MICRO = 1_000_000
MOST_GROUPS = 200
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of one form or all, submitted or decided since ``since``; ``by`` groups requests."""

    form: str | None = None
    since: datetime | None = None
    by: str = "status"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose requests somebody may count: all of ``forms``, and of the others those that ``people`` filed."""

    forms: tuple[str, ...]
    people: tuple[str, ...]

    def clause(self) -> sa.ColumnElement[bool]:
        return sa.or_(records.c.form.in_(self.forms), records.c.submitted_by.in_(self.people))


def answer(name: str, question: Question, person: Person) -> list[Row]:
    """The rows of one report.

    Raises:
        NotFound: no such report.
        Refused: a grouping that there is not.
    """
    report = _REPORTS.get(name)
    if report is None:
        raise NotFound(msg("No report %(name)s. Known: %(known)s.", name=repr(name), known=", ".join(_REPORTS)))
    scope = scope_of(person)
    with reading() as conn:
        return report(conn, question, scope)


def scope_of(person: Person) -> Scope:
    """What somebody may count: at least what they filed themselves."""
    served = [forms.program(str(each.document["form"])).form for each in catalogue.flows_in_force()]
    readable = tuple(form.key for form in served if rights.may_read_all(form, person))
    return Scope(readable, (person.key, *_below(people.directory(), person)))


def _below(directory: Directory, person: Person) -> tuple[str, ...]:
    """Everybody whose managers lead up to the person, or whose department they head."""
    headed = [each.key for each in directory.departments.values() if each.head == person.key]
    return tuple(
        each.key
        for each in directory.persons.values()
        if each.key != person.key
        and (
            any(above.key == person.key for above in directory.line(each.key))
            or any(directory.belongs(each.department, department) for department in headed)
        )
    )


def _requests(conn: Connection, question: Question, scope: Scope) -> list[Row]:
    """How many requests, how long they took, about what money: by form, state, month, person or a choice field."""
    group, field = _group(conn, question)
    ended = _seconds(conn, records.c.submitted_at, runs.c.ended_at)
    money = money_field(_form(question)) if question.form else None
    columns = [
        group.label("group"),
        sa.func.count().label("count"),
        sa.func.avg(ended).label("seconds"),
        *([_micros(conn, money.key).label("micros")] if money else []),
    ]
    statement = (
        sa.select(*columns)
        .join(runs, runs.c.record_id == records.c.id)
        .where(scope.clause(), *_narrowed(question))
        .group_by(group)
        .order_by(sa.func.count().desc())
        .limit(MOST_GROUPS)
    )
    return [_request_row(row, question.by, field, money) for row in conn.execute(statement)]


def _request_row(row: Any, by: str, field: Field | None, money: Field | None) -> Row:
    found: Row = {by: row.group, "count": row.count, "hours": _hours(row.seconds)}
    if field is not None:
        choices = {str(each["value"]): each["label"] for each in field.options.get("options") or ()}
        found["label"] = choices.get(row.group, row.group)
    if money is not None:
        found["money"] = format((Decimal(int(row.micros or 0)) / MICRO).quantize(Decimal("0.01")), "f")
        found["currency"] = money.options.get("currency")
    return found


def _group(conn: Connection, question: Question) -> tuple[sa.ColumnElement[Any], Field | None]:
    match question.by:
        case "form":
            return records.c.form, None
        case "status":
            return records.c.status, None
        case "month":
            return _month(conn, records.c.submitted_at), None
        case "person":
            return records.c.submitted_by, None
    field = _form(question).field(question.by) if question.form else None
    if field is None or field.type not in ("choice", "boolean"):
        message = msg(
            "Requests cannot be grouped by %(by)s. Known: form, status, month, person, and choices of the form named.",
            by=repr(question.by),
        )
        raise Refused.because([Problem("/by", "unknown_group", message)])
    return _json_text(conn, field.key), field


def _form(question: Question) -> Form:
    return forms.program(question.form or "").form


def money_field(form: Form) -> Field | None:
    """What a request is about in money: the last money field of the summary."""
    fields = (form.field(key) for key in reversed(form.summary))
    return next((field for field in fields if field is not None and field.type == "money"), None)


def _steps(conn: Connection, question: Question, scope: Scope) -> list[Row]:
    """How often and how long people acted at each step, how often too late, and what waits there now."""
    took = _seconds(conn, tasks.c.assigned_at, tasks.c.closed_at)
    late = sa.func.sum(sa.case((tasks.c.closed_at > tasks.c.due_at, 1), else_=0))
    waiting = sa.func.sum(sa.case((tasks.c.open, 1), else_=0))
    statement = (
        sa.select(
            tasks.c.form,
            tasks.c.step,
            sa.func.count(tasks.c.decided_by).label("decided"),
            sa.func.avg(sa.case((tasks.c.decided_by.is_not(None), took))).label("seconds"),
            sa.func.max(sa.case((tasks.c.decided_by.is_not(None), took))).label("slowest"),
            late.label("late"),
            waiting.label("open"),
        )
        .join(records, records.c.id == tasks.c.record_id)
        .where(scope.clause(), *_narrowed(question))
        .group_by(tasks.c.form, tasks.c.step)
        .order_by(tasks.c.form, tasks.c.step)
        .limit(MOST_GROUPS)
    )
    return [
        {
            "form": row.form,
            "step": row.step,
            "decided": row.decided,
            "hours": _hours(row.seconds),
            "slowest_hours": _hours(row.slowest),
            "late": int(row.late or 0),
            "open": int(row.open or 0),
        }
        for row in conn.execute(statement)
    ]


def _overdue(conn: Connection, question: Question, scope: Scope) -> list[Row]:
    """What is late now, by step and by whom it waits for."""
    statement = (
        sa.select(
            tasks.c.form,
            tasks.c.step,
            tasks.c.principal,
            sa.func.count().label("count"),
            sa.func.min(tasks.c.due_at).label("oldest"),
        )
        .join(records, records.c.id == tasks.c.record_id)
        .where(tasks.c.open, tasks.c.due_at < clock.now(), scope.clause(), *_narrowed(question))
        .group_by(tasks.c.form, tasks.c.step, tasks.c.principal)
        .order_by(sa.func.min(tasks.c.due_at))
        .limit(MOST_GROUPS)
    )
    return [
        {
            "form": row.form,
            "step": row.step,
            "principal": row.principal,
            "count": row.count,
            "oldest_due_at": _utc(row.oldest),
        }
        for row in conn.execute(statement)
    ]


def _people(conn: Connection, question: Question, scope: Scope) -> list[Row]:
    """How much each person decided, and how long it lay with them."""
    took = _seconds(conn, tasks.c.assigned_at, tasks.c.closed_at)
    statement = (
        sa.select(
            tasks.c.decided_by.label("person"),
            sa.func.count().label("decided"),
            sa.func.avg(took).label("seconds"),
            sa.func.sum(sa.case((tasks.c.closed_at > tasks.c.due_at, 1), else_=0)).label("late"),
        )
        .join(records, records.c.id == tasks.c.record_id)
        .where(tasks.c.decided_by.is_not(None), scope.clause(), *_narrowed(question))
        .group_by(tasks.c.decided_by)
        .order_by(sa.func.count().desc())
        .limit(MOST_GROUPS)
    )
    directory = people.directory()
    return [
        {
            "person": row.person,
            "name": found.name if (found := directory.person(row.person)) else row.person,
            "decided": row.decided,
            "hours": _hours(row.seconds),
            "late": int(row.late or 0),
        }
        for row in conn.execute(statement)
    ]


_REPORTS = {"requests": _requests, "steps": _steps, "overdue": _overdue, "people": _people}
NAMES: Sequence[str] = tuple(_REPORTS)


def _narrowed(question: Question) -> Iterable[sa.ColumnElement[bool]]:
    if question.form is not None:
        yield records.c.form == question.form
    if question.since is not None:
        yield records.c.submitted_at >= question.since


def _seconds(conn: Connection, first: Any, last: Any) -> sa.ColumnElement[Any]:
    """The time between two columns, blank where one of them is."""
    if conn.dialect.name == "postgresql":
        return sa.func.extract("epoch", sa.cast(last, sa.DateTime(True)) - sa.cast(first, sa.DateTime(True)))
    return (sa.func.julianday(last) - sa.func.julianday(first)) * 86400.0


def _month(conn: Connection, column: Any) -> sa.ColumnElement[Any]:
    if conn.dialect.name == "postgresql":
        return sa.func.to_char(sa.func.timezone("UTC", column), "YYYY-MM")
    return sa.func.substr(sa.cast(column, sa.String), 1, 7)


def _json_text(conn: Connection, key: str) -> sa.ColumnElement[Any]:
    if conn.dialect.name == "postgresql":
        return records.c["values"].op("->>")(sa.literal_column(f"'{key}'"))
    return sa.func.json_extract(records.c["values"], sa.literal_column(f"'$.{key}'"))


def _micros(conn: Connection, key: str) -> sa.ColumnElement[Any]:
    """The sum of a money field in millionths: whole numbers, so that both databases sum alike."""
    value = _json_text(conn, key)
    number = sa.cast(value, sa.Numeric) if conn.dialect.name == "postgresql" else sa.cast(value, sa.REAL)
    return sa.func.sum(sa.cast(sa.func.round(number * MICRO), sa.BigInteger))


def _hours(seconds: Any) -> str | None:
    if seconds is None:
        return None
    return format((Decimal(str(float(seconds))) / 3600).quantize(Decimal("0.01")), "f")


def _utc(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return utc_text(value) if value is not None else None


def since_of(text: str | None) -> datetime | None:
    """``90d``, ``12w``, or a time in RFC 3339.

    Raises:
        Refused: neither.
    """
    if not text:
        return None
    unit = {"d": 1, "w": 7}.get(text[-1])
    if unit is not None and text[:-1].isdecimal() and len(text) < 6:
        return clock.now() - timedelta(days=unit * int(text[:-1]))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = msg("%(value)s is no period. Write 90d, 12w or 2026-01-01T00:00:00Z.", value=repr(text[:40]))
        raise Refused.because([Problem("/since", "wrong_period", message)])
    return found


def measured(form: str) -> dict[str, timedelta]:
    """How long each step of a form took people on average, by its id."""
    with reading() as conn:
        took = _seconds(conn, tasks.c.assigned_at, tasks.c.closed_at)
        statement = (
            sa.select(tasks.c.step, sa.func.avg(took).label("seconds"))
            .where(tasks.c.form == form, tasks.c.decided_by.is_not(None))
            .group_by(tasks.c.step)
        )
        return {row.step: timedelta(seconds=float(row.seconds)) for row in conn.execute(statement)}
