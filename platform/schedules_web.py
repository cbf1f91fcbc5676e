"""The pages of schedules: all of them with their next times, and one: its arguments as inputs, its times as typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from . import clock, config, definitions, json, schedules
from .errors import Refused, SignoffError
from .keys import key_of
from .people.current import current_admin
from .people.directory import ADMIN
from .problems import Problem
from .schedule_definition import PERSON, SCHEMA, Schedule, read_schedule
from .schedule_inputs import Group, Input, inputs_of, read_inputs
from .schedule_words import describe, read_times
from .schedules import Trial
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
SUGGESTED = (
    "every working day 09:00",
    "every day 09:00",
    "every weekday 18:00",
    "every monday 08:30",
    "every monday and thursday 08:30",
    "every month on the 1st 07:00",
    "every month on the last day 18:00",
)


@bp.get("/schedules")
def index() -> ResponseReturnValue:
    current_admin()
    labels = {work.name: work.label for work in schedules.works()}
    rows = [
        {
            "schedule": each,
            "does": labels.get(each.do, each.do),
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
        "when": _said("every working day 09:00"),
        "do": work.name,
        "with": dict(work.example),
    }
    return _page(None, document)


def _said(words: str) -> str:
    """Times in the words of who reads."""
    return local(describe(read_times(words)), language())


@bp.post("/schedules/add")
def create() -> ResponseReturnValue:
    return _answer(None)


@bp.get("/schedules/<string:key>")
def show(key: str) -> ResponseReturnValue:
    current_admin()
    stored, _schedule = schedules.find(key)
    return _page(key, stored.document)


@bp.post("/schedules/<string:key>")
def save(key: str) -> ResponseReturnValue:
    schedules.find(key)
    return _answer(key)


@bp.post("/schedules/<string:key>/run")
def run(key: str) -> ResponseReturnValue:
    """Do it once, now."""
    current_admin()
    schedules.run_now(key)
    flash(_("It runs now. Load this page again to see how it went."))
    return redirect(url_for(".show", key=key), code=303)


@dataclass(frozen=True, slots=True)
class _Written:
    """What was sent; ``problems`` are what could not even be read."""

    document: Document
    problems: Sequence[Problem] = ()


def _answer(key: str | None) -> ResponseReturnValue:
    by = current_admin().key
    try:
        written = _written_as_json(key) if request.form.get("as_json") else _typed(key)
    except SignoffError as error:
        problems = error.problems or (Problem("/document", error.code, error.message),)
        return _page(key, _typed(key).document, problems), 422
    wanted = request.form.get("do_what", "save")
    if wanted == "redraw":
        return _page(key, written.document)
    if wanted == "preview":
        return _page(key, written.document, (*written.problems, *schedules.check(_named(written.document))))
    try:
        if written.problems:
            raise Refused.because([*written.problems, *schedules.check(_named(written.document))])
        if wanted == "try":
            return _page(key, written.document, trial=schedules.rehearse(_named(written.document)), tried=True)
        return _save(written.document, by)
    except Refused as refused:
        return _page(key, written.document, refused.problems), 422


def _save(document: Document, by: str) -> ResponseReturnValue:
    stored = schedules.publish(
        _named(document),
        by=by,
        note=request.form.get("note", ""),
        base_version=request.form.get("base_version", type=int),
    )
    flash(_("The schedule is in force."))
    return redirect(url_for(".show", key=stored.key), code=303)


def _named(document: Document) -> Document:
    """With a key: that of its own, else one made of its title."""
    if document.get("key"):
        return document
    taken = {each.key for each in schedules.everything()}
    title = document.get("title")
    words = title.get("en", "") if isinstance(title, Mapping) else str(title or "")
    return {**document, "key": key_of(words, taken, str(document.get("do") or "schedule"))}


def _typed(key: str | None) -> _Written:
    form = request.form
    english, chinese = form.get("title_en", "").strip(), form.get("title_zh", "").strip()
    document: Document = {
        "schema": SCHEMA,
        "key": key or form.get("key", "").strip(),
        "title": {"en": english or chinese, "zh": chinese} if chinese else english,
        "when": form.get("when", ""),
        "missed": form.get("missed", "once"),
        "active": "active" in form,
        "do": form.get("do", ""),
    }
    zone = form.get("zone", "").strip()
    if zone:
        document["zone"] = zone
    arguments, problems = _arguments(key, document["do"])
    return _Written({**document, "with": arguments}, problems)


def _arguments(key: str | None, do: str) -> tuple[Mapping[str, Any], Sequence[Problem]]:
    """What the inputs of the work say; of another work than was drawn, its example."""
    work = next((each for each in schedules.works() if each.name == do), None)
    if work is None or request.form.get("drawn", do) != do:
        return (dict(work.example) if work is not None else {}), ()
    if not work.groups:
        written = request.form.get("with", "").strip()
        try:
            return (json.parse_object(written) if written else {}), ()
        except SignoffError as error:
            return {}, error.problems or (Problem("/with", error.code, error.message),)
    stored = definitions.current(schedules.KIND, key) if key else None
    kept = stored.document.get("with", {}) if stored is not None and stored.document.get("do") == do else {}
    return read_inputs(work.groups, request.form, kept)


def _written_as_json(key: str | None) -> _Written:
    """Raises:
    Malformed: it is none.
    """
    document = json.parse_object(request.form.get("document", ""))
    return _Written({**document, "key": key} if key else document)


def _page(
    key: str | None,
    document: Document,
    problems: Sequence[Problem] = (),
    *,
    trial: Trial | None = None,
    tried: bool = False,
) -> str:
    # one that has no key yet has its times all the same
    times, wrong = _times({**document, "key": document.get("key") or "new"})
    stored = definitions.current(schedules.KIND, key) if key else None
    groups = _groups(document.get("do"))
    return render_template(
        "signoff/platform/schedules/show.html",
        key=key,
        document=document,
        title=_title(document.get("title")),
        groups=groups,
        arguments=document.get("with") if isinstance(document.get("with"), Mapping) else {},
        arguments_json=json.pretty(document.get("with", {})).rstrip(),
        text=json.pretty(document).rstrip(),
        problems=[_at_input(each, groups) for each in problems],
        works=schedules.works(),
        zones=sorted(available_timezones()),
        company_zone=config.current().time_zone,
        suggested=[_said(each) for each in SUGGESTED],
        coming=_coming(times) if times is not None else [],
        in_words=describe(times.times) if times is not None else None,
        wrong_times=wrong,
        everybody=document.get("zone") == PERSON,
        stored=stored,
        versions=definitions.versions(schedules.KIND, key) if key else [],
        runs=schedules.last_runs(key) if key else [],
        trial=trial,
        tried=tried,
    )


def _times(document: Document) -> tuple[Schedule | None, str]:
    """The schedule as far as its times go, whatever else is wrong with it; or what is wrong with them."""
    only: Document = {name: document[name] for name in ("schema", "key", "when", "zone") if name in document}
    schedule, problems = read_schedule({**only, "schema": SCHEMA, "title": "x", "do": "x"})
    if schedule is None:
        return None, next((each.message for each in problems if each.path in ("/when", "/zone")), "")
    wrong = schedules.check_times(schedule.times)
    return (None if wrong else schedule), wrong or ""


def _groups(do: object) -> tuple[Group, ...]:
    return next((work.groups for work in schedules.works() if work.name == do), ())


def _at_input(problem: Problem, groups: Sequence[Group]) -> Problem:
    """The problem at the input that holds its place, so that it stands there and the summary leads there."""
    found: Input | None = max(
        (each for each in inputs_of(groups) if f"{problem.path}/".startswith(f"{each.place}/")),
        key=lambda each: len(each.place),
        default=None,
    )
    if found is None and problem.path.count("/") > 1:  # a part that is missing altogether: the first input in it
        found = next((each for each in inputs_of(groups) if each.place.startswith(f"{problem.path}/")), None)
    return Problem(found.place, problem.code, problem.message) if found is not None else problem


def _title(title: Any) -> Mapping[str, str]:
    whole: Mapping[str, str] = {"en": str(title or ""), "zh": ""}
    return title if isinstance(title, Mapping) else whole
