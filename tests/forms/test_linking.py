"""Links the other way: the records that look one up, with the rights of who asks."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.forms import catalogue, linking, service
from signoff.platform.errors import Malformed
from signoff.platform.people.directory import Person

from .conftest import person
from .forming import document, lookup, table, text

Token = Callable[[str], dict[str, str]]


def publish(key: str, *fields: dict[str, Any], **more: Any) -> None:
    catalogue.publish_form({**document(list(fields), **more), "key": key, "title": key.title()}, by="ada")


@pytest.fixture
def order(tables: Flask, ada: Person) -> Any:
    publish("box", text("name"), summary=["name"], access={"read": ["*"]})
    publish("claim", lookup("box", "box"), number="C-{0000}", access={"read": ["finance"]})
    publish("item", table("lines", lookup("box", "box"), text("note")), number="I-{0000}")
    return service.submit("box", {"name": "One"}, by=ada)


def claim(by: Person, box: Any) -> int:
    return service.submit("claim", {"box": box.id}, by=by).id


def ids(page: Any) -> list[int]:
    return [record.id for record in page.items]


def test_lookups_and_columns_lead_back(order: Any, ada: Person) -> None:
    other = service.submit("box", {"name": "Two"}, by=ada)
    first = claim(ada, order)
    claim(ada, other)
    item = service.submit("item", {"lines": [{"box": other.id}, {"box": order.id}, {"box": order.id}]}, by=ada).id
    assert ids(linking.page_of(order, ada)) == [first, item]
    assert ids(linking.page_of(order, ada, form="item")) == [item]
    assert [(each.form.key, each.count.value) for each in linking.links_to(order, ada)] == [("claim", 1), ("item", 1)]


def test_only_what_one_may_see(order: Any) -> None:
    mine = claim(person("amy"), order)
    claim(person("bo"), order)
    assert ids(linking.page_of(order, person("amy"))) == [mine]
    assert [each.count.value for each in linking.links_to(order, person("amy"))] == [1]


def test_drafts_lead_nowhere_and_changes_follow(order: Any, ada: Person) -> None:
    draft = service.submit("claim", {"box": order.id}, by=ada, draft=True)
    assert ids(linking.page_of(order, ada)) == []
    service.send(draft.id, by=ada)
    assert ids(linking.page_of(order, ada)) == [draft.id]
    service.update(draft.id, {"box": None}, by=ada)
    assert ids(linking.page_of(order, ada)) == []


def test_pages_go_on_from_form_to_form(order: Any, ada: Person) -> None:
    claims = [claim(ada, order) for _ in range(3)]
    items = [service.submit("item", {"lines": [{"box": order.id}]}, by=ada).id for _ in range(2)]
    found: list[int] = []
    after = None
    for _ in range(9):
        page = linking.page_of(order, ada, after=after, limit=2)
        found += ids(page)
        after = page.next
        if after is None:
            break
    assert found == [*reversed(claims), *reversed(items)]
    with pytest.raises(Malformed):
        linking.page_of(order, ada, after=service.find("claim", by=ada, limit=1).next)


def test_the_page_of_a_record_shows_them(order: Any, ada: Person, browser: FlaskClient) -> None:
    numbers = [claim(ada, order) for _ in range(6)]
    page = browser.get(f"/records/{order.id}").text
    assert f'href="/records/{numbers[-1]}"' in page
    assert f'href="/forms/claim/records?to={order.id}"' in page
    listed = browser.get(f"/forms/claim/records?to={order.id}").text
    assert "Only those of One" in listed
    assert "6 records" in listed
    exported = browser.get(f"/forms/claim/export.csv?to={order.id}").text
    assert exported.count("C-000") == 6


def test_the_api_gives_pages(order: Any, ada: Person, client: FlaskClient, token: Token) -> None:
    claims = [claim(ada, order) for _ in range(3)]
    answer = client.get(f"/api/v1/records/{order.id}/links?limit=2", headers=token("ada")).json
    assert [each["id"] for each in answer["items"]] == claims[:0:-1]
    assert answer["next"]
    assert client.get(f"/api/v1/records/{claims[0]}/links", headers=token("amy")).status_code == 404
