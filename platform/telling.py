"""Telling: the jobs that turn a message into notifications, one job for each channel, and a bundle of reminders.

An address that fails holds up nobody else: each channel that reaches somebody has a job of its own.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from . import background, bundling, clock, config, live, notifications, statements
from .background import GiveUp, Job, enqueue
from .db import reading_together, transaction
from .message_templates import REMINDERS, Template, fill, in_force, templates
from .models import notifications as notification_table
from .notifications import SEND, Channel, Delivery, absolute, channels, short_key
from .people import service as people
from .people.directory import Person
from .text import local
from .wishes import NOTHING, Wishes, wishes_of

DELIVER = "notify.deliver"
BUNDLED = frozenset({"task.reminder", "task.overdue"})
"""Events of which several to one person within minutes are one message."""


@dataclass(frozen=True, slots=True)
class _Message:
    """A message that is being told: its template and data, under a key that is the same on every attempt."""

    key: str
    template: Template
    data: Mapping[str, Any]
    link: str | None
    thread: str | None
    wishes: Mapping[str, Wishes] = field(default_factory=dict)
    over: Sequence[str] = ()
    offer: Mapping[str, Any] | None = None

    def buttons(self, person: Person, over: Channel, language: str) -> list[list[str]]:
        """Those of the person, on a channel that is theirs alone."""
        own = notifications.buttons_of(self.offer, person) if over.private else ()
        return [[local(each.label, language), each.url] for each in own]

    def delivery(self, language: str, zone: ZoneInfo, **receiver: Any) -> Delivery:
        return Delivery(
            template=self.template.key,
            event=self.template.event,
            title=" ".join(fill(self.template.title, self.data, language, zone).split()),
            body=fill(self.template.body, self.data, language, zone),
            language=language,
            thread=self.thread,
            **receiver,
        )

    def wanted(self, person: str, over: Channel) -> bool:
        """Whether the person wants this event over the channel."""
        if self.over and over.name not in self.over:
            return False
        return self.wishes.get(person, NOTHING).wants(self.template.event, over.name, asked=over.asked)


def tell_all(jobs: Sequence[Job]) -> None:
    """Write the notifications and the jobs of the channels, and forget the messages, in one transaction."""
    with reading_together():
        told = {job.id: _receivers(job) for job in jobs}
        wishes = wishes_of(sorted({person.key for receivers in told.values() for person in receivers}))
        messages = {job.id: _message_of(job, wishes) for job in jobs}
    # by person, so that two workers never wait for each other's
    order = sorted(
        ((person.key, number, person) for number, receivers in told.items() for person in receivers),
        key=lambda each: each[:2],
    )
    with transaction() as conn:
        for _, number, person in order:
            _tell_person(conn, messages[number], person)
        for job in jobs:
            for address in job.payload["addresses"]:
                _tell_address(conn, messages[job.id], address)
            job.finish(conn)
        live.changed(*dict.fromkeys(person.key for _, _, person in order))


@background.handler(SEND, together=tell_all)
def tell(job: Job) -> None:
    """Tell one message."""
    tell_all([job])


def _receivers(job: Job) -> list[Person]:
    directory = people.directory()
    return [person for key in job.payload["people"] if (person := directory.active(key)) is not None]


def _message_of(job: Job, wishes: Mapping[str, Wishes]) -> _Message:
    template = in_force(job.payload["template"])
    if template is None:
        known = ", ".join(each.key for each in templates())
        raise GiveUp(f"no template {job.payload['template']!r}; known: {known}")
    return _Message(
        key=job.key or f"notify:#{job.id}",
        template=template,
        data=job.payload["data"],
        link=job.payload["link"],
        thread=job.payload["thread"],
        over=job.payload.get("over", ()),
        offer=job.payload.get("offer"),
        wishes=wishes,
    )


_NOTE = statements.rows(
    notification_table, "person", "at", "template", "title", "body", "link", "key", skip_existing=True
)


def _tell_person(conn: Connection, message: _Message, person: Person) -> None:
    installation = config.current()
    language = person.language or installation.language
    zone = ZoneInfo(person.zone) if person.zone else installation.zone
    key = f"{message.key}:{person.key}"
    said = message.delivery(language, zone, key=key, person=person.key)
    _NOTE.later(
        conn,
        {
            "person": person.key,
            "at": clock.now(),
            "template": said.template,
            "title": said.title,
            "body": said.body,
            "link": message.link,
            "key": short_key(key),
        },
    )
    quiet = message.wishes.get(person.key, NOTHING).quiet
    due_at = quiet.end_of(clock.now(), zone) if quiet is not None else None
    for each in map(_found, channels()):
        address = each.reaches(person) if message.wanted(person.key, each) else None
        if address:
            link = absolute(message.link) if message.link else None
            own = message.buttons(person, each, language)
            over = message.delivery(language, zone, key=key, person=person.key, address=address, link=link, buttons=own)
            _hand_over(conn, each, over, due_at)


def _hand_over(conn: Connection, over: Channel, delivery: Delivery, due_at: datetime | None) -> None:
    """Send it, at once or at ``due_at``; a reminder waits a moment for others."""
    if delivery.event in BUNDLED and delivery.person is not None:
        bundling.add(conn, over.name, delivery.person, _json(delivery), due_at or clock.now() + bundling.WAIT)
    else:
        _enqueue_delivery(conn, over, delivery, due_at)


def _json(delivery: Delivery) -> dict[str, Any]:
    written = {name: getattr(delivery, name) for name in Delivery.__slots__}
    if not delivery.buttons:
        del written["buttons"]  # nodes of the version before do not know it
    return written


def _read(written: Mapping[str, Any]) -> Delivery:
    """A delivery as a node wrote it, of this version or another."""
    return Delivery(**{name: value for name, value in written.items() if name in Delivery.__slots__})


@background.handler(bundling.KIND)
def send_bundle(job: Job) -> None:
    """Make one message of all reminders that wait for a person on a channel."""
    over = _found(job.payload["channel"])

    def hand_over(conn: Connection, waiting: list[Mapping[str, Any]]) -> None:
        _enqueue_delivery(conn, over, _together([_read(each) for each in waiting]))

    bundling.collect(job, hand_over)


def _together(deliveries: Sequence[Delivery]) -> Delivery:
    """One message of several, in the words of the template ``reminders``; of one, itself."""
    first = deliveries[0]
    if len(deliveries) == 1:
        return first
    lines = [f"{each.title}\n{each.link}" if each.link else each.title for each in deliveries[: bundling.MOST]]
    more = len(deliveries) - len(lines)
    data = {"count": str(len(deliveries)), "lines": "\n".join([*lines, *([f"+ {more}"] if more else [])])}
    template = in_force(REMINDERS.key) or REMINDERS
    message = _Message(
        hashlib.sha256("".join(each.key for each in deliveries).encode()).hexdigest(), template, data, None, None
    )
    zone = config.current().zone
    return message.delivery(
        first.language, zone, key=f"bundle:{message.key}", person=first.person, address=first.address
    )


def _tell_address(conn: Connection, message: _Message, address: str) -> None:
    installation = config.current()
    status_url = message.data.get("status_url")
    link = absolute(status_url) if isinstance(status_url, str) and status_url else None
    over = message.delivery(
        installation.language, installation.zone, key=f"{message.key}:{address}", address=address, link=link
    )
    for each in map(_found, channels()):
        if each.takes_addresses and (not message.over or each.name in message.over):
            _enqueue_delivery(conn, each, over)


def _enqueue_delivery(conn: Connection, over: Channel, delivery: Delivery, due_at: datetime | None = None) -> None:
    payload = {"channel": over.name, "delivery": _json(delivery)}
    enqueue(conn, DELIVER, payload, key=short_key(f"{over.name}:{delivery.key}"), due_at=due_at, lane=over.lane)


@background.handler(DELIVER)
def deliver(job: Job) -> None:
    """Hand one message to its channel."""
    _found(job.payload["channel"]).deliver(_read(job.payload["delivery"]))


def _found(name: str) -> Channel:
    """The channel of that name.

    Raises:
        GiveUp: there is none (any more).
    """
    known = notifications.find_channel(name)
    if known is None:
        raise GiveUp(f"no channel {name!r}; known: {', '.join(channels())}")
    return known
