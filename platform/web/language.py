"""The language of an answer, and the catalogues of all floors as one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from io import BytesIO
from pathlib import Path
from typing import Any

import flask_babel
from babel.core import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_app_context, has_request_context, request
from flask_babel import Babel, Domain, force_locale
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from ..text import LANGUAGES, translate
from .place import is_ours, signoff

ROOT = Path(__file__).resolve().parents[2]
LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
_PARSED = {key: Locale.parse(name) for key, name in LOCALES.items()}  # Flask-Babel would parse it in every request
FOLDERS = {"zh": "zh_CN"}
COOKIE = "signoff_language"

_spoken: ContextVar[str | None] = ContextVar("signoff_spoken", default=None)

_catalogues = [*sorted(ROOT.glob("*/translations")), *sorted(ROOT.glob("plugins/*/translations"))]


def add_catalogue(folder: Path) -> None:
    """Also look for translations below ``folder``: those of a plugin."""
    if folder not in _catalogues:
        _catalogues.append(folder)
        _DOMAIN.loaded.clear()


class _Floors(Domain):  # type: ignore[misc]
    """All floors' messages together, loaded once per language and process."""

    def __init__(self) -> None:
        super().__init__(translation_directories=[])
        self.loaded: dict[str, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        spoken = language() if has_app_context() else "en"
        if spoken not in self.loaded:
            self.loaded[spoken] = _load(spoken)
        return self.loaded[spoken]


_DOMAIN = _Floors()


def _load(language: str) -> NullTranslations:
    found: Translations = Translations()
    found.plural = lambda n: int(n != 1)
    if language not in FOLDERS:
        return found
    for folder in _catalogues:
        source = folder / FOLDERS[language] / "LC_MESSAGES" / "messages.po"
        if source.exists() or source.with_suffix(".mo").exists():
            catalogue = _read(source)
            found.merge(catalogue)
            found.plural = catalogue.plural
    return found


def _read(source: Path) -> Translations:
    """The compiled catalogue, or the source where that is newer: a fresh checkout has no compiled one."""
    compiled = source.with_suffix(".mo")
    if compiled.exists() and not (source.exists() and source.stat().st_mtime > compiled.stat().st_mtime):
        with compiled.open("rb") as file:
            return Translations(file)
    with source.open("rb") as file:
        catalogue = read_po(file)
    binary = BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return Translations(binary)


def init_app(app: Flask) -> None:
    """Speak the person's language on our pages; a host's own Babel keeps the host's pages."""
    if "babel" not in app.extensions:
        Babel(app, default_locale=LOCALES[signoff(app).config.language], locale_selector=lambda: _PARSED[language()])
        app.jinja_env.globals.update({"_": _on_page, "gettext": _on_page})
    else:
        settings = app.extensions["babel"]
        theirs = settings.locale_selector
        settings.locale_selector = lambda: _PARSED[language()] if _speaking_ours() else (theirs() if theirs else None)
    app.before_request(_use_floors)


@pass_eval_context
def _on_page(context: EvalContext, template: str, /, **params: Any) -> str:
    """``_("…")`` of templates, as Jinja has it; its own takes ten times as long to find out the language."""
    found: str = _DOMAIN.get_translations().gettext(template)
    if context.autoescape:
        found = Markup(found)  # noqa: S704 - a template's own words, or their translation
    return found % params if "%" in found else found


def _speaking_ours() -> bool:
    return not has_request_context() or is_ours()


def _use_floors() -> None:
    if is_ours():
        flask_babel.refresh()
        _DOMAIN.as_default()


def language() -> str:
    """``en`` or ``zh``: the person's, else what this browser chose or prefers, else the installation's."""
    spoken = _spoken.get()
    if spoken is not None:
        return spoken
    if not has_request_context():
        return str(signoff().config.language)
    kept = g.__dict__
    found: str | None = kept.get("signoff_language")
    if found is None:
        found = kept["signoff_language"] = asked_language() if kept.get("signoff_bare", False) else _of_person()
    return found


def _of_person() -> str:
    from ..people.current import current_language

    return current_language()


def asked_language() -> str:
    """What the request itself asks for, without regard to the person."""
    kept = request.cookies.get(COOKIE, "")
    if kept in LANGUAGES:
        return kept
    for wanted, _ in request.accept_languages:
        short = wanted.replace("_", "-").split("-")[0].lower()
        if short in LANGUAGES:
            return short
    return str(signoff().config.language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Inside the block ``gettext`` speaks ``language``: for a mail to somebody else, for work without a request."""
    language = language if language in LOCALES else "en"
    token = _spoken.set(language)
    try:
        with force_locale(LOCALES[language]):
            _DOMAIN.as_default()
            yield
    finally:
        _spoken.reset(token)


def say(text: Any) -> str:
    """A sentence of :func:`~signoff.platform.text.msg`, or any text, in the current language."""
    return translate(text if isinstance(text, str) else str(text), gettext_here)


def gettext_here(template: str) -> str:
    """The translation of one of our msgids in the current language."""
    found: str = _DOMAIN.get_translations().gettext(template)
    return found if template else ""


def gettext(template: str, **params: Any) -> str:
    """``flask_babel.gettext`` with types."""
    found: str = _DOMAIN.get_translations().gettext(template)
    return found % params if params else found
