"""Duplicates: a second open record with the same values is warned of, and confirmed, or refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.forms import catalogue, service
from signoff.platform import db
from signoff.platform.errors import Refused, SignoffError
from signoff.platform.people.directory import Person
from signoff.platform.problems import Severity

from .conftest import person
from .forming import choice, document, number, table, text


def claim_form(do: str = "warn", **more: Any) -> dict[str, Any]:
    rule = {"duplicate": {"fields": ["order", "size"], "do": do}, **more}
    fields = [text("order"), number("size"), choice("path", "a", "b"), table("lines", text("item"))]
    access = {"edit": ["*"]}
    return {**document(fields, rules=[rule], access=access), "key": "claim", "number": "C-{0000}"}


def publish(do: str = "warn", **more: Any) -> None:
    catalogue.publish_form(claim_form(do, **more), by="ada")


def claim(by: Person | None, order: str = "A1", **more: Any) -> Any:
    confirmed = more.pop("confirmed", ())
    as_system = by is None
    return service.submit(
        "claim", {"order": order, "size": "1", **more}, by=by, confirmed=confirmed, as_system=as_system
    )


def test_a_second_one_is_warned_of_until_it_is_confirmed(tables: Flask, ada: Person) -> None:
    publish()
    first = claim(ada)
    with pytest.raises(Refused) as error:
        claim(ada)
    problem = error.value.problems[0]
    assert (problem.path, problem.code, problem.severity) == ("/values/order", "confirm_duplicate", Severity.WARNING)
    assert problem.example == {"record": first.id, "name": "C-0001 · A1"}
    second = claim(ada, confirmed=[first.id])
    with pytest.raises(Refused) as error:
        claim(ada, confirmed=[first.id])
    assert [each.example for each in error.value.problems] == [{"record": second.id, "name": "C-0002 · A1"}]


@pytest.mark.parametrize("other", [{"order": "A2"}, {"size": "2"}, {"size": None}])
def test_only_the_same_in_all_fields_is_a_duplicate(tables: Flask, ada: Person, other: dict[str, Any]) -> None:
    publish("refuse")
    claim(ada)
    assert claim(ada, **other).number == "C-0002"


def test_a_rule_asks_only_where_it_holds(tables: Flask, ada: Person) -> None:
    publish("refuse", when={"path": "a"})
    claim(ada, path="b")
    assert claim(ada, path="b").number == "C-0002"
    with pytest.raises(Refused):
        claim(ada, path="a")


def test_what_ended_may_be_asked_for_again(tables: Flask, ada: Person) -> None:
    publish("refuse")
    first = claim(ada)
    with db.transaction() as conn:
        service.set_status(conn, first.id, "rejected")
    assert claim(ada).number == "C-0002"


def test_the_rules_own_words_are_used(tables: Flask, ada: Person) -> None:
    publish("refuse", message="Somebody was here", at="size")
    claim(ada)
    with pytest.raises(Refused) as error:
        claim(ada)
    assert [(each.path, str(each.message)) for each in error.value.problems] == [
        ("/values/size", "Somebody was here (C-0001 · A1)")
    ]


def test_whoever_may_not_see_the_other_learns_only_that_there_is_one(tables: Flask, ada: Person) -> None:
    document = claim_form("refuse")
    catalogue.publish_form({**document, "access": {"read": ["finance"]}}, by="ada")
    first = claim(person("bo"))
    with pytest.raises(Refused) as error:
        claim(person("amy"))
    assert error.value.problems[0].example == {"record": first.id}
    assert "C-0001" not in error.value.message


def test_a_change_is_asked_only_about_what_it_changes(tables: Flask, ada: Person) -> None:
    publish()
    first = claim(ada)
    second = claim(ada, confirmed=[first.id])
    assert service.update(second.id, {"path": "b"}, by=ada).revision == 2
    third = claim(ada, "A2")
    with pytest.raises(Refused):
        service.update(third.id, {"order": "A1"}, by=ada)


def test_a_draft_is_asked_when_it_is_sent(tables: Flask, ada: Person) -> None:
    publish()
    first = claim(ada)
    draft = service.submit("claim", {"order": "A1", "size": "1"}, by=ada, draft=True)
    with pytest.raises(Refused):
        service.send(draft.id, by=ada)
    assert service.send(draft.id, by=ada, confirmed=[first.id]).status == "kept"


def test_the_system_is_not_warned_and_yet_refused(tables: Flask, ada: Person) -> None:
    publish()
    claim(None)
    assert claim(None).number == "C-0002"
    publish("refuse")
    with pytest.raises(Refused):
        claim(None)


def test_of_many_at_the_same_time_one_is_kept(tables: Flask, ada: Person) -> None:
    publish("refuse")

    def send(_: int) -> str:
        with tables.app_context():
            try:
                claim(ada)
            except SignoffError as error:
                return error.problems[0].code
            return "made"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(8))) == ["duplicate"] * 7 + ["made"]


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        ({"duplicate": {"fields": ["ordr"]}}, "/rules/0/duplicate/fields/0", "unknown_field"),
        ({"duplicate": {"fields": ["lines"]}}, "/rules/0/duplicate/fields/0", "does_not_fit"),
        ({"duplicate": {"fields": []}}, "/rules/0/duplicate/fields", "missing"),
        ({"duplicate": {"fields": ["order"], "do": "ask"}}, "/rules/0/duplicate/do", "wrong_value"),
        ({"duplicate": {"fields": ["order"], "of": 1}}, "/rules/0/duplicate/of", "unknown_key"),
        ({"duplicate": {"fields": ["order"]}, "check": "size > 1"}, "/rules/0/duplicate", "does_not_fit"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tables: Flask, rule: dict[str, Any], path: str, code: str) -> None:
    problems = catalogue.check_document({**claim_form(), "rules": [rule]}).problems
    assert [(each.path, each.code) for each in problems] == [(path, code)]


def test_the_page_shows_the_other_one_and_takes_a_tick(ada: Person, browser: FlaskClient) -> None:
    publish()
    first = claim(ada)
    values = {"f-order": "A1", "f-size": "1"}
    refused = browser.post("/forms/claim/new", data=values)
    assert refused.status_code == 422
    assert f'href="/records/{first.id}"' in refused.text
    assert f'name="confirmed" value="{first.id}"' in refused.text
    assert browser.post("/forms/claim/new", data={**values, "confirmed": str(first.id)}).status_code == 303


def test_it_is_said_at_the_field_while_the_form_is_filled(ada: Person, browser: FlaskClient) -> None:
    publish()
    first = claim(ada)
    values = {"f-order": "A1", "f-size": "1"}
    assert browser.post("/forms/claim/evaluate", data={"f-order": "A1"}).json["doubles"] == {}
    live = browser.post("/forms/claim/evaluate", data=values).json
    assert live["problems"] == []
    notice = live["doubles"]["order"]
    assert f'data-ids="{first.id}"' in notice
    assert f'<a href="/records/{first.id}" target="_blank" rel="noopener">C-0001 · A1</a>' in notice
    assert "checked" not in notice
    ticked = browser.post("/forms/claim/evaluate", data={**values, "confirmed": str(first.id)}).json
    assert ticked["doubles"]["order"] == notice.replace(f'value="{first.id}"', f'value="{first.id}" checked')
    without_script = browser.post("/forms/claim/new", data={**values, "do": "recalculate"}).text
    assert f"</div>{notice}" in without_script, "and drawn the same by the server, below the line of the field"


def test_what_is_refused_is_said_with_the_rules_words_and_no_box(ada: Person, browser: FlaskClient) -> None:
    publish("refuse", message={"en": "Somebody was here", "zh": "已有人申请"}, at="size")
    claim(ada)
    live = browser.post("/forms/claim/evaluate", data={"f-order": "A1", "f-size": "1"}).json
    assert list(live["doubles"]) == ["size"]
    assert "Somebody was here</p>" in live["doubles"]["size"]
    assert "checkbox" not in live["doubles"]["size"]


def test_a_draft_says_it_as_soon_as_it_is_opened(ada: Person, browser: FlaskClient) -> None:
    publish()
    first = claim(ada)
    draft = service.submit("claim", {"order": "A1", "size": "1"}, by=ada, draft=True)
    assert f'name="confirmed" value="{first.id}"' in browser.get(f"/records/{draft.id}/edit").text
    assert "doubles" not in browser.get(f"/records/{first.id}/edit").text, "a record is no duplicate of itself"


def test_a_tick_is_not_lost_while_something_else_is_wrong(ada: Person, browser: FlaskClient) -> None:
    publish()
    first = claim(ada)
    values = {"f-order": "A1", "f-size": "1", "f-path": "c", "confirmed": str(first.id)}
    page = browser.post("/forms/claim/new", data=values).text
    assert f'name="confirmed" value="{first.id}" checked' in page


def test_the_api_confirms_by_ids(
    tables: Flask, ada: Person, client: FlaskClient, token: Callable[[str], dict[str, str]]
) -> None:
    publish()
    first = claim(ada)
    body = {"values": {"order": "A1", "size": "1"}}
    refused = client.post("/api/v1/forms/claim/records", json=body, headers=token("ada"))
    assert refused.status_code == 422
    assert refused.get_json()["problems"][0]["example"] == {"record": first.id, "name": "C-0001 · A1"}
    sent = client.post("/api/v1/forms/claim/records", json={**body, "confirmed": [first.id]}, headers=token("ada"))
    assert sent.status_code == 201
