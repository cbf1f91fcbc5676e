"""The door from flow/1: every wrong flow is refused with all of its problems, their paths and the way out."""

import copy

import pytest

from signoff.flows.definition import Kind, Right
from signoff.flows.schema import read_flow
from signoff.platform.problems import Severity

from .playing import FORM, action, approve, auto, document, parallel, route, tell, wait, work

GOOD = approve("lead", "bob")


def problems_of(steps, **settings):
    return read_flow(document(steps, **settings), FORM, actions={"pay"}, templates={"done"})[1]


WRONG = [
    # a step, then what is found: path below it and code
    ({**GOOD, "whom": 1}, "/whom", "unknown_key"),
    ({"kind": "approve", "who": [{"person": "bob"}]}, "/id", "missing"),
    ({**GOOD, "id": "__class__"}, "/id", "wrong_value"),
    ({**GOOD, "id": "Lead"}, "/id", "wrong_value"),
    ({**GOOD, "id": "start"}, "/id", "reserved_id"),
    ({**GOOD, "kind": "apporve"}, "/kind", "unknown_kind"),
    ({**GOOD, "kind": ["approve"]}, "/kind", "unknown_kind"),
    ({"id": "x"}, "/kind", "missing"),
    ({**GOOD, "title": {"fr": "x"}}, "/title/fr", "wrong_value"),
    ({**GOOD, "who": []}, "/who", "wrong_value"),
    ({**GOOD, "who": [{}]}, "/who/0", "wrong_value"),
    ({**GOOD, "who": [{"role": "a", "manager": 1}]}, "/who/0", "wrong_value"),
    ({**GOOD, "who": [{"chief": "a"}]}, "/who/0", "unknown_selector"),
    ({**GOOD, "who": [{"manager": 0}]}, "/who/0", "wrong_level"),
    ({**GOOD, "who": [{"manager": True}]}, "/who/0", "wrong_level"),
    ({**GOOD, "who": [{"manager_with_limit": "amuont"}]}, "/who/0", "unknown_field"),
    ({**GOOD, "who": [{"manager_with_limit": "note"}]}, "/who/0", "wrong_kind"),
    ({**GOOD, "who": [{"field": "amount"}]}, "/who/0", "wrong_kind"),
    ({**GOOD, "who": [{"approver_of": "later"}]}, "/who/0", "unknown_step"),
    ({**GOOD, "who": [{"person": "bob", "of": "shop"}]}, "/who/0", "unknown_key"),
    ({**GOOD, "who": [{"role": "a", "of": "submitter.home"}]}, "/who/0", "unknown_fact"),
    ({**GOOD, "who": [{"head_of": "submitter.home"}]}, "/who/0", "unknown_fact"),
    ({**GOOD, "who": [{"submitter": "yes"}]}, "/who/0", "wrong_type"),
    ({**GOOD, "mode": "most"}, "/mode", "wrong_value"),
    ({**GOOD, "mode": "vote"}, "/share", "missing"),
    ({**GOOD, "mode": "vote", "share": "0"}, "/share", "share"),
    ({**GOOD, "mode": "vote", "share": "1.1"}, "/share", "share"),
    ({**GOOD, "mode": "vote", "share": 0.5}, "/share", "wrong_value"),
    ({**GOOD, "share": "0.5"}, "/share", "share"),
    ({**GOOD, "nobody": "ignore"}, "/nobody", "wrong_value"),
    ({**GOOD, "nobody": [{"chief": 1}]}, "/nobody/0", "unknown_selector"),
    ({**GOOD, "fields": {"amuont": "read"}}, "/fields/amuont", "unknown_field"),
    ({**GOOD, "fields": {"lines.price": "read"}}, "/fields/lines.price", "unknown_field"),
    ({**GOOD, "fields": {"amount": "write"}}, "/fields/amount", "wrong_value"),
    ({**GOOD, "fields": {"double": "edit"}}, "/fields/double", "computed_field"),
    ({**GOOD, "actions": ["approve", "ban"]}, "/actions/1", "unknown_action_word"),
    ({**GOOD, "actions": ["reject"]}, "/actions", "no_way_on"),
    ({**GOOD, "actions": ["approve", "approve"]}, "/actions/1", "wrong_value"),
    ({**GOOD, "reason_on": ["late"]}, "/reason_on/0", "unknown_verdict"),
    ({**GOOD, "return_to": ["nowhere"]}, "/return_to/0", "unknown_step"),
    ({**GOOD, "return_to": ["lead"]}, "/return_to/0", "return_target"),
    ({**GOOD, "actions": ["approve"], "return_to": ["start"]}, "/return_to", "return_target"),
    ({**GOOD, "due": {}}, "/due/in", "missing"),
    ({**GOOD, "due": {"in": "12h"}}, "/due/in", "wrong_value"),
    ({**GOOD, "due": {"in": "PT0S"}}, "/due/in", "wrong_value"),
    ({**GOOD, "due": {"in": "P1Y"}}, "/due/in", "wrong_value"),
    ({**GOOD, "due": {"in": 5}}, "/due/in", "wrong_value"),
    ({**GOOD, "due": {"in": "PT1H", "clock": "moon"}}, "/due/clock", "wrong_value"),
    ({**GOOD, "due": {"in": "PT1H", "remind": ["soon"]}}, "/due/remind/0", "wrong_value"),
    ({**GOOD, "due": {"in": "PT1H", "repeat": "PT1S"}}, "/due/repeat", "wrong_value"),
    ({**GOOD, "due": {"in": "PT1H", "then": {"do": "explode"}}}, "/due/then/do", "wrong_value"),
    ({**GOOD, "due": {"in": "PT1H", "then": {"do": "transfer"}}}, "/due/then/to", "missing"),
    ({**GOOD, "due": {"in": "PT1H", "then": {"do": "reject", "to": [{"manager": 1}]}}}, "/due/then/to", "then"),
    ({**work("w", "bob"), "actions": ["approve"]}, "/actions/0", "unknown_action_word"),
    (route("r"), "/branches", "missing"),
    (route("r", ("a", None, []), ("b", None, [])), "/branches/1/otherwise", "two_otherwise"),
    (route("r", ("a", {"amount": {"gt": "x"}}, []), ("b", None, [])), "/branches/0/when/amount/gt", None),
    (route("r", ("a", {"amuont": {"gt": "1"}}, []), ("b", None, [])), "/branches/0/when/amuont", None),
    (route("r", ("a", {"kind": "z"}, []), ("b", None, [])), "/branches/0/when/kind", None),
    (route("r", ("a", {"kind": "a"}, []), ("a", None, [])), "/branches/1/id", "duplicate_id"),
    ({"id": "r", "kind": "route", "branches": [{"id": "a", "steps": []}]}, "/branches/0/when", "missing"),
    (
        {"id": "r", "kind": "route", "branches": [{"id": "a", "when": {}, "otherwise": True, "steps": []}]},
        "/branches/0/when", "when_and_otherwise",
    ),
    ({**parallel("p", [GOOD], []), "join": "some"}, "/join", "wrong_value"),
    (
        {"id": "p", "kind": "parallel", "branches": [{"id": "a", "when": {}, "steps": []}]},
        "/branches/0/when", "unknown_key",
    ),
    ({**auto("a"), "verdict": "maybe"}, "/verdict", "wrong_value"),
    ({"id": "a", "kind": "auto", "verdict": "approve"}, "/reason", "missing"),
    (action("a", "pya"), "/do", "unknown_action"),
    (action("a", into={"amuont": "x"}), "/into/amuont", "unknown_field"),
    (action("a", into={"double": "x"}), "/into/double", "computed_field"),
    (action("a", **{"with": {"x": {"field": "amuont"}}}), "/with/x/field", "unknown_field"),
    (action("a", **{"with": {"x": {"formula": "1 +"}}}), "/with/x/formula", "formula"),
    (action("a", **{"with": {"x": 4.5}}), "/with/x", "wrong_value"),
    (action("a", on_error="panic"), "/on_error", "wrong_value"),
    ({**tell("n")}, "/to", "wrong_value"),
    (wait("w"), "", "wait"),
    (wait("w", event="a", until="ends_on"), "", "wait"),
    (wait("w", until="note"), "/until", "wrong_kind"),
    (wait("w", until="nope"), "/until", "unknown_field"),
    (wait("w", until="ends_on", limit="PT1H"), "/limit", "wait"),
    ("approve", "", "wrong_type"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "path", "code"), WRONG)
