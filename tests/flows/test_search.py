"""One search over requests, records, customers and people, as far as one may see them."""

from collections.abc import Callable

import pytest
from flask import Flask

from signoff.flows import searching
from signoff.forms import listing, lookup
from signoff.forms import search as terms
from signoff.platform import statements

from ..conftest import Clock, SignIn
from . import shop as at_shop
from .test_web import text

Token = Callable[[str], dict[str, str]]


@pytest.fixture(autouse=True)
def _shop(shop: Flask, context: Flask, at: Clock) -> Flask:
    return shop


def test_everything_is_found_by_one_word() -> None:
    made = at_shop.refund()
    found = searching.find("cui", at_shop.person("ada"))
    assert [hit.record.id for each in found.requests for hit in each.hits] == [made.id]
    assert [each.form.key for each in found.records] == ["sales_order"]
    assert [(each.email, each.name, each.about) for each in found.customers] == [("cui@example.org", "Cui", 2)]
    assert [each.key for each in searching.find("li na", at_shop.person("amy")).people] == ["li"]


@pytest.mark.parametrize("rare", [0, 1, terms.RARE], ids=["all are common", "some are", "all are rare"])
def test_how_common_words_are_changes_nothing_of_what_they_find(rare: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "RARE", rare)
    sold = at_shop.order(100)
    first, second = at_shop.refund(1, of=sold), at_shop.refund(2, of=sold, reason="other")
    reader = at_shop.person("ada")

    def found(q: str) -> list[int]:
        page = listing.find("refund", by=reader, q=q)
        assert listing.count("refund", by=reader, q=q).value == len(page.items)
        return [each.id for each in page.items]

    assert found("cui") == [second.id, first.id]
    assert found(f"cui {first.number}") == [first.id]
    assert found("cui nobody") == []
    page = listing.find("refund", by=reader, q="cui", limit=1)
    following = listing.find("refund", by=reader, q="cui", limit=1, after=page.next)
    assert [each.id for each in (*page.items, *following.items)] == [second.id, first.id]
    assert [each.id for each in lookup.suggest("refund", "cui", by=reader)] == [second.id, first.id]


def test_words_that_many_have_are_looked_for_among_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    sold = at_shop.order(100)
    first, second = at_shop.refund(1, of=sold), at_shop.refund(2, of=sold)
    reader = at_shop.person("ada")
    assert [each.id for each in listing.find("refund", by=reader, q="cui", newest=1).items] == [second.id, first.id]
    monkeypatch.setattr(terms, "RARE", 0)
    assert [each.id for each in listing.find("refund", by=reader, q="cui", newest=1).items] == [second.id]


def test_nobody_finds_what_is_not_theirs_to_see() -> None:
    at_shop.refund()
    assert searching.find("cui", at_shop.person("amy")).requests
    assert not searching.find("cui", at_shop.person("fei")).requests


@pytest.mark.parametrize("q", ["", " ", "c"])
def test_less_than_two_letters_find_nothing(q: str) -> None:
    at_shop.refund()
    assert searching.find(q, at_shop.person("ada")).is_empty


def test_one_chinese_character_is_a_word() -> None:
    from signoff.forms import service as forms

    forms.submit("product", {"sku": "Z-1", "name": "灯笼", "price": "1"}, by=at_shop.person("amy"))
    assert searching.find("灯", at_shop.person("amy")).records


def test_a_number_typed_in_full_opens_its_record(sign_in: SignIn) -> None:
    made = at_shop.refund()
    with sign_in("amy") as client:
        answer = client.get("/search", query_string={"q": str(made.number).lower()})
        assert answer.headers["Location"].endswith(f"/records/{made.id}")
        page = text(client.get("/search?q=cui"))
        assert str(made.number) in page
        assert "cui@example.org" in page
        assert "Nothing is found" in text(client.get("/search?q=xyzzy"))
        assert 'action="/search"' in client.get("/inbox").get_data(as_text=True)


def test_the_api_finds_the_same(shop: Flask, token: Token) -> None:
    made = at_shop.refund()
    found = shop.test_client().get("/api/v1/search?q=cui", headers=token("amy")).get_json()
    assert [each["number"] for each in found["records"] if each["form"] == "refund"] == [made.number]
    assert found["customers"][0]["email"] == "cui@example.org"
    assert found["people"] == []


def test_a_search_goes_along_the_index_of_words() -> None:
    at_shop.refund()
    with statements.watched() as seen:
        searching.find("cui", at_shop.person("ada"))
    found = [each for each in seen if "signoff_record" in each and "SELECT" in each]
    assert found
    assert not [each for each in found if "LIKE" in each.upper()]
