"""The figures of one day of a form, counted from its requests and the work on them: the rows of the roll-ups."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms.columns import column
from ..forms.definition import Field, Form
from ..forms.models import records
from ..platform.db import reading
from . import catalogue, survey
from .models import figures, runs, surveys, tasks, work_figures
from .run import START

FIRST_ANSWER = timedelta(minutes=30)
"""Within this time the first answer is to come (D26)."""

MOST_AXES = 12
MICRO = 1_000_000
ALL = ""
STATUS = "status"
SUMS = tuple(each.name for each in figures.columns if not each.primary_key)
WORK_SUMS = tuple(each.name for each in work_figures.columns if not each.primary_key)

Row = dict[str, Any]


def axes_of(form: Form) -> list[Field]:
    """What requests of a form are broken down by: its choices. Plain tables are only counted."""
    if catalogue.flow_of_form(form.key) is None:
        return []
    return [each for each in form.fields if each.type in ("choice", "boolean")][:MOST_AXES]


def money_field(form: Form) -> Field | None:
    """What a request is about in money: the last money field of the summary."""
    fields = (form.field(key) for key in reversed(form.summary))
    return next((field for field in fields if field is not None and field.type == "money"), None)


def filed_on(form: str, day: date, zone: ZoneInfo) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether a request of the form was filed on that day."""
    tomorrow = day + timedelta(days=1)
    start, end = (datetime(each.year, each.month, each.day, tzinfo=zone) for each in (day, tomorrow))
    return (
        records.c.form == form,
        records.c.submitted_at >= start.astimezone(UTC),
        records.c.submitted_at < end.astimezone(UTC),
    )


def counted(form_key: str, day: date, zone: ZoneInfo) -> tuple[list[Row], list[Row]]:
    """The rows of one day: of requests, and of the work on them."""
    form = forms.program(form_key).form
    filed = filed_on(form_key, day, zone)
    with reading() as conn:
        requests = _requests(conn, form, filed)
        work = _work(conn, filed) if catalogue.flow_of_form(form_key) is not None else []
    place = {"form": form_key, "day": day}
    return (
        [place | row for row in _with_everybody(requests, ("axis", "member"), SUMS)],
        [place | row for row in _with_everybody(work, ("step", "person"), WORK_SUMS)],
    )


def _requests(conn: Connection, form: Form, filed: Sequence[sa.ColumnElement[bool]]) -> list[Row]:
    """Sums by who filed, for the day as a whole, by status, and by each choice: the requests are read once."""
    axes = [(field.key, column(conn.dialect.name, field)) for field in axes_of(form)]
    named = [(key, one.value) for key, one in axes if one is not None]
    facts = (
        sa.select(
            sa.func.coalesce(records.c.submitted_by, "").label("whose"),
            records.c.status,
            *_facts(conn, form),
            *(sa.func.coalesce(sa.func.substr(value, 1, 64), "").label(f"axis_{key}") for key, value in named),
        )
        .select_from(
            records.outerjoin(runs, runs.c.record_id == records.c.id).outerjoin(
                surveys, surveys.c.record_id == records.c.id
            )
        )
        .where(*filed)
        .cte("facts")
        .prefix_with("MATERIALIZED")
    )
    members = [(ALL, sa.literal("")), (STATUS, facts.c.status)] if named or _has_flow(form) else [(ALL, sa.literal(""))]
    members += [(key, facts.c[f"axis_{key}"]) for key, _ in named]
    parts = [_part(facts, axis, member) for axis, member in members]
    return [dict(row) for row in conn.execute(sa.union_all(*parts)).mappings()]


def _has_flow(form: Form) -> bool:
    return catalogue.flow_of_form(form.key) is not None


def _facts(conn: Connection, form: Form) -> list[sa.ColumnElement[Any]]:
    """Of one request: its money, how long it took, when it was first answered, what was said of it."""
    money = money_field(form)
    answered = (
        sa.select(sa.func.min(tasks.c.closed_at))
        .where(tasks.c.record_id == records.c.id, tasks.c.decided_by.is_not(None), tasks.c.step != START)
        .scalar_subquery()
    )
    over = records.c.status.in_(survey.ENDED)
    return [
        (_micros(conn, money) if money is not None else sa.literal(0)).label("micros"),
        sa.case((over, seconds(conn, records.c.submitted_at, runs.c.ended_at))).label("took"),
        seconds(conn, records.c.submitted_at, answered).label("answer"),
        surveys.c.score.label("score"),
    ]