def test_a_wrong_step(step, path, code):
    flow, problems = read_flow(document([step]), FORM, actions={"pay"}, templates={"done"})
    assert flow is None
    found = [(each.path, each.code) for each in problems]
    assert any(each == f"/steps/0{path}" and code in (None, named) for each, named in found), found
    assert all(each.message for each in problems)


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"schema": "flow/2"}, "/schema", "wrong_value"),
        ({"key": "__proto__"}, "/key", "wrong_value"),
        ({"colour": "red"}, "/colour", "unknown_key"),
        ({"steps": []}, "/steps", "missing"),
        ({"steps": {}}, "/steps", "wrong_type"),
        ({"form": "other"}, "/form", "wrong_form"),
        ({"settings": {"self_approval": "maybe"}}, "/settings/self_approval", "wrong_value"),
        ({"settings": {"repeat_approver": 1}}, "/settings/repeat_approver", "wrong_value"),
        ({"settings": {"withdraw": "sometimes"}}, "/settings/withdraw", "wrong_value"),
        ({"settings": {"calendar": "Büro"}}, "/settings/calendar", "wrong_value"),
        ({"settings": {"material": ["amuont"]}}, "/settings/material/0", "unknown_field"),
        ({"settings": {"material": "amount"}}, "/settings/material", "wrong_value"),
        ({"settings": {"owner": {"chief": 1}}}, "/settings/owner", "unknown_selector"),
        ({"settings": {"hurry": True}}, "/settings/hurry", "unknown_key"),
        ({"settings": []}, "/settings", "wrong_type"),
        ({"cases": [1]}, "/cases/0", "wrong_type"),
    ],
)
def test_a_wrong_flow(change, path, code):
    flow, problems = read_flow({**document([GOOD]), **change}, FORM)
    assert flow is None
    assert (path, code) in [(each.path, each.code) for each in problems]


