"""The page on which everything of somebody who leaves is handed over."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ..errors import Refused
from . import handing_over, service
from .blueprint import bp
from .current import current_admin
from .directory import Person
from .forms import HandOverForm


@bp.get("/people/person/<string:key>/hand-over")
def hand_over(key: str) -> ResponseReturnValue:
    current_admin()
    return _page(service.person(key), HandOverForm(formdata=None))


def _page(person: Person, form: HandOverForm) -> str:
    return render_template(
        "signoff/platform/people/hand_over.html",
        shown=person,
        form=form,
        belongings=handing_over.belongings(person.key),
        directory=service.directory(),
    )


@bp.post("/people/person/<string:key>/hand-over")
def do_hand_over(key: str) -> ResponseReturnValue:
    by, person, form = current_admin(), service.person(key), HandOverForm()
    if not form.validate():
        return _page(person, form), 422
    try:
        done = handing_over.hand_over(key, form.to.data, roles=form.roles.data, leaves=form.leaves.data, by=by.key)
    except Refused as refused:
        form.add_problems(refused.problems)
        return _page(person, form), 422
    for sentence in done:
        flash(sentence)
    return redirect(url_for(".show", key=key), code=303)
