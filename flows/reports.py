"""Counts, money, durations of what somebody may know: forms they read, people below them, their own requests.

All of it is of requests by the day on which they were filed, from the roll-ups of :mod:`.rolling`; only what waits and
what is overdue is of this moment.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms import rights
from ..forms.definition import Field, Form
from ..forms.models import records
from ..platform import clock, config
from ..platform.db import reading, utc_text
from ..platform.errors import NotFound, Refused
from ..platform.people import service as people
from ..platform.people.directory import Directory, Person
from ..platform.problems import Problem
from ..platform.text import LocalText, msg
from . import catalogue, counting, figures, rolling
from .counting import money_field, seconds
from .figures import Asked, Scope, Sums
from .models import tasks

MOST_GROUPS = 200
MOST_OPEN = 5000
"""So many open tasks of a step are counted; where there are more, the numbers of what waits are a lower bound."""

BEGINNING = date(2000, 1, 1)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of one form or all, filed from ``since`` to ``until``; ``by`` groups requests."""

    form: str | None = None
    since: datetime | None = None
    by: str = "status"
    until: datetime | None = None


def answer(name: str, question: Question, person: Person) -> list[Row]:
    """The rows of one report.

    Raises:
        NotFound: no such report.
        Refused: a grouping that there is not.
    """
    report = _REPORTS.get(name)
    if report is None:
        raise NotFound(msg("No report %(name)s. Known: %(known)s.", name=repr(name), known=", ".join(_REPORTS)))
    rolling.catch_up(rolling.PAGE_SECONDS)
    return report(question, asked_of(question, person))


def asked_of(question: Question, person: Person) -> Asked:
    """The question as the roll-ups are asked: whole days in the zone of the installation."""
    zone = config.current().zone
    first = question.since.astimezone(zone).date() if question.since else BEGINNING
    last = (question.until or clock.now()).astimezone(zone).date()
    named = (_form(question).key,) if question.form else tuple(form.key for form in served())
    return Asked(scope_of(person), named, first, last)


def served() -> list[Form]:
    """The forms that a flow belongs to."""
    return [forms.program(str(each.document["form"])).form for each in catalogue.flows_in_force()]


def scope_of(person: Person) -> Scope:
    """What somebody may count: at least what they filed themselves."""
    readable = tuple(form.key for form in served() if rights.may_read_all(form, person))
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


def _form(question: Question) -> Form:
    return forms.program(question.form or "").form


# --- requests


def _requests(question: Question, asked: Asked) -> list[Row]:
    """How many requests, how long they took, about what money: by form, state, month, person or a choice field."""
    groups, field = _groups(question, asked)
    money = money_field(_form(question)) if question.form else None
    return [_request_row(group, sums, question.by, field, money) for group, sums in groups[:MOST_GROUPS]]


def _request_row(group: str | None, sums: Sums, by: str, field: Field | None, money: Field | None) -> Row:
    found: Row = {by: group, "count": sums.requests, "hours": _text(sums.hours)}
    if field is not None:
        found["label"] = label_of(field, group)
    if money is not None:
        found["money"] = _text(sums.money)
        found["currency"] = money.options.get("currency")
    return found


def _breakdown(question: Question, asked: Asked) -> list[Row]:
    """The same with how they ended, the first answers, and what was said afterwards."""
    groups, field = _groups(question, asked)
    money = money_field(_form(question)) if question.form else None
    return [
        _request_row(group, sums, question.by, field, money) | _detail(sums, money)
        for group, sums in groups[:MOST_GROUPS]
    ]


def _groups(question: Question, asked: Asked) -> tuple[list[tuple[Any, Sums]], Field | None]:
    match question.by:
        case "form":
            return list(figures.by_form(asked)), None
        case "status":
            return list(figures.by_member(asked, counting.STATUS)), None
        case "month":
            return _by_month(figures.by_day(asked)), None
        case "person":
            return list(figures.by_submitter(asked)), None
    form = _form(question) if question.form else None
    axes = counting.axes_of(form) if form is not None else []
    field = next((each for each in axes if each.key == question.by), None)
    if field is None:
        message = msg(
            "Requests cannot be grouped by %(by)s. Known: form, status, month, person, and choices of the form named.",
            by=repr(question.by),
        )
        raise Refused.because([Problem("/by", "unknown_group", message)])
    return [(group or None, sums) for group, sums in figures.by_member(asked, field.key)], field


