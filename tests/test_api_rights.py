"""What a step hides stays hidden by every door of the API, and a refused task of a batch leaves nothing of itself."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from signoff.flows import catalogue as flows
from signoff.forms import catalogue as forms
from signoff.platform import files

from .conftest import definition

Token = Callable[[str], dict[str, str]]
PROMISED = (
    "forms",
    "flows",
    "records",
    "inbox",
    "tasks",
    "runs",
    "check",
    "route",
    "replay",
    "evaluate",
    "people",
    "me",
    "reports",
)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
FORM: dict[str, Any] = {
    "schema": "form/1",
    "key": "trip",
    "title": "Trip",
    "number": "TR-{0000}",
    "summary": ["purpose", "cost"],
    "access": {"create": ["*"], "read": ["finance"]},
    "fields": [
        {"key": "purpose", "type": "text", "label": "Purpose", "required": True},
        {"key": "secret", "type": "text", "label": "Secret", "indexed": True},
        {"key": "salary", "type": "money", "currency": "CNY", "label": "Salary", "indexed": True},
        {"key": "cost", "type": "money", "currency": "CNY", "label": "Cost", "required": True, "indexed": True},
        {"key": "granted", "type": "money", "currency": "CNY", "label": "Granted"},
        {"key": "double", "type": "money", "currency": "CNY", "label": "Double", "compute": "cost * 2"},
        {"key": "scan", "type": "file", "label": "Scan", "multiple": True},
        {"key": "bill", "type": "file", "label": "Bill", "multiple": True},
    ],
}
FLOW: dict[str, Any] = {
    "schema": "flow/1",
    "key": "trip",
    "title": "Trip",
    "form": "trip",
    "settings": {"self_approval": "forbid"},
    "steps": [
        {
            "id": "one",
            "kind": "approve",
            "who": [{"role": "warehouse"}],
            "fields": {"granted": "required", "secret": "hidden", "salary": "hidden", "scan": "hidden", "cost": "read"},
            "actions": ["approve", "reject", "return", "transfer", "add"],
            "due": {"in": "PT4H", "clock": "always"},
        }
    ],
}


@pytest.fixture
def api(company: Flask, token: Token) -> Callable[..., Any]:
    with company.app_context():
        forms.publish_form(FORM, by="ada", note="")
        flows.publish_flow(FLOW, by="ada", note="")
    headers = {key: token(key) for key in ("amy", "bo", "ma", "fei", "ada")}

    def call(who: str, method: str, path: str, **more: Any) -> Any:
        sent = headers[who] | more.pop("headers", {})
        return getattr(company.test_client(), method)(f"/api/v1{path}", headers=sent, **more)

    return call


def upload(app: Flask, name: str) -> str:
    with app.app_context():
        return files.store(io.BytesIO(PDF), name, by="amy").id


def trip(api: Any, **more: Any) -> Any:
    values = {"purpose": "Fair", "secret": "topsecret", "salary": "98765.43", "cost": "100", **more}
    answer = api("amy", "post", "/forms/trip/records", json={"values": values})
    assert answer.status_code == 201, answer.json
    return answer.json


def task_of(record: Any) -> int:
    return int(record["run"]["waiting_on"][0]["task"])


def _tells(text: str) -> bool:
    return "topsecret" in text or "98765" in text


def test_a_hidden_field_is_in_no_answer(api: Any) -> None:
    made = trip(api)
    task = task_of(made)
    for path in (
        f"/records/{made['id']}",
        f"/tasks/{task}",
        "/inbox",
        f"/records/{made['id']}/history",
        "/forms/trip/records",
    ):
        answer = api("ma", "get", path)
        assert answer.status_code == 200
        assert _tells(answer.text) is False, path
    decided = api("ma", "post", f"/tasks/{task}/decision", json={"verdict": "approve", "values": {"granted": "80"}})
    assert decided.status_code == 200, decided.json
    assert _tells(decided.text) is False


@pytest.mark.parametrize(
    "asked",
    [
        {"where": {"secret": {"starts_with": "top"}}},
        {"where": {"not": {"salary": {"lt": "90000"}}}},
        {"where": {"all": [{"cost": "100"}, {"secret": {"empty": False}}]}},
        {"where": {"salary": {"gt": {"field": "cost"}}}},
        {"q": "topsecret"},
        {"q": "TOPS"},
        {"sort": "salary"},
    ],
)
def test_a_hidden_field_is_not_told_by_searching(api: Any, asked: dict[str, Any]) -> None:
    trip(api)
    query = {key: json.dumps(value) if key == "where" else value for key, value in asked.items()}
    assert len(api("amy", "get", "/forms/trip/records", query_string=query).json["items"]) == 1
    assert api("ma", "get", "/forms/trip/records", query_string=query).json["items"] == []


@pytest.mark.parametrize(
    "asked", [{"where": {"cost": {"gt": "1"}}}, {"q": "fair"}, {"q": "TR-0001"}, {"sort": "-cost"}]
)
def test_what_is_not_hidden_is_found(api: Any, asked: dict[str, Any]) -> None:
    trip(api)
    query = {key: json.dumps(value) if key == "where" else value for key, value in asked.items()}
    assert len(api("ma", "get", "/forms/trip/records", query_string=query).json["items"]) == 1


def test_files_of_a_hidden_field_are_not_read(api: Any, company: Flask) -> None:
    scan, bill = upload(company, "scan.pdf"), upload(company, "bill.pdf")
    trip(api, scan=[scan], bill=[bill])
    seen = {
        who: [api(who, "get", f"/files/{each}").status_code for each in (scan, bill)]
        for who in ("amy", "ma", "fei", "bo")
    }
    assert seen == {"amy": [200, 200], "ma": [404, 200], "fei": [200, 200], "bo": [404, 404]}


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"granted": "5", "cost": "1"}, "/values/cost"),
        ({"granted": "5", "secret": "x"}, "/values/secret"),
        ({"granted": "5", "nope": 1}, "/values/nope"),
        ({"granted": 5.5}, "/values/granted"),
        ({}, "/values/granted"),
    ],
)
def test_a_decision_brings_only_what_its_step_may_change(api: Any, values: Any, path: str) -> None:
    made = trip(api)
    body = {"verdict": "approve", "values": values}
    answer = api("ma", "post", f"/tasks/{task_of(made)}/decision", json=body)
    assert (answer.status_code, answer.json["problems"][0]["path"]) == (422, path)
    assert api("amy", "get", f"/records/{made['id']}").json["revision"] == 1


@pytest.mark.parametrize("door", ["transfer", "add", "delegate"])
def test_nobody_decides_their_own_request_by_another_door(api: Any, door: str) -> None:
    task = task_of(trip(api))
    if door == "transfer":
        assert api("ma", "post", f"/tasks/{task}/transfer", json={"to": "amy"}).status_code in (403, 422)
    elif door == "add":
        body = {"people": ["amy"], "when": "before"}
        assert api("ma", "post", f"/tasks/{task}/add", json=body).status_code in (403, 422)
    else:
        body = {"delegate": "amy", "until_at": "2030-01-01T00:00:00Z"}
        assert api("ma", "put", "/me/delegation", json=body).status_code == 200
    decided = api("amy", "post", f"/tasks/{task}/decision", json={"verdict": "approve", "values": {"granted": "1"}})
    assert decided.status_code == 403
    assert api("amy", "post", f"/tasks/{task}/claim").status_code == 403


def test_a_delegation_ends_with_null(api: Any) -> None:
    body = {"delegate": "bo", "until_at": "2030-01-01T00:00:00Z"}
    assert api("ma", "put", "/me/delegation", json=body).json["delegation"]["delegate"] == "bo"
    ended = api("ma", "put", "/me/delegation", data="null", content_type="application/json")
    assert (ended.status_code, ended.json["delegation"]) == (200, None)


def test_a_draft_is_sent_by_resubmitting_it(api: Any) -> None:
    draft = api("amy", "post", "/forms/trip/records", json={"values": {"purpose": "Fair"}, "draft": True}).json
    assert (draft["status"], draft["number"]) == ("draft", None)
    assert api("ada", "get", f"/records/{draft['id']}").status_code == 404
    lacking = api("amy", "post", f"/records/{draft['id']}/resubmit", json={})
    assert (lacking.status_code, lacking.json["problems"][0]["path"]) == (422, "/values/cost")
    sent = api("amy", "post", f"/records/{draft['id']}/resubmit", json={"values": {"cost": "7"}})
    assert (sent.status_code, sent.json["status"]) == (200, "open")


def test_a_refused_task_of_a_keyed_batch_leaves_nothing(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key the batch is one transaction; what one task wrote before it failed must not be committed with it."""
    from signoff.flows import carrying
    from signoff.platform.errors import Conflict

    made = [trip(api), trip(api)]
    first, second = (task_of(each) for each in made)
    whole = carrying._write_timers

    def failing(conn: Any, move: Any) -> None:
        if move.record.id == made[0]["id"]:
            raise Conflict("somebody was faster")
        whole(conn, move)

    monkeypatch.setattr(carrying, "_write_timers", failing)
    body = {"tasks": [first, second], "verdict": "reject", "comment": "no"}
    done = api("ma", "post", "/tasks/decisions", json=body, headers={"Idempotency-Key": "batch-1"}).json
    assert [each["ok"] for each in done["results"]] == [False, True]
    statuses = [api("amy", "get", f"/records/{each['id']}").json["status"] for each in made]
    assert statuses == ["open", "rejected"]
    assert api("ma", "get", f"/tasks/{first}").json["state"] == "open"


