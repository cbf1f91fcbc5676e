"""A request that is tried in the builder: filled like the real one, routed by a draft, kept as a test case."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from flask.testing import FlaskClient

from signoff.flows import catalogue, trials
from signoff.platform import calendar_store
from signoff.platform.people import owners
from signoff.platform.people import service as people

from ..conftest import SignIn, definition
from .shop import order

FORM = definition("refund.form")
FLOW = definition("refund.flow")
LINES = {"f-lines": "", "f-lines-0": "1", "f-lines-0-product": "L-1000", "f-lines-0-quantity": "3",
         "f-lines-0-unit_price": "100"}  # fmt: skip
pytestmark = pytest.mark.usefixtures("open_shop")


def sent(client: FlaskClient, place: str = "/evaluate", **form: Any) -> Any:
    whole = {"document": FORM, "flow": FLOW, "by": "amy", **form}
    body = {name: value if isinstance(value, str) else json.dumps(value) for name, value in whole.items()}
    return client.post(f"/definitions/preview{place}", data=body)


def tried(sign_in: SignIn, who: str = "ada", **form: Any) -> Any:
    with sign_in(who) as client:
        answer = sent(client, **form)
    assert answer.status_code == 200, answer.text
    return answer.json["tried"]


def opened(sign_in: SignIn, values: dict[str, Any], **form: Any) -> tuple[str, Any]:
    """The page of a test case that is opened again, and what the page says of it."""
    with sign_in("ada") as client:
        page = sent(client, "", values=values, **form).text
    found = re.search(r'id="form-tried"[^>]*>(.*?)</script>', page, re.S)
    assert found is not None
    return page, json.loads(found.group(1))


def asked(found: Any) -> list[str]:
    return [step["id"] for step in found["route"]["steps"] if step["kind"] in ("approve", "work") and step["people"]]


def test_what_is_filled_is_a_test_case_with_its_route(sign_in: SignIn) -> None:
    number = order().number
    found = tried(sign_in, **LINES, **{"f-order": str(number), "f-path": "refund_only"})
    assert found["values"]["lines"][0]["unit_price"] == "100.00"
    assert "total" not in found["values"]["lines"][0]
    assert "amount" not in found["values"]
    assert asked(found)[:2] == ["first_answer", "lead"]
    assert "Li Na" in {name for step in found["route"]["steps"] for name in step["names"]}
    assert {each["path"] for each in found["problems"]} >= {"/values/reason"}


def test_a_case_that_was_tried_passes_as_it_was_saved(sign_in: SignIn) -> None:
    number = order().number
    found = tried(sign_in, **LINES, **{"f-order": str(number), "f-path": "return"})
    expect = {"outcome": found["route"]["outcome"], "route": asked(found)}
    case = {"name": "Lamps", "by": "amy", "values": found["values"], "expect": expect}
    program = catalogue.check_document({**FLOW, "cases": [case]}, prove=False).program
    assert program is not None
    assert [each.problems for each in trials.run_all(program, people.directory(), calendar_store.calendar())] == [()]


def test_the_draft_of_the_flow_says_the_route(sign_in: SignIn) -> None:
    draft = deepcopy(FLOW)
    draft["steps"] = [{"id": "only", "kind": "approve", "who": [{"person": "gao"}]}]
    found = tried(sign_in, flow=draft, **LINES)
    assert asked(found) == ["only"]
    assert found["refused"] == []


def test_a_draft_that_does_not_compile_leaves_the_form_to_be_filled(sign_in: SignIn) -> None:
    found = tried(sign_in, flow={**FLOW, "steps": [{"id": "x", "kind": "dance"}]}, **LINES)
    assert found["route"] is None
    assert [each["path"] for each in found["refused"]] == ["/steps/0/kind"]
    assert found["values"]["lines"]
    assert tried(sign_in, flow={**FLOW, "form": "expense"})["route"] is None


def test_a_computed_value_set_by_hand_takes_the_place_of_what_it_is_computed_from(sign_in: SignIn) -> None:
    found = tried(sign_in, by_hand={"amount": "6000"}, **LINES, **{"f-path": "refund_only"})
    assert found["values"]["amount"] == "6000"
    assert "lines" not in found["values"]
    assert "directors" in asked(found)
    assert "/values/lines" not in {each["path"] for each in found["problems"]}
    wrong = tried(sign_in, by_hand={"amount": "much"})
    assert "computed value" in wrong["route"]["problems"][-1]["message"]


def test_a_saved_case_is_in_the_form_again(sign_in: SignIn) -> None:
    made = order()
    values = {
        "channel": "web", "order": made.id, "path": "return", "reason": "late",
        "lines": [{"product": made.values["lines"][0]["product"], "quantity": 3, "unit_price": "100"}],
    }  # fmt: skip
    page, found = opened(sign_in, values)
    assert re.search(r'name="f-lines-0-quantity"[^>]*value="3"', page)
    assert re.search(rf'name="f-order"[^>]*value="{made.number}', page)
    assert found["values"].items() >= {"order": made.id, "path": "return", "reason": "late"}.items()
    assert found["by_hand"] == {}
    assert found["values"]["lines"][0]["quantity"] == 3


def test_what_the_form_cannot_hold_of_a_case_is_set_by_hand(sign_in: SignIn) -> None:
    values = {"path": "refund_only", "amount": "6000", "inspection": "fine", "order": "NOT-THERE"}
    page, found = opened(sign_in, values)
    assert found["by_hand"] == {"amount": "6000", "inspection": "fine"}
    assert found["values"].items() >= values.items()
    assert 'value="NOT-THERE"' in page
    assert "amount" in re.search(r'name="by_hand" value="([^"]*)"', page).group(1)  # type: ignore[union-attr]


def test_owners_try_for_somebody_else_but_look_with_their_own_eyes(sign_in: SignIn) -> None:
    owners.set_owners("refund", ["bo"], by="ada")
    found = tried(sign_in, "bo", by="amy", by_hand={"amount": "300"}, **{"f-path": "refund_only"})
    assert "Li Na" in {name for step in found["route"]["steps"] for name in step["names"]}
    with sign_in("amy") as client:
        assert sent(client).status_code == 403
