"""Definitions in files, checked together as ``signoff check`` does."""

import json
from pathlib import Path
from typing import Any

import pytest

from signoff.flows.check.documents import Found, check_documents
from signoff.platform.problems import Severity

DEFINITIONS = Path(__file__).parents[1] / "definitions"
NAMES = ("people", "product.form", "refund.flow", "refund.form", "sales_order.form", "stock_movement.form")


def documents() -> dict[str, Any]:
    """The examples, fresh, by name."""
    return {name: json.loads((DEFINITIONS / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}


def check(files: dict[str, Any], *known: dict[str, Any]) -> list[Found]:
    return check_documents([(f"{name}.json", json.dumps(content)) for name, content in files.items()], known)


def errors(found: list[Found]) -> list[tuple[str, str, str]]:
    return [(file, each.path, each.code) for file, each in found if each.severity is Severity.ERROR]


def level(files: dict[str, Any]) -> dict[str, Any]:
    """The route of the refund flow that goes by amount."""
    step: dict[str, Any] = files["refund.flow"]["steps"][2]
    assert step["id"] == "level"
    return step


def test_the_examples_are_clean():
    found = check(documents())
    assert errors(found) == []
    assert [(file, each.code) for file, each in found] == [("refund.flow.json", "nobody")]


@pytest.mark.parametrize(("text", "code", "path"), [
    ("{", "malformed", ""),
    ('{"a": 1, "a": 2}', "malformed", ""),
    ("[1]", "not_an_object", ""),
    ("{}", "missing", ""),
    ('{"schema": "flow/2"}', "unknown_schema", "/schema"),
    ('{"schema": "flow/1"}', "missing", "/key"),
    ('{"schema": "form/1", "key": "x", "title": "X", "fields": [], "colour": 1}', "unknown_key", "/colour"),
    ("[" * 1000, "malformed", ""),
])  # fmt: skip
def test_what_is_no_definition_is_a_problem_of_its_file(text, code, path):
    found = check_documents([("x.json", text)])
    assert ("x.json", path, code) in errors(found)


def test_a_gap_and_an_overlap_point_at_their_route():
    files = documents()
    level(files)["branches"][1]["when"]["amount"] = {"gt": "200", "lte": "5000"}
    found = [(file, each) for file, each in check(files) if each.code in ("gap", "overlap")]
    assert [(file, each.path, each.code, each.example) for file, each in found] == [
        ("refund.flow.json", "/steps/2", "gap", {"amount": "200.00"}),
        ("refund.flow.json", "/steps/2", "overlap", {"amount": "5000.00"}),
    ]


def test_a_path_that_is_not_required_leaves_a_gap():
    files = documents()
    next(each for each in files["refund.form"]["fields"] if each["key"] == "path")["required"] = False
    found = [each for _, each in check(files) if each.code == "gap"]
    assert [(each.path, each.example) for each in found] == [("/steps/1", {"path": None})]


def test_people_are_asked_only_if_they_came_with_the_files():
    files = documents()
    files["people"]["people"] = [each for each in files["people"]["people"] if each["key"] != "ada"]
    assert ("refund.flow.json", "/steps/2/branches/2/steps/0", "nobody") in errors(check(files))
    del files["people"]
    assert check(files) == []


def test_references_into_the_company():
    files = documents()
    flow = files["refund.flow"]
    flow["steps"][0]["who"] = [{"role": "servcie"}]
    flow["steps"][0]["due"]["then"]["to"] = [{"head_of": "nowhere"}]
    flow["settings"]["calendar"] = "moon"
    flow["steps"][0]["nobody"] = [{"person": "nemo"}]
    assert errors(check(files)) == [
        ("refund.flow.json", "/settings/calendar", "unknown_calendar"),
        ("refund.flow.json", "/steps/0/who/0", "unknown_role"),
        ("refund.flow.json", "/steps/0/nobody/0", "unknown_person"),
        ("refund.flow.json", "/steps/0/due/then/to/0", "unknown_department"),
    ]


def test_departments_keep_calendars_that_are_there():
    files = documents()
    files["people"]["departments"][0]["calendar"] = "moon"
    assert errors(check(files)) == [("people.json", "/departments/0/calendar", "unknown_calendar")]
    files["people"]["calendars"] = [{"key": "moon"}]
    assert errors(check(files)) == []


def test_a_broken_form_does_not_stop_the_check_of_its_flow():
    files = documents()
    files["refund.form"]["fields"][0]["type"] = "colour"
    level(files)["branches"][1]["when"] = {"amount": {"between": "x"}}
    found = errors(check(files))
    assert ("refund.form.json", "/fields/0/type", "unknown_type") in found
    assert any(file == "refund.flow.json" and path.startswith("/steps/2/branches/1/when") for file, path, _ in found)


def test_forms_that_are_not_there():
    files = documents()
    flow = {"refund.flow": files["refund.flow"]}
    assert [(each.code, each.severity.value) for _, each in check(flow)] == [("unknown_form", "warning")]
    flow["product.form"] = files["product.form"]
    assert ("refund.flow.json", "/form", "unknown_form") in errors(check(flow))
    alone = check({"refund.form": files["refund.form"]})
    assert {(each.code, each.severity.value) for _, each in alone} == {("unknown_form", "warning")}


def test_known_definitions_serve_the_files_and_are_not_reported():
    files = documents()
    flow = {"refund.flow": files.pop("refund.flow")}
    assert errors(check(flow, *files.values())) == []
    level(flow)["branches"].pop()
    assert {file for file, _ in check(flow, *files.values())} == {"refund.flow.json"}
    people = {"people": {"schema": "people/1", "people": [{"key": "new", "name": "New", "manager": "gao"}]}}
    assert errors(check({**flow, **people}, *files.values())) == [("refund.flow.json", "/steps/2", "gap")]


def test_the_same_key_twice():
    files = documents()
    found = check({"a": files["product.form"], "b": files["product.form"], "c": files["stock_movement.form"]})
    assert ("b.json", "/key", "duplicate") in errors(found)


def test_files_keep_their_order_and_errors_come_first():
    files = documents()
    level(files)["branches"].pop()
    files["refund.flow"]["steps"][0].pop("due")
    severities = [each.severity for file, each in check(files) if file == "refund.flow.json"]
    assert severities == sorted(severities, key=lambda each: each is Severity.WARNING)
    assert len(set(severities)) == 2
