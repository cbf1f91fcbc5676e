"""The API of forms and records, as ``interfaces.md`` has it."""

from typing import Any

from flask import request
from marshmallow import Schema, fields, validate

from ..platform import json
from ..platform.api import PAGE_PARAMETERS, Blueprint, page_args
from ..platform.api.definitions import definition_routes
from ..platform.definitions import Stored
from ..platform.people import owners as people_owners
from ..platform.people.current import current_admin, current_person
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.web.language import say
from . import bulk, catalogue, diff, linking, rights, service, views
from .schema import read_form

blp = Blueprint("api_forms", __name__, description="Forms and their records")


class SubmitSchema(Schema):
    """``values`` by field; with ``draft`` nothing is required yet. ``confirmed`` are ids of records that hold the same,
    where a rule warned of them (code ``confirm_duplicate``)."""

    values = fields.Dict(required=True)
    draft = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    confirmed = fields.List(fields.Integer(strict=True), load_default=[], validate=validate.Length(max=100))


class ChangeSchema(Schema):
    """Fields that are not named keep their values. ``revision``: the one that the change was made from."""

    values = fields.Dict(required=True)
    revision = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    confirmed = fields.List(fields.Integer(strict=True), load_default=[], validate=validate.Length(max=100))


class ConfirmSchema(Schema):
    """``confirmed`` as where a record is filed."""

    confirmed = fields.List(fields.Integer(), load_default=[], validate=validate.Length(max=100))


class BulkSchema(Schema):
    """Either ``values`` that each record gets, or ``delete``."""

    ids = fields.List(fields.Integer(strict=True), required=True)
    values = fields.Dict(load_default={})
    delete = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class BulkResultSchema(Schema):
    """What became of each; ``code`` and ``message`` are ``null`` where it is done."""

    results = fields.List(fields.Dict(), required=True)
    done = fields.Integer(required=True)


class SaveViewSchema(Schema):
    """``query`` are arguments of the list's address, all values by name."""

    name = fields.String(required=True)
    query = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    shared = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class ViewSchema(SaveViewSchema):
    id = fields.Integer(required=True)
    form = fields.String(required=True)
    owner = fields.String(required=True)


class ViewsSchema(Schema):
    items = fields.List(fields.Nested(ViewSchema), required=True)


class RecordSchema(Schema):
    """A record; ``run`` is ``null`` for a form without a flow."""

    id = fields.Integer()
    number = fields.String(allow_none=True)
    form = fields.String()
    version = fields.Integer()
    revision = fields.Integer()
    status = fields.String()
    values = fields.Dict()
    submitted_by = fields.String(allow_none=True)
    submitted_at = fields.String(allow_none=True)
    run = fields.Dict(allow_none=True)


class RecordsSchema(Schema):
    """A page of records."""

    items = fields.List(fields.Nested(RecordSchema))
    next = fields.String(allow_none=True)


_LIST_PARAMETERS = [
    *PAGE_PARAMETERS,
    {"in": "query", "name": "where", "schema": {"type": "string"}, "description": "A condition as JSON."},
    {"in": "query", "name": "sort", "schema": {"type": "string"}, "description": "A field; “-” in front: descending."},
    {"in": "query", "name": "q", "schema": {"type": "string"}, "description": "Beginnings of words."},
    {"in": "query", "name": "status", "schema": {"type": "string"}, "description": "Only records of this status."},
]

_LINK_PARAMETERS = [
    *PAGE_PARAMETERS,
    {"in": "query", "name": "form", "schema": {"type": "string"}, "description": "Only records of this form."},
]


@blp.post("/forms/<string:form_key>/records")
@blp.arguments(SubmitSchema)
@blp.answer(201, RecordSchema)
@blp.doc(summary="File a record, or keep a draft")
def submit(body: dict[str, Any], form_key: str) -> Any:
    person = current_person()
    made = service.submit(form_key, body["values"], by=person, draft=body["draft"], confirmed=body["confirmed"])
    return service.record_json(made, by=person)


@blp.get("/forms/<string:form_key>/records")
@blp.answer(200, RecordsSchema)
@blp.doc(summary="Records of a form that one may see", parameters=_LIST_PARAMETERS)
def listed(form_key: str) -> Any:
    person, asked, args = current_person(), page_args(), request.args
    page = service.find(
        form_key,
        by=person,
        where=_where(args.get("where")),
        sort=args.get("sort"),
        q=args.get("q"),
        status=args.get("status"),
        after=asked.after,
        limit=asked.limit,
    )
    return {"items": service.records_json(page.items, by=person), "next": page.next}


def _where(text: str | None) -> Any:
    """The condition of the query; JSON of another sort than an object is refused by its reader."""
    return json.parse(text) if text else None


