"""Message templates over HTTP, for administrators."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from . import definitions, message_templates
from .api import Blueprint, list_of
from .message_templates import KIND, SCHEMA
from .people.current import current_admin, current_zone
from .text import LANGUAGES

blp = Blueprint("api_templates", __name__, description="What messages say")


class TemplateSchema(Schema):
    """``title`` and ``body`` in both languages; ``base_version`` 0 if nobody changed it before."""

    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    body = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    note = fields.String(load_default="", validate=validate.Length(max=2000))
    base_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class KeptTemplateSchema(Schema):
    key = fields.String(required=True)
    event = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    body = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    placeholders = fields.List(fields.String(), required=True)


class MessageSchema(Schema):
    title = fields.String(required=True)
    body = fields.String(required=True)


class TemplatePreviewSchema(Schema):
    """What is wrong with the words, and the message in both languages."""

    problems = fields.List(fields.Dict(keys=fields.String(), values=fields.String()), required=True)
    en = fields.Nested(MessageSchema, required=True)
    zh = fields.Nested(MessageSchema, required=True)


def _json(key: str) -> dict[str, Any]:
    original = message_templates.find(key)
    stored = definitions.current(KIND, key)
    document = stored.document if stored is not None else message_templates.document_of(original)
    return {
        "key": key,
        "event": original.event,
        "version": stored.version if stored is not None else 0,
        "title": document["title"],
        "body": document["body"],
        "placeholders": list(message_templates.placeholders(original)),
    }


@blp.get("/templates")
@blp.answer(200, list_of(KeptTemplateSchema, "TemplateList"))
@blp.doc(summary="What every message says")
def listed() -> ResponseReturnValue:
    current_admin()
    return {"items": [_json(each.key) for each in message_templates.templates()], "next": None}


@blp.get("/templates/<string:template>")
@blp.answer(200, KeptTemplateSchema)
@blp.doc(summary="What one says; version 0: as it came")
def one(template: str) -> ResponseReturnValue:
    current_admin()
    return _json(template)


@blp.put("/templates/<string:template>")
@blp.arguments(TemplateSchema)
@blp.answer(200, KeptTemplateSchema)
@blp.doc(summary="Say it in other words")
def put(body: dict[str, Any], template: str) -> ResponseReturnValue:
    by = current_admin().key
    message_templates.publish(_document(template, body), by=by, note=body["note"], base_version=body["base_version"])
    return _json(template)


@blp.post("/templates/<string:template>/preview")
@blp.arguments(TemplateSchema)
@blp.answer(200, TemplatePreviewSchema)
@blp.doc(summary="How it would look, filled with a sample; nothing is stored")
def preview(body: dict[str, Any], template: str) -> ResponseReturnValue:
    current_admin()
    message_templates.find(template)
    document = _document(template, body)
    shown = {language: message_templates.preview(document, language, current_zone()) for language in LANGUAGES}
    return {
        "problems": [
            {"path": each.path, "code": each.code, "message": each.message}
            for each in message_templates.check(document)
        ],
        **{language: {"title": title, "body": text} for language, (title, text) in shown.items()},
    }


def _document(key: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"schema": SCHEMA, "key": key, "title": body["title"], "body": body["body"]}
