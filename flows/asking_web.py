"""The buttons that ask the customer, and the box on their page in which they answer."""

import hmac

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..platform.errors import Conflict, Forbidden, Refused
from ..platform.limits import limiter, off
from ..platform.people.current import current_person
from ..platform.web.language import gettext as _
from ..platform.web.language import say
from . import asking
from .blueprint import bp

LIMIT = "20 per minute"


@bp.post("/tasks/<int:task_id>/customer")
def customer(task_id: int) -> ResponseReturnValue:
    """Ask the customer, or go on without waiting for them."""
    person, text = current_person(), request.form.get("comment", "")
    try:
        if request.form.get("do") == "ask":
            record = asking.ask(task_id, by=person, question=text)
            flash(_("%(name)s waits for the customer; its clocks stand still.", name=record.name))
        else:
            record = asking.go_on(task_id, by=person, comment=text)
            flash(_("%(name)s goes on; its time counts anew.", name=record.name))
    except (Conflict, Forbidden, Refused) as error:
        flash(say(error.problems[0].message if error.problems else error.message), "danger")
    return redirect(url_for("signoff_flows.task", task_id=task_id), code=303)


@bp.post("/status/answer")
@limiter.limit(LIMIT, exempt_when=off)
def answer() -> ResponseReturnValue:
    """What the customer writes; number and access code open their page."""
    number, code = request.form.get("number", "").strip(), request.form.get("code", "").strip()
    text = request.form.get("text", "")
    try:
        if not text.strip():
            flash(_("Write your answer first."), "warning")
        else:
            asking.answer(number, lambda known: hmac.compare_digest(known.encode(), code.upper().encode()), text)
            flash(_("Thank you, your answer is here."), "success")
    except (Conflict, Refused) as error:
        flash(say(error.problems[0].message if error.problems else error.message), "warning")
    return redirect(url_for("signoff_flows.status", number=number, code=code), code=303)
