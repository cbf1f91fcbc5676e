"""Definitions for administrators: forms and flows, their versions, and an editor of JSON that says what is wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from ..forms import catalogue as forms
from ..platform import definitions, json
from ..platform.api.definitions import restored_note
from ..platform.definitions import Draft, Stored
from ..platform.errors import Conflict, Malformed, NotFound, Refused, SignoffError, TooLarge
from ..platform.people import policy
from ..platform.people.current import current_language, current_person
from ..platform.people.directory import ADMIN, Person
from ..platform.problems import Problem, Severity
from ..platform.text import msg
from ..platform.web import menus
from ..platform.web.language import gettext as _
from ..platform.web.language import say
from ..platform.web.menus import MenuEntry
from . import catalogue, changes, json_places

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
            roles=(ADMIN,),
            also=("signoff_definitions.edit", "signoff_definitions.version"),
        )
    )


@bp.get("/definitions")
def listed() -> ResponseReturnValue:
    """All forms and flows in force, and drafts of new ones."""
    _admin()
    return render_template(
        "signoff/flows/definitions.html", groups={name: definitions.in_force(name) for name in KINDS}
    )


@bp.get("/definitions/<any(form, flow):kind>/new")
def new(kind: str) -> ResponseReturnValue:
    """The editor with something to start from."""
    _admin()
    return _editor(Editing(KINDS[kind], "", json.pretty(KINDS[kind].starter), 0, 0))


@bp.get("/definitions/<any(form, flow):kind>/<string:key>")
def edit(kind: str, key: str) -> ResponseReturnValue:
    """The editor with the draft, or else with the version in force."""
    _admin()
    stored, draft = definitions.current(kind, key), definitions.draft(kind, key)
    if stored is None and draft is None:
        raise NotFound(msg("There is no %(kind)s “%(key)s”.", kind=kind, key=key))
    return _editor(_opened(KINDS[kind], key, stored, draft))


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
    person = _admin()
    editing = _typed(KINDS[kind], key)
    what = request.form.get("do", "check")
    if what == "discard":
        definitions.discard_draft(kind, key)
        flash(_("The draft is gone."))
        return redirect(url_for(".edit" if definitions.current(kind, key) else ".listed", kind=kind, key=key), code=303)
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
    if what == "publish":
        if not editing.note.strip():
            raise Refused.because([Problem("/note", "note_missing", msg("Say in a word why; the history keeps it."))])
        stored = kind.publish(document, by=person.key, note=editing.note.strip(), base_version=editing.base_version)
        definitions.discard_draft(kind.name, key)
        flash(_("Version %(version)s of %(key)s is in force.", version=stored.version, key=key))
        return redirect(url_for(".edit", kind=kind.name, key=key), code=303)
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
        return redirect(url_for(".edit", kind=kind.name, key=key), code=303)
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
    """One version, and what it changed, in words."""
    _admin()
    stored = definitions.get(kind, key, number)
    if stored is None:
        raise NotFound(msg("There is no version %(number)s of %(key)s.", number=number, key=key))
    other = request.args.get("from", number - 1, type=int)
    before = definitions.get(kind, key, other) if 0 < other != number else None
    return render_template(
        "signoff/flows/version.html",
        kind=kind,
        stored=stored,
        text=json.pretty(stored.document),
        changes=changes.in_words(kind, before.document, stored.document, current_language()) if before else None,
        newest=definitions.current(kind, key),
        before=before,
        versions=definitions.versions(kind, key),
    )


@bp.post("/definitions/<any(form, flow):kind>/<string:key>/versions/<int:number>")
def take_up(kind: str, key: str, number: int) -> ResponseReturnValue:
    """Put an old version in force again, as a new one, or make a draft of it first; if it is wrong now, a draft too."""
    person = _admin()
    stored, newest = definitions.get(kind, key, number), definitions.current(kind, key)
    if stored is None or newest is None:
        raise NotFound(msg("There is no version %(number)s of %(key)s.", number=number, key=key))
    if request.form.get("do") == "restore":
        try:
            made = KINDS[kind].publish(
                dict(stored.document), by=person.key, note=restored_note(number), base_version=newest.version
            )
        except Refused as error:
            flash(_("Version %(number)s cannot be put in force as it is.", number=number), "danger")
            flash(say(error.message), "danger")
        else:
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


def _admin() -> Person:
    person = current_person()
    policy.require(person, ADMIN)
    return person
