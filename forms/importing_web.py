"""The import page: upload a spreadsheet, say which column fills which field, see what is wrong, and watch it go in."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection

from ..platform import clock, db, files
from ..platform.background import GiveUp, Job, enqueue, handler
from ..platform.db import utc_text
from ..platform.errors import Forbidden, NotFound, Refused, SignoffError
from ..platform.files import StoredFile
from ..platform.models import settings
from ..platform.people.current import current_person
from ..platform.people.directory import Person
from ..platform.people.service import directory
from ..platform.problems import Problem, pointer
from ..platform.text import Message, msg
from . import catalogue, importing, rights
from .blueprint import bp
from .definition import Form
from .importing import ImportResult
from .tabular import Row

KIND = "forms.import"
ENCODINGS = ("utf-8-sig", "gb18030")
SHOWN = 200
"""So many refused lines are kept and shown; the rest is counted."""


def _form(form_key: str, person: Person) -> Form:
    form = catalogue.program(form_key).form
    rights.require_create(form, person)
    if not rights.may_edit_all(form, person):
        raise Forbidden(
            msg("You may not import into %(form)s: the right to edit is missing.", form=repr(form.key)),
            right=f"forms.{form.key}.edit",
        )
    return form


@bp.route("/forms/<form_key>/import", methods=["GET", "POST"])
def import_page(form_key: str) -> ResponseReturnValue:
    """Upload the file."""
    person = current_person()
    form = _form(form_key, person)
    if request.method == "GET":
        return render_template("signoff/forms/import.html", form=form, targets=importing.targets(form), problems=())
    try:
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise Refused.because([Problem("/file", "required", msg("Choose a CSV or XLSX file."))])
        stored = files.store(sent.stream, sent.filename, by=person.key)
        _header_of(stored)
    except SignoffError as error:
        problems = error.problems or (Problem("/file", error.code, error.message),)
        page = render_template(
            "signoff/forms/import.html", form=form, targets=importing.targets(form), problems=problems
        )
        return page, error.status
    return redirect(url_for(".import_map", form_key=form.key, file_id=stored.id, encoding=_encoding()), code=303)


def _encoding() -> str:
    asked = request.values.get("encoding", "")
    return asked if asked in ENCODINGS else ENCODINGS[0]


def _header_of(stored: StoredFile) -> tuple[list[str], list[Row]]:
    with files.on_disk(stored) as path:
        return importing.header_of(path, _encoding())


@bp.route("/forms/<form_key>/import/<file_id>", methods=["GET", "POST"])
def import_map(form_key: str, file_id: str) -> ResponseReturnValue:
    """Say which column fills which field; check the first records, or import all."""
    person = current_person()
    form = _form(form_key, person)
    stored = files.get_for(file_id, person)
    header, rows = _header_of(stored)
    targets = importing.targets(form)
    if request.method == "GET":
        mapping, group_by = importing.guessed(form, header), None
        return _map_page(form, stored, (header, rows), mapping, group_by)
    mapping = {path: name for path in targets if (name := request.form.get(f"map-{path}"))}
    group_by = request.form.get("group_by") or None
    try:
        with files.on_disk(stored) as path:
            found = importing.preview(
                form.key, path, mapping=mapping, by=person, group_by=group_by, encoding=_encoding()
            )
    except Refused as error:
        return _map_page(form, stored, (header, rows), mapping, group_by, problems=error.problems), 422
    if request.form.get("do") != "run":
        return _map_page(form, stored, (header, rows), mapping, group_by, found=_named(form, found))
    return redirect(url_for(".import_progress", token=_begin(form, stored, mapping, group_by, person)), code=303)


def _map_page(
    form: Form,
    stored: StoredFile,
    table: tuple[list[str], Any],
    mapping: Mapping[str, str],
    group_by: str | None,
    **more: Any,
) -> str:
    return render_template(
        "signoff/forms/import_map.html",
        form=form,
        file=stored,
        header=table[0],
        rows=table[1],
        targets=importing.targets(form),
        mapping=mapping,
        group_by=group_by,
        encoding=_encoding(),
        **{"problems": (), "found": None, **more},
    )


def _named(form: Form, lines: Sequence[tuple[int, Sequence[Problem]]]) -> list[tuple[int, list[Any]]]:
    """Each line's problems, with the labels of the field that each is about; none where it is about the whole."""
    known = importing.targets(form)

    def labels(problem: Problem) -> Sequence[Any]:
        place = problem.path.removeprefix(pointer("values")).split("/")
        words = [word for word in place if word and not word.isdigit()]
        return known.get(".".join(words), ())

    return [(line, [(labels(each), each) for each in problems]) for line, problems in lines]


