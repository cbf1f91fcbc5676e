"""What the page of one request shows: where it is, what was done, what comes next, what can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from markupsafe import Markup

from ..forms import catalogue as form_catalogue
from ..forms import filling
from ..forms import service as forms
from ..forms.filling import Sent, Sheet
from ..forms.program import FormProgram
from ..forms.records import Record
from ..platform import clock
from ..platform.db import reading
from ..platform.people.current import current_language
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import LocalText
from . import cases, history, listing, predicting, showing, store, task_page, timeline, visibility
from .cases import Case
from .definition import Kind
from .run import State
from .store import TaskRow
from .timeline import MomentView

OPEN = ("open", "returned")


@dataclass(frozen=True, slots=True)
class NowView:
    """One thing that the request waits for: a task with its people, or work that the system does."""

    title: LocalText
    due_at: datetime | None
    since: datetime | None
    task: TaskRow | None = None
    why: str = ""


@dataclass(frozen=True)
class FollowPage:
    """``case`` is ``None`` of a record without a flow; ``sent`` and ``problems`` are of a correction refused."""

    record: Record
    case: Case | None
    tasks: Sequence[TaskRow]
    person: Person
    sent: Sent | None = None
    problems: Sequence[Problem] = ()

    @property
    def form(self) -> FormProgram:
        return form_catalogue.program(self.record.form, self.record.version)

    @property
    def title(self) -> LocalText:
        return self.form.form.title

    @property
    def is_mine(self) -> bool:
        return self.record.submitted_by == self.person.key

    @property
    def can_withdraw(self) -> bool:
        """Whether the button is offered; the engine has the last word."""
        if not self.is_mine or self.case is None or self.record.status not in OPEN:
            return False
        rule = self.case.program.settings.withdraw
        return rule == "always" or (
            rule == "until_decided" and (not self._was_decided or self.record.status == "returned")
        )

    @property
    def _was_decided(self) -> bool:
        return any(each.verdict not in (None, "cancelled") for each in self.tasks)

    @property
    def can_urge(self) -> bool:
        waiting = [each for each in self.open_tasks if each.principal != f"p:{self.person.key}"]
        return self.is_mine and self.record.status == "open" and bool(waiting)

    @property
    def can_correct(self) -> bool:
        return self.is_mine and self.record.status == "returned"

    @property
    def open_tasks(self) -> list[TaskRow]:
        return [each for each in self.tasks if each.open]

    @cached_property
    def my_task(self) -> TaskRow | None:
        """The task that the person can act on from here, but for the correction, which this page does itself."""
        if self.case is None:
            return None
        for each in self.open_tasks:
            one = listing.OneTask(each, self.case, self.person)
            if each.step != "start" and one.actor is not None:
                return each
        return None

    @cached_property
    def now(self) -> list[NowView]:
        """Where it is now, truthfully: tasks first, then what the system does or waits for."""
        if self.case is None or self.record.status not in OPEN:
            return []
        program, language = self.case.program, current_language()
        found = [
            NowView(
                showing.step_title(program.step(task.step), task.step),
                task.due_at,
                task.assigned_at,
                task,
                showing.why(task, program, language),
            )
            for task in self.open_tasks
        ]
        asked = {task.step for task in self.open_tasks}
        for key, progress in self.case.run.steps.items():
            step = program.step(key)
            if step is None or progress.state is not State.OPEN or key in asked:
                continue
            if step.kind in (Kind.ACTION, Kind.WAIT):
                found.append(NowView(step.title or key, progress.due_at, progress.opened_at))
        return found

    @cached_property
    def next(self) -> list[predicting.StepView]:
        """The steps that are still to come if everybody agrees."""
        if self.case is None or self.record.status != "open":
            return []
        begun = {key for key, progress in self.case.run.steps.items() if progress.state is not State.UNDONE}
        prediction = predicting.of_case(self.case)
        language = current_language()
        views = (predicting.step_view(each, prediction, language) for each in prediction.steps)
        return [each for each in views if each.id not in begun and each.is_shown]

    @cached_property
    def ends_at(self) -> datetime | None:
        """When it should be over."""
        return ends_at(self.case) if self.case is not None and self.record.status == "open" else None

    @cached_property
    def moments(self) -> list[MomentView]:
        return timeline.of(history.of_visible(self.record, self.hidden).items, self.form)

    @property
    def return_reason(self) -> str:
        """What was said when the request was sent back last."""
        said = (each.comment for each in reversed(self.moments) if each.entry.data.get("verdict") == "return")
        return next(said, "")

    @cached_property
    def hidden(self) -> frozenset[str]:
        return visibility.hidden_of(self.record, self.person)

    @cached_property
    def fields(self) -> Markup:
        """The request as HTML; inputs where it is to be corrected."""
        if not self.can_correct:
            rights = {each.key: "hidden" if each.key in self.hidden else "read" for each in self.form.form.fields}
            return task_page.drawn(self.form, self.record, self.person, rights)
        if self.sent is not None:
            return filling.again(self.sheet, self.sent, self.problems)
        return filling.blank(self.sheet)

    @property
    def sheet(self) -> Sheet:
        """The form as its submitter corrects it."""
        return Sheet(
            self.form, self.person, self.record, dict.fromkeys((each.key for each in self.form.form.fields), "edit")
        )

    @property
    def asked_at(self) -> datetime:
        return clock.now()


def ends_at(case: Case) -> datetime | None:
    """When a request should be over, if everybody takes all of their time from now on; what is late is not foretold."""
    expected = predicting.of_case(case).ends_at
    return expected if expected is not None and expected > clock.now() else None


def of(record_id: int, person: Person, *, sent: Sent | None = None, problems: Sequence[Problem] = ()) -> FollowPage:
    """The page of a request.

    Raises:
        NotFound: there is no such request, or not for this person.
    """
    record = forms.read_record(record_id, by=person)
    with reading() as conn:
        row = store.run_of_record(conn, record.id)
        tasks = store.tasks_of_record(conn, record.id) if row else []
    case = cases.of_row(row, record) if row else None
    return FollowPage(record, case, tasks, person, sent, tuple(problems))
