"""The HTTP API of requests: history, inbox, tasks, runs, flows, reports; see ``interfaces.md`` for every call."""

from typing import Any

import marshmallow as ma
from flask import Flask, request

from ..forms import service as forms
from ..forms.api import RecordSchema
from ..forms.records import DRAFT, Record
from ..platform.api import PAGE_PARAMETERS, Blueprint, page_args, register
from ..platform.errors import Refused
from ..platform.people.current import current_language, current_person
from ..platform.problems import Problem
from ..platform.text import msg
from ..platform.web.incoming import LARGEST_ID
from . import (
    asking_api,
    batch,
    definitions_api,
    history,
    inbox,
    listing,
    moves_api,
    printing_api,
    replies_api,
    reports_api,
    search_api,
    service,
    survey_api,
    whom_api,
)
from .api_schemas import HistorySchema, InboxSchema, ResultsSchema, TaskSchema

Json = dict[str, Any]
blp = Blueprint("api_flows", __name__, description="Requests under way: tasks, decisions, history.")


def init_app(app: Flask) -> None:
    """Mount the other calls of this floor; those of this module the roof mounts."""
    calls = (
        asking_api, definitions_api, moves_api, printing_api, replies_api,
        reports_api, search_api, survey_api, whom_api,
    )  # fmt: skip
    for each in calls:
        register(app, each.blp)


class Said(ma.Schema):
    """A comment that goes with an action."""

    comment = ma.fields.String(load_default="")


class Resubmission(Said):
    values = ma.fields.Dict(keys=ma.fields.String(), load_default=None, allow_none=True)


class CommentBody(ma.Schema):
    text = ma.fields.String(required=True)
    mentions = ma.fields.List(ma.fields.String(), load_default=list)


class DecisionBody(Said):
    verdict = ma.fields.String(required=True)
    values = ma.fields.Dict(keys=ma.fields.String(), load_default=None, allow_none=True)
    to = ma.fields.String(load_default=None, allow_none=True)
    resume = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(["here", "again"]))


class TransferBody(Said):
    """``delegate``: they decide in one's own name this once, instead of having it for good."""

    to = ma.fields.String(required=True)
    delegate = ma.fields.Boolean(load_default=False)


class AddBody(Said):
    people = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(1, 20))
    when = ma.fields.String(load_default="before", validate=ma.validate.OneOf(["before", "after"]))


class BatchBody(Said):
    tasks = ma.fields.List(ma.fields.Integer(strict=True, validate=ma.validate.Range(1, LARGEST_ID)), required=True)
    verdict = ma.fields.String(required=True)
    to = ma.fields.String(load_default="", metadata={"description": "Of the verdict transfer: to whom"})
    dry_run = ma.fields.Boolean(load_default=False)


class EventBody(ma.Schema):
    event = ma.fields.String(required=True)
    values = ma.fields.Dict(keys=ma.fields.String(), load_default=None, allow_none=True)


def _record(record: Record) -> Json:
    return forms.record_json(record, by=current_person())


@blp.get("/records/<int:record_id>/history")
@blp.doc(parameters=PAGE_PARAMETERS)
@blp.answer(200, HistorySchema)
def record_history(record_id: int) -> Json:
    """Who did what with a request, as what, when, and what it changed."""
    wanted = page_args()
    page = history.of_record(record_id, by=current_person(), after=wanted.after, limit=wanted.limit)
    return {"items": [history.moment_json(each, current_language()) for each in page.items], "next": page.next}


@blp.post("/records/<int:record_id>/withdraw")
@blp.arguments(Said)
@blp.answer(200, RecordSchema)
def withdraw(body: Json, record_id: int) -> Json:
    """Take a request back."""
    return _record(service.withdraw(record_id, by=current_person(), comment=body["comment"]))


@blp.post("/records/<int:record_id>/resubmit")
@blp.arguments(Resubmission)
@blp.answer(200, RecordSchema)
def resubmit(body: Json, record_id: int) -> Json:
    """Send a returned request again, corrected; a draft is sent for the first time."""
    record = forms.read_record(record_id, by=current_person())
    if record.status == DRAFT:
        return _record(forms.send(record_id, by=current_person(), raw=body["values"]))
    return _record(service.resubmit(record_id, by=current_person(), values=body["values"], comment=body["comment"]))


@blp.post("/records/<int:record_id>/urge")
@blp.arguments(Said)
@blp.answer(200, RecordSchema)
def urge(body: Json, record_id: int) -> Json:
    """Ask those whom a request waits for to hurry."""
    return _record(service.urge(record_id, by=current_person(), comment=body["comment"]))


