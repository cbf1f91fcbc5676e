"""The HTTP API of the survey: what was answered of a request, and the answer of its submitter."""

from typing import Any

import marshmallow as ma

from ..forms import service as forms
from ..platform.api import Blueprint
from ..platform.db import utc_text
from ..platform.errors import Forbidden, NotFound
from ..platform.people.current import current_language, current_person
from ..platform.text import msg
from . import survey as surveys

blp = Blueprint("api_surveys", __name__, description="What was said of a request once it was over.")


class AnswerBody(ma.Schema):
    score = ma.fields.Integer(required=True, strict=True, metadata={"description": "1 (bad) to 5 (very good)"})
    words = ma.fields.String(load_default="")


class AnswerSchema(ma.Schema):
    """``answered_by`` is ``null`` of a customer."""

    score = ma.fields.Integer(required=True)
    words = ma.fields.String(required=True)
    language = ma.fields.String(required=True)
    answered_by = ma.fields.String(required=True, allow_none=True)
    answered_at = ma.fields.String(required=True)


@blp.get("/records/<int:record_id>/survey")
@blp.answer(200, AnswerSchema)
def answer(record_id: int) -> dict[str, Any]:
    """What was answered; 404 while nobody did."""
    record = forms.read_record(record_id, by=current_person())
    found = surveys.answer_of(record.id)
    if found is None:
        raise NotFound(msg("Nobody answered the survey of %(record)s yet.", record=record.name))
    return _json(found)


@blp.post("/records/<int:record_id>/survey")
@blp.arguments(AnswerBody)
@blp.answer(201, AnswerSchema)
def give(body: dict[str, Any], record_id: int) -> dict[str, Any]:
    """Answer for a request of one's own that is over, once."""
    person = current_person()
    record = forms.read_record(record_id, by=person)
    if record.submitted_by != person.key:
        message = msg(
            "Only whoever filed %(record)s answers its survey here; customers have a link.", record=record.name
        )
        raise Forbidden(message, right="records.own")
    token = surveys.token_of(record.id)
    return _json(surveys.give(token, body["score"], body["words"], language=current_language(), by=person))


def _json(found: surveys.Answer) -> dict[str, Any]:
    return {
        "score": found.score,
        "words": found.words,
        "language": found.language,
        "answered_by": found.by,
        "answered_at": utc_text(found.at),
    }