def test_definitions_are_checked_and_predicted_before_they_are_in_force(api: Any) -> None:
    other = {**FORM, "key": "journey"}
    flow = {**FLOW, "key": "journey", "form": "journey"}
    checked = api("ada", "post", "/check", json=other)
    assert checked.json["ok"] is True, checked.json
    asked = {"flow": flow, "form": other, "by": "amy", "values": {"purpose": "x", "cost": "1"}}
    route = api("ada", "post", "/route", json=asked)
    assert route.status_code == 200, route.json
    assert [each["id"] for each in route.json["steps"]] == ["one"]
    wrong = api("ada", "post", "/route", json={"flow": "trip", "form": "product", "values": {}})
    assert (wrong.status_code, wrong.json["problems"][0]["path"]) == (422, "/form")
    kept = api("ada", "put", "/forms/product/draft", json=definition("product.form"))
    assert (kept.status_code, kept.json["base_version"]) == (200, 0), kept.json


@pytest.mark.parametrize("lacking", [{"note": ""}, {"note": None}, {"base_version": None}, {"base_version": -1}])
def test_publishing_needs_a_note_and_the_version_it_came_from(api: Any, lacking: dict[str, Any]) -> None:
    body = {"note": "why", "base_version": 1, "document": {**FORM, "title": "Journey"}, **lacking}
    answer = api("ada", "post", "/forms/trip/publish", json=body)
    assert (answer.status_code, answer.json["problems"][0]["path"]) == (422, "/" + next(iter(lacking)))
    assert api("ada", "get", "/forms/trip").json["version"] == 1


def test_every_call_is_described_with_its_answer(company: Flask) -> None:
    document = company.test_client().get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    promised = {path: item for path, item in document["paths"].items() if path.split("/")[3] in PROMISED}
    assert len(promised) > 30
    for path, item in promised.items():
        for method, call in item.items():
            if method == "parameters":
                continue
            good = [answer for status, answer in call["responses"].items() if status.startswith("2")]
            assert good, (method, path)
            assert call.get("summary"), (method, path)
            if "204" not in call["responses"]:
                assert good[0]["content"], (method, path)
