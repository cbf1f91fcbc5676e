"""Versions of forms: old records stay as filed, types change only where nothing is lost, and back in one call."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.forms import catalogue, readable, service
from signoff.platform import definitions
from signoff.platform.people.directory import Person

from .forming import choice, document, lookup, money, number, table, text

Token = Callable[[str], dict[str, str]]
SignIn = Callable[[str], AbstractContextManager[FlaskClient]]


def integer(key: str) -> dict[str, Any]:
    return {"key": key, "type": "integer"}


def published(*fields: dict[str, Any]) -> None:
    catalogue.publish_form(document(list(fields)), by="ada")


def problems(*fields: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.path, each.code) for each in catalogue.check_document(document(list(fields))).problems]


LOST = [("/fields/0/type", "would_lose")]


@pytest.mark.parametrize(
    ("before", "value", "after", "expected"),
    [
        (text("a"), "x", number("a"), LOST),
        (text("a"), "x", {"key": "a", "type": "long_text"}, []),
        (choice("a", "x", "y"), "x", text("a"), []),
        (text("a"), "x", choice("a", "x"), LOST),
        (number("a"), "1.5", integer("a"), LOST),
        (number("a"), "2", integer("a"), []),
        (integer("a"), 2, money("a"), []),
        (money("a"), "2", money("a") | {"currency": "USD"}, LOST),
        (number("a"), "2", text("a"), LOST),
        (text("a"), None, number("a"), []),
        ({"key": "a", "type": "date"}, "2026-03-01", {"key": "a", "type": "datetime"}, LOST),
    ],
)
def test_a_type_changes_only_where_no_value_is_lost(
    tables: Flask, ada: Person, before: Any, value: Any, after: Any, expected: Any
) -> None:
    published(before, text("b"))
    service.submit("sample", {"a": value, "b": "1"}, by=ada)
    assert problems(after, text("b")) == expected


def test_the_refusal_counts_and_says_the_way_out(tables: Flask, ada: Person) -> None:
    published(text("a"), text("b"))
    for value in ("x", "y", None):
        service.submit("sample", {"a": value}, by=ada)
    service.submit("sample", {"a": "z"}, by=ada, draft=True)
    message = catalogue.check_document(document([number("a"), text("b")])).problems[0].message
    assert message.startswith("3 records hold a value in “a” as “text” that “number” cannot keep.")
    assert "“a_2”" in message


def test_columns_and_targets_count_too(tables: Flask, ada: Person) -> None:
    published(table("lines", text("note")), text("b"))
    service.submit("sample", {"lines": [{"note": "x"}]}, by=ada)
    assert problems(table("lines", number("note")), text("b")) == [("/fields/0/columns/0/type", "would_lose")]
    assert problems(table("lines", text("other")), text("b")) == []
    published(text("b"), lookup("other", "product"), table("lines", text("note")))
    assert problems(text("b"), lookup("other", "sample"), table("lines", text("note"))) == []


def test_an_old_record_is_drawn_as_it_was_filed(tables: Flask, ada: Person, browser: FlaskClient) -> None:
    published(choice("a", "x", label="Colour"), text("gone", label="Size"))
    old = service.submit("sample", {"a": "x", "gone": "XL"}, by=ada)
    published(text("a", label="Shade"))
    page = browser.get(f"/records/{old.id}").text
    assert "Colour" in page
    assert "Size" in page
    assert "XL" in page
    assert "Shade" not in page
    assert "Version 1" in page


def test_an_old_version_comes_back_as_a_new_one(tables: Flask, client: FlaskClient, token: Token, ada: Person) -> None:
    published(text("a"))
    published(text("a"), text("b"))
    url = "/api/v1/forms/sample/versions/1/restore"
    assert client.post(url, json={}, headers=token("amy")).status_code == 403
    assert client.post(url, json={"base_version": 1}, headers=token("ada")).status_code == 409
    answer = client.post(url, json={}, headers=token("ada"))
    assert (answer.json["version"], answer.json["note"]) == (3, "Back to version 1.")
    assert [each.key for each in catalogue.program("sample").fields] == ["a"]
    assert client.post(url.replace("1/r", "9/r"), json={}, headers=token("ada")).status_code == 404


def test_going_back_loses_nothing_either(tables: Flask, client: FlaskClient, token: Token, ada: Person) -> None:
    published(text("a"))
    published(number("a"))
    service.submit("sample", {"a": "7"}, by=ada)
    answer = client.post("/api/v1/forms/sample/versions/1/restore", json={}, headers=token("ada"))
    assert answer.status_code == 422
    assert [each["code"] for each in answer.json["problems"]] == ["would_lose"]


def test_the_page_compares_in_words_and_goes_back_in_one_click(
    tables: Flask, browser: FlaskClient, ada: Person
) -> None:
    published(text("a", label="Colour"))
    published(text("a", label="Shade"))
    published(text("a", label="Tone"))
    url = "/definitions/form/sample/versions/1"
    page = browser.get(url + "?from=3").text
    assert "the label is “Colour” instead of “Tone”" in page
    back = browser.post(url, data={"do": "restore"})
    assert back.status_code == 303
    assert back.headers["Location"].endswith("/versions/4")
    current = definitions.current("form", "sample")
    assert current is not None
    assert (current.version, current.note) == (4, "Back to version 1.")


def test_a_version_that_is_wrong_now_becomes_the_draft(tables: Flask, browser: FlaskClient, ada: Person) -> None:
    published(text("a"))
    published(number("a"))
    service.submit("sample", {"a": "7"}, by=ada)
    back = browser.post("/definitions/form/sample/versions/1", data={"do": "restore"})
    assert back.headers["Location"].endswith("/definitions/form/sample")
    assert definitions.draft("form", "sample") is not None
    current = definitions.current("form", "sample")
    assert current is not None
    assert current.version == 2


def test_a_form_whose_plugin_went_takes_no_other_page_with_it(company: Flask, sign_in: SignIn) -> None:
    with company.app_context():
        published(text("a"))
        strange = document([{"key": "a", "type": "from_a_plugin"}], key="strange")
        definitions.publish(catalogue.KIND, "strange", strange, by="ada")
        assert [each.form.key for each in catalogue.forms_in_force()] == ["sample"]
        assert "from_a_plugin" in catalogue.unreadable()["strange"]
        assert not readable.check().ok
    with sign_in("ada") as ada:
        for path in (
            "/",
            "/inbox",
            "/forms/sample/records",
            "/definitions",
            "/definitions/form/strange/json",
            "/dashboard",
        ):
            assert ada.get(path).status_code == 200, path
        assert ada.get("/forms/strange/new").status_code == 422
