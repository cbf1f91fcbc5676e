"""Sub-requests: a step asks for another request, waits for its end, and goes on with what came of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from signoff.flows import catalogue, service
from signoff.flows.effects import Actor, Call, Recall
from signoff.flows.events import Completed, Opened, Withdrawn
from signoff.forms import catalogue as form_catalogue
from signoff.forms import service as forms
from signoff.forms.records import Record
from signoff.platform import audit
from signoff.platform.errors import Forbidden, Refused
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from . import playing
from .playing import action, approve, play
from .shop import person, task_of, tasks_of

ASK = action("ask", "request.open", **{"with": {"form": "check"}, "into": {"note": "outcome"}})


def asked() -> playing.Play:
    game = play([approve("lead", "bob"), ASK, approve("last", "cay")], "lead/bob:approve", withdraw="always")
    game.happen(Opened("ask", "ask#1", 7, "C-7"))
    return game


def test_the_step_waits_for_the_end_of_what_it_asked_for() -> None:
    game = asked()
    assert game.waiting() == []
    game.happen(Completed("ask", "ask#1", {"outcome": "approved"}), note="approved")
    assert game.waiting() == ["last p:cay"]


def test_what_was_asked_for_goes_with_its_parent() -> None:
    game = asked()
    game.happen(Withdrawn(Actor("ann")))
    assert [each.record for each in game.last(Recall)] == [7]
    game.happen(Completed("ask", "ask#1", {"outcome": "approved"}))
    assert game.run.status == "withdrawn"


def test_news_that_come_too_late_call_back_what_they_speak_of() -> None:
    game = play([ASK], withdraw="always")
    assert [each.name for each in game.last(Call)] == ["ask#1"]
    game.happen(Opened("ask", "ask#2", 8, "C-8"))
    assert [each.record for each in game.last(Recall)] == [8]


def form(key: str) -> dict[str, Any]:
    return {
        "schema": "form/1", "key": key, "title": key,
        "fields": [
            {"key": "subject", "type": "text", "label": "Subject"},
            {"key": "grade", "type": "text", "label": "Grade"},
            {"key": "result", "type": "text", "label": "Result"},
        ],
        "access": {"create": ["*"], "read": ["*"]},
    }  # fmt: skip


def flow(key: str, *steps: dict[str, Any]) -> dict[str, Any]:
    settings = {"withdraw": "always"}
    return {"schema": "flow/1", "key": key, "title": key, "form": key, "settings": settings, "steps": list(steps)}


def ask_for(key: str, **more: Any) -> dict[str, Any]:
    arguments = {"form": key, "subject": {"field": "subject"}, **more.pop("arguments", {})}
    return {
        "id": "ask", "kind": "action", "do": "request.open", "with": arguments,
        "into": {"result": "outcome", "grade": "values.grade"}, **more,
    }  # fmt: skip


GRADE = {"id": "grade", "kind": "work", "title": "Grade", "who": [{"person": "li"}], "fields": {"grade": "edit"},
         "actions": ["complete", "reject", "return", "transfer"]}  # fmt: skip
SIGN = {"id": "sign", "kind": "approve", "title": "Sign", "who": [{"person": "bo"}]}


@pytest.fixture
def nested(company: Flask, at: Clock) -> Iterator[Flask]:
    with company.app_context():
        for key in ("claim", "check"):
            form_catalogue.publish_form(form(key), by="ada", note="")
        catalogue.publish_flow(flow("check", GRADE), by="ada")
        catalogue.publish_flow(flow("claim", ask_for("check"), SIGN), by="ada")
        yield company


def claim(app: Flask, times: int = 3) -> Record:
    made = forms.submit("claim", {"subject": "lamp"}, by=person("amy"))
    drain(app, times)
    return made


def drain(app: Flask, times: int = 3) -> None:
    for _ in range(times):
        run_due(app)


def of(record: Record) -> Record:
    return forms.read_record(record.id, by=person("ada"))


def test_its_outcome_and_fields_flow_back(nested: Flask) -> None:
    made = claim(nested)
    task = task_of("li")
    child = forms.read_record(task.record_id, by=person("ada"))
    assert (child.form, child.values["subject"], child.submitted_by) == ("check", "lamp", "amy")
    assert tasks_of("bo") == []
    service.decide(task.id, by=person("li"), verdict="complete", values={"grade": "B"})
    drain(nested)
    assert {key: of(made).values[key] for key in ("result", "grade")} == {"result": "approved", "grade": "B"}
    assert task_of("bo").record_id == made.id
    submitted = audit.entries(child.chain)[0]
    assert (submitted.event, submitted.actor, submitted.acting_as) == ("record.submitted", "amy", "system")


def test_who_asked_for_the_parent_does_not_approve_the_child(nested: Flask) -> None:
    catalogue.publish_flow(flow("check", {**SIGN, "who": [{"person": "bo"}, {"person": "amy"}]}), by="ada")
    claim(nested)
    with pytest.raises(Forbidden):
        service.decide(task_of("bo").id, by=person("amy"), verdict="approve")


def test_it_is_withdrawn_with_its_parent(nested: Flask) -> None:
    made = claim(nested)
    child = task_of("li").record_id
    service.withdraw(made.id, by=person("amy"))
    drain(nested)
    assert forms.read_record(child, by=person("ada")).status == "withdrawn"
    assert tasks_of("li") == []
    assert of(made).status == "withdrawn"


@pytest.mark.parametrize(("must", "status", "result"), [(True, "rejected", None), (False, "open", "rejected")])
def test_a_rejection_goes_on_as_the_step_says(nested: Flask, must: bool, status: str, result: str | None) -> None:
    step = ask_for("check", arguments={"must_approve": must}, on_error="fail")
    catalogue.publish_flow(flow("claim", step, SIGN), by="ada")
    made = claim(nested)
    service.decide(task_of("li").id, by=person("li"), verdict="reject", comment="no")
    drain(nested)
    assert (of(made).status, of(made).values.get("result")) == (status, result)


def test_a_form_without_a_flow_is_done_at_once(nested: Flask) -> None:
    form_catalogue.publish_form(form("note"), by="ada", note="")
    catalogue.publish_flow(flow("claim", ask_for("note"), SIGN), by="ada")
    made = claim(nested)
    assert of(made).values["result"] == "kept"


def test_requests_that_ask_for_themselves_end(nested: Flask) -> None:
    with pytest.raises(Refused, match="claim → claim"):
        catalogue.publish_flow(flow("claim", ask_for("claim", on_error="fail"), SIGN), by="ada")
    named = {"id": "named", "when": {"result": {"empty": True}}, "steps": [ask_for("claim", on_error="fail")]}
    rest = {"id": "rest", "otherwise": True, "steps": []}
    always = {"id": "always", "kind": "route", "branches": [named, rest]}
    catalogue.publish_flow(flow("claim", always, SIGN), by="ada")
    made = claim(nested, times=40)
    assert of(made).status in ("rejected", "open")
    found = forms.find("claim", by=person("ada")).items
    assert 2 <= len(found) <= 6
    assert {each.status for each in found} & {"rejected"}


def test_with_other_values_somebody_is_asked_before_it_is_asked_for_again(nested: Flask) -> None:
    made = claim(nested)
    first = task_of("li").record_id
    service.decide(task_of("li").id, by=person("li"), verdict="complete")
    drain(nested)
    service.decide(task_of("bo").id, by=person("bo"), verdict="return", comment="again")
    service.resubmit(made.id, by=person("amy"), values={"subject": "desk"})
    drain(nested)
    assert forms.read_record(first, by=person("ada")).status == "approved"
    assert {each.step for each in tasks_of("ada") if each.record_id == made.id} == {"ask"}
    assert tasks_of("li") == []
