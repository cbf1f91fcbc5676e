"""The HTTP API of flows as definitions, and of what can be asked about definitions before they are in force."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from ..forms import catalogue as forms
from ..forms import service as form_service
from ..platform import calendar_store, definitions, problem_json
from ..platform.api import Blueprint
from ..platform.api.definitions import definition_routes
from ..platform.errors import Forbidden, Refused
from ..platform.people import policy
from ..platform.people import service as people
from ..platform.people.current import current_language, current_person
from ..platform.people.definition import write_people
from ..platform.people.directory import ADMIN, Person
from ..platform.problems import errors_of
from ..platform.text import msg
from ..platform.web.language import gettext_here
from . import catalogue, predict, predicting, replaying
from .check.documents import check_documents
from .program import FlowProgram

Json = dict[str, Any]
blp = Blueprint("api_flow_definitions", __name__, description="Flows, and questions about definitions.")

definition_routes(
    blp,
    "flow",
    check=lambda document: catalogue.check_document(document).problems,
    publish=catalogue.publish_flow,
)


class CheckBody(ma.Schema):
    """Any of ``people/1``, ``form/1`` and ``flow/1``; what they refer to besides each other is what is in force."""

    documents = ma.fields.List(ma.fields.Dict(), required=True, validate=ma.validate.Length(1, 200))


class RouteBody(ma.Schema):
    """``flow``: the key of one in force, or a document; ``by``: who would ask, default oneself."""

    flow = ma.fields.Raw(required=True)
    values = ma.fields.Dict(required=True)
    by = ma.fields.String(load_default=None, allow_none=True)


class ReplayBody(ma.Schema):
    """A draft of a flow, and how far back: ``90d``."""

    flow = ma.fields.Raw(required=True)
    since = ma.fields.String(load_default="90d")


class EvaluateBody(ma.Schema):
    form = ma.fields.String(required=True)
    values = ma.fields.Dict(required=True)


@blp.post("/check")
@blp.arguments(CheckBody)
@blp.response(200)
def check(body: Json) -> Json:
    """All problems of definitions; nothing is stored."""
    policy.require(current_person(), ADMIN)
    named = [(_name(document, place), document) for place, document in enumerate(body["documents"])]
    found = check_documents(named, known=_in_force())
    return {
        "problems": [{"file": name, **problem_json.problem_of(problem, gettext_here)} for name, problem in found],
        "ok": not errors_of(problem for _, problem in found),
    }


def _name(document: Mapping[str, Any], place: int) -> str:
    kind = str(document.get("schema", "")).partition("/")[0]
    return f"{document.get('key', kind) or place}.{kind}" if kind else str(place)


def _in_force() -> list[Mapping[str, Any]]:
    return [
        write_people(people.directory(), calendar_store.documents()),
        *(stored.document for stored in definitions.in_force("form")),
        *(stored.document for stored in definitions.in_force("flow")),
    ]


@blp.post("/route")
@blp.arguments(RouteBody)
@blp.response(200)
def route(body: Json) -> Json:
    """The route that a request would take if everybody agrees."""
    person = _asker(body["by"])
    program = _program(body["flow"])
    assert program.form is not None
    reading = form_service.read(program.form, body["values"], by=person)
    prediction = predicting.of_values(program, program.flow.form, reading.values, person.key)
    found = predict.route_json(prediction, current_language())
    found["problems"] += [problem_json.problem_of(each, gettext_here) for each in reading.problems]
    return found


def _asker(key: str | None) -> Person:
    """Oneself; an administrator may ask for anybody."""
    person = current_person()
    if key is None or key == person.key:
        return person
    if not policy.is_admin(person):
        raise Forbidden(msg("Only administrators may ask for somebody else."), right=ADMIN)
    return people.person(key)


def _program(flow: Any) -> FlowProgram:
    if isinstance(flow, str):
        return catalogue.flow_program(flow)
    policy.require(current_person(), ADMIN)
    checked = catalogue.check_document(_document(flow), prove=False)
    if checked.program is None:
        raise Refused.because(checked.errors)
    return checked.program


def _document(flow: Any) -> Mapping[str, Any]:
    if not isinstance(flow, Mapping):
        raise Refused(msg("The flow is neither a key nor a document in braces."))
    return flow


@blp.post("/replay")
@blp.arguments(ReplayBody)
@blp.response(200)
def replay(body: Json) -> Json:
    """A draft of a flow against past and running requests; nothing is executed."""
    policy.require(current_person(), ADMIN)
    return replaying.replay_draft(dict(_document(body["flow"])), since=replaying.read_period(body["since"]))


@blp.post("/evaluate")
@blp.arguments(EvaluateBody)
@blp.response(200)
def evaluate(body: Json) -> Json:
    """What a form would say to values: computed, visible, required, wrong; and where they would go."""
    person = current_person()
    reading = form_service.evaluate(body["form"], body["values"], by=person)
    program = forms.program(body["form"])
    return {
        "values": program.dump(reading.values),
        "visible": sorted(reading.visible),
        "required": sorted(reading.required),
        "readonly": sorted(reading.readonly),
        "problems": [problem_json.problem_of(each, gettext_here) for each in reading.problems],
        "route": _route_of(program, reading, person),
    }


def _route_of(program: Any, reading: Any, person: Person) -> Json | None:
    if catalogue.flow_of_form(program.form.key) is None:
        return None
    prediction, _ = predicting.of_reading(program, reading, person)
    return predict.route_json(prediction, current_language())
