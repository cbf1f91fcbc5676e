"""Reply templates over HTTP: everybody reads what is offered, administrators change it."""

from typing import Any

from marshmallow import Schema, fields, validate

from ..platform import definitions
from ..platform.api import Blueprint
from ..platform.people.current import current_admin
from . import replies
from .replies import KIND, SCHEMA, Reply

blp = Blueprint("api_replies", __name__, description="Words to decide with.")


class ReplySchema(Schema):
    """``title`` and ``text`` in both languages; ``base_version`` 0 if nobody changed it before."""

    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    on = fields.List(fields.String(), load_default=list(replies.OCCASIONS))
    forms = fields.List(fields.String(), load_default=list)
    active = fields.Boolean(load_default=True)
    note = fields.String(load_default="", load_only=True, validate=validate.Length(max=2000))
    base_version = fields.Integer(strict=True, load_default=None, allow_none=True, load_only=True)


class ReplyAnswerSchema(Schema):
    schema = fields.String(required=True)
    key = fields.String(required=True)
    version = fields.Integer(required=True, metadata={"description": "0: as it came"})
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    on = fields.List(fields.String(), required=True)
    forms = fields.List(fields.String(), required=True)
    active = fields.Boolean(required=True)


class RepliesSchema(Schema):
    items = fields.List(fields.Nested(ReplyAnswerSchema), required=True)
    next = fields.String(required=True, allow_none=True)


def _json(reply: Reply) -> dict[str, Any]:
    stored = definitions.current(KIND, reply.key)
    document = replies.document_of(reply)
    return {"version": stored.version if stored is not None else 0, **document}


@blp.get("/replies")
@blp.answer(200, RepliesSchema)
def listed() -> dict[str, Any]:
    """All reply templates."""
    return {"items": [_json(each) for each, _ in replies.replies()], "next": None}


@blp.put("/replies/<string:reply>")
@blp.arguments(ReplySchema)
@blp.answer(200, ReplyAnswerSchema)
def put(body: dict[str, Any], reply: str) -> dict[str, Any]:
    """Say it in other words, offer it elsewhere or no more; for administrators."""
    by = current_admin().key
    note, base_version = body.pop("note"), body.pop("base_version")
    document = {"schema": SCHEMA, "key": reply, **body}
    replies.publish(document, by=by, note=note, base_version=base_version)
    return _json(replies.find(reply))
