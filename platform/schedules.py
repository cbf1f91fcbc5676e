"""Schedules: work at certain times, as admins define it; the next time of each is a timer like any other.

APScheduler's triggers compute the times, of one moment only: no scheduler holds them, so that any number of workers
can share them and a restart forgets nothing. A time that passed while nothing ran is made up for once, late, or left
out, as the schedule says.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from apscheduler.triggers.cron import CronTrigger
from flask import Flask
from sqlalchemy.engine import Connection

from . import background, calendar_store, clock, config, definitions, timers
from .background import Job, enqueue
from .business_time import Calendar, clocks_change, instant
from .db import reading, transaction, utc_text
from .definitions import Stored
from .errors import NotFound, Refused
from .models import schedule_runs, schedule_seen
from .models import timers as timer_table
from .people import service as people
from .people.directory import Person
from .people.store import upsert
from .problems import Problem
from .receivers import receivers
from .schedule_definition import PERSON, SKIP, Check, Schedule, read_schedule
from .schedule_inputs import Group
from .schedule_words import Times
from .text import LocalText, msg
from .timers import Timer, recurring, timer_handler

KIND = "schedule"
RUN = "schedule.run"
GRACE = timedelta(minutes=10)
"""A run that begins later than this after its time was missed."""

HORIZON = timedelta(days=800)
SECOND = timedelta(seconds=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One run of a schedule. ``at``: the time it was due; ``zone``: that of the people it is for, ``None``: all."""

    schedule: Schedule
    at: datetime
    now: datetime
    zone: str | None

    @property
    def key(self) -> str:
        """The same on every attempt of this run, and of no other."""
        return f"schedule:{self.schedule.key}:{utc_text(self.at)}"

    def receivers(self, to: object) -> tuple[Person, ...]:
        """The active people that ``to`` names, of this run's zone."""
        default = config.current().time_zone
        found = receivers(to)
        return tuple(each for each in found if self.zone is None or (each.zone or default) == self.zone)


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work that schedules can do. ``run`` says how much it did; called again, it must do nothing twice.

    ``groups`` are the inputs of its arguments; without them a page has its JSON. ``rehearse`` changes nothing and
    says what ``run`` would do, ``None``: nobody can say.
    """

    name: str
    label: LocalText
    run: Callable[[Occasion], int]
    check: Check
    example: Mapping[str, Any]
    groups: tuple[Group, ...] = ()
    rehearse: Callable[[Occasion], "Trial"] | None = None


_works: dict[str, Work] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """Something or somebody that a run would be about."""

    text: LocalText
    details: LocalText = ""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a run would do now; ``capped``: there are more than ``count``, ``lines`` are the first of them."""

    count: int
    capped: bool
    lines: tuple[Line, ...]


def init_app(app: Flask) -> None:
    """Nothing to set up: importing this module registers the handlers."""


def register(work: Work) -> Work:
    """Offer a kind of work to schedules; the last one registered under a name holds."""
    _works[work.name] = work
    return work


def works() -> tuple[Work, ...]:
    return tuple(_works[name] for name in sorted(_works))


def checks() -> dict[str, Check]:
    return {work.name: work.check for work in works()}


# --- when


def next_times(times: Times, zone: ZoneInfo, after: datetime, count: int = 5) -> list[datetime]:
    """The next moments after ``after``; fewer where there are no more."""
    found: list[datetime] = []
    for moment in _moments(times, zone, after):
        found.append(moment)
        if len(found) == count:
            break
    return found


