"""Pages of requests: what people see and do without any script."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from signoff.flows import service
from signoff.forms import service as forms
from signoff.platform.scheduler import run_due

from ..conftest import Clock, SignIn, definition
from .shop import order, person, refund, task_of


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Iterator[Flask]:
    shop.config["WTF_CSRF_ENABLED"] = False
    with shop.app_context():
        yield shop
    shop.config["WTF_CSRF_ENABLED"] = True


def text(answer: Any) -> str:
    """What a page says, without its tags."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_home_offers_forms_and_follows_my_requests(sign_in: SignIn) -> None:
    made = refund()
    with sign_in("amy") as client:
        page = text(client.get("/"))
    assert "Refund request" in page
    assert "Sales order" not in page.split("My requests")[0]
    assert str(made.number) in page
    assert "In progress" in page


def test_home_says_what_to_do_when_nothing_is_there(sign_in: SignIn) -> None:
    with sign_in("fei") as client:
        assert "You have not asked for anything yet" in text(client.get("/"))
        assert "Your inbox is empty" in text(client.get("/inbox"))
        assert "You have not asked for anything yet" in text(client.get("/requests"))
        assert "No form speaks of “xyzzy”" in text(client.get("/?q=xyzzy"))


def test_pages_speak_chinese(sign_in: SignIn) -> None:
    refund()
    with sign_in("bo") as client:
        client.set_cookie("signoff_language", "zh", domain="127.0.0.1")
        page = text(client.get("/inbox"))
    assert "退款申请" in page
    assert "首次响应" in page


def test_the_inbox_shows_the_list_and_the_first_request_beside_it(sign_in: SignIn) -> None:
    made = refund()
    with sign_in("bo") as client:
        page = text(client.get("/inbox"))
    assert str(made.number) in page
    assert "¥300.00" in page
    assert "Asked as a member of the role Customer service." in page
    assert "Approve" in page


def test_deciding_opens_the_next_task(sign_in: SignIn) -> None:
    sold = order(100)
    refund(3, of=sold)
    refund(4, of=sold)
    with sign_in("bo") as client:
        body = client.get("/inbox").get_data(as_text=True)
        following = re.search(r'name="following" value="(\d+)"', body)
        assert following
        answer = client.post("/tasks/1", data={"do": "approve", "following": following[1]})
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith(f"/inbox?task={following[1]}")
        page = text(client.get(answer.headers["Location"]))
    assert "You approved" in page


def test_a_rejection_without_a_reason_keeps_what_was_typed(sign_in: SignIn) -> None:
    refund()
    with sign_in("bo") as client:
        answer = client.post("/tasks/1", data={"do": "reject", "comment": " ", "f-deduction": "77"})
        assert answer.status_code == 422
        assert "Say why" in text(answer)
        assert 'value="77' in answer.get_data(as_text=True)


def test_values_are_changed_on_the_page_of_a_task(sign_in: SignIn) -> None:
    made = refund()
    with sign_in("bo") as client:
        wrong = client.post("/tasks/1", data={"do": "approve", "f-deduction": "much"})
        assert wrong.status_code == 422
        assert "much" in wrong.get_data(as_text=True)
        assert client.post("/tasks/1", data={"do": "approve", "f-deduction": "50"}).status_code == 303
        page = text(client.get(f"/requests/{made.id}"))
    assert "¥250.00" in page
    assert "Deduction ¥0.00" in page


def test_a_stale_page_says_who_was_first_and_keeps_what_was_typed(sign_in: SignIn, at: Clock) -> None:
    refund()
    task = task_of("bo")
    service.decide(task.id, by=person("bo"), verdict="approve")
    at.move(minutes=2)
    with sign_in("li") as client:
        answer = client.post(f"/tasks/{task.id}", data={"do": "reject", "comment": "I typed this"})
    assert answer.status_code == 409
    assert "Bo Wang approved 2 min ago" in text(answer)


def test_handing_on_by_page(sign_in: SignIn) -> None:
    refund()
    with sign_in("bo") as client:
        assert client.post("/tasks/1", data={"do": "claim"}).status_code == 303
        assert "Release" in text(client.get("/tasks/1"))
        assert client.post("/tasks/1", data={"do": "release"}).status_code == 303
        assert client.post("/tasks/1", data={"do": "transfer", "person": ""}).status_code == 422
        assert client.post("/tasks/1", data={"do": "transfer", "person": "zhou"}).status_code == 303
    assert task_of("zhou").id == 1


def test_tasks_of_others_are_not_found(sign_in: SignIn) -> None:
    refund()
    with sign_in("ma") as client:
        assert client.get("/tasks/1").status_code == 404
        assert client.post("/tasks/1", data={"do": "approve"}).status_code == 404
        assert client.get("/requests/3").status_code == 404
    with sign_in("amy") as client:
        page = client.get("/tasks/1")
        assert page.status_code == 200
        assert 'value="approve"' not in page.get_data(as_text=True)
        assert client.post("/tasks/1", data={"do": "approve"}).status_code == 403


def test_many_are_reviewed_and_then_decided(sign_in: SignIn) -> None:
    sold = order(100)
    refund(3, of=sold)
    refund(4, of=sold)
    with sign_in("bo") as client:
        review = client.post("/inbox/review", data={"tasks": ["1", "2"], "do": "review"})
        page = text(review)
        assert "Ready (2) ¥700.00" in page
        again = text(client.post("/inbox/review", data={"tasks": ["1", "2"], "do": "decide", "verdict": "reject"}))
        assert "Needs your input (2)" in again
        done = text(client.post("/inbox/review", data={"tasks": ["1", "2"], "do": "decide", "verdict": "approve"}))
        assert "Done (2)" in done
        assert client.post("/inbox/review", data={}).status_code == 303


