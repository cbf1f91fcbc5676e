"""Words of the script that saves drafts by itself, in the language of the page."""

from flask.json import dumps
from flask_babel import gettext as _
from markupsafe import Markup, escape

from ..platform.caches import cache
from ..platform.web.language import language


def words() -> Markup:
    """JSON for an attribute of the form, made once per language."""
    known = cache("forms.words")
    place = language()
    if place not in known:
        known[place] = escape(dumps(_words()))
    found: Markup = known[place]
    return found


def _words() -> dict[str, str]:
    return {
        "saved": _("Saved {time}"),
        "saving": _("Saving …"),
        "offline": _("Not saved yet: no connection. Your text is kept here, and saving is tried again."),
        "signed_out": _("You were signed out. Your text is kept in this tab."),
        "sign_in": _("Sign in and go on"),
        "found": _("There is text of yours on this page that was not saved."),
        "restore": _("Put it back"),
        "discard": _("Discard it"),
    }
