"""What happens, told inside the process: to webhooks and plugins, in its transaction or after it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from .db import after_commit

EVENTS = (
    "record.submitted",
    "record.updated",
    "run.finished",
    "task.opened",
    "task.decided",
    "task.overdue",
)


class Event:
    """Something that happened; ``id`` is the same however often it is told. It and ``data`` are asked only if somebody
    wants to know."""

    __slots__ = ("_id", "at", "data", "form", "name")

    def __init__(
        self,
        name: str,
        id: str | Callable[[], str],
        at: datetime,
        form: str | None,
        data: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.name = name
        self._id = id
        self.at = at
        self.form = form
        self.data = data

    @property
    def id(self) -> str:
        return self._id if isinstance(self._id, str) else self._id()


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as subscribers get it, with its data read."""

    name: str
    id: str
    at: datetime
    form: str | None
    data: Mapping[str, Any]


InTransaction = Callable[[Connection, Happened], None]
AfterCommit = Callable[[Happened], None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is told of ``events`` (of ``forms``, where any are named).

    ``during`` is called inside the transaction: what it writes commits with it, and if it raises, nothing has happened.
    ``after`` is called once it is committed: if it raises, that is logged and nobody else notices; a process that
    dies in between has not told it. What leaves the process must be enqueued in ``during``.
    """

    events: tuple[str, ...]
    during: InTransaction | None = None
    after: AfterCommit | None = None
    forms: tuple[str, ...] = ()

    def wants(self, event: str, form: str | None) -> bool:
        return event in self.events and (not self.forms or form is None or form in self.forms)


Tell = Callable[[Connection, Event], None]

_subscribers: dict[Subscriber, None] = {}
_tellers: dict[Tell, Callable[[str], bool]] = {}


def subscribe(subscriber: Subscriber) -> None:
    """Tell ``subscriber`` from now on; the same one is told once.

    Raises:
        ValueError: it names an event that there is not, or has nothing to call.
    """
    unknown = [name for name in subscriber.events if name not in EVENTS]
    if unknown or not subscriber.events:
        raise ValueError(f"no event {', '.join(unknown) or 'at all'}; known: {', '.join(EVENTS)}")
    if subscriber.during is None and subscriber.after is None:
        raise ValueError("a subscriber needs “during” or “after”")
    _subscribers[subscriber] = None


def unsubscribe(subscriber: Subscriber) -> None:
    """Tell it no more."""
    _subscribers.pop(subscriber, None)


def tell_all(tell: Tell, is_wanted: Callable[[str], bool]) -> None:
    """Hand every event that ``is_wanted`` to ``tell`` unread: webhooks read its data for those alone that listen."""
    _tellers[tell] = is_wanted


def is_wanted(name: str) -> bool:
    """Whether anybody wants to know of such events."""
    return any(name in each.events for each in _subscribers) or any(wanted(name) for wanted in _tellers.values())


def publish(conn: Connection, event: Event) -> None:
    """Tell of ``event`` inside the transaction in which it happens."""
    for tell, wanted in _tellers.items():
        if wanted(event.name):
            tell(conn, event)
    told = [each for each in _subscribers if each.wants(event.name, event.form)]
    if not told:
        return
    happened = Happened(event.name, event.id, event.at, event.form, event.data())
    for each in told:
        if each.during is not None:
            each.during(conn, happened)
        if each.after is not None:
            _later(each.after, happened)


def _later(call: AfterCommit, happened: Happened) -> None:
    def run() -> None:
        try:
            call(happened)
        except Exception:
            logging.getLogger(__name__).exception("a subscriber failed at %s %s", happened.name, happened.id)

    after_commit(run)
