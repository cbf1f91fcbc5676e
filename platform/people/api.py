"""People over HTTP: who there is, who I am, and who acts for me."""

from datetime import datetime
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, pre_load

from .. import clock
from ..api import PAGE_PARAMETERS, Blueprint, page_args, page_json
from ..db import utc_text
from ..errors import Refused
from ..problems import Problem
from ..text import msg
from . import current, policy, service
from .current import current_person
from .definition import amounts_json
from .directory import Delegation, Directory, Person
from .entry import read_amount
from .search import find_people

blp = Blueprint("api_people", __name__, description="People, and who acts for whom")


class DelegationSchema(Schema):
    """``delegate`` acts for me from ``from_at`` until ``until_at``; ``null`` ends a delegation."""

    delegate = fields.String(required=True, allow_none=True)
    from_at = fields.AwareDateTime(format="iso", load_default=None, allow_none=True)
    until_at = fields.AwareDateTime(format="iso", load_default=None, allow_none=True)
    max_amount = fields.String(load_default=None, allow_none=True)

    @pre_load
    def none(self, sent: Any, **_: Any) -> Any:
        """The whole of it may be ``null``."""
        return {"delegate": None} if request.is_json and request.get_json() is None else sent


class PersonSchema(Schema):
    """A person as colleagues see them; ``limits`` by form, for themselves and those who may read everything."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    email = fields.String(allow_none=True)
    department = fields.String(allow_none=True)
    manager = fields.String(allow_none=True)
    roles = fields.List(fields.String(), required=True)
    active = fields.Boolean(required=True)
    limits = fields.Dict(keys=fields.String(), values=fields.String())


class PeopleSchema(Schema):
    items = fields.List(fields.Nested(PersonSchema), required=True)
    next = fields.String(allow_none=True, required=True)


class StandingInSchema(Schema):
    """``delegate`` acts for ``person`` between two times."""

    person = fields.String(required=True)
    delegate = fields.String(required=True)
    from_at = fields.DateTime(required=True)
    until_at = fields.DateTime(required=True)
    max_amount = fields.String(allow_none=True)


class MeSchema(PersonSchema):
    language = fields.String(required=True)
    zone = fields.String(required=True)
    theme = fields.String(required=True, allow_none=True)
    delegation = fields.Nested(StandingInSchema, allow_none=True, required=True)
    acts_for = fields.List(fields.Nested(StandingInSchema), required=True)


_SEARCH = [
    {
        "in": "query",
        "name": "q",
        "schema": {"type": "string"},
        "description": "Words of name, key, e-mail, department.",
    },
    {"in": "query", "name": "department", "schema": {"type": "string"}, "description": "Of it and those below."},
    {"in": "query", "name": "role", "schema": {"type": "string"}, "description": "Only those who have it."},
]


@blp.get("/people")
@blp.doc(parameters=[*PAGE_PARAMETERS, *_SEARCH], summary="Active people, by name")
@blp.answer(200, PeopleSchema)
def people() -> ResponseReturnValue:
    asked, directory = page_args(), service.directory()
    page = find_people(
        directory,
        q=request.args.get("q", ""),
        department=request.args.get("department") or None,
        role=request.args.get("role") or None,
        after=asked.after,
        limit=asked.limit,
    )
    reader = current_person()
    return page_json(page, lambda each: _person_json(each, reader))


def _person_json(person: Person, reader: Person) -> dict[str, Any]:
    """A person as a colleague sees them; limits only for themselves and those who may read everything."""
    shown: dict[str, Any] = {
        "key": person.key,
        "name": person.name,
        "email": person.email,
        "department": person.department,
        "manager": person.manager,
        "roles": sorted(person.roles),
        "active": person.active,
    }
    if reader.key == person.key or policy.is_auditor(reader):
        shown["limits"] = amounts_json(person.limits)
    return shown


@blp.get("/me")
@blp.doc(summary="The person whose token or session this is")
@blp.answer(200, MeSchema)
def me() -> ResponseReturnValue:
    person = current_person()
    return _me_json(person, service.directory())


def _me_json(person: Person, directory: Directory) -> dict[str, Any]:
    mine = directory.delegation_of(person.key, clock.now())
    return {
        **_person_json(person, person),
        "language": current.current_language(),
        "zone": current.current_zone().key,
        "theme": person.theme,
        "delegation": None if mine is None else _delegation_json(mine),
        "acts_for": [_delegation_json(each) for each in directory.delegated_to(person.key, clock.now())],
    }


def _delegation_json(delegation: Delegation) -> dict[str, Any]:
    return {
        "person": delegation.person,
        "delegate": delegation.delegate,
        "from_at": utc_text(delegation.from_at),
        "until_at": utc_text(delegation.until_at),
        "max_amount": None if delegation.max_amount is None else format(delegation.max_amount, "f"),
    }


@blp.put("/me/delegation")
@blp.arguments(DelegationSchema)
@blp.doc(summary="Let somebody act for me between two times, or end it")
@blp.answer(200, MeSchema)
def put_delegation(body: dict[str, Any]) -> ResponseReturnValue:
    person = current_person()
    if body["delegate"] is None:
        service.end_delegation(person.key, by=person.key)
    else:
        service.set_delegation(_delegation(person, body), by=person.key)
    return _me_json(person, service.directory())


def _delegation(person: Person, body: dict[str, Any]) -> Delegation:
    """Without a start it begins now.

    Raises:
        Refused: there is no end, or the limit is no amount.
    """
    problems = []
    until_at: datetime | None = body["until_at"]
    if until_at is None:
        message = msg("%(key)s is missing. Add it.", key=repr("until_at"))
        problems.append(Problem("/until_at", "missing", message))
    written = body["max_amount"]
    amount = read_amount(written) if written is not None else None
    if written is not None and amount is None:
        message = msg('%(value)s is no amount. Write digits and a point, as in "5000.00".', value=repr(written[:40]))
        problems.append(Problem("/max_amount", "wrong_amount", message))
    if until_at is None or problems:
        raise Refused.because(problems)
    return Delegation(person.key, body["delegate"], body["from_at"] or clock.now(), until_at, amount)
