"""What the engine says must be done: plain values that the service carries out in one transaction."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ..platform.acting import ActingAs
from ..platform.value import value


@value
class Actor:
    """Who acts. ``on_behalf_of``: for whom a delegate stands; ``person`` is ``None`` for timer, rule, system."""

    person: str | None
    acting_as: ActingAs = ActingAs.PERSON
    on_behalf_of: str | None = None


@value
class Reason:
    """One link of why a task came to somebody: ``code`` (step, role, manager, limit, nobody, escalated, self, delegate,
    transferred, added, …) and what fills its sentence."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)


@value
class OpenTask:
    """``principal`` is ``p:<person>`` or a pool, ``r:<role>`` or ``r:<role>@<department>``; ``people`` may act."""

    name: str
    step: str
    kind: str  # approve, work, correct (the submitter corrects a returned request)
    principal: str
    people: tuple[str, ...]
    excluded: str | None = None
    due_at: datetime | None = None
    why: tuple[Reason, ...] = ()


@value
class ChangeTask:
    """The task stays open: another principal (transfer, escalation), claimed or released, another deadline."""

    name: str
    principal: str
    people: tuple[str, ...]
    claimed_by: str | None = None
    excluded: str | None = None
    due_at: datetime | None = None
    why: tuple[Reason, ...] = ()


@value
class CloseTask:
    """``verdict`` approve, reject, return, complete; or cancelled, when others or events made it needless."""

    name: str
    verdict: str
    actor: Actor | None = None


@value
class ReopenTask:
    """A task whose closing did not count after all waits again."""

    name: str


@value
class SetTimer:
    """One timer per ``name`` in the run: set again, it moves. It comes back as ``events.Expired(name)``."""

    name: str
    due_at: datetime


@value
class ClearTimer:
    name: str


@value
class Call:
    """Perform an action outside; its end comes back as ``events.Completed(step, …)`` or ``events.Failed(step, …)``.

    ``name`` is unique in the run and the same on every retry: with the run's id it is the idempotency key.
    """

    name: str
    step: str
    action: str
    arguments: Mapping[str, Any]
    on_error: str


@value
class Recall:
    """Withdraw a record that this run asked for: nobody waits for it any more."""

    record: int


@value
class Notify:
    """Tell ``people`` (keys) and ``addresses`` (e-mail) by ``template``; ``name`` is unique in the run."""

    name: str
    template: str
    people: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    step: str | None = None
    task: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    channels: tuple[str, ...] = ()


@value
class SetValues:
    """Fields of the record that change with this transition: from a decision, or an action's result."""

    values: Mapping[str, Any]


@value
class Note:
    """An entry of the history. ``data`` is JSON: step, task, verdict, comment, before, after, why …"""

    event: str
    actor: Actor
    data: Mapping[str, Any] = field(default_factory=dict)


@value
class SetStatus:
    """The run's and record's status: open, returned, approved, rejected, withdrawn."""

    status: str
    finished: bool


Effect = (
    OpenTask
    | ChangeTask
    | CloseTask
    | ReopenTask
    | SetTimer
    | ClearTimer
    | Call
    | Recall
    | Notify
    | SetValues
    | Note
    | SetStatus
)
