"""Administration of people: the list, one person, their password and sessions, and handing over."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from .. import clock, definitions
from ..errors import Conflict, Refused
from ..text import local, msg
from ..web import menus
from . import policy, service, sign_in
from .blueprint import bp, only_where_we_sign_in
from .current import current_admin, current_language, current_zone, signs_in_here
from .definition import amounts_json
from .directory import ADMIN, Person
from .entry import read_amount
from .forms import DelegationForm, NewPasswordForm, PersonForm
from .search import find_people

menus.add(
    menus.MenuEntry(
        "people",
        _l("People"),
        "signoff_people.index",
        "people",
        order=800,
        roles=(ADMIN,),
        also=(
            "signoff_people.show",
            "signoff_people.add",
            "signoff_people.hand_over",
            "signoff_people.departments",
            "signoff_people.department",
            "signoff_people.add_department",
            "signoff_people.import_people",
        ),
    )
)

_LIMIT = "limit:"
"""Names of the inputs for limits: ``limit:refund``. Forms' keys are chosen by admins, so they never name attributes."""


@bp.get("/people")
def index() -> ResponseReturnValue:
    current_admin()
    directory = service.directory()
    asked = {name: request.args.get(name, "") for name in ("q", "department", "role", "state")}
    page = find_people(
        directory,
        q=asked["q"],
        department=asked["department"] or None,
        role=asked["role"] or None,
        active={"": True, "left": False}.get(asked["state"]),
        after=request.args.get("after"),
    )
    return render_template(
        "signoff/platform/people/index.html",
        page=page,
        asked=asked,
        directory=directory,
        roles=known_roles(directory.persons.values()),
        forms=_forms(None),
        now=clock.now(),
    )


def known_roles(people: Iterable[Person]) -> list[str]:
    """Every role that somebody has, and those that the product knows."""
    return sorted({ADMIN, "auditor"}.union(*(each.roles for each in people)))


@bp.get("/people/add")
def add() -> ResponseReturnValue:
    current_admin()
    return _page(None, PersonForm(formdata=None, active=True))


@bp.get("/people/person/<string:key>")
def show(key: str) -> ResponseReturnValue:
    current_admin()
    person = service.person(key)
    return _page(person, _form_of(person))


def _form_of(person: Person) -> PersonForm:
    form = PersonForm(formdata=None, obj=person)
    form.roles.data = sorted(person.roles)
    return form


def _page(person: Person | None, form: PersonForm, **more: Any) -> str:
    directory = service.directory()
    standing_in = directory.delegation_of(person.key, clock.now()) if person else None
    return render_template(
        "signoff/platform/people/person.html",
        standing_in=standing_in,
        delegation=more.get("delegation") or DelegationForm.of(standing_in, current_zone()),
        shown=person,
        form=form,
        directory=directory,
        roles=known_roles(directory.persons.values()),
        limits=more.get("limits", amounts_json(person.limits) if person else {}),
        departments=[(each.key, local(each.name, current_language())) for each in directory.departments.values()],
        limit_errors=more.get("limit_errors", {}),
        forms=_forms(person),
        signs_in_here=signs_in_here(),
        has_password=person is not None and sign_in.has_password(person.key),
        reports=[each for each in directory.persons.values() if person is not None and each.manager == person.key],
        password=more.get("password", NewPasswordForm(formdata=None)),
    )


def _forms(person: Person | None) -> dict[str, Any]:
    """Titles of the forms on which somebody can have a limit, by key."""
    return {**{key: key for key in (person.limits if person else ())}, **definitions.titles("form")}


@bp.post("/people/add")
def create() -> ResponseReturnValue:
    by, form = current_admin(), PersonForm()
    if service.directory().person(form.key.data) is not None:
        form.validate()
        form.key.errors = [msg("Somebody has the key %(key)s already. Choose another.", key=form.key.data)]
        return _page(None, form, limits=_typed_limits()), 422
    return _save(None, form, by)


@bp.post("/people/person/<string:key>")
def save(key: str) -> ResponseReturnValue:
    by, person = current_admin(), service.person(key)
    form = PersonForm()
    del form.key
    return _save(person, form, by)


