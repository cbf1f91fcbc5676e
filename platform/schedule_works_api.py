"""What schedules can do, for clients that draw a page of their own, and trying one before it is in force."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from . import schedules
from .api import Blueprint
from .people.current import current_admin
from .schedule_inputs import inputs_of
from .schedules import Line, Work

blp = Blueprint("api_schedule_works", __name__, description="Schedules: what they can do")


class ArgumentSchema(Schema):
    """One argument below ``with``: ``kind`` is choice, choices, duration, receivers, condition or values."""

    path = fields.String(required=True)
    kind = fields.String(required=True)
    label = fields.Raw(required=True)
    help = fields.Raw(required=True)
    required = fields.Boolean(required=True)
    least = fields.String()


class WorkSchema(Schema):
    name = fields.String(required=True)
    label = fields.Raw(required=True)
    arguments = fields.List(fields.Nested(ArgumentSchema), required=True)
    example = fields.Dict(required=True)


class WorksSchema(Schema):
    items = fields.List(fields.Nested(WorkSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class TryingSchema(Schema):
    document = fields.Dict(required=True)


class LineSchema(Schema):
    """``link`` is the path of its page."""

    text = fields.Raw(required=True)
    details = fields.Raw(required=True)
    link = fields.String(required=True, allow_none=True)


class TrialSchema(Schema):
    """``count`` is ``null`` where the work cannot tell; ``lines`` are the first of what it would concern."""

    count = fields.Integer(required=True, allow_none=True)
    capped = fields.Boolean(required=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)


@blp.get("/schedules/works")
@blp.answer(200, WorksSchema)
@blp.doc(summary="What schedules can do, with the arguments of each")
def works() -> ResponseReturnValue:
    current_admin()
    return {"items": [_work_json(each) for each in schedules.works()], "next": None}


@blp.post("/schedules/try")
@blp.arguments(TryingSchema)
@blp.answer(200, TrialSchema)
@blp.doc(summary="Whom and what a schedule would concern, were it to run now; nothing is done")
def try_out(body: dict[str, Any]) -> ResponseReturnValue:
    current_admin()
    trial = schedules.rehearse(body["document"])
    if trial is None:
        return {"count": None, "capped": False, "lines": []}
    return {"count": trial.count, "capped": trial.capped, "lines": [_line_json(each) for each in trial.lines]}


def _work_json(work: Work) -> dict[str, Any]:
    arguments = [each.declared() for each in inputs_of(work.groups)]
    return {"name": work.name, "label": work.label, "arguments": arguments, "example": dict(work.example)}


def _line_json(line: Line) -> dict[str, Any]:
    return {"text": line.text, "details": line.details, "link": line.link}
