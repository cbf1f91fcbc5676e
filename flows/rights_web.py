"""The page of a form's rights: who may do what with its records and with itself, by roles, and who that is today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..forms import catalogue as forms
from ..forms import lifecycle, rights
from ..forms.definition import Form
from ..platform import definitions, releasing
from ..platform.definitions import Stored
from ..platform.errors import Conflict, NotFound, Refused
from ..platform.people import owners
from ..platform.people import service as people
from ..platform.people.choosing import choosable
from ..platform.people.current import current_admin, current_person
from ..platform.people.directory import ADMIN, AUDITOR, Directory
from ..platform.people.policy import EVERYBODY
from ..platform.text import LocalText, msg
from ..platform.web.language import say

bp = Blueprint("signoff_rights", __name__)

KIND = "form"
RIGHTS = ("create", "read", "edit", "delete")
SHOWN = 12
"""So many names stand beside a role; beyond, there is a number."""

WORDS: Mapping[str, Any] = {
    "create": _l("File a new record"),
    "read": _l("See all records"),
    "edit": _l("Change all records"),
    "delete": _l("Delete records"),
}


@dataclass(frozen=True, slots=True)
class Role:
    """A role with whom it means today; ``key`` may be ``*``."""

    key: str
    name: LocalText
    people: tuple[str, ...]
    more: int


@bp.get("/definitions/form/<string:key>/rights")
def show(key: str) -> ResponseReturnValue:
    """Everybody who builds or audits the form may look."""
    owners.require_read(current_person(), (key,))
    return _page(_stored(key))


@bp.post("/definitions/form/<string:key>/rights")
def save(key: str) -> ResponseReturnValue:
    """Another version of the form, with these rights; for owners and administrators."""
    by = current_person()
    owners.require_change(by, (key,))
    stored = _stored(key)
    document = _with_rights(stored)
    if document == stored.document:
        flash(_("Nothing changes."))
        return redirect(url_for(".show", key=key), code=303)
    try:
        made = releasing.release(
            KIND,
            document,
            by=by.key,
            note=request.form.get("note", "").strip() or _("Rights"),
            base_version=request.form.get("base_version", 0, type=int),
            publish=forms.publish_form,
            check=lambda checked: forms.check_document(checked).problems,
        )
    except (Conflict, Refused) as error:
        for problem in error.problems or (error,):
            flash(say(problem.message), "danger")
        return _page(_stored(key)), error.status
    if isinstance(made, Stored):
        flash(_("The rights are in force, as version %(n)s of the form.", n=made.version))
    else:
        flash(_("A second person must confirm this before it is in force."), "warning")
    return redirect(url_for(".show", key=key), code=303)


@bp.post("/definitions/form/<string:key>/owners")
def save_owners(key: str) -> ResponseReturnValue:
    """Let these people change the form and its flows; for administrators."""
    by = current_admin()
    _stored(key)
    wanted = [*request.form.getlist("owner"), *filter(None, [request.form.get("add", "").strip()])]
    try:
        owners.set_owners(key, wanted, by=by.key)
    except Refused as refused:
        for problem in refused.problems:
            flash(say(problem.message), "danger")
        return _page(_stored(key)), 422
    flash(_("The owners are saved."))
    return redirect(url_for(".show", key=key), code=303)


def _stored(key: str) -> Stored:
    found = definitions.current(KIND, key)
    if found is None:
        raise NotFound(msg("There is no form %(form)s.", form=repr(key)))
    return found


def _with_rights(stored: Stored) -> dict[str, Any]:
    """The document with the rights that were sent; those that stay are left as they are written."""
    form = forms.program(stored.key).form
    access = dict(stored.document.get("access", {}))
    for name in RIGHTS:
        chosen = request.form.getlist(name)
        if set(chosen) != set(_roles_of(form, name)):
            access[name] = [EVERYBODY] if EVERYBODY in chosen else chosen
    document = dict(stored.document)
    if access:
        document["access"] = access
    return document


def _roles_of(form: Form, right: str) -> Sequence[str]:
    return rights.readers(form) if right == "read" else getattr(form.access, right)


def _page(stored: Stored) -> str:
    form, directory, person = forms.program(stored.key).form, people.directory(), current_person()
    owned = owners.owners(stored.key)
    return render_template(
        "signoff/flows/rights.html",
        form=form,
        stored=stored,
        words=WORDS,
        has_flow=lifecycle.current().has_flow(form.key),
        chosen={name: tuple(_roles_of(form, name)) for name in RIGHTS},
        roles=_roles(form, directory),
        admins=_role(ADMIN, directory),
        auditors=_role(AUDITOR, directory),
        owners=owned,
        addable=choosable(directory, without=owned),
        may_change=owners.may_change(person, (stored.key,)),
        may_name_owners=ADMIN in person.roles,
    )


def _roles(form: Form, directory: Directory) -> list[Role]:
    """Everybody, then the roles that somebody has or the form names; not those that may everything anyhow."""
    keys = {role for each in directory.persons.values() if each.active for role in each.roles}
    keys |= {role for name in RIGHTS for role in _roles_of(form, name)}
    named = sorted(keys - {ADMIN, EVERYBODY})
    return [Role(EVERYBODY, _("Everybody who signs in"), (), 0), *(_role(each, directory) for each in named)]


def _role(key: str, directory: Directory) -> Role:
    members = [each.name for each in directory.members(key)]
    return Role(key, directory.role(key), tuple(members[:SHOWN]), max(len(members) - SHOWN, 0))
