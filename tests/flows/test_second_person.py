"""Where a second person is set, nobody publishes alone: not by the API, not by a page, not by going back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.platform import audit, definitions
from signoff.platform.people import owners
from signoff.platform.web.place import signoff

from ..conftest import SignIn, definition

Token = Callable[[str], dict[str, str]]
URL = "/api/v1/flows/refund/publish"
CHANGED = {**definition("refund.flow"), "title": "Refunds"}
BODY: dict[str, Any] = {"document": CHANGED, "note": "shorter", "base_version": 1}


@pytest.fixture(autouse=True)
def guarded(shop: Flask) -> Iterator[Flask]:
    with shop.app_context():
        ours = signoff()
        before = ours.config
        ours.config = replace(before, second_person="refund")
        shop.config["WTF_CSRF_ENABLED"] = False
        owners.set_owners("refund", ["bo"], by="ada")
        yield shop
        ours.config = before
        shop.config["WTF_CSRF_ENABLED"] = True


def version() -> int:
    current = definitions.current("flow", "refund")
    assert current is not None
    return current.version


def test_one_asks_and_another_confirms(client: FlaskClient, token: Token) -> None:
    asked = client.post(URL, json=BODY, headers=token("bo"))
    assert asked.status_code == 200
    assert asked.json is not None
    assert (asked.json["version"], asked.json["waiting"]["asked_by"]) == (1, "bo")
    assert version() == 1
    assert client.post(f"{URL}/confirm", headers=token("bo")).status_code == 403
    assert client.post(f"{URL}/confirm", headers=token("amy")).status_code == 403
    done = client.post(f"{URL}/confirm", headers=token("ada"))
    assert done.json is not None
    assert (done.json["version"], done.json["published_by"], done.json["waiting"]) == (2, "bo", None)
    assert client.post(f"{URL}/confirm", headers=token("ada")).status_code == 404
    events = [(each.event, each.actor) for each in audit.entries("definitions") if "publish_" in each.event]
    assert events == [("definition.publish_asked", "bo"), ("definition.publish_confirmed", "ada")]


def test_what_is_wrong_is_refused_before_anybody_is_asked(client: FlaskClient, token: Token) -> None:
    wrong = {**CHANGED, "steps": []}
    assert client.post(URL, json={**BODY, "document": wrong}, headers=token("ada")).status_code == 422
    assert client.post(URL, json={**BODY, "base_version": 0}, headers=token("ada")).status_code == 409
    assert client.post(f"{URL}/confirm", headers=token("bo")).status_code == 404


def test_it_is_taken_back(client: FlaskClient, token: Token) -> None:
    client.post(URL, json=BODY, headers=token("bo"))
    assert client.delete(URL, headers=token("amy")).status_code == 403
    assert client.delete(URL, headers=token("bo")).status_code == 204
    assert client.post(f"{URL}/confirm", headers=token("ada")).status_code == 404
    assert version() == 1


def test_pages_and_going_back_ask_too(client: FlaskClient, token: Token, sign_in: SignIn) -> None:
    import json

    with sign_in("ada") as browser:
        sent = {"do": "publish", "text": json.dumps(CHANGED), "base_version": "1", "note": "n"}
        assert browser.post("/definitions/flow/refund", data=sent).status_code == 303
        assert version() == 1
        assert '"waiting":{"asked_by":"ada"' in browser.get("/definitions/flow/refund").text
    client.post(f"{URL}/confirm", headers=token("bo"))
    assert version() == 2
    back = client.post("/api/v1/flows/refund/versions/1/restore", json={}, headers=token("ada"))
    assert back.json is not None
    assert back.json["waiting"]["asked_by"] == "ada"
    assert version() == 2


def test_other_definitions_are_published_at_once(client: FlaskClient, token: Token) -> None:
    form = {**definition("product.form"), "title": "Goods of the shop"}
    current = definitions.current("form", form["key"])
    assert current is not None
    body = {"document": form, "note": "n", "base_version": current.version}
    done = client.post(f"/api/v1/forms/{form['key']}/publish", json=body, headers=token("ada"))
    assert done.json is not None
    assert done.json["waiting"] is None
