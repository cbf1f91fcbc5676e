"""The shell's own routes: built files, the choice of language and theme, and the page that shows every component."""

from datetime import timedelta
from pathlib import Path

from flask import Blueprint, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from jinja2 import BaseLoader, FileSystemLoader, PrefixLoader

from .. import clock, config
from ..problems import Problem
from ..text import LANGUAGES, msg
from .assets import DIST
from .language import COOKIE as LANGUAGE_COOKIE
from .place import came_from, signoff

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
THEME_COOKIE = "signoff_theme"
THEMES = ("light", "dark", "auto")
FAVICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>"
    "<rect width='32' height='32' rx='9' fill='#0f766e'/>"
    "<path d='M9 17.2l4.6 4.6L23.5 11' fill='none' stroke='#fff' stroke-width='3.4'"
    " stroke-linecap='round' stroke-linejoin='round'/></svg>"
)
YEAR_SECONDS = 365 * 24 * 3600


class _Shell(Blueprint):
    """Finds ``templates/forms/fill.html`` as ``signoff/forms/fill.html``: a host has templates of its own."""

    @property
    def jinja_loader(self) -> BaseLoader:
        return PrefixLoader({"signoff": FileSystemLoader(TEMPLATES)})

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Names of built files hold their hash: what has a name never changes."""
        return YEAR_SECONDS if filename and filename.startswith("assets/") else 0


bp = _Shell("signoff_web", __name__, static_folder=str(DIST), static_url_path="/static")


@bp.post("/preferences")
def preferences() -> ResponseReturnValue:
    """Keep the language or the theme that was picked in the menu, and return to the page."""
    response = make_response(redirect(came_from(), code=303))
    for name, allowed, cookie in (
        ("language", LANGUAGES, LANGUAGE_COOKIE),
        ("theme", THEMES, THEME_COOKIE),
    ):
        value = request.form.get(name)
        if value is not None and value in allowed:
            _keep(response, cookie, value)
    return response


def _keep(response: Response, cookie: str, value: str) -> None:
    response.set_cookie(
        cookie,
        value,
        max_age=YEAR_SECONDS,
        path=signoff().url_prefix + "/",
        secure=signoff().config.secure_cookies,
        httponly=cookie == LANGUAGE_COOKIE,
        samesite="Lax",
    )


def theme() -> str:
    """``light``, ``dark`` or ``auto``: what was picked in this browser."""
    picked = request.cookies.get(THEME_COOKIE, "auto")
    return picked if picked in THEMES else "auto"


@bp.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """The sign that browsers ask for on their own; pages carry it with them."""
    return Response(FAVICON, mimetype="image/svg+xml", headers={"Cache-Control": f"public, max-age={YEAR_SECONDS}"})


@bp.get("/components")
def components() -> ResponseReturnValue:
    """Every component of the shell on one page, for people who write pages and for screenshots."""
    if not (config.current().testing or config.current().demo):
        abort(404)
    now = clock.now()
    rows = (
        ("RF-20260302-0001", "Amy Wang", "open", "4999.99", now - timedelta(hours=3), True),
        ("RF-20260302-0002", "李娜", "approved", "129.00", now + timedelta(hours=5), False),
        ("RF-20260301-0117", "Bob Chen", "returned", "15800.00", now + timedelta(days=2), False),
    )
    problems = (Problem("/values/amount", "money", msg("Write the amount without commas: 1000.00.")),)
    return render_template("signoff/platform/components.html", rows=rows, problems=problems)