def _part(facts: sa.CTE, axis: str, member: Any) -> sa.Select[Any]:
    f = facts.c
    approved = f.status == "approved"
    sums = {
        "requests": sa.func.count(),
        "micros": sa.func.sum(f.micros),
        "approved": _sum_if(approved, 1),
        "approved_micros": _sum_if(approved, f.micros),
        "rejected": _sum_if(f.status == "rejected", 1),
        "ended": sa.func.count(f.took),
        "ended_seconds": sa.func.sum(f.took),
        "answered": sa.func.count(f.answer),
        "in_time": _sum_if(f.answer <= FIRST_ANSWER.total_seconds(), 1),
        "answer_seconds": sa.func.sum(f.answer),
        "surveyed": sa.func.count(f.score),
        "score": sa.func.sum(f.score),
        "content": _sum_if(f.score >= survey.CONTENT, 1),
        "unhappy": _sum_if(f.score <= survey.UNHAPPY, 1),
    }
    group = sa.cast(member, sa.String(64)).label("member")
    return sa.select(
        f.whose,
        sa.literal(axis).label("axis"),
        group,
        *(sa.cast(sa.func.coalesce(each, 0), sa.BigInteger).label(name) for name, each in sums.items()),
    ).group_by(f.whose, *([member] if axis else []))


def _sum_if(condition: Any, value: Any) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((condition, value), else_=0))


def _work(conn: Connection, filed: Sequence[sa.ColumnElement[bool]]) -> list[Row]:
    """Sums of the decisions on the day's requests, by who filed, step and who decided."""
    took = seconds(conn, tasks.c.assigned_at, tasks.c.closed_at)
    sums = {
        "decided": sa.func.count(),
        "approved": _sum_if(tasks.c.verdict.in_(("approve", "complete")), 1),
        "rejected": _sum_if(tasks.c.verdict == "reject", 1),
        "returned": _sum_if(tasks.c.verdict == "return", 1),
        "late": _sum_if(tasks.c.closed_at > tasks.c.due_at, 1),
        "seconds": sa.func.sum(took),
        "slowest": sa.func.max(took),
    }
    whose = sa.func.coalesce(records.c.submitted_by, "").label("whose")
    statement = (
        sa.select(
            whose,
            tasks.c.step,
            tasks.c.decided_by.label("person"),
            *(sa.cast(each, sa.BigInteger).label(name) for name, each in sums.items()),
        )
        .select_from(records.join(tasks, tasks.c.record_id == records.c.id))
        .where(*filed, tasks.c.decided_by.is_not(None))
        .group_by(whose, tasks.c.step, tasks.c.decided_by)
    )
    return [dict(row) for row in conn.execute(statement).mappings()]


def _with_everybody(rows: Sequence[Row], names: tuple[str, str], sums: Sequence[str]) -> list[Row]:
    """The rows of each person who filed, and the same of all of them together, whose name is empty."""
    together: dict[tuple[str, str], Row] = {}
    own = []
    for row in rows:
        if row["whose"]:
            own.append(row)
        place = (row[names[0]], row[names[1]])
        total = together.setdefault(place, dict.fromkeys(sums, 0) | dict(zip(names, place, strict=True)))
        for name in sums:
            total[name] = max(total[name], row[name]) if name == "slowest" else total[name] + row[name]
    return [*({"whose": ALL, **row} for row in together.values()), *own]


def seconds(conn: Connection, first: Any, last: Any) -> sa.ColumnElement[Any]:
    """The time between two columns, blank where one of them is."""
    if conn.dialect.name == "postgresql":
        return sa.func.extract("epoch", sa.cast(last, sa.DateTime(True)) - sa.cast(first, sa.DateTime(True)))
    return (sa.func.julianday(last) - sa.func.julianday(first)) * 86400.0


def _micros(conn: Connection, money: Field) -> sa.ColumnElement[Any]:
    """Millionths: whole numbers, so that both databases sum alike."""
    one = column(conn.dialect.name, money)
    if one is None:
        return sa.literal(0)
    return sa.func.coalesce(sa.cast(sa.func.round(one.value * MICRO), sa.BigInteger), 0)
