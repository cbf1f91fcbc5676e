"""What clients of the API do that nobody expects: impossible ids, bodies of any sort, cursors of other lists."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from signoff.forms import catalogue

Token = Callable[[str], dict[str, str]]
HUGE = 99999999999999999999
FORM: dict[str, Any] = {
    "schema": "form/1",
    "key": "thing",
    "title": "Thing",
    "summary": ["name", "amount"],
    "fields": [
        {"key": "name", "type": "text", "label": "Name", "required": True, "indexed": True},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount", "indexed": True},
        {"key": "size", "type": "number", "label": "Size", "indexed": True},
        {"key": "count", "type": "integer", "label": "Count", "indexed": True},
        {"key": "day", "type": "date", "label": "Day", "indexed": True},
        {"key": "other", "type": "lookup", "label": "Other", "form": "thing"},
        {"key": "tags", "type": "choices", "label": "Tags", "options": [{"value": "x", "label": "X"}]},
    ],
}


@pytest.fixture
def api(company: Flask, token: Token) -> Callable[..., Any]:
    with company.app_context():
        catalogue.publish_form(FORM, by="ada", note="")
    headers = {key: token(key) for key in ("amy", "ada")}

    def call(who: str, method: str, path: str, **more: Any) -> Any:
        sent = headers[who] | more.pop("headers", {})
        return getattr(company.test_client(), method)(f"/api/v1{path}", headers=sent, **more)

    return call


def make(api: Any, **values: Any) -> Any:
    answer = api("amy", "post", "/forms/thing/records", json={"values": {"name": "n", **values}})
    assert answer.status_code == 201, answer.json
    return answer.json


@pytest.mark.parametrize("sort", ["amount", "-amount", "size", "-size", "count", "-count", "day", "-name", ""])
def test_pages_show_every_record_once_in_any_order(api: Any, sort: str) -> None:
    amounts = ["0.10", "0.30", "1234567890123456.78", "1234567890123456.79", "-5", None, None, None, "7", "7", "7"]
    made = [
        make(api, amount=each, size=each, count=None if each is None else int(Decimal(each)), day="2026-03-01")["id"]
        for each in amounts
    ]
    seen: list[int] = []
    after = ""
    for _ in range(len(made) + 1):
        page = api(
            "amy", "get", f"/forms/thing/records?limit=2&sort={sort}" + (f"&after={after}" if after else "")
        ).json
        seen += [each["id"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", f"/records/{HUGE}", None),
        ("patch", f"/records/{HUGE}", {"values": {}}),
        ("delete", f"/records/{HUGE}", None),
        ("get", f"/records/{HUGE}/history", None),
        ("post", f"/records/{HUGE}/withdraw", {}),
        ("get", f"/records/{2**63}", None),
        ("get", f"/tasks/{HUGE}", None),
        ("post", f"/tasks/{HUGE}/decision", {"verdict": "approve"}),
        ("post", f"/runs/{HUGE}/events", {"event": "x"}),
        ("get", "/records/-1", None),
        ("get", "/nothing", None),
    ],
)
def test_ids_that_no_row_can_have_name_nothing(api: Any, method: str, path: str, body: Any) -> None:
    answer = api("ada", method, path, json=body)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_numbers_beyond_any_id_in_bodies_and_searches(api: Any) -> None:
    batch = api("ada", "post", "/tasks/decisions", json={"tasks": [HUGE], "verdict": "approve"})
    assert batch.status_code == 422
    assert batch.json["problems"][0]["path"] == "/tasks/0"
    found = api("amy", "get", "/forms/thing/records", query_string={"where": json.dumps({"other": HUGE})})
    assert (found.status_code, found.json["items"]) == (200, [])


@pytest.mark.parametrize("where", ["[]", "0", "false", '""', "[1]"])
def test_a_condition_that_is_none_is_refused(api: Any, where: str) -> None:
    answer = api("amy", "get", "/forms/thing/records", query_string={"where": where})
    assert answer.status_code == 422, answer.json


@pytest.mark.parametrize("value", [[], {}])
@pytest.mark.parametrize("key", ["name", "amount", "day", "count"])
def test_an_empty_list_is_no_blank_text_or_number(api: Any, key: str, value: Any) -> None:
    answer = api("amy", "post", "/forms/thing/records", json={"values": {"name": "n", key: value}})
    assert answer.status_code == 422, answer.json
    assert answer.json["problems"][0]["path"] == f"/values/{key}"


def test_an_empty_list_is_no_choice(api: Any) -> None:
    assert "tags" not in make(api, tags=[])["values"]


def test_a_cursor_of_another_list_is_refused(api: Any) -> None:
    for _ in range(3):
        make(api, amount="1")
    cursor = api("amy", "get", "/forms/thing/records?limit=1&sort=amount").json["next"]
    for path in ("/forms", "/forms/thing/versions", "/flows", "/inbox", "/forms/thing/records"):
        answer = api("ada", "get", f"{path}?after={cursor}")
        assert (answer.status_code, answer.json["code"]) == (400, "cursor"), path


@pytest.mark.parametrize("path", ["/api/v1", "/api", "/api/v1/", "/api/v1/nothing"])
def test_everything_below_api_answers_in_problems(company: Flask, path: str) -> None:
    answer = company.test_client().get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
