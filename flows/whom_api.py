"""The HTTP API of the question whom selectors mean today; the builder asks it beside every list of people."""

from typing import Any

import marshmallow as ma

from ..forms.numerals import write_decimal
from ..platform import clock
from ..platform.api import Blueprint
from ..platform.people import owners
from ..platform.people import service as people
from ..platform.people.current import current_person
from .schema_options import MAX_WHO, One
from .whom import Meant, Whom, whom

Json = dict[str, Any]
blp = Blueprint("api_whom", __name__, description="Whom the selectors of a flow mean today.")


class WhomBody(ma.Schema):
    """``who``: selectors; ``form``: the key of the form, for personal limits; ``by``: who would ask."""

    who = ma.fields.List(One(), required=True, validate=ma.validate.Length(max=MAX_WHO))
    form = ma.fields.String(load_default="")
    by = ma.fields.String(load_default=None, allow_none=True)


class MeantSchema(ma.Schema):
    """``limit``: what they may approve alone; ``delegate``: the name of who acts for them now."""

    key = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    limit = ma.fields.String(required=True, allow_none=True)
    delegate = ma.fields.String(required=True, allow_none=True)


class FoundSchema(ma.Schema):
    """``needs``: what of a request it depends on yet: ``submitter``, ``amount``, ``field``, ``step``."""

    people = ma.fields.List(ma.fields.Nested(MeantSchema), required=True)
    pool = ma.fields.Boolean(required=True)
    needs = ma.fields.String(required=True, allow_none=True)


class WhomSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(FoundSchema), required=True)


@blp.post("/whom")
@blp.arguments(WhomBody)
@blp.answer(200, WhomSchema)
def ask(body: Json) -> Json:
    """Whom each selector means today, for a request of ``by``; nothing is stored."""
    owners.require_read(current_person(), (body["form"],))
    found = whom(body["who"], people.directory(), body["form"], body["by"] or None, clock.now())
    return {"items": [_shown(each) for each in found]}


def _shown(found: Whom) -> Json:
    return {"people": [_person(each) for each in found.people], "pool": found.pool, "needs": found.needs}


def _person(meant: Meant) -> Json:
    return {
        "key": meant.person.key,
        "name": meant.person.name,
        "limit": write_decimal(meant.limit) if meant.limit is not None else None,
        "delegate": meant.delegate.name if meant.delegate is not None else None,
    }
