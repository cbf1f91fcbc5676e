"""The web shell: layout, menus, language, errors and security of every page."""

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote

from flask import Flask, current_app, g, render_template, request, session, url_for
from markupsafe import Markup

from ..caches import cache
from ..people.directory import Person
from . import errors, filters, language, layout, menus, security
from .assets import asset, build, icon, symbol
from .layout import Look
from .pages import FAVICON, bp, theme
from .place import is_ours, signoff
from .security import csp_nonce
from .stencil import Stencil, slot, stencil

__all__ = ["bp", "init_app", "page"]


_OF_ONE_REQUEST = (
    "signoff_nonce",
    "signoff_framed",
    "signoff_bare",
    "signoff_language",
    "csrf_token",
    "csrf_valid",
)
MOST_INPUTS = 20_000
MOST_TEXT_BYTES = 5_000_000
_MOST_PAGES = 500


def init_app(app: Flask) -> None:
    """Give ``app`` what every page stands on; its blueprint ``bp`` is registered by the roof."""
    app.before_request(_begin_anew)
    language.init_app(app)
    filters.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    app.jinja_env.globals.update(
        csrf_token=security.csrf_token, asset=asset, icon=icon, _icon=icon, symbol=symbol, csp_nonce=csp_nonce
    )
    app.jinja_env.globals.update(person_name=person_name, role_names=role_names)
    app.context_processor(_shell)


def _begin_anew() -> None:
    """Forget the request before: under a host's own application context, as in tests, ``g`` outlives requests."""
    kept = g.__dict__
    for name in _OF_ONE_REQUEST:
        kept.pop(name, None)
    if is_ours():  # a form of 1,000 line items has more inputs than Flask expects of anybody
        request.max_form_parts = MOST_INPUTS
        request.max_form_memory_size = MOST_TEXT_BYTES


def _shell() -> dict[str, Any]:
    """What the layout asks for; functions, so that a page that does not draw it pays nothing."""
    if not request or not is_ours():
        return {}
    return {"shell": _Layout(), "csrf_token": security.csrf_token}  # before that of Flask-WTF


def page(template: str, place: Hashable, gaps: Mapping[str, str], **context: Any) -> str:
    """A page that is the same for all of one ``place`` but for its ``gaps``, which are HTML: drawn once, then filled.

    ``place`` names what ``context`` follows from; the bars, tokens, language and theme are seen to here.
    """
    if session.get("_flashes"):  # words for this one page
        return render_template(template, **context, **gaps)
    shell, known = _Layout(), cache("web.pages")
    tokens = {"csrf token": security.csrf_token(), "nonce": csp_nonce()}
    key = (template, place, shell.language, shell.theme, request.script_root, build())
    made: Stencil | None = known.get(key)
    if made is None:
        if len(known) >= _MOST_PAGES:
            known.clear()
        html = render_template(template, shell=_Open(shell), **context, **{name: slot(name) for name in gaps})
        for name, token in tokens.items():
            html = html.replace(token, slot(name))
        made = known[key] = stencil(html)
    return made.fill({**gaps, **tokens, "header": shell.header, "tabbar": shell.tabbar})


class _Layout:
    """The layout's view of this request; ``bare`` pages (the database is away) ask nothing of anybody."""

    favicon = "data:image/svg+xml," + quote(FAVICON, safe=" =:/'")

    @cached_property
    def bare(self) -> bool:
        return bool(g.get("signoff_bare", False))

    @cached_property
    def person(self) -> Person | None:
        from ..people.current import person_or_none

        return None if self.bare else person_or_none()

    @cached_property
    def answers(self) -> menus.Answers:
        return menus.answers(self.person) if self.person is not None else {}

    @cached_property
    def items(self) -> tuple[menus.Item, ...]:
        return menus.items(self.person, self.answers) if self.person is not None else ()

    @cached_property
    def search_url(self) -> str | None:
        search = menus.corner("search", self.person)
        return search.url if search is not None else None

    @cached_property
    def bell(self) -> menus.Item | None:
        return menus.corner("bell", self.person, self.answers)

    @cached_property
    def look(self) -> Hashable:
        """All that the bars of the page follow from: where it is the same, they look the same."""
        who = self.person and (self.person.key, self.person.name, self.person.email, self.person.roles)
        answers = tuple(self.answers.items())
        return Look((self.language, self.theme, who, menus.edition(), menus.marked(), answers, request.script_root))

    @property
    def header(self) -> Markup:
        """The bar above the page."""
        return layout.drawn("header", self)

    @property
    def tabbar(self) -> Markup:
        """The bar below it on a phone."""
        return layout.drawn("tabbar", self)

    @property
    def words(self) -> Markup:
        """What scripts say, for an attribute of the body."""
        return layout.words(self.language)

    @cached_property
    def language(self) -> str:
        return language.language()

    @property
    def theme(self) -> str:
        return theme()

    @property
    def home_url(self) -> str:
        return f"{signoff().url_prefix}/"

    @property
    def preferences_url(self) -> str:
        return url_for("signoff_web.preferences")

    @property
    def me_url(self) -> str | None:
        return _url_if_known("signoff_people.me")

    @property
    def sign_out_url(self) -> str | None:
        """``None`` where the host signs people in and out."""
        return _url_if_known("signoff_people.sign_out") if signoff().load_person is None else None


class _Open:
    """The layout with gaps for its bars."""

    header, tabbar = slot("header"), slot("tabbar")

    def __init__(self, shell: _Layout) -> None:
        self._shell = shell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shell, name)


def _url_if_known(endpoint: str) -> str | None:
    return url_for(endpoint) if endpoint in current_app.view_functions else None


def role_names(keys: Iterable[str]) -> list[str]:
    """What roles are called on a page, in the order of their keys."""
    from ..people.service import directory

    known = directory()
    return [filters.local_text(known.role(key)) for key in sorted(keys)]


def person_name(key: str | None) -> str:
    """A person's name for a page; the key where nobody has it any more."""
    from ..people.service import directory

    found = directory().person(key)
    return found.name if found is not None else (key or "")
