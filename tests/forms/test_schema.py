"""The door from ``form/1``: every wrong definition is refused with all of its problems, where they are, with the way out."""

# ruff: noqa: E501 (tables read by lines)

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.forms.compile import compile_form
from signoff.forms.definition import Form
from signoff.forms.schema import RESERVED, read_form

from ..conftest import definition
from .forming import choice, context, document, form, lookup, money, number, program, table, text

EXAMPLES = ("product", "sales_order", "stock_movement", "refund")


def problems_of(wrong: Any) -> list[tuple[str, str]]:
    found, problems = read_form(wrong)
    assert found is None
    assert all(problem.message for problem in problems)
    return [(problem.path, problem.code) for problem in problems]


def sentences_of(wrong: Any) -> str:
    return "\n".join(problem.message for problem in read_form(wrong)[1])


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_have_no_problem(name: str) -> None:
    examples = {each: read_form(definition(f"{each}.form"))[0] for each in EXAMPLES}
    example = examples[name]
    assert example is not None
    compiled, problems = compile_form(example, forms=examples.get)
    assert (compiled is not None, problems) == (True, [])


def test_defaults_and_options_are_filled() -> None:
    read = form([text("first_name"), choice("tier", "vip"), {"key": "f", "type": "file", "max_size": "2MB"}])
    assert [field.label for field in read.fields] == ["First name", "Tier", "F"]
    assert read.fields[0].options == {"max_length": 500}
    assert read.fields[1].options["options"] == ({"value": "vip", "label": "Vip"},)
    assert (read.fields[2].options["max_size"], read.fields[2].options["multiple"]) == (2 * 1024**2, False)
    assert (read.access.create, read.public.fill, read.layout, read.number) == (("*",), False, (), None)


def test_widths_of_the_layout() -> None:
    read = form([text("a"), text("b")], layout=[{"title": "Top", "rows": [[{"field": "a", "width": 8}, "b"]]}])
    assert (read.layout[0].rows, read.layout[0].widths) == ((("a", "b"),), {"a": 8})


@pytest.mark.parametrize("wrong", [None, [], "form/1", 5, {}])
def test_what_is_no_form(wrong: Any) -> None:
    assert problems_of(wrong)


def test_what_is_missing_or_unknown_in_the_form() -> None:
    assert set(problems_of({"schema": "form/2", "fields": [], "titel": "x", "key": "A b"})) == {
        ("/schema", "wrong_value"), ("/key", "wrong_value"), ("/title", "missing"), ("/titel", "unknown_key"),
        ("/fields", "missing"),
    }  # fmt: skip
    assert "Did you mean “title”?" in sentences_of({"titel": "x"})


