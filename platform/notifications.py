"""Telling people, in the application always and over channels: what is to be said, and what a person sees of it.

``send`` writes one row in the transaction that has something to say; :mod:`.telling` does the rest.
"""

import hashlib
import importlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, has_request_context
from sqlalchemy.engine import Connection

from . import clock, config, live
from .background import Lane, enqueue
from .db import reading, transaction, utc_text
from .message_templates import Template, events, fill, name_events, register_template, templates
from .models import notifications
from .paging import Page, Position, decode_cursor, page_of
from .people.directory import Person
from .text import LocalText

SEND = "notify"
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


def init_app(app: Flask) -> None:  # noqa: ARG001 - what is registered holds for every application
    """Have the jobs known that tell."""
    importlib.import_module(".telling", __package__)


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


def buttons_of(offer: Mapping[str, Any] | None, person: Person) -> Sequence[Button]:
    """The buttons that a message with this offer has for a person."""
    make = _buttons.get(str(offer["kind"])) if offer is not None else None
    return make(offer, person) if make is not None and offer is not None else ()


def find_channel(name: str) -> Channel | None:
    """The channel of that name."""
    return _channels.get(name)


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
    enqueue(conn, SEND, payload, key=short_key(f"notify:{key or secrets.token_hex(16)}"))


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


def short_key(key: str) -> str:
    """``key`` as its column takes it."""
    return key if len(key) <= MOST_KEY else hashlib.sha256(key.encode()).hexdigest()


def absolute(path: str) -> str:
    """The whole address of a path of this site, as messages need it."""
    if not _is_path(path):
        return path
    scheme, _, rest = config.current().base_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{path}"


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
    "MOST_UNREAD",
    "Button",
    "Channel",
    "Delivery",
    "Notification",
    "Template",
    "absolute",
    "buttons_of",
    "channel",
    "channels",
    "channels_of",
    "events",
    "fill",
    "find_channel",
    "init_app",
    "mark_read",
    "name_events",
    "notification",
    "notifications_of",
    "offer_buttons",
    "register_template",
    "send",
    "short_key",
    "templates",
    "unread_count",
]
