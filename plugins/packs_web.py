"""The page of packs: forms and flows to start from."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..platform.errors import Refused
from ..platform.people.current import current_admin
from ..platform.web.filters import local_text
from ..platform.web.language import gettext as _
from . import applying, registry, starting

bp = Blueprint("signoff_packs", __name__)


@bp.get("/definitions/packs")
def listed() -> ResponseReturnValue:
    """All packs of the plugins, with what they bring."""
    current_admin()
    return _page()


@bp.post("/definitions/packs/<string:key>")
def use(key: str) -> ResponseReturnValue:
    """Put in force what is not there yet: the pack, and those it stands on."""
    person, pack = current_admin(), registry.pack(key)
    try:
        for each in registry.with_needs(key):
            applying.install(each, by=person.key)
    except Refused as error:
        return _page(error), error.status
    flash(_("“%(pack)s” is in force. People can use it now.", pack=local_text(pack.title)), "success")
    return redirect(url_for(".listed", _anchor=key), code=303)


@bp.post("/definitions/packs/<string:key>/copy")
def copy(key: str) -> ResponseReturnValue:
    """Begin a form and flow of one's own with the pack's, as drafts."""
    person, pack = current_admin(), registry.pack(key)
    wanted = request.form.get("key", "").strip()
    try:
        starting.copy(starting.offer(pack), wanted, by=person.key)
    except Refused as error:
        return _page(error, key, wanted), error.status
    return redirect(url_for("signoff_definitions.edit", kind="form", key=wanted), code=303)


def _page(error: Refused | None = None, at: str = "", wanted: str = "") -> str:
    return render_template(
        "signoff/plugins/packs.html",
        offers=[starting.offer(pack) for pack in registry.packs().values()],
        titles=lambda keys: ", ".join(local_text(registry.pack(each).title) for each in keys),
        error=error,
        at=at,
        wanted=wanted,
    )
