"""Following a request: the drawn way, what changed since one decided, and whom one can ask."""

import pytest
from flask import Flask

from signoff.flows import following, service, task_page
from signoff.platform.text import local

from ..conftest import Clock, SignIn
from . import shop as at_shop
from .test_web import text


@pytest.fixture(autouse=True)
def _shop(shop: Flask, context: Flask, at: Clock) -> Flask:
    return shop


def _way(record_id: int, person: str = "amy") -> list[tuple[str, str, str]]:
    return [(local(each.title, "en"), each.state, each.who) for each in
            following.of(record_id, at_shop.person(person)).way]  # fmt: skip


def test_the_way_says_what_is_done_what_is_now_and_what_comes(context: Flask) -> None:
    with context.test_request_context():
        made = at_shop.refund()
        assert _way(made.id)[:3] == [
            ("Filed", "done", "Amy Chen"), ("First answer", "now", "Customer service"), ("Team lead", "next", "Li Na"),
        ]  # fmt: skip
        assert _way(made.id)[-1][:2] == ("End", "next")
        service.decide(at_shop.task_of("bo").id, by=at_shop.person("bo"), verdict="approve")
        assert _way(made.id)[1:3] == [("First answer", "done", "Bo Wang"), ("Team lead", "now", "Li Na")]
        service.decide(at_shop.task_of("li").id, by=at_shop.person("li"), verdict="reject", comment="No.")
        assert _way(made.id)[-2:] == [("Team lead", "done", "Li Na"), ("Rejected", "done", "")]


def test_whoever_decided_sees_what_changed_since(context: Flask, sign_in: SignIn) -> None:
    made = at_shop.refund()
    bo, amy = at_shop.person("bo"), at_shop.person("amy")
    service.decide(at_shop.task_of("bo").id, by=bo, verdict="return", comment="Which reason?")
    service.resubmit(made.id, by=amy, values={"reason": "changed_mind"}, comment="Corrected.")
    with sign_in("bo") as client:
        page = text(client.get(f"/tasks/{at_shop.task_of('bo').id}"))
    assert "Changed since you decided:" in page
    assert "Reason Came too late or never" in page
    with context.test_request_context():
        assert task_page.of(at_shop.task_of("bo").id, bo).changed_since


def test_a_question_reaches_whoever_is_asked(sign_in: SignIn, shop: Flask) -> None:
    from signoff.platform.notifications import notifications_of
    from signoff.platform.scheduler import run_due

    shop.config["WTF_CSRF_ENABLED"] = False
    made = at_shop.refund()
    service.decide(at_shop.task_of("bo").id, by=at_shop.person("bo"), verdict="approve")
    with sign_in("amy") as client:
        assert '<option value="bo">Bo Wang</option>' in client.get(f"/requests/{made.id}").get_data(as_text=True)
        client.post(f"/requests/{made.id}", data={"do": "comment", "comment": "Did they call?", "mentions": "bo"})
    shop.config["WTF_CSRF_ENABLED"] = True
    run_due(shop)
    assert any("Did they call?" in each.body for each in notifications_of("bo").items)
