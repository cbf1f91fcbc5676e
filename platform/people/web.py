"""The pages about people: signing in and out; one's own settings and administration stand in modules of their own."""

from urllib.parse import urlsplit

import structlog
from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext as _

from .. import config
from ..limits import address, limiter, off
from ..text import msg
from ..web.language import COOKIE as LANGUAGE_COOKIE
from ..web.pages import THEME_COOKIE
from ..web.place import signoff
from . import admin_web, current, departments_web, handing_over_web, import_web, profile_web, service, sign_in
from .blueprint import bp, only_where_we_sign_in
from .directory import Person
from .forms import SignInForm

__all__ = ["admin_web", "bp", "departments_web", "handing_over_web", "import_web", "profile_web"]

log = structlog.get_logger(__name__)

ATTEMPTS_PER_ADDRESS = "100 per minute"
"""Of all names together: an office behind one address signs in unhindered, a list of names is slow to try."""


def _who_tries() -> str:
    return f"{address()} {request.form.get('name', '').strip().casefold()[:254]}"


def _failed(response: Response) -> bool:
    return response.status_code == 422


@bp.get("/sign-in", endpoint="sign_in")
def sign_in_page() -> ResponseReturnValue:
    only_where_we_sign_in()
    if current.person_or_none() is not None:
        return redirect(_next())
    return _page(_filled_in())


@bp.post("/sign-in")
@limiter.limit(ATTEMPTS_PER_ADDRESS, exempt_when=off)
@limiter.limit(
    lambda: config.current().sign_in_limit,
    key_func=_who_tries,
    exempt_when=off,
    deduct_when=_failed,
)
def check_sign_in() -> ResponseReturnValue:
    only_where_we_sign_in()
    form = SignInForm()
    person = None
    if form.validate_on_submit():
        person = sign_in.authenticate(form.name.data, form.password.data)
        if person is None:
            form.form_errors = [msg("Name and password do not belong together. Check both and try again.")]
    if person is None:
        return _page(form), 422
    log.info("signed_in", person=person.key)
    target = _next()
    current.begin_session(person.key)
    return _as_they_like_it(make_response(redirect(target, code=303)), person)


def _page(form: SignInForm) -> str:
    return render_template(
        "signoff/platform/people/sign_in.html",
        form=form,
        target=request.values.get("next", ""),
        demo=sign_in.shown_in_demo(),
        departments=service.directory().departments if config.current().demo else {},
    )


def _filled_in() -> SignInForm:
    """The empty form; in the demo that of the person who was picked, with the password that all of them have."""
    form = SignInForm()
    picked = request.args.get("as")
    if config.current().demo and picked is not None:
        form.name.data, form.password.data = picked, sign_in.DEMO_PASSWORD
    return form


def _next() -> str:
    """Where to go on: only to a page of this site, whatever the address says."""
    home: str = f"{signoff().url_prefix}/"
    wanted = request.values.get("next", "")
    parts = urlsplit(wanted)
    is_path = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    if not is_path or parts.scheme or parts.netloc or any(ord(each) < 32 for each in wanted):
        return home
    return home if parts.path.startswith(url_for(".sign_in")) else wanted


def _as_they_like_it(response: Response, person: Person) -> Response:
    """What the person chose for all browsers wins over what was picked in this one."""
    path = f"{signoff().url_prefix}/"
    if person.language:
        response.delete_cookie(LANGUAGE_COOKIE, path=path)
    if person.theme:
        response.set_cookie(THEME_COOKIE, person.theme, max_age=31536000, path=path, samesite="Lax")
    return response


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    only_where_we_sign_in()
    current.end_session()
    flash(_("You are signed out."))
    return redirect(url_for(".sign_in"), code=303)
