"""Help while a formula is written: places of mistakes, and what may come next."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from signoff.forms.formulas.assist import Mistake, completions, read
from signoff.forms.types import kinds_of

from ..conftest import definition
from .forming import choice, form, money, number, table, text

KINDS = kinds_of(
    form([money("amount"), text("name"), choice("tier", "normal", "vip"),
          {"key": "hint", "type": "note", "label": "Hint"}, table("lines", money("total"), number("quantity"))])
)  # fmt: skip


@pytest.mark.parametrize(("formula", "at", "length", "words"), [
    ("ROUND(amount +, 2)", 15, 1, "Expected a number"),
    ("amount + name", 10, 4, "Join texts"),
    ("amont * 2", 1, 5, "Did you mean “amount”"),
    ('IF(tier = "gold", 1, 2)', 11, 6, "none of the choices"),
    ("SUME(lines.total)", 1, 4, "Did you mean SUM"),
    ("amount +", 9, 1, "ends too early"),
    ("", 1, 1, "empty"),
])  # fmt: skip
def test_a_mistake_says_where_it_is_and_how_long(formula: str, at: int, length: int, words: str) -> None:
    found = read(formula, KINDS)
    assert isinstance(found, Mistake)
    assert (found.at, found.length) == (at, length)
    assert words in found.message


def test_a_formula_that_is_right_has_a_sort() -> None:
    found = read("SUM(lines.total) * 2", KINDS)
    assert not isinstance(found, Mistake)
    assert found.sort == "number"


@pytest.mark.parametrize(("written", "start", "texts"), [
    ("am|", 0, ["amount", "lines.total"]),
    ("SUM(lines.|", 4, ["lines.total", "lines.quantity"]),
    ("1 + ROUND|", 4, ["ROUND(", "ROUNDUP(", "ROUNDDOWN("]),
    ('IF(tier = "v|", 1, 2)', 11, ["vip"]),
    ('tier <> "|', 9, ["normal", "vip"]),
    ('name & "am|', 10, []),
    ("12|", 2, []),
    ("submitter.lev|", 0, ["submitter.level"]),
    ("hin|", 0, []),
])  # fmt: skip
def test_what_may_come_next_at_the_caret(written: str, start: int, texts: list[str]) -> None:
    at = written.index("|")
    found = completions(written.replace("|", ""), at, KINDS)
    assert found[0] == start
    if written == "am|":
        assert found[1][0].text == "amount"
    else:
        assert [each.text for each in found[1]] == texts


def test_at_the_start_everything_may_come() -> None:
    _, found = completions("", 0, KINDS)
    assert {each.kind for each in found} == {"field", "column", "fact", "function"} | {"word"} & {
        each.kind for each in found
    }


def test_in_a_line_item_its_columns_come_first() -> None:
    _, found = completions("", 0, KINDS, KINDS["lines"].columns)
    assert [(each.text, each.kind) for each in found[:2]] == [("total", "column"), ("quantity", "column")]


Headers = Callable[[str], dict[str, str]]


def ask(app: Flask, headers: dict[str, str], **body: Any) -> Any:
    return app.test_client().post("/api/v1/forms/sales_order/formula", json=body, headers=headers)


def test_the_endpoint_helps_with_the_form_in_force_and_with_a_draft(tables: Flask, token: Headers) -> None:
    found = ask(tables, token("ada"), formula="quantity * unit_pr", field="lines.total").json
    assert [each["text"] for each in found["completions"]] == ["unit_price", "lines.unit_price"]
    assert (found["from"], found["to"]) == (11, 18)
    assert found["problems"][0]["at"] == 12
    assert ask(tables, token("ada"), formula='"text"', field="total").json["problems"][0]["message"]
    draft = definition("sales_order.form")
    draft["fields"].append({"key": "weight", "type": "number", "label": "Weight", "compute": "half of a form"})
    found = ask(tables, token("ada"), formula="weight * 2", document=draft).json
    assert (found["problems"], found["sort"]) == ([], "number")


def test_only_who_may_define_forms_is_helped(tables: Flask, token: Headers) -> None:
    assert ask(tables, token("amy"), formula="1").status_code == 403
    assert ask(tables, token("ada"), formula="1", field="nothing").status_code == 404
    assert ask(tables, token("ada")).status_code == 422
