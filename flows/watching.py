"""The work ``records`` of schedules: what follows for records that stand still, or came to their end some time ago."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms import listing
from ..forms import service as filing
from ..forms.records import DRAFT, STATUSES, Record
from ..platform import notifications, schedules
from ..platform.acting import ActingAs
from ..platform.db import reading, transaction, utc_text
from ..platform.durations import parse_duration
from ..platform.errors import SignoffError
from ..platform.models import audit_entries
from ..platform.receivers import receivers
from ..platform.schedules import Occasion
from . import store, survey
from .messages import path_of

MOST_RECORDS = 50_000
"""A run looks at so many records at most; a condition that meets more is too wide."""

_NO_MOVE = ("deadline.moved", "run.urged", "survey.answered")
"""What is written into the history of a request that goes no further by it; so is what a deadline did."""

_MOVED = (
    sa.select(audit_entries.c.chain, sa.func.max(audit_entries.c.at))
    .where(
        audit_entries.c.chain.in_(sa.bindparam("chains", expanding=True)),
        # of what one transaction tells, the first entry says who began it
        sa.or_(audit_entries.c.acting_as != ActingAs.TIMER.value, audit_entries.c.event == "wait.over"),
        audit_entries.c.event.not_in(_NO_MOVE),
    )
    .group_by(audit_entries.c.chain)
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Watch:
    """Which records are looked for; ``unchanged`` since, or whose flow ``ended`` before, so long ago."""

    form: str
    where: Any
    statuses: tuple[str, ...]
    unchanged: timedelta | None
    ended: timedelta | None
    again: timedelta | None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "Watch":
        durations = (_duration(arguments.get(name)) for name in ("unchanged_for", "ended_for", "again"))
        statuses = tuple(arguments.get("status") or (each for each in STATUSES if each != DRAFT))
        return cls(str(arguments["form"]), arguments.get("where"), statuses, *durations)

    def subject(self, record: Record) -> str:
        """What a schedule remembers of a record: this revision of it, where it is about standing still."""
        return f"record:{record.id}:{record.revision}" if self.unchanged else f"record:{record.id}"

    def told_before(self, since: datetime, now: datetime) -> datetime | None:
        """What was told last before this is told anew: the record moved since, or the time to do it again has come."""
        again = now - self.again if self.again is not None else None
        return max(filter(None, (again, since if self.unchanged else None)), default=None)


def _duration(text: object) -> timedelta | None:
    return parse_duration(text) if isinstance(text, str) else None


def watch(occasion: Occasion) -> int:
    """Do what follows for every record that is found, each in a transaction of its own, once.

    Raises:
        SignoffError: what follows is refused for a record; the others are not held up by it.
    """
    watched = Watch.of(occasion.schedule.arguments)
    done, refused = 0, None
    for record, since in found(watched, occasion.now):
        try:
            done += _follow_once(occasion, watched, record, since)
        except SignoffError as error:
            log.warning("schedule refused", schedule=occasion.schedule.key, record=record.id, reason=error.message)
            refused = refused or error
    if refused is not None:
        raise refused
    return done


def _follow_once(occasion: Occasion, watched: Watch, record: Record, since: datetime) -> bool:
    with transaction() as conn:
        subject, before = watched.subject(record), watched.told_before(since, occasion.now)
        if not schedules.is_new(conn, occasion.schedule.key, subject, occasion.now, before):
            return False
        _follow(conn, occasion, record, occasion.schedule.arguments["then"], since)
    return True


def found(watched: Watch, now: datetime) -> Iterator[tuple[Record, datetime]]:
    """The records, each with the time since when nothing happened, or it was over."""
    for status in watched.statuses:
        after: str | None = None
        for _ in range(MOST_RECORDS // 200):
            page = listing.find(watched.form, by=None, where=watched.where, status=status, after=after, limit=200)
            yield from _long_enough(page.items, watched, now)
            if page.next is None:
                break
            after = page.next


def _long_enough(page: tuple[Record, ...], watched: Watch, now: datetime) -> Iterator[tuple[Record, datetime]]:
    length = watched.ended if watched.ended is not None else (watched.unchanged or timedelta(0))
    since_of = _ends(page) if watched.ended is not None else _last_moves(page, now - length)
    for record in page:
        since = since_of.get(record.id)
        if since is not None and since <= now - length:
            yield record, since


def _ends(page: tuple[Record, ...]) -> dict[int, datetime]:
    with reading() as conn:
        runs = store.runs_of_records(conn, [each.id for each in page])
    return {record: run.ended_at for record, run in runs.items() if run.ended_at is not None}


def _last_moves(page: tuple[Record, ...], before: datetime) -> dict[int, datetime]:
    """When each record moved last, its values or its flow, of those whose values did not change since ``before``."""
    still = [each for each in page if each.updated_at <= before]
    if not still:
        return {}
    with reading() as conn:
        moved = {row[0]: row[1] for row in conn.execute(_MOVED, {"chains": [each.chain for each in still]})}
    return {each.id: max(each.updated_at, moved.get(each.chain, each.updated_at)) for each in still}


def _follow(conn: Connection, occasion: Occasion, record: Record, then: Mapping[str, Any], since: datetime) -> None:
    if "open" in then:
        wanted = then["open"]
        values = {key: _value(value, record) for key, value in wanted.get("values", {}).items()}
        filing.submit(wanted["form"], values, by=None, as_system=True)
    if "notify" in then:
        _notify(conn, occasion, record, then["notify"], since)


def _value(value: Any, record: Record) -> Any:
    """A literal, or what a field of the record holds; ``id`` and ``number`` are its own."""
    if not isinstance(value, Mapping) or set(value) != {"field"}:
        return value
    own = {"id": record.id, "number": record.number}
    return own.get(value["field"], record.stored.get(value["field"]))


def _notify(conn: Connection, occasion: Occasion, record: Record, wanted: Mapping[str, Any], since: datetime) -> None:
    people, addresses = told(wanted["to"], record)
    notifications.send(
        conn,
        template=wanted.get("template", "standstill"),
        key=f"{occasion.key}:{record.id}",
        people=people,
        addresses=addresses,
        data={
            "title": forms.program(record.form, record.version).form.title,
            "number": record.number or f"#{record.id}",
            "summary": record.title,
            "schedule": occasion.schedule.title,
            "since": utc_text(since),
            "survey_url": _survey_url(record, wanted.get("ask")),
        },
        link=path_of("signoff_forms.record", record_id=record.id),
        thread=record.chain,
    )


def _survey_url(record: Record, ask: str | None) -> str:
    """The public form that asks, where one is named; else the survey of this very record."""
    if ask:
        return notifications.absolute(path_of("signoff_forms.public", form_key=ask))
    return survey.link_of(record.id)


def told(to: list[Mapping[str, str]], record: Record) -> tuple[list[str], list[str]]:
    """People by key, and addresses of e-mail: of a field whatever of the two it holds."""
    people: list[str] = [each.key for each in receivers([each for each in to if "field" not in each])]
    addresses: list[str] = []
    for each in to:
        name = each.get("field")
        value = record.submitted_by if name == "submitter" else record.stored.get(name or "")
        if isinstance(value, str) and value:
            (addresses if "@" in value else people).append(value)
    return people, addresses
