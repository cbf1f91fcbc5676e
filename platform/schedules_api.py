"""Schedules over HTTP, for administrators."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from . import clock, config, schedules
from .api import Blueprint, list_of
from .db import utc_text
from .definitions import Stored
from .errors import Refused
from .people.current import current_admin
from .problems import Problem
from .schedule_definition import PERSON, Schedule
from .schedule_words import describe, read_times

blp = Blueprint("api_schedules", __name__, description="Schedules: work at certain times")


class ScheduleSchema(Schema):
    """``base_version``: the version it was made from, 0 for none."""

    document = fields.Dict(required=True)
    note = fields.String(load_default="", validate=validate.Length(max=2000))
    base_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class TimesSchema(Schema):
    """``when`` in words or as cron."""

    when = fields.String(required=True, validate=validate.Length(max=200))
    zone = fields.String(load_default=None, allow_none=True)


class RunSchema(Schema):
    """When it was due and done, how many it reached or what went wrong; ``zone`` for those who have their own."""

    zone = fields.String(required=True, allow_none=True)
    due_at = fields.DateTime(required=True)
    at = fields.DateTime(required=True)
    count = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class KeptScheduleSchema(Schema):
    key = fields.String(required=True)
    version = fields.Integer(required=True)
    document = fields.Dict(required=True)
    next = fields.List(fields.DateTime(), required=True)
    runs = fields.List(fields.Nested(RunSchema), required=True)


class KeySchema(Schema):
    key = fields.String(required=True)


class ComingSchema(Schema):
    """The times in words, and the next five."""

    words = fields.Raw(required=True, metadata={"description": "One text, or one for each language"})
    next = fields.List(fields.DateTime(), required=True)


def _json(stored: Stored, schedule: Schedule) -> dict[str, Any]:
    zone = schedule.zone if schedule.zone not in (None, PERSON) else config.current().time_zone
    coming = schedules.next_times(schedule.times, ZoneInfo(str(zone)), clock.now()) if schedule.active else []
    return {
        "key": stored.key,
        "version": stored.version,
        "document": stored.document,
        "next": [utc_text(each) for each in coming],
        "runs": [
            {
                "zone": each.zone,
                "due_at": utc_text(each.due_at),
                "at": utc_text(each.at),
                "count": each.count,
                "error": each.error,
            }
            for each in schedules.last_runs(stored.key)
        ],
    }


@blp.get("/schedules")
@blp.answer(200, list_of(KeptScheduleSchema, "ScheduleList"))
@blp.doc(summary="All schedules, with their next times and last runs")
def listed() -> ResponseReturnValue:
    current_admin()
    return {"items": [_json(*schedules.find(each.key)) for each in schedules.everything()], "next": None}


@blp.get("/schedules/<string:schedule>")
@blp.answer(200, KeptScheduleSchema)
@blp.doc(summary="One schedule")
def one(schedule: str) -> ResponseReturnValue:
    current_admin()
    return _json(*schedules.find(schedule))


@blp.put("/schedules/<string:schedule>")
@blp.arguments(ScheduleSchema)
@blp.answer(200, KeptScheduleSchema)
@blp.doc(summary="Put a schedule in force")
def put(body: dict[str, Any], schedule: str) -> ResponseReturnValue:
    by = current_admin().key
    document = {**body["document"], "key": schedule}
    schedules.publish(document, by=by, note=body["note"], base_version=body["base_version"])
    return _json(*schedules.find(schedule))


@blp.post("/schedules/<string:schedule>/run")
@blp.answer(202, KeySchema)
@blp.doc(summary="Do it once, now")
def run(schedule: str) -> ResponseReturnValue:
    current_admin()
    schedules.run_now(schedule)
    return {"key": schedule}


@blp.post("/schedules/times")
@blp.arguments(TimesSchema)
@blp.answer(200, ComingSchema)
@blp.doc(summary="The next five times of what is written in words or as cron")
def times(body: dict[str, Any]) -> ResponseReturnValue:
    try:
        read = read_times(body["when"])
        zone = ZoneInfo(body["zone"] or config.current().time_zone)
        wrong = schedules.check_times(read)
        coming: list[datetime] = [] if wrong else schedules.next_times(read, zone, clock.now())
    except (ValueError, KeyError) as error:
        raise Refused.because([Problem("/when", "wrong_time", error.args[0])]) from error
    if wrong:
        raise Refused.because([Problem("/when", "wrong_time", wrong)])
    return {"words": describe(read), "next": [utc_text(each) for each in coming]}
