"""Every field type: what it takes, what it keeps, what it refuses and how it says so."""

# ruff: noqa: E501 (tables read by lines)

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from signoff.forms import types
from signoff.forms.errors import FieldError
from signoff.forms.fields import BUILT_IN
from signoff.forms.reading import Found
from signoff.forms.schema import read_form
from signoff.forms.types import FieldType, UnknownType, all_types, find, register

from .forming import SHANGHAI, context, document, form, program, records

D = Decimal
AB = {"options": [{"value": "a", "label": {"en": "Apple", "zh": "苹果"}}, {"value": "b", "label": "Bread"}]}
ORDER = Found(17, "order", 2, "SO-17", {"number": "SO-17"})

TAKEN: list[tuple[str, dict[str, Any], Any, Any, Any]] = [
    ("text", {}, "  Li Na ", "Li Na", "Li Na"),
    ("text", {}, "a\tb", "a b", "a b"),
    ("text", {"pattern": "[0-9]{3}"}, "123", "123", "123"),
    ("long_text", {}, "a\r\nb ", "a\nb", "a\nb"),
    ("number", {}, "12.50", D("12.50"), "12.50"),
    ("number", {}, 12, D(12), "12"),
    ("number", {}, "１２．５", D("12.5"), "12.5"),
    ("number", {}, "-0", D(0), "0"),
    ("number", {}, ".5", D("0.5"), "0.5"),
    ("number", {}, "+3", D(3), "3"),
    ("number", {"decimals": 1}, "1.50", D("1.5"), "1.50"),
    ("number", {}, "0" * 20 + "1", D(1), "1"),
    ("integer", {}, "42", 42, 42),
    ("integer", {}, "４２", 42, 42),
    ("integer", {}, -3, -3, -3),
    ("money", {"currency": "CNY"}, "5", D("5.00"), "5.00"),
    ("money", {"currency": "CNY"}, "999999999999999999.99", D("999999999999999999.99"), "999999999999999999.99"),
    ("money", {"currency": "JPY"}, "500", D("500"), "500"),
    ("money", {"currency": "KWD"}, "1.234", D("1.234"), "1.234"),
    ("money", {"currency": "CNY"}, "1.500", D("1.50"), "1.50"),
    ("percent", {}, "12.5%", D("12.5"), "12.5"),
    ("percent", {}, "12.5", D("12.5"), "12.5"),
    ("date", {}, "2026-03-01", date(2026, 3, 1), "2026-03-01"),
    ("date", {}, "2026/3/1", date(2026, 3, 1), "2026-03-01"),
    ("date", {}, "2026年3月1日", date(2026, 3, 1), "2026-03-01"),
    ("date", {}, "today", date(2026, 3, 6), "2026-03-06"),
    ("datetime", {}, "2026-03-01T09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "2026-03-01T09:30:00Z"),
    ("datetime", {}, "2026-03-01T09:30", datetime(2026, 3, 1, 1, 30, tzinfo=UTC), "2026-03-01T01:30:00Z"),
    ("datetime", {}, "2026-03-01 09:30+02:00", datetime(2026, 3, 1, 7, 30, tzinfo=UTC), "2026-03-01T07:30:00Z"),
    ("time", {}, "9:05", time(9, 5), "09:05"),
    ("time", {}, "09:05:30", time(9, 5, 30), "09:05:30"),
    ("choice", AB, "a", "a", "a"),
    ("choice", AB, "苹果", "a", "a"),
    ("choice", AB, "Bread", "b", "b"),
    ("choices", AB, ["b", "a", "b"], ("a", "b"), ["a", "b"]),
    ("choices", AB, "a; Bread", ("a", "b"), ["a", "b"]),
    ("boolean", {}, True, True, True),
    ("boolean", {}, False, False, False),
    ("boolean", {}, "是", True, True),
    ("boolean", {}, "off", False, False),
    ("email", {}, " li.na@example.com ", "li.na@example.com", "li.na@example.com"),
    ("phone", {}, "+86 138 0000 0000", "+86 138 0000 0000", "+86 138 0000 0000"),
    ("phone", {}, "（010）６５５２-1234", "(010)6552-1234", "(010)6552-1234"),
    ("url", {}, "https://example.com/a?b=c", "https://example.com/a?b=c", "https://example.com/a?b=c"),
    ("file", {}, "f_1", ("f_1",), ["f_1"]),
    ("file", {"multiple": True}, ["f1", "f2", "f1"], ("f1", "f2"), ["f1", "f2"]),
    ("image", {"multiple": True}, ["f1"], ("f1",), ["f1"]),
    ("signature", {}, ["f1"], ("f1",), ["f1"]),
    ("lookup", {"form": "order"}, 17, 17, 17),
    ("lookup", {"form": "order"}, "#17", 17, 17),
    ("lookup", {"form": "order"}, {"id": 17}, 17, 17),
    ("lookup", {"form": "order"}, "SO-17", 17, 17),
    ("person", {}, "amy", "amy", "amy"),
    ("department", {}, "service", "service", "service"),
    ("address", {}, {"city": "北京", "street": " 1 号 "}, {"city": "北京", "street": "1 号"}, {"city": "北京", "street": "1 号"}),
    ("address", {}, "1 Main St", {"street": "1 Main St"}, {"street": "1 Main St"}),
    ("rating", {}, "5", 5, 5),
]  # fmt: skip

BLANK: list[tuple[str, dict[str, Any], Any]] = [
    *((name, {}, raw) for name in ("text", "long_text", "number", "integer", "date", "datetime", "time", "email", "url") for raw in (None, "", "  ")),
    ("choice", AB, ""), ("choices", AB, []), ("choices", AB, [""]), ("boolean", {}, ""), ("file", {}, []), ("file", {}, [""]),
    ("lookup", {"form": "order"}, ""), ("person", {}, None), ("address", {}, {}), ("address", {}, {"city": ""}), ("rating", {}, ""),
]  # fmt: skip

REFUSED: list[tuple[str, dict[str, Any], Any, str, str]] = [
    ("text", {}, 5, "wrong_type", "Send it in quotes"),
    ("text", {}, ["a"], "wrong_type", "Send it in quotes"),
    ("text", {}, "a\x00b", "unfit", "control characters"),
    ("text", {}, "a\ud800", "unfit", "control characters"),
    ("text", {"max_length": 3}, "abcd", "too_long", "4 characters are too many. At most 3."),
    ("text", {"min_length": 3}, "ab", "too_short", "At least 3"),
    ("text", {"pattern": "[0-9]{3}"}, "1234", "pattern", "[0-9]{3}"),
    ("number", {}, 1.5, "invalid", 'Send a text: "1.5"'),
    ("number", {}, D("1.5"), "invalid", 'Send a text: "1.5"'),
    ("number", {}, "1e400", "invalid", "exponent"),
    ("number", {}, "NaN", "invalid", "no number"),
    ("number", {}, "Infinity", "invalid", "no number"),
    ("number", {}, "1,000.00", "invalid", "Write it without them: “1000.00”"),
    ("number", {}, "1 000", "invalid", "without them"),
    ("number", {}, "0x10", "invalid", "no number"),
    ("number", {}, "1_000", "invalid", "without them"),
    ("number", {}, "٣", "invalid", "no number"),
    ("number", {}, True, "invalid", "no number"),
    ("number", {}, "9" * 19, "invalid", "at most 18 digits"),
    ("number", {}, 10**18, "invalid", "at most 18 digits"),
    ("number", {}, "0." + "1" * 11, "invalid", "more than 10 decimals"),
    ("number", {"decimals": 1}, "1.25", "too_precise", "more than 1 decimals"),
    ("number", {"min": "1"}, "0.99", "min", "At least 1"),
    ("number", {"max": "1"}, "1.01", "max", "At most 1"),
    ("integer", {}, "5.0", "invalid", "no whole number"),
    ("integer", {}, 5.7, "invalid", "no whole number"),
    ("integer", {}, "x", "invalid", "no number"),
    ("integer", {"min": 1}, 0, "min", "At least 1"),
    ("money", {"currency": "CNY"}, "1.234", "too_precise", "more decimals than the 2 of CNY. Round it, for example to 1.23."),
    ("money", {"currency": "JPY"}, "500.5", "too_precise", "0 of JPY"),
    ("money", {"currency": "CNY"}, 12.5, "invalid", "float"),
    ("money", {"currency": "CNY", "min": "0"}, "-0.01", "min", "At least 0"),
    ("percent", {"max": "100"}, "100.1%", "max", "At most 100"),
    ("date", {}, "2026-02-30", "invalid", "no date"),
    ("date", {}, "01.03.2026", "invalid", "no date"),
    ("date", {}, 20260301, "invalid", "no date"),
    ("date", {"min": "today"}, "2026-03-05", "min", "At the earliest 2026-03-06"),
    ("date", {"max": "2026-01-01"}, "2026-01-02", "max", "At the latest 2026-01-01"),
    ("datetime", {}, "2026-03-01", "invalid", "date with time"),
    ("datetime", {}, "yesterday", "invalid", "date with time"),
    ("datetime", {}, "0001-01-01T00:00:00+14:00", "invalid", "date with time"),
    ("time", {}, "25:00", "invalid", "no time"),
    ("choice", AB, "c", "not_a_choice", "none of the choices: a, b"),
    ("choice", AB, ["a"], "not_a_choice", "none of the choices"),
    ("choices", AB, ["a", "x"], "not_a_choice", "“x”"),
    ("choices", AB, 5, "wrong_type", "no list"),
    ("choices", {**AB, "max_choices": 1}, ["a", "b"], "wrong_count", "2 are chosen"),
    ("boolean", {}, "maybe", "invalid", "neither yes nor no"),
    ("boolean", {}, 1, "invalid", "neither yes nor no"),
    ("email", {}, "li.na@example", "invalid", "no e-mail address"),
    ("email", {}, "a@b.cn, c@d.cn", "invalid", "no e-mail address"),
    ("phone", {}, "call me", "invalid", "no telephone number"),
    ("url", {}, "javascript:alert(1)", "invalid", "no web address"),
    ("url", {}, "example.com", "invalid", "no web address"),
    ("file", {}, ["f1", "f2"], "too_many", "At most 1"),
    ("file", {}, "../../etc/passwd", "not_a_file", "no id of a file"),
    ("file", {}, [5], "not_a_file", "ids of files"),
    ("file", {}, {"id": "f1"}, "wrong_type", "no file"),
    ("lookup", {"form": "order"}, 99, "not_found", "No record"),
    ("lookup", {"form": "order"}, 2**70, "not_found", "no id"),
    ("lookup", {"form": "order"}, True, "wrong_type", "no record"),
    ("lookup", {"form": "order"}, "SO-99", "not_found", "Search for it"),
    ("person", {}, "ghost", "not_found", "Nobody"),
    ("department", {}, "moon", "not_found", "No department"),
    ("address", {}, {"planet": "Mars"}, "unknown_part", "Known: country"),
    ("address", {}, 5, "wrong_type", "no address"),
    ("address", {}, {"street": "x" * 201}, "too_long", "At most 200"),
    ("rating", {}, "6", "max", "At most 5"),
    ("rating", {"max": 10}, 0, "min", "At least 1"),
]  # fmt: skip


def read(name: str, options: dict[str, Any], raw: Any) -> tuple[Any, Any]:
    """The field type's typed value and its JSON."""
    field = form([{"key": "x", "type": name, **options}]).fields[0]
    here = context(
        lookups=records(ORDER), person={"amy": "amy"}.get, department={"service": "service"}.get
    )  # fmt: skip
    value = find(name).read(raw, field, here)
    return value, find(name).to_json(value)


@pytest.mark.parametrize(("name", "options", "raw", "value", "json"), TAKEN, ids=lambda each: str(each)[:30])
def test_taken(name: str, options: dict[str, Any], raw: Any, value: Any, json: Any) -> None:
    assert read(name, options, raw) == (value, json)
    assert read(name, options, raw)[0].__class__ is value.__class__
    assert find(name).from_json(json) == value


@pytest.mark.parametrize(("name", "options", "raw"), BLANK, ids=lambda each: str(each)[:30])
def test_blank(name: str, options: dict[str, Any], raw: Any) -> None:
    reading = program([{"key": "x", "type": name, **options}]).read({"x": raw}, context())
    assert (dict(reading.values), reading.problems) == ({}, ())


@pytest.mark.parametrize(("name", "options", "raw", "code", "sentence"), REFUSED, ids=lambda each: ascii(each)[:30])
def test_refused(name: str, options: dict[str, Any], raw: Any, code: str, sentence: str) -> None:
    with pytest.raises(FieldError) as caught:
        read(name, options, raw)
    assert caught.value.code == code
    assert sentence in caught.value.message


@pytest.mark.parametrize(("name", "options", "raw", "english", "chinese"), [
    ("choice", AB, "a", "Apple", "苹果"),
    ("choices", AB, ["a", "b"], "Apple, Bread", "苹果、Bread"),
    ("boolean", {}, True, "Yes", "是"),
    ("money", {"currency": "CNY"}, "5", "5.00", "5.00"),
    ("percent", {}, "5", "5%", "5%"),
    ("datetime", {}, "2026-03-01T09:30:00Z", "2026-03-01 17:30", "2026-03-01 17:30"),
    ("rating", {}, 4, "4/5", "4/5"),
    ("file", {}, ["f"], "1 file", "1 个文件"),
    ("address", {}, {"city": "北京", "street": "1 号"}, "1 号, 北京", "北京1 号"),
])  # fmt: skip
def test_shown(name: str, options: dict[str, Any], raw: Any, english: str, chinese: str) -> None:
    field = form([{"key": "x", "type": name, **options}]).fields[0]
    value, _ = read(name, options, raw)
    assert find(name).text(value, field, "en", SHANGHAI) == english
    assert find(name).text(value, field, "zh", SHANGHAI) == chinese
    assert find(name).text(None, field, "en", SHANGHAI) == ""


def test_all_types_of_the_design_are_there() -> None:
    design = (
        "text long_text number integer money percent date datetime time choice choices boolean email phone url file"
        " image signature table lookup person department address rating note"
    )
    assert {each.name for each in BUILT_IN} == set(design.split())
    assert set(design.split()) <= {each.name for each in all_types()}


def test_an_unknown_type_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownType) as caught:
        find("iban")
    assert "No field type “iban”. Known: address, boolean" in caught.value.message
    with pytest.raises(UnknownType, match="Did you mean “integer”"):
        find("interger")


class Receipt(FieldType):
    """A receipt's number, for example ``R-0042``."""

    name, label = "receipt", "Receipt"

    def parse(self, raw: str, options: Any) -> str:
        if not raw.startswith("R-"):
            raise FieldError("Enter the number as on the receipt: R-0042.")
        return raw


def test_a_plugin_adds_a_type_with_nothing_but_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(types, "_types", {each.name: each for each in all_types()})
    wrong, problems = read_form(document([{"key": "x", "type": "receipt"}]))
    assert (wrong, [problem.code for problem in problems]) == (None, ["unknown_type"])
    register(Receipt)
    compiled = program([{"key": "x", "type": "receipt", "required": True}])
    assert compiled.read({"x": " R-1 "}, context()).values == {"x": "R-1"}
    assert [problem.code for problem in compiled.read({"x": "7"}, context()).problems] == ["invalid"]
    assert [problem.code for problem in compiled.read({}, context()).problems] == ["required"]
