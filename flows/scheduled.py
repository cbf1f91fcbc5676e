"""What schedules can do with requests: tell people each morning, report each week, look after what stands still."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from ..forms import records
from ..forms.records import Record
from ..platform import notifications, schedules
from ..platform.db import reading, transaction, utc_text
from ..platform.durations import parse_duration
from ..platform.notifications import Template
from ..platform.people.directory import Person
from ..platform.schedules import Occasion, Work
from ..platform.text import LocalText, local
from . import inbox, reports, scheduled_checks, scheduled_inputs, scheduled_trials, watching
from .inbox import Filter
from .messages import STATUS, path_of
from .reports import Question

LISTED = 10
WEEK = "P7D"

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


WORKS = (
    Work(
        name="digest",
        label={"en": "Tell people what waits for them", "zh": "每人的待办摘要"},
        run=digest,
        check=scheduled_checks.check_digest,
        example={"to": [{"role": "service"}]},
        groups=scheduled_inputs.DIGEST,
        rehearse=scheduled_trials.digest,
    ),
    Work(
        name="report",
        label={"en": "Report how many requests there were", "zh": "申请统计报告"},
        run=report,
        check=scheduled_checks.check_report,
        example={"to": [{"role": "finance"}], "period": WEEK},
        groups=scheduled_inputs.REPORT,
        rehearse=scheduled_trials.report,
    ),
    Work(
        name="records",
        label={"en": "Look after records", "zh": "跟进记录"},
        run=watching.watch,
        check=scheduled_checks.check_watch,
        example={
            "form": "refund",
            "status": ["open"],
            "unchanged_for": "P5D",
            "then": {"notify": {"to": [{"role": "service"}]}},
        },
        groups=scheduled_inputs.RECORDS,
        rehearse=scheduled_trials.records,
    ),
)
