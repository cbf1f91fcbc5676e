"""What the builder starts with: the document as it was written, and everything that it may name."""

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.flows import building, catalogue
from signoff.forms import catalogue as forms
from signoff.forms import palette
from signoff.forms.types import all_types
from signoff.platform import calendar_store, definitions

from ..conftest import SignIn, definition


@pytest.fixture(autouse=True)
def context(shop: Flask) -> Iterator[Flask]:
    with shop.app_context():
        yield shop


def boot_of(client: FlaskClient, path: str) -> dict[str, Any]:
    page = client.get(path)
    assert page.status_code == 200
    found = re.search(r'<script type="application/json" id="builder-boot"[^>]*>(.*?)</script>', page.text, re.S)
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


def test_the_builder_gets_the_document_as_it_was_written(sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        boot = boot_of(client, "/definitions/flow/refund")
    assert json.dumps(boot["document"]) == json.dumps(definition("refund.flow"))
    assert (boot["base_version"], boot["revision"], boot["in_force"]) == (1, 0, boot["document"])
    assert boot["form"] == definition("refund.form")
    assert [each["severity"] for each in boot["problems"] if each["severity"] == "error"] == []


def test_a_draft_comes_before_what_is_in_force(sign_in: SignIn) -> None:
    document = {**definition("refund.flow"), "x-unknown": ["</script>", "<!--", {"n": 1.5}]}
    definitions.save_draft("flow", "refund", document, by="ada", base_version=1)
    with sign_in("ada") as client:
        boot = boot_of(client, "/definitions/flow/refund")
        beside = boot_of(client, "/definitions/form/refund")
    assert json.dumps(boot["document"]) == json.dumps(document)
    assert (boot["revision"], boot["saved_by"]) == (1, "ada")
    assert beside["flow"] == document


def test_the_catalogue_names_what_a_flow_may_name(sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        found = boot_of(client, "/definitions/flow/new")["catalogue"]
    assert {each["key"] for each in found["forms"]} >= {"refund"}
    assert [each["name"] for each in found["selectors"]][:2] == ["manager", "role"]
    assert {each["key"] for each in found["people"]} >= {"ada", "bo"}
    assert all(each["name"] and each["operand"] for each in found["selectors"])
    assert all(each["label"] for each in found["actions"])


def test_who_may_not_change_it_does_not_see_it(sign_in: SignIn) -> None:
    with sign_in("bo") as client:
        assert client.get("/definitions/flow/refund").status_code == 403
        assert client.get("/definitions/flow/nothing").status_code == 403


@pytest.mark.parametrize("field_type", all_types(), ids=lambda each: each.name)
def test_the_palette_says_every_option_of_a_type(shop: Flask, field_type: Any) -> None:
    said = palette.describe(field_type)
    assert [each["name"] for each in said["options"]] == list(field_type.options)
    assert said["label"]
    assert all(each["label"] for each in said["options"])
    assert json.dumps(said)


def test_a_route_is_tried_with_supposed_values(client: FlaskClient, token: Any) -> None:
    body = {
        "flow": definition("refund.flow"),
        "form": definition("refund.form"),
        "by": "amy",
        "values": {"amount": "9"},
    }
    real = client.post("/api/v1/route", json=body, headers=token("ada"))
    supposed = client.post("/api/v1/route", json={**body, "suppose": True}, headers=token("ada"))
    assert real.json is not None
    assert supposed.json is not None
    assert [each["id"] for each in supposed.json["steps"]]
    assert len(supposed.json["problems"]) < len(real.json["problems"])


@pytest.mark.parametrize("kind", ["form", "flow"])
def test_every_key_of_the_examples_is_offered(sign_in: SignIn, kind: str) -> None:
    with sign_in("ada") as client:
        known = client.get(f"/definitions/{kind}/keys.json").json
    assert known is not None
    objects = known["objects"]
    for key in definition(f"refund.{kind}"):
        assert key in objects[known["root"]]
    for name, keys in objects.items():
        assert keys, name
        for place in keys.values():
            inner = place.get("list", {})
            assert "object" not in inner or inner["object"] in objects
    listed = "fields" if kind == "form" else "steps"
    by = objects[known["root"]][listed]["list"]
    for each in definition(f"refund.{kind}")[listed]:
        assert set(each) <= set(objects[by["of"] + each[by["by"]]])


def test_all_definitions_go_out_and_come_back_as_drafts(sign_in: SignIn, shop: Flask) -> None:
    shop.config["WTF_CSRF_ENABLED"] = False
    with sign_in("ada") as client:
        exported = client.get("/definitions/all.json")
        documents = json.loads(exported.data)["documents"]
        assert definition("refund.flow") in documents
        changed = [{**each, "title": "Imported"} for each in documents]
        sent = {"file": (io.BytesIO(json.dumps({"documents": changed}).encode()), "all.json")}
        assert client.post("/definitions/import", data=sent).status_code == 303
        kept = definitions.draft("flow", "refund")
        assert kept is not None
        assert (kept.document["title"], kept.base_version) == ("Imported", 1)
        current = definitions.current("flow", "refund")
        assert current is not None
        assert current.version == 1
        nonsense = {"file": (io.BytesIO(b'[{"schema": "form/1"}]'), "x.json")}
        page = client.post("/definitions/import", data=nonsense, follow_redirects=True)
        assert "neither a form nor a flow" in page.text
    with sign_in("bo") as client:
        assert client.get("/definitions/all.json").status_code == 403
    shop.config["WTF_CSRF_ENABLED"] = True


def test_who_is_named_comes_with_the_page_however_many_people_there_are(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "MOST_PEOPLE", 2)
    document = {**definition("refund.flow"), "cases": [{"name": "x", "by": "zhou", "values": {}}]}
    definitions.save_draft("flow", "refund", document, by="ada", base_version=1)
    with sign_in("ada") as client:
        found = boot_of(client, "/definitions/flow/refund")["catalogue"]
    assert found["people_more"]
    assert "zhou" in {each["key"] for each in found["people"]}
    assert "ma" not in {each["key"] for each in found["people"]}


def test_the_length_of_a_flow_is_that_of_its_calendar(
    sign_in: SignIn, client: FlaskClient, token: Callable[[str], dict[str, str]]
) -> None:
    hours = {day: [["08:00", "12:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    calendar_store.save({"key": "mornings", "name": "Mornings", "hours": hours}, by="ada")
    approve = {"id": "lead", "kind": "approve", "who": [{"manager": 1}]}
    document = {**definition("refund.flow"), "settings": {"calendar": "mornings"}}
    document["steps"] = [{**approve, "due": {"in": "P1D"}}, {**approve, "id": "boss"}]
    body = {"document": document, "base_version": 1, "revision": 0}
    said = client.put("/api/v1/flows/refund/draft", json=body, headers=token("ada")).json
    assert said["length"] == {"shortest": 240, "longest": 240, "day": 240, "open_ended": ["boss"]}
    with sign_in("ada") as browser:
        assert boot_of(browser, "/definitions/flow/refund")["length"] == said["length"]
    body = {"document": {**document, "steps": [{}]}, "base_version": 1, "revision": 1}
    assert client.put("/api/v1/flows/refund/draft", json=body, headers=token("ada")).json["length"] is None


def test_what_others_say_of_a_form_comes_with_it(sign_in: SignIn) -> None:
    report = {
        "schema": "form/1", "key": "report", "title": "Report",
        "fields": [
            {"key": "about", "type": "lookup", "form": "refund", "label": "About", "show": ["number", "path"],
             "fill": {"note": "conversation"}, "filter": {"any": [{"channel": "web"}, {"tier": {"empty": False}}]}},
            {"key": "note", "type": "text", "label": "Note"},
            {"key": "paid", "type": "money", "currency": "CNY", "label": "Paid", "compute": 'OF(about, "amount")'},
        ],
    }  # fmt: skip
    forms.publish_form(report, by="ada", note="n", base_version=0)
    flow = {
        "schema": "flow/1", "key": "report", "title": "Reports", "form": "report",
        "steps": [{"id": "back", "kind": "action", "do": "record.update",
                   "with": {"record": {"field": "about"}, "values": {"inspection": "ok"}}}],
    }  # fmt: skip
    catalogue.publish_flow(flow, by="ada", note="n", base_version=0)
    with sign_in("ada") as client:
        found = boot_of(client, "/definitions/form/refund")["elsewhere"]
    of_report = {(each["kind"], each["field"]) for each in found if each["title"] in ("Report", "Reports")}
    named = {"path", "conversation", "channel", "tier", "amount"}
    assert of_report == {("form", name) for name in named} | {("flow", "inspection")}


def test_what_entries_of_a_list_hold_is_said_to_the_builder(sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        types = boot_of(client, "/definitions/form/new")["catalogue"]["types"]
    items = next(each for each in types if each["name"] == "evidence")["options"][0]
    kind = next(each for each in items["members"] if each["name"] == "kind")
    assert kind["kind"] == "choice"
    assert [each["label"] for each in kind["choices"]] == ["Files", "A text", "A tick"]
    assert kind["default"] == "files"
