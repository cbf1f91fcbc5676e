"""A run: where one request stands in its flow. Frozen, small, and all that the engine remembers."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ..platform.acting import ActingAs
from ..platform.people.directory import Directory
from ..platform.value import value
from .deadlines import Calendar
from .effects import Effect, Reason

START = "start"
"""Where a returned request goes: back to who sent it. Also the step of the task to correct it."""


class Status(StrEnum):
    OPEN = "open"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


FINISHED = frozenset({Status.APPROVED, Status.REJECTED, Status.WITHDRAWN})


class State(StrEnum):
    """Of a step: open, done, passed over, or undone (it was done, and must be done again)."""

    OPEN = "open"
    DONE = "done"
    PASSED = "passed"
    UNDONE = "undone"


NOTHING: Mapping[str, str] = {}


@value
class Pending:
    """A decision that was taken and counts from ``until`` on; before, who took it may take it back.

    ``behalf`` is for whom a delegate decided; ``raw`` are the values that came with it, as JSON.
    """

    verdict: str
    at: datetime
    until: datetime
    by: str
    acting_as: ActingAs = ActingAs.PERSON
    behalf: str | None = None
    comment: str = ""
    to: str | None = None
    resume: str = "again"
    raw: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@value
class Task:
    """A task that is not closed.

    ``slot`` groups tasks of which one decision is enough. A ``held`` task waits for those whose ``parent`` it is (added
    before it) and is in nobody's inbox; ``after`` are asked once this one agrees. ``behalf`` is whom its holder stands
    for, when it was handed over for this once. ``limited``: who approves must have a personal limit that covers it.
    ``pending`` is the decision on it that does not count yet.
    """

    name: str
    step: str
    kind: str
    principal: str
    slot: str
    excluded: str | None = None
    claimed_by: str | None = None
    behalf: str | None = None
    parent: str | None = None
    held: bool = False
    limited: bool = False
    after: tuple[str, ...] = ()
    why: tuple[Reason, ...] = ()
    pending: Pending | None = None


@value
class Closed:
    """How a task ended. ``by`` is ``None`` of a timer or a cancellation; ``void``: a change took its weight away."""

    name: str
    step: str
    verdict: str
    at: datetime
    by: str | None = None
    acting_as: ActingAs = ActingAs.PERSON
    behalf: str | None = None
    void: bool = False

    @property
    def accountable(self) -> str | None:
        """Whose decision it is: of a delegate's, the person's who delegated."""
        return self.behalf or self.by


@value
class Progress:
    """How far one step is. ``round`` counts how often it was opened.

    ``choice`` is the branch that a route took, ``facts`` what the choice rested on; of an action ``choice`` is a digest
    of its arguments, and ``facts`` say that it was done. ``queue`` are the people still to be asked in turn (of an
    undone step: again), ``total`` the votes there are. ``fired`` counts the moments of the deadline that have passed.
    ``child`` is the record whose end an action waits for. ``calendar`` is that of the department that is waited for.
    """

    state: State
    round: int = 1
    opened_at: datetime | None = None
    due_at: datetime | None = None
    fired: int = 0
    queue: tuple[str, ...] = ()
    total: int = 0
    choice: str = ""
    facts: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    child: int | None = None
    calendar: str | None = None


@value
class Back:
    """A return that waits for its correction: who sent it back, from which step, and how it goes on."""

    step: str
    by: str | None
    resume: str


@value
class Asked:
    """What the customer was asked, at ``step``, and has not answered yet."""

    step: str
    at: datetime
    question: str
    by: str | None


@value
class Run:
    """``tasks`` are those not closed, in order of opening; ``marks`` digests of the material fields as last seen.

    While the customer is ``asked``, the clocks of its steps stand still.
    """

    submitter: str | None
    status: Status
    tasks: tuple[Task, ...] = ()
    closed: tuple[Closed, ...] = ()
    steps: Mapping[str, Progress] = field(default_factory=dict)
    serial: int = 0
    marks: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    back: Back | None = None
    urged_at: datetime | None = None
    asked: Asked | None = None

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """Those that wait for somebody now."""
        return tuple(task for task in self.tasks if not task.held)

    @property
    def open_steps(self) -> tuple[str, ...]:
        """Steps that are being done, in order of opening."""
        return tuple(step for step, progress in self.steps.items() if progress.state is State.OPEN)

    def task(self, name: str) -> Task | None:
        """The task of that name, if it is not closed."""
        for task in self.tasks:
            if task.name == name:
                return task
        return None

    def approvers(self, step: str) -> tuple[str, ...]:
        """Who approved or did ``step``, as far as that still counts."""
        return tuple(
            dict.fromkeys(
                each.accountable
                for each in self.closed
                if each.step == step and not each.void and each.verdict in AGREED and each.accountable is not None
            )
        )


AGREED = frozenset({"approve", "complete"})


@value
class World:
    """What the engine may know. ``values`` are the record's, typed, as they are after the event, hidden ones blank.

    Beside them stand the sums of the flow's authority (``sum.order``); without, the request stands alone. ``granted``
    is what a person approved lately, of other requests.
    """

    people: Directory
    calendar: Calendar
    now: datetime
    values: Mapping[str, Any]
    form: str
    granted: Callable[[str], Decimal] | None = None


@value
class Transition:
    """What a run became, and what must be done about it, in order."""

    run: Run
    effects: tuple[Effect, ...]
