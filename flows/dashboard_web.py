"""The dashboard: how many requests, about what money, how long they take, and what is late."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from ..forms import catalogue as forms
from ..platform.people.current import current_person
from ..platform.text import LocalText
from . import catalogue, reports, showing
from .blueprint import bp
from .reports import Question
from .run import START

PERIODS = ("7d", "30d", "90d", "365d")


@bp.get("/dashboard")
def dashboard() -> ResponseReturnValue:
    """All reports of one form, or of all, on one page."""
    person = current_person()
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
        steps=_titled(reports.answer("steps", asked, person)),
        overdue=_titled(reports.answer("overdue", Question(asked.form), person)),
        people=reports.answer("people", asked, person),
    )


def _titled(rows: list[reports.Row]) -> list[reports.Row]:
    """The rows with what people call their form and step, as the flow in force has it."""
    return [
        row | dict(zip(("form_title", "step_title"), _titles(row["form"], row["step"]), strict=True)) for row in rows
    ]


def _titles(form: str, step: str) -> tuple[LocalText, LocalText]:
    stored = catalogue.flow_of_form(form)
    program = catalogue.flow_program(stored.key, stored.version) if stored is not None else None
    found = program.step(step) if program is not None else None
    title = showing.step_title(found, step) if found is not None or step == START else step
    return forms.program(form).form.title, title
