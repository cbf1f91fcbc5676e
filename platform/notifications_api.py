"""Notifications over HTTP: what one was told, and over which channels one wants to be told."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from . import notifications, wishes
from .api import PAGE_PARAMETERS, Blueprint, list_of, page_args, page_json
from .db import utc_text
from .errors import Refused
from .notifications import Notification
from .people.current import current_person
from .problems import Problem, pointer
from .text import msg

blp = Blueprint("api_notifications", __name__, description="What people are told, and how")


class QuietSchema(Schema):
    """From when until when nothing is sent; ``{"from": "22:00", "until": "08:00"}``."""

    start = fields.String(required=True, data_key="from")
    end = fields.String(required=True, data_key="until")


class WishesSchema(Schema):
    """``channels`` by event; an event that is not named comes over every channel."""

    channels = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), load_default=dict)
    quiet = fields.Nested(QuietSchema, load_default=None, allow_none=True)


class ReachedSchema(Schema):
    """Over which channels each event comes, the channels there are, and the quiet hours or ``null``."""

    channels = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    known = fields.List(fields.String())
    quiet = fields.Nested(QuietSchema, allow_none=True)


class ReadSchema(Schema):
    """``id`` of one; left out: all."""

    id = fields.Integer(strict=True, load_default=None, allow_none=True)


class NotificationSchema(Schema):
    id = fields.Integer(required=True)
    at = fields.DateTime(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    link = fields.String(required=True, allow_none=True)
    read_at = fields.DateTime(required=True, allow_none=True)


class UnreadSchema(Schema):
    """How many are unread."""

    unread = fields.Integer(required=True)


class NotificationsSchema(list_of(NotificationSchema, "NotificationList"), UnreadSchema):  # type: ignore[misc]
    """A page of them, and how many are unread in all."""


@blp.get("/notifications")
@blp.answer(200, NotificationsSchema)
@blp.doc(parameters=PAGE_PARAMETERS, summary="What I was told, the newest first")
def listed() -> ResponseReturnValue:
    asked, person = page_args(), current_person()
    unread = request.args.get("unread") == "true"
    page = notifications.notifications_of(person.key, unread=unread, after=asked.after, limit=asked.limit)
    return {**page_json(page, _json), "unread": notifications.unread_count(person.key)}


def _json(each: Notification) -> dict[str, Any]:
    return {
        "id": each.id,
        "at": utc_text(each.at),
        "title": each.title,
        "body": each.body,
        "link": notifications.absolute(each.link) if each.link else None,
        "read_at": utc_text(each.read_at) if each.read_at else None,
    }


@blp.post("/notifications/read")
@blp.arguments(ReadSchema)
@blp.answer(200, UnreadSchema)
@blp.doc(summary="Mark one as read, or all")
def mark_read(body: dict[str, Any]) -> ResponseReturnValue:
    person = current_person()
    notifications.mark_read(person.key, body["id"])
    return {"unread": notifications.unread_count(person.key)}


@blp.get("/me/channels")
@blp.answer(200, ReachedSchema)
@blp.doc(summary="Over which channels each event reaches me, and my quiet hours")
def mine() -> ResponseReturnValue:
    return _wishes_json()


def _wishes_json() -> dict[str, Any]:
    person = current_person()
    found = wishes.wishes_of([person.key]).get(person.key, wishes.NOTHING)
    reached = notifications.channels_of(person)
    return {
        "channels": {
            event: [each.name for each in reached if found.wants(event, each.name, asked=each.asked)]
            for event in notifications.events()
        },
        "known": [each.name for each in reached],
        "quiet": wishes.quiet_json(found.quiet),
    }


@blp.put("/me/channels")
@blp.arguments(WishesSchema)
@blp.answer(200, ReachedSchema)
@blp.doc(summary="Choose them")
def choose(body: dict[str, Any]) -> ResponseReturnValue:
    person = current_person()
    events, known = notifications.events(), notifications.channels()
    problems = []
    for event, names in body["channels"].items():
        if event not in events:
            message = msg("No event %(event)s. Known: %(known)s.", event=repr(event), known=", ".join(events))
            problems.append(Problem(pointer("channels", event), "unknown_event", message))
        for number, name in enumerate(names):
            if name not in known:
                message = msg("“%(key)s” must be one of: %(known)s.", key=name, known=", ".join(known))
                problems.append(Problem(pointer("channels", event, number), "not_offered", message))
    if problems:
        raise Refused.because(problems)
    quiet = body["quiet"]
    wishes.save(
        person.key,
        body["channels"],
        wishes.read_quiet(quiet["start"], quiet["end"]) if quiet else None,
        by=person.key,
    )
    return _wishes_json()
