"""The requests behind a number of the dashboard, as a list: those that may be counted and seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms import records as stored
from ..forms import rights
from ..forms.columns import column
from ..forms.definition import Form
from ..forms.models import records
from ..forms.records import COLUMNS, Record
from ..platform import clock, config
from ..platform.db import reading
from ..platform.errors import Malformed
from ..platform.paging import Page, decode_cursor, page_of
from ..platform.people.current import current_language
from ..platform.people.directory import Person
from ..platform.text import LocalText, msg
from . import counting, showing, survey, visibility
from .models import surveys, tasks
from .reports import BEGINNING, open_steps, scope_of, served
from .run import START

COUNT_CAP = 1000
ENDINGS = ("open", "returned", "approved", "rejected", "withdrawn", "ended")
ANSWERS = ("in_time", "late", "any")
SCORES = ("content", "unhappy", "any")
VERDICTS = {"approved": ("approve", "complete"), "rejected": ("reject",), "returned": ("return",)}
NOW = ("waiting", "overdue")
WORK = ("decided", "late", *VERDICTS, *NOW)


@dataclass(frozen=True, slots=True)
class Slice:
    """Which requests: every part that is blank asks nothing; without a form, those of all forms that are counted.

    ``axis`` and ``member``: a choice field and its value, which may be empty; ``work``: what was or is to be done at
    ``step`` by ``person``, or by ``principal``.
    """

    form: str
    first: date = BEGINNING
    last: date = date(9000, 1, 1)
    axis: str = ""
    member: str = ""
    ending: str = ""
    answer: str = ""
    score: str = ""
    work: str = ""
    step: str = ""
    person: str = ""
    principal: str = ""
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A request of the list, with its form's title and its summary in words, without what is hidden from the reader."""

    record: Record
    title: LocalText
    summary: Mapping[str, str]


def find(asked: Slice, by: Person, *, after: str | None = None, limit: int = 50) -> Page[Found]:
    """The requests, the last filed first."""
    if not asked.form:
        return _of_all(asked, by, after, limit)
    with reading() as conn:
        among = _among(conn, asked, by)
        statement = sa.select(*(among.c[column.name] for column in COLUMNS))
        if after is not None:
            at, number = _position(after)
            statement = statement.where(sa.tuple_(among.c.submitted_at, among.c.id) < sa.tuple_(
                sa.literal(at, records.c.submitted_at.type), sa.literal(number)))  # fmt: skip
        ordered = statement.order_by(among.c.submitted_at.desc(), among.c.id.desc()).limit(limit + 1)
        rows = stored.complete(conn, conn.execute(ordered).all())
    hidden = visibility.hidden(rows, by)
    page = page_of(rows, limit, lambda each: (each.submitted_at, each.id))
    shown = tuple(
        _found(each, hidden.get(each.id, frozenset()))
        for each in page.items
        if asked.axis not in hidden.get(each.id, frozenset())
    )
    return Page(shown, page.next)


def _of_all(asked: Slice, by: Person, after: str | None, limit: int) -> Page[Found]:
    """The first of each form, and of these the first."""
    found = [
        each
        for form in served()
        for each in find(replace(asked, form=form.key), by, after=after, limit=limit + 1).items
    ]
    found.sort(key=_place, reverse=True)
    return page_of(found[: limit + 1], limit, _place)


def _place(found: Found) -> tuple[datetime, int]:
    assert found.record.submitted_at is not None
    return found.record.submitted_at, found.record.id


def _found(record: Record, hidden: frozenset[str]) -> Found:
    program = forms.program(record.form, record.version)
    return Found(record, program.form.title, showing.summary(record, program, hidden, current_language()))


def count(asked: Slice, by: Person) -> tuple[int, bool]:
    """How many, up to :data:`COUNT_CAP`, and whether there are more."""
    if not asked.form:
        return _capped(sum(count(replace(asked, form=form.key), by)[0] for form in served()))
    with reading() as conn:
        return _capped(_number_of(conn, sa.select(_among(conn, asked, by).c.id)))


def _capped(number: int) -> tuple[int, bool]:
    return min(number, COUNT_CAP), number > COUNT_CAP


def _number_of(conn: Connection, rows: sa.Select[Any]) -> int:
    """How many rows there are, counted no further than one past the cap."""
    some = rows.limit(COUNT_CAP + 1).subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def count_of_work(asked: Slice, by: Person) -> tuple[int, bool] | None:
    """How many tasks a number about work stands for, like :func:`count`: of one request there may be several.

    ``None``: it is not about work.
    """
    if asked.work not in WORK:
        return None
    if not asked.form:
        counts = (count_of_work(replace(asked, form=form.key), by) for form in served())
        return _capped(sum(each[0] for each in counts if each is not None))
    with reading() as conn:
        if asked.work in NOW:
            seen = set(conn.scalars(sa.select(_among(conn, asked, by).c.id)))
            return _capped(sum(each in seen for each in _first_due(conn, asked)))
        form = forms.program(asked.form).form
        of_request = tasks.join(records, records.c.id == tasks.c.record_id)
        which = (*_where(conn, replace(asked, work=""), form, by), *_decided(asked))
        return _capped(_number_of(conn, sa.select(tasks.c.id).select_from(of_request).where(*which)))


