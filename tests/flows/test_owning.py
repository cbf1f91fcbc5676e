"""Who may change which form and its flows: administrators all, owners theirs, auditors none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from signoff.platform import audit, definitions
from signoff.platform.errors import Refused
from signoff.platform.people import owners, service
from signoff.platform.people.handing_over import hand_over

from ..conftest import SignIn, definition
from .shop import person

Token = Callable[[str], dict[str, str]]
FLOW = definition("refund.flow")
FORM = definition("refund.form")
pytestmark = pytest.mark.usefixtures("open_shop")


CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("put", "/flows/refund/draft", {"document": FLOW, "base_version": 1, "revision": 0}),
    ("put", "/forms/refund/draft", {"document": FORM, "base_version": 1, "revision": 0}),
    ("delete", "/flows/refund/draft", None),
    ("post", "/flows/refund/changes", {"document": FLOW}),
    ("post", "/flows/refund/publish", {"document": FLOW, "note": "n", "base_version": 1}),
    ("post", "/flows/refund/versions/1/restore", {"note": "n"}),
    ("post", "/check", {"documents": [FLOW]}),
    ("post", "/cases", {"flow": FLOW}),
    ("post", "/replay", {"flow": FLOW}),
    ("get", "/flows/refund/moves", None),
]


def called(client: FlaskClient, call: tuple[str, str, dict[str, Any] | None], headers: dict[str, str]) -> int:
    method, path, body = call
    answer = getattr(client, method)(f"/api/v1{path}", json=body, headers=headers)
    return int(answer.status_code)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_an_owner_may_what_others_may_not(client: FlaskClient, token: Token, call: Any) -> None:
    assert called(client, call, token("bo")) == 403
    owners.set_owners("refund", ["bo"], by="ada")
    assert called(client, call, token("bo")) in (200, 204)
    assert called(client, call, token("amy")) == 403


def test_nobody_takes_a_flow_over_by_naming_another_form(client: FlaskClient, token: Token) -> None:
    owners.set_owners("order", ["bo"], by="ada")
    stolen = {**FLOW, "form": "order"}
    for method, path, body in (
        ("put", "/flows/refund/draft", {"document": stolen, "base_version": 1, "revision": 0}),
        ("post", "/flows/refund/publish", {"document": stolen, "note": "n", "base_version": 1}),
        ("post", "/replay", {"flow": FLOW}),
        ("post", "/route", {"flow": {**FLOW, "form": "order"}, "form": FORM, "values": {}}),
    ):
        assert called(client, (method, path, body), token("bo")) == 403
    new = {**FLOW, "key": "another", "form": "order"}
    assert called(client, ("put", "/flows/another/draft", {"document": new, "revision": 0}), token("bo")) == 200
    new_form = {**FORM, "key": "another"}
    assert called(client, ("put", "/forms/another/draft", {"document": new_form, "revision": 0}), token("bo")) == 403


def test_pages_are_for_those_who_may_look(sign_in: SignIn) -> None:
    owners.set_owners("refund", ["bo"], by="ada")
    with sign_in("bo") as client:
        listed = client.get("/definitions").text
        assert "/definitions/form/refund" in listed
        assert "/definitions/form/order" not in listed
        assert client.get("/definitions/flow/refund").status_code == 200
        assert client.get("/definitions/form/order").status_code == 403
        assert client.get("/definitions/form/new").status_code == 403
        assert client.get("/definitions/flow/new").status_code == 200
        assert "Forms and flows" in client.get("/").text
    with sign_in("amy") as client:
        assert client.get("/definitions").status_code == 403
        assert "Forms and flows" not in client.get("/").text


def test_auditors_look_and_change_nothing(sign_in: SignIn, token: Token, client: FlaskClient) -> None:
    service.save_person(replace(person("amy"), roles=frozenset({"auditor"})), by=None)
    with sign_in("amy") as browser:
        page = browser.get("/definitions/flow/refund")
        assert '"may_change":false' in page.text
        assert browser.post("/definitions/flow/refund", data={"do": "draft", "text": "{}"}).status_code == 403
    assert called(client, CALLS[0], token("amy")) == 403
    assert called(client, CALLS[3], token("amy")) == 200


def test_only_administrators_name_owners_and_the_history_keeps_it(client: FlaskClient, token: Token) -> None:
    url = "/api/v1/forms/refund/owners"
    assert client.put(url, json={"owners": ["bo"]}, headers=token("bo")).status_code == 403
    assert client.put(url, json={"owners": ["bo"]}, headers=token("ada")).json == {"owners": ["bo"]}
    assert client.get(url, headers=token("bo")).json == {"owners": ["bo"]}
    assert client.get(url, headers=token("amy")).status_code == 403
    assert client.put(url, json={"owners": ["nobody"]}, headers=token("ada")).status_code == 422
    assert client.put("/api/v1/forms/none/owners", json={"owners": ["bo"]}, headers=token("ada")).status_code == 404
    kept = [entry for entry in audit.entries(owners.CHAIN) if entry.event == "definition.owners"]
    assert [(each.actor, each.data["after"]) for each in kept] == [("ada", ["bo"])]


def test_owners_must_be_there() -> None:
    with pytest.raises(Refused):
        owners.set_owners("refund", ["bo", "ghost"], by="ada")
    assert owners.owners("refund") == ()


def test_whoever_takes_over_owns_it_too() -> None:
    owners.set_owners("refund", ["bo"], by="ada")
    hand_over("bo", "li", roles=False, leaves=False, by="ada")
    assert owners.owners("refund") == ("li",)
    assert owners.builds(person("li"))
    assert not owners.builds(person("bo"))


def test_a_draft_is_discarded(client: FlaskClient, token: Token) -> None:
    definitions.save_draft("flow", "refund", FLOW, by="ada", base_version=1)
    assert client.delete("/api/v1/flows/refund/draft", headers=token("ada")).status_code == 204
    assert definitions.draft("flow", "refund") is None


def test_a_difference_in_words(client: FlaskClient, token: Token) -> None:
    changed = {**FLOW, "title": "Refunds"}
    answer = client.post("/api/v1/flows/refund/changes", json={"document": changed}, headers=token("ada"))
    assert answer.json is not None
    assert answer.json["version"] == 1
    assert any("Refunds" in each for each in answer.json["changes"])
    unread = client.post("/api/v1/flows/refund/changes", json={"document": {"form": "refund"}}, headers=token("ada"))
    assert unread.json == {"version": 1, "changes": None}
