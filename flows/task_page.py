"""What the page of one task shows: the request with the step's rights, why it came, what can be done with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from ..forms import filling, render
from ..forms import service as forms
from ..forms.filling import Sent, Sheet
from ..forms.program import FormProgram
from ..forms.records import Record
from ..forms.wire import raw_of
from ..platform.acting import ActingAs
from ..platform.people.choosing import choosable
from ..platform.people.current import current_language
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import LocalText
from . import engine_back, history, listing, replies, showing, timeline, undoing, visibility
from .definition import Right, Step
from .listing import OneTask
from .run import START, Asked
from .timeline import MomentView
from .undoing import Undoable

VERDICTS = ("approve", "complete", "reject", "return", "retry", "skip")


@dataclass(frozen=True)
class TaskPage:
    """``sent`` and ``problems`` are what somebody typed before, and what was wrong with it."""

    one: OneTask
    sent: Sent | None = None
    problems: Sequence[Problem] = ()

    @property
    def task(self) -> Any:
        return self.one.task

    @property
    def record(self) -> Any:
        return self.one.case.record

    @property
    def step(self) -> Step | None:
        return self.one.case.program.step(self.task.step)

    @property
    def title(self) -> LocalText:
        return showing.step_title(self.step, self.task.step)

    @property
    def form_title(self) -> LocalText:
        return self.one.case.form.form.title

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What may be decided, in the order of the buttons."""
        return tuple(each for each in VERDICTS if each in self.one.offered)

    @property
    def delegator(self) -> str | None:
        """For whom the person acts, if as a delegate."""
        actor = self.one.actor
        return actor.on_behalf_of if actor is not None and actor.acting_as is ActingAs.DELEGATE else None

    @property
    def reasons_needed(self) -> tuple[str, ...]:
        """The verdicts that need a reason."""
        return self.step.reason_on if self.step is not None else ()

    @cached_property
    def return_targets(self) -> list[tuple[str, LocalText]]:
        """Where it can be sent back to, with what people call it."""
        waiting = self.one.case.run.task(self.task.name)
        if waiting is None or "return" not in self.one.offered:
            return []
        program = self.one.case.program
        found = engine_back.targets(program, self.one.case.run, waiting)
        return [
            (each, SUBMITTER if each == "start" else showing.step_title(program.step(each), each)) for each in found
        ]

    @cached_property
    def branches(self) -> list[tuple[str, LocalText]]:
        """The ways on, where somebody must choose one."""
        step = self.step
        if step is None or "complete" not in self.one.offered:
            return []
        return [(each.id, each.title or each.id) for each in step.branches]

    @cached_property
    def people(self) -> list[tuple[str, str]]:
        """Whom it can be handed to, or who can be added."""
        return choosable(self.one.case.directory, without={self.one.person.key})

    @property
    def undo(self) -> Undoable | None:
        """The decision that the person may still take back."""
        return undoing.of_case(self.task.id, self.task.name, self.one.case, self.one.person)

    @property
    def asked(self) -> Asked | None:
        """What the customer was asked; the clocks stand still meanwhile."""
        return self.one.case.run.asked

    @property
    def can_ask(self) -> bool:
        """Whether the person may ask the customer."""
        return self.one.actor is not None and bool(self.task.open) and self.task.step != START

    @property
    def why(self) -> str:
        return showing.why(self.task, self.one.case.program, current_language())

    @cached_property
    def rights(self) -> Mapping[str, str]:
        """The step's, for who may act; otherwise all is read, but for what is hidden from this person."""
        program = self.one.case.program
        if self.one.actor is not None:
            return {key: right.value for key, right in program.rights(self.task.step).items()}
        hidden = visibility.hidden_of(self.record, self.one.person) | visibility.hidden_at(program, self.task.step)
        keys = (field.key for field in self.one.case.form.form.fields)
        return {key: "hidden" if key in hidden else "read" for key in keys}

    @property
    def is_editing(self) -> bool:
        """Whether there is something to fill."""
        agreeing = {"approve", "complete"} & set(self.one.offered)
        return bool(agreeing) and any(right in (Right.EDIT, Right.REQUIRED) for right in self.rights.values())

    @property
    def sheet(self) -> Sheet:
        """The form as this person may fill it here; what is computed follows as they type."""
        computed = {field.key for field in self.one.case.form.form.fields if field.compute or field.total}
        rights = {key: "edit" if key in computed and right == "read" else right for key, right in self.rights.items()}
        return Sheet(self.one.case.form, self.one.person, self.record, rights)

    @property
    def raw(self) -> dict[str, Any]:
        """The values that were sent, of fields that this step may change."""
        if self.sent is None:
            return {}
        found = raw_of(self.one.case.form.form.fields, self.sent)
        return {key: value for key, value in found.items() if self.rights.get(key) in (Right.EDIT, Right.REQUIRED)}

    @cached_property
    def fields(self) -> Markup:
        """The request as HTML."""
        if not self.is_editing:
            return drawn(self.one.case.form, self.record, self.one.person, self.rights)
        if self.sent is not None:
            return filling.again(self.sheet, self.sent, self.problems)
        return filling.blank(self.sheet)

    @cached_property
    def moments(self) -> list[MomentView]:
        """The history so far."""
        hidden = frozenset(key for key, right in self.rights.items() if right == "hidden")
        return timeline.of(
            history.of_visible(self.record, hidden, program=self.one.case.program).items, self.one.case.form
        )

    @cached_property
    def replies(self) -> list[replies.Offered]:
        """Words that can be decided with here."""
        wanted = {*self.verdicts, "approve" if "complete" in self.verdicts else ""}
        found = replies.offered(self.record.form, self.record.name, current_language())
        return [each for each in found if wanted.intersection(each.on)]

    @cached_property
    def changed_since(self) -> list[timeline.Change]:
        """What changed since this person decided on the request before; nothing where they did not."""
        found: dict[str, timeline.Change] = {}
        decided = False
        for each in self.moments:
            if each.entry.event == "task.decided" and each.entry.actor == self.one.person.key:
                found, decided = {}, True
            elif decided:
                for change in each.changes:
                    key = str(change.label)
                    before = found[key].before if key in found else change.before
                    found[key] = timeline.Change(change.label, before, change.after)
        return list(found.values())

    @property
    def comment(self) -> str:
        """What was typed as a comment."""
        return (self.sent.get("comment") or "") if self.sent is not None else ""

    def problem_at(self, path: str) -> str:
        """What is wrong at ``path``, empty if nothing is."""
        return next((each.message for each in self.problems if each.path == path), "")


def drawn(program: FormProgram, record: Record, person: Person, rights: Mapping[str, str]) -> Markup:
    """A record to be read, without what ``rights`` hide."""
    reading = program.evaluate(record.values, forms.context_of(person, record))
    return render.record_fields(record, program, reading, rights=rights)


SUBMITTER: LocalText = {"en": "Who filed it", "zh": "申请人"}


def of(task_id: int, person: Person, *, sent: Sent | None = None, problems: Iterable[Problem] = ()) -> TaskPage:
    """The page of a task.

    Raises:
        NotFound: there is no such task, or not for this person.
    """
    return TaskPage(listing.task(task_id, by=person), sent, tuple(problems))