def test_following_a_request_says_where_it_is_and_what_comes(sign_in: SignIn) -> None:
    made = refund()
    service.decide(1, by=person("bo"), verdict="approve", comment="Looks right.")
    with sign_in("amy") as client:
        page = text(client.get(f"/requests/{made.id}"))
        assert "Team lead waits for Li Na" in page
        assert "It should be over by" in page
        assert "Approved First answer." in page
        assert "Looks right." in page
        assert "Then" in page or "Pay back" in page
        assert client.post(f"/requests/{made.id}", data={"do": "urge", "comment": "please"}).status_code == 303
        assert client.post(f"/requests/{made.id}", data={"do": "urge"}).status_code == 429
        assert client.post(f"/requests/{made.id}", data={"do": "comment", "comment": "hm"}).status_code == 303
        assert client.post(f"/requests/{made.id}", data={"do": "withdraw"}).status_code == 403
        assert client.post(f"/requests/{made.id}", data={"do": "dance"}).status_code == 422


def test_a_returned_request_is_corrected_on_its_page(sign_in: SignIn) -> None:
    made = refund()
    service.decide(1, by=person("bo"), verdict="return", comment="Which order?", to="start")
    with sign_in("amy") as client:
        body = client.get(f"/requests/{made.id}").get_data(as_text=True)
        assert 'value="resubmit"' in body
        wrong = client.post(f"/requests/{made.id}", data={"do": "resubmit", "f-conversation": ""})
        assert wrong.status_code == 422
        sent = {"do": "resubmit", "f-conversation": "The lamps.", "comment": "There."}
        assert client.post(f"/requests/{made.id}", data=sent).status_code == 303
    after = forms.read_record(made.id, by=person("amy"))
    assert (after.status, after.values["conversation"]) == ("open", "The lamps.")


def test_the_form_shows_its_route_and_changes_it_with_the_amount(sign_in: SignIn) -> None:
    sold = order(100)
    product = sold.values["lines"][0]["product"]
    with sign_in("amy") as client:
        assert "Where it will go" in text(client.get("/forms/refund/new"))
        for pieces, who in (("1", "service"), ("3", "Li Na"), ("60", "Zhou Min")):
            sent = {
                "f-order": f"#{sold.id}",
                "f-path": "refund_only",
                "f-lines": "",
                "f-lines-0": "1",
                "f-lines-0-product": f"#{product}",
                "f-lines-0-quantity": pieces,
                "f-lines-0-unit_price": "100",
            }
            answer = client.post("/forms/refund/evaluate", data=sent).get_json()
            assert who in answer["aside"], pieces
            assert answer["route"]["outcome"] == "approved"


def test_a_customer_finds_their_request_by_number_and_code(client: Any, shop: Flask) -> None:
    made = refund()
    code = made.access_code
    assert code
    found = text(client.get(f"/status?number={made.number}&code={code.lower()}"))
    assert "Received" in found
    assert "First answer" in found
    assert "¥300.00" in found
    assert "Bo Wang" not in found
    assert client.get(f"/status?number={made.number}&code=XXXXXXXX").status_code == 404
    assert client.get("/status").status_code == 200
    service.decide(1, by=person("bo"), verdict="reject", comment="no")
    assert "Declined" in text(client.get(f"/status?number={made.number}&code={code}"))


def test_administrators_change_a_threshold_and_publish(sign_in: SignIn) -> None:
    import json

    flow = definition("refund.flow")
    with sign_in("bo") as client:
        assert client.get("/definitions").status_code == 403
    with sign_in("ada") as client:
        assert "Refund approval" in text(client.get("/definitions"))
        assert client.get("/definitions/flow/refund/json").status_code == 200
        assert client.get("/definitions/flow/new/json").status_code == 200
        assert client.get("/definitions/flow/nothing/json").status_code == 404
        flow["steps"][2]["branches"][0]["when"] = {"amount": {"lt": "100"}}
        gap = json.dumps(flow, indent=2)
        checked = client.post("/definitions/flow/refund", data={"do": "check", "text": gap, "base_version": "1"})
        assert "/steps/2" in text(checked)
        assert "line" in text(checked)
        refused = client.post(
            "/definitions/flow/refund", data={"do": "publish", "text": gap, "base_version": "1", "note": "lower"}
        )
        assert refused.status_code == 422
        flow["steps"][2]["branches"][1]["when"] = {"amount": {"gte": "100", "lt": "5000"}}
        good = {"do": "publish", "text": json.dumps(flow), "base_version": "1", "note": "lower"}
        assert client.post("/definitions/flow/refund", data=good | {"note": ""}).status_code == 422
        assert client.post("/definitions/flow/refund", data=good).status_code == 303
        stale = client.post("/definitions/flow/refund", data=good | {"text": json.dumps(definition("refund.flow"))})
        assert stale.status_code == 409
        assert "What you typed is still here" in text(stale)
        assert client.post("/definitions/flow/refund", data={"do": "check", "text": "{"}).status_code == 422
        page = text(client.get("/definitions/flow/refund/versions/2"))
        assert "100" in page
        assert client.post("/definitions/flow/refund/versions/1").status_code == 303
        assert "What it would change" in text(client.get("/definitions/flow/refund/json"))


def test_the_dashboard_counts(sign_in: SignIn, shop: Flask) -> None:
    refund()
    service.decide(1, by=person("bo"), verdict="approve")
    service.decide(2, by=person("li"), verdict="approve")
    run_due(shop)
    with sign_in("ada") as client:
        page = text(client.get("/dashboard"))
        assert "Refund only, goods stay 1 ¥300.00" in page
        assert client.get("/dashboard?since=7d&form=refund").status_code == 200
    with sign_in("fei") as client:
        assert "Refund only" not in text(client.get("/dashboard"))
