"""The dashboard: how many requests, about what money, how long they take, and what is late."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from ..forms import catalogue as forms
from ..platform.people.current import current_person
from . import catalogue, reports
from .blueprint import bp
from .reports import Question

PERIODS = ("7d", "30d", "90d", "365d")


@bp.get("/dashboard")
def dashboard() -> ResponseReturnValue:
    """All reports of one form, or of all, on one page."""
    person = current_person()
    reports.scope_of(person)
    period = request.args.get("since", "30d")
    since = reports.since_of(period if period in PERIODS else "30d")
    served = [forms.program(str(each.document["form"])).form for each in catalogue.flows_in_force()]
    wanted = request.args.get("form", "")
    form = next((each for each in served if each.key == wanted), served[0] if len(served) == 1 else None)
    asked = Question(form.key if form else None, since)
    groups = [field for key in form.summary if (field := form.field(key)) and field.type == "choice"] if form else []
    return render_template(
        "signoff/flows/dashboard.html",
        forms=served,
        form=form,
        period=period,
        periods=PERIODS,
        by_status=reports.answer("requests", asked, person),
        by_field=[
            (field, reports.answer("requests", Question(asked.form, since, field.key), person)) for field in groups
        ],
        steps=reports.answer("steps", asked, person),
        overdue=reports.answer("overdue", Question(asked.form), person),
        people=reports.answer("people", asked, person),
    )
