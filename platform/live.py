"""What is new arrives while a page is open: server-sent events, one stream for each tab, a bounded number held.

A held stream keeps a thread of the server, so a process holds few, in threads beyond those of ordinary requests. Who
comes when all are taken is answered at once and told to come back: the same protocol, asking instead of waiting.

An event's id is ``<first>.<digest>``: the newest notification that the tab had from the start, and what it was told
last. Both come back when the stream is taken up again, so nothing is lost in between, and nothing is told twice.
"""

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from . import bells, counters, db, events, json
from .bells import EVERYBODY
from .db import after_commit
from .errors import SignoffError
from .events import Event

HELD_SECONDS = 300.0
"""How long a stream is held; then the browser takes it up again, maybe at another node."""

HEARTBEAT_SECONDS = 15.0
"""A comment from time to time shows proxies that the stream lives, and us that the browser has gone."""

ASK_AGAIN_MILLISECONDS = 5000
TAKE_UP_MILLISECONDS = 1500
SETTLE_SECONDS = 1.0
"""What concerns everybody is told at most this often."""

LOOK_SECONDS = 5.0
LISTENING_SECONDS = 30.0

Read = Callable[[int | None], "News"]
"""Asks the database what the person is to see; ``first`` is the newest notification that they had from the start."""


@dataclass(frozen=True, slots=True)
class News:
    """What a tab shows; ``first`` as in the id of its events."""

    first: int
    shown: Mapping[str, Any]

    @property
    def number(self) -> str:
        digest = hashlib.sha256(json.dumps(self.shown).encode()).hexdigest()[:16]
        return f"{self.first}.{digest}"


class _Stream:
    """One tab that waits."""

    def __init__(self, person: str) -> None:
        self.person = person
        self.woken = threading.Event()


class Hub:
    """The streams of one process."""

    def __init__(self, app: Flask, most: int) -> None:
        self._app = app
        self._most = most
        self._lock = threading.Lock()
        self._streams: set[_Stream] = set()
        self._settling: threading.Timer | None = None
        self._listener: bells.Listener | None = None
        self._closing = False

    def start(self) -> None:
        """Hear what other processes change."""
        self._listener = bells.listen(self._app, bells.LIVE, self._heard)

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        self._closing = True
        self.told({EVERYBODY}, at_once=True)
        if self._listener is not None:
            self._listener.close()

    @property
    def is_closing(self) -> bool:
        return self._closing

    @property
    def held(self) -> int:
        return len(self._streams)

    @property
    def look_seconds(self) -> float:
        """How often a stream asks by itself, because a process that nobody hears may have changed something."""
        return LISTENING_SECONDS if self._listener is not None and self._listener.is_listening else LOOK_SECONDS

    def take(self, person: str) -> _Stream | None:
        """A place for a stream, ``None`` if all are taken."""
        with self._lock:
            if len(self._streams) >= self._most or self._closing:
                return None
            stream = _Stream(person)
            self._streams.add(stream)
        counters.STREAMS.inc()
        return stream

    def leave(self, stream: _Stream) -> None:
        with self._lock:
            self._streams.discard(stream)
        counters.STREAMS.dec()

    def told(self, people: set[str], *, at_once: bool = False) -> None:
        """Something changed for these people."""
        with self._lock:
            if EVERYBODY in people and not at_once:
                self._settle()
            for stream in self._streams:
                if stream.person in people or (at_once and EVERYBODY in people):
                    stream.woken.set()

    def _settle(self) -> None:
        if self._settling is None and self._streams:
            self._settling = threading.Timer(SETTLE_SECONDS, self._settled)
            self._settling.daemon = True
            self._settling.start()

    def _settled(self) -> None:
        with self._lock:
            self._settling = None
        self.told({EVERYBODY}, at_once=True)

    def _heard(self, text: str) -> None:
        self.told(set(text.split()) or {EVERYBODY})


