"""Many people at once: a ``people/1`` document or a spreadsheet, shown before anything changes; and the export."""

from dataclasses import dataclass, field

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import calendar_store, json
from ..errors import SignoffError, TooLarge
from ..problems import Problem
from ..text import msg
from . import service, spreadsheet
from .blueprint import bp
from .current import current_admin
from .definition import PeopleDefinition, read_people, write_people
from .forms import ImportForm


@dataclass
class _Intake:
    """What was sent: its JSON, what it says, all that is wrong (with the line of a spreadsheet), what would change."""

    text: str = ""
    definition: PeopleDefinition | None = None
    problems: list[tuple[str, Problem]] = field(default_factory=list)
    changes: list[str] | None = None


@bp.get("/people/import")
def import_people() -> ResponseReturnValue:
    current_admin()
    return _page(ImportForm(formdata=None), _Intake())


def _page(form: ImportForm, intake: _Intake) -> str:
    form.document.data = intake.text
    return render_template(
        "signoff/platform/people/import.html",
        form=form,
        intake=intake,
        columns=spreadsheet.COLUMNS,
        problems=[problem for _line, problem in intake.problems],
    )


@bp.post("/people/import")
def check_or_apply() -> ResponseReturnValue:
    by, form = current_admin(), ImportForm()
    intake = _intake(form)
    if intake.definition is None or intake.changes is None:
        return _page(form, intake), 422
    if request.form.get("do") != "apply":
        return _page(form, intake)
    done = service.apply_people(intake.definition, by=by.key)
    flash(_("%(count)s changes are in force.", count=len(done)) if done else _("Everything was so before."))
    return redirect(url_for(".index"), code=303)


def _intake(form: ImportForm) -> _Intake:
    """Read the file where one was sent, else the text; whatever is wrong becomes a problem of the page."""
    intake = _Intake(text=form.document.data or "")
    try:
        sheet = _read(intake)
        if intake.definition is not None:
            intake.changes = service.preview_people(intake.definition)
    except SignoffError as error:
        found = error.problems or (Problem("", error.code, error.message),)
        intake.problems += [("", problem) for problem in found]
        return intake
    if sheet is not None:
        intake.problems = [(sheet.named(problem), problem) for _line, problem in intake.problems]
    return intake


def _read(intake: _Intake) -> spreadsheet.Sheet | None:
    file = request.files.get("file")
    sheet = None
    if file is not None and file.filename:
        data = file.read(json.MAX_BYTES + 1)
        if len(data) > json.MAX_BYTES:
            raise TooLarge(msg("The file is larger than %(max)s bytes. Split it.", max=json.MAX_BYTES))
        if file.filename.lower().endswith(".json"):
            intake.text = data.decode("utf-8-sig", "replace")
        else:
            sheet = spreadsheet.read_sheet(data, file.filename, service.directory())
            intake.text = json.pretty(sheet.document)
    if not intake.text.strip():
        message = msg("Nothing was sent. Choose a file, or paste the JSON.")
        intake.problems.append(("", Problem("/document", "missing", message)))
        return None
    intake.definition, problems = read_people(json.parse(intake.text), service.directory())
    intake.problems = [("", problem) for problem in problems]
    return sheet


@bp.get("/people/import/example.csv")
def example_csv() -> ResponseReturnValue:
    current_admin()
    return Response(spreadsheet.TEMPLATE, mimetype="text/csv", headers=_attachment("people.csv"))


@bp.get("/people/export")
def export_people() -> ResponseReturnValue:
    current_admin()
    document = write_people(service.directory(), calendar_store.documents())
    return Response(json.pretty(document), mimetype="application/json", headers=_attachment("people.json"))


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
