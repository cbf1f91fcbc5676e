"""What is drawn in each row of line items is HTML, never text that was escaped on the way."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from signoff.forms import inputs, render
from signoff.forms.wire import wires_of

from .forming import SHANGHAI, choice, context, program, table

SignIn = Callable[[str], AbstractContextManager[FlaskClient]]


def test_inputs_of_a_row_say_that_they_are_required(shop: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as client:
        page = client.get("/forms/refund/new").text
    start = page.index('id="f-lines-0-quantity"')
    drawn = page[start : page.index(">", start)]
    assert ' aria-required="true"' in drawn
    assert "&#34;" not in drawn


NASTY = ('"><script>alert(1)</script>', "' onfocus='alert(1)", "&amp;", "</td></tr>", "\x00row\x00", "价格 <b>", "")
COLUMNS = (
    {"key": "words", "type": "text", "label": 'Words "so"'},
    {"key": "story", "type": "long_text"},
    {"key": "count", "type": "integer", "required": True},
    {"key": "price", "type": "money", "currency": "CNY"},
    {"key": "day", "type": "date"},
    choice("tier", "normal", "vip"),
    {"key": "tags", "type": "choices", "options": [{"value": "a", "label": "A<"}, {"value": "b", "label": "B"}]},
    {"key": "is_new", "type": "boolean"},
    {"key": "owner", "type": "person"},
    {"key": "product", "type": "lookup", "form": "product"},
    {"key": "sum", "type": "money", "currency": "CNY", "compute": "count * price"},
)


@pytest.fixture
def pen(shop: Flask) -> Iterator[render._Pen]:
    """Draws a table of all sorts of columns, in whose rows stands what somebody wrote who means no good."""
    made = program([table("lines", *COLUMNS)])
    rows = [
        {
            "words": text,
            "story": text,
            "count": text,
            "price": text,
            "day": text,
            "tier": "vip" if place % 2 else text,
            "tags": ["a", text],
            "is_new": "true" if place % 2 else "",
            "owner": "amy" if place % 2 else text,
            "product": {"id": text, "text": text},
        }
        for place, text in enumerate(NASTY)
    ]
    with shop.test_request_context("/"):
        reading = made.evaluate({"lines": [{"count": 2, "price": "3"}]}, context())
        yield render._Pen(inputs.Drawing(made, reading, {"lines": rows}), reading.values, linked=True)


def drawn_cell_by_cell(pen: render._Pen) -> str:
    drawn = pen.sheet.fields["lines"]
    states = pen._column_states(drawn, drawn.columns)
    typed = pen.values["lines"]
    return "".join(
        pen._edit_row(drawn, drawn.columns, str(place), wire, typed[place] if place < len(typed) else {}, states)
        for place, wire in enumerate(pen.drawing.wires["lines"])
    )


def test_a_row_in_one_piece_is_what_its_cells_are_one_by_one(pen: render._Pen) -> None:
    assert pen.rows("lines") == drawn_cell_by_cell(pen) == pen.rows("lines")


def test_nothing_that_is_typed_into_a_row_becomes_html(pen: render._Pen) -> None:
    html = pen.rows("lines")
    assert "<script" not in html
    assert "' onfocus" not in html
    assert "<b>" not in html
    assert html.count("<tr") == html.count("</tr>") == len(NASTY)
    assert html.count('value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"') == 7  # texts, numbers, a date, a lookup
    assert not isinstance(inputs.escaped(Markup("<b>")), Markup)
    assert inputs.escaped(Markup("<b>")) == "&lt;b&gt;"


def test_rows_of_pages_in_other_states_do_not_get_mixed_up(shop: Flask) -> None:
    made = program([table("lines", {"key": "words", "type": "text"}, {"key": "count", "type": "integer"})])
    with shop.test_request_context("/"):
        reading = made.evaluate({"lines": [{"words": "a", "count": 1}]}, context())
        rights = (
            {"lines": "edit"},
            {"lines": "edit", "lines.count": "read"},
            {"lines": "edit", "lines.words": "hidden"},
        )
        pages = [[render.rows(made, "lines", reading, rights=each) for each in rights] for _ in range(2)]
    assert pages[0] == pages[1]
    assert len(set(pages[0])) == 3
    assert [page.count(" readonly") for page in pages[0]] == [0, 1, 0]
    assert [page.count("f-lines-0-words") > 0 for page in pages[0]] == [True, True, False]


def test_rows_that_nobody_typed_are_drawn_as_if_they_were(shop: Flask) -> None:
    made = program([table("lines", *COLUMNS)])
    rows = (
        {
            "words": '"><b>', "story": "one\ntwo", "count": 2, "price": Decimal("3.50"), "day": date(2026, 3, 1),
            "tier": "vip", "tags": ("a", "b"), "is_new": False, "owner": "amy", "product": 7, "sum": Decimal("7.00"),
        },
        {"product": 8, "count": 0},
        {},
    )  # fmt: skip
    links = {"/lines/0/product": {"id": 7, "form": "product", "revision": 1, "title": "A1 · <i>"}}
    with shop.test_request_context("/"):
        values = {"lines": rows}
        reading = made.evaluate(values, context())
        drawn = render._Pen(inputs.Drawing(made, reading, {}, links=links), values, linked=True)
        wires = wires_of(made.form.fields, values, links, SHANGHAI)
        typed = render._Pen(inputs.Drawing(made, reading, wires, links=links), values, linked=True)
        assert drawn.rows("lines") == typed.rows("lines") == drawn_cell_by_cell(typed)
        assert "A1 · &lt;i&gt;" in drawn.rows("lines")