def init_app(app: Flask) -> None:
    """Tell open pages of tasks that come and go; a process that holds streams has a hub of its own (:func:`hold`)."""
    app.extensions.setdefault("signoff_hub", Hub(app, 0))
    events.tell_all(_task_moved, _concerns_tasks)


def hold(app: Flask, most: int) -> Hub:
    """Hold up to ``most`` streams in this process, whose server has as many threads to spare."""
    hub = Hub(app, most)
    app.extensions["signoff_hub"] = hub
    hub.start()
    return hub


def hub() -> Hub:
    found: Hub = current_app.extensions["signoff_hub"]
    return found


def _concerns_tasks(name: str) -> bool:
    return name in ("task.opened", "task.decided", "run.finished")


def _task_moved(_conn: Any, _event: Event) -> None:
    changed(EVERYBODY)


def changed(*people: str) -> None:
    """Have the open pages of ``people`` look, once the transaction is committed; here, and on PostgreSQL everywhere."""
    memory = db.memory() if db.in_transaction() else None
    if memory is not None and _CHANGED in memory:
        memory[_CHANGED].update(people)
        return
    here, everywhere, who = hub(), bells.ringer(), set(people)
    if memory is not None:
        memory[_CHANGED] = who

    def tell() -> None:
        here.told(who)
        if everywhere is not None:
            everywhere.live(who)

    after_commit(tell)


_CHANGED = "signoff_changed"
"""Whom a transaction concerns: they are told once of all that it changes."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a tab was told ``last``, an id of an event; a ``fresh`` page is told how things stand in any case."""

    last: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """How a stream asks: ``read`` inside ``again()``, entered anew each time, so that who was signed out is noticed."""

    read: Read
    again: Callable[[], AbstractContextManager[None]]

    def news(self, first: int | None) -> News:
        with self.again():
            return self.read(first)


def stream(app: Flask, person: str, known: Known, asking: Asking) -> Iterator[str]:
    """The events of one tab: held, or one answer where no place is free."""
    here: Hub = app.extensions["signoff_hub"]
    place = here.take(person)
    try:
        news = asking.news(_first_of(known.last))
        wait = TAKE_UP_MILLISECONDS if place is not None else ASK_AGAIN_MILLISECONDS
        yield f"retry: {wait + random.randrange(500)}\n"  # noqa: S311 - so that not all come at once
        yield _event(news) if known.fresh or news.number != known.last else "\n"
        if place is not None:
            yield from _wait(here, place, news, asking)
    finally:
        if place is not None:
            here.leave(place)


def _wait(here: Hub, place: _Stream, news: News, asking: Asking) -> Iterator[str]:
    started = beaten = looked = time.monotonic()
    while not here.is_closing and time.monotonic() - started < HELD_SECONDS:
        woken = place.woken.wait(min(here.look_seconds, HEARTBEAT_SECONDS))
        now = time.monotonic()
        if woken or now - looked >= here.look_seconds:
            place.woken.clear()
            looked = now
            try:
                later = asking.news(news.first)
            except SignoffError:
                return  # signed out, or the database is away: the browser comes again, and is told
            if later.number != news.number:
                news, beaten = later, now
                yield _event(news)
        if now - beaten >= HEARTBEAT_SECONDS:
            beaten = now
            yield ":\n\n"


def _event(news: News) -> str:
    return f"id: {news.number}\nevent: news\ndata: {json.dumps(news.shown)}\n\n"


def _first_of(last: str) -> int | None:
    """The notification in an event's id, ``None`` where it is none of ours."""
    first, dot, _ = last.partition(".")
    return int(first) if dot and first.isascii() and first.isdecimal() and len(first) < 19 else None


class Gate:
    """Lets ordinary requests in as many at a time as the server would have threads for, if none held a stream."""

    def __init__(self, app: Callable[..., Any], most: int) -> None:
        self._app = app
        self._places = threading.BoundedSemaphore(most)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with self._places:
            return self._app(environ, start_response)