def _moments(times: Times, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    calendar: Calendar | None = calendar_store.calendar() if times.working_days else None
    walk = _all_day if times.hour == "*" else _once_a_wall
    for moment in walk(_trigger(times), zone, after):
        if calendar is None or calendar.working(moment.astimezone(zone).date()):
            yield moment


def _once_a_wall(trigger: CronTrigger, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Times of the wall clock, each once, whatever clocks do: the trigger counts a day without changes of clocks."""
    wall, last = _wall(after, zone), after
    while (coming := _next_wall(trigger, wall)) is not None:
        wall, moment = coming, instant(coming.date(), coming.time(), zone)
        if moment > last:
            last = moment
            yield moment


def _all_day(trigger: CronTrigger, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Times in every hour, that are as far apart when clocks change: an hour that comes twice has them twice."""
    wall, moment = _wall(after, zone), after
    while (coming := _next_wall(trigger, wall)) is not None:
        there = moment + (coming - wall)
        if _wall(there, zone) == coming:
            wall, moment = coming, there
            yield there
        else:
            changed = clocks_change(moment, there, zone)
            wall, moment = _wall(changed, zone) - SECOND, changed - SECOND


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall says, as if it never changed."""
    return moment.astimezone(zone).replace(tzinfo=UTC)


def _next_wall(trigger: CronTrigger, wall: datetime) -> datetime | None:
    coming: datetime | None = trigger.get_next_fire_time(wall, wall + SECOND)
    return coming if coming is not None and coming - wall <= HORIZON else None


def _trigger(times: Times) -> CronTrigger:
    return CronTrigger(
        minute=times.minute, hour=times.hour, day=times.day, month=times.month, day_of_week=times.weekday, timezone=UTC
    )


def check_times(times: Times) -> str | None:
    """What APScheduler finds wrong with the fields of cron."""
    try:
        _trigger(times)
    except ValueError as error:
        return str(error)
    return None


def zones_of(schedule: Schedule) -> tuple[str, ...]:
    """The zones in which it runs: one, or that of everybody who is there."""
    default = config.current().time_zone
    if schedule.zone != PERSON:
        return (schedule.zone or default,)
    return tuple(sorted({each.zone or default for each in people.directory().persons.values() if each.active}))


# --- what admins do


def check(document: object) -> list[Problem]:
    """All problems of a schedule's document."""
    schedule, problems = read_schedule(document, checks())
    if schedule is not None and (wrong := check_times(schedule.times)):
        message = msg("%(text)s is no time of a schedule: %(reason)s.", text=repr(schedule.when), reason=wrong)
        problems.append(Problem("/when", "wrong_time", message))
    return problems


def read(document: object) -> Schedule:
    """Raises:
    Refused: with all problems.
    """
    problems = check(document)
    schedule, _ = read_schedule(document, checks())
    if problems or schedule is None:
        raise Refused.because(problems)
    return schedule


def publish(document: Mapping[str, Any], *, by: str | None, note: str = "", base_version: int | None = None) -> Stored:
    """Put a schedule in force, and set its next times.

    Raises:
        Refused: with all problems.
        Conflict: somebody published since ``base_version``.
    """
    schedule = read(document)
    with transaction() as conn:
        before = definitions.current(KIND, schedule.key)
        stored = definitions.publish(KIND, schedule.key, document, by=by, note=note, base_version=base_version)
        if before is None or before.version != stored.version:
            for key in _timers_of(conn, schedule.key):
                timers.clear_timer(conn, key)
            _arrange(conn, schedule, clock.now())
    return stored


def find(key: str) -> tuple[Stored, Schedule]:
    """Raises:
    NotFound: there is no such schedule.
    """
    stored = definitions.current(KIND, key)
    schedule = read_schedule(stored.document)[0] if stored is not None else None
    if stored is None or schedule is None:
        raise NotFound(msg("There is no schedule %(key)s.", key=repr(key)))
    return stored, schedule


def everything() -> list[Schedule]:
    """All schedules in force, by key."""
    found = (read_schedule(stored.document)[0] for stored in definitions.in_force(KIND))
    return [schedule for schedule in found if schedule is not None]


def run_now(key: str) -> None:
    """Do it once, now, whatever its times are."""
    _, schedule = find(key)
    with transaction() as conn:
        for zone in zones_of(schedule):
            _enqueue(conn, schedule, zone, clock.now())


def rehearse(document: Mapping[str, Any]) -> Trial | None:
    """What a schedule would do, were it to run now; ``None`` if its work cannot tell. Nothing is changed.

    Raises:
        Refused: with all problems.
    """
    schedule, now = read(document), clock.now()
    work = _works[schedule.do]
    return work.rehearse(Occasion(schedule, now, now, None)) if work.rehearse is not None else None


# --- the clockwork


def arrange(conn: Connection, now: datetime) -> None:
    """Set the next time of every schedule that has none: people came whose zone is new, or a backup was restored."""
    for schedule in everything():
        _arrange(conn, schedule, now)


recurring("schedules.arrange", timedelta(hours=1))(arrange)


def _arrange(conn: Connection, schedule: Schedule, now: datetime) -> None:
    if not schedule.active:
        return
    known = set(_timers_of(conn, schedule.key))
    for zone in zones_of(schedule):
        if _key(schedule.key, zone) not in known:
            _set(conn, schedule, zone, now)


def _key(schedule: str, zone: str) -> str:
    return f"schedule:{schedule}:{zone}"


def _timers_of(conn: Connection, schedule: str) -> list[str]:
    prefix = timer_table.c.key.startswith(f"schedule:{schedule}:", autoescape=True)
    return list(conn.scalars(sa.select(timer_table.c.key).where(timer_table.c.kind == KIND, prefix)))


def _set(conn: Connection, schedule: Schedule, zone: str, after: datetime) -> None:
    coming = next_times(schedule.times, ZoneInfo(zone), after, 1)
    if coming:
        payload = {"schedule": schedule.key, "zone": zone}
        timers.set_timer(conn, _key(schedule.key, zone), KIND, coming[0], payload)


@timer_handler(KIND)
def fire(conn: Connection, timer: Timer) -> None:
    """The time has come: hand the work to a job, and set the next time. Of many missed times one is made up for."""
    now = clock.now()
    try:
        _, schedule = find(str(timer.payload["schedule"]))
    except NotFound:
        return
    zone = str(timer.payload["zone"])
    if not schedule.active or zone not in zones_of(schedule):
        return
    _set(conn, schedule, zone, max(now, timer.due_at))
    if schedule.missed == SKIP and now - timer.due_at > GRACE:
        log.warning("schedule missed its time", schedule=schedule.key, due_at=utc_text(timer.due_at))
        return
    _enqueue(conn, schedule, zone, timer.due_at)


def _enqueue(conn: Connection, schedule: Schedule, zone: str, at: datetime) -> None:
    payload = {"schedule": schedule.key, "zone": zone, "at": utc_text(at)}
    enqueue(conn, RUN, payload, key=f"schedule:{schedule.key}:{zone}:{utc_text(at)}")


@background.handler(RUN)
def run(job: Job) -> None:
    """Do the work of one time, and write down how it went."""
    try:
        _, schedule = find(str(job.payload["schedule"]))
    except NotFound:
        return
    work = _works.get(schedule.do)
    if work is None:
        raise background.GiveUp(f"no work {schedule.do!r}; is its plugin installed?")
    at, zone = datetime.fromisoformat(job.payload["at"]), str(job.payload["zone"])
    occasion = Occasion(schedule, at, clock.now(), zone if schedule.zone == PERSON else None)
    try:
        count = work.run(occasion)
    except Exception as error:
        _ran(occasion, zone, 0, background.describe(error))
        raise
    _ran(occasion, zone, count, None)


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the last run of a schedule in a zone went; ``count`` is how much it did."""

    zone: str
    due_at: datetime
    at: datetime
    count: int
    error: str | None


def _ran(occasion: Occasion, zone: str, count: int, error: str | None) -> None:
    row = {
        "schedule": occasion.schedule.key,
        "zone": zone,
        "due_at": occasion.at,
        "at": occasion.now,
        "count": count,
        "error": error,
    }
    with transaction() as conn:
        upsert(conn, schedule_runs, row)


def last_runs(key: str) -> list[LastRun]:
    """How the last run went, in each zone."""
    columns = [schedule_runs.c[name] for name in LastRun.__slots__]
    statement = sa.select(*columns).where(schedule_runs.c.schedule == key).order_by(schedule_runs.c.zone)
    with reading() as conn:
        return [LastRun(*row) for row in conn.execute(statement)]


_SEE = sa.text(
    "INSERT INTO signoff_schedule_seen (schedule, subject, at) VALUES (:schedule, :subject, :at) "
    "ON CONFLICT (schedule, subject) DO UPDATE SET at = excluded.at WHERE signoff_schedule_seen.at <= :before "
    "RETURNING subject"
).bindparams(
    sa.bindparam("at", type_=schedule_seen.c.at.type),
    sa.bindparam("before", type_=schedule_seen.c.at.type),
)


def is_new(conn: Connection, schedule: str, subject: str, now: datetime, before: datetime | None = None) -> bool:
    """Whether a schedule meets ``subject`` for the first time, or met it last ``before`` a time; from now on it did."""
    values = {"schedule": schedule, "subject": subject, "at": now, "before": before or now - timedelta(days=36500)}
    return conn.execute(_SEE, values).first() is not None


def met(conn: Connection, schedule: str, subjects: Sequence[str]) -> dict[str, datetime]:
    """When a schedule met those of ``subjects`` that it met already."""
    seen = schedule_seen.c
    rows = conn.execute(sa.select(seen.subject, seen.at).where(seen.schedule == schedule, seen.subject.in_(subjects)))
    return {row.subject: row.at for row in rows}
