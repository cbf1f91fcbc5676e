"""The pages of calendars: working hours, days on and off, and the holidays of a year."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from . import calendar_store, calendar_year, clock
from .business_time import WEEKDAYS, Calendar
from .calendars import CalendarDocument
from .errors import Refused
from .people.current import current_admin, current_zone
from .people.directory import ADMIN
from .problems import Problem
from .web import menus
from .web.language import language
from .web.menus import MenuEntry

bp = Blueprint("signoff_calendars", __name__)

menus.add(
    MenuEntry(
        "calendars",
        _l("Calendars"),
        "signoff_calendars.index",
        "calendar3",
        roles=(ADMIN,),
        order=290,
        also=("signoff_calendars.show", "signoff_calendars.add"),
    )
)
_SPLIT = re.compile(r"[,，;；\s]+")
NAMES = dict(
    zip(
        WEEKDAYS,
        (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday")),
        strict=True,
    )
)


@bp.get("/calendars")
def index() -> ResponseReturnValue:
    current_admin()
    return render_template("signoff/platform/calendars/index.html", calendars=calendar_store.known().values())


@bp.get("/calendars/add")
def add() -> ResponseReturnValue:
    current_admin()
    usual = calendar_store.calendar()
    document = {**document_of(usual), "key": "", "name": {"en": "", "zh": ""}, "days_on": [], "days_off": []}
    return _page(None, document)


@bp.post("/calendars/add")
def create() -> ResponseReturnValue:
    by = current_admin().key
    document = _typed(request.form.get("key", "").strip())
    if request.form.get("do_what") == "redraw":
        return _page(None, document)
    if document["key"] in calendar_store.known():
        taken = Problem("/key", "taken", _("There is a calendar of this key already. Choose another key."))
        return _page(None, document, (taken,)), 422
    return _save(None, document, by)


@bp.get("/calendars/<string:key>")
def show(key: str) -> ResponseReturnValue:
    current_admin()
    found = calendar_store.calendar(key)
    return _page(key, dict(calendar_store.documents().get(key) or document_of(found)))


@bp.post("/calendars/<string:key>")
def save(key: str) -> ResponseReturnValue:
    by = current_admin().key
    calendar_store.calendar(key)
    if request.form.get("do_what") == "redraw":
        return _page(key, _typed(key))
    return _save(key, _typed(key), by)


def _save(key: str | None, document: dict[str, Any], by: str) -> ResponseReturnValue:
    try:
        saved = calendar_store.save(document, by=by)
    except Refused as refused:
        return _page(key, document, refused.problems), 422
    flash(_("The calendar is saved. Deadlines of running requests follow within a minute."))
    return redirect(url_for(".show", key=saved.key), code=303)


def document_of(calendar: Calendar) -> CalendarDocument:
    """A calendar as it would be written; of its days of its own, those that can be told."""
    return {
        "key": calendar.key,
        "name": calendar.name if isinstance(calendar.name, str) else dict(calendar.name),
        "zone": calendar.zone.key,
        "country": calendar.country or "",
        "hours": {
            name: [[_clock(span.start), _clock(span.end)] for span in spans]
            for name, spans in zip(WEEKDAYS, calendar.hours, strict=True)
            if spans
        },
        "days_on": [],
        "days_off": [],
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _typed(key: str) -> dict[str, Any]:
    form = request.form
    english, chinese = form.get("name_en", "").strip(), form.get("name_zh", "").strip()
    hours = {name: _spans(form.get(f"hours_{name}", "")) for name in WEEKDAYS}
    return {
        "key": key,
        "name": {"en": english, "zh": chinese} if chinese else english,
        "zone": form.get("zone", "").strip(),
        "country": form.get("country", "").strip(),
        "hours": {name: spans for name, spans in hours.items() if spans},
        "days_on": [each for each in _SPLIT.split(form.get("days_on", "")) if each],
        "days_off": [each for each in _SPLIT.split(form.get("days_off", "")) if each],
    }


def _spans(text: str) -> list[list[str]]:
    """``09:00-12:00, 13:00-18:00``"""
    parts = [each for each in _SPLIT.split(text.replace("–", "-").replace("：", ":")) if each]
    return [part.split("-") for part in parts]


def _page(key: str | None, document: dict[str, Any], problems: Sequence[Problem] = ()) -> str:
    year = request.values.get("year", type=int) or clock.now().astimezone(current_zone()).year
    year = min(max(year, 2000), 2100)
    name = document.get("name", "")
    drawn = calendar_store.drafted({**document, "key": document.get("key") or "new", "name": "-"})
    return render_template(
        "signoff/platform/calendars/show.html",
        key=key,
        document=document,
        name=dict(name) if isinstance(name, dict) else {"en": name, "zh": ""},
        hours={day: ", ".join("-".join(span) for span in document.get("hours", {}).get(day, ())) for day in WEEKDAYS},
        weekdays=NAMES,
        zones=sorted(available_timezones()),
        problems=problems,
        year=year,
        today=clock.now().astimezone(current_zone()).date(),
        countries=calendar_year.countries(language()),
        parts=calendar_year.parts_of(str(document.get("country") or "")),
        months=calendar_year.months(drawn, year, language()) if drawn is not None else (),
        others=calendar_year.others(drawn, year, language()) if drawn is not None else (),
    )


def special_days(calendar: Calendar, year: int) -> list[tuple[date, date, bool]]:
    """Days of a year on which a calendar is other than its week says: first, last, and whether people work."""
    found: list[tuple[date, date, bool]] = []
    for each in calendar_year.others(calendar, year, "en"):
        before = found[-1] if found else None
        if before is not None and before[1] == each.first - timedelta(days=1) and before[2] == each.works:
            found[-1] = (before[0], each.last, each.works)
        else:
            found.append((each.first, each.last, each.works))
    return found
