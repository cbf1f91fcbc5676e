"""Conditions of definitions as rows of a page: what can be said in rows comes back the same."""

from typing import Any

import pytest

from signoff.forms import condition_rows
from signoff.forms.condition_rows import Row, Rows


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ({}, Rows()),
        ({"shipped": False}, Rows("all", (Row("shipped", "eq", False),))),
        ({"state": ["sent", "lost"]}, Rows("all", (Row("state", "in", ["sent", "lost"]),))),
        ({"amount": {"gte": "1", "lt": "5"}}, Rows("all", (Row("amount", "gte", "1"), Row("amount", "lt", "5")))),
        ({"a": 1, "b": {"empty": False}}, Rows("all", (Row("a", "eq", 1), Row("b", "filled")))),
        ({"any": [{"a": 1}, {"b": {"empty": True}}]}, Rows("any", (Row("a", "eq", 1), Row("b", "empty")))),
        ({"all": [{"a": {"ne": 1}}, {"a": {"ne": 2}}]}, Rows("all", (Row("a", "ne", 1), Row("a", "ne", 2)))),
    ],
)  # fmt: skip
def test_a_condition_is_rows(condition: Any, rows: Rows) -> None:
    assert condition_rows.rows_of(condition) == rows
    said = condition_rows.condition_of(rows)
    assert condition_rows.rows_of(said) == rows


@pytest.mark.parametrize(
    "condition",
    [
        {"not": {"a": 1}}, {"any": [{"a": 1, "b": 2}]}, {"all": [{"any": [{"a": 1}]}]}, {"a": {"field": "b"}},
        {"a": {"eq": {"field": "b"}}}, {"a": {"not_in": [1]}}, {"lines": {"any": {"sku": "X"}}}, [1], "x",
    ],
)  # fmt: skip
def test_what_rows_cannot_say_is_none(condition: Any) -> None:
    assert condition_rows.rows_of(condition) is None


def test_rows_are_said_as_people_would_write_them() -> None:
    rows = Rows("all", (Row("shipped", "eq", False), Row("state", "in", ["sent"]), Row("amount", "gt", "5")))
    assert condition_rows.condition_of(rows) == {"shipped": False, "state": ["sent"], "amount": {"gt": "5"}}
    twice = Rows("all", (Row("amount", "gt", "5"), Row("amount", "lt", "9")))
    assert condition_rows.condition_of(twice) == {"all": [{"amount": {"gt": "5"}}, {"amount": {"lt": "9"}}]}
    assert condition_rows.condition_of(Rows()) is None
