"""What happens to a run, as plain values: the only ways in which the engine moves."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ..platform.value import value
from .definition import Due
from .effects import Actor


@value
class Decided:
    """A verdict on a task: approve, reject, return (``to`` a step or ``start``), complete.

    ``values`` are the field changes it makes, already read and allowed by the form and the step's field rights;
    ``resume`` says where a returned request goes on: ``here`` or ``again``.
    """

    task: str
    actor: Actor
    verdict: str
    comment: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None
    resume: str = "again"


@value
class Taken:
    """A decision that can be taken back until the flow's ``grace`` is over; ``raw`` are its values as JSON."""

    decided: Decided
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def task(self) -> str:
        return self.decided.task


@value
class Settled:
    """The decision pending on ``task`` counts from now on; ``values`` are those it brings, read anew."""

    task: str
    values: Mapping[str, Any] = field(default_factory=dict)


@value
class Undone:
    """Who took the decision pending on ``task`` takes it back; or, ``because`` it cannot count any more, nobody did."""

    task: str
    actor: Actor
    because: str = ""


@value
class Claimed:
    task: str
    actor: Actor


@value
class Released:
    task: str
    actor: Actor


@value
class Transferred:
    """``to`` another person, for good (转交), or as a ``delegate`` who acts in one's name this once (委托)."""

    task: str
    actor: Actor
    to: str
    comment: str = ""
    delegate: bool = False


@value
class Added:
    """Bring in ``people`` before or after this task (加签)."""

    task: str
    actor: Actor
    people: tuple[str, ...]
    when: str  # before, after
    comment: str = ""


@value
class Withdrawn:
    actor: Actor
    comment: str = ""


@value
class Resubmitted:
    """The submitter sends a returned request again; ``changed`` are the keys that differ."""

    actor: Actor
    comment: str = ""
    changed: tuple[str, ...] = ()


@value
class Urged:
    """The submitter asks those it waits for to hurry (催办)."""

    actor: Actor
    comment: str = ""


@value
class Expired:
    """The timer ``name`` of the run is due."""

    name: str


@value
class Completed:
    """The action of ``step`` is done, with its ``result``."""

    step: str
    name: str
    result: Mapping[str, Any] = field(default_factory=dict)


@value
class Failed:
    """The action of ``step`` cannot be done; ``final`` means that no retry will help."""

    step: str
    name: str
    message: str
    final: bool = False


@value
class Opened:
    """The action of ``step`` asked for something: it is done once ``record`` has come to its end."""

    step: str
    name: str
    record: int
    number: str


@value
class Recalled:
    """Nobody waits for this request any more: what asked for it was withdrawn, or went another way."""

    actor: Actor


@value
class Moved:
    """The run goes on under another version of its flow; ``dues`` are the deadlines of the version before, by step."""

    actor: Actor
    from_version: int
    dues: Mapping[str, Due | None]
    note: str = ""


@value
class Rescheduled:
    """The flow's calendar is another: deadlines of open steps are counted anew."""


@value
class HandedOver:
    """Everything of ``person``, who leaves, goes over to ``to``."""

    person: str
    to: str
    actor: Actor


@value
class Arrived:
    """An event from outside, for steps that wait for it."""

    event: str
    actor: Actor
    values: Mapping[str, Any] = field(default_factory=dict)


@value
class CustomerAsked:
    """Whoever ``task`` waits for asks the customer, at these ``addresses`` (e-mail) and on their status page."""

    task: str
    actor: Actor
    question: str
    addresses: tuple[str, ...] = ()


@value
class CustomerAwaited:
    """The customer answered in another way, or it goes on without an answer."""

    task: str
    actor: Actor
    comment: str = ""


@value
class CustomerAnswered:
    """The customer wrote or added something."""

    actor: Actor
    comment: str = ""


@value
class Edited:
    """The record's values were changed outside of a decision (by an admin, a customer): material fields ask again."""

    actor: Actor
    changed: tuple[str, ...]


Event = (
    Decided
    | Taken
    | Settled
    | Undone
    | Claimed
    | Released
    | Transferred
    | Added
    | Withdrawn
    | Resubmitted
    | Urged
    | Expired
    | Completed
    | Failed
    | Opened
    | Recalled
    | HandedOver
    | Moved
    | Rescheduled
    | Arrived
    | CustomerAsked
    | CustomerAwaited
    | CustomerAnswered
    | Edited
)
