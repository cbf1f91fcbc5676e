"""The pages of reply templates: words to decide with, as admins want them."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..platform import definitions
from ..platform.errors import Conflict, Refused, SignoffError
from ..platform.people.current import current_admin
from ..platform.text import LANGUAGES
from ..platform.web.language import gettext as _
from . import replies, reports
from .blueprint import bp
from .replies import KIND, OCCASIONS, SCHEMA, Reply


@bp.get("/replies", endpoint="replies")
def listed() -> ResponseReturnValue:
    """All of them, those that are offered no more at the end."""
    current_admin()
    rows = sorted(replies.replies(), key=lambda each: (not each[0].active, each[0].key))
    return render_template("signoff/flows/replies.html", rows=rows)


@bp.get("/replies/new", endpoint="new_reply")
def new() -> ResponseReturnValue:
    current_admin()
    return _page("", replies.document_of(Reply("", "", "")))


@bp.get("/replies/<key>", endpoint="reply")
def show(key: str) -> ResponseReturnValue:
    """One of them; ``version=2`` fills an old one in, ``version=0`` the words that it came with."""
    current_admin()
    return _page(key, replies.document_of(replies.find(key, request.args.get("version", type=int))))


@bp.post("/replies/save", endpoint="save_reply")
def save() -> ResponseReturnValue:
    by, form = current_admin().key, request.form
    document = _typed()
    known = form.get("known", "")
    try:
        replies.publish(
            document, by=by, note=form.get("note", ""), base_version=form.get("base_version", type=int) or 0
        )
    except (Refused, Conflict) as error:
        return _page(known, document, error), error.status
    flash(_("From now on it is offered so.") if document["active"] else _("It is offered no more."))
    return redirect(url_for("signoff_flows.replies"), code=303)


def _typed() -> dict[str, Any]:
    form = request.form
    texts = {
        name: {language: form.get(f"{name}-{language}", "").replace("\r\n", "\n").strip() for language in LANGUAGES}
        for name in ("title", "text")
    }
    return {
        "schema": SCHEMA,
        "key": form.get("known") or form.get("key", "").strip(),
        **texts,
        "on": [each for each in OCCASIONS if each in form.getlist("on")],
        "forms": form.getlist("forms"),
        "active": "active" in form,
    }


def _page(key: str, document: dict[str, Any], error: SignoffError | None = None) -> str:
    return render_template(
        "signoff/flows/reply.html",
        key=key,
        document=document,
        error=error,
        problems=error.problems if error is not None else (),
        stored=definitions.current(KIND, key) if key else None,
        versions=definitions.versions(KIND, key) if key else [],
        forms=reports.served(),
        occasions=OCCASIONS,
    )
