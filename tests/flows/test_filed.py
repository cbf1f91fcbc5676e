"""What is filled on the way of a flow is not asked of who files the form, and not taken from them either."""

from typing import Any

import pytest
from flask import Flask

from signoff.flows.filed import withheld_at_start
from signoff.flows.schema import read_flow
from signoff.forms import catalogue
from signoff.forms import service as forms
from signoff.platform.people import service as people

from ..forms.forming import choice, form, money, text
from .shop import order, person, refund, values

FIELDS = [money("amount", required=True), choice("grade", "ok", "worn"), text("reference"), text("note"), text("bank")]
RULES = [{"when": {"amount": {"gt": "5"}}, "require": ["bank"]}]


def work(**rights: str) -> dict[str, Any]:
    return {"id": "inspect", "kind": "work", "title": "Inspect", "who": [{"role": "quality"}], "fields": rights}


PAY = {"id": "pay", "kind": "action", "do": "pay", "into": {"reference": "id"}}
BY_GRADE = {
    "id": "graded", "kind": "route",
    "branches": [{"id": "ok", "when": {"grade": "ok"}, "steps": []}, {"id": "no", "otherwise": True, "steps": []}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "start", "withheld"),
    [
        pytest.param([work(grade="required")], {}, {"grade"}, id="what a step requires of somebody else"),
        pytest.param([work(grade="edit", note="read")], {}, set(), id="what a step only may change is not withheld"),
        pytest.param([PAY], {}, {"reference"}, id="what an action fills"),
        pytest.param([work(amount="required", bank="required")], {}, set(), id="what the form asks for"),
        pytest.param([BY_GRADE, work(grade="required")], {}, set(), id="what decides the way before"),
        pytest.param([work(grade="required"), BY_GRADE], {}, {"grade"}, id="what decides the way afterwards"),
        pytest.param([work(grade="required")], {"grade": "edit", "note": "hidden"}, {"note"}, id="the flow says so"),
    ],
)  # fmt: skip
def test_what_is_filled_on_the_way(steps: list[dict[str, Any]], start: dict[str, str], withheld: set[str]) -> None:
    sample = form(FIELDS, rules=RULES)
    document = {"schema": "flow/1", "key": "f", "title": "F", "form": "sample", "steps": steps}
    document["settings"] = {"start": start}
    flow, problems = read_flow(document, sample)
    assert flow is not None, problems
    assert withheld_at_start(flow, sample) == withheld


def test_a_wrong_right_at_the_start_is_named() -> None:
    document = {"schema": "flow/1", "key": "f", "title": "F", "form": "sample", "steps": [PAY]}
    _, problems = read_flow({**document, "settings": {"start": {"grade": "read"}}}, form(FIELDS))
    assert [each.path for each in problems] == ["/settings/start/grade"]
    _, problems = read_flow({**document, "settings": {"start": {"nope": "hidden"}}}, form(FIELDS))
    assert [(each.path, each.code) for each in problems] == [("/settings/start/nope", "unknown_field")]


def test_nobody_who_files_a_refund_says_that_it_was_paid(shop: Flask) -> None:
    with shop.app_context():
        sent = {**values(order()), "refunded_at": "2026-03-01T10:00:00Z", "path": "return", "inspection": "ok"}
        made = forms.submit("refund", sent, by=person("amy"))
        assert made.values.get("refunded_at") is None
        assert made.values.get("inspection") is None


def test_the_pages_of_a_refund_do_not_ask_for_what_others_fill(shop: Flask) -> None:
    with shop.app_context():
        reading = forms.evaluate("refund", {"path": "return"}, by=people.person("amy"))
    assert {"inspection", "refunded_at", "recall_promised", "intercepted"}.isdisjoint(reading.visible)
    assert "deduction" in reading.visible


def test_a_route_that_is_supposed_knows_what_comes_on_the_way(shop: Flask) -> None:
    with shop.app_context():
        program = catalogue.program("refund")
        sent = {"path": "return", "inspection": "ok"}
        assert forms.read(program, sent, by=person("amy"), supposed=True).values["inspection"] == "ok"
        assert "inspection" not in forms.read(program, sent, by=person("amy")).values


def test_who_corrects_a_returned_request_changes_nothing_that_others_filled(shop: Flask) -> None:
    from signoff.flows import cases, store
    from signoff.flows.run import START
    from signoff.platform import db

    with shop.app_context():
        made = refund(path="return")
        with db.reading() as conn:
            row = store.run_of_record(conn, made.id)
            assert row is not None
            case = cases.of_run(conn, row.id)
        rights = case.program.rights(START)
        assert (rights["inspection"], rights["amount"]) == ("read", "edit")