def _by_month(days: Iterable[tuple[date, Sums]]) -> list[tuple[str, Sums]]:
    found: dict[str, list[Sums]] = {}
    for day, sums in days:
        found.setdefault(day.isoformat()[:7], []).append(sums)
    return [(month, figures.together(each)) for month, each in sorted(found.items())]


def label_of(field: Field, value: str | None) -> LocalText | None:
    if field.type == "boolean":
        return {"true": {"en": "Yes", "zh": "是"}, "false": {"en": "No", "zh": "否"}}.get(value or "")
    labels = {str(each["value"]): each["label"] for each in field.options.get("options") or ()}
    return labels.get(value, value) if value is not None else None


def _detail(sums: Sums, money: Field | None) -> Row:
    found: Row = {
        "approved": sums.approved,
        "rejected": sums.rejected,
        "answered": sums.answered,
        "answered_in_time": sums.in_time,
        "in_time_share": _text(sums.in_time_share),
        "answer_hours": _text(sums.answer_hours),
        "surveyed": sums.surveyed,
        "score": _text(sums.mean_score),
        "content": sums.content,
        "content_share": _text(sums.content_share),
        "unhappy": sums.unhappy,
        "unhappy_share": _text(sums.unhappy_share),
    }
    if money is not None:
        found["approved_money"] = _text(sums.approved_money)
    return found


def _summary(question: Question, asked: Asked) -> list[Row]:
    """One row: everything of the period together."""
    money = money_field(_form(question)) if question.form else None
    sums = figures.in_all(asked)
    row = _request_row(None, sums, "form", None, money) | _detail(sums, money) | {"form": question.form}
    return [row]


def _trend(question: Question, asked: Asked) -> list[Row]:
    """For each day of a month or less, else for each week from Monday on, also where nothing was filed."""
    money = money_field(_form(question)) if question.form else None
    return [
        {"from": first.isoformat(), "to": last.isoformat()}
        | {key: each for key, each in _request_row(None, sums, "", None, money).items() if key}
        | _detail(sums, money)
        for first, last, sums in trend(asked)
    ]


DAYS_OF_TREND = 31


def trend(asked: Asked) -> list[tuple[date, date, Sums]]:
    """The period in days or weeks, each from and to, with its sums."""
    days = dict(figures.by_day(asked))
    first = max(asked.first, min(days, default=asked.last))
    step = 1 if (asked.last - first).days < DAYS_OF_TREND else 7
    start = first if step == 1 else first - timedelta(days=first.weekday())
    found = []
    while start <= asked.last:
        end = start + timedelta(days=step - 1)
        found.append((start, min(end, asked.last), figures.together(
            [sums for day, sums in days.items() if start <= day <= end])))  # fmt: skip
        start = end + timedelta(days=1)
    return found[-MOST_GROUPS:]


# --- work


def steps(question: Question, asked: Asked) -> list[Row]:
    """How often and how long people acted at each step, how often too late, and what waits there now."""
    waiting = _waiting(question, asked)
    worked = dict(figures.by_step(asked))
    return [
        {
            "form": form,
            "step": step,
            "decided": work.decided,
            "hours": _text(work.hours),
            "slowest_hours": _text(work.slowest_hours),
            "late": work.late,
            "open": waiting[form, step].count if (form, step) in waiting else 0,
            "open_capped": (form, step) in waiting and waiting[form, step].capped,
        }
        for form, step in sorted({*worked, *waiting})[:MOST_GROUPS]
        for work in (worked.get((form, step), figures.Work()),)
    ]


def decided_by(_question: Question, asked: Asked) -> list[Row]:
    """How much each person decided, and how long it lay with them."""
    directory = people.directory()
    return [
        {
            "person": key,
            "name": found.name if (found := directory.person(key)) else key,
            "decided": work.decided,
            "approved": work.approved,
            "rejected": work.rejected,
            "returned": work.returned,
            "hours": _text(work.hours),
            "late": work.late,
        }
        for key, work in figures.by_person(asked)[:MOST_GROUPS]
    ]


