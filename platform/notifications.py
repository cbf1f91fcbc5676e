"""Telling people: templates in every language, one job per message, in the application always and over channels.

``send`` writes one row in the transaction that has something to say. Its job then writes a notification for each
person, and one job for each channel that reaches them, so that an address that fails holds up nobody else.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask, g, has_request_context
from sqlalchemy.engine import Connection

from . import background, bundling, clock, config, live
from .background import GiveUp, Job, Lane, enqueue
from .db import Utc, reading, reading_together, transaction, utc_text
from .message_templates import REMINDERS, Template, events, fill, in_force, name_events, register_template, templates
from .models import notifications
from .paging import Page, Position, decode_cursor, page_of
from .people import service as people
from .people.directory import Person
from .statements import Statement
from .text import LocalText, local
from .wishes import NOTHING, Wishes, wishes_of

SEND = "notify"
DELIVER = "notify.deliver"
BUNDLED = frozenset({"task.reminder", "task.overdue"})
"""Events of which several to one person within minutes are one message."""

MOST_UNREAD = 100
MOST_KEY = 160


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one receiver over one channel.

    ``key`` is stable over retries. ``person`` is ``None`` for an outside ``address``. ``link`` is a whole address, or
    ``None``; messages of the same ``thread`` belong together. ``buttons`` are pairs of a label and a whole address that
    nobody but the person may see.
    """

    key: str
    template: str
    event: str
    title: str
    body: str
    language: str
    link: str | None = None
    thread: str | None = None
    person: str | None = None
    address: str | None = None
    buttons: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """A link of one person's own in a message; ``url`` is a whole address."""

    label: LocalText
    url: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach people outside the application. ``reaches`` gives a person's address on it, or ``None``.

    ``asked``: it is used only for what a person chose; else for everything that they did not choose otherwise.
    ``private``: nobody else reads what comes over it.
    """

    name: str
    deliver: Callable[[Delivery], None]
    reaches: Callable[[Person], str | None]
    takes_addresses: bool = False
    asked: bool = False
    label: LocalText = ""
    lane: Lane = Lane.CHAT
    private: bool = False


_channels: dict[str, Channel] = {}


def init_app(app: Flask) -> None:
    """Nothing to set up: importing this module registers the handlers."""


def channel(
    name: str,
    *,
    reaches: Callable[[Person], str | None],
    takes_addresses: bool = False,
    asked: bool = False,
    label: LocalText = "",
    lane: Lane = Lane.CHAT,
    private: bool = False,
) -> Callable[[Callable[[Delivery], None]], Callable[[Delivery], None]]:
    """Register a function that delivers over channel ``name``; it is called at least once, and again if it raises."""

    def register(deliver: Callable[[Delivery], None]) -> Callable[[Delivery], None]:
        _channels[name] = Channel(name, deliver, reaches, takes_addresses, asked, label or name, lane, private)
        return deliver

    return register


_buttons: dict[str, Callable[[Mapping[str, Any], Person], Sequence[Button]]] = {}


def offer_buttons(kind: str, make: Callable[[Mapping[str, Any], Person], Sequence[Button]]) -> None:
    """Have ``make`` say which buttons a message with an offer of ``kind`` has for a person."""
    _buttons[kind] = make


def channels() -> tuple[str, ...]:
    """The names of all channels beside the application itself."""
    return tuple(sorted(_channels))


def channels_of(person: Person) -> tuple[Channel, ...]:
    """The channels on which a person can be reached."""
    return tuple(each for each in map(_channels.__getitem__, channels()) if each.reaches(person))


def send(
    conn: Connection,
    *,
    template: str,
    key: str | None = None,
    people: Sequence[str] = (),
    addresses: Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
    link: str | None = None,
    thread: str | None = None,
    over: Sequence[str] = (),
    offer: Mapping[str, Any] | None = None,
) -> None:
    """Tell ``people`` (keys) and e-mail ``addresses`` by ``template``, once this transaction is committed.

    A message with the same ``key`` is told to nobody twice. ``link`` is a path of this site; outside addresses get
    ``data["status_url"]`` instead. ``over`` names the only channels to use; empty: all. Moments in ``data``
    (RFC 3339) are said in the reader's time zone. ``offer`` (JSON, with its ``kind``) gives each person buttons.
    """
    if not people and not addresses:
        return
    payload = {
        "template": template,
        "people": list(dict.fromkeys(people)),
        "addresses": list(dict.fromkeys(addresses)),
        "data": _plain(data or {}),
        "link": link if link is not None and _is_path(link) else None,
        "thread": thread,
        "over": list(over),
        **({"offer": _plain(offer)} if offer is not None else {}),
    }
    # ids of jobs are given again on SQLite, so a message without a key of its own gets one
    enqueue(conn, SEND, payload, key=_short(f"notify:{key or secrets.token_hex(16)}"))


_AS_THEY_ARE = frozenset({str, int, bool, Decimal, type(None)})


def _plain(value: Any) -> Any:
    """The value as JSON holds it; moments and days as text."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return utc_text(value)
    return value if value is None or isinstance(value, str | int | Decimal) else str(value)


def _is_path(link: str) -> bool:
    return link.startswith("/") and not link.startswith(("//", "/\\"))