def _position(cursor: str) -> tuple[datetime, int]:
    match decode_cursor(cursor):
        case [datetime() as at, int() as number]:
            return at, number
    raise Malformed(msg("The cursor “after” belongs to another list. Start again from the first page."), code="cursor")


def _among(conn: Connection, asked: Slice, by: Person) -> sa.Subquery:
    """What is asked for, to be ordered and counted.

    What waits now is looked up by its ids and then ordered. The limit, which takes nothing away, keeps a database from
    walking along all requests in their order until it has met enough of these.
    """
    form = forms.program(asked.form).form
    found = sa.select(*COLUMNS).where(*_where(conn, asked, form, by))
    return found.limit(COUNT_CAP + 1).subquery() if asked.work in NOW else found.subquery()


def _where(conn: Connection, asked: Slice, form: Form, by: Person) -> Iterator[sa.ColumnElement[bool]]:
    yield records.c.form == form.key
    yield records.c.submitted_at >= _midnight(asked.first)
    yield records.c.submitted_at < _midnight(min(asked.last, date(9000, 1, 1)) + timedelta(days=1))
    yield rights.visible(form, by)
    scope = scope_of(by)
    if form.key not in scope.forms:
        yield records.c.submitted_by.in_(scope.people)
    if asked.whose:
        yield records.c.submitted_by == asked.whose
    yield from _of_values(conn, asked, form)
    yield from _of_ending(asked)
    yield from _of_answer(conn, asked)
    yield from _of_score(asked)
    yield from _of_work(conn, asked)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=config.current().zone).astimezone(UTC)


def _of_values(conn: Connection, asked: Slice, form: Form) -> Iterator[sa.ColumnElement[bool]]:
    field = next((each for each in counting.axes_of(form) if each.key == asked.axis), None)
    one = column(conn.dialect.name, field) if field is not None else None
    if one is not None:
        yield one.value == asked.member if asked.member else one.value.is_(None)


def _of_ending(asked: Slice) -> Iterator[sa.ColumnElement[bool]]:
    if asked.ending == "ended":
        yield records.c.status.in_(survey.ENDED)
    elif asked.ending in ENDINGS:
        yield records.c.status == asked.ending


def _of_answer(conn: Connection, asked: Slice) -> Iterator[sa.ColumnElement[bool]]:
    if asked.answer not in ANSWERS:
        return
    first = (
        sa.select(sa.func.min(tasks.c.closed_at))
        .where(tasks.c.record_id == records.c.id, tasks.c.decided_by.is_not(None), tasks.c.step != START)
        .scalar_subquery()
    )
    took = counting.seconds(conn, records.c.submitted_at, first)
    limit = counting.FIRST_ANSWER.total_seconds()
    yield {"in_time": took <= limit, "late": took > limit, "any": took.is_not(None)}[asked.answer]


def _of_score(asked: Slice) -> Iterator[sa.ColumnElement[bool]]:
    if asked.score in SCORES:
        wanted = {"content": surveys.c.score >= survey.CONTENT, "unhappy": surveys.c.score <= survey.UNHAPPY}
        said = sa.select(surveys.c.record_id).where(surveys.c.form == asked.form, wanted.get(asked.score, sa.true()))
        yield records.c.id.in_(said)


def _of_work(conn: Connection, asked: Slice) -> Iterator[sa.ColumnElement[bool]]:
    """Requests with a task that somebody decided, or that is open: of these the first due, along their index."""
    if asked.work not in WORK:
        return
    if asked.work in NOW:
        # read first: as a subquery it would be looked into for each request of the period, one after another
        yield records.c.id.in_(_first_due(conn, asked))
        return
    yield sa.exists(sa.select(sa.literal(1)).where(tasks.c.record_id == records.c.id, *_decided(asked)))


def _decided(asked: Slice) -> list[sa.ColumnElement[bool]]:
    """Whether a task was decided as it is asked for."""
    parts = [tasks.c.decided_by == asked.person if asked.person else tasks.c.decided_by.is_not(None)]
    if asked.step:
        parts.append(tasks.c.step == asked.step)
    if asked.work in VERDICTS:
        parts.append(tasks.c.verdict.in_(VERDICTS[asked.work]))
    if asked.work == "late":
        parts.append(tasks.c.closed_at > tasks.c.due_at)
    return parts


def _first_due(conn: Connection, asked: Slice) -> list[int]:
    """The requests of the open tasks that are due first, step by step along their index."""
    parts: list[sa.ColumnElement[bool]] = [sa.text("signoff_task.open"), tasks.c.form == asked.form]  # type: ignore[list-item]
    if asked.principal:
        parts.append(tasks.c.principal == asked.principal)
    if asked.work == "overdue":
        parts.append(tasks.c.due_at < clock.now())
    found: list[tuple[datetime, int]] = []
    for step in [asked.step] if asked.step else list(open_steps(conn, asked.form)):
        first = sa.select(tasks.c.due_at, tasks.c.record_id).where(*parts, tasks.c.step == step)
        rows = conn.execute(first.order_by(tasks.c.due_at).limit(COUNT_CAP + 1))
        found += [(row.due_at, row.record_id) for row in rows]
    return [record_id for _, record_id in sorted(found)[: COUNT_CAP + 1]]
