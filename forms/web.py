"""Pages of forms and records: set-up, and the views that fill, show and change one record."""

from typing import Any

from flask import Flask, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import escape
from werkzeug.datastructures import MultiDict

from ..platform import files
from ..platform.db import reading_together
from ..platform.errors import Conflict, NotFound, Refused
from ..platform.people.current import current_person
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.web import page
from . import (
    catalogue,
    filing,
    filling,
    keeping,
    lifecycle,
    linking,
    live_fill,
    lookup,
    plain_fill,
    render,
    rights,
    service,
    stencils,
)
from .blueprint import bp
from .filling import Drawn, Sheet
from .program import FormProgram
from .records import DRAFT, Record

__all__ = ["bp", "init_app"]


def init_app(app: Flask) -> None:  # noqa: ARG001 - what is registered here is so for every application
    """Register the other pages, and who may read the files of records."""
    from . import bulk_web, importing_web, list_web, public_web  # noqa: F401

    files.guard("record", _may_read_files)


def _may_read_files(record_id: str, file_id: str, person: Person) -> bool:
    """Who may see the record may read its files, but for those of fields that are hidden from them."""
    try:
        record = service.read_record(int(record_id), by=person)
    except NotFound:
        return False
    hidden = lifecycle.current().hidden([record], person).get(record.id, frozenset())
    fields = catalogue.program(record.form, record.version).form.fields
    concealed = filing.file_ids([each for each in fields if each.key in hidden], record.values)
    return file_id not in concealed


@bp.route("/forms/<form_key>/new", methods=["GET", "POST"])
def new(form_key: str) -> ResponseReturnValue:
    """Fill a form."""
    if request.method == "GET":
        with reading_together():
            sheet = _new_sheet(form_key)
            return _fill_page(sheet, filling.opened(sheet))
    return _sent(_with_draft(_new_sheet(form_key), current_person()))


def _new_sheet(form_key: str) -> Sheet:
    person = current_person()
    sheet = filling.sheet_of_new(form_key, person)
    rights.require_create(sheet.program.form, person)
    return sheet


def _with_draft(sheet: Sheet, person: Person) -> Sheet:
    """The draft that the page saved by itself while it was filled, if it did."""
    draft = request.form.get("draft", "")
    if not draft.isdigit() or len(draft) > 18:
        return sheet
    record = service.read_record(int(draft), by=person)
    if record.form != sheet.program.form.key or record.status != DRAFT:
        return sheet
    return Sheet(sheet.program, person, record)


@bp.route("/records/<int:record_id>/edit", methods=["GET", "POST"])
def edit(record_id: int) -> ResponseReturnValue:
    """Go on with a draft, or change a record."""
    if request.method == "GET":
        with reading_together():
            sheet = _sheet_of(record_id)
            return _fill_page(sheet, filling.opened(sheet))
    return _sent(_sheet_of(record_id))


def _sheet_of(record_id: int) -> Sheet:
    person = current_person()
    return filling.sheet_of_record(service.read_record(record_id, by=person), person)


def _sent(sheet: Sheet) -> ResponseReturnValue:
    """What the fill page sent: submit it, keep a draft, or draw it again with rows added or sums made."""
    sent, problems = plain_fill.with_uploads(sheet.program, sheet.by)
    action = request.form.get("do", "submit")
    if plain_fill.act(sheet.program, sent, action):
        return _fill_page(sheet, filling.redrawn(sheet, sent, problems, complain=bool(problems)), sent, problems)
    if problems:
        return _refused(sheet, sent, problems)
    try:
        record = filling.submit(sheet, sent, draft=action == "draft")
    except (Refused, Conflict) as error:
        return _refused(sheet, sent, filling.problems_of(error), error.status)
    if action == "draft":
        flash(_("The draft is saved."), "success")
        return redirect(url_for(".edit", record_id=record.id), code=303)
    if sheet.is_draft:
        flash(_("%(record)s is sent.", record=record.name), "success")
    else:
        flash(_("Your changes are saved."), "success")
    return redirect(url_of(record), code=303)


def _refused(sheet: Sheet, sent: Any, problems: Any, status: int = 422) -> ResponseReturnValue:
    page = _fill_page(sheet, filling.redrawn(sheet, sent, problems), sent, problems)
    return page, status


def _fill_page(sheet: Sheet, drawn: Drawn, sent: Any = None, problems: Any = ()) -> str:
    form, record, draft = sheet.program.form, sheet.record, sheet.is_draft
    kept = record.id if record is not None and draft else None
    changed = record.id if record is not None and not draft else None
    gaps = {
        "fields": drawn.html,
        "program": filling.script(sheet, drawn),
        "summary": render.summary(problems),
        "aside": _aside(sheet, drawn),
        "evaluate_url": escape(url_for(".evaluate", form_key=form.key, record=changed)),
        "delete_url": escape(url_for(".delete", record_id=kept)) if kept is not None else "",
        "draft": escape(kept or request.form.get("draft", "")),
        "revision": escape(sent.get("revision", "") if sent else record.revision if record else ""),
        "who": escape(sheet.by.key if sheet.by is not None else ""),
    }
    place = (*stencils.place_of(sheet.program), draft, kept is not None)
    return page(
        "signoff/forms/fill.html",
        place,
        gaps,
        form=form,
        words=keeping.words(),
        is_draft=draft,
        is_kept=kept is not None,
    )


