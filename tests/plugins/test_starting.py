"""Starting from a pack: each is right as it comes, is put in force by a click, or begun under another key."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from signoff.flows.check.documents import check_documents
from signoff.forms import service as forms
from signoff.platform import definitions
from signoff.platform.problems import Severity
from signoff.plugins import registry, starting
from signoff.plugins.api import Pack, Plugin

from ..conftest import SignIn, definition
from ..flows.shop import person

PACKS = ("inventory", "leave", "expense", "purchase", "refunds", "subscription_refunds", "store_refunds")


def documents(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(path.name, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def company() -> dict[str, Any]:
    """The demo company with a personnel and a purchasing department's roles."""
    people = definition("people")
    people["people"][6]["roles"] += ["hr", "purchasing"]
    people["people"][4]["roles"] += ["purchasing"]
    return people


@pytest.mark.parametrize("key", PACKS)
def test_a_pack_is_right_as_it_comes(app: Flask, key: str) -> None:
    with app.app_context():
        pack = registry.pack(key)
        known = [document for need in pack.needs for _, document in documents(registry.pack(need).folder)]
    found = check_documents([("people.json", company()), *documents(pack.folder)], known)
    assert [(file, each.code, each.path) for file, each in found if each.severity is Severity.ERROR] == []


def test_every_pack_is_among_those_that_are_tested(app: Flask) -> None:
    with app.app_context():
        assert set(registry.packs()) == set(PACKS)


def texts(value: Any) -> list[Any]:
    """Every text of a definition that people read."""
    if isinstance(value, dict):
        own = [value[key] for key in ("label", "title", "help", "description", "message", "reason") if key in value]
        inner = [each for key, each in value.items() if key not in ("when", "check", "default")]
        return [*own, *(each for part in inner for each in texts(part))]
    return [each for inner in value for each in texts(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize("key", PACKS)
def test_a_pack_speaks_both_languages(app: Flask, key: str) -> None:
    with app.app_context():
        pack = registry.pack(key)
    for _, document in documents(pack.folder):
        assert [each for each in texts(document) if not isinstance(each, dict) or not {"en", "zh"} <= set(each)] == []


def send(client: FlaskClient, path: str, **data: str) -> TestResponse:
    """What a button of the page does."""
    token = client.get("/definitions/packs").text.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(f"/definitions/packs/{path}", data={"csrf_token": token, **data})


def test_an_admin_puts_a_pack_in_force_and_people_use_it(shop: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        assert "Expense claims" in client.get("/definitions/packs").text
        assert send(client, "leave").status_code == 303
    with shop.app_context():
        days = {"kind": "annual", "from_on": "2026-03-09", "to_on": "2026-03-10", "half_day": True}
        sent = forms.submit("leave", days, by=person("amy"))
        assert (str(sent.values["days"]), sent.status) == ("1.5", "open")
        assert starting.offer(registry.pack("leave")).there


def test_a_pack_brings_along_all_that_it_stands_on(app: Flask) -> None:
    with app.app_context():
        made = [Pack(key, key, "", Path(), needs) for key, needs in (("c", ("b",)), ("b", ("a",)), ("a", ()))]
        registry.plugins()["deep"] = Plugin(key="deep", title="Deep", packs=tuple(made))
        try:
            assert [each.key for each in registry.with_needs("c")] == ["a", "b", "c"]
        finally:
            del registry.plugins()["deep"]


def test_own_ones_are_begun_as_drafts(shop: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        answer = send(client, "expense/copy", key="travel")
        assert answer.headers["Location"].endswith("/definitions/form/travel")
        assert send(client, "expense/copy", key="travel").status_code == 422
        wrong = send(client, "expense/copy", key="My travel")
        assert wrong.status_code == 422
        assert "is no key" in wrong.text
    with shop.app_context():
        form, flow = definitions.draft("form", "travel"), definitions.draft("flow", "travel")
        assert form is not None
        assert flow is not None
        assert (form.document["key"], flow.document["key"], flow.document["form"]) == ("travel",) * 3
        assert definitions.current("form", "travel") is None


@pytest.mark.parametrize("path", ["nothing", "nothing/copy"])
def test_a_pack_that_there_is_not(shop: Flask, sign_in: SignIn, path: str) -> None:
    with sign_in("ada") as client:
        assert send(client, path).status_code == 404


def test_packs_are_for_administrators(shop: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as client:
        assert client.get("/definitions/packs").status_code == 403