def _save(before: Person | None, form: PersonForm, by: Person) -> ResponseReturnValue:
    limits, wrong = _read_limits()
    if not form.validate() or wrong:
        return _page(before, form, limits=_typed_limits(), limit_errors=wrong), 422
    try:
        new = _filled(before or Person(form.key.data, ""), form, limits)
        _keep_an_admin(before, new, by)
        service.save_person(new, by=by.key)
    except Refused as refused:
        form.add_problems(refused.problems)
        return _page(before, form, limits=_typed_limits()), 422
    flash(_("%(name)s is saved.", name=new.name))
    return redirect(url_for(".show", key=new.key), code=303)


def _filled(person: Person, form: PersonForm, limits: dict[str, Decimal]) -> Person:
    return replace(
        person,
        name=form.name.data.strip(),
        email=(form.email.data or "").strip() or None,
        department=form.department.data or None,
        manager=form.manager.data or None,
        roles=form.all_roles(),
        limits=limits,
        active=form.active.data,
    )


def _keep_an_admin(before: Person | None, new: Person, by: Person) -> None:
    """Nobody takes administration from themselves: somebody must be left who can give it back.

    Raises:
        Conflict: they tried.
    """
    if before is not None and before.key == by.key and not (new.active and policy.is_admin(new)):
        raise Conflict(
            msg("You cannot end your own administration. Let another administrator do it."), code="own_rights"
        )


def _typed_limits() -> dict[str, str]:
    return {
        name.removeprefix(_LIMIT): value.strip()
        for name, value in request.form.items()
        if name.startswith(_LIMIT) and value.strip()
    }


def _read_limits() -> tuple[dict[str, Decimal], dict[str, str]]:
    """Limits by form, and what is wrong with those that cannot be read."""
    limits: dict[str, Decimal] = {}
    wrong: dict[str, str] = {}
    for form, typed in _typed_limits().items():
        amount = read_amount(typed)
        if amount is None:
            message = msg('%(value)s is no amount. Write digits and a point, as in "5000.00".', value=repr(typed))
            wrong[form] = message
        else:
            limits[form] = amount
    return limits, wrong


@bp.post("/people/person/<string:key>/password")
def set_password(key: str) -> ResponseReturnValue:
    only_where_we_sign_in()
    by, person, form = current_admin(), service.person(key), NewPasswordForm()
    try:
        if form.validate():
            service.set_password(key, form.password.data, by=by.key)
            flash(_("%(name)s has a new password and is signed out everywhere.", name=person.name))
            return redirect(url_for(".show", key=key), code=303)
    except Refused as refused:
        form.add_problems(refused.problems)
    return _page(person, _form_of(person), password=form), 422


@bp.post("/people/person/<string:key>/sessions/end")
def end_sessions_of(key: str) -> ResponseReturnValue:
    only_where_we_sign_in()
    by, person = current_admin(), service.person(key)
    service.end_sessions(key, by=by.key)
    flash(_("%(name)s is signed out everywhere.", name=person.name))
    return redirect(url_for(".show", key=key), code=303)


@bp.post("/people/person/<string:key>/delegation")
def save_delegation_of(key: str) -> ResponseReturnValue:
    """Somebody fell ill: an administrator says who acts for them."""
    by, person, form = current_admin(), service.person(key), DelegationForm()
    if request.form.get("end"):
        service.end_delegation(key, by=by.key)
        flash(_("Nobody acts for %(name)s any more.", name=person.name))
        return redirect(url_for(".show", key=key), code=303)
    try:
        if form.validate():
            service.set_delegation(form.delegation(key, current_zone()), by=by.key)
            flash(
                _(
                    "%(name)s acts for %(person)s in that time.",
                    name=service.person(form.delegate.data).name,
                    person=person.name,
                )
            )
            return redirect(url_for(".show", key=key), code=303)
    except Refused as refused:
        form.add_problems(refused.problems)
    return _page(person, _form_of(person), delegation=form), 422