FIELD_CASES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"type": "text"}, [("/key", "missing")]),
    ({"key": "x"}, [("/type", "missing")]),
    ({"key": "x", "type": "iban"}, [("/type", "unknown_type")]),
    ({"key": "x", "type": 5}, [("/type", "unknown_type")]),
    ({"key": "x", "type": ["text"]}, [("/type", "unknown_type")]),
    ({"key": "__class__", "type": "text"}, [("/key", "wrong_value")]),
    ({"key": "X", "type": "text"}, [("/key", "wrong_value")]),
    ({"key": "x" * 64, "type": "text"}, [("/key", "wrong_value")]),
    ({"key": "a.b", "type": "text"}, [("/key", "wrong_value")]),
    ({"key": None, "type": "text"}, [("/key", "missing")]),
    ({"key": "submitter", "type": "text"}, [("/key", "reserved_key")]),
    ({"key": "all", "type": "text"}, [("/key", "reserved_key")]),
    ({"key": "x", "type": "text", "requird": True}, [("/requird", "unknown_key")]),
    ({"key": "x", "type": "text", "required": "yes"}, [("/required", "wrong_value")]),
    ({"key": "x", "type": "text", "required": 1}, [("/required", "wrong_value")]),
    ({"key": "x", "type": "text", "label": 5}, [("/label", "wrong_value")]),
    ({"key": "x", "type": "text", "label": {"en": "X", "de": "X"}}, [("/label/de", "wrong_value")]),
    ({"key": "x", "type": "text", "label": {}}, [("/label", "wrong_value")]),
    ({"key": "x", "type": "text", "max_length": 5.7}, [("/max_length", "wrong_value")]),
    ({"key": "x", "type": "text", "max_length": "5"}, [("/max_length", "wrong_value")]),
    ({"key": "x", "type": "text", "max_length": True}, [("/max_length", "wrong_value")]),
    ({"key": "x", "type": "text", "max_length": 0}, [("/max_length", "wrong_value")]),
    ({"key": "x", "type": "text", "min_length": 9, "max_length": 3}, [("/min_length", "min_above_max")]),
    ({"key": "x", "type": "text", "pattern": "(a"}, [("/pattern", "wrong_value")]),
    ({"key": "x", "type": "text", "currency": "CNY"}, [("/currency", "unknown_key")]),
    ({"key": "x", "type": "money", "currency": "RMB"}, [("/currency", "wrong_value")]),
    ({"key": "x", "type": "money", "min": 0.5}, [("/min", "wrong_value")]),
    ({"key": "x", "type": "money", "min": "0.005"}, [("/min", "too_precise")]),
    ({"key": "x", "type": "money", "min": "5", "max": "4"}, [("/min", "min_above_max")]),
    ({"key": "x", "type": "integer", "min": "5"}, [("/min", "wrong_value")]),
    ({"key": "x", "type": "integer", "min": 5, "max": 4}, [("/min", "min_above_max")]),
    ({"key": "x", "type": "date", "min": "2026-13-01"}, [("/min", "wrong_value")]),
    ({"key": "x", "type": "choice"}, [("/options", "missing")]),
    ({"key": "x", "type": "choice", "options": []}, [("/options", "wrong_value")]),
    ({"key": "x", "type": "choice", "options": ["a"]}, [("/options/0", "wrong_value")]),
    ({"key": "x", "type": "choice", "options": [{"value": 1}]}, [("/options/0/value", "wrong_value")]),
    ({"key": "x", "type": "choice", "options": [{"value": "a"}, {"value": "a"}]}, [("/options/1/value", "wrong_value")]),
    ({"key": "x", "type": "choice", "options": [{"value": "a", "colour": "red"}]}, [("/options/0/colour", "wrong_value")]),
    ({"key": "x", "type": "file", "max_size": "10"}, [("/max_size", "wrong_value")]),
    ({"key": "x", "type": "file", "max_size": 10}, [("/max_size", "wrong_value")]),
    ({"key": "x", "type": "file", "accept": ["pdf"]}, [("/accept/0", "wrong_value")]),
    ({"key": "x", "type": "file", "accept": "image/*"}, [("/accept", "wrong_value")]),
    ({"key": "x", "type": "file", "multiple": "yes"}, [("/multiple", "wrong_value")]),
    ({"key": "x", "type": "lookup"}, [("/form", "missing")]),
    ({"key": "x", "type": "lookup", "form": "y", "fill": {"a": 5}}, [("/fill/a", "wrong_value")]),
    ({"key": "x", "type": "lookup", "form": "y", "fill": {"a": "b"}}, [("/fill/a", "unknown_field")]),
    ({"key": "x", "type": "lookup", "form": "y", "fill": {"x": "b"}}, [("/fill/x", "does_not_fit")]),
    ({"key": "x", "type": "lookup", "form": "y", "filter": {"a": {"over": 1}}}, [("/filter/a/over", "unknown_operator")]),
    ({"key": "x", "type": "table"}, [("/columns", "missing"), ("/columns", "missing")]),
    ({"key": "x", "type": "table", "columns": [{"key": "y", "type": "table", "columns": []}]}, [("/columns/0/type", "wrong_type")]),
    ({"key": "x", "type": "table", "columns": [{"key": "y", "type": "note"}]}, [("/columns/0/type", "wrong_type")]),
    ({"key": "x", "type": "table", "columns": [{"key": "y", "type": "text", "unique": True}]}, [("/columns/0/unique", "unknown_key")]),
    ({"key": "x", "type": "table", "columns": [{"key": "y", "type": "text"}] * 2}, [("/columns/1/key", "duplicate_key")]),
    ({"key": "x", "type": "table", "columns": [{"key": "y", "type": "text"}], "min_rows": 9, "max_rows": 3}, [("/min_rows", "min_above_max")]),
    ({"key": "x", "type": "table", "columns": [{"key": "y", "type": "text"}], "max_rows": 100_000}, [("/max_rows", "wrong_value")]),
    ({"key": "x", "type": "file", "compute": "1"}, [("/compute", "does_not_fit"), ("/compute", "formula_type")]),
    ({"key": "x", "type": "number", "compute": "1", "default": "1"}, [("/default", "does_not_fit")]),
    ({"key": "x", "type": "number", "compute": "1 +"}, [("/compute", "formula")]),
    ({"key": "x", "type": "number", "compute": '"a"'}, [("/compute", "formula_type")]),
    ({"key": "x", "type": "text", "compute": "1"}, [("/compute", "formula_type")]),
    ({"key": "x", "type": "number", "compute": "x"}, [("", "cycle")]),
    ({"key": "x", "type": "number", "default": 0.5}, [("/default", "wrong_default")]),
    ({"key": "x", "type": "integer", "min": 1, "default": 0}, [("/default", "wrong_default")]),
    ({"key": "x", "type": "choice", "options": [{"value": "a"}], "default": "b"}, [("/default", "wrong_default")]),
    ({"key": "x", "type": "file", "unique": True}, [("/unique", "does_not_fit")]),
    ({"key": "x", "type": "text", "total": {"form": "y", "sum": "q", "match": "m"}}, [("/total", "unknown_key")]),
    ({"key": "x", "type": "integer", "total": {"form": "y", "sum": "q"}}, [("/total/match", "missing")]),
    ({"key": "x", "type": "integer", "total": {"form": "y", "sum": "q", "match": "m"}, "default": 1}, [("/total", "does_not_fit")]),
    ({"key": "x", "type": "integer", "total": "y"}, [("/total", "wrong_type")]),
    ("text", [("", "wrong_type")]),  # type: ignore[list-item]
]  # fmt: skip


