"""What the page of one request shows: where it is, what was done, what comes next, what can be done about it."""

from collections.abc import Iterator, Mapping, Sequence
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
from . import cases, history, listing, predicting, showing, store, survey, task_page, timeline, visibility
from .cases import Case
from .definition import Kind, Step
from .naming import Names
from .run import Progress, State
from .store import TaskRow
from .timeline import MomentView

OPEN = ("open", "returned")
DRAWN = (Kind.APPROVE, Kind.WORK, Kind.ACTION, Kind.WAIT)
FILED: LocalText = {"en": "Filed", "zh": "提交"}
ENDS: Mapping[str, LocalText] = {
    "open": {"en": "End", "zh": "结束"},
    "approved": {"en": "Approved", "zh": "已通过"},
    "rejected": {"en": "Rejected", "zh": "已拒绝"},
    "withdrawn": {"en": "Withdrawn", "zh": "已撤回"},
}


@dataclass(frozen=True, slots=True)
class NowView:
    """One thing that the request waits for: a task with its people, or work that the system does."""

    title: LocalText
    due_at: datetime | None
    since: datetime | None
    task: TaskRow | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """A step on the drawn way; ``state`` is done, now or next, ``who`` people by name, ``at`` when it was or should be
    over."""

    title: LocalText
    state: str
    who: str = ""
    at: datetime | None = None
    icon: str = "check-lg"


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
    def way(self) -> list[Stop]:
        """The flow as this request goes through it: what is done, what is now, what comes if everybody agrees."""
        if self.case is None:
            return []
        names = Names(self.case.directory, self.case.program.flow, current_language())
        filed = Stop(FILED, "done", names.person(self.record.submitted_by), self.record.submitted_at, "send")
        found = [filed, *self._done(names)]
        found += [Stop(each.title, "now", _waits_for(each, names), each.due_at, "hourglass-split") for each in self.now]
        found += [Stop(each.title, "next", ", ".join(each.names[:2]), each.due_at, "circle") for each in self.next]
        return [*found, self._end()]

    def _done(self, names: Names) -> Iterator[Stop]:
        if self.case is None:
            return
        for key, step, progress in in_order(self.case):
            if step.kind not in DRAWN:
                continue
            mine = [each for each in self.tasks if each.step == key and each.decided_by]
            # where it was rejected, the step stays open in a request that is over
            if progress.state is not State.DONE and not (mine and self.record.status not in OPEN):
                continue
            who = names.listed(list(dict.fromkeys(names.person(each.decided_by) for each in mine)))
            at = max((each.closed_at for each in mine if each.closed_at), default=None)
            rejected = any(each.verdict == "reject" for each in mine)
            yield Stop(step.title or key, "done", who, at, "x-lg" if rejected else "check-lg")

    def _end(self) -> Stop:
        over = self.record.status not in OPEN
        ended = self.case.row.ended_at if self.case is not None and over else self.ends_at
        icons = {"approved": "check-circle", "rejected": "x-circle", "withdrawn": "slash-circle"}
        title = ENDS.get(self.record.status, ENDS["open"])
        return Stop(title, "done" if over else "next", "", ended, icons.get(self.record.status, "flag"))

    @cached_property
    def involved(self) -> list[tuple[str, str]]:
        """Whom one can ask: who filed it, who decided, whom it waits for; by name."""
        if self.case is None:
            return []
        keys = {self.record.submitted_by, *(each.decided_by for each in self.tasks)}
        keys.update(each.principal[2:] for each in self.open_tasks if each.principal.startswith("p:"))
        people = (self.case.directory.person(each) for each in keys if each and each != self.person.key)
        return sorted(((each.key, each.name) for each in people if each is not None), key=lambda each: each[1])

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

    @cached_property
    def survey(self) -> survey.Answer | None:
        """What was answered once it was over."""
        return survey.answer_of(self.record.id) if self.record.status in survey.ENDED else None

    @cached_property
    def survey_token(self) -> str:
        """What opens the survey for its submitter, empty where there is nothing to answer."""
        asked = self.is_mine and self.survey is None and survey.is_open(self.record)
        return survey.token_of(self.record.id) if asked else ""

    @property
    def asked_at(self) -> datetime:
        return clock.now()


def in_order(case: Case) -> Iterator[tuple[str, Step, Progress]]:
    """The steps that were reached, as the flow has them: a database does not keep the order of a state's keys."""
    for step in case.program.flow.walk():
        progress = case.run.steps.get(step.id)
        if progress is not None:
            yield step.id, step, progress


def _waits_for(now: NowView, names: Names) -> str:
    if now.task is None:
        return ""
    return names.person(now.task.claimed_by) if now.task.claimed_by else names.principal(now.task.principal)


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
