"""The page on which running requests are moved to the version of their flow that is in force."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from ..platform.errors import Conflict
from ..platform.people import owners
from ..platform.people.current import current_person
from ..platform.people.directory import Person
from ..platform.web.language import gettext as _
from . import catalogue, moving
from .blueprint import bp
from .moving import Outcome


def _changer(key: str) -> Person:
    person = current_person()
    owners.require_change(person, (catalogue.flow_program(key).flow.form,))
    return person


@bp.get("/definitions/flow/<string:key>/moves")
def moves(key: str) -> ResponseReturnValue:
    """Who can be moved, what it would change for them, and what was moved before."""
    _changer(key)
    return render_template(
        "signoff/flows/moves.html",
        flow=catalogue.flow_program(key),
        page=moving.preview(key, after=request.args.get("after") or None),
        moves=moving.listed(key),
    )


@bp.post("/definitions/flow/<string:key>/moves")
def move(key: str) -> ResponseReturnValue:
    """Move those selected, or all that can; or a move back."""
    by = _changer(key).key
    undone = request.form.get("undo", type=int)
    if undone is not None:
        try:
            _tell(moving.undo(key, undone, by=by))
        except Conflict as error:
            flash(error.message, "warning")
        return redirect(url_for(".moves", key=key), code=303)
    only = request.form.getlist("runs", type=int) if request.form.get("do") == "selected" else None
    _tell(moving.move(key, by=by, note=request.form.get("note", ""), only=only))
    return redirect(url_for(".moves", key=key), code=303)


def _tell(outcome: Outcome) -> None:
    flash(ngettext("%(num)s request was moved.", "%(num)s requests were moved.", outcome.moved))
    if outcome.left:
        flash(
            ngettext("%(num)s request stays where it is.", "%(num)s requests stay where they are.", len(outcome.left)),
            "warning",
        )
    if outcome.more:
        flash(_("There are more; move them next."), "warning")
