"""What the works of schedules would do, were they to run now: whom they would tell, which records they would find."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice

from ..forms.records import Record
from ..platform import schedules
from ..platform.db import reading
from ..platform.people import service as people
from ..platform.schedules import Line, Occasion, Trial
from . import inbox, watching
from .messages import path_of
from .watching import Watch

LISTED = 20
MOST = 500
"""So many people or records are looked at; beyond, there are “more than” so many."""


def digest(occasion: Occasion) -> Trial:
    """Whoever has something waiting, with how much."""
    asked = occasion.receivers(occasion.schedule.arguments.get("to"))
    found = []
    for person in asked[:MOST]:
        waiting = inbox.count(person)
        if waiting.value:
            found.append(Line(person.name, f"{waiting.value}+" if waiting.capped else str(waiting.value)))
    return Trial(len(found), len(asked) > MOST, tuple(found[:LISTED]))


def report(occasion: Occasion) -> Trial:
    """Everybody who would read it."""
    asked = occasion.receivers(occasion.schedule.arguments.get("to"))
    return Trial(len(asked), False, tuple(Line(each.name, each.email or "") for each in asked[:LISTED]))


def records(occasion: Occasion) -> Trial:
    """The records that it would meet for the first time, with who would be told of each."""
    watched = Watch.of(occasion.schedule.arguments)
    found = list(islice(watching.found(watched, occasion.now), MOST + 1))
    with reading() as conn:
        met = schedules.met(conn, occasion.schedule.key, [watched.subject(record) for record, _ in found])
    fresh = [record for record, since in found if _is_new(watched, record, since, occasion.now, met)]
    lines = tuple(_line(record, occasion) for record in fresh[:LISTED])
    return Trial(min(len(fresh), MOST), len(found) > MOST, lines)


def _is_new(watched: Watch, record: Record, since: datetime, now: datetime, met: Mapping[str, datetime]) -> bool:
    at, before = met.get(watched.subject(record)), watched.told_before(since, now)
    return at is None or (before is not None and at <= before)


def _line(record: Record, occasion: Occasion) -> Line:
    wanted = occasion.schedule.arguments["then"].get("notify")
    name = " ".join(filter(None, (record.number or f"#{record.id}", record.title)))
    told = watching.told(wanted["to"], record) if wanted else ([], [])
    directory = people.directory()
    names = [getattr(directory.person(key), "name", key) for key in told[0]] + told[1]
    return Line(name, ", ".join(names), path_of("signoff_forms.record", record_id=record.id))
