"""Rules of line items: what one row shows, asks for, locks and sets, whatever the others do."""

from typing import Any

import pytest

from signoff.forms.reading import Reading
from signoff.forms.schema import read_form

from .forming import choice, context, document, golden, money, number, program, table, text

CASES = golden("forms/rows.json")


def problems_of(reading: Reading) -> list[list[str]]:
    return [[problem.path, problem.code] for problem in reading.problems]


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: str(case["name"]))
def test_golden_rows(case: dict[str, Any]) -> None:
    made = program(CASES["fields"], rules=CASES["rules"])
    previous = case.get("previous")
    known = context(previous=made.load(previous)) if previous is not None else context()
    reading = made.read(case["values"], known)
    assert made.dump(reading.values) == case["stored"]
    cells = {word: sorted(getattr(reading.cells, word)) for word in ("hidden", "required", "readonly")}
    assert cells == {word: sorted(case.get(word, [])) for word in cells}
    assert problems_of(reading) == case.get("problems", [])


@pytest.mark.parametrize(
    "case", [each for each in CASES["cases"] if not each.get("problems")], ids=lambda each: str(each["name"])
)
def test_golden_rows_stay_as_they_are_when_nobody_sends_them(case: dict[str, Any]) -> None:
    made = program(CASES["fields"], rules=CASES["rules"])
    stored = made.load(case["stored"])
    assert made.dump(made.evaluate(stored, context()).values) == case["stored"]


LINES = table(
    "lines", choice("kind", "in", "out"), text("reason"), number("count"), money("total", compute="count * 2")
)


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        ({"when": {"kind": "out"}, "set": {"lines.total": "1"}}, "/rules/0/set/lines.total", "does_not_fit"),
        ({"set": {"lines.nope": "1"}}, "/rules/0/set/lines.nope", "unknown_field"),
        ({"set": {"lines.count": "reason"}}, "/rules/0/set/lines.count", "formula_type"),
        ({"when": {"kind": "out"}, "show": ["lines.reason", "name"]}, "/rules/0/when/kind", "unknown_field"),
        ({"when": {"count": {"gt": 1}}, "hide": ["lines.count"]}, "/fields/1/columns/2", "cycle"),
        ({"when": "total > 1", "hide": ["lines.count"]}, "/fields/1", "cycle"),
    ],
)  # fmt: skip
def test_rules_of_rows_that_cannot_be(rule: dict[str, Any], path: str, code: str) -> None:
    _, problems = read_form(document([text("name"), LINES], rules=[rule]))
    assert [(each.path, each.code) for each in problems] == [(path, code)]


def test_a_rule_that_reads_no_column_acts_on_all_of_a_column() -> None:
    made = program([text("name"), LINES], rules=[{"when": {"name": "Li"}, "hide": ["lines.reason"]}])
    reading = made.read({"name": "Li", "lines": [{"kind": "in", "reason": "x"}]}, context())
    assert "lines.reason" not in reading.visible
    assert reading.cells.hidden == frozenset()


def test_a_step_that_may_only_read_a_column_is_asked_for_none_of_its_cells() -> None:
    made = program([LINES], rules=[{"when": {"kind": "out"}, "require": ["lines.reason"]}])
    before = made.load({"lines": [{"kind": "out"}]})
    reading = made.read({}, context(previous=before, partial=True, rights={"lines": "edit", "lines.reason": "read"}))
    assert reading.cells.required == frozenset()
    assert reading.ok
