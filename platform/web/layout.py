"""Parts of the layout that look alike on most pages, drawn once for all that look alike."""

from typing import Any

from flask import current_app
from flask.json import dumps
from flask_babel import gettext as _
from markupsafe import Markup, escape

from ..caches import cache
from .security import csrf_token

_MOST = 2000


class Look(tuple[Any, ...]):
    """A key that is hashed once, although it is asked for several times."""

    def __new__(cls, parts: tuple[Any, ...]) -> "Look":
        self = super().__new__(cls, parts)
        self._hash = hash(parts)
        return self

    def __hash__(self) -> int:
        return self._hash

    _hash: int


def drawn(part: str, shell: Any) -> Markup:
    """``templates/platform/<part>.html`` for this request: what it shows is its key, its tokens are put in anew."""
    known = cache("web.layout")
    place = (part, shell.look)
    pieces = known.get(place)
    token = csrf_token()
    if pieces is None:
        template = current_app.jinja_env.get_template(f"signoff/platform/{part}.html")
        pieces = template.render(shell=shell).split(token)
        if len(known) > _MOST:
            known.clear()
        known[place] = pieces
    return Markup(token.join(pieces))  # noqa: S704 - our own template


def words(language: str) -> Markup:
    """Words of scripts as JSON, made once per language."""
    known = cache("web.words")
    if language not in known:
        said = {
            "close": _("Close"),
            "cancel": _("Cancel"),
            "confirm": _("Confirm"),
            "failed": _("That did not work. Check your connection and try again."),
            "copied": _("Copied"),
        }
        known[language] = escape(dumps(said))
    found: Markup = known[language]
    return found
