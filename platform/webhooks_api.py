"""Webhooks over HTTP, for administrators."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from . import dead_letters, webhooks
from .api import PAGE_PARAMETERS, Blueprint, list_of, page_args, page_json
from .db import utc_text
from .dead_letters import DeadLetter
from .errors import NotFound
from .paging import decode_cursor, page_of
from .people.current import current_admin
from .text import msg
from .webhooks import Wanted, Webhook

blp = Blueprint("api_webhooks", __name__, description="Webhooks: who outside is told what happens")


class WebhookSchema(Schema):
    """``events`` and ``forms`` empty: all."""

    url = fields.String(required=True)
    events = fields.List(fields.String(), load_default=list)
    forms = fields.List(fields.String(), load_default=list)
    active = fields.Boolean(load_default=True)


class NewWebhookSchema(WebhookSchema):
    """A new webhook under a key of one's own."""

    key = fields.String(required=True)


class KeptWebhookSchema(Schema):
    """A webhook as it is kept, and how its last message went; ``secret`` for the one that is asked for."""

    key = fields.String(required=True)
    url = fields.String(required=True)
    events = fields.List(fields.String(), required=True)
    forms = fields.List(fields.String(), required=True)
    active = fields.Boolean(required=True)
    created_by = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True, allow_none=True)
    last_at = fields.DateTime(required=True, allow_none=True)
    last_status = fields.Integer(required=True, allow_none=True)
    last_error = fields.String(required=True, allow_none=True)
    secret = fields.String()
    waiting = fields.Integer(metadata={"description": "Messages not delivered yet"})


class SentSchema(Schema):
    """The id of the message on its way."""

    id = fields.String(required=True)


class UndeliveredSchema(Schema):
    number = fields.Integer(required=True)
    id = fields.String(required=True, allow_none=True)
    event = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    dead_at = fields.DateTime(required=True)
    last_error = fields.String(required=True, allow_none=True)


class NumberSchema(Schema):
    number = fields.Integer(required=True)


def _json(hook: Webhook, *, secret: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "key": hook.key,
        "url": hook.url,
        "events": list(hook.events),
        "forms": list(hook.forms),
        "active": hook.active,
        "created_by": hook.created_by,
        "created_at": utc_text(hook.created_at) if hook.created_at else None,
        "last_at": utc_text(hook.last_at) if hook.last_at else None,
        "last_status": hook.last_status,
        "last_error": hook.last_error,
    }
    return {**shown, "secret": hook.secret} if secret else shown


@blp.get("/webhooks")
@blp.answer(200, list_of(KeptWebhookSchema, "WebhookList"))
@blp.doc(summary="All webhooks, without their secrets")
def listed() -> ResponseReturnValue:
    current_admin()
    return {"items": [_json(each) for each in webhooks.everything()], "next": None}


@blp.post("/webhooks")
@blp.arguments(NewWebhookSchema)
@blp.answer(201, KeptWebhookSchema)
@blp.doc(summary="Make a webhook; the answer holds its secret")
def create(body: dict[str, Any]) -> ResponseReturnValue:
    return _json(webhooks.create(Wanted(**body), by=current_admin().key), secret=True)


@blp.get("/webhooks/<string:webhook>")
@blp.answer(200, KeptWebhookSchema)
@blp.doc(summary="One webhook, with its secret")
def one(webhook: str) -> ResponseReturnValue:
    current_admin()
    return {**_json(webhooks.find(webhook), secret=True), "waiting": webhooks.waiting(webhook)}


@blp.put("/webhooks/<string:webhook>")
@blp.arguments(WebhookSchema)
@blp.answer(200, KeptWebhookSchema)
@blp.doc(summary="Change a webhook")
def change(body: dict[str, Any], webhook: str) -> ResponseReturnValue:
    by = current_admin().key
    return _json(webhooks.change(Wanted(key=webhook, **body), by=by))


@blp.delete("/webhooks/<string:webhook>")
@blp.response(204)
@blp.doc(summary="Tell it nothing any more")
def delete(webhook: str) -> None:
    webhooks.delete(webhook, by=current_admin().key)


@blp.post("/webhooks/<string:webhook>/test")
@blp.answer(202, SentSchema)
@blp.doc(summary="Send an event that means nothing")
def send_test(webhook: str) -> ResponseReturnValue:
    current_admin()
    return {"id": webhooks.send_test(webhook)}


@blp.post("/webhooks/<string:webhook>/secret")
@blp.answer(200, KeptWebhookSchema)
@blp.doc(summary="A new secret; the old one signs beside it for a day")
def renew(webhook: str) -> ResponseReturnValue:
    return _json(webhooks.renew_secret(webhook, by=current_admin().key), secret=True)


@blp.get("/webhooks/<string:webhook>/undelivered")
@blp.answer(200, list_of(UndeliveredSchema, "UndeliveredList"))
@blp.doc(parameters=PAGE_PARAMETERS, summary="Events that were given up, the newest first")
def undelivered(webhook: str) -> ResponseReturnValue:
    current_admin()
    webhooks.find(webhook)
    asked = page_args()
    before = int(str(decode_cursor(asked.after)[0])) if asked.after else None
    rows = webhooks.undelivered(webhook, before=before, limit=asked.limit + 1)
    return page_json(page_of(rows, asked.limit, lambda each: (each.id,)), _dead_json)


def _dead_json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "number": letter.id,
        "id": letter.payload.get("id"),
        "event": letter.payload.get("event"),
        "attempts": letter.attempts,
        "created_at": utc_text(letter.created_at),
        "dead_at": utc_text(letter.dead_at),
        "last_error": letter.last_error,
    }


@blp.post("/webhooks/<string:webhook>/undelivered/<int:number>")
@blp.answer(202, NumberSchema)
@blp.doc(summary="Send one of them again")
def send_again(webhook: str, number: int) -> ResponseReturnValue:
    current_admin()
    if not any(each.id == number for each in webhooks.undelivered(webhook, before=number + 1, limit=1)):
        raise NotFound(msg("No undelivered message %(id)s. It was sent or discarded meanwhile.", id=number))
    dead_letters.send_again(number)
    return {"number": number}
