"""Formulas: golden cases of values, blanks and problems, and that none can run away."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.forms.formulas import (
    FUNCTIONS,
    Call,
    FormulaError,
    Tree,
    check,
    evaluate,
    fields_of,
    from_json,
    parse,
    resolve,
    to_json,
)
from signoff.forms.formulas.evaluate import MAX_STEPS
from signoff.forms.kinds import Base, Kind
from signoff.forms.schema import read_form

from .forming import NOW, SHANGHAI, document, golden, number, program, table

FILES = {name: golden(f"formulas/{name}.json") for name in ("values", "blanks", "problems")}
CASES = [(name, case) for name in ("values", "blanks") for case in FILES[name]["cases"]]


def plain(value: Any) -> Any:
    """A result as the golden files write it: digits without trailing zeros."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Decimal | int):
        number = Decimal(value)
        return format(number.normalize(), "f") if number else "0"
    return value.isoformat() if isinstance(value, date | datetime) else value


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case[0]}" for name, case in CASES])
def test_values(name: str, case: list[Any]) -> None:
    compiled = program(FILES[name]["fields"])
    tree, _ = resolve(parse(case[0]), compiled.kinds)
    values = compiled.load(FILES[name]["values"])
    assert plain(evaluate(tree, values, now=NOW, zone=SHANGHAI)) == case[1]
    assert plain(evaluate(from_json(to_json(tree)), values, now=NOW, zone=SHANGHAI)) == case[1]


@pytest.mark.parametrize("case", FILES["problems"]["cases"], ids=lambda case: case[0])
def test_problems(case: list[Any]) -> None:
    text, position, sentence = case
    with pytest.raises(FormulaError) as caught:
        check(parse(text), program(FILES["problems"]["fields"]).kinds)
    assert sentence in caught.value.message
    assert caught.value.position == position


def test_a_whole_column_is_no_value_of_a_field() -> None:
    wrong, problems = read_form(document([table("lines", number("n")), number("sum", compute="lines.n")]))
    assert wrong is None
    assert [(problem.path, problem.code) for problem in problems] == [("/fields/1/compute", "formula_type")]


def test_names_are_found_in_every_part() -> None:
    assert fields_of(parse('IF(a = "x", SUM(lines.b) + c, submitter.level%)')) == {
        "a",
        "lines.b",
        "c",
        "submitter.level",
    }


def test_true_is_not_one_although_python_says_so() -> None:
    assert evaluate(parse("TRUE"), {}, now=NOW) is True
    assert evaluate(parse("1"), {}, now=NOW) is not True
    assert parse("TRUE") != parse("1")


def test_inside_a_line_item_its_columns_come_first() -> None:
    tree = parse("total * rate")
    values = {"total": Decimal(100), "rate": Decimal(2)}
    assert evaluate(tree, values, now=NOW, row={"total": Decimal(3)}) == 6


@pytest.mark.parametrize(("text", "sentence"), [
    ("-" * 70 + "1", "deeper than 64"),
    ("+".join("1" * 600), "deeper than 64"),
    ("SUM(" + ",".join("1" * 1200) + ")", "more than 1000 parts"),
    ("1" * 4001, "longer than 4000"),
    ("(" * 1900 + "1", "ends too early"),
])  # fmt: skip
def test_what_is_too_large_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert sentence in caught.value.message


def test_parentheses_alone_make_no_deep_tree() -> None:
    assert evaluate(parse("(" * 1900 + "1" + ")" * 1900), {}, now=NOW) == 1


def test_numbers_beyond_all_bounds_are_blank() -> None:
    text = "9" * 28
    for _ in range(5):
        text = f"({text})*({text})"[:3900] if len(text) < 1900 else text
    assert evaluate(parse(text), {}, now=NOW) is not None
    huge = {"n": Decimal("1e999990")}
    assert evaluate(parse("n * n"), huge, now=NOW) is None


def test_work_that_grows_with_rows_is_counted() -> None:
    rows = tuple({"n": Decimal(1)} for _ in range(5000))
    tree = parse("SUM(" + ", ".join(["lines.n"] * (MAX_STEPS // 5000)) + ")")
    assert evaluate(tree, {"lines": rows}, now=NOW) == MAX_STEPS
    with pytest.raises(FormulaError, match="steps"):
        evaluate(Call("+", (tree, tree)), {"lines": rows}, now=NOW)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_every_function_says_what_it_does_and_its_example_parses(function: Any) -> None:
    assert function.about.endswith(".")
    assert function.name in str(to_json(parse(function.example)))


KINDS = {
    "a": Kind(Base.NUMBER),
    "b": Kind(Base.NUMBER),
    "t": Kind(Base.TEXT),
    "d": Kind(Base.DATE),
    "y": Kind(Base.BOOLEAN),
}
NUMBERS = st.recursive(
    st.sampled_from(["a", "b", "1", "0", "2.5", "0.01"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda each: f"({each[0]}{each[1]}{each[2]})"),
        st.tuples(inner, inner).map(lambda each: f"MAX({each[0]}, {each[1]})"),
        st.tuples(inner, inner, inner).map(lambda each: f"IF({each[0]} > {each[1]}, {each[2]}, {each[0]})"),
        inner.map(lambda each: f"ROUND({each}, 2)"),
        inner.map(lambda each: f"-({each})"),
        inner.map(lambda each: f"({each})%"),
    ),
    max_leaves=12,
)
DECIMALS = st.none() | st.decimals(-1000, 1000, places=2)


@given(NUMBERS, DECIMALS, DECIMALS)
def test_numbers_always_give_a_number_or_a_blank(text: str, a: Decimal | None, b: Decimal | None) -> None:
    tree: Tree = parse(text)
    assert check(tree, KINDS).sort == "number"
    value = evaluate(tree, {"a": a, "b": b}, now=NOW)
    assert value is None or (isinstance(value, Decimal) and value.is_finite())


@given(st.text(max_size=40) | st.text('aSUMIF(),.+-*/%&<>="1 ', max_size=40))
def test_any_text_parses_or_is_refused_with_a_position(text: str) -> None:
    tree, error = tried(text)
    if tree is not None:
        assert from_json(to_json(tree)) == tree
    else:
        assert error is not None
        assert 0 <= error.position <= len(text) + 1
        assert error.message


def tried(text: str) -> tuple[Tree | None, FormulaError | None]:
    try:
        return parse(text), None
    except FormulaError as error:
        return None, error
