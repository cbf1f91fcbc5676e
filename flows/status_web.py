"""The customer's page: where a request is, by its number and access code, in plain words and without signing in."""

import hmac

from flask import render_template, request
from flask.typing import ResponseReturnValue

from ..forms import later
from ..platform.errors import NotFound
from ..platform.limits import limiter, off
from . import asking, public_status
from .blueprint import bp

LIMIT = "20 per minute"


@bp.get("/status")
@limiter.limit(LIMIT, exempt_when=lambda: off() or not request.args.get("number"))
def status() -> ResponseReturnValue:
    """The form to ask with; with number and code, the answer."""
    number, code = request.args.get("number", "").strip(), request.args.get("code", "").strip()
    if not number:
        return render_template("signoff/flows/status.html", found=None, number="", missing=False)
    try:
        found = public_status.of(number, lambda known: hmac.compare_digest(known.encode(), code.upper().encode()))
    except NotFound:
        return render_template("signoff/flows/status.html", found=None, number=number, missing=True), 404
    return render_template(
        "signoff/flows/status.html",
        found=found,
        number=number,
        code=code,
        later=later.drawn(found.record),
        question=asking.question_of(found.record),
        missing=False,
    )