@pytest.mark.parametrize("what", [None, [], "flow", 1, {"schema": "flow/1"}])
def test_no_flow_at_all(what):
    flow, problems = read_flow(what, FORM)
    assert flow is None
    assert problems


def test_all_problems_come_at_once():
    problems = problems_of(
        [{**GOOD, "mode": "most", "fields": {"x": "read"}}, action("a", "pya"), {**GOOD, "who": [{"chief": 1}]}]
    )
    assert {each.path for each in problems} >= {
        "/steps/0/mode", "/steps/0/fields/x", "/steps/1/do", "/steps/2/who/0", "/steps/2/id",
    }  # fmt: skip


def test_one_id_for_two_steps_in_different_branches():
    problems = problems_of([route("r", ("a", {"kind": "a"}, [GOOD]), ("b", None, [GOOD]))])
    assert [(each.path, each.code) for each in problems] == [("/steps/0/branches/1/steps/0/id", "duplicate_id")]


@pytest.mark.parametrize(
    ("step", "path", "code"),
    [
        (parallel("p", [GOOD]), "/steps/0/branches", "one_branch"),
        (wait("w", event="a"), "/steps/0", "no_limit"),
        ({**GOOD, "due": {"in": "PT1H", "then": {"do": "approve"}}}, "/steps/0/due/then/do", "approved_by_time"),
        ({**tell("n", {"submitter": True}), "template": "dnoe"}, "/steps/0/template", "unknown_template"),
    ],
)
def test_warnings_stop_nothing(step, path, code):
    flow, problems = read_flow(document([step]), FORM, templates={"done"})
    assert flow is not None
    assert [(each.path, each.code, each.severity) for each in problems] == [(path, code, Severity.WARNING)]


def test_a_step_that_says_little_offers_what_is_usual():
    flow, _ = read_flow(document([{"id": "lead", "kind": "approve", "who": [{"manager": 1}]}]), FORM)
    assert flow is not None
    (step,) = flow.steps
    assert step.kind is Kind.APPROVE
    assert step.actions == ("approve", "reject", "return", "transfer", "add")
    assert step.reason_on == ("reject", "return")
    assert step.return_to == ("start",)
    assert step.nobody == "admin"


def test_columns_have_rights_too():
    flow, problems = read_flow(document([{**GOOD, "fields": {"lines.quantity": "edit"}}]), FORM)
    assert problems == []
    assert flow is not None
    assert flow.steps[0].fields == {"lines.quantity": Right.EDIT}


def test_without_its_form_a_flow_is_read_unchecked():
    flow, problems = read_flow(document([{**GOOD, "fields": {"whatever": "edit"}}, action("a", "any")]), None)
    assert (flow is not None, problems) == (True, [])


def test_steps_behind_are_those_that_came_before_on_every_way():
    steps = [
        GOOD,
        route("r", ("a", {"kind": "a"}, [approve("x", "bob")]), ("b", None, [approve("y", "bob", return_to=["x"])])),
        approve("z", "bob", return_to=["x", "y", "lead", "start"]),
    ]
    problems = problems_of(steps)
    assert [(each.path, each.code) for each in problems] == [
        ("/steps/1/branches/1/steps/0/return_to/0", "return_target")
    ]


def test_reading_changes_nothing_in_the_document():
    given = document([GOOD, action("a", **{"with": {"x": {"field": "amount"}}})])
    before = copy.deepcopy(given)
    read_flow(given, FORM)
    assert given == before
