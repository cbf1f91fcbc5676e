"""What the dashboard shows: the reports of a form, or of all, over a period, beside the period before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ..forms import catalogue as forms
from ..forms import rights
from ..forms.definition import Field, Form
from ..platform import clock, config
from ..platform.people.directory import Person
from ..platform.text import LocalText
from . import catalogue, counting, figures, reports, rolling, showing
from .figures import Asked, Sums
from .references import Reference, of_form
from .reports import Question, Row, label_of
from .run import START

PERIODS: Mapping[str, int] = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
USUAL = "30d"


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included; ``name`` is one of :data:`PERIODS`, empty where they were chosen one by one."""

    first: date
    last: date
    name: str = ""

    @property
    def before(self) -> "Period":
        """As many days, right before."""
        length = self.last - self.first + timedelta(days=1)
        return Period(self.first - length, self.last - length)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The requests by one choice of the form; ``label`` of a choice is ``None`` where nothing was chosen."""

    field: Field
    rows: Sequence[tuple[str, LocalText | None, Sums]]


@dataclass(frozen=True, slots=True)
class Against:
    """A reference figure, and what was measured here; ``None`` where nothing was."""

    reference: Reference
    measured: Decimal | None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """``pending`` days are not counted yet; the rest is as of ``at``."""

    forms: Sequence[Form]
    form: Form | None
    period: Period
    money: Field | None
    now: Sums
    before: Sums
    by_form: Sequence[tuple[Form, Sums]]
    breakdowns: Sequence[Breakdown]
    trend: Sequence[tuple[date, date, Sums]]
    steps: Sequence[Row]
    overdue: Sequence[Row]
    people: Sequence[Row]
    against: Sequence[Against]
    at: datetime | None
    pending: int

    @property
    def slowest(self) -> Row | None:
        """The step that takes longest on average."""
        measured = [each for each in self.steps if each["hours"] is not None and each["step"] != START]
        return max(measured, key=lambda each: Decimal(each["hours"]), default=None)

    @property
    def late(self) -> str:
        """How much is overdue now; with a plus where there is more than is counted."""
        number = sum(each["count"] for each in self.overdue)
        return f"{number}+" if any(each["capped"] for each in self.overdue) else str(number)


def period_of(name: str, first: str = "", last: str = "") -> Period:
    """The period that an address names; what it does not say is the last thirty days."""
    today = clock.now().astimezone(config.current().zone).date()
    start, end = _day(first), _day(last)
    if start is not None or end is not None:
        end = min(end or today, today)
        return Period(min(start or end - timedelta(days=29), end), end)
    name = name if name in PERIODS else USUAL
    return Period(today - timedelta(days=PERIODS[name] - 1), today, name)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def of(person: Person, wanted: str, period: Period) -> Dashboard:
    """All figures of the form with that key, or of all forms where there is none."""
    state = rolling.catch_up(rolling.PAGE_SECONDS)
    served = reports.served()
    form = next((each for each in served if each.key == wanted), served[0] if len(served) == 1 else None)
    scope = reports.scope_of(person)
    keys = (form.key,) if form else tuple(each.key for each in served)
    asked = Asked(scope, keys, period.first, period.last)
    before = replace(asked, first=period.before.first, last=period.before.last)
    question = Question(form.key if form else None, until=_end(period))
    titles = {each.key: each for each in served}
    now = figures.in_all(asked)
    return Dashboard(
        forms=served,
        form=form,
        period=period,
        money=counting.money_field(form) if form else None,
        now=now,
        before=figures.in_all(before),
        by_form=[] if form else [(titles[key], sums) for key, sums in figures.by_form(asked)],
        breakdowns=list(_breakdowns(form, asked)) if form else [],
        trend=reports.trend(asked),
        steps=_titled(reports.steps(question, asked)),
        overdue=_titled(reports.overdue(question, asked)),
        people=reports.decided_by(question, asked),
        against=[_against(each, now, asked, person) for each in of_form(form.key)] if form else [],
        at=state.at,
        pending=len([each for each in state.backlog if each[0] in keys]),
    )


def _end(period: Period) -> datetime:
    return datetime(period.last.year, period.last.month, period.last.day, 12, tzinfo=UTC)


def _breakdowns(form: Form, asked: Asked) -> list[Breakdown]:
    """What people choose when they file; choices that few requests have are of single steps, and stand last."""
    found = []
    for field in counting.axes_of(form):
        rows = [(member, label_of(field, member or None), sums) for member, sums in figures.by_member(asked, field.key)]
        if any(member for member, _, _ in rows):
            found.append(Breakdown(field, rows))
    summary = list(form.summary)
    return sorted(found, key=lambda each: (each.field.key not in summary, not each.field.required))


def _against(reference: Reference, now: Sums, asked: Asked, person: Person) -> Against:
    match reference.measure:
        case "days_to_end":
            return Against(reference, figures.share(now.ended_seconds, now.ended * 86400, "0.1"))
        case "content_share":
            return Against(reference, _percent(now.content_share))
        case "unhappy_share":
            return Against(reference, _percent(now.unhappy_share))
        case "in_time_share":
            return Against(reference, _percent(now.in_time_share))
        case "share_of" if _may_count(reference.of, person):
            whole = figures.in_all(replace(asked, forms=(reference.of,), scope=figures.Scope((reference.of,), ())))
            return Against(reference, _percent(figures.share(now.requests, whole.requests)))
    return Against(reference, None)


def _may_count(form: str, person: Person) -> bool:
    in_force = {program.form.key: program.form for program in forms.forms_in_force()}
    return form in in_force and rights.may_read_all(in_force[form], person)


def _percent(share: Decimal | None) -> Decimal | None:
    return (share * 100).quantize(Decimal("0.1")) if share is not None else None


def _titled(rows: list[Row]) -> list[Row]:
    """The rows with what people call their form and step, as the flow in force has it."""
    return [
        row | dict(zip(("form_title", "step_title"), _titles(row["form"], row["step"]), strict=True)) for row in rows
    ]


def _titles(form: str, step: str) -> tuple[LocalText, LocalText]:
    return forms.program(form).form.title, step_title(form, step)


def step_title(form: str, step: str) -> LocalText:
    """What people call a step, as the flow in force has it."""
    in_force = catalogue.flow_of_form(form)
    program = catalogue.flow_program(in_force.key, in_force.version) if in_force is not None else None
    found = program.step(step) if program is not None else None
    return showing.step_title(found, step) if found is not None or step == START else step
