"""Lists of records: conditions as rows, chosen columns, saved views, many records at once, filtered suggestions."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.forms import bulk, bulk_web, catalogue, service, views
from signoff.platform import audit
from signoff.platform.errors import Forbidden, NotFound, Refused
from signoff.platform.people.directory import Person

from .conftest import person
from .forming import choice, document, lookup, money, text

Token = Callable[[str], dict[str, str]]


@pytest.fixture
def boxes(tables: Flask, ada: Person) -> list[int]:
    """Three boxes: a small red one, a big red one, a big blue one."""
    fields = [
        text("name", label="Name"),
        choice("colour", "red", "blue", label="Colour"),
        money("price", label="Price"),
    ]
    access = {"read": ["*"], "edit": ["service"], "delete": ["service"]}
    catalogue.publish_form({**document(fields, summary=["name"], access=access), "key": "box"}, by="ada")
    given = [("small", "red", "1"), ("big", "red", "20"), ("blue one", "blue", "300")]
    return [
        service.submit("box", {"name": name, "colour": colour, "price": price}, by=ada).id
        for name, colour, price in given
    ]


def shown(page: str) -> list[str]:
    return [name for name in ("small", "big", "blue one") if f">{name}</a>" in page]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("w-0-field=price&w-0-op=gte&w-0-value=20", ["big", "blue one"]),
        ("w-0-field=price&w-0-op=gte&w-0-value=20&w-3-field=colour&w-3-op=eq&w-3-value=Red", ["big"]),
        ("w-0-field=name&w-0-op=contains&w-0-value=b", ["big", "blue one"]),
        ("w-0-field=name&w-0-op=in&w-0-value=small, big", ["small", "big"]),
        ("w-0-field=price&w-0-op=empty", []),
        ("w-0-field=price&w-0-op=filled", ["small", "big", "blue one"]),
        ("w-0-field=&w-0-op=eq&w-0-value=9", ["small", "big", "blue one"]),
    ],
)
def test_rows_of_the_page_are_conditions(
    boxes: list[int], browser: FlaskClient, query: str, expected: list[str]
) -> None:
    assert shown(browser.get(f"/forms/box/records?{query}").text) == expected


@pytest.mark.parametrize(
    "row", ["w-0-field=price&w-0-op=gte&w-0-value=much", "w-0-field=gone&w-0-value=1", "w-0-field=name&w-0-op=up"]
)
def test_a_wrong_row_is_said_at_the_row_and_asks_nothing(boxes: list[int], browser: FlaskClient, row: str) -> None:
    answer = browser.get(f"/forms/box/records?{row}")
    assert answer.status_code == 200
    assert 'id="w-0-error"' in answer.text
    assert len(shown(answer.text)) == 3


def test_the_bars_show_whose_records_they_are(boxes: list[int], browser: FlaskClient) -> None:
    marked = re.findall(r'href="([^"]+)" aria-current="page"', browser.get("/forms/box/records").text)
    assert set(marked) == {"/forms/box/records"}


def test_what_the_title_says_has_no_column_of_its_own_unless_it_is_asked_for(
    boxes: list[int], browser: FlaskClient
) -> None:
    assert 'data-label="Name"' not in browser.get("/forms/box/records").text
    assert re.search('data-label="Name"[^>]*>small', browser.get("/forms/box/records?col=name").text)


def test_columns_are_chosen(boxes: list[int], browser: FlaskClient) -> None:
    page = browser.get("/forms/box/records?col=price&col=colour&col=nothing").text
    assert "¥300.00" in page
    assert 'data-label="Colour"' in page
    assert 'data-label="Name"' not in page
    assert "col=price&amp;col=colour" in page


def test_a_view_is_saved_used_and_deleted(boxes: list[int], browser: FlaskClient, ada: Person) -> None:
    sent = {
        "w-0-field": "price",
        "w-0-op": "gte",
        "w-0-value": "20",
        "col": ["price"],
        "after": "x",
        "view-name": "Dear",
    }
    answer = browser.post("/forms/box/views", data=sent)
    assert answer.status_code == 303
    [view] = views.of_form("box", ada)
    assert view.query == {"w-0-field": ["price"], "w-0-op": ["gte"], "w-0-value": ["20"], "col": ["price"]}
    page = browser.get(answer.headers["Location"]).text
    assert shown(page) == ["big", "blue one"]
    assert ">Dear</a>" in page
    assert views.of_form("box", person("amy")) == []
    browser.post(f"/views/{view.id}/delete")
    assert views.of_form("box", ada) == []


def test_a_shared_view_is_everybodys_and_its_owners_to_delete(boxes: list[int], ada: Person) -> None:
    view = views.save("box", "Red", {"f-colour": ["red"]}, shared=True, by=ada)
    assert [each.name for each in views.of_form("box", person("fang"))] == ["Red"]
    with pytest.raises(NotFound):
        views.delete(view.id, by=person("fang"))
    with pytest.raises(Forbidden):
        views.save("box", "Mine", {}, shared=True, by=person("fang"))
    again = views.save("box", "Red", {"f-colour": ["blue"]}, shared=False, by=ada)
    assert [(each.id, each.shared) for each in views.of_form("box", ada)] == [(again.id, False)]
    with pytest.raises(Refused):
        views.save("box", " ", {}, shared=False, by=ada)


def test_many_are_changed_each_by_itself(boxes: list[int], ada: Person) -> None:
    other = service.submit("product", {"sku": "A1", "name": "Lantern", "price": "1"}, by=ada).id
    results = bulk.change("box", [*boxes, other, 999], {"price": "7"}, by=ada)
    assert [each.code for each in results] == ["", "", "", "other_form", "not_found"]
    assert {str(service.read_record(each, by=ada).values["price"]) for each in boxes} == {"7.00"}
    assert [entry.event for entry in audit.entries(f"record:{boxes[0]}")] == ["record.submitted", "record.updated"]
    assert [each.code for each in bulk.change("box", boxes[:1], {"price": "x"}, by=ada)] == ["invalid"]
    assert [each.code for each in bulk.change("box", boxes[:1], {"price": "8"}, by=person("fang"))] == ["forbidden"]


def test_many_are_deleted_but_what_is_used(boxes: list[int], ada: Person) -> None:
    catalogue.publish_form({**document([lookup("box", "box")]), "key": "claim"}, by="ada")
    service.submit("claim", {"box": boxes[1]}, by=ada)
    assert [each.code for each in bulk.delete("box", boxes, by=ada)] == ["", "in_use", ""]
    assert [each.id for each in service.find("box", by=ada).items] == [boxes[1]]
    with pytest.raises(Refused):
        bulk.delete("box", [], by=ada)
    with pytest.raises(Refused):
        bulk.delete("box", list(range(1, 202)), by=ada)


def test_the_page_asks_once_and_reports_each(boxes: list[int], browser: FlaskClient, ada: Person) -> None:
    page = browser.get("/forms/box/records").text
    assert f'name="id" value="{boxes[0]}"' in page
    asked = browser.post("/forms/box/records/bulk", data={"id": boxes[:2], "do": "edit", "field": "colour"})
    assert "Change 2 records" in asked.text
    assert 'name="f-colour"' in asked.text
    assert 'name="f-price"' not in asked.text
    sent = {"id": boxes[:2], "do": "edit-now", "field": "colour", "f-colour": "blue"}
    done = browser.post("/forms/box/records/bulk", data=sent)
    assert "2 of 2 done" in done.text
    assert service.read_record(boxes[0], by=ada).values["colour"] == "blue"
    asked = browser.post("/forms/box/records/bulk", data={"id": boxes[:1], "do": "delete"})
    assert "Delete 1 record?" in asked.text
    browser.post("/forms/box/records/bulk", data={"id": boxes[:1], "do": "delete-now"})
    with pytest.raises(NotFound):
        service.read_record(boxes[0], by=ada)
    none = browser.post("/forms/box/records/bulk", data={"do": "delete", "back": "//evil.example/"})
    assert none.headers["Location"] == "/forms/box/records"


def test_the_api_does_the_same(boxes: list[int], client: FlaskClient, token: Token) -> None:
    url = "/api/v1/forms/box"
    answer = client.post(f"{url}/records/bulk", json={"ids": boxes, "values": {"price": "5"}}, headers=token("ada"))
    assert answer.json["done"] == 3
    answer = client.post(f"{url}/records/bulk", json={"ids": boxes[:1], "delete": True}, headers=token("fang"))
    assert [(each["ok"], each["code"]) for each in answer.json["results"]] == [(False, "forbidden")]
    body = {"name": "Red", "query": {"f-colour": ["red"]}, "shared": True}
    made = client.post(f"{url}/views", json=body, headers=token("ada"))
    assert made.status_code == 201, made.text
    listed = client.get(f"{url}/views", headers=token("fang")).json["items"]
    assert [(each["name"], each["owner"]) for each in listed] == [("Red", "ada")]
    assert client.delete(f"/api/v1/views/{made.json['id']}", headers=token("fang")).status_code == 404
    assert client.delete(f"/api/v1/views/{made.json['id']}", headers=token("ada")).status_code == 204


def test_suggestions_follow_the_filter_and_what_is_typed(boxes: list[int], browser: FlaskClient) -> None:
    where = {"price": {"gte": "10"}, "colour": {"field": "colour"}}
    fields = [choice("colour", "red", "blue"), lookup("box", "box", filter=where)]
    catalogue.publish_form({**document(fields), "key": "claim"}, by="ada")

    def ids(query: str) -> list[int]:
        return [each["id"] for each in browser.get(f"/forms/claim/lookup/box?q={query}").json["items"]]

    assert ids("") == [boxes[2], boxes[1]]
    assert ids("&f-colour=red") == [boxes[1]]
    assert ids("small") == []
    assert 'data-needs="f-colour"' in browser.get("/forms/claim/new").text


def listed(boxes: list[int], browser: FlaskClient, query: str, **sent: str) -> str:
    """Send the list of that address with its box for all that match."""
    back = f"/forms/box/records?{query}"
    return browser.post("/forms/box/records/bulk", data={"all": "yes", "back": back, **sent}).text


def test_all_that_a_list_shows_are_chosen_also_on_other_pages(
    boxes: list[int], browser: FlaskClient, ada: Person
) -> None:
    more = [service.submit("box", {"name": f"n{n}", "colour": "red", "price": "5"}, by=ada).id for n in range(55)]
    page = browser.get("/forms/box/records?f-colour=red").text
    assert "All 57 that match" in page
    assert "that match" not in browser.get("/forms/box/records?f-colour=blue").text  # all of them are on the page
    asked = listed(boxes, browser, "f-colour=red", do="edit", field="price")
    assert "Change 57 records" in asked
    assert asked.partition("chosen-records")[2].partition("</ul>")[0].count("<li>") == 20
    assert "and 37 more" in asked
    ids = re.findall(r'name="id" value="(\d+)"', asked)
    assert set(map(int, ids)) == {*boxes[:2], *more}
    sent = {"id": ids, "do": "edit-now", "field": "price", "f-price": "7"}
    assert "57 of 57 done" in browser.post("/forms/box/records/bulk", data=sent).text
    assert service.read_record(boxes[2], by=ada).values["price"] == Decimal("300")
    assert service.count("box", by=ada, where={"price": "7"}).value == 57


def test_more_than_a_page_can_wait_for_are_not_changed_at_once(
    boxes: list[int], browser: FlaskClient, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_web, "MOST", 2)
    sent = {"all": "yes", "back": "/forms/box/records", "do": "delete"}
    answer = browser.post("/forms/box/records/bulk", data=sent)
    assert answer.headers["Location"] == "/forms/box/records"
    assert "At most 2 at once" in browser.get("/forms/box/records").text
    assert "Delete 2 records?" in listed(boxes, browser, "f-colour=red", do="delete")
    chosen = browser.post("/forms/box/records/bulk", data={"id": boxes, "do": "delete-now"})
    assert chosen.status_code == 303
    assert service.count("box", by=ada).value == 3
