"""What the works of schedules would do, were they to run now: whom they would tell, which records they would find."""

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
    since = occasion.now - watched.again if watched.again is not None else None
    with reading() as conn:
        subjects = [watched.subject(record) for record, _ in found]
        known = schedules.known(conn, occasion.schedule.key, subjects, since)
    fresh = [record for record, _ in found if watched.subject(record) not in known]
    lines = tuple(_line(record, occasion) for record in fresh[:LISTED])
    return Trial(min(len(fresh), MOST), len(found) > MOST, lines)


def _line(record: Record, occasion: Occasion) -> Line:
    wanted = occasion.schedule.arguments["then"].get("notify")
    name = " ".join(filter(None, (record.number or f"#{record.id}", record.title)))
    told = watching.told(wanted["to"], record) if wanted else ([], [])
    directory = people.directory()
    names = [getattr(directory.person(key), "name", key) for key in told[0]] + told[1]
    return Line(name, ", ".join(names), path_of("signoff_forms.record", record_id=record.id))
