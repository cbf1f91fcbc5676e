"""What schedules can do with requests: tell people each morning, report each week, look after what stands still."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms import conditions, listing, records
from ..forms import service as filing
from ..forms.records import DRAFT, STATUSES, Record
from ..forms.types import kinds_of
from ..platform import notifications, schedules
from ..platform.db import reading, transaction, utc_text
from ..platform.durations import parse_duration
from ..platform.errors import NotFound
from ..platform.notifications import Template
from ..platform.people.directory import Person
from ..platform.problems import Problem, pointer
from ..platform.schedules import Occasion, Work
from ..platform.text import LocalText, local, msg
from . import inbox, reports, store, survey
from .inbox import Filter
from .messages import STATUS, path_of
from .reports import Question

LISTED = 10
WEEK = "P7D"
MOST_RECORDS = 50_000
"""A run looks at so many records at most; a condition that meets more is too wide."""

TEMPLATES = (
    Template(
        key="digest",
        title={
            "en": "Waiting for you: {count}, overdue: {overdue}",
            "zh": "有 {count} 项待办，其中 {overdue} 项已逾期",
        },
        body={"en": "{lines}\n{more}", "zh": "{lines}\n{more}"},
        event="digest",
    ),
    Template(
        key="report",
        title={"en": "{schedule}: {count} requests since {since}", "zh": "{schedule}：{since} 以来共 {count} 项申请"},
        body={"en": "{lines}\nOpen and overdue now: {overdue}", "zh": "{lines}\n当前逾期：{overdue}"},
        event="report",
    ),
    Template(
        key="standstill",
        title={"en": "{title} {number}: {schedule}", "zh": "{title} {number}：{schedule}"},
        body={"en": "{summary}\nNothing has moved since {since}.", "zh": "{summary}\n自 {since} 起没有进展。"},
        event="record.standstill",
    ),
    Template(
        key="survey",
        title={"en": "How did we do? {number}", "zh": "您对 {number} 的处理满意吗？"},
        body={
            "en": "Your request is settled. Would you tell us how it went? It takes a minute.\n{survey_url}",
            "zh": "您的申请已处理完毕，欢迎用一分钟告诉我们您的感受。\n{survey_url}",
        },
        event="record.survey",
    ),
)


EVENTS: Mapping[str, LocalText] = {
    "digest": {"en": "What waits for me, each morning", "zh": "每日待办摘要"},
    "report": {"en": "Reports", "zh": "统计报告"},
    "record.standstill": {"en": "A record stands still", "zh": "记录长时间没有进展"},
    "record.survey": {"en": "Surveys", "zh": "满意度调查"},
}


def init_app(_app: Flask) -> None:
    """Offer the works and their templates."""
    notifications.name_events(EVENTS)
    for template in TEMPLATES:
        notifications.register_template(template)
    for work in WORKS:
        schedules.register(work)


# --- what waits for me


def digest(occasion: Occasion) -> int:
    """Tell everybody what waits for them; nobody hears that nothing does."""
    told = 0
    for person in occasion.receivers(occasion.schedule.arguments.get("to")):
        waiting = inbox.count(person)
        if waiting.value:
            _send(occasion, person, "digest", _digest(person, waiting), path_of("signoff_flows.inbox"))
            told += 1
    return told


def _digest(person: Person, waiting: inbox.Count) -> dict[str, Any]:
    found = inbox.find(person, Filter(), limit=LISTED).items
    with reading() as conn:
        rows = records.rows(conn, {each.task.record_id for each in found})
        about = {each.id: each for each in records.complete(conn, list(rows.values()))}
    left = waiting.value - len(found)
    return {
        "count": f"{waiting.value}+" if waiting.capped else str(waiting.value),
        "overdue": str(inbox.count(person, Filter(overdue=True)).value),
        "lines": "\n".join(_line(about[each.task.record_id]) for each in found if each.task.record_id in about),
        "more": {"en": f"… and {left} more", "zh": f"……另有 {left} 项"} if left > 0 else "",
    }


def _line(record: Record) -> str:
    return " ".join(filter(None, (record.number or f"#{record.id}", record.title)))


# --- how it went


def report(occasion: Occasion) -> int:
    """Tell people how many requests there were, of what they may count."""
    since = occasion.at - parse_duration(str(occasion.schedule.arguments.get("period", WEEK)))
    form = occasion.schedule.arguments.get("form")
    told = 0
    for person in occasion.receivers(occasion.schedule.arguments.get("to")):
        rows = reports.answer("requests", Question(form=form, since=since), person)
        count = sum(row["count"] for row in rows)
        data = {
            "count": str(count),
            "since": utc_text(since),
            "lines": {language: _report_lines(rows, language) for language in ("en", "zh")},
            "overdue": str(sum(row.get("count", 0) for row in reports.answer("overdue", Question(form=form), person))),
        }
        _send(occasion, person, "report", data, path_of("signoff_flows.dashboard"))
        told += 1
    return told


def _report_lines(rows: list[reports.Row], language: str) -> str:
    return "\n".join(f"{local(STATUS.get(row['status'], row['status']), language)}: {row['count']}" for row in rows)


def _send(occasion: Occasion, person: Person, template: str, data: Mapping[str, Any], link: str) -> None:
    with transaction() as conn:
        notifications.send(
            conn,
            template=template,
            key=f"{occasion.key}:{person.key}",
            people=(person.key,),
            data={"schedule": occasion.schedule.title, **data},
            link=link,
        )


# --- records that stand still, or came to their end


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


def _duration(text: object) -> timedelta | None:
    return parse_duration(text) if isinstance(text, str) else None


def watch(occasion: Occasion) -> int:
    """Do what follows for every record that is found, each in a transaction of its own, once."""
    watched = Watch.of(occasion.schedule.arguments)
    then: Mapping[str, Any] = occasion.schedule.arguments["then"]
    done = 0
    for record, since in _found(watched, occasion.now):
        subject = f"record:{record.id}:{record.revision}" if watched.unchanged else f"record:{record.id}"
        with transaction() as conn:
            if schedules.is_new(conn, occasion.schedule.key, subject, occasion.now, watched.again):
                _follow(conn, occasion, record, then, since)
                done += 1
    return done


def _found(watched: Watch, now: datetime) -> Iterator[tuple[Record, datetime]]:
    """The records, each with the time since when nothing happened, or it was over."""
    for status in watched.statuses:
        after: str | None = None
        for _ in range(MOST_RECORDS // 200):
            page = listing.find(watched.form, by=None, where=watched.where, status=status, after=after, limit=200)
            yield from _long_enough(page.items, watched, now)
            if page.next is None:
                break
            after = page.next


def _long_enough(found: tuple[Record, ...], watched: Watch, now: datetime) -> Iterator[tuple[Record, datetime]]:
    ends: dict[int, datetime] = {}
    if watched.ended is not None:
        with reading() as conn:
            runs = store.runs_of_records(conn, [each.id for each in found])
        ends = {record: run.ended_at for record, run in runs.items() if run.ended_at is not None}
    for record in found:
        since = ends.get(record.id) if watched.ended is not None else record.updated_at
        length = watched.ended if watched.ended is not None else (watched.unchanged or timedelta(0))
        if since is not None and since <= now - length:
            yield record, since


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
    people, addresses = _told(wanted["to"], record)
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


def _told(to: list[Mapping[str, str]], record: Record) -> tuple[list[str], list[str]]:
    """People by key, and addresses of e-mail: of a field whatever of the two it holds."""
    people: list[str] = [each.key for each in schedules.receivers([each for each in to if "field" not in each])]
    addresses: list[str] = []
    for each in to:
        name = each.get("field")
        value = record.submitted_by if name == "submitter" else record.stored.get(name or "")
        if isinstance(value, str) and value:
            (addresses if "@" in value else people).append(value)
    return people, addresses


# --- what is wrong with what admins write


def _check_digest(arguments: Mapping[str, Any]) -> list[Problem]:
    return schedules.check_keys(arguments, ("to",)) + schedules.check_receivers(arguments.get("to"))


def _check_report(arguments: Mapping[str, Any]) -> list[Problem]:
    found = schedules.check_keys(arguments, ("to", "period", "form"))
    found += schedules.check_receivers(arguments.get("to"))
    if arguments.get("to") is None:
        found.append(Problem("/to", "missing", msg("“to” is missing. Say who reads the report.")))
    return found + _check_durations(arguments, "period") + _check_form(arguments, optional=True)


def _check_watch(arguments: Mapping[str, Any]) -> list[Problem]:
    known = ("form", "where", "status", "unchanged_for", "ended_for", "again", "then")
    found = schedules.check_keys(arguments, known)
    found += _check_form(arguments) + _check_durations(arguments, "unchanged_for", "ended_for", "again")
    for status in arguments.get("status") or ():
        if status not in STATUSES:
            known_ones = ", ".join(STATUSES)
            found.append(
                Problem(
                    "/status",
                    "not_offered",
                    msg("“%(key)s” must be one of: %(known)s.", key="status", known=known_ones),
                )
            )
    return found + _check_then(arguments.get("then"))


def _check_durations(arguments: Mapping[str, Any], *names: str) -> list[Problem]:
    found = []
    for name in names:
        if name in arguments:
            try:
                parse_duration(arguments[name])
            except ValueError as error:
                found.append(Problem(pointer(name), "wrong_duration", error.args[0]))
    return found


def _check_form(arguments: Mapping[str, Any], *, optional: bool = False) -> list[Problem]:
    """The form must be in force, and the condition one of its fields; where nothing is known, neither is looked at."""
    key = arguments.get("form")
    if key is None and optional:
        return []
    if not isinstance(key, str):
        return [Problem("/form", "missing", msg("“form” is missing. Name the form of the records."))]
    try:
        form = forms.program(key).form
    except NotFound as error:
        return [Problem("/form", "unknown_form", error.message)]
    where = arguments.get("where")
    return list(conditions.parse(where, kinds_of(form), "/where")[1]) if where is not None else []


def _check_then(then: object) -> list[Problem]:
    if not isinstance(then, Mapping) or not set(then) <= {"notify", "open"} or not then:
        return [Problem("/then", "wrong_type", _THEN)]
    found: list[Problem] = []
    opening, telling = then.get("open"), then.get("notify")
    if opening is not None:
        if not isinstance(opening, Mapping) or not isinstance(opening.get("values", {}), Mapping):
            found.append(Problem("/then/open", "wrong_type", _THEN))
        else:
            found += [each.below("/then/open") for each in _check_form({"form": opening.get("form")})]
    if telling is not None:
        found += [each.below("/then/notify") for each in _check_notify(telling)]
    return found


def _check_notify(telling: object) -> list[Problem]:
    if not isinstance(telling, Mapping) or not isinstance(telling.get("to"), list) or not telling["to"]:
        return [Problem("", "wrong_type", _THEN)]
    others = [each for each in telling["to"] if not (isinstance(each, Mapping) and set(each) == {"field"})]
    found = schedules.check_keys(telling, ("to", "template", "ask"))
    found += schedules.check_receivers(others) if others else []
    known = {template.key for template in notifications.templates()}
    if "template" in telling and telling["template"] not in known:
        message = msg(
            "No template %(key)s. Known: %(known)s.", key=repr(telling["template"]), known=", ".join(sorted(known))
        )
        found.append(Problem("/template", "unknown_template", message))
    return found


_THEN = msg(
    'What follows is {"notify": {"to": [{"role": "service"}, {"field": "customer_email"}]}} or '
    '{"open": {"form": "call_back", "values": {}}}.'
)


def _work(name: str, label: LocalText, example: Mapping[str, Any], parts: tuple[Any, Any]) -> Work:
    run, check = parts
    return Work(name=name, label=label, run=run, check=check, example=example)


WORKS = (
    _work(
        "digest",
        {"en": "Tell people what waits for them", "zh": "每人的待办摘要"},
        {"to": [{"role": "service"}]},
        (digest, _check_digest),
    ),
    _work(
        "report",
        {"en": "Report how many requests there were", "zh": "申请统计报告"},
        {"to": [{"role": "finance"}], "period": WEEK},
        (report, _check_report),
    ),
    _work(
        "records",
        {"en": "Look after records", "zh": "跟进记录"},
        {
            "form": "refund",
            "status": ["open"],
            "unchanged_for": "P5D",
            "then": {"notify": {"to": [{"role": "service"}]}},
        },
        (watch, _check_watch),
    ),
)