def _aside(sheet: Sheet, drawn: Drawn) -> Any:
    """What stands beside the form when it is drawn by the server: the predicted route."""
    if not sheet.is_draft:
        return ""
    return lifecycle.current().aside(sheet.program, drawn.reading, sheet.by)


@bp.post("/forms/<form_key>/evaluate")
def evaluate(form_key: str) -> ResponseReturnValue:
    """What the form says to what is typed so far: JSON for the page's script; ``record`` is what it changes."""
    person = current_person()
    record = request.args.get("record", type=int)
    if record is None:
        sheet = filling.sheet_of_new(form_key, person)
        rights.require_create(sheet.program.form, person)
    else:
        sheet = filling.sheet_of_record(service.read_record(record, by=person), person)
    return jsonify(live_fill.live(sheet, MultiDict(request.form)))


@bp.post("/forms/<form_key>/drafts")
def keep_draft(form_key: str) -> ResponseReturnValue:
    """Save what is typed so far, asked for by the page's script; answers the draft's id."""
    person = current_person()
    sheet = _with_draft(filling.sheet_of_new(form_key, person), person)
    rights.require_create(sheet.program.form, person)
    record, problems = filling.store_draft(sheet, MultiDict(request.form))
    url = url_for(".edit", record_id=record.id)
    return jsonify({"id": record.id, "url": url, "revision": record.revision, "problems": len(problems)})


@bp.get("/records/<int:record_id>")
def record(record_id: int) -> ResponseReturnValue:
    """One record to be read; one that goes through a flow has a page of its own there."""
    person = current_person()
    found = service.read_record(record_id, by=person)
    if found.status == DRAFT:
        return redirect(url_for(".edit", record_id=found.id), code=303)
    elsewhere = lifecycle.current().record_url(found)
    if elsewhere is not None:
        return redirect(elsewhere, code=303)
    program = catalogue.program(found.form, found.version)
    return render_template(
        "signoff/forms/record.html",
        form=program.form,
        record=found,
        fields=fields_of(found, person),
        links=linking.links_to(found, person),
        may_edit=service.may_edit(found, person),
        may_delete=rights.may_delete(program.form, found, person),
        may_list=True,
    )


def fields_of(found: Record, person: Person, *, mode: str = "read") -> Any:
    """A record's fields as ``person`` may see them."""
    program = catalogue.program(found.form, found.version)
    hidden = lifecycle.current().hidden([found], person).get(found.id, frozenset())
    reading = program.evaluate(found.values, service.context_of(person, found))
    rights_now = {field.key: "hidden" if field.key in hidden else "read" for field in program.form.fields}
    return render.record_fields(found, program, reading, mode=mode, rights=rights_now)


def url_of(found: Record) -> str:
    """The page of a record."""
    return lifecycle.current().record_url(found) or url_for("signoff_forms.record", record_id=found.id)


@bp.post("/records/<int:record_id>/delete")
def delete(record_id: int) -> ResponseReturnValue:
    """Delete a draft or a record."""
    person = current_person()
    found = service.read_record(record_id, by=person)
    service.delete(record_id, by=person)
    flash(_("%(record)s is deleted.", record=found.name), "success")
    if found.status == DRAFT:
        return redirect(url_for(".drafts"), code=303)
    return redirect(url_for(".records_of", form_key=found.form), code=303)


@bp.get("/forms/<form_key>/lookup/<field>")
def suggestions(form_key: str, field: str) -> ResponseReturnValue:
    """Records that a lookup of the form may point to, as somebody types: JSON for the page's script."""
    return jsonify({"items": offers(catalogue.program(form_key), field, current_person())})


def offers(program: FormProgram, field: str, person: Person) -> list[dict[str, Any]]:
    """What this request may choose in a lookup, by the words and the other fields that it sent along."""
    table, _dot, key = field.rpartition(".")
    columns = program.form.fields
    if table:
        owner = program.form.field(table)
        columns = owner.columns if owner else ()
    one = next((each for each in columns if each.key == key and each.type == "lookup"), None)
    if one is None:
        abort(404)
    only = filling.offered(program, field, MultiDict(request.args), person)
    found = lookup.suggest(one.options["form"], request.args.get("q", "")[:200], by=person, only=only)
    return [lookup.shown(one, each, render.reader()) for each in found]


Problems = tuple[Problem, ...]
