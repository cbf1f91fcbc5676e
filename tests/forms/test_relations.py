"""Formulas over other records: of the one that is looked up, and of all that look the same one up."""

from typing import Any

import pytest
from flask import Flask

from signoff.forms import catalogue, filling, service
from signoff.forms.filling import Sheet
from signoff.forms.formulas import FormulaError, check, parse
from signoff.forms.records import Record
from signoff.forms.types import kinds_of
from signoff.platform.errors import Refused
from signoff.platform.people.directory import Person

from .forming import document, form, lookup, money, number, table, text

FIELDS = [
    lookup("order", "sales_order"),
    money("amount"),
    table(
        "lines", lookup("product", "product"), number("count"),
        number("known", compute='SUM(LINKED(product, "claim", "lines.product", "lines.count"))'),
    ),
    money("bought", compute='OF(order, "total")'),
    number("pieces", compute='SUM(OF(order, "lines.quantity"))'),
    money("claimed", compute='SUM(LINKED(order, "claim", "order", "amount"))'),
    number("others", compute='COUNT(LINKED(order, "claim", "order", "amount"))'),
    text("customer", compute='UPPER(OF(order, "customer_name"))'),
]  # fmt: skip
RULES = [{"check": "claimed + amount <= bought", "at": "amount", "message": "More than was bought."}]
CLAIM = document(FIELDS, key="claim", rules=RULES)


@pytest.fixture
def bought(tables: Flask, ada: Person) -> Record:
    catalogue.publish_form(CLAIM, by="ada")
    lamp = service.submit("product", {"sku": "L", "name": "Lamp", "price": "100"}, by=ada)
    lines = [{"product": lamp.id, "quantity": 3}, {"product": lamp.id, "quantity": 1, "unit_price": "20"}]
    sent = {"shop_number": "W1", "customer_name": "Li", "ordered_on": "2026-03-01", "lines": lines}
    return service.submit("sales_order", sent, by=ada)


def shown(record: Any) -> tuple[str, ...]:
    return tuple(str(record.values.get(key)) for key in ("bought", "pieces", "claimed", "others", "customer"))


def test_values_of_the_order_and_of_all_claims_on_it(bought: Record, ada: Person) -> None:
    first = service.submit("claim", {"order": bought.id, "amount": "100"}, by=ada)
    assert shown(first) == ("320.00", "4", "0.00", "0", "LI")
    second = service.submit("claim", {"order": bought.id, "amount": "200.50"}, by=ada)
    assert shown(second) == ("320.00", "4", "100.00", "1", "LI")
    with pytest.raises(Refused) as error:
        service.submit("claim", {"order": bought.id, "amount": "20"}, by=ada)
    assert [(each.path, each.message) for each in error.value.problems] == [("/values/amount", "More than was bought.")]


def test_a_record_that_is_changed_does_not_count_itself_and_drafts_do_not_count(bought: Record, ada: Person) -> None:
    first = service.submit("claim", {"order": bought.id, "amount": "100"}, by=ada)
    service.submit("claim", {"order": bought.id, "amount": "50"}, by=ada, draft=True)
    after = service.update(first.id, {"amount": "110"}, by=ada)
    assert shown(after)[2:4] == ("0.00", "0")


def test_without_an_order_there_is_nothing(bought: Record, ada: Person) -> None:
    assert shown(service.submit("claim", {"amount": "0"}, by=ada)) == ("None", "0", "0.00", "0", "None")


def test_line_items_are_asked_row_by_row(bought: Record, ada: Person) -> None:
    lamp = bought.values["lines"][0]["product"]
    other = service.submit("product", {"sku": "S", "name": "Shade", "price": "20"}, by=ada)
    rows = [{"product": lamp, "count": 2}, {"product": other.id, "count": 7}]
    service.submit("claim", {"amount": "0", "lines": rows}, by=ada)
    made = service.submit("claim", {"amount": "0", "lines": rows}, by=ada)
    assert [str(row["known"]) for row in made.values["lines"]] == ["2", "7"]


def test_a_sum_counts_what_one_may_not_see_and_the_record_itself_must_be_seen(
    bought: Record, ada: Person, amy: Person, tables: Flask
) -> None:
    service.submit("claim", {"order": bought.id, "amount": "100"}, by=ada)
    reading = service.evaluate("claim", {"order": bought.id}, by=amy)
    assert str(reading.values["claimed"]) == "100.00"


def test_the_browser_is_not_told_what_it_cannot_compute(bought: Record, ada: Person, tables: Flask) -> None:
    import json

    with tables.test_request_context():
        sheet = Sheet(catalogue.program("claim"), ada)
        told = json.loads(filling.script(sheet, filling.opened(sheet)))["program"]
    assert told["computed"] == dict.fromkeys(("lines.known", "bought", "pieces", "claimed", "others", "customer"))
    assert told["checks"][0]["needs"] == ["amount", "bought", "claimed", "order"]


@pytest.mark.parametrize(
    ("formula", "position", "sentence"),
    [
        ('SUM(LINKED(order, "claim", "order", "amont"))', 37, "Did you mean “amount”?"),
        ('SUM(LINKED(order, "claim", "amount", "amount"))', 28, "“amount” does not look up “sales_order”."),
        ('SUM(LINKED(order, "nope", "order", "amount"))', 19, "No form “nope” is in force."),
        ('SUM(LINKED(amount, "claim", "order", "amount"))', 12, "LINKED begins with a lookup of this form"),
        ('LINKED(order, "claim", "order", "amount")', 0, "gives a whole column"),
        ('OF(order, "customer_name") + 1', 1, "is a text"),
        ('OF(order, total)', 1, "OF names a lookup and texts"),
        ('OF(order, "lines")', 11, "has no field “lines”"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tables: Flask, formula: str, position: int, sentence: str) -> None:
    made = document([*FIELDS[:2], money("sum", compute=formula)], key="claim")
    with pytest.raises(Refused) as error:
        catalogue.publish_form(made, by="ada")
    [problem] = error.value.problems
    assert (problem.path, problem.code in ("formula", "formula_type")) == ("/fields/2/compute", True)
    assert sentence in problem.message
    if position:
        with pytest.raises(FormulaError) as caught:
            check(parse(formula), kinds_of(form(FIELDS[:2], key="claim")), None, others)
        assert caught.value.position == position


def others(key: str) -> Any:
    known = form(FIELDS[:2], key="claim") if key == "claim" else catalogue.form(key)
    return None if known is None else kinds_of(known)
