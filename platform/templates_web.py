"""The pages of message templates: what people are told, in both languages, as admins want it said."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from . import definitions, message_templates
from .errors import Refused
from .message_templates import KIND, SCHEMA
from .people.current import current_admin, current_zone
from .people.directory import ADMIN
from .problems import Problem
from .text import LANGUAGES
from .web import menus
from .web.menus import MenuEntry

bp = Blueprint("signoff_templates", __name__)

menus.add(
    MenuEntry(
        "templates",
        _l("Messages"),
        "signoff_templates.index",
        "chat-text",
        roles=(ADMIN,),
        order=310,
        also=("signoff_templates.show",),
    )
)


@bp.get("/templates")
def index() -> ResponseReturnValue:
    current_admin()
    changed = {stored.key: stored for stored in definitions.in_force(KIND)}
    rows = [(message_templates.in_force(each.key), changed.get(each.key)) for each in message_templates.templates()]
    return render_template("signoff/platform/templates/index.html", rows=rows, events=message_templates.events())


@bp.get("/templates/<string:key>")
def show(key: str) -> ResponseReturnValue:
    """One template; ``version=2`` fills an old one in, ``version=0`` the words that it came with."""
    current_admin()
    original = message_templates.find(key)
    version = request.args.get("version", type=int)
    stored = definitions.get(KIND, key, version) if version else definitions.current(KIND, key)
    if version == 0 or stored is None:
        return _page(key, message_templates.document_of(original))
    return _page(key, stored.document)


@bp.post("/templates/<string:key>")
def save(key: str) -> ResponseReturnValue:
    by = current_admin().key
    document = _typed(key)
    if request.form.get("do_what") == "redraw":
        return _page(key, document)
    if request.form.get("do") == "preview":
        return _page(key, document, tuple(message_templates.check(document)))
    try:
        message_templates.publish(
            document, by=by, note=request.form.get("note", ""), base_version=request.form.get("base_version", type=int)
        )
    except Refused as refused:
        return _page(key, document, refused.problems), 422
    flash(_("From now on the message says so."))
    return redirect(url_for(".show", key=key), code=303)


def _typed(key: str) -> dict[str, Any]:
    document: dict[str, Any] = {"schema": SCHEMA, "key": key}
    for name in ("title", "body"):
        document[name] = {
            language: request.form.get(f"{name}-{language}", "").replace("\r\n", "\n") for language in LANGUAGES
        }
    return document


def _page(key: str, document: dict[str, Any], problems: tuple[Problem, ...] = ()) -> str:
    stored = definitions.current(KIND, key)
    original = message_templates.find(key)
    return render_template(
        "signoff/platform/templates/show.html",
        template=original,
        document=document,
        problems=problems,
        placeholders=message_templates.placeholders(original),
        previews={
            language: message_templates.preview(document, language, current_zone())
            for language in LANGUAGES
            if not problems
        },
        stored=stored,
        versions=definitions.versions(KIND, key),
        event=message_templates.events().get(original.event, original.event),
    )