@blp.post("/records/<int:record_id>/comments")
@blp.arguments(CommentBody)
@blp.answer(201, RecordSchema)
def comment(body: Json, record_id: int) -> Json:
    """Say something beside a request."""
    return _record(service.comment(record_id, by=current_person(), text=body["text"], mentions=body["mentions"]))


@blp.get("/inbox")
@blp.doc(
    parameters=[
        *PAGE_PARAMETERS,
        {"in": "query", "name": "sort", "schema": {"type": "string", "enum": list(inbox.SORTS)}},
        {"in": "query", "name": "form", "schema": {"type": "string"}},
        {"in": "query", "name": "overdue", "schema": {"type": "boolean"}},
        {"in": "query", "name": "delegated", "schema": {"type": "boolean"}},
        {"in": "query", "name": "mark", "schema": {"type": "string", "enum": list(inbox.MARKS)}},
    ]
)
@blp.answer(200, InboxSchema)
def my_inbox() -> Json:
    """What waits for me, most urgent first."""
    wanted = page_args()
    chosen = inbox.Filter(
        form=request.args.get("form") or None,
        overdue=_flag("overdue"),
        delegated=_flag("delegated"),
        mark=request.args.get("mark") or None,
        sort=request.args.get("sort") or "due_at",
    )
    person = current_person()
    page = inbox.find(person, chosen, after=wanted.after, limit=wanted.limit)
    count = inbox.count(person, chosen)
    return {
        "items": [each.json(current_language()) for each in listing.of_inbox(page.items)],
        "next": page.next,
        "count": {"value": count.value, "capped": count.capped},
    }


def _flag(name: str) -> bool:
    value = (request.args.get(name) or "false").lower()
    if value not in ("true", "false"):
        message = msg("%(name)s is %(value)s. Write true or false.", name=name, value=repr(value[:20]))
        raise Refused.because([Problem(f"/{name}", "wrong_type", message)])
    return value == "true"


@blp.get("/tasks/<int:task_id>")
@blp.answer(200, TaskSchema)
def one_task(task_id: int) -> Json:
    """One task, open or closed."""
    return _task(task_id)


@blp.post("/tasks/<int:task_id>/decision")
@blp.arguments(DecisionBody)
@blp.answer(200, RecordSchema)
def decide(body: Json, task_id: int) -> Json:
    """Approve, reject, return or complete."""
    return _record(service.decide(task_id, by=current_person(), **body))


@blp.post("/tasks/<int:task_id>/undo")
@blp.answer(200, RecordSchema)
def undo(task_id: int) -> Json:
    """Take back a decision of one's own, while the flow's grace lasts."""
    return _record(service.undo(task_id, by=current_person()))


@blp.post("/tasks/<int:task_id>/claim")
@blp.answer(200, TaskSchema)
def claim(task_id: int) -> Json:
    """Take a task out of its pool."""
    service.claim(task_id, by=current_person())
    return _task(task_id)


@blp.post("/tasks/<int:task_id>/release")
@blp.answer(200, TaskSchema)
def release(task_id: int) -> Json:
    """Put a claimed task back into its pool."""
    service.release(task_id, by=current_person())
    return _task(task_id)


@blp.post("/tasks/<int:task_id>/transfer")
@blp.arguments(TransferBody)
@blp.answer(200, TaskSchema)
def transfer(body: Json, task_id: int) -> Json:
    """Hand a task to another person for good."""
    service.transfer(task_id, by=current_person(), **body)
    return _task(task_id)


@blp.post("/tasks/<int:task_id>/add")
@blp.arguments(AddBody)
@blp.answer(200, TaskSchema)
def add(body: Json, task_id: int) -> Json:
    """Bring in further people before or after a task."""
    service.add(task_id, by=current_person(), who=body["people"], when=body["when"], comment=body["comment"])
    return _task(task_id)


def _task(task_id: int) -> Json:
    return listing.task(task_id, by=current_person()).json(current_language())


@blp.post("/tasks/decisions")
@blp.arguments(BatchBody)
@blp.answer(200, ResultsSchema)
def decide_many(body: Json) -> Json:
    """Decide many tasks with one verdict, each by itself; or only say what would become of each."""
    results = batch.decide_many(
        body["tasks"],
        by=current_person(),
        verdict=body["verdict"],
        comment=body["comment"],
        to=body["to"],
        dry_run=body["dry_run"],
    )
    return batch.results_json(results)


@blp.post("/runs/<int:run_id>/events")
@blp.arguments(EventBody)
@blp.answer(200, RecordSchema)
def arrive(body: Json, run_id: int) -> Json:
    """Something happened outside that a step waits for."""
    return _record(service.arrive(run_id, by=current_person(), event=body["event"], values=body["values"]))