def _begin(form: Form, stored: StoredFile, mapping: Mapping[str, str], group_by: str | None, person: Person) -> str:
    """Hand the import to the background; its state is a row of the settings."""
    token = secrets.token_hex(12)
    state = {
        "form": form.key,
        "file": stored.id,
        "name": stored.name,
        "mapping": dict(mapping),
        "group_by": group_by,
        "encoding": _encoding(),
        "by": person.key,
        "begun_at": utc_text(clock.now()),
        "done": False,
        "failed": None,
        **_numbers(ImportResult()),
    }
    with db.transaction() as conn:
        conn.execute(sa.insert(settings).values(key=f"import:{token}", value=state))
        files.attach(conn, [stored.id], f"import:{token}", by=person.key)
        enqueue(conn, KIND, {"token": token}, key=f"{KIND}:{token}")
    return token


def _numbers(result: ImportResult) -> dict[str, Any]:
    shown = [[line, [_kept(each) for each in problems]] for line, problems in result.rejected[:SHOWN]]
    return {
        "created": result.created,
        "lines": result.lines,
        "groups": result.groups,
        "rejected": shown,
        "rejected_count": len(result.rejected),
    }


def _kept(problem: Problem) -> dict[str, Any]:
    """A problem as JSON that can still be said in another language."""
    message = problem.message
    template = {"template": message.template, "params": _plain(message.params)} if isinstance(message, Message) else {}
    return {"path": problem.path, "code": problem.code, "message": str(message), **template}


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | float) else str(value) for name, value in params.items()}


def _state(token: str) -> dict[str, Any] | None:
    with db.reading() as conn:
        found = conn.execute(sa.select(settings.c.value).where(settings.c.key == f"import:{token}")).scalar()
    return dict(found) if found else None


def _save(conn: Connection, token: str, state: Mapping[str, Any]) -> None:
    conn.execute(sa.update(settings).where(settings.c.key == f"import:{token}").values(value=dict(state)))


@handler(KIND)
def run(job: Job) -> None:
    """Import the file of a token, going on where an earlier attempt broke off."""
    token = str(job.payload["token"])
    state = _state(token)
    if state is None or state["done"]:
        return
    by = directory().active(state["by"])
    if by is None:
        raise GiveUp(f"{state['by']} is active no more")
    before = ImportResult(created=state["created"], groups=state["groups"])

    def checkpoint(conn: Connection, result: ImportResult) -> None:
        _save(conn, token, {**state, **_numbers(result)})

    try:
        with files.on_disk(files.get(state["file"])) as path:
            result = importing.import_records(
                state["form"],
                path,
                mapping=state["mapping"],
                group_by=state["group_by"],
                encoding=state["encoding"],
                by=by,
                resume=before,
                checkpoint=checkpoint,
            )
    except SignoffError as error:
        with db.transaction() as conn:
            _save(conn, token, {**state, "done": True, "failed": str(error.message)})
            job.finish(conn)
        return
    with db.transaction() as conn:
        _save(conn, token, {**state, **_numbers(result), "done": True})
        job.finish(conn)


@bp.get("/imports/<token>")
def import_progress(token: str) -> ResponseReturnValue:
    """How far an import is, and which lines were refused."""
    person = current_person()
    state = _state(token)
    if state is None or state["by"] != person.key:
        raise NotFound(msg("There is no import %(token)s.", token=repr(token[:40])))
    form = catalogue.program(state["form"]).form
    lines = _named(form, [(line, [_said(each) for each in problems]) for line, problems in state["rejected"]])
    return render_template("signoff/forms/import_progress.html", form=form, state=state, lines=lines)


def _said(problem: Mapping[str, Any]) -> Problem:
    message = Message(problem["template"], problem["params"]) if "template" in problem else problem["message"]
    return Problem(problem["path"], problem["code"], message)
