"""One's own settings: language and looks, password, who stands in, tokens, sessions."""

from zoneinfo import available_timezones

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext as _

from .. import clock, definitions
from ..errors import Refused
from ..web.language import COOKIE as LANGUAGE_COOKIE
from ..web.pages import THEME_COOKIE
from ..web.place import signoff
from . import current, service, sign_in, tokens
from .blueprint import bp, only_where_we_sign_in
from .current import current_person
from .directory import Person
from .forms import DelegationForm, PageForm, PasswordForm, PreferencesForm, TokenForm


@bp.get("/me")
def me() -> ResponseReturnValue:
    return _page(current_person())


def _page(person: Person, *wrong: PageForm, new_token: str | None = None) -> str:
    """The page, with the form that was refused in place of the fresh one of its kind."""
    directory = service.directory()
    given = {type(form): form for form in wrong}
    mine = directory.delegation_of(person.key, clock.now())
    return render_template(
        "signoff/platform/people/me.html",
        me=person,
        titles=definitions.titles("form") if person.limits else {},
        department=directory.departments.get(person.department or ""),
        preferences=given.get(PreferencesForm) or PreferencesForm(formdata=None, obj=person),
        password=given.get(PasswordForm) or PasswordForm(formdata=None),
        has_password=current.signs_in_here() and sign_in.has_password(person.key),
        token=given.get(TokenForm) or TokenForm(formdata=None),
        tokens=tokens.tokens_of(person.key),
        new_token=new_token,
        delegation=given.get(DelegationForm) or DelegationForm.of(mine, current.current_zone()),
        mine=mine,
        for_others=directory.delegated_to(person.key, clock.now()),
        colleagues=[each for each in directory.persons.values() if each.active and each.key != person.key],
        zones=sorted(available_timezones()),
    )


def _done(message: str, section: str) -> Response:
    flash(message)
    response: Response = make_response(redirect(url_for(".me") + f"#{section}", code=303))
    return response


@bp.post("/me/preferences")
def save_preferences() -> ResponseReturnValue:
    person, form = current_person(), PreferencesForm()
    if not form.validate_on_submit():
        return _page(person, form), 422
    language, zone, theme = (field.data or None for field in (form.language, form.zone, form.theme))
    service.save_preferences(person.key, language=language, zone=zone, theme=theme)
    response = make_response(redirect(url_for(".me"), code=303))
    path = f"{signoff().url_prefix}/"
    response.delete_cookie(LANGUAGE_COOKIE, path=path)
    if theme:
        response.set_cookie(THEME_COOKIE, theme, max_age=31536000, path=path, samesite="Lax")
    else:
        response.delete_cookie(THEME_COOKIE, path=path)
    return response


@bp.post("/me/password")
def change_password() -> ResponseReturnValue:
    only_where_we_sign_in()
    person, form = current_person(), PasswordForm()
    if not form.validate_on_submit():
        return _page(person, form), 422
    if sign_in.authenticate(person.key, form.current.data) is None:
        form.current.errors = [_("This is not your password. Type the one you signed in with.")]
        return _page(person, form), 422
    try:
        service.set_password(person.key, form.password.data, by=person.key)
    except Refused as refused:
        form.add_problems(refused.problems)
        return _page(person, form), 422
    current.begin_session(person.key)
    return _done(_("Your password is changed. You are signed out everywhere else."), "password")


@bp.post("/me/sessions/end")
def end_sessions() -> ResponseReturnValue:
    only_where_we_sign_in()
    person = current_person()
    service.end_sessions(person.key, by=person.key)
    current.begin_session(person.key)
    return _done(_("You are signed out everywhere else."), "password")


@bp.post("/me/tokens")
def create_token() -> ResponseReturnValue:
    person, form = current_person(), TokenForm()
    if not form.validate_on_submit():
        return _page(person, form), 422
    days = int(form.days.data) if form.days.data else None
    try:
        secret = tokens.create(person.key, form.name.data, days=days, by=person.key)
    except Refused as refused:
        form.add_problems(refused.problems)
        return _page(person, form), 422
    response = make_response(_page(person, new_token=secret))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/me/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    person = current_person()
    tokens.revoke(person.key, token_id, by=person.key)
    return _done(_("The token is revoked."), "tokens")


@bp.post("/me/delegation")
def save_delegation() -> ResponseReturnValue:
    person, form = current_person(), DelegationForm()
    if request.form.get("end"):
        service.end_delegation(person.key, by=person.key)
        return _done(_("Nobody acts for you any more."), "delegation")
    if not form.validate_on_submit():
        return _page(person, form), 422
    delegation = form.delegation(person.key, current.current_zone())
    try:
        service.set_delegation(delegation, by=person.key)
    except Refused as refused:
        form.add_problems(refused.problems)
        return _page(person, form), 422
    name = service.person(delegation.delegate).name
    return _done(_("%(name)s acts for you in that time.", name=name), "delegation")
