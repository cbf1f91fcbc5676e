"""The pages of schedules: all of them with their next times, and one, as a form and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from . import clock, config, definitions, json, schedules
from .errors import Refused, SignoffError
from .people.current import current_admin
from .people.directory import ADMIN
from .problems import Problem
from .schedule_definition import PERSON, SCHEMA, Schedule, read_schedule
from .schedule_words import describe, read_times
from .text import local
from .web import menus
from .web.language import language
from .web.menus import MenuEntry

bp = Blueprint("signoff_schedules", __name__)

menus.add(
    MenuEntry(
        "schedules",
        _l("Schedules"),
        "signoff_schedules.index",
        "calendar-event",
        roles=(ADMIN,),
        order=300,
        also=("signoff_schedules.show", "signoff_schedules.add"),
    )
)

Document = dict[str, Any]


@bp.get("/schedules")
def index() -> ResponseReturnValue:
    current_admin()
    rows = [
        {
            "schedule": each,
            "when": describe(each.times),
            "next": next(iter(_coming(each, 1)), None) if each.active else None,
            "runs": schedules.last_runs(each.key),
        }
        for each in schedules.everything()
    ]
    return render_template("signoff/platform/schedules/index.html", rows=rows)


def _coming(schedule: Schedule, count: int = 5) -> list[datetime]:
    """The next times; of one that runs in everybody's zone, those of the installation's."""
    name = schedule.zone if schedule.zone not in (None, PERSON) else config.current().time_zone
    return schedules.next_times(schedule.times, ZoneInfo(str(name)), clock.now(), count)


@bp.get("/schedules/add")
def add() -> ResponseReturnValue:
    current_admin()
    works = {work.name: work for work in schedules.works()}
    work = works.get(request.args.get("do", "")) or works["digest"]
    document = {
        "schema": SCHEMA,
        "key": "",
        "title": dict(work.label) if not isinstance(work.label, str) else work.label,
        "when": local(describe(read_times("every working day 09:00")), language()),
        "do": work.name,
        "with": dict(work.example),
    }
    return _page(None, document)


@bp.post("/schedules/add")
def create() -> ResponseReturnValue:
    return _save(None)


@bp.get("/schedules/<string:key>")
def show(key: str) -> ResponseReturnValue:
    current_admin()
    stored, _schedule = schedules.find(key)
    return _page(key, stored.document)


@bp.post("/schedules/<string:key>")
def save(key: str) -> ResponseReturnValue:
    schedules.find(key)
    return _save(key)


@bp.post("/schedules/<string:key>/run")
def run(key: str) -> ResponseReturnValue:
    """Do it once, now."""
    current_admin()
    schedules.run_now(key)
    flash(_("It runs now. Load this page again to see how it went."))
    return redirect(url_for(".show", key=key), code=303)


def _save(key: str | None) -> ResponseReturnValue:
    by = current_admin().key
    try:
        document = _written(key)
    except SignoffError as error:
        return _page(key, _typed(key), error.problems or (Problem("/with", error.code, error.message),)), 422
    if request.form.get("do_what") == "preview":
        return _page(key, document, schedules.check(document))
    try:
        stored = schedules.publish(
            document, by=by, note=request.form.get("note", ""), base_version=request.form.get("base_version", type=int)
        )
    except Refused as refused:
        return _page(key, document, refused.problems), 422
    flash(_("The schedule is in force."))
    return redirect(url_for(".show", key=stored.key), code=303)


def _typed(key: str | None) -> Document:
    """What the plain form holds, without what it says in JSON."""
    form = request.form
    english, chinese = form.get("title_en", "").strip(), form.get("title_zh", "").strip()
    document: Document = {
        "schema": SCHEMA,
        "key": key or form.get("key", "").strip(),
        "title": {"en": english, "zh": chinese} if chinese else english,
        "when": form.get("when", ""),
        "missed": form.get("missed", "once"),
        "active": "active" in form,
        "do": form.get("do", ""),
    }
    zone = form.get("zone", "").strip()
    return {**document, "zone": zone} if zone else document


def _written(key: str | None) -> Document:
    """The whole document: from its JSON where that was edited, else from the form.

    Raises:
        Malformed: the JSON is none.
    """
    if request.form.get("as_json"):
        document = json.parse_object(request.form.get("document", ""))
        return {**document, "key": key} if key else document
    typed = _typed(key)
    arguments = request.form.get("with", "").strip()
    return {**typed, "with": json.parse_object(arguments)} if arguments else typed


def _page(key: str | None, document: Document, problems: Sequence[Problem] = ()) -> str:
    # one that has no key yet has its times all the same
    schedule = read_schedule({**document, "key": document.get("key") or "new"}, schedules.checks())[0]
    stored = definitions.current(schedules.KIND, key) if key else None
    return render_template(
        "signoff/platform/schedules/show.html",
        key=key,
        document=document,
        title=_title(document.get("title")),
        arguments=json.pretty(document.get("with", {})).rstrip(),
        text=json.pretty(document).rstrip(),
        problems=problems,
        works=schedules.works(),
        zones=sorted(available_timezones()),
        coming=_coming(schedule) if schedule is not None and not problems else [],
        in_words=describe(schedule.times) if schedule is not None else None,
        everybody=document.get("zone") == PERSON,
        stored=stored,
        versions=definitions.versions(schedules.KIND, key) if key else [],
        runs=schedules.last_runs(key) if key else [],
    )


def _title(title: Any) -> dict[str, str]:
    return dict(title) if isinstance(title, dict) else {"en": str(title or ""), "zh": ""}
