"""Calendars over HTTP: everybody may read them, administrators write them."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from . import calendar_store, clock
from .api import Blueprint, list_of
from .business_time import Calendar
from .calendars_web import document_of, special_days
from .people.current import current_admin, current_person

blp = Blueprint("api_calendars", __name__, description="Working time")


class CalendarSchema(Schema):
    """``document``: a calendar as ``people/1`` has it."""

    document = fields.Dict(required=True)


class DaysSchema(Schema):
    start = fields.Date(required=True, data_key="from")
    until = fields.Date(required=True)
    works = fields.Boolean(required=True)


class KeptCalendarSchema(Schema):
    """``days``: those of the year that are other than the week says."""

    key = fields.String(required=True)
    document = fields.Dict(required=True)
    days = fields.List(fields.Nested(DaysSchema), required=True)


def _json(calendar: Calendar) -> dict[str, Any]:
    year = request.args.get("year", type=int) or clock.now().year
    document = calendar_store.documents().get(calendar.key) or document_of(calendar)
    special = special_days(calendar, min(max(year, 2000), 2100))
    return {
        "key": calendar.key,
        "document": dict(document),
        "days": [{"from": first.isoformat(), "until": last.isoformat(), "works": on} for first, last, on in special],
    }


@blp.get("/calendars")
@blp.answer(200, list_of(KeptCalendarSchema, "CalendarList"))
@blp.doc(summary="All calendars, with the days of a year that are other than their week says")
def listed() -> ResponseReturnValue:
    current_person()
    return {"items": [_json(each) for each in calendar_store.known().values()], "next": None}


@blp.get("/calendars/<string:calendar>")
@blp.answer(200, KeptCalendarSchema)
@blp.doc(summary="One calendar")
def one(calendar: str) -> ResponseReturnValue:
    current_person()
    return _json(calendar_store.calendar(calendar))


@blp.put("/calendars/<string:calendar>")
@blp.arguments(CalendarSchema)
@blp.answer(200, KeptCalendarSchema)
@blp.doc(summary="Put a calendar in force; deadlines of running requests follow")
def put(body: dict[str, Any], calendar: str) -> ResponseReturnValue:
    by = current_admin().key
    return _json(calendar_store.save({**body["document"], "key": calendar}, by=by))
