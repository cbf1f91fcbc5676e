"""What a submission becomes: visibility, requiredness, rights, fills, defaults, formulas and checks, a row a rule."""

# ruff: noqa: E501 (tables read by lines)

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from signoff.forms.program import FormProgram
from signoff.forms.reading import Found, ReadContext, Reading

from .forming import choice, codes, context, golden, lookup, money, number, program, records, table, text

D = Decimal


def read(compiled: FormProgram, raw: dict[str, Any], **more: Any) -> Reading:
    return compiled.read(raw, context(**more))


def again(compiled: FormProgram, before: Reading, raw: dict[str, Any], **more: Any) -> Reading:
    """A second submission over what the first one left."""
    return compiled.read(raw, context(previous=before.values, previous_links=before.links, **more))


# visibility

SHOWN = program(
    [choice("method", "bank", "cash"), text("account", required=True, default="none"), text("bank"), text("copy", compute='account & "!"')],
    rules=[
        {"when": {"method": "bank"}, "show": ["account", "bank"]},
        {"when": {"bank": "X"}, "hide": ["account"]},
    ],
)  # fmt: skip


@pytest.mark.parametrize(("raw", "visible", "values", "problems"), [
    ({}, {"method", "copy"}, {"copy": "!"}, []),
    ({"method": "cash", "account": "1"}, {"method", "copy"}, {"method": "cash", "copy": "!"}, []),
    ({"method": "bank"}, {"method", "account", "bank", "copy"}, {"method": "bank", "account": "none", "copy": "none!"}, []),
    ({"method": "bank", "account": ""}, {"method", "account", "bank", "copy"}, {"method": "bank", "copy": "!"}, [("/values/account", "required")]),
    ({"method": "bank", "account": "1", "bank": "X"}, {"method", "bank", "copy"}, {"method": "bank", "bank": "X", "copy": "!"}, []),
    ({"method": "cash", "bank": "X", "account": "1"}, {"method", "copy"}, {"method": "cash", "copy": "!"}, []),
])  # fmt: skip
def test_a_field_that_some_rule_shows_is_hidden_until_one_holds_and_hidden_is_blank(
    raw: dict[str, Any], visible: set[str], values: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    reading = read(SHOWN, raw)
    assert (set(reading.visible), dict(reading.values), codes(reading)) == (visible, values, problems)


def test_a_field_shown_by_one_of_several_rules() -> None:
    compiled = program(
        [text("a"), text("b"), text("c")],
        rules=[{"when": {"a": "x"}, "show": ["c"]}, {"when": {"b": "x"}, "show": ["c"]}],
    )
    assert [("c" in read(compiled, raw).visible) for raw in ({}, {"a": "x"}, {"b": "x"}, {"a": "x", "b": "x"})] == [
        False,
        True,
        True,
        True,
    ]


def test_a_hidden_field_loses_its_value_and_finds_its_default_no_more() -> None:
    shown = read(SHOWN, {"method": "bank", "account": "1"})
    hidden = again(SHOWN, shown, {"method": "cash"}, partial=True)
    assert "account" not in hidden.values
    assert "account" not in again(SHOWN, hidden, {"method": "bank"}, partial=True, draft=True).values


def test_hidden_chains_are_followed_in_order_of_dependence() -> None:
    compiled = program(
        [text("c"), text("b"), text("a")],
        rules=[{"when": {"a": "x"}, "show": ["b"]}, {"when": {"b": "x"}, "show": ["c"]}],
    )
    assert dict(read(compiled, {"c": "1", "b": "x"}).values) == {}
    assert dict(read(compiled, {"c": "1", "b": "x", "a": "x"}).values) == {"a": "x", "b": "x", "c": "1"}


def test_a_hidden_column_is_blank_in_every_row() -> None:
    compiled = program(
        [
            choice("kind", "in", "out"),
            table("lines", number("n"), text("why", required=True), number("twice", compute="n * 2")),
        ],
        rules=[{"when": {"kind": "out"}, "show": ["lines.why", "lines.twice"]}],
    )
    lines = [{"n": "1", "why": "x"}, {"n": "2"}]
    assert read(compiled, {"kind": "in", "lines": lines}).values["lines"] == ({"n": D(1)}, {"n": D(2)})
    reading = read(compiled, {"kind": "out", "lines": lines})
    assert reading.values["lines"] == ({"n": D(1), "why": "x", "twice": D(2)}, {"n": D(2), "twice": D(4)})
    assert codes(reading) == [("/values/lines/1/why", "required")]
    assert read(compiled, {}).visible == {"kind", "lines", "lines.n"}


def test_notes_are_shown_and_hidden_and_take_no_value() -> None:
    compiled = program([text("a"), {"key": "hint", "type": "note"}], rules=[{"when": {"a": "x"}, "show": ["hint"]}])
    assert "hint" in read(compiled, {"a": "x"}).visible
    assert "hint" not in read(compiled, {}).visible
    assert codes(read(compiled, {"hint": "x"})) == [("/values/hint", "unknown_field")]


# required


@pytest.mark.parametrize(("raw", "problems"), [
    ({}, ["name", "agree"]),
    ({"name": " "}, ["name", "agree"]),
    ({"name": "x", "agree": False}, []),
    ({"name": "x", "agree": True}, []),
    ({"name": "x", "agree": True, "kind": "b"}, ["why"]),
    ({"name": "x", "agree": True, "kind": "b", "why": "y"}, []),
])  # fmt: skip
def test_required(raw: dict[str, Any], problems: list[str]) -> None:
    compiled = program(
        [
            text("name", required=True),
            {"key": "agree", "type": "boolean", "required": True},
            choice("kind", "a", "b"),
            text("why"),
        ],
        rules=[{"when": {"kind": "b"}, "require": ["why"]}],
    )
    reading = read(compiled, raw)
    assert codes(reading) == [(f"/values/{key}", "required") for key in problems]
    assert reading.required == {"name", "agree"} | ({"why"} if raw.get("kind") == "b" else set())


def test_a_draft_may_lack_things_but_what_is_there_must_fit() -> None:
    compiled = program(
        [text("name", required=True), number("n"), table("lines", number("q", required=True), min_rows=1)],
        rules=[{"check": "n > 0", "at": "n"}],
    )
    assert codes(read(compiled, {"n": "-1"}, draft=True)) == []
    assert codes(read(compiled, {"n": "x", "lines": [{"q": "y"}]}, draft=True)) == [
        ("/values/n", "invalid"),
        ("/values/lines/0/q", "invalid"),
    ]
    assert read(compiled, {}, draft=True).required == {"name", "lines.q"}
    assert codes(read(compiled, {"n": "-1"})) == [
        ("/values/name", "required"),
        ("/values/n", "check"),
        ("/values/lines", "too_few_rows"),
    ]


# what a client sends is never trusted


def test_computed_fields_and_totals_never_come_from_the_client() -> None:
    compiled = program([
        number("a"), number("b", compute="a * 2"), {"key": "stock", "type": "integer", "total": {"form": "m", "sum": "q", "match": "p"}},
    ])  # fmt: skip
    reading = read(compiled, {"a": "1", "b": "99", "stock": 50})
    assert dict(reading.values) == {"a": D(1), "b": D(2)}
    assert reading.readonly == {"b", "stock"}
    assert again(compiled, replace(reading, values={"a": D(1), "stock": 7}), {"a": "2", "stock": 50}).values == {
        "a": D(2),
        "b": D(4),
        "stock": 7,
    }


def test_unknown_keys_are_problems_with_their_path() -> None:
    compiled = program([text("a"), table("lines", number("q"))])
    reading = read(compiled, {"a": "x", "b/c": 1, "lines": [{"q": "1", "__class__": 2}]})
    assert codes(reading) == [("/values/lines/0/__class__", "unknown_field"), ("/values/b~1c", "unknown_field")]


READONLY = program(
    [lookup("order", "order", fill={"name": "customer", "tier": "tier"}), text("name"), choice("tier", "normal", "vip", default="normal"), text("mail")],
    rules=[{"when": {"order": {"empty": False}}, "readonly": ["name", "tier", "mail"]}],
)  # fmt: skip
LI = Found(1, "order", 4, "SO-1", {"number": "SO-1", "customer": "Li", "tier": "vip"})
WU = Found(2, "order", 1, "SO-2", {"number": "SO-2", "customer": "Wu"})
ORDERS = records(LI, WU)


@pytest.mark.parametrize(("raw", "values"), [
    ({}, {"tier": "normal"}),
    ({"name": "Me", "tier": "vip"}, {"name": "Me", "tier": "vip"}),
    ({"order": 1, "name": "Me", "tier": "normal", "mail": "x"}, {"order": 1, "name": "Li", "tier": "vip"}),
    ({"order": 2, "tier": "vip"}, {"order": 2, "name": "Wu"}),
    ({"order": "#1"}, {"order": 1, "name": "Li", "tier": "vip"}),
    ({"order": "SO-2"}, {"order": 2, "name": "Wu"}),
])  # fmt: skip
def test_readonly_under_a_rule_ignores_the_client_and_keeps_what_is_filled(
    raw: dict[str, Any], values: dict[str, Any]
) -> None:
    assert dict(read(READONLY, raw, lookups=ORDERS).values) == values


def test_filled_values_stay_as_they_were_while_the_lookup_stays() -> None:
    first = read(READONLY, {"order": 1}, lookups=ORDERS)
    changed = records(replace(LI, revision=5, values={"customer": "Li Na", "tier": "normal"}), WU)
    same = again(READONLY, first, {"order": "#1", "name": "x"}, lookups=changed)
    assert (same.values, same.links) == (first.values, first.links)
    assert same.links == {"/order": {"id": 1, "form": "order", "revision": 4, "title": "SO-1"}}
    other = again(READONLY, first, {"order": 2}, lookups=changed)
    assert dict(other.values) == {"order": 2, "name": "Wu"}
    assert dict(again(READONLY, other, {"order": ""}, lookups=changed).values) == {}


def test_what_is_open_may_be_corrected_after_it_was_filled() -> None:
    compiled = program([lookup("order", "order", fill={"name": "customer"}), text("name")])
    assert read(compiled, {"order": 1, "name": "Somebody"}, lookups=ORDERS).values["name"] == "Somebody"
    assert read(compiled, {"order": 1, "name": ""}, lookups=ORDERS).values["name"] == "Li"
    assert (
        "name"
        not in again(
            compiled, read(compiled, {"order": 1}, lookups=ORDERS), {"order": 1, "name": ""}, lookups=ORDERS
        ).values
    )


def test_a_filled_value_must_fit_like_any_other() -> None:
    compiled = program([lookup("order", "order", fill={"tier": "customer"}), choice("tier", "vip")])
    reading = read(compiled, {"order": 1}, lookups=ORDERS)
    assert codes(reading) == [("/values/tier", "not_a_choice")]


def test_a_lookup_fills_another_lookup() -> None:
    compiled = program(
        [lookup("order", "order", fill={"shop": "shop"}), lookup("shop", "shop", fill={"city": "city"}), text("city")]
    )
    shop = Found(9, "shop", 1, "West", {"city": "Xi'an"})
    found = records(Found(1, "order", 1, "SO-1", {"shop": 9}), shop)
    reading = read(compiled, {"order": 1}, lookups=found)
    assert (dict(reading.values), set(reading.links)) == ({"order": 1, "shop": 9, "city": "Xi'an"}, {"/order", "/shop"})


def test_a_record_that_the_filter_does_not_offer_is_refused() -> None:
    compiled = program([text("city"), lookup("shop", "shop", filter={"city": {"field": "city"}})])
    found = records(Found(9, "shop", 1, "West", {"city": "Xi'an"}))
    assert codes(read(compiled, {"city": "Wuhan", "shop": 9}, lookups=found)) == [("/values/shop", "not_offered")]
    assert codes(read(compiled, {"city": "Xi'an", "shop": 9}, lookups=found)) == []


# defaults, and what an absent key means

DEFAULTS = program([text("a", default="x"), number("n"), {"key": "on", "type": "date", "default": "today"}])


@pytest.mark.parametrize(("previous", "raw", "partial", "values"), [
    (None, {}, False, {"a": "x", "on": date(2026, 3, 6)}),
    (None, {"a": ""}, False, {"on": date(2026, 3, 6)}),
    (None, {}, True, {"a": "x", "on": date(2026, 3, 6)}),
    ({"n": D(1)}, {}, False, {}),
    ({"n": D(1)}, {}, True, {"n": D(1)}),
    ({"a": "y", "n": D(1)}, {"n": ""}, True, {"a": "y"}),
])  # fmt: skip
def test_defaults_apply_only_to_absent_keys_of_a_first_filing(
    previous: dict[str, Any] | None, raw: dict[str, Any], partial: bool, values: dict[str, Any]
) -> None:
    assert dict(read(DEFAULTS, raw, previous=previous, partial=partial).values) == values


# set


def test_set_gives_a_value_while_the_rule_holds_and_the_last_rule_wins() -> None:
    compiled = program(
        [choice("tier", "normal", "vip"), number("rate"), number("price", default="10")],
        rules=[
            {"when": {"tier": ["normal", "vip"]}, "set": {"rate": "1"}},
            {"when": {"tier": "vip"}, "set": {"rate": "price * 10%"}},
        ],
    )
    vip = read(compiled, {"tier": "vip", "rate": "5"})
    assert (vip.values["rate"], "rate" in vip.readonly) == (D(1), True)
    assert read(compiled, {"tier": "normal", "rate": "5"}).values["rate"] == 1
    free = read(compiled, {"rate": "5"})
    assert (free.values["rate"], "rate" in free.readonly) == (D(5), False)


# formulas


def test_results_are_rounded_to_what_the_field_keeps() -> None:
    compiled = program([
        number("n"), money("yuan", compute="n / 3"), {"key": "yen", "type": "money", "currency": "JPY", "compute": "n / 3"},
        {"key": "whole", "type": "integer", "compute": "n / 4"}, number("one", decimals=1, compute="n / 3"),
    ])  # fmt: skip
    reading = read(compiled, {"n": "10"})
    assert dict(reading.values) == {"n": D(10), "yuan": D("3.33"), "yen": D(3), "whole": 3, "one": D("3.3")}


@pytest.mark.parametrize(("field", "raw", "code"), [
    (money("x", compute="n - 5", min="0"), {"n": "1"}, "min"),
    (money("x", compute="n * n"), {"n": "999999999999999999"}, "too_large"),
    (choice("x", "a", "b", compute='IF(n > 1, t, "b")'), {"n": "2", "t": "c"}, "not_a_choice"),
    (text("x", compute='t & t', max_length=5), {"t": "abc"}, "too_long"),
    ({"key": "x", "type": "email", "compute": "t"}, {"t": "nobody"}, "invalid"),
])  # fmt: skip
def test_a_result_must_fit_its_field(field: dict[str, Any], raw: dict[str, Any], code: str) -> None:
    assert codes(read(program([number("n"), text("t"), field]), raw)) == [("/values/x", code)]


def test_row_formulas_see_their_row_the_form_and_the_whole_table() -> None:
    compiled = program([
        number("rate"), table("lines", number("q"), number("p"), number("t", compute="q * p * rate"), number("share", compute="ROUND(q / total_q, 2)")),
        number("total_q", compute="SUM(lines.q)"), number("sum", compute="SUM(lines.t)"),
    ])  # fmt: skip
    reading = read(compiled, {"rate": "2", "lines": [{"q": "1", "p": "5"}, {"q": "3", "p": "1"}]})
    assert reading.values["lines"] == (
        {"q": D(1), "p": D(5), "t": D(10), "share": D("0.25")}, {"q": D(3), "p": D(1), "t": D(6), "share": D("0.75")},
    )  # fmt: skip
    assert reading.values["sum"] == 16


def test_a_problem_in_a_computed_cell_points_at_the_row_that_was_sent() -> None:
    compiled = program([table("lines", number("q"), money("t", compute="q - 5", min="0"))])
    reading = read(compiled, {"lines": [{"q": "9"}, {}, {"q": "1"}]})
    assert codes(reading) == [("/values/lines/2/t", "min")]


# checks

CHECKED = program(
    [number("a"), number("b"), number("c", compute="a + b"), table("lines", number("q"), number("most"))],
    rules=[
        {"check": {"a": {"lte": {"field": "b"}}}, "at": "a", "message": {"en": "Too much.", "zh": "太多。"}},
        {"when": {"b": {"gt": 10}}, "check": "c < 100", "at": "c"},
        {"check": "OR(most = 0, q <= most)", "at": "lines.q", "message": "More than there is."},
        {"check": {"lines": {"all": {"q": {"gt": 0}}}}, "at": "lines", "message": "Nothing."},
    ],
)  # fmt: skip


@pytest.mark.parametrize(("raw", "problems"), [
    ({"a": "1", "b": "2", "lines": [{"q": "1"}]}, []),
    ({"a": "3", "b": "2", "lines": [{"q": "1"}]}, [("/values/a", "check")]),
    ({"b": "2", "lines": [{"q": "1"}]}, [("/values/a", "check")]),
    ({"a": "50", "b": "60", "lines": [{"q": "1"}]}, [("/values/c", "check")]),
    ({"a": "1", "b": "2", "lines": [{"q": "5", "most": "9"}, {"q": "5", "most": "4"}, {"q": "7", "most": "6"}]}, [("/values/lines/1/q", "check"), ("/values/lines/2/q", "check")]),
    ({"a": "1", "b": "2", "lines": [{"q": "0"}]}, [("/values/lines", "check")]),
    ({"a": "1", "b": "2"}, [("/values/lines", "check")]),
    ({"a": "x", "b": "20", "lines": [{"q": "1"}]}, [("/values/a", "invalid")]),
    ({"a": "1", "b": "2", "lines": [{"q": "x"}]}, [("/values/lines/0/q", "invalid")]),
])  # fmt: skip
def test_checks(raw: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert codes(read(CHECKED, raw)) == problems


def test_messages_of_checks_are_in_the_language_of_who_fills_in() -> None:
    raw = {"a": "3", "b": "2", "lines": [{"q": "1"}]}
    assert [read(CHECKED, raw, language=language).problems[0].message for language in ("en", "zh")] == [
        "Too much.",
        "太多。",
    ]


# tables

LINES = program([table("lines", text("sku", required=True), number("q", min="1"), min_rows=1, max_rows=3)])


@pytest.mark.parametrize(("raw", "problems"), [
    (None, [("", "too_few_rows")]),
    ([], [("", "too_few_rows")]),
    ([{}, {"sku": ""}], [("", "too_few_rows")]),
    ([{"sku": "A"}], []),
    ([{"sku": "A"}] * 4, [("", "too_many_rows")]),
    ("A", [("", "wrong_type")]),
    ({"sku": "A"}, [("", "wrong_type")]),
    ([["A"]], [("/0", "wrong_type")]),
    (["A", None], [("/0", "wrong_type"), ("/1", "wrong_type")]),
    ([{"q": "1"}], [("/0/sku", "required")]),
    ([{"sku": "A", "q": "0"}, {"sku": "B", "q": "x"}], [("/0/q", "min"), ("/1/q", "invalid")]),
    ([{"sku": "A", "colour": "red"}], [("/0/colour", "unknown_field")]),
    ([{}, {"q": "2"}], [("/1/sku", "required")]),
])  # fmt: skip
def test_tables(raw: Any, problems: list[tuple[str, str]]) -> None:
    assert codes(read(LINES, {"lines": raw})) == [("/values/lines" + path, code) for path, code in problems]


PRODUCTS = records(
    *(Found(key, "product", 1, f"P{key}", {"price": D(key * 10), "number": f"P{key}"}) for key in (1, 2, 3))
)
FILLED = program(
    [table("lines", lookup("product", "product", fill={"price": "price"}), number("q", default="1"), money("price"), money("total", compute="q * price")), choice("lock", "yes")],
    rules=[{"when": {"lock": "yes"}, "readonly": ["lines.price"]}],
)  # fmt: skip


def test_lookups_fill_columns_of_their_row() -> None:
    reading = read(FILLED, {"lines": [{"product": 1}, {"product": "P2", "q": "3", "price": "7"}]}, lookups=PRODUCTS)
    assert reading.values["lines"] == (
        {"product": 1, "q": D(1), "price": D("10.00"), "total": D("10.00")},
        {"product": 2, "q": D(3), "price": D("7.00"), "total": D("21.00")},
    )
    assert set(reading.links) == {"/lines/0/product", "/lines/1/product"}


def test_a_locked_column_ignores_the_client_and_follows_its_row() -> None:
    first = read(FILLED, {"lock": "yes", "lines": [{"product": 1, "price": "0.01"}, {"product": 2}]}, lookups=PRODUCTS)
    assert [row["price"] for row in first.values["lines"]] == [D("10.00"), D("20.00")]
    dearer = records(*(Found(key, "product", 2, f"P{key}", {"price": D(999)}) for key in (1, 2, 3)))
    moved = again(
        FILLED,
        first,
        {
            "lock": "yes",
            "lines": [{"product": 3, "q": "1"}, {"product": 2, "q": "1", "price": "1"}, {"product": 1, "q": "2"}],
        },
        lookups=dearer,
    )
    assert [(row["product"], row["price"]) for row in moved.values["lines"]] == [
        (3, D("999.00")),
        (2, D("20.00")),
        (1, D("10.00")),
    ]
    assert [moved.links[f"/lines/{index}/product"]["revision"] for index in range(3)] == [2, 1, 1]


def test_blank_rows_are_dropped_and_links_count_what_is_left() -> None:
    reading = read(FILLED, {"lines": [{"product": "", "q": ""}, {"product": 1}]}, lookups=PRODUCTS)
    assert (len(reading.values["lines"]), set(reading.links)) == (1, {"/lines/0/product"})


def test_lookups_of_all_rows_are_announced_at_once() -> None:
    asked: list[tuple[str, list[Any]]] = []
    read(
        FILLED,
        {"lines": [{"product": 1}, {"product": "P2"}, {}]},
        lookups=PRODUCTS,
        prefetch=lambda form, raws: asked.append((form, list(raws))),
    )
    assert asked == [("product", [1, "P2"])]


# rights at a step of a flow

RIGHTS = program(
    [text("a", required=True), text("b", required=True), text("c"), number("n"), number("m", compute="n * 2"), text("secret"),
     table("lines", text("sku", required=True), number("q"))],
    rules=[{"check": "n < 10", "at": "n"}, {"when": {"secret": "x"}, "require": ["c"]}],
)  # fmt: skip
BEFORE = {"a": "1", "n": D(20), "secret": "x", "lines": ({"sku": "A", "q": D(1)},)}


@pytest.mark.parametrize(("rights", "raw", "values", "problems"), [
    ({}, {"a": "2", "n": "1"}, {}, []),
    ({"a": "edit"}, {"a": "2", "n": "1"}, {"a": "2"}, []),
    ({"a": "read", "n": "edit"}, {"a": "2", "n": "5"}, {"n": D(5), "m": D(10)}, []),
    ({"n": "edit"}, {"n": "30"}, {"n": D(30), "m": D(60)}, [("/values/n", "check")]),
    ({"b": "edit"}, {}, {}, [("/values/b", "required")]),
    ({"c": "required"}, {}, {}, [("/values/c", "required")]),
    ({"c": "required"}, {"c": "x"}, {"c": "x"}, []),
    ({"c": "edit"}, {}, {}, [("/values/c", "required")]),
    ({"secret": "hidden"}, {"secret": "y"}, {}, []),
    ({"m": "edit"}, {"m": "5"}, {}, []),
    ({"lines": "edit"}, {"lines": [{"sku": "B", "q": "2"}]}, {"lines": ({"sku": "B", "q": D(2)},)}, []),
    ({"lines": "edit", "lines.sku": "read"}, {"lines": [{"sku": "B", "q": "2"}]}, {"lines": ({"sku": "A", "q": D(2)},)}, []),
    ({"lines": "edit"}, {"lines": [{"q": "2"}]}, {"lines": ({"q": D(2)},)}, [("/values/lines/0/sku", "required")]),
    ({"lines": "read"}, {"lines": []}, {}, []),
])  # fmt: skip
def test_rights(
    rights: dict[str, str], raw: dict[str, Any], values: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    reading = read(RIGHTS, raw, previous=BEFORE, rights=rights, partial=True)
    assert dict(reading.values) == {**BEFORE, "m": D(40), **values}
    assert codes(reading) == problems


def test_what_a_right_hides_is_not_visible_but_stays_and_still_counts() -> None:
    reading = read(
        RIGHTS, {}, previous=BEFORE, rights={"secret": "hidden", "c": "edit", "lines": "hidden"}, partial=True
    )
    assert not {"secret", "lines", "lines.sku", "lines.q"} & reading.visible
    assert reading.values["secret"] == "x"
    assert reading.required == {"c"}
    assert reading.readonly == {"a", "b", "n", "m"}


# the same again


def test_evaluate_computes_anew_and_fills_nothing() -> None:
    first = read(READONLY, {"order": 1}, lookups=ORDERS)
    values = {**first.values, "name": "Kept"}
    reading = READONLY.evaluate(values, context(previous_links=first.links))
    assert (dict(reading.values), dict(reading.links)) == (values, dict(first.links))
    compiled = program([number("a"), number("b", compute="a * 2")])
    assert dict(compiled.evaluate({"a": D(2), "b": D(99)}, context()).values) == {"a": D(2), "b": D(4)}


def test_facts_about_the_submitter_are_asked_and_never_stored() -> None:
    compiled = program(
        [text("a"), number("level", compute="submitter.level * 10")],
        rules=[{"when": {"submitter.role": "agent"}, "show": ["a"]}],
    )
    facts = {"submitter.role": ("agent", "lead"), "submitter.level": 3, "submitter.department": "service"}
    assert dict(read(compiled, {"a": "x"}, submitter=facts).values) == {"a": "x", "level": D(30)}
    assert dict(read(compiled, {"a": "x"}).values) == {"level": D(0)}


def test_problems_stand_in_the_order_of_the_fields() -> None:
    compiled = program([text("a", required=True), number("n"), text("z", required=True)])
    assert codes(read(compiled, {"n": "x"})) == [
        ("/values/a", "required"),
        ("/values/n", "invalid"),
        ("/values/z", "required"),
    ]


# golden cases

REFUND = golden("forms/refund.json")
SALES_ORDER = Found(17, "sales_order", 3, "SO-20260102-0001", {
    "number": "SO-20260102-0001", "customer_name": "Li Na", "customer_email": "li.na@example.com", "customer_tier": "vip",
    "ordered_on": date(2026, 1, 2), "total": D("100.00"),
})  # fmt: skip
MUG = Found(5, "product", 1, "MUG · Mug", {"sku": "MUG", "name": "Mug", "price": D("25.50")})


@pytest.mark.parametrize("case", REFUND["cases"], ids=lambda case: case["name"])
def test_refunds(case: dict[str, Any]) -> None:
    from ..conftest import definition
    from .forming import compile_form, read_form

    form, _ = read_form(definition("refund.form"))
    assert form is not None
    compiled, _ = compile_form(form)
    assert compiled is not None
    previous = compiled.load(case["previous"]) if "previous" in case else None
    here: ReadContext = context(
        lookups=records(SALES_ORDER, MUG), previous=previous, rights=case.get("rights"),
        partial=case.get("partial", False), draft=case.get("draft", False),
    )  # fmt: skip
    reading = compiled.read(case["raw"], here)
    assert compiled.dump(reading.values) == case["values"]
    assert [list(each) for each in codes(reading)] == case["problems"]
    for name in ("visible", "required", "readonly"):
        if name in case:
            assert sorted(getattr(reading, name)) == sorted(case[name]), name