@blp.post("/forms/<string:form_key>/records/bulk")
@blp.arguments(BulkSchema)
@blp.answer(200, BulkResultSchema)
@blp.doc(summary="Change or delete many records; each by itself, each reported")
def many(body: dict[str, Any], form_key: str) -> Any:
    person = current_person()
    catalogue.program(form_key)
    if body["delete"]:
        results = bulk.delete(form_key, body["ids"], by=person)
    else:
        results = bulk.change(form_key, body["ids"], body["values"], by=person)
    shown = [
        {
            "id": each.id,
            "name": each.name,
            "ok": each.ok,
            "code": each.code or None,
            "message": say(each.message) or None,
        }
        for each in results
    ]
    return {"results": shown, "done": sum(each.ok for each in results)}


@blp.get("/forms/<string:form_key>/views")
@blp.answer(200, ViewsSchema)
@blp.doc(summary="Saved views of the list: one's own, and those that are shared")
def saved_views(form_key: str) -> Any:
    catalogue.program(form_key)
    return {"items": [_view_json(each) for each in views.of_form(form_key, current_person())]}


@blp.post("/forms/<string:form_key>/views")
@blp.arguments(SaveViewSchema)
@blp.answer(201, ViewSchema)
@blp.doc(summary="Save a view under a name; one of that name is replaced")
def save_view(body: dict[str, Any], form_key: str) -> Any:
    made = views.save(form_key, body["name"], body["query"], shared=body["shared"], by=current_person())
    return _view_json(made)


@blp.delete("/views/<int:view_id>")
@blp.response(204)
@blp.doc(summary="Delete one's own view")
def delete_view(view_id: int) -> None:
    views.delete(view_id, by=current_person())


def _view_json(view: views.View) -> dict[str, Any]:
    return {
        "id": view.id,
        "form": view.form,
        "name": view.name,
        "owner": view.owner,
        "shared": view.shared,
        "query": view.query,
    }


@blp.get("/records/<int:record_id>")
@blp.answer(200, RecordSchema)
@blp.doc(summary="One record")
def one(record_id: int) -> Any:
    person = current_person()
    return service.record_json(service.read_record(record_id, by=person), by=person)


@blp.get("/records/<int:record_id>/links")
@blp.answer(200, RecordsSchema)
@blp.doc(summary="Records that look this one up", parameters=_LINK_PARAMETERS)
def links(record_id: int) -> Any:
    person, asked = current_person(), page_args()
    record = service.read_record(record_id, by=person)
    form = request.args.get("form") or None
    page = linking.page_of(record, person, form=form, after=asked.after, limit=asked.limit)
    return {"items": service.records_json(page.items, by=person), "next": page.next}


@blp.patch("/records/<int:record_id>")
@blp.arguments(ChangeSchema)
@blp.answer(200, RecordSchema)
@blp.doc(summary="Change values of a record")
def change(body: dict[str, Any], record_id: int) -> Any:
    person = current_person()
    asked = {"revision": body["revision"], "confirmed": body["confirmed"]}
    changed = service.update(record_id, body["values"], by=person, **asked)
    return service.record_json(changed, by=person)


@blp.delete("/records/<int:record_id>")
@blp.response(204)
@blp.doc(summary="Delete a draft or a record")
def delete(record_id: int) -> None:
    service.delete(record_id, by=current_person())


@blp.post("/records/<int:record_id>/submit")
@blp.arguments(ConfirmSchema, location="query")
@blp.answer(200, RecordSchema)
@blp.doc(summary="Submit a draft")
def send(query: dict[str, Any], record_id: int) -> Any:
    person = current_person()
    sent = service.send(record_id, by=person, confirmed=query["confirmed"])
    return service.record_json(sent, by=person)


def _check(document: dict[str, Any]) -> tuple[Problem, ...]:
    return catalogue.check_document(document).problems


def _visible(stored: Stored, person: Person) -> bool:
    """Whoever may file or read records of a form may know the form."""
    form = read_form(stored.document)[0]
    return form is not None and (
        people_owners.may_read(person, (stored.key,))
        or rights.may_create(form, person)
        or rights.may_read_all(form, person)
    )


calls = definition_routes(
    blp,
    "form",
    check=_check,
    publish=catalogue.publish_form,
    visible=_visible,
    subject=lambda document: str(document.get("key")),
    changes=diff.in_words,
)


class OwnersSchema(Schema):
    """The keys of those who may change a form and its flows, beside the administrators."""

    owners = fields.List(fields.String(), required=True)


@blp.get("/forms/<string:form_key>/owners")
@blp.answer(200, OwnersSchema)
@blp.doc(summary="Who may change a form and its flows")
def read_owners(form_key: str) -> Any:
    people_owners.require_read(current_person(), (form_key,))
    return {"owners": people_owners.owners(form_key)}


@blp.put("/forms/<string:form_key>/owners")
@blp.arguments(OwnersSchema)
@blp.answer(200, OwnersSchema)
@blp.doc(summary="Let others change a form and its flows; for administrators")
def write_owners(body: dict[str, Any], form_key: str) -> Any:
    by = current_admin().key
    catalogue.program(form_key)
    return {"owners": people_owners.set_owners(form_key, body["owners"], by=by)}
