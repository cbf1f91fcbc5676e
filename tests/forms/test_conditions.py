"""Conditions: golden cases, and an oracle that is as simple as it can be."""

# ruff: noqa: E501 (tables read by lines)

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.forms.conditions import bind, compile_condition, describe, evaluate, fields_of, parse
from signoff.forms.conditions.tree import All, AnyOf, Condition, FieldRef, Not, Op, Rows
from signoff.forms.conditions.tree import Test as FieldTest
from signoff.forms.kinds import FACTS
from signoff.forms.program import FormProgram

from .forming import choice, golden, lookup, money, program, table, text

OPERATORS = golden("conditions/operators.json")
PROBLEMS = golden("conditions/problems.json")


@pytest.fixture(scope="module")
def operators() -> FormProgram:
    return program(OPERATORS["fields"])


def values(compiled: FormProgram, json: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values of a golden case; facts are as they are."""
    facts = {key: tuple(value) if isinstance(value, list) else value for key, value in json.items() if key in FACTS}
    return {**compiled.load(json), **facts}


@pytest.mark.parametrize("case", OPERATORS["cases"], ids=lambda case: str(case["condition"])[:60])
def test_operators(operators: FormProgram, case: dict[str, Any]) -> None:
    condition, problems = parse(case["condition"], operators.kinds)
    assert problems == []
    assert [json for json in case["holds"] if not evaluate(condition, values(operators, json))] == []
    assert [json for json in case["fails"] if evaluate(condition, values(operators, json))] == []


@pytest.mark.parametrize("case", PROBLEMS["cases"], ids=lambda case: str(case["condition"])[:60])
def test_problems(case: dict[str, Any]) -> None:
    _, problems = parse(case["condition"], program(PROBLEMS["fields"]).kinds)
    assert [(problem.path, problem.code) for problem in problems] == [tuple(each[:2]) for each in case["problems"]]
    for problem, (_, _, sentence) in zip(problems, case["problems"], strict=True):
        assert sentence in problem.message


def test_paths_begin_where_the_condition_stands() -> None:
    _, problems = parse({"amout": "1"}, program([money("amount")]).kinds, "/rules/3/when")
    assert problems[0].path == "/rules/3/when/amout"


def test_a_condition_too_deep_is_refused_before_it_is_walked() -> None:
    document: Any = {"name": "x"}
    for _ in range(50):
        document = {"not": document}
    _, problems = parse(document, program([text("name")]).kinds)
    assert [problem.code for problem in problems] == ["too_deep"]


def test_without_kinds_nothing_is_known_and_nothing_is_refused() -> None:
    condition, problems = parse({"anything": {"gt": "5"}, "lines": {"any": {"quantity": 1}}}, None)
    assert problems == []
    assert fields_of(condition) == {"anything", "lines", "lines.quantity"}


def test_fields_of_names_columns_and_compared_fields() -> None:
    compiled = program([money("amount"), money("paid"), table("lines", money("total"))])
    condition, _ = parse(
        {"amount": {"lte": {"field": "paid"}}, "lines": {"all": {"total": {"gt": 0}}}, "submitter.role": "a"},
        compiled.kinds,
    )
    assert fields_of(condition) == {"amount", "paid", "lines", "lines.total", "submitter.role"}


@pytest.mark.parametrize(("document", "english", "chinese"), [
    ({"amount": {"gte": "200", "lt": "5000"}}, "Amount is at least 200 and Amount is less than 5000", "金额不小于 200，且金额小于 5000"),
    ({"tier": ["vip", "normal"]}, "Tier is one of vip, normal", "等级是vip、normal之一"),
    ({"any": [{"tier": "vip"}, {"amount": {"empty": True}}]}, "Tier is vip or Amount is empty", "等级是vip，或金额为空"),
    ({"all": [{"any": [{"tier": "vip"}, {"amount": 1}]}, {"tier": "vip"}]}, "(Tier is vip or Amount is 1) and Tier is vip", "（等级是vip，或金额是1），且等级是vip"),
    ({"not": {"tier": "vip"}}, "not (Tier is vip)", "不满足（等级是vip）"),
    ({}, "always", "总是"),
])  # fmt: skip
def test_describe(document: Any, english: str, chinese: str) -> None:
    compiled = program([
        money("amount", label={"en": "Amount", "zh": "金额"}),
        choice("tier", "normal", "vip", label={"en": "Tier", "zh": "等级"}),
    ])  # fmt: skip
    condition, _ = parse(document, compiled.kinds)
    assert describe(condition, compiled.labels("en"), "en") == english
    assert describe(condition, compiled.labels("zh"), "zh") == chinese


def test_bind_puts_this_forms_values_into_a_condition_on_another() -> None:
    compiled = program([text("city"), lookup("shop", "shop", filter={"place": {"field": "city"}, "open": True})])
    bound = compiled.lookup_filter("shop", {"city": "Xi'an"})
    assert bound is not None
    assert evaluate(bound, {"place": "Xi'an", "open": True})
    assert not evaluate(bound, {"place": "Wuhan", "open": True})
    nothing = compiled.lookup_filter("shop", {})
    assert nothing is not None
    assert not evaluate(nothing, {"place": "Xi'an", "open": True})
    assert bind(FieldTest("place", Op.NE, FieldRef("city")), {}) == All()


# an oracle: the grammar of design.md, word by word

NUMBERS = st.integers(-3, 3)
TEXTS = st.sampled_from(["", "a", "b", "ab"])
LISTS = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "n": st.none() | NUMBERS,
        "m": st.none() | NUMBERS,
        "t": st.none() | TEXTS,
        "s": st.none() | LISTS,
        "lines": st.none()
        | st.lists(st.fixed_dictionaries({}, optional={"n": NUMBERS, "t": TEXTS}), max_size=3).map(tuple),
    },
)


def numeric(key: str) -> st.SearchStrategy[Condition]:
    ordered = st.sampled_from([Op.EQ, Op.NE, Op.GT, Op.GTE, Op.LT, Op.LTE])
    single = st.builds(FieldTest, st.just(key), ordered, NUMBERS.map(Decimal) | st.just(FieldRef("m")))
    several = st.builds(
        FieldTest, st.just(key), st.sampled_from([Op.IN, Op.NOT_IN]), st.lists(NUMBERS, min_size=1).map(tuple)
    )
    return single | several | st.builds(FieldTest, st.just(key), st.just(Op.EMPTY), st.booleans())


def textual(key: str) -> st.SearchStrategy[Condition]:
    word = st.sampled_from(["a", "b", "ab"])
    operators = st.sampled_from([Op.EQ, Op.NE, Op.CONTAINS, Op.STARTS_WITH])
    return st.builds(FieldTest, st.just(key), operators, word) | st.builds(
        FieldTest, st.just(key), st.just(Op.EMPTY), st.booleans()
    )


def choices(key: str) -> st.SearchStrategy[Condition]:
    one = st.builds(FieldTest, st.just(key), st.sampled_from([Op.EQ, Op.NE, Op.CONTAINS]), st.sampled_from("abc"))
    words = st.lists(st.sampled_from("abc"), min_size=1).map(tuple)
    return one | st.builds(FieldTest, st.just(key), st.sampled_from([Op.IN, Op.NOT_IN]), words)


ROWS = st.builds(Rows, st.just("lines"), st.booleans(), numeric("n") | textual("t"))
CONDITIONS = st.recursive(
    numeric("n") | textual("t") | choices("s") | ROWS,
    lambda inner: (
        st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=8,
)


def oracle(condition: Condition, found: Mapping[str, Any]) -> bool:
    match condition:
        case All(parts):
            return all(oracle(part, found) for part in parts)
        case AnyOf(parts):
            return any(oracle(part, found) for part in parts)
        case Not(part):
            return not oracle(part, found)
        case Rows(table_key, every, part):
            rows = found.get(table_key) or ()
            results = [oracle(part, {**found, **row}) for row in rows]
            return bool(rows) and (all(results) if every else any(results))
        case FieldTest():
            return oracle_test(condition, found)


def oracle_test(test: FieldTest, found: Mapping[str, Any]) -> bool:
    value = found.get(test.field)
    operand = found.get(test.operand.key) if isinstance(test.operand, FieldRef) else test.operand
    blank = value in (None, "", ())
    missing = operand in (None, "", ()) and test.op is not Op.EMPTY
    candidates = value if isinstance(value, tuple) else (value,)
    match test.op:
        case Op.EMPTY:
            return blank is operand
        case Op.EQ:
            return not blank and not missing and operand in candidates
        case Op.NE:
            return blank or missing or operand not in candidates
        case Op.IN:
            return not blank and any(each in operand for each in candidates)
        case Op.NOT_IN:
            return blank or not any(each in operand for each in candidates)
    if blank or missing:
        return False
    assert value is not None
    return {
        Op.GT: lambda: value > operand,
        Op.GTE: lambda: value >= operand,
        Op.LT: lambda: value < operand,
        Op.LTE: lambda: value <= operand,
        Op.CONTAINS: lambda: operand in value,
        Op.STARTS_WITH: lambda: value.startswith(operand),
    }[test.op]()


@given(CONDITIONS, VALUES)
def test_evaluating_agrees_with_the_oracle(condition: Condition, found: dict[str, Any]) -> None:
    assert compile_condition(condition)(found) is oracle(condition, found)
