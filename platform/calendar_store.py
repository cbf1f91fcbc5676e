"""Calendars of the database: read once and remembered for a moment, so that the path of a decision asks nothing."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import Connection

from . import audit, clock
from .acting import ActingAs
from .audit import Entry
from .caches import cache
from .calendars import Calendar, CalendarDocument, read_calendar, standard
from .config import Config
from .db import after_commit, reading, transaction
from .errors import NotFound, Refused
from .models import calendars
from .problems import Problem
from .text import msg

DEFAULT = "office"
REMEMBER_SECONDS = 10
"""After this time a change that another process made is seen."""


def calendar(key: str | None = None) -> Calendar:
    """The calendar ``key``; ``None``: ``office`` of the database, else Monday to Friday 09:00–18:00 as configured.

    Raises:
        NotFound: there is no such calendar.
    """
    known = _calendars()
    found = known.get(key or DEFAULT)
    if found is None:
        raise NotFound(
            msg("No calendar %(key)s. Known: %(known)s.", key=repr(key), known=", ".join(sorted(known))),
            code="unknown_calendar",
        )
    return found


def documents() -> dict[str, CalendarDocument]:
    """The calendars that admins defined, by key, as they were written."""
    with reading() as conn:
        rows = conn.execute(sa.select(calendars.c.key, calendars.c.document).order_by(calendars.c.key))
        return {row.key: row.document for row in rows}


def save_calendar(conn: Connection, document: Mapping[str, Any]) -> Calendar:
    """Put a calendar in force; whoever set deadlines by it hears of it in the same transaction.

    Raises:
        Refused: with all problems of the document.
    """
    read, problems = read_calendar(document, **_defaults())
    if read is None:
        raise Refused.because(problems)
    conn.execute(sa.delete(calendars).where(calendars.c.key == read.key))
    conn.execute(sa.insert(calendars).values(key=read.key, document=dict(document)))
    after_commit(forget)
    for hear in _listeners:
        hear(conn, read.key)
    return read


Hear = Callable[[Connection, str], None]
_listeners: list[Hear] = []


def on_change(hear: Hear) -> None:
    """Have ``hear`` called with the key of every calendar that is saved, in the same transaction.

    With an empty key, if it is not the calendars that changed, but who keeps which.
    """
    if hear not in _listeners:
        _listeners.append(hear)


def reassigned(conn: Connection) -> None:
    """People keep other calendars than before: whoever set deadlines hears of it, with no calendar's key."""
    for hear in _listeners:
        hear(conn, "")


def known() -> dict[str, Calendar]:
    """Every calendar, by key; ``office`` is always among them."""
    return dict(sorted(_calendars().items()))


def save(document: Mapping[str, Any], *, by: str | None) -> Calendar:
    """Put a calendar in force, and write down who did.

    Raises:
        Refused: with all problems of the document.
    """
    with transaction() as conn:
        saved = save_calendar(conn, document)
        acting_as = ActingAs.PERSON if by else ActingAs.SYSTEM
        audit.append(
            conn, "calendars", [Entry("calendar.saved", by, acting_as, {"calendar": dict(document)}, clock.now())]
        )
    return saved


def check_calendar(document: object) -> list[Problem]:
    """All problems of a calendar's document."""
    return read_calendar(document)[1]


def drafted(document: object) -> Calendar | None:
    """The calendar of a document that is not in force, ``None`` if it has problems."""
    return read_calendar(document, **_defaults())[0]


def forget() -> None:
    """Read the calendars anew the next time: they were changed."""
    cache("calendars").clear()


def _calendars() -> Mapping[str, Calendar]:
    remembered = cache("calendars")
    if remembered.get("until", 0.0) < time.monotonic():
        remembered["calendars"] = _read()
        remembered["until"] = time.monotonic() + REMEMBER_SECONDS
    found: Mapping[str, Calendar] = remembered["calendars"]
    return found


def _read() -> dict[str, Calendar]:
    config = _config()
    known = {DEFAULT: standard(config.zone, config.country or None, DEFAULT)}
    for key, document in documents().items():
        read, problems = read_calendar(document, **_defaults())
        if read is None:
            raise Refused.because(problems)
        known[key] = read
    for key, each in known.items():
        known[key] = replace(each, others=known)
    return known


def _config() -> Config:
    config: Config = current_app.extensions["signoff"].config
    return config


def _defaults() -> dict[str, str]:
    config = _config()
    return {"zone": config.time_zone, "country": config.country}
