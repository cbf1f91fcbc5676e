"""What schedules do with requests: the morning's digest, the report, what stands still, the survey afterwards."""

from typing import Any

import pytest
from flask import Flask

from signoff.flows import service
from signoff.forms import listing
from signoff.forms import service as forms
from signoff.platform import mail, schedules
from signoff.platform.errors import Refused
from signoff.platform.notifications import notifications_of
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from . import shop as at_shop


@pytest.fixture(autouse=True)
def _shop(shop: Flask, context: Flask, at: Clock) -> Flask:
    return shop


def _publish(do: str, **arguments: Any) -> None:
    document = {"schema": "schedule/1", "key": "it", "title": "Look", "when": "every day 03:00", "do": do,
                "with": arguments}  # fmt: skip
    schedules.publish(document, by="ada")


def _titles(person: str) -> list[str]:
    return [each.title for each in notifications_of(person).items]


def _run(app: Flask) -> None:
    schedules.run_now("it")
    run_due(app)


def test_the_digest_says_what_waits_and_is_silent_where_nothing_does(context: Flask, at: Clock) -> None:
    made = at_shop.refund()
    _publish("digest", to=[{"role": "service"}, {"person": "amy"}])
    _run(context)
    [digest] = [each for each in notifications_of("bo").items if each.template == "digest"]
    assert digest.title == "Waiting for you: 1, overdue: 0"
    assert str(made.number) in digest.body
    assert digest.link == "/inbox"
    assert "digest" not in [each.template for each in notifications_of("amy").items]


def test_the_report_counts_what_its_reader_may_know(context: Flask, at: Clock) -> None:
    at_shop.refund()
    _publish("report", to=[{"person": "ada"}], period="P7D")
    _run(context)
    assert _titles("ada")[0].startswith("Look: 1 requests since")


def test_what_stands_still_is_told_once_until_it_moves(context: Flask, at: Clock) -> None:
    at_shop.refund()
    _publish("records", form="refund", status=["open"], unchanged_for="P5D",
             where={"amount": {"gte": "100"}}, then={"notify": {"to": [{"person": "ada"}]}})  # fmt: skip
    at.move(days=4)
    _run(context)
    assert not [title for title in _titles("ada") if "Look" in title]
    for _ in range(2):
        at.move(days=2)
        _run(context)
        assert len([title for title in _titles("ada") if "Look" in title]) == 1


def test_a_decision_and_a_comment_are_movement_and_a_reminder_is_none(context: Flask, at: Clock) -> None:
    made = at_shop.refund()
    _publish("records", form="refund", status=["open"], unchanged_for="P5D",
             then={"notify": {"to": [{"person": "ada"}]}})  # fmt: skip

    def told(**later: int) -> int:
        at.move(**later)
        run_due(context)  # reminders
        _run(context)
        return len([title for title in _titles("ada") if "Look" in title])

    at.move(hours=1)
    service.decide(at_shop.task_of("bo").id, by=at_shop.person("bo"), verdict="approve")
    assert told(days=4, hours=23, minutes=30) == 0
    assert told(hours=1) == 1
    assert told(days=4) == 1
    service.comment(made.id, by=at_shop.person("li"), text="The carrier is asked.")
    assert told(days=4) == 1
    assert told(days=2) == 2  # it moved, and stands still again
    assert told(days=1) == 2


def test_a_record_that_is_refused_holds_up_no_other(context: Flask, at: Clock) -> None:
    for number in (1, 2, 3):
        at_shop.order(1000 + number)
    # that of the second is taken, and a number of a product is unique
    then = {"open": {"form": "product", "values": {"sku": {"field": "shop_number"}, "name": "Call", "price": "1"}}}
    _publish("records", form="sales_order", unchanged_for="P5D", then=then)
    forms.submit("product", {"sku": "W-1002", "name": "Taken", "price": "1"}, by=at_shop.person("amy"))
    at.move(days=6)
    _run(context)
    assert _skus() >= {"W-1001", "W-1003"}
    [ran] = schedules.last_runs("it")
    assert ran.error


def _skus() -> set[str]:
    return {str(each.values["sku"]) for each in listing.find("product", by=None).items}


def test_a_record_that_is_found_opens_another(context: Flask, at: Clock) -> None:
    made = at_shop.order()
    wanted = {"sku": {"field": "shop_number"}, "name": "Call", "price": "1"}
    then = {"open": {"form": "product", "values": wanted}}
    _publish("records", form="sales_order", unchanged_for="P5D", then=then)
    at.move(days=6)
    _run(context)
    _run(context)
    found = [each.values["sku"] for each in listing.find("product", by=None).items]
    assert found.count(made.values["shop_number"]) == 1


def test_the_customer_is_asked_two_days_after_the_end(context: Flask, at: Clock) -> None:
    made = at_shop.refund()
    [task] = at_shop.tasks_of("bo")
    service.decide(task.id, by=at_shop.person("bo"), verdict="reject", comment="No.")
    to = [{"field": "customer_email"}, {"field": "submitter"}]
    then = {"notify": {"to": to, "template": "survey", "ask": "refund"}}
    _publish("records", form="refund", status=["rejected"], ended_for="P2D", then=then)
    _run(context)
    assert not [each for each in _titles("amy") if "How did we do" in each]
    at.move(days=2, hours=1)
    _run(context)
    _run(context)
    assert _titles("amy").count(f"How did we do? {made.number}") == 1
    asked = [each for each in mail.kept_mails() if each.subject == f"How did we do? {made.number}"]
    assert any("/public/refund" in each.text for each in asked)


@pytest.mark.parametrize(
    ("do", "arguments", "paths"),
    [
        ("digest", {"to": []}, ["/with/to"]),
        ("digest", {"to": [{"role": 3}], "x": 1}, ["/with/x", "/with/to/0"]),
        ("report", {"period": "1 week"}, ["/with/to", "/with/period"]),
        ("records", {}, ["/with/form", "/with/then"]),
        ("records", {"form": "nothing", "then": {"notify": {"to": []}}}, ["/with/form", "/with/then/notify"]),
        ("records", {"form": "refund", "where": {"no": 1}, "status": ["lost"], "then": {"open": {"form": "no"}}},
         ["/with/where/no", "/with/status", "/with/then/open/form"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(do: str, arguments: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        _publish(do, **arguments)
    assert [each.path for each in refused.value.problems] == paths
