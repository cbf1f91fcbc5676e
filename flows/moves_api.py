"""The HTTP API of moving running requests to the version of their flow that is in force."""

from typing import Any

import marshmallow as ma

from ..platform.api import PAGE_PARAMETERS, Blueprint, page_args
from ..platform.people import owners
from ..platform.people.current import current_person
from ..platform.people.directory import Person
from . import catalogue, moving

Json = dict[str, Any]
blp = Blueprint("api_moves", __name__, description="Running requests and new versions of their flow.")


class CandidateSchema(ma.Schema):
    """``asked`` and ``spared`` are the steps at which people would be asked in addition, or no more."""

    run = ma.fields.Integer(required=True)
    record = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
    from_version = ma.fields.Integer(required=True)
    can = ma.fields.Boolean(required=True)
    why_not = ma.fields.List(ma.fields.String(), required=True)
    asked = ma.fields.List(ma.fields.String(), required=True)
    spared = ma.fields.List(ma.fields.String(), required=True)


class PreviewSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(CandidateSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


class MoveSchema(ma.Schema):
    id = ma.fields.Integer(required=True)
    to_version = ma.fields.Integer(required=True)
    by = ma.fields.String(required=True, allow_none=True)
    at = ma.fields.String(required=True)
    note = ma.fields.String(required=True)
    undone_at = ma.fields.String(required=True, allow_none=True)
    count = ma.fields.Integer(required=True)


class MovesSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(MoveSchema), required=True)


class LeftSchema(ma.Schema):
    run = ma.fields.Integer(required=True)
    why_not = ma.fields.List(ma.fields.String(), required=True)


class OutcomeSchema(ma.Schema):
    """``left`` stay where they are; ``more``: there are others, call again."""

    move = ma.fields.Integer(required=True, allow_none=True)
    moved = ma.fields.Integer(required=True)
    left = ma.fields.List(ma.fields.Nested(LeftSchema), required=True)
    more = ma.fields.Boolean(required=True)


class MoveBody(ma.Schema):
    """``runs``: only these; without it all that can, at most a thousand."""

    runs = ma.fields.List(ma.fields.Integer(strict=True), load_default=None, allow_none=True)
    note = ma.fields.String(load_default="", validate=ma.validate.Length(0, 500))


def _changer(key: str) -> Person:
    person = current_person()
    owners.require_change(person, (catalogue.flow_program(key).flow.form,))
    return person


@blp.get("/flows/<string:flow>/moves")
@blp.answer(200, MovesSchema)
def moves(flow: str) -> Json:
    """What was moved, the last first."""
    _changer(flow)
    return {"items": [each.json() for each in moving.listed(flow)]}


@blp.get("/flows/<string:flow>/moves/preview")
@blp.doc(parameters=PAGE_PARAMETERS)
@blp.answer(200, PreviewSchema)
def preview(flow: str) -> Json:
    """Running requests of older versions, and what would become of each."""
    _changer(flow)
    wanted = page_args()
    page = moving.preview(flow, after=wanted.after, limit=wanted.limit)
    return {"items": [each.json() for each in page.items], "next": page.next}


@blp.post("/flows/<string:flow>/moves")
@blp.arguments(MoveBody)
@blp.answer(200, OutcomeSchema)
def move(body: Json, flow: str) -> Json:
    """Move requests to the version in force."""
    return moving.move(flow, by=_changer(flow).key, note=body["note"], only=body["runs"]).json()


@blp.post("/flows/<string:flow>/moves/<int:move_id>/undo")
@blp.answer(200, OutcomeSchema)
def undo(flow: str, move_id: int) -> Json:
    """Move requests back, as far as they can."""
    return moving.undo(flow, move_id, by=_changer(flow).key).json()