# --- of this moment


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open tasks of a step, up to :data:`MOST_OPEN`; ``capped`` means that there are more."""

    count: int
    capped: bool


def _waiting(question: Question, asked: Asked) -> dict[tuple[str, str], Waiting]:
    found = {}
    with reading() as conn:
        for form, step in _open_steps(conn, asked):
            tasks_of = _open(question, asked, form, step).subquery()
            number = int(conn.execute(sa.select(sa.func.count()).select_from(tasks_of)).scalar_one())
            if number:
                found[form, step] = Waiting(min(number, MOST_OPEN), number > MOST_OPEN)
    return found


def overdue(question: Question, asked: Asked) -> list[Row]:
    """What is late now, by step and by whom it waits for, the oldest first."""
    found = []
    with reading() as conn:
        for form, step in _open_steps(conn, asked):
            late = _open(question, asked, form, step, tasks.c.due_at < clock.now()).subquery()
            statement = sa.select(
                late.c.principal, sa.func.count().label("number"), sa.func.min(late.c.due_at).label("oldest")
            ).group_by(late.c.principal)
            rows = conn.execute(statement).all()
            capped = sum(row.number for row in rows) > MOST_OPEN
            found += [
                {
                    "form": form,
                    "step": step,
                    "principal": row.principal,
                    "count": int(row.number),
                    "capped": capped,
                    "oldest_due_at": row.oldest if isinstance(row.oldest, str) else utc_text(row.oldest),
                }
                for row in rows
            ]
    return sorted(found, key=lambda row: str(row["oldest_due_at"]))[:MOST_GROUPS]


# As the partial index has it: SQLAlchemy would say "open = 1" on SQLite, and the index would not be used.
_OPEN = sa.text("signoff_task.open")
_NEXT_STEP = sa.select(sa.func.min(tasks.c.step)).where(
    _OPEN, tasks.c.form == sa.bindparam("form"), tasks.c.step > sa.bindparam("after")
)


def open_steps(conn: Connection, form: str) -> Iterator[str]:
    """The steps of a form at which something waits: one look into the index for each, however much waits there."""
    step = conn.execute(_NEXT_STEP, {"form": form, "after": ""}).scalar()
    while step is not None:
        yield step
        step = conn.execute(_NEXT_STEP, {"form": form, "after": step}).scalar()


def _open_steps(conn: Connection, asked: Asked) -> Iterator[tuple[str, str]]:
    for form in asked.forms:
        for step in open_steps(conn, form):
            yield form, step


def _open(question: Question, asked: Asked, form: str, step: str, *where: Any) -> sa.Select[Any]:
    """Open tasks of a step, soonest due first, one more than are counted."""
    first = (
        sa.select(tasks.c.principal, tasks.c.due_at, tasks.c.record_id)
        .where(_OPEN, tasks.c.form == form, tasks.c.step == step, *where)
        .order_by(tasks.c.due_at)
        .limit(MOST_OPEN + 1)
    )
    narrowed = form not in asked.scope.forms
    if not narrowed and question.since is None:
        return first.with_only_columns(tasks.c.principal, tasks.c.due_at)
    found = first.subquery()
    statement = sa.select(found.c.principal, found.c.due_at).join(records, records.c.id == found.c.record_id)
    if narrowed:
        statement = statement.where(records.c.submitted_by.in_(asked.scope.people))
    if question.since is not None:
        statement = statement.where(records.c.submitted_at >= question.since)
    return statement


Report = Callable[[Question, Asked], list[Row]]
_REPORTS: dict[str, Report] = {
    "requests": _requests,
    "breakdown": _breakdown,
    "summary": _summary,
    "trend": _trend,
    "steps": steps,
    "overdue": overdue,
    "people": decided_by,
}
NAMES: Sequence[str] = tuple(_REPORTS)


def _text(number: Decimal | None) -> str | None:
    return format(number, "f") if number is not None else None


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
        took = seconds(conn, tasks.c.assigned_at, tasks.c.closed_at)
        statement = (
            sa.select(tasks.c.step, sa.func.avg(took).label("seconds"))
            .where(tasks.c.form == form, tasks.c.decided_by.is_not(None))
            .group_by(tasks.c.step)
        )
        return {row.step: timedelta(seconds=float(row.seconds)) for row in conn.execute(statement)}
