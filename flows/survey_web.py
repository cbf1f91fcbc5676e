"""The page of the survey: for customers and submitters who follow the link of a message, without signing in."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..platform.errors import Conflict, Refused
from ..platform.limits import limiter, off
from ..platform.people.current import current_language, person_or_none
from ..platform.problems import Problem
from . import survey as surveys
from .blueprint import bp

LIMIT = "30 per minute"


@bp.get("/survey/<token>")
@limiter.limit(LIMIT, exempt_when=off)
def survey(token: str) -> ResponseReturnValue:
    """The question, or the thanks to whoever answered it."""
    return _page(surveys.opened(token), token)


@bp.post("/survey/<token>")
@limiter.limit(LIMIT, exempt_when=off)
def answer_survey(token: str) -> ResponseReturnValue:
    """Keep the answer; said twice, the first one holds."""
    form = request.form
    try:
        surveys.give(
            token,
            form.get("score", type=int),
            form.get("words", ""),
            language=current_language(),
            by=person_or_none(),
        )
    except Refused as error:
        return _page(surveys.opened(token), token, error.problems), 422
    except Conflict:
        pass
    return redirect(url_for("signoff_flows.survey", token=token), code=303)


def _page(invited: surveys.Invitation, token: str, problems: tuple[Problem, ...] | list[Problem] = ()) -> str:
    return render_template(
        "signoff/flows/survey.html",
        invited=invited,
        token=token,
        problems=problems,
        score=request.form.get("score", type=int),
        words=request.form.get("words", ""),
        longest=surveys.LONGEST,
    )
