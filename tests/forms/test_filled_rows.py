"""Line items that come from the record that is looked up: an order's into a refund, as many as are left."""

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from signoff.forms import catalogue, filling, live_fill, plain_fill, service
from signoff.forms.filling import Sheet
from signoff.forms.records import Record
from signoff.forms.schema import read_form
from signoff.platform.errors import Refused
from signoff.platform.people.directory import Person

from .forming import document, lookup, number, table, text

RETURN = document(
    [
        lookup(
            "order", "sales_order", fill={"lines": "lines"},
            balance=[{"take": "lines.quantity", "of": "lines.quantity", "per": {"lines.product": "lines.product"}}],
        ),
        table(
            "lines", lookup("product", "product"), {"key": "quantity", "type": "integer"}, number("unit_price"),
            text("note"),
        ),
        number("sum", compute="SUM(lines.quantity)"),
    ],
    key="back",
)  # fmt: skip


@pytest.fixture
def bought(tables: Flask, ada: Person) -> Record:
    catalogue.publish_form(RETURN, by="ada")
    lamp = service.submit("product", {"sku": "L", "name": "Lamp", "price": "100"}, by=ada)
    shade = service.submit("product", {"sku": "S", "name": "Shade", "price": "20"}, by=ada)
    lines = [{"product": lamp.id, "quantity": 3, "unit_price": "90"}, {"product": shade.id, "quantity": 1}]
    return service.submit(
        "sales_order",
        {"shop_number": "W1", "customer_name": "Li", "ordered_on": "2026-03-01", "lines": lines},
        by=ada,
    )


def quantities(record: Any) -> list[tuple[int, str]]:
    return [(row["quantity"], str(row.get("unit_price", ""))) for row in record.values.get("lines", ())]


def test_an_order_fills_the_line_items(bought: Record, ada: Person) -> None:
    made = service.submit("back", {"order": bought.number}, by=ada)
    assert quantities(made) == [(3, "90.00"), (1, "20.00")]
    assert str(made.values["sum"]) == "4"
    assert [link for link in made.links if link.startswith("/lines/")] == ["/lines/0/product", "/lines/1/product"]


def test_what_was_sent_is_not_filled_over(bought: Record, ada: Person) -> None:
    product = bought.values["lines"][0]["product"]
    made = service.submit("back", {"order": bought.id, "lines": [{"product": product, "quantity": 2}]}, by=ada)
    assert quantities(made) == [(2, "")]


def test_a_blank_row_says_that_there_are_none(bought: Record, ada: Person) -> None:
    made = service.submit("back", {"order": bought.id, "lines": [{}]}, by=ada)
    assert "lines" not in made.values


def test_what_others_took_is_not_offered_again(bought: Record, ada: Person) -> None:
    lamp, shade = (row["product"] for row in bought.values["lines"])
    taken = [{"product": lamp, "quantity": 2}, {"product": shade, "quantity": 1}]
    service.submit("back", {"order": bought.id, "lines": taken}, by=ada)
    made = service.submit("back", {"order": bought.id}, by=ada)
    assert quantities(made) == [(1, "90.00")]
    with pytest.raises(Refused):
        service.submit("back", {"order": bought.id, "lines": [{"product": lamp, "quantity": 1}]}, by=ada)


def page(**more: str) -> MultiDict[str, str]:
    return MultiDict({"f-order": "", "f-order-id": "", "f-order-shown": "", "f-lines": "", **more})


def test_the_page_is_told_the_rows(bought: Record, ada: Person, tables: Flask) -> None:
    with tables.test_request_context():
        sheet = Sheet(catalogue.program("back"), ada)
        chosen = {"f-order": bought.title, "f-order-id": str(bought.id), "f-order-shown": bought.title}
        live = live_fill.live(sheet, page(**chosen))
        assert live["tables"]["f-lines"].count("<tr") == 2
        assert 'name="f-lines-1-quantity"' in live["tables"]["f-lines"]
        assert live_fill.live(sheet, page(**chosen, **{"f-lines": "own"}))["tables"] == {}
        assert live_fill.live(sheet, page(**chosen, **{"f-lines-0": "1", "f-lines-0-quantity": "1"}))["tables"] == {}


def test_without_script_a_button_takes_them_over(bought: Record, ada: Person, tables: Flask) -> None:
    with tables.test_request_context():
        sheet = Sheet(catalogue.program("back"), ada)
        sent = page(**{"f-order": bought.number or "", "f-lines-0": "1", "f-lines-0-quantity": "7"})
        assert plain_fill.act(sheet.program, sent, "take:lines")
        html = filling.again(sheet, sent, (), complain=False)
        assert html.count('name="f-lines-0-quantity"') == 1
        assert 'value="3"' in html
        assert 'value="7"' not in html


@pytest.mark.parametrize(
    ("fill", "path", "code"),
    [
        ({"lines.quantity": "lines.quantity"}, "fill/lines.quantity", "missing"),
        ({"lines": "lines", "lines.nope": "lines.quantity"}, "fill/lines.nope", "unknown_field"),
        ({"sum": "total"}, "fill/sum", "does_not_fit"),
    ],
)
def test_a_wrong_fill_is_named(fill: dict[str, str], path: str, code: str) -> None:
    fields = [lookup("order", "sales_order", fill=fill), *RETURN["fields"][1:]]
    _, problems = read_form(document(fields))
    assert (f"/fields/0/{path}", code) in [(each.path, each.code) for each in problems]


def test_what_is_filled_from_must_be_there(tables: Flask) -> None:
    fields = [lookup("order", "sales_order", fill={"lines": "customer_name"}), *RETURN["fields"][1:]]
    with pytest.raises(Refused) as error:
        catalogue.publish_form({**RETURN, "fields": fields}, by="ada")
    assert [(each.path, each.code) for each in error.value.problems] == [("/fields/0/fill/lines", "does_not_fit")]


def test_who_took_all_rows_out_without_script_gets_none_back(bought: Record, ada: Person, tables: Flask) -> None:
    with tables.test_request_context():
        sheet = Sheet(catalogue.program("back"), ada)
        chosen = {"f-order": bought.title, "f-order-id": str(bought.id), "f-order-shown": bought.title}
        sent = page(**chosen, **{"f-lines-0": "1", "f-lines-0-quantity": "2"})
        assert plain_fill.act(sheet.program, sent, "remove:lines:0")
        html = filling.again(sheet, sent, (), complain=False)
        mark = re.search(r'name="f-lines" value="([^"]*)"', html)
        assert mark is not None
        again = page(**chosen, **{"f-lines": mark[1], "f-lines-0": "1", "f-lines-0-quantity": ""})
        assert 'value="2"' not in filling.again(sheet, again, (), complain=False)
        assert "lines" not in filling.submit(sheet, again).values
