"""The HTTP API of requests, as ``interfaces.md`` promises it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.platform.scheduler import run_due

from ..conftest import Clock, definition
from .shop import order, refund, tasks_of

Token = Callable[[str], dict[str, str]]


@pytest.fixture
def api(shop: Flask, at: Clock, token: Token) -> Callable[..., Any]:
    """``api("bo", "post", "/tasks/1/claim", {...})``: the answer of a call."""
    headers = {key: token(key) for key in ("amy", "bo", "li", "ma", "fei", "ada", "zhou")}

    def call(who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        client = shop.test_client()
        return getattr(client, method)(f"/api/v1{path}", json=body, headers=headers[who] | more)

    return call


@pytest.fixture
def request_id(shop: Flask, at: Clock) -> int:
    with shop.app_context():
        return refund(3).id


def test_the_inbox_and_a_decision(api: Any, request_id: int) -> None:
    found = api("bo", "get", "/inbox?sort=due_at&limit=10").json
    assert found["count"] == {"value": 1, "capped": False}
    assert found["next"] is None
    task = found["items"][0]
    assert set(task) >= {
        "id", "record", "step", "state", "assigned_at", "due_at", "overdue", "actions", "fields", "why",
    }  # fmt: skip
    assert task["record"]["id"] == request_id
    assert task["record"]["summary"]["amount"] == "¥300.00"
    assert task["step"] == {"id": "first_answer", "title": "First answer", "kind": "approve"}
    assert task["fields"]["path"] == "edit"
    answer = api("bo", "post", f"/tasks/{task['id']}/decision", {"verdict": "approve", "comment": "ok"})
    assert answer.status_code == 200
    waiting = answer.json["run"]["waiting_on"]
    assert [(each["step"], each["people"]) for each in waiting] == [("lead", ["li"])]
    assert waiting[0]["due_at"].endswith("Z")


def test_of_two_decisions_the_second_is_told_who_was_first(api: Any, request_id: int) -> None:
    task = api("bo", "get", "/inbox").json["items"][0]["id"]
    api("bo", "post", f"/tasks/{task}/decision", {"verdict": "approve"})
    answer = api("li", "post", f"/tasks/{task}/decision", {"verdict": "reject", "comment": "no"})
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert (answer.json["by"], answer.json["by_name"], answer.json["verdict"]) == ("bo", "Bo Wang", "approve")
    assert answer.json["at"].endswith("Z")


def test_the_same_idempotency_key_decides_once(api: Any, request_id: int) -> None:
    task = api("bo", "get", "/inbox").json["items"][0]["id"]
    first = api("bo", "post", f"/tasks/{task}/decision", {"verdict": "approve"}, **{"Idempotency-Key": "k1"})
    again = api("bo", "post", f"/tasks/{task}/decision", {"verdict": "approve"}, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status"),
    [
        ("ma", "get", "/tasks/1", None, 404),
        ("ma", "post", "/tasks/1/decision", {"verdict": "approve"}, 404),
        ("amy", "post", "/tasks/1/decision", {"verdict": "approve"}, 403),
        ("bo", "post", "/tasks/1/decision", {"verdict": "dance"}, 422),
        ("bo", "post", "/tasks/1/decision", {"verdict": "reject"}, 422),
        ("bo", "post", "/tasks/1/decision", {"verdict": "approve", "values": {"method": "bank"}}, 422),
        ("bo", "post", "/tasks/1/decision", {"verdict": "approve", "x": 1}, 422),
        ("bo", "post", "/tasks/1/decision", {}, 422),
        ("bo", "post", "/tasks/1/transfer", {"to": "nobody"}, 422),
        ("bo", "post", "/tasks/999/claim", None, 404),
        ("bo", "get", "/inbox?sort=colour", None, 422),
        ("bo", "get", "/inbox?overdue=perhaps", None, 422),
        ("bo", "get", "/inbox?after=xyz", None, 400),
        ("bo", "get", "/inbox?limit=500", None, 422),
        ("ada", "get", "/reports/nonsense", None, 404),
        ("bo", "post", "/runs/1/events", {"event": "carrier.promised"}, 422),
        ("ma", "post", "/runs/1/events", {"event": "carrier.promised"}, 404),
        ("amy", "post", "/runs/1/events", {"event": "carrier.promised"}, 403),
        ("bo", "post", "/check", {"documents": [{}]}, 403),
    ],
)
def test_what_is_wrong_is_said_with_its_status(
    api: Any, request_id: int, who: str, method: str, path: str, body: Any, status: int
) -> None:
    answer = api(who, method, path, body)
    assert answer.status_code == status, answer.json
    assert answer.json["status"] == status
    assert answer.json["detail"]


def test_claim_release_transfer_and_add(api: Any, request_id: int) -> None:
    assert api("bo", "post", "/tasks/1/claim").json["state"] == "claimed"
    assert api("li", "get", "/inbox").json["items"] == []
    assert api("bo", "post", "/tasks/1/release").json["state"] == "open"
    assert api("bo", "post", "/tasks/1/transfer", {"to": "zhou", "comment": "yours"}).status_code == 200
    assert [each["id"] for each in api("zhou", "get", "/inbox").json["items"]] == [1]
    api("zhou", "post", "/tasks/1/decision", {"verdict": "approve"})
    lead = api("li", "get", "/inbox").json["items"][0]["id"]
    added = api("li", "post", f"/tasks/{lead}/add", {"people": ["fei"], "when": "before"})
    assert added.status_code == 200, added.json
    assert len(api("fei", "get", "/inbox").json["items"]) == 1


def test_a_batch_is_rehearsed_and_then_decided(api: Any, shop: Flask, at: Clock) -> None:
    with shop.app_context():
        sold = order(100)
        for _ in range(2):
            refund(3, of=sold)
        ids = [task.id for task in tasks_of("bo")]
    body = {"tasks": [*ids, 999], "verdict": "approve", "dry_run": True}
    rehearsed = api("bo", "post", "/tasks/decisions", body).json
    assert (rehearsed["ready"], rehearsed["needs_input"], rehearsed["blocked"]) == (ids, [], [999])
    done = api("bo", "post", "/tasks/decisions", body | {"dry_run": False}).json
    assert [each["ok"] for each in done["results"]] == [True, True, False]
    assert api("bo", "get", "/inbox").json["count"]["value"] == 0


def test_history_withdraw_urge_and_comments(api: Any, request_id: int) -> None:
    assert (
        api("amy", "post", f"/records/{request_id}/comments", {"text": "Hello", "mentions": ["fei"]}).status_code == 201
    )
    assert api("amy", "post", f"/records/{request_id}/urge", {}).status_code == 200
    assert api("amy", "post", f"/records/{request_id}/urge", {}).status_code == 429
    assert api("amy", "post", f"/records/{request_id}/withdraw", {"comment": "sorry"}).json["status"] == "withdrawn"
    entries = api("amy", "get", f"/records/{request_id}/history").json["items"]
    assert next(each["event"] for each in entries) == "record.submitted"
    said = next(each for each in entries if each["event"] == "record.commented")
    assert (said["by"], said["as"], said["comment"]) == ("amy", "person", "Hello")
    assert all(each["text"] for each in entries)
    assert api("ma", "get", f"/records/{request_id}/history").status_code == 404


def test_a_returned_request_is_sent_again(api: Any, request_id: int) -> None:
    api("bo", "post", "/tasks/1/decision", {"verdict": "return", "comment": "why?", "to": "start"})
    assert api("amy", "get", f"/records/{request_id}").json["status"] == "returned"
    changed = api("amy", "patch", f"/records/{request_id}", {"values": {"conversation": "Because."}, "revision": 1})
    assert changed.status_code == 200, changed.json
    again = api("amy", "post", f"/records/{request_id}/resubmit", {"comment": "there"})
    assert again.status_code == 200, again.json
    assert again.json["status"] == "open"
    entries = api("bo", "get", f"/records/{request_id}/history").json["items"]
    resent = next(each for each in entries if each["event"] == "run.resubmitted")
    assert resent["data"]["changed"] == ["conversation"]


def test_flows_are_listed_checked_and_published(api: Any) -> None:
    assert [each["key"] for each in api("amy", "get", "/flows").json["items"]] == ["refund"]
    flow = definition("refund.flow")
    broken = flow | {
        "steps": [{**flow["steps"][0], "who": [{"role": "nobody_has_it"}], "nobody": "refuse", "colour": 1}]
    }
    answer = api("ada", "post", "/flows/refund/publish", {"note": "x", "base_version": 1, "document": broken})
    assert answer.status_code == 422
    assert answer.json["problems"][0]["path"].startswith("/steps/0")
    flow["steps"][2]["branches"][0]["when"] = {"amount": {"lt": "300"}}
    flow["steps"][2]["branches"][1]["when"] = {"amount": {"gte": "300", "lt": "5000"}}
    good = api("ada", "post", "/flows/refund/publish", {"note": "more by rule", "base_version": 1, "document": flow})
    assert good.status_code == 200, good.json
    assert good.json["version"] == 2
    stale = api("ada", "post", "/flows/refund/publish", {"note": "late", "base_version": 1, "document": flow})
    assert stale.status_code == 409
    assert api("bo", "post", "/flows/refund/publish", {"note": "x", "base_version": 2}).status_code == 403


def test_questions_about_definitions(api: Any, shop: Flask) -> None:
    with shop.app_context():
        sold = order(10)
    filled = {
        "channel": "web", "order": sold.id, "path": "refund_only", "reason": "late", "method": "original",
        "lines": [{"product": sold.values["lines"][0]["product"], "quantity": 3, "unit_price": "100"}],
    }  # fmt: skip
    said = api("amy", "post", "/evaluate", {"form": "refund", "values": filled}).json
    assert said["values"]["amount"] == "300.00"
    assert [each["path"] for each in said["problems"]] == ["/values/conversation", "/values/payment_proof"]
    asked = [(each["id"], each["people"]) for each in said["route"]["steps"] if each["kind"] == "approve"]
    assert asked[1] == ("lead", ["li"])
    route = api("ada", "post", "/route", {"flow": "refund", "values": filled, "by": "bo"}).json
    assert route["outcome"] == "approved"
    flow = definition("refund.flow")
    flow["steps"][2]["branches"][0]["when"] = {"amount": {"lt": "400"}}
    flow["steps"][2]["branches"][1]["when"] = {"amount": {"gte": "400", "lt": "5000"}}
    with shop.app_context():
        refund(3, of=sold)
    replayed = api("ada", "post", "/replay", {"flow": flow, "since": "7d"}).json
    assert (replayed["requests"], replayed["changed"]) == (1, 1)
    assert replayed["spared"] == []
    assert replayed["cases"][0]["steps_dropped"] == ["lead"]
    found = api("ada", "post", "/check", {"documents": [definition("refund.flow")]}).json
    assert found["ok"] is True


def test_reports_count_what_one_may_know(api: Any, request_id: int, shop: Flask, at: Clock) -> None:
    at.move(minutes=10)
    api("bo", "post", "/tasks/1/decision", {"verdict": "approve"})
    api("li", "post", "/tasks/2/decision", {"verdict": "approve"})
    run_due(shop)
    assert api("ada", "get", "/reports/requests?form=refund&by=path").json["items"] == [
        {
            "path": "refund_only", "count": 1, "hours": "0.17", "currency": "CNY", "money": "300.00",
            "label": {"en": "Refund only, goods stay", "zh": "仅退款"},
        }
    ]  # fmt: skip
    steps = {each["step"]: each for each in api("li", "get", "/reports/steps").json["items"]}
    assert (steps["first_answer"]["decided"], steps["first_answer"]["hours"]) == (1, "0.17")
    people = {each["person"]: each["decided"] for each in api("li", "get", "/reports/people").json["items"]}
    assert people == {"bo": 1, "li": 1}
    assert api("zhou", "get", "/reports/overdue").json["items"] == []
    assert [each["count"] for each in api("amy", "get", "/reports/requests").json["items"]] == [1]
    assert api("ma", "get", "/reports/requests").json["items"] == []


def test_the_openapi_document_names_every_call(shop: Flask, token: Token) -> None:
    client: FlaskClient = shop.test_client()
    paths = client.get("/api/v1/openapi.json", headers=token("amy")).json["paths"]
    for path in (
        "/inbox", "/tasks/{task_id}/decision", "/tasks/decisions", "/runs/{run_id}/events", "/flows", "/route",
        "/check", "/evaluate", "/replay", "/records/{record_id}/history", "/reports/{name}",
    ):  # fmt: skip
        assert any(each.endswith(path) for each in paths), path
