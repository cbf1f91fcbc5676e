"""Test cases of a flow: read strictly, run before a publish, each difference said in words."""

from typing import Any

import pytest
from flask import Flask

from signoff.flows import catalogue, trials
from signoff.flows.check.documents import check_documents
from signoff.flows.compile import compile_flow
from signoff.flows.schema import read_flow
from signoff.forms.compile import compile_form
from signoff.forms.schema import read_form
from signoff.platform.errors import Refused
from signoff.platform.problems import errors_of

from ..conftest import Clock, definition
from .playing import CALENDAR, DIRECTORY, FORM, approve, auto, document, route

STEPS = [
    route("size", ("small", {"amount": {"lt": "100"}}, [auto("ok")]), ("large", None, [approve("boss", "boss")])),
    approve("lead", {"manager": 1}, nobody="skip"),
]


CLAIM = {
    "schema": "form/1",
    "key": "claim",
    "title": "Claim",
    "fields": [{"key": "amount", "type": "money", "label": "Amount", "currency": "CNY"}],
}


def case(expect: Any, *, amount: str = "500", by: str = "ann") -> dict[str, Any]:
    return {"name": "One", "by": by, "values": {"amount": amount}, "expect": expect}


def tried(*cases: dict[str, Any]) -> list[trials.Tried]:
    form, problems = read_form(CLAIM)
    assert form is not None, problems
    compiled, problems = compile_form(form)
    assert compiled is not None, problems
    flow, problems = read_flow({**document(STEPS), "cases": list(cases)}, compiled)
    assert flow is not None, problems
    program, _ = compile_flow(flow, compiled)
    assert program is not None
    return trials.run_all(program, DIRECTORY, CALENDAR)


@pytest.mark.parametrize(
    ("expect", "more", "paths"),
    [
        ({"outcome": "approved", "route": ["boss", "lead"], "people": {"lead": ["bob"]}}, {}, []),
        ({"route": ["lead"]}, {"amount": "99.99"}, []),
        ({"route": ["boss", "lead"]}, {"amount": "99.99"}, ["/cases/0/expect/route"]),
        ({"route": ["boss"]}, {"by": "boss"}, []),
        ({"outcome": "rejected"}, {}, ["/cases/0/expect/outcome"]),
        ({"people": {"lead": ["dan"], "boss": ["boss"]}}, {}, ["/cases/0/expect/people/lead"]),
        ({"outcome": "approved"}, {"by": "nobody"}, ["/cases/0/by"]),
        ({"outcome": "approved"}, {"amount": "much"}, ["/cases/0/values/amount"]),
    ],
)
def test_a_case_is_compared_with_the_route_it_takes(expect: Any, more: dict[str, str], paths: list[str]) -> None:
    (found,) = tried(case(expect, **more))
    assert [each.path for each in found.problems] == paths
    assert found.ok is not bool(paths)


def test_a_difference_names_what_is_and_what_was_expected() -> None:
    (found,) = tried(case({"route": ["lead"]}))
    assert str(found.problems[0].message) == "One: it goes by boss → lead, expected lead."


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"name": "A"}, "/cases/0/by"),
        (3, "/cases/0"),
        (case({}), "/cases/0/expect"),
        (case({"route": ["nowhere"]}), "/cases/0/expect/route/0"),
        (case({"people": {"size": ["ann"]}}), "/cases/0/expect/people/size"),
        (case({"outcome": "maybe"}), "/cases/0/expect/outcome"),
        ({**case({"outcome": "open"}), "at": "soon"}, "/cases/0/at"),
        ({**case({"outcome": "open"}), "colour": 1}, "/cases/0/colour"),
    ],
)
def test_what_is_wrong_with_a_case(wrong: Any, path: str) -> None:
    _, problems = read_flow({**document(STEPS), "cases": [wrong]}, FORM)
    assert path in [each.path for each in errors_of(problems)]


REFUND = {
    "name": "Small",
    "by": "amy",
    "values": {"path": "refund_only", "reason": "late", "amount": "150"},
    "expect": {"outcome": "approved", "route": ["first_answer"]},
}


def refunds(**expect: Any) -> dict[str, Any]:
    return {**definition("refund.flow"), "cases": [{**REFUND, "expect": {**REFUND["expect"], **expect}}]}


def test_a_publish_runs_the_cases(shop: Flask, at: Clock) -> None:
    with shop.app_context():
        catalogue.publish_flow(refunds(), by="ada")
        with pytest.raises(Refused) as error:
            catalogue.publish_flow(refunds(outcome="rejected"), by="ada")
    assert [each.path for each in errors_of(error.value.problems)] == ["/cases/0/expect/outcome"]


@pytest.mark.parametrize(("outcome", "codes"), [("approved", []), ("rejected", ["case"])])
def test_files_are_checked_with_their_cases(outcome: str, codes: list[str]) -> None:
    names = ("people", "product.form", "sales_order.form", "stock_movement.form", "refund.form")
    files = [(name, definition(name)) for name in names]
    found = check_documents([*files, ("refund.flow", refunds(outcome=outcome))])
    assert [each.code for _, each in found if each.code == "case"] == codes


def test_the_api_runs_them(shop: Flask, at: Clock, token: Any) -> None:
    client = shop.test_client()
    answer = client.post("/api/v1/cases", json={"flow": refunds(route=["level"])}, headers=token("ada"))
    assert answer.status_code == 422, "level is no step where people act"
    answer = client.post("/api/v1/cases", json={"flow": refunds()}, headers=token("ada"))
    assert answer.json == {
        "ok": True,
        "cases": [{"name": "Small", "ok": True, "outcome": "approved", "route": ["first_answer"], "problems": []}],
    }
    assert client.post("/api/v1/cases", json={"flow": refunds()}, headers=token("amy")).status_code == 403