@pytest.mark.parametrize(("field", "problems"), FIELD_CASES, ids=lambda each: str(each)[:60])
def test_wrong_fields(field: Any, problems: list[tuple[str, str]]) -> None:
    assert problems_of(document([field])) == [("/fields/0" + path, code) for path, code in problems]


RULE_CASES: list[tuple[Any, list[tuple[str, str]]]] = [
    ({"when": {"b": "x"}}, [("", "no_effect")]),
    ({}, [("", "no_effect")]),
    ({"when": {"bb": "x"}, "show": ["a"]}, [("/when/bb", "unknown_field")]),
    ({"when": {"b": "x"}, "show": ["c"]}, [("/show/0", "unknown_field")]),
    ({"when": {"b": "x"}, "show": ["lines.c"]}, [("/show/0", "unknown_field")]),
    ({"when": {"b": "x"}, "show": "a"}, [("/show", "wrong_value")]),
    ({"when": {"b": "x"}, "show": ["a", "a"]}, [("/show/1", "wrong_value")]),
    ({"when": {"b": "x"}, "shw": ["a"]}, [("/shw", "unknown_key")]),
    ({"when": {"tier": "gold"}, "hide": ["a"]}, [("/when/tier", "wrong_operand")]),
    ({"when": {"n": {"contains": "1"}}, "hide": ["a"]}, [("/when/n/contains", "wrong_operator")]),
    ({"when": {"n": {"gt": 1.5}}, "hide": ["a"]}, [("/when/n/gt", "wrong_operand")]),
    ({"when": "n + 1", "hide": ["a"]}, [("/when", "formula_type")]),
    ({"when": "n >", "hide": ["a"]}, [("/when", "formula")]),
    ({"when": {"a": "x"}, "show": ["a"]}, [("@/fields/0", "cycle")]),
    ({"when": {"a": "x"}, "require": ["a"]}, []),
    ({"when": {"b": "x"}, "set": {"c": "1"}}, [("/set/c", "unknown_field")]),
    ({"when": {"b": "x"}, "set": {"sum": "1"}}, [("/set/sum", "does_not_fit")]),
    ({"when": {"b": "x"}, "set": {"n": '"a"'}}, [("/set/n", "formula_type")]),
    ({"when": {"b": "x"}, "set": {"n": "n + 1"}}, [("@/fields/2", "cycle")]),
    ({"when": {"b": "x"}, "set": {"n": 5}}, [("/set/n", "wrong_value")]),
    ({"check": "n"}, [("/check", "formula_type")]),
    ({"check": {"n": {"gt": "x"}}}, [("/check/n/gt", "wrong_operand")]),
    ({"check": "n > 0", "at": "c"}, [("/at", "unknown_field")]),
    ({"check": "n > 0", "at": "lines.c"}, [("/at", "unknown_field")]),
    ({"check": "quantity > 0", "at": "lines.quantity"}, []),
    ({"check": "quantity > 0", "at": "lines"}, [("/check", "formula")]),
    ({"when": {"b": "x"}, "hide": ["a"], "message": "x"}, [("", "no_check")]),
    ([], [("", "wrong_type")]),
]  # fmt: skip
RULE_FIELDS = [
    text("a"),
    text("b"),
    number("n"),
    choice("tier", "vip"),
    table("lines", number("quantity")),
    number("sum", compute="n"),
]


