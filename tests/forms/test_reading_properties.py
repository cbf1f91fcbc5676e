"""Random definitions and random submissions: reading is a fixed point, and nothing that breaks a rule is ever accepted."""

# ruff: noqa: E501 (tables read by lines)

import re
from collections.abc import Collection
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.forms import conditions
from signoff.forms.definition import Field
from signoff.forms.program import FormProgram
from signoff.forms.reading import Found, Reading

from .forming import context, program, records

SLOW = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
CHOICES = [{"value": value, "label": value.upper()} for value in "abc"]
PRODUCTS = records(
    *(Found(key, "product", 1, f"P{key}", {"price": Decimal(key), "name": f"N{key}"}) for key in (1, 2, 3))
)

SIMPLE: list[dict[str, Any]] = [
    {"type": "text", "max_length": 10},
    {"type": "text", "pattern": "[a-z]{1,4}"},
    {"type": "long_text"},
    {"type": "number", "min": "-5", "max": "5", "decimals": 2},
    {"type": "integer", "min": 0, "max": 9},
    {"type": "money", "currency": "CNY", "min": "0"},
    {"type": "money", "currency": "JPY"},
    {"type": "percent", "max": "100"},
    {"type": "date", "min": "2026-01-01"},
    {"type": "datetime"},
    {"type": "time"},
    {"type": "choice", "options": CHOICES},
    {"type": "choices", "options": CHOICES, "max_choices": 2},
    {"type": "boolean"},
    {"type": "email"},
    {"type": "phone"},
    {"type": "url"},
    {"type": "file", "multiple": True, "max_files": 2},
    {"type": "lookup", "form": "product"},
    {"type": "person"},
    {"type": "address"},
    {"type": "rating"},
]
RAW = st.one_of(
    st.none(), st.booleans(), st.integers(-20, 20), st.floats(allow_nan=True),
    st.sampled_from(["", " ", "a", "b", "abc", "xyz1", "1", "-3.25", "5.00", "1,000", "1e400", "NaN", "１２", "2026-03-01", "2025-01-01",
                     "2026-03-01T09:30:00Z", "09:30", "true", "否", "a@b.cn", "+86 138 0000 0000", "https://x.cn/", "javascript:x", "f1", "#1", "#9", "x" * 30,
                     "line\r\nline", "nul\x00"]),
    st.text(max_size=6),
    st.lists(st.sampled_from(["a", "b", "c", "f1", "f2", "f3", ""]), max_size=4),
    st.dictionaries(st.sampled_from(["city", "street", "id", "x"]), st.text(max_size=4), max_size=2),
)  # fmt: skip


@st.composite
def programs(draw: Any, *, without: Collection[str] = ()) -> FormProgram:
    """Up to eight fields and a table, with rules between them that go only backwards, so that there is no circle."""
    simple = [each for each in SIMPLE if each["type"] not in without]
    kinds = draw(st.lists(st.sampled_from(simple), min_size=1, max_size=8))
    fields = [{"key": f"f{index}", "required": draw(st.booleans()), **kind} for index, kind in enumerate(kinds)]
    columns = draw(st.lists(st.sampled_from(simple), min_size=1, max_size=3))
    fields.append({
        "key": "lines", "type": "table", "max_rows": 4, "min_rows": draw(st.integers(0, 1)),
        "columns": [{"key": f"c{index}", "required": draw(st.booleans()), **kind} for index, kind in enumerate(columns)]
        + [{"key": "n", "type": "number"}, {"key": "m", "type": "number"}, {"key": "twice", "type": "number", "compute": "n * 2"}],
    })  # fmt: skip
    fields.append({"key": "sum", "type": "number", "compute": "SUM(lines.twice) / COUNT(lines)"})
    rules = []
    for index in range(1, len(kinds)):
        if draw(st.booleans()):
            effect = draw(st.sampled_from(["show", "hide", "require", "readonly"]))
            when = {f"f{draw(st.integers(0, index - 1))}": {"empty": draw(st.booleans())}}
            rules.append({"when": when, effect: [f"f{index}"]})
    for index in range(len(columns)):
        if draw(st.booleans()):  # what rows say of their own cells hangs on a number that rules set where it is blank
            effect = draw(st.sampled_from(["show", "hide", "require", "readonly"]))
            rules.append({"when": {"n": {draw(st.sampled_from(["gt", "lt"])): "0"}}, effect: [f"lines.c{index}"]})
    if draw(st.booleans()):
        rules.append({"when": {"n": {"empty": True}}, "set": {"lines.m": "n + 1"}})
    return program(fields, rules=rules)


ROWS = st.lists(
    st.dictionaries(st.sampled_from(["c0", "c1", "c2", "n", "m", "twice"]), RAW, max_size=5) | RAW, max_size=5
)
SUBMISSIONS = st.dictionaries(st.sampled_from([f"f{index}" for index in range(8)]), RAW).flatmap(
    lambda found: (ROWS | RAW).map(lambda rows: {**found, "lines": rows})
)


def only_known(compiled: FormProgram, raw: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key in compiled.valued}


