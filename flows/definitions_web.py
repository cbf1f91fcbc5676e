"""Definitions for administrators: forms and flows, their versions, and an editor of JSON that says what is wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Flask, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup

from ..forms import catalogue as forms
from ..platform import db, definitions, json, problem_json, releasing
from ..platform.api.definition_json import restored_note, waiting_json
from ..platform.definitions import Draft, Stored
from ..platform.errors import Conflict, Forbidden, Malformed, NotFound, Refused, SignoffError, TooLarge
from ..platform.keys import KEY
from ..platform.people import owners, policy
from ..platform.people.current import current_language, current_person
from ..platform.people.directory import ADMIN, AUDITOR, Person
from ..platform.problems import Problem, Severity
from ..platform.text import msg
from ..platform.web import menus
from ..platform.web.language import gettext as _
from ..platform.web.language import gettext_here, say
from ..platform.web.menus import MenuEntry
from . import building, catalogue, changes, json_places, keys, versions
from .elsewhere import elsewhere

bp = Blueprint("signoff_definitions", __name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the pages of forms and of flows."""

    name: str
    check: Callable[[Mapping[str, Any]], Iterable[Problem]]
    publish: Callable[..., Stored]
    starter: Mapping[str, Any]


KINDS = {
    "form": Kind(
        "form",
        lambda document: forms.check_document(document).problems,
        forms.publish_form,
        {
            "schema": "form/1",
            "key": "my_form",
            "title": {"en": "My form", "zh": "我的表单"},
            "fields": [{"key": "subject", "type": "text", "label": {"en": "Subject", "zh": "主题"}, "required": True}],
        },
    ),
    "flow": Kind(
        "flow",
        lambda document: catalogue.check_document(document).problems,
        catalogue.publish_flow,
        {
            "schema": "flow/1",
            "key": "my_flow",
            "title": {"en": "My flow", "zh": "我的流程"},
            "form": "my_form",
            "steps": [
                {
                    "id": "lead",
                    "kind": "approve",
                    "title": {"en": "Team lead", "zh": "主管审批"},
                    "who": [{"manager": 1}],
                    "due": {"in": "P1D"},
                }
            ],
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A problem as the editor shows it; ``line`` is ``None`` where the text could not be read."""

    problem: Problem
    line: int | None

    @property
    def is_error(self) -> bool:
        return self.problem.severity is Severity.ERROR


@dataclass(frozen=True)
class Editing:
    """What the editor shows: a text, right or wrong, and from which version and draft it comes."""

    kind: Kind
    key: str
    text: str
    base_version: int
    revision: int
    note: str = ""
    found: tuple[Found, ...] | None = None
    error: SignoffError | None = None


def init_app(app: Flask) -> None:  # noqa: ARG001 - the menus are of the process
    """Put the page into the menu of administrators."""
    menus.add(
        MenuEntry(
            "definitions",
            _l("Forms and flows"),
            "signoff_definitions.listed",
            "diagram-3",
            70,
            roles=(ADMIN, AUDITOR),
            may=owners.looks,
            parent=menus.ADMINISTRATION,
            also=(
                "signoff_definitions.edit",
                "signoff_definitions.edit_text",
                "signoff_definitions.new",
                "signoff_definitions.new_text",
                "signoff_definitions.version",
                "signoff_flows.moves",
                "signoff_rights.show",
                "signoff_packs.listed",
            ),
        )
    )


@bp.get("/definitions")
def listed() -> ResponseReturnValue:
    """All forms and flows in force that one may look at, and drafts of new ones."""
    person = current_person()
    if not owners.looks(person):
        owners.require_builder(person)
    groups = {
        name: [each for each in definitions.in_force(name) if owners.may_read(person, (subject(name, each.document),))]
        for name in KINDS
    }
    return render_template("signoff/flows/definitions.html", groups=groups, may_add=owners.builds(person))


@bp.get("/definitions/all.json")
def export_all() -> ResponseReturnValue:
    """Every form and flow in force that one may look at, as one file."""
    person = current_person()
    if not owners.looks(person):
        owners.require_builder(person)
    found = [each.document for name in KINDS for each in definitions.in_force(name)
             if owners.may_read(person, (subject(name, each.document),))]  # fmt: skip
    headers = {"Content-Disposition": 'attachment; filename="definitions.json"'}
    return definitions.document_text({"documents": found}), 200, {"Content-Type": "application/json", **headers}


@bp.post("/definitions/import")
def import_all() -> ResponseReturnValue:
    """Make drafts of the definitions of a file: one, a list, or what the export wrote; nothing is published."""
    owners.require_builder(current_person())
    sent = request.files.get("file")
    try:
        kept = _imported(json.parse(sent.read()) if sent else None)
    except (Malformed, Refused, TooLarge, Forbidden) as error:
        flash(say(error.message), "danger")
    else:
        flash(ngettext("%(num)s draft was made.", "%(num)s drafts were made.", len(kept)), "success")
    return redirect(url_for(".listed"), code=303)


def _imported(read: Any) -> list[Draft]:
    """The drafts of all documents, or none.

    Raises:
        Refused: one of them is neither a form nor a flow with a key.
        Forbidden: one of them is not theirs to change.
    """
    listed = read.get("documents", [read]) if isinstance(read, dict) else read
    documents = listed if isinstance(listed, list) else []
    if not documents:
        raise Refused(msg("The file holds no definition."))
    named = [(_kind_of(document), document) for document in documents]
    person = current_person()
    for kind, document in named:
        _changer(kind, document["key"], document)
    with db.transaction():
        return [_drafted(kind, document, person) for kind, document in named]


def _kind_of(document: Any) -> str:
    kind = str(document.get("schema", "")).partition("/")[0] if isinstance(document, dict) else ""
    key = document.get("key") if kind in KINDS else None
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise Refused(msg("%(value)s is neither a form nor a flow with a key.", value=repr(document)[:80]))
    return kind


def _drafted(kind: str, document: Mapping[str, Any], person: Person) -> Draft:
    newest = definitions.current(kind, document["key"])
    version = newest.version if newest else 0
    return definitions.save_draft(kind, document["key"], document, by=person.key, base_version=version)


def subject(kind: str, document: Mapping[str, Any]) -> str:
    """The form whose owners may change a definition."""
    return str(document.get("key" if kind == "form" else "form"))


def _subjects(kind: str, key: str, document: Mapping[str, Any] | None = None) -> set[str]:
    """The forms that a definition is about: as it is in force, as it is drafted, and as it was sent."""
    stored, draft = definitions.current(kind, key), definitions.draft(kind, key)
    documents = [each for each in (stored and stored.document, draft and draft.document, document) if each]
    return {subject(kind, each) for each in documents}


def _reader(kind: str, key: str) -> Person:
    person = current_person()
    owners.require_read(person, _subjects(kind, key))
    return person


def _changer(kind: str, key: str, document: Mapping[str, Any] | None = None) -> Person:
    person = current_person()
    owners.require_change(person, _subjects(kind, key, document))
    return person


def _beginner(kind: str) -> Person:
    """Who may begin a new one: a form is for administrators, a flow for owners of its form, too."""
    person = current_person()
    if kind == "form":
        owners.require_change(person, ())
    else:
        owners.require_builder(person)
    return person


@bp.get("/definitions/<any(form, flow):kind>/new")
def new(kind: str) -> ResponseReturnValue:
    """The builder with something to start from."""
    return _builder(KINDS[kind], "", _beginner(kind))


@bp.get("/definitions/<any(form, flow):kind>/<string:key>")
def edit(kind: str, key: str) -> ResponseReturnValue:
    """The builder with the draft, or else with the version in force."""
    return _builder(KINDS[kind], key, _reader(kind, key))


@bp.get("/definitions/<any(form, flow):kind>/new/json")
def new_text(kind: str) -> ResponseReturnValue:
    """The editor of JSON, for browsers without scripts."""
    _beginner(kind)
    return _editor(Editing(KINDS[kind], "", json.pretty(KINDS[kind].starter), 0, 0))


@bp.get("/definitions/<any(form, flow):kind>/<string:key>/json")
def edit_text(kind: str, key: str) -> ResponseReturnValue:
    """The same editor with the draft, or else with the version in force."""
    _reader(kind, key)
    stored, draft = _known(kind, key)
    return _editor(_opened(KINDS[kind], key, stored, draft))


@bp.get("/definitions/<any(form, flow):kind>/keys.json")
def known_keys(kind: str) -> ResponseReturnValue:
    """The keys that a definition may have, for completion in the JSON view."""
    person = current_person()
    if not owners.looks(person):
        owners.require_builder(person)
    return jsonify(keys.of_forms() if kind == "form" else keys.of_flows())


def _known(kind: str, key: str) -> tuple[Stored | None, Draft | None]:
    """What is in force, and what is worked on.

    Raises:
        NotFound: neither.
    """
    stored, draft = definitions.current(kind, key), definitions.draft(kind, key)
    if stored is None and draft is None:
        raise NotFound(msg("There is no %(kind)s “%(key)s”.", kind=kind, key=key))
    return stored, draft


def _builder(kind: Kind, key: str, person: Person) -> ResponseReturnValue:
    stored, draft = _known(kind.name, key) if key else (None, None)
    document = _document(kind, stored, draft)
    boot = building.boot(kind.name, key, document, stored, draft, person)
    boot["problems"] = [problem_json.problem_of(each, gettext_here) for each in kind.check(document)] if key else []
    boot["length"] = catalogue.length(document) if kind.name == "flow" else None
    boot["elsewhere"] = _elsewhere(key) if kind.name == "form" else []
    boot["may_change"] = owners.may_change(person, _subjects(kind.name, key)) if key else True
    boot["may_name_owners"] = policy.is_admin(person)
    boot["waiting"] = waiting_json(releasing.asked(kind.name, key)) if key else None
    boot["urls"] = _urls(kind.name)
    return render_template(
        "signoff/flows/builder.html",
        boot=_inert(boot),
        kind=kind.name,
        key=key,
        title=document.get("title") if key else None,
        text_url=url_for(".edit_text", kind=kind.name, key=key) if key else url_for(".new_text", kind=kind.name),
    )


def _elsewhere(form: str) -> list[dict[str, Any]]:
    return [{"kind": each.kind, "title": each.title, "field": each.field} for each in elsewhere(form)]


def _inert(value: Any) -> Markup:
    """JSON inside a script element: nothing in it ends the element or begins another."""
    text = definitions.document_text(value)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - no sign of HTML is left


def _document(kind: Kind, stored: Stored | None, draft: Draft | None) -> Mapping[str, Any]:
    found = draft or stored
    return found.document if found else kind.starter


def _urls(kind: str) -> dict[str, str]:
    """Addresses that the builder needs; ``KEY`` and ``0`` stand for a key and a version."""
    return {
        "api": url_for("api_flow_definitions.check").rsplit("/", 1)[0],
        "list": url_for(".listed"),
        "keys": url_for(".known_keys", kind=kind),
        "page": url_for(".edit", kind="flow", key="KEY").replace("/flow/", "/KIND/"),
        "json": url_for(".edit_text", kind=kind, key="KEY"),
        "version": url_for(".version", kind=kind, key="KEY", number=0),
        "request": url_for("signoff_flows.follow", record_id=0),
        "moves": url_for("signoff_flows.moves", key="KEY") if kind == "flow" else "",
        "preview": url_for("signoff_previews.draw"),
    }


def _opened(kind: Kind, key: str, stored: Stored | None, draft: Draft | None) -> Editing:
    if draft is not None:
        text = json.pretty(draft.document)
        return Editing(kind, key, text, draft.base_version, draft.revision, found=_problems(kind, draft.document, text))
    assert stored is not None
    return Editing(kind, key, json.pretty(stored.document), stored.version, 0)


@bp.post("/definitions/<any(form, flow):kind>/new", endpoint="create")
@bp.post("/definitions/<any(form, flow):kind>/<string:key>", endpoint="save")
def save(kind: str, key: str = "") -> ResponseReturnValue:
    """Check, keep as a draft, discard the draft, or publish; what was typed stays whatever happens."""
    person = _changer(kind, key) if key else _beginner(kind)
    editing = _typed(KINDS[kind], key)
    what = request.form.get("do", "check")
    if what == "discard":
        definitions.discard_draft(kind, key)
        flash(_("The draft is gone."))
        return redirect(
            url_for(".edit_text" if definitions.current(kind, key) else ".listed", kind=kind, key=key), code=303
        )
    try:
        document = json.parse_object(editing.text)
    except (Malformed, Refused, TooLarge) as error:
        return _editor(replace(editing, error=error), 422)
    try:
        return _saved(editing, document, what, person)
    except (Refused, Conflict) as error:
        found = _located(error.problems, editing.text) or _problems(editing.kind, document, editing.text)
        return _editor(replace(editing, error=error, found=found), error.status)


def _saved(editing: Editing, document: dict[str, Any], what: str, person: Person) -> ResponseReturnValue:
    kind, key = editing.kind, _key_of(editing, document)
    _changer(kind.name, key, document)
    if what == "publish":
        if not editing.note.strip():
            raise Refused.because([Problem("/note", "note_missing", msg("Say in a word why; the history keeps it."))])
        stored = releasing.release(
            kind.name,
            document,
            by=person.key,
            note=editing.note.strip(),
            base_version=editing.base_version,
            publish=kind.publish,
            check=kind.check,
        )
        if not isinstance(stored, Stored):
            definitions.save_draft(kind.name, key, document, by=person.key, base_version=editing.base_version)
            flash(_("A second person must confirm this before it is in force."), "warning")
            return redirect(url_for(".edit_text", kind=kind.name, key=key), code=303)
        definitions.discard_draft(kind.name, key)
        flash(_("Version %(version)s of %(key)s is in force.", version=stored.version, key=key))
        return redirect(url_for(".edit_text", kind=kind.name, key=key), code=303)
    if what == "draft":
        definitions.save_draft(
            kind.name,
            key,
            document,
            by=person.key,
            base_version=editing.base_version,
            revision=editing.revision if editing.key else None,
        )
        flash(_("The draft is kept."))
        return redirect(url_for(".edit_text", kind=kind.name, key=key), code=303)
    return _editor(replace(editing, found=_problems(kind, document, editing.text)))


def _key_of(editing: Editing, document: Mapping[str, Any]) -> str:
    """The key in the document, which must be the page's.

    Raises:
        Refused: it is another, or none.
    """
    key = document.get("key")
    if not isinstance(key, str) or not key or len(key) > 63:
        raise Refused.because([Problem("/key", "required", msg("The document needs a key."))])
    if editing.key and key != editing.key:
        message = msg("The key is %(key)s; here it must stay %(page)s.", key=repr(key), page=repr(editing.key))
        raise Refused.because([Problem("/key", "key", message)])
    return key


@bp.get("/definitions/<any(form, flow):kind>/<string:key>/versions/<int:number>")
def version(kind: str, key: str, number: int) -> ResponseReturnValue:
    """One version: what it changed, in words, and what it is."""
    person = _reader(kind, key)
    stored = definitions.get(kind, key, number)
    if stored is None:
        raise NotFound(msg("There is no version %(number)s of %(key)s.", number=number, key=key))
    other = request.args.get("from", number - 1, type=int)
    before = definitions.get(kind, key, other) if 0 < other != number else None
    return render_template(
        "signoff/flows/version.html",
        kind=kind,
        stored=stored,
        shown=versions.shown(kind, stored.document, person, current_language()),
        may_change=owners.may_change(person, _subjects(kind, key)),
        changes=changes.in_words(kind, before.document, stored.document, current_language()) if before else None,
        newest=definitions.current(kind, key),
        before=before,
        versions=definitions.versions(kind, key),
    )


@bp.post("/definitions/<any(form, flow):kind>/<string:key>/versions/<int:number>")
def take_up(kind: str, key: str, number: int) -> ResponseReturnValue:
    """Put an old version in force again, as a new one, or make a draft of it first; if it is wrong now, a draft too."""
    person = _changer(kind, key)
    stored, newest = definitions.get(kind, key, number), definitions.current(kind, key)
    if stored is None or newest is None:
        raise NotFound(msg("There is no version %(number)s of %(key)s.", number=number, key=key))
    if request.form.get("do") == "restore":
        try:
            made = releasing.release(
                kind,
                stored.document,
                by=person.key,
                note=restored_note(number),
                base_version=newest.version,
                publish=KINDS[kind].publish,
                check=KINDS[kind].check,
            )
        except Refused as error:
            flash(_("Version %(number)s cannot be put in force as it is.", number=number), "danger")
            flash(say(error.message), "danger")
        else:
            if not isinstance(made, Stored):
                flash(_("A second person must confirm this before it is in force."), "warning")
                return redirect(url_for(".edit", kind=kind, key=key), code=303)
            flash(_("Version %(version)s of %(key)s is in force.", version=made.version, key=key), "success")
            return redirect(url_for(".version", kind=kind, key=key, number=made.version), code=303)
    definitions.save_draft(kind, key, stored.document, by=person.key, base_version=newest.version)
    flash(_("Version %(number)s is the draft now. Publish it to put it in force again.", number=number))
    return redirect(url_for(".edit", kind=kind, key=key), code=303)


def _typed(kind: Kind, key: str) -> Editing:
    form = request.form
    return Editing(
        kind,
        key,
        form.get("text", "").replace("\r\n", "\n"),
        form.get("base_version", 0, type=int),
        form.get("revision", 0, type=int),
        form.get("note", ""),
    )


def _problems(kind: Kind, document: Mapping[str, Any], text: str) -> tuple[Found, ...]:
    return _located(kind.check(document), text)


def _located(problems: Iterable[Problem], text: str) -> tuple[Found, ...]:
    """Errors first, then in the order of the text."""
    lines = json_places.lines_of(text)
    found = [Found(each, json_places.line_of(lines, each.path)) for each in problems]
    return tuple(sorted(found, key=lambda each: (not each.is_error, each.line or 0)))


def _editor(editing: Editing, status: int = 200) -> ResponseReturnValue:
    key = editing.key
    html = render_template(
        "signoff/flows/definition.html",
        editing=editing,
        kind=editing.kind.name,
        versions=definitions.versions(editing.kind.name, key) if key else [],
        newest=definitions.current(editing.kind.name, key) if key else None,
        draft=definitions.draft(editing.kind.name, key) if key else None,
        changes=_changes(editing),
    )
    return html, status


def _changes(editing: Editing) -> list[str] | None:
    """What the text would change of the version in force, in words; ``None`` where there is nothing to compare."""
    stored = definitions.current(editing.kind.name, editing.key) if editing.key else None
    if stored is None:
        return None
    try:
        document = json.parse_object(editing.text)
    except SignoffError:
        return None
    return changes.in_words(editing.kind.name, stored.document, document, current_language())
