"""Tasks with their requests and programs, read together: for the inbox, for one task, for lists of requests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from ..forms import catalogue as forms
from ..forms import proofs, records
from ..forms.program import FormProgram
from ..forms.proofs import Proofs
from ..forms.records import Record
from ..platform import clock, config
from ..platform.db import reading
from ..platform.errors import Forbidden
from ..platform.people.directory import Person
from ..platform.text import LocalText
from . import cases, catalogue, service, showing, store
from .cases import Case
from .definition import Step
from .effects import Actor
from .engine_rights import acting
from .inbox import Waiting
from .program import FlowProgram
from .visibility import hidden_at

REASON = "reason"


@dataclass(frozen=True, slots=True)
class Opened:
    """A task, its request, and the program of its flow."""

    task: store.TaskRow
    record: Record
    program: FlowProgram

    @property
    def step(self) -> Step | None:
        return self.program.step(self.task.step)

    def json(self, language: str) -> dict[str, Any]:
        return showing.task_json(self.task, self.record, self.program, language)

    def view(self, language: str) -> "RowView":
        """What a list says of it."""
        return views([self], language)[0]


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of the inbox as it is drawn."""

    task: store.TaskRow
    name: str
    form_title: LocalText
    step_title: LocalText
    submitted_by: str | None
    summary: Mapping[str, str]
    leading: "Leading"
    proofs: Proofs

    @property
    def amount(self) -> str:
        """The money that it is about; empty where the form names none."""
        return self.summary.get(self.leading.amount, "")

    @property
    def reason(self) -> str:
        """Why it was asked for, where the form has that among its choices."""
        return self.summary.get(self.leading.reason, "")

    @property
    def rest(self) -> str:
        """What else the form's summary says."""
        return " · ".join(text for key, text in self.summary.items() if key not in self.leading)


class Leading(NamedTuple):
    """The summary fields that a row shows at places of their own; empty: there is none."""

    amount: str
    reason: str


def views(opened: Iterable[Opened], language: str) -> list[RowView]:
    """What a list says of each."""
    now, zone = clock.now(), config.current().zone
    listed = list(opened)
    programs = {place: forms.program(*place) for place in {(each.record.form, each.record.version) for each in listed}}
    return [_view(each, programs[each.record.form, each.record.version], language, now, zone) for each in listed]


def _view(opened: Opened, form: FormProgram, language: str, now: datetime, zone: tzinfo) -> RowView:
    task, record, program = opened.task, opened.record, opened.program
    hidden = hidden_at(program, task.step)
    return RowView(
        task=task,
        name=record.name,
        form_title=form.form.title,
        step_title=showing.step_title(opened.step, task.step),
        submitted_by=record.submitted_by,
        summary=showing.summary(record, form, hidden, language),
        leading=_leading(form),
        proofs=proofs.count(form, record.values, now, zone, hidden),
    )


@lru_cache(maxsize=256)
def _leading(form: FormProgram) -> Leading:
    """The last money of the summary, and the choice called ``reason``, else the last one."""
    fields = [field for key in form.form.summary if (field := form.form.field(key)) is not None]
    amounts = [field.key for field in fields if field.type == "money"]
    choices = [field.key for field in fields if field.type == "choice"]
    reason = REASON if REASON in choices else (choices or [""])[-1]
    return Leading((amounts or [""])[-1], reason)


def money_of(form: FormProgram) -> str:
    """The key of the field that says how much money a request is about; empty: none does."""
    return _leading(form).amount


def of_inbox(waiting: Sequence[Waiting]) -> list[Opened]:
    """The requests of many tasks; their totals, where there are some, are read with one statement."""
    rows = {each.record.id: each.record for each in waiting}
    with reading() as conn:
        found = {each.id: each for each in records.complete(conn, list(rows.values()))}
    programs = {place: catalogue.flow_program(*place) for place in set(map(_place, waiting))}
    return [Opened(each.task, found[each.task.record_id], programs[_place(each)]) for each in waiting]


def _place(each: Waiting) -> tuple[str, int, int]:
    return each.flow, each.version, each.record.version


def task(task_id: int, *, by: Person) -> "OneTask":
    """A task that ``by`` may act on, or whose request they may see.

    Raises:
        NotFound: neither.
    """
    with reading() as conn:
        read = cases.of_task(conn, task_id)
    if read is None:
        raise service.no_task(task_id)
    found = OneTask(*read, by)
    if found.actor is None:
        service.require_sight(found.case, by, task_id)
    return found


@dataclass(frozen=True)
class OneTask:
    """A task with its whole case, as ``person`` sees it."""

    task: store.TaskRow
    case: Case
    person: Person

    @property
    def opened(self) -> Opened:
        """The task as lists know it."""
        return Opened(self.task, self.case.record, self.case.program)

    @cached_property
    def actor(self) -> Actor | None:
        """As what the person may act now, ``None`` if it is closed or not theirs."""
        waiting = self.case.run.task(self.task.name)
        if waiting is None or waiting.held:
            return None
        try:
            return acting(
                self.case.program, self.case.run, waiting, Actor(self.person.key), cases.world(self.case, clock.now())
            )
        except Forbidden:
            return None

    @cached_property
    def offered(self) -> tuple[str, ...]:
        """What the person may do with it now; nothing where they may only look."""
        if self.actor is None:
            return ()
        return showing.actions_of(self.task, self.case.program)

    def json(self, language: str) -> dict[str, Any]:
        return showing.task_json(self.task, self.case.record, self.case.program, language)
