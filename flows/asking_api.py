"""The HTTP API of asking the customer."""

from typing import Any

import marshmallow as ma

from ..platform.api import Blueprint
from ..platform.people.current import current_language, current_person
from . import asking, listing
from .api_schemas import TaskSchema

Json = dict[str, Any]
blp = Blueprint("api_asking", __name__, description="Requests that wait for the customer.")


class QuestionBody(ma.Schema):
    question = ma.fields.String(required=True)


class GoOnBody(ma.Schema):
    comment = ma.fields.String(load_default="")


@blp.post("/tasks/<int:task_id>/ask")
@blp.arguments(QuestionBody)
@blp.answer(200, TaskSchema)
def ask(body: Json, task_id: int) -> Json:
    """Ask the customer; the clocks of the request stand still until they answer."""
    asking.ask(task_id, by=current_person(), question=body["question"])
    return _task(task_id)


@blp.post("/tasks/<int:task_id>/go-on")
@blp.arguments(GoOnBody)
@blp.answer(200, TaskSchema)
def go_on(body: Json, task_id: int) -> Json:
    """Go on without waiting for the customer."""
    asking.go_on(task_id, by=current_person(), comment=body["comment"])
    return _task(task_id)


def _task(task_id: int) -> Json:
    return listing.task(task_id, by=current_person()).json(current_language())
