"""Telling other processes at once what a commit made due or changed: ``LISTEN`` and ``NOTIFY`` of PostgreSQL.

Bells are rung after the commit, by a thread and together: a ``NOTIFY`` inside a transaction makes every commit wait for
one lock. A bell that is lost costs seconds, never more: whoever listens looks by themselves too.
"""

import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from flask import Flask, current_app
from sqlalchemy.engine import Engine

from . import clock

if TYPE_CHECKING:
    import psycopg

DUE = "signoff_due"
LIVE = "signoff_live"
EVERYBODY = "*"

SOON = timedelta(seconds=30)
"""What is due later is found in time by looking."""

TOGETHER_SECONDS = 0.02
"""How long the first of many bells waits for the others."""

MOST_TEXT = 7000
LOOK_UP_SECONDS = 0.5
AGAIN_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Ringer:
    """Rings the bells of one process, those of a moment together."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = threading.Condition()
        self._due: datetime | None = None
        self._live: set[str] = set()
        self._thread: threading.Thread | None = None

    def due(self, at: datetime) -> None:
        with self._changed:
            self._due = at if self._due is None else min(self._due, at)
            self._wake()

    def live(self, people: set[str]) -> None:
        with self._changed:
            self._live |= people
            self._wake()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="signoff-bells", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._due is not None or self._live)
                self._changed.wait(TOGETHER_SECONDS)
                due, self._due = self._due, None
                live, self._live = self._live, set()
            told = ([(DUE, due.isoformat())] if due is not None else []) + ([(LIVE, _names(live))] if live else [])
            try:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    for channel, text in told:
                        connection.execute(_NOTIFY, {"channel": channel, "text": text})
            except sa.exc.SQLAlchemyError as error:
                log.warning("bells were not rung; what is due is found by looking", reason=str(error))


_NOTIFY = sa.text("SELECT pg_notify(:channel, :text)")


def _names(people: set[str]) -> str:
    names = " ".join(sorted(people))
    return names if len(names) <= MOST_TEXT and EVERYBODY not in people else EVERYBODY


def ringer() -> Ringer | None:
    """The ringer of this application; ``None`` on SQLite, where nobody could hear it."""
    signoff = current_app.extensions["signoff"]
    if signoff.engine.dialect.name != "postgresql":
        return None
    name = f"signoff_ringer_{os.getpid()}"  # a forked process has no thread of its parent's, and may have got its lock
    found: Ringer | None = current_app.extensions.get(name)
    if found is None:
        found = current_app.extensions.setdefault(name, Ringer(signoff.engine))
    return found


def ring_due(at: datetime) -> None:
    """Have every worker look at ``at``, or at once if that is past."""
    found = ringer()
    if found is not None and at - clock.now() < SOON:
        found.due(at)


class Listener:
    """Hears one bell in a thread, from ``start`` to ``close``; ``is_listening`` is false while the database is away."""

    def __init__(self, engine: Engine, channel: str, heard: Callable[[str], None]) -> None:
        self._engine = engine
        self._channel = channel
        self._heard = heard
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"hears-{channel}", daemon=True)
        self.is_listening = False

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except Exception as error:
                log.warning("bells are not heard; looking instead", channel=self._channel, reason=str(error))
                self._closing.wait(AGAIN_SECONDS)
            finally:
                self.is_listening = False

    def _listen(self) -> None:
        held = self._engine.raw_connection()
        raw: psycopg.Connection[Any] = held.driver_connection  # type: ignore[assignment]
        held.detach()  # the pool lends it to nobody else
        try:
            raw.autocommit = True
            raw.execute(f"LISTEN {self._channel}")
            self.is_listening = True
            self._heard("")  # what was told before is not told again
            while not self._closing.is_set():
                for note in raw.notifies(timeout=LOOK_UP_SECONDS):
                    self._heard(note.payload)
        finally:
            raw.close()


def listen(app: Flask, channel: str, heard: Callable[[str], None]) -> Listener | None:
    """Call ``heard`` with each text of ``channel``, and with an empty one when some may have been missed.

    ``None`` on SQLite.
    """
    engine: Engine = app.extensions["signoff"].engine
    if engine.dialect.name != "postgresql":
        return None
    found = Listener(engine, channel, heard)
    found.start()
    return found
