"""The HTTP API of flows as definitions, and of what can be asked about definitions before they are in force."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import marshmallow as ma

from ..forms import catalogue as forms
from ..forms import service as form_service
from ..forms.compile import compile_form
from ..forms.schema import read_form
from ..platform import calendar_store, clock, definitions, problem_json
from ..platform.api import Blueprint
from ..platform.api.definitions import definition_routes
from ..platform.errors import Forbidden, Refused
from ..platform.people import owners
from ..platform.people import service as people
from ..platform.people.current import current_language, current_person
from ..platform.people.definition import write_people
from ..platform.people.directory import ADMIN, Person
from ..platform.problems import Problem, errors_of
from ..platform.text import msg
from ..platform.web.language import gettext_here
from . import catalogue, changes, drafting, predict, predicting, replaying, supposing, trials
from .api_schemas import CheckedSchema, EvaluatedSchema, ReplayedSchema, RouteSchema
from .check.documents import check_documents
from .program import FlowProgram

Json = dict[str, Any]
blp = Blueprint("api_flow_definitions", __name__, description="Flows, and questions about definitions.")

definition_routes(
    blp,
    "flow",
    check=lambda document: catalogue.check_document(document).problems,
    publish=catalogue.publish_flow,
    subject=lambda document: str(document.get("form")),
    changes=partial(changes.in_words, "flow"),
    more=lambda document: {"length": catalogue.length(document)},
)


class CheckBody(ma.Schema):
    """Any of ``people/1``, ``form/1`` and ``flow/1``; what they refer to besides each other is what is in force."""

    documents = ma.fields.List(ma.fields.Dict(), required=True, validate=ma.validate.Length(1, 200))

    @ma.pre_load
    def bare(self, sent: Any, **_: Any) -> Any:
        """One document may be sent as it is."""
        return {"documents": [sent]} if isinstance(sent, dict) and "schema" in sent else sent


class RouteBody(ma.Schema):
    """``flow``: the key of one in force, or a document; ``by``: who would ask, default oneself.

    ``form``: its key, or a document that is not in force yet; needed only with a document. ``suppose``: the values are
    those of a test case: a computed field may be given by hand, and lookups find what the values say of them.
    """

    flow = ma.fields.Raw(required=True)
    form = ma.fields.Raw(load_default=None, allow_none=True)
    values = ma.fields.Dict(required=True)
    by = ma.fields.String(load_default=None, allow_none=True)
    suppose = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})


class ReplayBody(ma.Schema):
    """A draft of a flow, and how far back: ``90d``."""

    flow = ma.fields.Raw(required=True)
    since = ma.fields.String(load_default="90d")


class CasesBody(ma.Schema):
    """``flow``: the key of one in force, or a document with its ``cases``."""

    flow = ma.fields.Raw(required=True)


class TriedSchema(ma.Schema):
    """What became of a test case: at which steps people are asked, and every difference from what it expects."""

    name = ma.fields.String(required=True)
    ok = ma.fields.Boolean(required=True)
    outcome = ma.fields.String(required=True)
    route = ma.fields.List(ma.fields.String(), required=True)
    problems = ma.fields.List(ma.fields.Dict(), required=True)


class AllTriedSchema(ma.Schema):
    ok = ma.fields.Boolean(required=True)
    cases = ma.fields.List(ma.fields.Nested(TriedSchema), required=True)


class EvaluateBody(ma.Schema):
    form = ma.fields.String(required=True)
    values = ma.fields.Dict(required=True)


@blp.post("/check")
@blp.arguments(CheckBody)
@blp.answer(200, CheckedSchema)
def check(body: Json) -> Json:
    """All problems of definitions; nothing is stored."""
    owners.require_builder(current_person())
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


@blp.post("/cases")
@blp.arguments(CasesBody)
@blp.answer(200, AllTriedSchema)
def run_cases(body: Json) -> Json:
    """The test cases of a flow, run as a publish runs them."""
    program = _program(body["flow"], None)
    calendar = calendar_store.calendar(program.flow.settings.calendar)
    tried = trials.run_all(program, people.directory(), calendar)
    return {"ok": all(each.ok for each in tried), "cases": [each.json() for each in tried]}


@blp.post("/route")
@blp.arguments(RouteBody)
@blp.answer(200, RouteSchema)
def route(body: Json) -> Json:
    """The route that a request would take if everybody agrees."""
    program = _program(body["flow"], body["form"])
    assert program.form is not None
    person = _asker(body["by"], program.flow.form)
    if body["suppose"]:
        values, problems = supposing.read_values(
            program.form, body["values"], people.directory(), person.key, clock.now()
        )
    else:
        reading = form_service.read(program.form, body["values"], by=person, supposed=True)
        values, problems = reading.values, list(reading.problems)
    prediction = predicting.of_values(program, program.flow.form, values, person.key)
    found = predict.route_json(prediction, current_language())
    found["problems"] += [problem_json.problem_of(each, gettext_here) for each in problems]
    return found


def _asker(key: str | None, form: str) -> Person:
    """Oneself; who may change the form may ask for anybody."""
    person = current_person()
    if key is None or key == person.key:
        return person
    if not owners.may_change(person, (form,)):
        raise Forbidden(msg("Only administrators and owners of the form may ask for somebody else."), right=ADMIN)
    return people.person(key)


def _program(flow: Any, form: Any) -> FlowProgram:
    if isinstance(flow, str) and not isinstance(form, Mapping):
        found = catalogue.flow_program(flow)
        _require_form(found.flow.form, form)
        return found
    owners.require_change(current_person(), _subjects(flow, form))
    if isinstance(form, Mapping):
        return _drafted(catalogue.flow_program(flow).flow.document if isinstance(flow, str) else _document(flow), form)
    _require_form(_document(flow).get("form"), form)
    checked = catalogue.check_document(_document(flow), prove=False)
    if checked.program is None:
        raise Refused.because(checked.errors)
    return checked.program


def _subjects(*documents: Any) -> set[str]:
    """The forms that documents are about, of which whoever tries them must own all."""
    named = {
        each.get("form") if str(each.get("schema", "")).startswith("flow/") else each.get("key")
        for each in documents
        if isinstance(each, Mapping)
    }
    return {str(name) for name in named}


def _require_form(of_flow: Any, form: Any) -> None:
    if form is not None and form != of_flow:
        message = msg("The flow is one of %(of)s, not of %(form)s.", of=repr(of_flow), form=repr(form)[:80])
        raise Refused.because([Problem("/form", "wrong_form", message)])


def _drafted(flow: Mapping[str, Any], form: Mapping[str, Any]) -> FlowProgram:
    """The program of a flow for a form that is not in force."""
    read, problems = read_form(form)
    program, more = compile_form(read) if read is not None else (None, [])
    compiled, last = drafting.program_of(flow, program) if program is not None else (None, [])
    if compiled is None:
        raise Refused.because([*errors_of([*problems, *more]), *last])
    _require_form(compiled.flow.form, program.form.key if program else None)
    return compiled


def _document(flow: Any) -> Mapping[str, Any]:
    if not isinstance(flow, Mapping):
        raise Refused(msg("The flow is neither a key nor a document in braces."))
    return flow


@blp.post("/replay")
@blp.arguments(ReplayBody)
@blp.answer(200, ReplayedSchema)
def replay(body: Json) -> Json:
    """A draft of a flow against past and running requests; nothing is executed."""
    owners.require_change(current_person(), _subjects(_document(body["flow"])))
    return replaying.replay_draft(dict(_document(body["flow"])), since=replaying.read_period(body["since"]))


@blp.post("/evaluate")
@blp.arguments(EvaluateBody)
@blp.answer(200, EvaluatedSchema)
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
        "cells": {word: sorted(getattr(reading.cells, word)) for word in ("hidden", "required", "readonly")},
        "problems": [problem_json.problem_of(each, gettext_here) for each in reading.problems],
        "route": _route_of(program, reading, person),
    }


def _route_of(program: Any, reading: Any, person: Person) -> Json | None:
    if catalogue.flow_of_form(program.form.key) is None:
        return None
    prediction, _ = predicting.of_reading(program, reading, person)
    return predict.route_json(prediction, current_language())
