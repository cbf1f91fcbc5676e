"""The HTTP API of the search."""

from typing import Any

import marshmallow as ma
from flask import request

from ..platform.api import Blueprint
from ..platform.people.current import current_language, current_person
from . import searching

blp = Blueprint("api_search", __name__, description="One search over everything.")


class FoundRecordSchema(ma.Schema):
    """``summary`` is in words, by field, without what is hidden."""

    id = ma.fields.Integer(required=True)
    form = ma.fields.String(required=True)
    form_title = ma.fields.String(required=True)
    number = ma.fields.String(required=True, allow_none=True)
    title = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
    summary = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)


class FoundCustomerSchema(ma.Schema):
    """``about``: how many of the records found speak of them."""

    email = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    about = ma.fields.Integer(required=True)


class FoundPersonSchema(ma.Schema):
    key = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    department = ma.fields.String(required=True, allow_none=True)


class SearchedSchema(ma.Schema):
    """``more``: forms of which there are further records; their list has them."""

    records = ma.fields.List(ma.fields.Nested(FoundRecordSchema), required=True)
    more = ma.fields.List(ma.fields.String(), required=True)
    customers = ma.fields.List(ma.fields.Nested(FoundCustomerSchema), required=True)
    people = ma.fields.List(ma.fields.Nested(FoundPersonSchema), required=True)


@blp.get("/search")
@blp.doc(parameters=[{"in": "query", "name": "q", "required": True, "schema": {"type": "string"}}])
@blp.answer(200, SearchedSchema)
def search() -> dict[str, Any]:
    """Requests, records, customers and people that some words find, as far as one may see them."""
    return searching.found_json(searching.find(request.args.get("q", ""), current_person()), current_language())
