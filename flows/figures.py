"""What the roll-ups say: sums of requests and of the work on them, of a period and of what somebody may count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from ..platform.db import reading
from .counting import ALL, MICRO
from .models import figures as table
from .models import work_figures


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose requests somebody may count: all of ``forms``, and of the others those that ``people`` filed."""

    forms: tuple[str, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests of ``forms`` that were filed from ``first`` to ``last``, both included."""

    scope: Scope
    forms: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of requests; what is derived of them is blank where nothing was counted."""

    requests: int = 0
    micros: int = 0
    approved: int = 0
    approved_micros: int = 0
    rejected: int = 0
    ended: int = 0
    ended_seconds: int = 0
    answered: int = 0
    in_time: int = 0
    answer_seconds: int = 0
    surveyed: int = 0
    score: int = 0
    content: int = 0
    unhappy: int = 0

    @property
    def money(self) -> Decimal:
        return (Decimal(self.micros) / MICRO).quantize(Decimal("0.01"))

    @property
    def approved_money(self) -> Decimal:
        return (Decimal(self.approved_micros) / MICRO).quantize(Decimal("0.01"))

    @property
    def hours(self) -> Decimal | None:
        """From the filing to the end, on average."""
        return hours(self.ended_seconds, self.ended)

    @property
    def answer_hours(self) -> Decimal | None:
        """Until the first answer of a person, on average."""
        return hours(self.answer_seconds, self.answered)

    @property
    def in_time_share(self) -> Decimal | None:
        """Of those that were answered, how many within 30 minutes."""
        return share(self.in_time, self.answered)

    @property
    def approved_share(self) -> Decimal | None:
        return share(self.approved, self.ended)

    @property
    def content_share(self) -> Decimal | None:
        return share(self.content, self.surveyed)

    @property
    def unhappy_share(self) -> Decimal | None:
        return share(self.unhappy, self.surveyed)

    @property
    def mean_score(self) -> Decimal | None:
        return share(self.score, self.surveyed, "0.1")


@dataclass(frozen=True, slots=True)
class Work:
    """Sums of decisions."""

    decided: int = 0
    approved: int = 0
    rejected: int = 0
    returned: int = 0
    late: int = 0
    seconds: int = 0
    slowest: int = 0

    @property
    def hours(self) -> Decimal | None:
        return hours(self.seconds, self.decided)

    @property
    def slowest_hours(self) -> Decimal | None:
        return hours(self.slowest, 1) if self.decided else None


_SUMS = tuple(each.name for each in fields(Sums))
_WORK = tuple(each.name for each in fields(Work))


def together(sums: Iterable[Sums]) -> Sums:
    """The sum of sums."""
    listed = list(sums)
    return Sums(*(sum(getattr(each, name) for each in listed) for name in _SUMS))


def hours(seconds: int, count: int) -> Decimal | None:
    return (Decimal(seconds) / count / 3600).quantize(Decimal("0.01")) if count else None


def share(part: int, whole: int, to: str = "0.001") -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal(to)) if whole else None


def in_all(asked: Asked) -> Sums:
    """Everything together."""
    with reading() as conn:
        row = conn.execute(sa.select(*_sums(table, _SUMS)).where(*_of(table, asked), table.c.axis == ALL)).one()
    return Sums(*(int(each or 0) for each in row))


def by_member(asked: Asked, axis: str) -> list[tuple[str, Sums]]:
    """For each choice of a field, or each status, the most frequent first."""
    return _grouped(asked, table.c.member, axis)


def by_form(asked: Asked) -> list[tuple[str, Sums]]:
    return _grouped(asked, table.c.form)


def by_day(asked: Asked) -> list[tuple[date, Sums]]:
    """The days on which something was filed, in order."""
    return sorted(_grouped(asked, table.c.day))


def by_submitter(asked: Asked) -> list[tuple[str, Sums]]:
    """For each person who filed something."""
    period = (table.c.form.in_(asked.forms), table.c.day.between(asked.first, asked.last), table.c.axis == ALL)
    seen = sa.or_(table.c.form.in_(asked.scope.forms), table.c.whose.in_(asked.scope.people))
    return _rows(table.c.whose, (*period, table.c.whose != ALL, seen))


def by_step(asked: Asked) -> list[tuple[tuple[str, str], Work]]:
    """For each form and step what people did there."""
    return _work(asked, work_figures.c.form, work_figures.c.step)


def by_person(asked: Asked) -> list[tuple[str, Work]]:
    """For each person what they decided, most first."""
    found = [(key[0], sums) for key, sums in _work(asked, work_figures.c.person)]
    return sorted(found, key=lambda each: (-each[1].decided, each[0]))


def _grouped(asked: Asked, column: Any, axis: str = ALL) -> list[Any]:
    return _rows(column, (*_of(table, asked), table.c.axis == axis))


def _rows(column: Any, where: Iterable[sa.ColumnElement[bool]]) -> list[Any]:
    statement = sa.select(column, *_sums(table, _SUMS)).where(*where).group_by(column)
    with reading() as conn:
        rows = conn.execute(statement).all()
    found = [(row[0], Sums(*(int(each or 0) for each in row[1:]))) for row in rows]
    return sorted(found, key=lambda each: (-each[1].requests, each[0]))


def _work(asked: Asked, *columns: Any) -> list[tuple[Any, Work]]:
    where = _of(work_figures, asked)
    statement = sa.select(*columns, *_sums(work_figures, _WORK)).where(*where).group_by(*columns).order_by(*columns)
    with reading() as conn:
        rows = conn.execute(statement).all()
    many = len(columns)
    return [(tuple(row[:many]), Work(*(int(each or 0) for each in row[many:]))) for row in rows]


def _sums(of: sa.Table, names: Sequence[str]) -> list[Any]:
    return [(sa.func.max if name == "slowest" else sa.func.sum)(of.c[name]).label(name) for name in names]


def _of(of: sa.Table, asked: Asked) -> list[sa.ColumnElement[bool]]:
    """Of forms that may be read as a whole the sums of everybody, of others those of the people one may count."""
    whole = [each for each in asked.forms if each in asked.scope.forms]
    parts = [each for each in asked.forms if each not in asked.scope.forms]
    clauses = []
    if whole:
        clauses.append(sa.and_(of.c.form.in_(whole), of.c.whose == ALL))
    if parts:
        clauses.append(sa.and_(of.c.form.in_(parts), of.c.whose.in_(asked.scope.people)))
    return [of.c.day.between(asked.first, asked.last), sa.or_(*clauses) if clauses else sa.false()]