# --- the job that tells everybody


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
        make = _buttons.get(str(self.offer["kind"])) if self.offer is not None and over.private else None
        return [[local(each.label, language), each.url] for each in make(self.offer or {}, person)] if make else []

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


_NOTE = Statement(
    sa.text(
        "INSERT INTO signoff_notification (person, at, template, title, body, link, key) "
        "VALUES (:person, :at, :template, :title, :body, :link, :key) ON CONFLICT (key) DO NOTHING"
    ).bindparams(sa.bindparam("at", type_=Utc()))
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
            "key": _short(key),
        },
    )
    quiet = message.wishes.get(person.key, NOTHING).quiet
    due_at = quiet.end_of(clock.now(), zone) if quiet is not None else None
    for channel_name in channels():
        each = _channels[channel_name]
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
    over = _channels.get(job.payload["channel"])
    if over is None:
        raise GiveUp(f"no channel {job.payload['channel']!r}; known: {', '.join(channels())}")

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
    for each in _channels.values():
        if each.takes_addresses and (not message.over or each.name in message.over):
            _enqueue_delivery(conn, each, over)


def _short(key: str) -> str:
    """``key`` as its column takes it."""
    return key if len(key) <= MOST_KEY else hashlib.sha256(key.encode()).hexdigest()


def absolute(path: str) -> str:
    """The whole address of a path of this site, as messages need it."""
    if not _is_path(path):
        return path
    scheme, _, rest = config.current().base_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{path}"


def _enqueue_delivery(conn: Connection, over: Channel, delivery: Delivery, due_at: datetime | None = None) -> None:
    payload = {"channel": over.name, "delivery": _json(delivery)}
    enqueue(conn, DELIVER, payload, key=_short(f"{over.name}:{delivery.key}"), due_at=due_at, lane=over.lane)


@background.handler(DELIVER)
def deliver(job: Job) -> None:
    """Hand one message to its channel."""
    found = _channels.get(job.payload["channel"])
    if found is None:
        raise GiveUp(f"no channel {job.payload['channel']!r}; known: {', '.join(channels())}")
    found.deliver(_read(job.payload["delivery"]))


# --- what a person sees


@dataclass(frozen=True, slots=True)
class Notification:
    """One line of a person's notifications; ``link`` is a path of this site."""

    id: int
    at: datetime
    template: str
    title: str
    body: str
    link: str | None
    read_at: datetime | None


_COLUMNS = [notifications.c[name] for name in Notification.__slots__]
UNREAD = sa.select(sa.func.count()).select_from(
    sa.select(sa.literal(1))
    .where(notifications.c.person == sa.bindparam("unread_person"), notifications.c.read_at.is_(None))
    .limit(MOST_UNREAD)
    .subquery()
)
"""How many unread notifications a person has, up to :data:`MOST_UNREAD`; for :func:`unread_values`."""

_REMEMBERED = "signoff_unread"


def unread_values(person: str) -> dict[str, str]:
    """The parameters of :data:`UNREAD`."""
    return {"unread_person": person}


def remember_unread(person: str, count: int) -> None:
    """What a page's own query counted beside, for the rest of this request."""
    if has_request_context():
        setattr(g, _REMEMBERED, (person, count))


def unread_count(person: str) -> int:
    """How many unread notifications a person has, up to :data:`MOST_UNREAD`."""
    known = g.pop(_REMEMBERED, None) if has_request_context() else None
    if known is not None and known[0] == person:
        return int(known[1])
    with reading() as conn:
        return int(conn.execute(UNREAD, unread_values(person)).scalar_one())


def notifications_of(
    person: str, *, unread: bool = False, after: str | None = None, limit: int = 50
) -> Page[Notification]:
    """A person's notifications, the newest first."""
    statement = sa.select(*_COLUMNS).where(notifications.c.person == person).order_by(notifications.c.id.desc())
    if unread:
        statement = statement.where(notifications.c.read_at.is_(None))
    if after:
        statement = statement.where(notifications.c.id < decode_cursor(after)[0])
    with reading() as conn:
        rows = [Notification(*row) for row in conn.execute(statement.limit(limit + 1))]
    return page_of(rows, limit, _position)


def _position(each: Notification) -> tuple[Position]:
    return (each.id,)


def notification(person: str, number: int) -> Notification | None:
    """One of a person's own notifications."""
    statement = sa.select(*_COLUMNS).where(notifications.c.person == person, notifications.c.id == number)
    with reading() as conn:
        row = conn.execute(statement).one_or_none()
    return Notification(*row) if row is not None else None


def mark_read(person: str, number: int | None = None) -> None:
    """Mark one of a person's notifications as read, or all of them."""
    statement = (
        sa.update(notifications)
        .where(notifications.c.person == person, notifications.c.read_at.is_(None))
        .values(read_at=clock.now())
    )
    if number is not None:
        statement = statement.where(notifications.c.id == number)
    with transaction() as conn:
        conn.execute(statement)
        live.changed(person)


__all__ = [
    "BUNDLED",
    "MOST_UNREAD",
    "Button",
    "Channel",
    "Delivery",
    "Notification",
    "Template",
    "absolute",
    "channel",
    "channels",
    "channels_of",
    "events",
    "fill",
    "init_app",
    "mark_read",
    "name_events",
    "notification",
    "notifications_of",
    "offer_buttons",
    "register_template",
    "send",
    "templates",
    "unread_count",
]