@pytest.mark.parametrize(("rule", "problems"), RULE_CASES, ids=lambda each: str(each)[:60])
def test_wrong_rules(rule: Any, problems: list[tuple[str, str]]) -> None:
    wrong = document(RULE_FIELDS, rules=[rule])
    expected = [(path[1:] if path.startswith("@") else "/rules/0" + path, code) for path, code in problems]
    assert [(problem.path, problem.code) for problem in read_form(wrong)[1]] == expected


@pytest.mark.parametrize(("more", "problems"), [
    ({"summary": ["a", "x"]}, [("/summary/1", "unknown_field")]),
    ({"summary": ["a", "b", "n", "tier", "lines", "sum"]}, [("/summary", "too_many")]),
    ({"summary": "a"}, [("/summary", "wrong_value")]),
    ({"layout": [{"rows": [["a", "x"]]}]}, [("/layout/0/rows/0/1", "unknown_field")]),
    ({"layout": [{"rows": [["a"], ["a"]]}]}, [("/layout/0/rows/1/0", "duplicate")]),
    ({"layout": [{"rows": ["a"]}]}, [("/layout/0/rows", "wrong_value")]),
    ({"layout": [{"rows": [[{"field": "a", "width": 13}]]}]}, [("/layout/0/rows/0/0", "wrong_value")]),
    ({"layout": [{"title": "x"}]}, [("/layout/0/rows", "missing")]),
    ({"layout": {}}, [("/layout", "wrong_type")]),
    ({"public": {"fill": "yes"}}, [("/public/fill", "wrong_value")]),
    ({"public": {"status": ["number", "x"]}}, [("/public/status/1", "unknown_field")]),
    ({"public": True}, [("/public", "wrong_type")]),
    ({"access": {"create": "staff"}}, [("/access/create", "wrong_value")]),
    ({"access": {"writes": ["staff"]}}, [("/access/writes", "unknown_key")]),
    ({"number": "RF-{yyyy}"}, [("/number", "wrong_value")]),
    ({"number": 5}, [("/number", "wrong_value")]),
    ({"rules": {}}, [("/rules", "wrong_type")]),
])  # fmt: skip
def test_wrong_parts_of_the_form(more: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert problems_of(document(RULE_FIELDS, **more)) == problems


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_words_of_conditions_and_formulas_are_no_keys(key: str) -> None:
    assert problems_of(document([text(key)])) == [("/fields/0/key", "reserved_key")]


def test_a_broken_field_does_not_hide_or_multiply_the_problems_of_others() -> None:
    wrong = document(
        [{"key": "a", "type": "iban"}, number("n", compute="a + m"), table("lines", {"key": "q", "type": "nope"})],
        rules=[{"when": {"a": {"gt": 5}}, "show": ["a", "n"]}, {"check": "SUM(lines.q) > 0", "at": "lines"}],
        summary=["a", "lines"],
    )
    assert problems_of(wrong) == [
        ("/fields/0/type", "unknown_type"), ("/fields/2/columns/0/type", "unknown_type"), ("/fields/1/compute", "formula"),
    ]  # fmt: skip


def test_a_circle_names_its_members() -> None:
    wrong = document([number("a", compute="b"), number("b", compute="c + 1"), number("c", compute="SUM(lines.d)"), table("lines", number("d", compute="a"))])  # fmt: skip
    assert problems_of(wrong) == [("/fields/0", "cycle")]
    assert "a → b → c → lines.d → a" in sentences_of(wrong)


@pytest.mark.parametrize(("fields", "rules"), [
    ([text("a"), text("b")], [{"when": {"a": "x"}, "show": ["b"]}, {"when": {"b": "x"}, "hide": ["a"]}]),
    ([number("a"), number("b", compute="a")], [{"when": {"b": 1}, "readonly": ["a"]}]),
    ([number("a"), number("b")], [{"when": {"b": 1}, "set": {"a": "1"}}, {"set": {"b": "a"}}]),
    ([lookup("o", "x", fill={"a": "b"}), text("a")], [{"when": {"a": "x"}, "hide": ["o"]}]),
    ([text("a"), table("t", number("n"), number("m", compute="n"))], [{"when": {"a": "x"}, "show": ["t.n"]}, {"when": "SUM(t.m) > 1", "show": ["a"]}]),
])  # fmt: skip
def test_circles_through_rules(fields: list[dict[str, Any]], rules: list[dict[str, Any]]) -> None:
    assert [code for _, code in problems_of(document(fields, rules=rules))] == ["cycle"]


def test_a_column_may_depend_on_a_field_that_depends_on_another_column() -> None:
    compiled = program([
        table("lines", number("quantity"), number("share", compute="quantity / all_of_it")),
        number("all_of_it", compute="SUM(lines.quantity)"),
    ])  # fmt: skip
    assert [plan.name for plan in compiled.plans] == ["lines", "all_of_it", "lines.share"]


OTHERS: dict[str, Form] = {
    "product": form([text("sku"), money("price"), choice("state", "on", "off")]),
    "movement": form([lookup("product", "sample"), number("quantity"), text("note"), lookup("shop", "shop")]),
}  # fmt: skip


@pytest.mark.parametrize(("field", "problems"), [
    (lookup("x", "product", show=["sku"], fill={"y": "price"}, filter={"state": "on"}), []),
    (lookup("x", "product", show=["number"], fill={"y": "number"}), []),
    (lookup("x", "nothing"), [("/form", "unknown_form")]),
    (lookup("x", "product", show=["skuu"]), [("/show/0", "unknown_field")]),
    (lookup("x", "product", fill={"y": "cost"}), [("/fill/y", "unknown_field")]),
    (lookup("x", "product", filter={"state": "open"}), [("/filter/state", "wrong_operand")]),
    (lookup("x", "product", filter={"state": {"field": "z"}}), [("/filter/state/field", "unknown_field")]),
    (lookup("x", "sample", show=["y"]), []),
    ({"key": "x", "type": "number", "total": {"form": "movement", "sum": "quantity", "match": "product"}}, []),
    ({"key": "x", "type": "number", "total": {"form": "nothing", "sum": "quantity", "match": "product"}}, [("/total/form", "unknown_form")]),
    ({"key": "x", "type": "number", "total": {"form": "movement", "sum": "note", "match": "product"}}, [("/total/sum", "does_not_fit")]),
    ({"key": "x", "type": "number", "total": {"form": "movement", "sum": "q", "match": "p"}}, [("/total/sum", "unknown_field"), ("/total/match", "unknown_field")]),
    ({"key": "x", "type": "number", "total": {"form": "movement", "sum": "quantity", "match": "shop"}}, [("/total/match", "does_not_fit")]),
], ids=lambda each: str(each)[:80])  # fmt: skip
def test_what_is_said_of_other_forms(field: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    read, own = read_form(document([field, text("y")]))
    found = own if read is None else compile_form(read, forms=OTHERS.get)[1]
    assert [(problem.path, problem.code) for problem in found] == [
        ("/fields/0" + path, code) for path, code in problems
    ]


def test_a_form_of_500_fields_compiles_and_of_501_is_refused() -> None:
    fields = [number(f"n{index}", compute=f"n{index - 1} + 1" if index else "1") for index in range(500)]
    compiled = program(fields)
    assert compiled.read({}, context()).values["n499"] == 500
    assert ("/fields", "too_many") in problems_of(document([*fields, number("x")]))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "amount", "lines.total", "1", "amount > 1"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["en", "key", "type", "amount", "any", "gt", "form"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_whatever_is_changed_in_a_definition_it_is_read_or_refused(data: st.DataObject) -> None:
    wrong: Any = definition(f"{data.draw(st.sampled_from(EXAMPLES))}.form")
    for _ in range(data.draw(st.integers(1, 3))):
        change(wrong, data)
    found, problems = read_form(wrong)
    assert (found is None) is any(problem.severity == "error" for problem in problems)
    assert all(problem.path == "" or problem.path.startswith("/") for problem in problems)
    if found is not None:
        compiled, more = compile_form(found)
        assert compiled is not None, more
        compiled.read({}, context())


def change(document: Any, data: st.DataObject) -> None:
    """Put something else, or nothing, at some place in the document."""
    at = document
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
            break
        at = at[key]
    if data.draw(st.booleans()):
        at[key] = data.draw(JSON)
    elif isinstance(at, dict) and data.draw(st.booleans()):
        at[data.draw(st.sampled_from(["compute", "total", "fill", "filter", "options", "columns", "nonsense"]))] = (
            data.draw(JSON)
        )
    else:
        del at[key]
