"""What people wish of messages: over which channels each event reaches them, and when they want to be left alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from .business_time import instant
from .db import reading, transaction
from .errors import Refused
from .people import service as people
from .people.models import persons
from .problems import Problem, pointer
from .text import msg

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Quiet:
    """From when until when of each day nothing is sent; it may pass midnight."""

    start: time
    end: time

    def end_of(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours that hold at ``now`` end; ``None``: there are none now."""
        here = now.astimezone(zone)
        today = here.date()
        for day in (today - timedelta(days=1), today):
            last = day if self.start < self.end else day + timedelta(days=1)
            begins, ends = instant(day, self.start, zone), instant(last, self.end, zone)
            if begins <= now < ends:
                return ends
        return None


@dataclass(frozen=True, slots=True)
class Wishes:
    """``channels`` by event; an event that is not named comes over every channel that needs no asking."""

    channels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    quiet: Quiet | None = None

    def wants(self, event: str, channel: str, *, asked: bool = False) -> bool:
        """Whether the event may come over the channel; ``asked``: the channel must be chosen."""
        chosen = self.channels.get(event)
        return not asked if chosen is None else channel in chosen


NOTHING = Wishes()


def wishes_of(keys: Sequence[str]) -> dict[str, Wishes]:
    """The wishes of people, by key; one statement."""
    statement = sa.select(persons.c.key, persons.c.channels, persons.c.quiet).where(persons.c.key.in_(keys))
    with reading() as conn:
        return {row.key: Wishes(row.channels or {}, _quiet(row.quiet)) for row in conn.execute(statement)}


def _quiet(stored: Any) -> Quiet | None:
    return Quiet(time.fromisoformat(stored["from"]), time.fromisoformat(stored["until"])) if stored else None


def quiet_json(quiet: Quiet | None) -> dict[str, str] | None:
    return {"from": f"{quiet.start:%H:%M}", "until": f"{quiet.end:%H:%M}"} if quiet is not None else None


def read_quiet(start: str, end: str) -> Quiet | None:
    """Quiet hours as they are typed; both empty: none.

    Raises:
        Refused: one of them is no time, or both are the same.
    """
    if not start and not end:
        return None
    problems = [
        Problem(pointer("quiet", name), "wrong_time", msg("%(value)s is no time. Write 22:00.", value=repr(value)))
        for name, value in (("from", start), ("until", end))
        if not _TIME.fullmatch(value)
    ]
    if not problems and start == end:
        problems = [Problem("/quiet/until", "wrong_order", msg("Quiet hours that end when they begin never end."))]
    if problems:
        raise Refused.because(problems)
    return Quiet(time.fromisoformat(start), time.fromisoformat(end))


def save(person: str, channels: Mapping[str, Sequence[str]], quiet: Quiet | None, *, by: str | None) -> None:
    """Keep what somebody wishes from now on."""
    kept = {event: sorted(set(names)) for event, names in sorted(channels.items())}
    with transaction() as conn:
        conn.execute(persons.update().where(persons.c.key == person).values(channels=kept, quiet=quiet_json(quiet)))
        data = {"person": person, "channels": kept, "quiet": quiet_json(quiet)}
        people.changed(conn, "person.channels_saved", data, by=by)
