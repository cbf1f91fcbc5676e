"""The page behind a link that decides: it asks once more, and says kindly why there is nothing to decide any more."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..platform.errors import Conflict, Forbidden, NotFound, Refused, SignoffError
from ..platform.limits import limiter, off
from ..platform.people.current import current_language
from ..platform.web.language import speaking
from . import links
from .links import Asked

LIMIT = "30 per minute"

bp = Blueprint("signoff_links", __name__)


@bp.get("/decide/<token>")
@limiter.limit(LIMIT, exempt_when=off)
def ask(token: str) -> ResponseReturnValue:
    """Ask once more. Programs that look at mails open links: opening decides nothing."""
    try:
        asked = links.opened(token)
    except (NotFound, Refused, Conflict, Forbidden) as error:
        return _ended(error)
    return _page(asked)


@bp.post("/decide/<token>")
@limiter.limit(LIMIT, exempt_when=off)
def decide(token: str) -> ResponseReturnValue:
    """Decide; then the same address says what became of it."""
    try:
        links.decide(token, request.form.get("comment", ""))
    except Conflict:
        pass  # somebody was first: the page says who
    except Refused as error:
        if error.problems:
            return _page(links.opened(token), error)
        return _ended(error)
    except (NotFound, Forbidden) as error:
        return _ended(error)
    return redirect(url_for("signoff_links.ask", token=token), code=303)


def _page(asked: Asked, refused: Refused | None = None) -> ResponseReturnValue:
    spoken = asked.person.language or current_language()
    with speaking(spoken):
        html = render_template(
            "signoff/flows/by_link.html",
            asked=asked,
            opened=asked.page,
            current=spoken,
            problems=refused.problems if refused is not None else (),
            comment=request.form.get("comment", ""),
        )
    return html, 422 if refused is not None else 200


def _ended(error: SignoffError) -> ResponseReturnValue:
    return render_template("signoff/flows/by_link_ended.html", error=error), error.status
