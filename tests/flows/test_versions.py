"""The page of a version: what it changed, what it is, and who may put it in force again."""

from typing import Any

import pytest
from flask import Flask

from signoff.flows import outline
from signoff.flows.schema import read_flow
from signoff.platform import definitions
from signoff.platform.people import service as people

from ..conftest import Clock, SignIn, definition
from .playing import DIRECTORY, FORM, approve, document


def _says(step: dict[str, Any], language: str = "en") -> str:
    flow, problems = read_flow(document([step]), FORM)
    assert flow is not None, problems
    [node] = outline.of(flow, FORM, DIRECTORY, language)
    return " · ".join(node.says)


@pytest.mark.parametrize(
    ("step", "english", "chinese"),
    [
        (approve("a", "bob"), "Bob", "Bob"),
        (approve("a", {"role": "finance"}, "bob", mode="all"), "finance, Bob · all of them must agree",
         "finance、Bob · 会签"),
        (approve("a", {"role": "finance", "of": "submitter.department"}), "finance of the submitter's department",
         "提交人所在部门的finance"),
        (approve("a", {"manager": 1}), "the manager of the submitter", "提交人的直属主管"),
        (approve("a", {"manager_with_limit": "amount"}), "the first above the submitter whose limit covers Amount",
         "提交人往上首位限额达到“Amount”的主管"),
        (approve("a", {"head_of": "shop"}, due={"in": "P1D", "then": {"do": "transfer", "to": [{"person": "dan"}]}}),
         "the head of Shop · within 1 day of working time; then: it goes to Dan",
         "Shop负责人 · 时限 1 天（工作时间）；逾期后：转交 Dan"),
        ({"id": "a", "kind": "wait", "for": "P2DT4H"}, "2 days 4 h", "2 天 4 小时"),
    ],
)  # fmt: skip
def test_a_step_in_words(step: dict[str, Any], english: str, chinese: str) -> None:
    assert _says(step) == english
    assert _says(step, "zh") == chinese


def test_ways_are_said_with_their_conditions() -> None:
    route = {"id": "r", "kind": "route", "branches": [
        {"id": "small", "title": "Small", "when": {"kind": "a", "amount": {"lt": "200"}},
         "steps": [approve("x", "bob")]},
        {"id": "rest", "otherwise": True, "steps": []},
    ]}  # fmt: skip
    flow, problems = read_flow(document([route]), FORM)
    assert flow is not None, problems
    [node] = outline.of(flow, FORM, DIRECTORY, "en")
    assert [(way.title, way.when, len(way.nodes)) for way in node.ways] == [
        ("Small", "Kind is A and Amount is less than 200", 1),
        ("otherwise", "", 0),
    ]


def test_the_page_of_a_version(shop: Flask, context: Flask, at: Clock, sign_in: SignIn) -> None:
    changed = definition("refund.flow") | {"title": "Refunds anew"}
    definitions.publish("flow", "refund", changed, by="ada", note="A name")
    form = definition("refund.form")
    form["fields"][0]["label"] = "Something else"
    definitions.publish("form", "refund", form, by="ada")
    with sign_in("ada") as browser:
        page = browser.get("/definitions/flow/refund/versions/2").text
        assert "the title is “Refunds anew”" in page or "Refunds anew" in page
        assert "outline-step" in page
        assert "Put this version in force again" not in page
        assert "Put this version in force again" in browser.get("/definitions/flow/refund/versions/1").text
        drawn = browser.get("/definitions/form/refund/versions/2").text
        assert "Something else" in drawn
        assert "disabled" in drawn
    with sign_in("amy") as browser:
        assert browser.get("/definitions/flow/refund/versions/1").status_code == 403


def test_an_auditor_looks_and_changes_nothing(shop: Flask, context: Flask, at: Clock, sign_in: SignIn) -> None:
    from dataclasses import replace

    people.save_person(replace(people.person("amy"), roles=frozenset({"auditor"})), by="ada")
    definitions.publish("flow", "refund", definition("refund.flow") | {"title": "Anew"}, by="ada")
    shop.config["WTF_CSRF_ENABLED"] = False
    try:
        with sign_in("amy") as browser:
            page = browser.get("/definitions/flow/refund/versions/1")
            assert page.status_code == 200
            assert "Put this version in force again" not in page.text
            taken = browser.post("/definitions/flow/refund/versions/1", data={"do": "restore"})
            assert taken.status_code == 403
    finally:
        shop.config["WTF_CSRF_ENABLED"] = True


def test_a_version_that_cannot_be_drawn_any_more_is_still_shown(
    shop: Flask, context: Flask, at: Clock, sign_in: SignIn
) -> None:
    lost = {"schema": "form/1", "key": "lost", "title": "Lost", "fields": [{"key": "a", "type": "gone", "label": "A"}]}
    definitions.publish("form", "lost", lost, by="ada")
    definitions.publish("form", "lost", lost | {"fields": [{"key": "a", "type": "text", "label": "A"}]}, by="ada")
    with sign_in("ada") as browser:
        page = browser.get("/definitions/form/lost/versions/1")
        assert page.status_code == 200
        assert "cannot be drawn" in page.text
