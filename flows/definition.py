"""A flow as it was published: frozen values read from ``flow/1`` JSON. A tree of lists, never a graph."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ..forms.conditions.tree import Condition
from ..platform.text import LocalText

SCHEMA = "flow/1"
SUM = "sum."
APPROVER = "approver"
SUBMITTER = "submitter"


class Kind(StrEnum):
    APPROVE = "approve"
    WORK = "work"
    ROUTE = "route"
    PARALLEL = "parallel"
    AUTO = "auto"
    ACTION = "action"
    NOTIFY = "notify"
    WAIT = "wait"


class Mode(StrEnum):
    """或签, 会签, 依次审批, 票签."""

    ANY = "any"
    ALL = "all"
    IN_TURN = "in_turn"
    VOTE = "vote"


class Right(StrEnum):
    HIDDEN = "hidden"
    READ = "read"
    EDIT = "edit"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Selector:
    """Who: ``kind`` names it (``role``, ``manager`` …), ``value`` is its operand, ``of`` narrows it to a department."""

    kind: str
    value: Any
    of: str | None = None


Selectors = tuple[Selector, ...]


@dataclass(frozen=True, slots=True)
class Then:
    """What happens when a deadline passes. ``do``: escalate, approve, reject, transfer."""

    do: str
    to: Selectors = ()


@dataclass(frozen=True, slots=True)
class Due:
    """``within`` counts from the opening on ``clock`` (business, always); ``remind`` are offsets from the deadline.

    ``calendar`` is that of who does the step, ``None``: that of the flow.
    """

    within: timedelta
    clock: str = "business"
    remind: tuple[timedelta, ...] = ()
    repeat: timedelta | None = None
    then: Then | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """``path`` is the JSON Pointer to it in its definition. Keys that do not belong to ``kind`` keep their defaults."""

    id: str
    kind: Kind
    path: str
    title: LocalText = ""
    # approve, work
    who: Selectors = ()
    mode: Mode = Mode.ANY
    share: Decimal | None = None  # of a vote: 0 < share <= 1
    nobody: str | Selectors = "admin"  # skip, refuse, admin, or selectors
    fields: Mapping[str, Right] = field(default_factory=dict)
    actions: tuple[str, ...] = ()  # approve reject return transfer add delegate (work: complete …)
    reason_on: tuple[str, ...] = ()
    return_to: tuple[str, ...] = ()
    due: Due | None = None
    # route, parallel
    branches: tuple["Branch", ...] = ()
    hit: str = "unique"  # unique, first
    join: str = "all"  # all, any
    # auto
    verdict: str = ""  # approve, reject
    reason: LocalText = ""
    # action
    do: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)  # "with": literals, {"field": …}, {"formula": …}
    into: Mapping[str, str] = field(default_factory=dict)  # field: member of the action's result
    on_error: str = "retry"  # retry, ask, fail
    # notify
    to: Selectors = ()
    template: str = ""
    channels: tuple[str, ...] = ()
    # wait
    wait_for: timedelta | None = None
    until: str | None = None  # a date field
    event: str | None = None
    limit: timedelta | None = None  # of an event


@dataclass(frozen=True, slots=True)
class Branch:
    id: str
    path: str
    title: LocalText = ""
    when: Condition | None = None  # None: otherwise, or a branch of a parallel
    otherwise: bool = False
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """Requests that count together: those with the same ``by`` (a field, or ``submitter``), filed ``within`` a time.

    By ``approver`` it is what one person approved within that time. ``within`` is ``None``: of all times.
    """

    name: str
    by: str
    within: timedelta | None = None

    @property
    def fact(self) -> str:
        """What conditions and selectors call it."""
        return f"{SUM}{self.name}"


@dataclass(frozen=True, slots=True)
class Authority:
    """What personal limits are held against: ``amount``, and the sums of it over other requests.

    Above ``two_above`` no request is approved, and no action performed, before two persons approved; ``second`` are
    asked where only one did.
    """

    amount: str
    sum_over: tuple[Sum, ...] = ()
    two_above: Decimal | None = None
    second: Selectors = ()

    @property
    def sums(self) -> tuple[Sum, ...]:
        """Those that belong to a request, whoever decides it."""
        return tuple(each for each in self.sum_over if each.by != APPROVER)

    @property
    def of_approver(self) -> tuple[Sum, ...]:
        """Those that belong to who decides."""
        return tuple(each for each in self.sum_over if each.by == APPROVER)


@dataclass(frozen=True, slots=True)
class Settings:
    self_approval: str = "forbid"  # forbid, escalate, allow
    repeat_approver: str = "ask"  # ask, skip
    withdraw: str = "until_decided"  # until_decided, always, never
    calendar: str | None = None
    material: tuple[str, ...] = ()
    owner: Selector | None = None
    grace: timedelta = timedelta(0)  # how long a decision can be undone before it counts
    authority: Authority | None = None
    start: Mapping[str, Right] = field(default_factory=dict)  # what who files may fill, where it is not what it seems


@dataclass(frozen=True, slots=True)
class Trial:
    """A test case: a request of ``by`` with these raw ``values``, sent ``at`` a time, and what is expected of it.

    ``route`` are the steps at which people are asked, in order; ``people`` all who may act, by step. What is ``None``
    or not named is not looked at.
    """

    name: str
    by: str
    values: Mapping[str, Any]
    path: str
    at: datetime | None = None
    outcome: str | None = None
    route: tuple[str, ...] | None = None
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    key: str
    title: LocalText
    form: str
    settings: Settings
    steps: tuple[Step, ...]
    cases: tuple[Trial, ...] = ()  # test cases that a publish runs
    document: Mapping[str, Any] = field(repr=False, default_factory=dict)

    def walk(self) -> Iterator[Step]:
        """Every step, outer before inner, in order."""
        yield from _walk(self.steps)


def _walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for branch in step.branches:
            yield from _walk(branch.steps)
