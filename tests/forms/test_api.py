"""The API of forms and records, as ``interfaces.md`` has it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.platform.people.directory import Person

from ..conftest import definition
from .test_service import order, product

Headers = dict[str, str]


@pytest.fixture
def api(tables: Flask, token: Callable[[str], Headers]) -> "Client":
    return Client(tables.test_client(), token)


class Client:
    def __init__(self, client: FlaskClient, token: Callable[[str], Headers]) -> None:
        self.client = client
        self.token = token
        self.known: dict[str, Headers] = {}

    def call(self, method: str, path: str, body: Any = None, *, by: str = "ada", **headers: str) -> Any:
        self.known.setdefault(by, self.token(by))
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers={**self.known[by], **headers})


LANTERN = {"sku": "A1", "name": "Lantern", "price": "3.39"}


def test_a_record_is_filed_read_changed_and_deleted(api: Client) -> None:
    made = api.call("POST", "/forms/product/records", {"values": LANTERN})
    assert made.status_code == 201
    assert made.json == {
        "id": 1, "number": None, "form": "product", "version": 1, "revision": 1, "status": "kept",
        "values": {**LANTERN, "reorder_at": 0, "on_hand": 0}, "submitted_by": "ada",
        "submitted_at": made.json["submitted_at"], "run": None,
    }  # fmt: skip
    assert made.json["submitted_at"].endswith("Z")
    assert api.call("GET", "/records/1").json == made.json
    changed = api.call("PATCH", "/records/1", {"values": {"price": "4.00"}, "revision": 1})
    assert (changed.status_code, changed.json["revision"], changed.json["values"]["price"]) == (200, 2, "4.00")
    stale = api.call("PATCH", "/records/1", {"values": {"price": "5.00"}, "revision": 1})
    assert stale.status_code == 409
    assert stale.json["by"] == "ada"
    assert stale.json["at"]
    assert api.call("DELETE", "/records/1").status_code == 204
    assert api.call("GET", "/records/1").status_code == 404


BAD = [
    ({"values": {**LANTERN, "price": 3.39}}, "/values/price"),
    ({"values": {**LANTERN, "price": "1e400"}}, "/values/price"),
    ({"values": {**LANTERN, "price": "NaN"}}, "/values/price"),
    ({"values": {**LANTERN, "price": "1,000.00"}}, "/values/price"),
    ({"values": {**LANTERN, "colour": "red"}}, "/values/colour"),
    ({"values": {**LANTERN, "__class__": "x"}}, "/values/__class__"),
    ({"values": {**LANTERN, "name": None}}, "/values/name"),
    ({"values": {**LANTERN, "name": ["x"]}}, "/values/name"),
    ({"values": []}, "/values"),
    ({"values": {}, "extra": 1}, "/extra"),
    ({}, "/values"),
]


@pytest.mark.parametrize(("body", "path"), BAD, ids=lambda value: str(value)[:60])
def test_bad_values_are_named_with_their_path(api: Client, body: Any, path: str) -> None:
    answer = api.call("POST", "/forms/product/records", body)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert path in [problem["path"] for problem in answer.json["problems"]]
    assert api.call("GET", "/forms/product/records").json == {"items": [], "next": None}


def test_full_width_digits_are_digits(api: Client) -> None:
    made = api.call("POST", "/forms/product/records", {"values": {**LANTERN, "price": "３.３９"}})
    assert made.json["values"]["price"] == "3.39"


def test_the_same_key_files_once(api: Client) -> None:
    first = api.call("POST", "/forms/product/records", {"values": LANTERN}, **{"Idempotency-Key": "k1"})
    again = api.call("POST", "/forms/product/records", {"values": LANTERN}, **{"Idempotency-Key": "k1"})
    assert (first.json, again.status_code) == (again.json, 201)


def test_a_draft_is_filed_completed_and_submitted(api: Client) -> None:
    made = api.call("POST", "/forms/product/records", {"values": {"sku": "A1"}, "draft": True})
    assert (made.status_code, made.json["status"], made.json["submitted_at"]) == (201, "draft", None)
    assert api.call("GET", "/records/1", by="amy").status_code == 404
    assert api.call("POST", "/records/1/submit").status_code == 422
    api.call("PATCH", "/records/1", {"values": {"name": "Lantern", "price": "1"}})
    assert api.call("POST", "/records/1/submit").json["status"] == "kept"
    assert api.call("POST", "/records/1/submit").status_code == 409


def test_lists_are_filtered_sorted_and_paged(api: Client, ada: Person) -> None:
    for number in range(5):
        product(ada, sku=f"A{number}", price=str(number))
    where = json.dumps({"price": {"gte": "1"}})
    first = api.call("GET", f"/forms/product/records?where={where}&sort=-price&limit=3").json
    assert [item["values"]["sku"] for item in first["items"]] == ["A4", "A3", "A2"]
    rest = api.call("GET", f"/forms/product/records?where={where}&sort=-price&limit=3&after={first['next']}").json
    assert [item["values"]["sku"] for item in rest["items"]] == ["A1"]
    assert rest["next"] is None
    assert len(api.call("GET", "/forms/product/records?q=lant").json["items"]) == 5


@pytest.mark.parametrize(
    ("query", "status"),
    [("where={", 400), ("where=[1]", 422), ("sort=nothing", 422), ("limit=0", 422), ("limit=1000", 422),
     ("after=xyz", 400), ("status=odd", 422)],
)  # fmt: skip
def test_bad_questions_are_answered_with_the_way_out(api: Client, query: str, status: int) -> None:
    answer = api.call("GET", f"/forms/product/records?{query}")
    assert answer.status_code == status, answer.json
    assert answer.json["detail"]


def test_forms_are_listed_read_drafted_and_published(api: Client) -> None:
    assert [item["key"] for item in api.call("GET", "/forms").json["items"]] == [
        "product", "refund", "sales_order", "stock_movement",
    ]  # fmt: skip
    assert api.call("GET", "/forms/product").json["document"]["key"] == "product"
    document = definition("product.form")
    document["fields"][1]["label"] = "Name of it"
    kept = api.call("PUT", "/forms/product/draft", {"document": document, "base_version": 1})
    assert kept.status_code == 200
    assert kept.json["problems"] == []
    assert api.call("POST", "/forms/product/publish", {"note": "n", "base_version": 0}).status_code == 409
    assert api.call("POST", "/forms/product/publish", {"note": "n", "base_version": 1}, by="amy").status_code == 403
    assert api.call("POST", "/forms/product/publish", {"note": "n", "base_version": 1}).json["version"] == 2
    assert [item["version"] for item in api.call("GET", "/forms/product/versions").json["items"]] == [2, 1]
    document["fields"].append({"key": "x", "type": "colour", "label": "X"})
    broken = api.call("POST", "/forms/product/publish", {"note": "n", "base_version": 2, "document": document})
    assert broken.status_code == 422
    assert broken.json["problems"][0]["path"] == "/fields/5/type"


def test_a_record_keeps_the_version_under_which_it_was_filed(api: Client, ada: Person) -> None:
    made = product(ada)
    document = definition("product.form")
    document["fields"].append({"key": "colour", "type": "text", "label": "Colour", "required": True})
    api.call("POST", "/forms/product/publish", {"note": "n", "base_version": 1, "document": document})
    assert api.call("PATCH", f"/records/{made.id}", {"values": {"price": "4.00"}}).json["version"] == 1
    assert api.call("POST", "/forms/product/records", {"values": {**LANTERN, "sku": "B"}}).status_code == 422


def test_nobody_without_a_token(api: Client, tables: Flask) -> None:
    assert tables.test_client().get("/api/v1/forms/product/records").status_code == 401
    assert api.call("POST", "/forms/nothing/records", {"values": {}}).status_code == 404


def test_the_document_of_the_api_names_every_call(tables: Flask) -> None:
    paths = tables.test_client().get("/api/v1/openapi.json").json["paths"]  # type: ignore[index]
    assert {"/api/v1/forms/{form_key}/records", "/api/v1/records/{record_id}", "/api/v1/forms"} <= set(paths)


def test_a_lookup_is_sent_as_id_number_or_unique_value(api: Client, ada: Person) -> None:
    product(ada)
    made = order(ada)
    for raw in (made.id, made.number, "536365"):
        answer = api.call("POST", "/forms/refund/records", {"values": {"order": raw}, "draft": True})
        assert answer.json["values"]["order"] == made.id
        assert answer.json["values"]["customer_name"] == "李娜"
