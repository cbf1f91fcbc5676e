"""The proof that every combination of values goes exactly one way: golden cases, and thousands of random routes."""

import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.flows.check.coverage import check_routes
from signoff.flows.check.deriving import ground_of
from signoff.flows.check.space import Space
from signoff.flows.check.timeline import Timeline
from signoff.flows.check.variables import Variables
from signoff.flows.schema import read_flow
from signoff.forms.conditions import evaluate, fields_of, parse
from signoff.forms.definition import Form
from signoff.forms.schema import read_form
from signoff.forms.types import kinds_of
from signoff.platform.problems import Problem, Severity

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/checks/coverage.json").read_text(encoding="utf-8"))


def form_of(fields: list[Any], rules: list[Any]) -> Form:
    form, problems = read_form(
        {"schema": "form/1", "key": "request", "title": "Request", "fields": fields, "rules": rules}
    )
    assert form is not None, problems
    return form


def branch(number: int, when: Any) -> dict[str, Any]:
    common = {"id": f"b{number}", "title": f"Branch {number}", "steps": []}
    return {**common, "otherwise": True} if when == "otherwise" else {**common, "when": when}


def problems_of(form: Form, steps: list[Any]) -> list[Problem]:
    document = {"schema": "flow/1", "key": "flow", "title": "Flow", "form": "request", "steps": steps}
    flow, problems = read_flow(document, form)
    assert flow is not None, problems
    assert not [problem for problem in problems if problem.severity is Severity.ERROR], problems
    ground = ground_of(form)
    return list(check_routes(flow, ground, Timeline.of(flow, ground), None))


def route(whens: list[Any], hit: str = "unique", id_: str = "route") -> dict[str, Any]:
    branches = [branch(number, when) for number, when in enumerate(whens)]
    return {"id": id_, "kind": "route", "title": "Route", "hit": hit, "branches": branches}


@pytest.fixture(scope="module")
def form() -> Form:
    return form_of(GOLDEN["fields"], GOLDEN["rules"])


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_each_route_has_exactly_these_problems(case: dict[str, Any], form: Form) -> None:
    found = problems_of(form, [route(case["branches"], case.get("hit", "unique"))])
    shown = [(problem.code, problem.path) for problem in found]
    expected = case["problems"]
    assert shown == [(each["code"], each.get("path", "/steps/0")) for each in expected], found
    for problem, wanted in zip(found, expected, strict=True):
        if "example" in wanted:
            assert problem.example is not None
            assert {key: problem.example.get(key, "?") for key in wanted["example"]} == wanted["example"]


FIELDS = [
    {"key": "amount", "type": "money", "currency": "CNY", "label": "A", "required": True, "min": "0", "max": "10"},
    {"key": "count", "type": "integer", "label": "C"},
    {"key": "path", "type": "choice", "label": "P", "options": [{"value": value, "label": value} for value in "xyz"]},
    {"key": "urgent", "type": "boolean", "label": "U", "required": True},
    {"key": "name", "type": "text", "label": "N"},
    {"key": "shown", "type": "choice", "label": "S", "required": True, "options": [{"value": "a", "label": "a"}]},
]
RULES = [{"when": {"path": "x"}, "show": ["shown"]}, {"when": {"urgent": True}, "require": ["count"]}]
EVERYTHING = {
    "amount": [Decimal(each) for each in ("0.00", "0.01", "3.00", "3.01", "2.99", "5.00", "4.99", "5.01", "10.00")],
    "count": [None, -1, 0, 1, 2, 3, 4],
    "path": [None, "x", "y", "z"],
    "urgent": [True, False],
    "name": [None, "ab", "abc", "b", "cab", "zzz"],
    "shown": [None, "a"],
}
AMOUNTS = st.sampled_from(["0", "3", "5", "2.995", "10"])
ORDERED = st.sampled_from(["lt", "lte", "gt", "gte", "eq", "ne"])
CHOSEN = st.lists(st.sampled_from("xyz"), min_size=1, unique=True)
WORDED = st.sampled_from(["eq", "ne", "starts_with", "contains"])


