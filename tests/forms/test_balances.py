"""Balances: what is taken of a record never exceeds what it has, whoever asks and however many at a time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from signoff.forms import catalogue, records, service
from signoff.platform import db
from signoff.platform.errors import Refused, SignoffError
from signoff.platform.people.directory import Person

from ..conftest import definition
from .conftest import person
from .forming import document, lookup, money, number, table, text

BALANCE = {"take": "lines.quantity", "of": "lines.quantity", "per": {"lines.item": "lines.item"}}


def claim_form(*balances: dict[str, Any], **more: Any) -> dict[str, Any]:
    fields = [
        lookup("order", "purchase", required=True, balance=list(balances or (BALANCE,))),
        table("lines", text("item"), number("quantity")),
        money("amount"),
    ]
    return {**document(fields, **more), "key": "claim", "number": "C-{0000}"}


def purchase_form() -> dict[str, Any]:
    fields = [text("name"), table("lines", text("item"), number("quantity")), money("total")]
    return {**document(fields, summary=["name"]), "key": "purchase", "access": {"edit": ["*"]}}


@pytest.fixture
def forms(tables: Flask) -> Flask:
    catalogue.publish_form(purchase_form(), by="ada")
    catalogue.publish_form(claim_form(access={"edit": ["*"], "read": ["finance"]}), by="ada")
    return tables


def rows(**quantities: int) -> list[dict[str, Any]]:
    return [{"item": item, "quantity": quantity} for item, quantity in quantities.items()]


def purchase(by: Person, **quantities: int) -> int:
    return service.submit("purchase", {"name": "P", "lines": rows(**quantities), "total": "100"}, by=by).id


def claim(by: Person | None, order: int, *, as_system: bool = False, **quantities: int) -> records.Record:
    return service.submit("claim", {"order": order, "lines": rows(**quantities)}, by=by, as_system=as_system)


def refused(call: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as error:
        call()
    return [(problem.path, problem.code) for problem in error.value.problems]


def test_what_is_left_can_be_taken_and_no_more(forms: Flask, ada: Person) -> None:
    order = purchase(ada, mug=3, tea=1)
    claim(ada, order, mug=2)
    with pytest.raises(Refused) as error:
        claim(ada, order, mug=2, tea=1)
    assert [(each.path, each.code) for each in error.value.problems] == [("/values/lines/0/quantity", "over_balance")]
    assert "C-0001 (2)" in error.value.message
    assert "Enter at most 1" in error.value.message
    claim(ada, order, mug=1, tea=1)


def test_rows_of_one_record_count_together(forms: Flask, ada: Person) -> None:
    order = purchase(ada, mug=3)
    lines = [*rows(mug=2), *rows(mug=2)]
    assert refused(lambda: service.submit("claim", {"order": order, "lines": lines}, by=ada)) == [
        ("/values/lines/1/quantity", "over_balance")
    ]


def test_what_was_not_bought_cannot_be_taken(forms: Flask, ada: Person) -> None:
    order = purchase(ada, mug=3)
    assert refused(lambda: claim(ada, order, sofa=1)) == [("/values/lines/0/quantity", "not_there")]


def test_those_who_hold_the_rest_are_named_to_whom_may_see_them(forms: Flask, ada: Person) -> None:
    catalogue.publish_form(claim_form(access={"read": ["finance"]}), by="ada")
    order = purchase(ada, mug=3)
    claim(person("bo"), order, mug=3)
    with pytest.raises(Refused) as error:
        claim(person("amy"), order, mug=1)
    assert "C-0001" not in error.value.message
    assert "others (3)" in error.value.message


@pytest.mark.parametrize("status", ["rejected", "withdrawn"])
def test_what_is_given_up_is_free_again(forms: Flask, ada: Person, status: str) -> None:
    order = purchase(ada, mug=3)
    first = claim(ada, order, mug=3)
    with db.transaction() as conn:
        service.set_status(conn, first.id, status)
    claim(ada, order, mug=3)
    with db.transaction() as conn, pytest.raises(Refused):
        service.set_status(conn, first.id, "open")


def test_a_change_counts_itself_once(forms: Flask, ada: Person) -> None:
    order = purchase(ada, mug=3)
    first = claim(ada, order, mug=2)
    assert service.update(first.id, {"lines": rows(mug=3)}, by=ada).revision == 2
    assert refused(lambda: service.update(first.id, {"lines": rows(mug=4)}, by=ada)) == [
        ("/values/lines/0/quantity", "over_balance")
    ]


def test_a_draft_holds_nothing_until_it_is_sent(forms: Flask, ada: Person) -> None:
    order = purchase(ada, mug=3)
    draft = service.submit("claim", {"order": order, "lines": rows(mug=2)}, by=ada, draft=True)
    claim(ada, order, mug=2)
    assert refused(lambda: service.send(draft.id, by=ada)) == [("/values/lines/0/quantity", "over_balance")]


def test_a_record_keeps_what_others_hold_of_it(forms: Flask, ada: Person) -> None:
    order = purchase(ada, mug=3, tea=2)
    claim(ada, order, mug=2)
    assert refused(lambda: service.update(order, {"lines": rows(mug=1, tea=2)}, by=ada)) == [("/values/lines", "held")]
    assert service.update(order, {"lines": rows(mug=2)}, by=ada).revision == 2


def test_a_balance_without_parts_is_of_the_whole_record(forms: Flask, ada: Person) -> None:
    catalogue.publish_form(claim_form({"take": "amount", "of": "total"}), by="ada")
    order = purchase(ada, mug=3)
    service.submit("claim", {"order": order, "amount": "60"}, by=ada)
    assert refused(lambda: service.submit("claim", {"order": order, "amount": "40.01"}, by=ada)) == [
        ("/values/amount", "over_balance")
    ]
    service.submit("claim", {"order": order, "amount": "40"}, by=ada)


def test_many_at_the_same_time_never_take_too_much(forms: Flask, ada: Person) -> None:
    order = purchase(ada, mug=5)

    def take(_: int) -> str:
        with forms.app_context():
            try:
                claim(ada, order, mug=2)
            except SignoffError as error:
                return error.problems[0].code
            return "made"

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(take, range(10)))
    assert answers == ["made"] * 2 + ["over_balance"] * 8


@pytest.mark.parametrize(
    ("balance", "path", "code"),
    [
        ({"take": "lines.quantity"}, "/fields/0/balance/0/of", "missing"),
        ({**BALANCE, "some": 1}, "/fields/0/balance/0/some", "unknown_key"),
        ({**BALANCE, "take": "lines.quantiy"}, "/fields/0/balance/0/take", "unknown_field"),
        ({**BALANCE, "of": "name", "per": {}}, "/fields/0/balance/0/of", "does_not_fit"),
        ({**BALANCE, "of": "lines.price"}, "/fields/0/balance/0/of", "unknown_field"),
        ({**BALANCE, "per": {"lines.item": "name"}}, "/fields/0/balance/0/per/lines.item", "does_not_fit"),
        ({**BALANCE, "per": {"lines.item": "lines.quantity"}}, "/fields/0/balance/0/per/lines.item", "does_not_fit"),
        ({**BALANCE, "take": "amount"}, "/fields/0/balance/0/per/lines.item", "does_not_fit"),
    ],
)
def test_a_wrong_balance_is_refused_with_its_place(forms: Flask, balance: dict[str, Any], path: str, code: str) -> None:
    assert (path, code) in [(each.path, each.code) for each in catalogue.check_document(claim_form(balance)).problems]


def test_a_form_that_others_take_of_keeps_what_they_name(forms: Flask) -> None:
    without = {**purchase_form(), "fields": [text("name"), money("total")]}
    assert [each.code for each in catalogue.check_document(without).problems] == ["used_elsewhere", "used_elsewhere"]


def test_the_example_form_stays_as_it_is(tables: Flask) -> None:
    assert catalogue.check_document(definition("refund.form")).problems == ()