@SLOW
@given(programs(), SUBMISSIONS)
def test_reading_what_was_read_changes_nothing(compiled: FormProgram, raw: dict[str, Any]) -> None:
    here = context(lookups=PRODUCTS)
    first = compiled.read(only_known(compiled, raw), here)
    stored = compiled.dump(first.values)
    assert compiled.load(stored) == first.values
    again = compiled.read(stored, context(lookups=PRODUCTS, previous=first.values, previous_links=first.links))
    assert again.values == first.values
    assert again.links == first.links
    if first.ok:
        assert again.ok, again.problems
        fresh = compiled.evaluate(first.values, context(lookups=PRODUCTS, previous_links=first.links))
        assert (fresh.values, fresh.problems) == (first.values, ())


@SLOW
@given(programs(), SUBMISSIONS)
def test_nothing_that_breaks_a_rule_is_accepted(compiled: FormProgram, raw: dict[str, Any]) -> None:
    reading = compiled.read(only_known(compiled, raw), context(lookups=PRODUCTS))
    assert_visibility(compiled, reading)
    for field in compiled.form.fields:
        value = reading.values.get(field.key)
        if field.key != "lines" and value is not None:
            assert fits(field, value), (field, value)
    for row in reading.values.get("lines", ()):
        assert row
        assert all(fits(column, row[column.key]) for column in compiled.form.fields[-2].columns if column.key in row)
        assert row.get("twice") == (row["n"] * 2 if "n" in row else Decimal(0))
    if reading.ok:
        missing = [key for key in reading.required if "." not in key and key not in reading.values]
        assert missing == []
        for name in (name for name in reading.required if "." in name):
            column = name.partition(".")[2]
            rows = enumerate(reading.values.get("lines", ()))
            assert all(column in row or f"/lines/{index}/{column}" in reading.cells.hidden for index, row in rows)
        for place in (each.split("/") for each in reading.cells.required if "/-/" not in each):
            assert place[3] in reading.values["lines"][int(place[2])]
    for place in (each.split("/") for each in reading.cells.hidden if "/-/" not in each):
        assert place[3] not in reading.values["lines"][int(place[2])]
    assert {problem.path.split("/")[1] for problem in reading.problems} <= {"values"}


@SLOW
@given(programs(), SUBMISSIONS)
def test_a_draft_keeps_what_fits_and_asks_for_nothing(compiled: FormProgram, raw: dict[str, Any]) -> None:
    full = compiled.read(only_known(compiled, raw), context(lookups=PRODUCTS))
    draft = compiled.read(only_known(compiled, raw), context(lookups=PRODUCTS, draft=True))
    assert draft.values == full.values
    assert {problem.code for problem in draft.problems} & {"required", "too_few_rows", "check"} == set()
    assert set(draft.problems) <= set(full.problems)


def assert_visibility(compiled: FormProgram, reading: Reading) -> None:
    """Asks every rule again, in the plainest way."""
    shown_by: dict[str, list[bool]] = {}
    hidden_by: dict[str, list[bool]] = {}
    for rule in (parsed.rule for parsed in compiled.rules if parsed.table is None):
        condition, _ = conditions.parse(rule.when, compiled.kinds)
        holds = conditions.evaluate(condition, reading.values)
        for key in rule.show:
            shown_by.setdefault(key, []).append(holds)
        for key in rule.hide:
            hidden_by.setdefault(key, []).append(holds)
    for field in compiled.form.fields:
        visible = any(shown_by.get(field.key, [True])) and not any(hidden_by.get(field.key, []))
        assert (field.key in reading.visible) is visible
        if not visible:
            assert field.key not in reading.values
            assert field.key not in reading.required


def fits(field: Field, value: Any) -> bool:
    """Whether a stored value is one that its field may hold, judged without the code that reads it."""
    options = field.options
    match field.type:
        case "text":
            whole = re.fullmatch(options["pattern"], value) if "pattern" in options else True
            return (
                isinstance(value, str)
                and 0 < len(value) <= options["max_length"]
                and value == value.strip()
                and bool(whole)
            )
        case "number" | "money" | "percent":
            places = {"CNY": 2, "JPY": 0}.get(options.get("currency", ""), options.get("decimals", 10))
            least, most = options.get("min", Decimal("-1e18")), options.get("max", Decimal("1e18"))
            return isinstance(value, Decimal) and value == round(value, places) and least <= value <= most
        case "integer" | "rating":
            return type(value) is int and options.get("min", 0) <= value <= options["max"]
        case "date":
            return type(value) is date and value >= date(2026, 1, 1)
        case "datetime":
            return isinstance(value, datetime) and value.utcoffset() is not None
        case "time":
            return isinstance(value, time)
        case "choice":
            return value in "abc"
        case "choices":
            return (
                isinstance(value, tuple)
                and 0 < len(value) <= 2
                and set(value) <= set("abc")
                and len(set(value)) == len(value)
            )
        case "boolean":
            return isinstance(value, bool)
        case "email":
            return isinstance(value, str) and "@" in value and " " not in value
        case "url":
            return isinstance(value, str) and value.startswith("https://")
        case "file":
            return (
                isinstance(value, tuple)
                and 0 < len(value) <= 2
                and all(re.fullmatch("[A-Za-z0-9_-]+", each) for each in value)
            )
        case "lookup":
            return value in (1, 2, 3)
        case "address":
            return isinstance(value, dict) and set(value) <= {"city", "street"} and all(value.values())
        case _:
            return isinstance(value, str) and bool(value.strip()) and "\x00" not in value