def asking(field: str, op: st.SearchStrategy[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda op, value: {field: {op: value}}, op, value)


TESTS = st.one_of(
    asking("amount", ORDERED, AMOUNTS),
    asking("count", ORDERED, st.integers(0, 3)),
    asking("count", st.just("empty"), st.booleans()),
    asking("path", st.sampled_from(["in", "not_in"]), CHOSEN),
    asking("urgent", st.just("eq"), st.booleans()),
    asking("name", WORDED, st.sampled_from(["ab", "b"])),
    asking("shown", st.just("empty"), st.booleans()),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=4,
)
SMALL_FORM = form_of(FIELDS, RULES)
KINDS = kinds_of(SMALL_FORM)


def allowed(values: dict[str, Any]) -> bool:
    """Whether the form takes these values: the oracle of the property below, said once more in plain words."""
    if (values["shown"] is not None) != (values["path"] == "x"):
        return False
    return not (values["urgent"] and values["count"] is None)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CONDITIONS, min_size=1, max_size=4), st.sampled_from(["unique", "first"]), st.booleans())
def test_what_is_not_reported_does_not_exist_and_what_is_does(whens: list[Any], hit: str, otherwise: bool) -> None:
    conditions = [parse(when, KINDS)[0] for when in whens]
    found = problems_of(SMALL_FORM, [route([*whens, *(["otherwise"] if otherwise else [])], hit)])
    codes = {problem.code for problem in found}
    assert "not_proven" not in codes
    reached: set[int] = set()
    asked = sorted(frozenset().union({"path", "urgent", "count", "shown"}, *(fields_of(each) for each in conditions)))
    for row in product(*(EVERYTHING[key] for key in asked)):
        values = dict(zip(asked, row, strict=True))
        if not allowed(values):
            continue
        holding = [number for number, each in enumerate(conditions) if evaluate(each, values)]
        assert holding or otherwise or "gap" in codes, values
        assert len(holding) < 2 or hit == "first" or "overlap" in codes, values
        reached.update(holding[:1] if hit == "first" else holding)
    unreachable = {problem.path for problem in found if problem.code == "unreachable"}
    assert not {f"/steps/0/branches/{number}" for number in reached} & unreachable
    for problem in found:
        if problem.example is not None:
            holding = [each for each in conditions if evaluate(each, typed(problem.example))]
            assert len(holding) == 0 if problem.code == "gap" else len(holding) >= 2


def typed(example: Mapping[str, Any]) -> dict[str, Any]:
    return {key: Decimal(value) if key == "amount" else value for key, value in example.items()}


def test_whether_a_tree_can_hold_is_searched_once() -> None:
    space = Space()
    one, two = space.variable(3), space.variable(3)
    tree = space.some([space.every([space.within(one, 1), space.within(two, 2)]), space.within(two, 4)])
    never = space.every([space.within(one, 1), space.within(one, 2)])
    assert space.can_hold(tree)
    assert not space.can_hold(never)
    left = space.budget
    assert space.can_hold(tree)
    assert space.budget == left


def test_searches_cut_where_there_is_least_to_cut_first() -> None:
    fields = [
        {"key": "amount", "type": "money", "label": "Amount"},
        {"key": "urgent", "type": "boolean", "label": "Urgent"},
    ]
    whens = [{"amount": {"gte": str(bound)}, "urgent": True} for bound in range(9)]
    made = form_of(fields, [])
    conditions = [parse(when, kinds_of(made))[0] for when in whens]
    variables = Variables(ground_of(made), conditions, None)
    assert variables.names == ["urgent", "amount"]
    assert len(variables.domains[0].cells) < len(variables.domains[1].cells)
    assert variables.number("amount") == 1
