"""Definitions as clients send and get them: what is kept as a draft, published, compared, and versions of it."""

from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from .. import definitions
from ..db import utc_text
from ..definitions import Draft, Stored
from ..releasing import Asked
from ..text import msg, translate
from ..web.language import gettext_here


class DraftSchema(Schema):
    """A draft; ``revision`` of the draft that it replaces, ``base_version`` of the version that it was made from."""

    document = fields.Dict(required=True)
    base_version = fields.Integer(strict=True, load_default=0, validate=validate.Range(min=0))
    revision = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=0))

    @pre_load
    def bare(self, sent: Any, **_: Any) -> Any:
        """The document may be sent as it is."""
        return {"document": sent} if isinstance(sent, dict) and "schema" in sent and "document" not in sent else sent


class PublishSchema(Schema):
    """``document`` may be left out: the draft is published. ``base_version`` is 0 for the first version."""

    note = fields.String(required=True, validate=validate.Length(1, 2000))
    base_version = fields.Integer(strict=True, required=True, validate=validate.Range(min=0))
    document = fields.Dict()


class RestoreSchema(Schema):
    """``base_version`` is the version in force that one has seen; without it whichever is."""

    note = fields.String(load_default="", validate=validate.Length(0, 2000))
    base_version = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))


class CompareSchema(Schema):
    """``version``: what it is compared with, ``null`` is the one in force."""

    document = fields.Dict(required=True)
    version = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))


class ComparedSchema(Schema):
    """A sentence for each change; ``null`` where one cannot be read, and ``version`` 0 where there is none."""

    version = fields.Integer(required=True)
    changes = fields.List(fields.String(), required=True, allow_none=True)


class VersionSchema(Schema):
    """A version without its document."""

    key = fields.String(required=True)
    title = fields.Raw(required=True, metadata={"description": "A text, or one by language."})
    version = fields.Integer(required=True)
    note = fields.String(required=True)
    published_by = fields.String(required=True, allow_none=True)
    published_at = fields.DateTime(required=True, allow_none=True)


class KeptDraftSchema(Schema):
    """A draft as it is kept, and after it was sent all that is wrong with it."""

    key = fields.String(required=True)
    document = fields.Dict(required=True)
    base_version = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    saved_by = fields.String(allow_none=True)
    saved_at = fields.DateTime()
    problems = fields.List(fields.Dict())
    length = fields.Dict(
        allow_none=True,
        metadata={"description": "Of a flow: its `shortest` and `longest` way, and a working `day`, in minutes."},
    )


class DefinitionSchema(VersionSchema):
    """A version with its document; who may publish sees the draft too."""

    document = fields.Dict(required=True)
    draft = fields.Nested(KeptDraftSchema, allow_none=True)
    waiting = fields.Dict(
        allow_none=True, metadata={"description": "Who asked, when and why, where a second person must confirm first."}
    )


class VersionsSchema(Schema):
    items = fields.List(fields.Nested(VersionSchema), required=True)
    next = fields.String(allow_none=True, required=True)


def released_json(done: Stored | Asked) -> dict[str, Any]:
    """What publishing answers: the version in force, or what waits for a second person beside the one before."""
    if isinstance(done, Stored):
        return {**summary_json(done), "document": done.document, "waiting": None}
    newest = definitions.current(done.kind, done.key)
    return {
        "key": done.key,
        "title": done.document.get("title", done.key),
        "version": newest.version if newest else 0,
        "note": done.note,
        "published_by": None,
        "published_at": None,
        "document": done.document,
        "waiting": waiting_json(done),
    }


def waiting_json(asked: Asked | None) -> dict[str, Any] | None:
    """What waits for a second person, ``None`` where nothing does."""
    if asked is None:
        return None
    return {
        "asked_by": asked.asked_by,
        "asked_at": utc_text(asked.asked_at),
        "note": asked.note,
        "base_version": asked.base_version,
        "document": asked.document,
    }


def restored_note(version: int) -> str:
    """What the list of versions says of a version that was put in force again."""
    return translate(msg("Back to version %(n)s.", n=version), gettext_here)


def summary_json(stored: Stored) -> dict[str, Any]:
    """A version without its document."""
    return {
        "key": stored.key,
        "title": stored.document.get("title", stored.key),
        "version": stored.version,
        "note": stored.note,
        "published_by": stored.published_by,
        "published_at": utc_text(stored.published_at),
    }


def draft_json(draft: Draft | None) -> dict[str, Any] | None:
    """A draft as the builders read it, ``None`` where there is none."""
    if draft is None:
        return None
    return {
        "key": draft.key,
        "document": draft.document,
        "base_version": draft.base_version,
        "revision": draft.revision,
        "saved_by": draft.saved_by,
        "saved_at": utc_text(draft.saved_at),
    }
