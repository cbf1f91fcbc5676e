"""The route beside a form that is being filled: worked out anew when, and only when, something of it may differ."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from signoff.flows import catalogue, foreseeing, predicting
from signoff.flows.foreseeing import Foreseen, Watched
from signoff.forms import catalogue as forms
from signoff.platform import calendar_store
from signoff.platform.people import service as people
from signoff.platform.people.definition import read_people

from ..conftest import Clock, SignIn, definition


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Iterator[None]:
    with shop.app_context():
        yield


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The values of each route that the engine worked out."""
    seen: list[Any] = []
    real = predicting.of_values

    def of_values(program: Any, form: str, values: Any, *rest: Any) -> Any:
        seen.append(values)
        return real(program, form, values, *rest)

    monkeypatch.setattr(predicting, "of_values", of_values)
    return seen


def route(submitter: str = "amy", amount: str = "300", **more: Any) -> Foreseen:
    values = {"amount": Decimal(amount), "reason": "late", "path": "refund_only", "channel": "web", **more}
    found = foreseeing.route(forms.program("refund"), values, submitter)
    assert found is not None
    return found


def whom(found: Foreseen) -> list[str]:
    return [key for step in found.prediction.steps for key in step.people]


def test_what_the_route_does_not_ask_for_is_typed_without_working_it_out_again(worked_out: list[Any]) -> None:
    first = route(conversation="It")
    assert route(conversation="It never came.") is first
    assert len(worked_out) == 1


@pytest.mark.parametrize("other", [{"amount": "6000"}, {"amount": "300.00"}, {"submitter": "bo"}], ids=repr)
def test_what_the_route_asks_for_gives_another(other: dict[str, str], worked_out: list[Any]) -> None:
    first = route()
    assert route(**other) is not first
    assert len(worked_out) == 2
    assert route() is first, "and going back to what was there costs nothing"


def test_who_came_this_minute_is_on_the_route_at_once() -> None:
    first = whom(route())
    document = definition("people")
    for each in document["people"]:
        if each["key"] == "amy":
            each["manager"] = "zhou"
    found, problems = read_people(document)
    assert found is not None, problems
    people.apply_people(found, by=None)
    assert whom(route()) != first


def test_a_minute_later_deadlines_are_a_minute_later(at: Clock) -> None:
    first = next(step.due_at for step in route().prediction.steps if step.due_at)
    at.move(seconds=59)
    assert next(step.due_at for step in route().prediction.steps if step.due_at) == first
    at.move(seconds=1)
    assert next(step.due_at for step in route().prediction.steps if step.due_at) > first


def test_a_calendar_that_was_changed_counts_at_once() -> None:
    first = route()
    document = {"key": "office", "name": "Office", "zone": "Asia/Shanghai", "hours": {"mon": [["15:00", "18:00"]]}}
    calendar_store.save(document, by=None)
    assert route() is not first


def test_another_version_of_the_flow_counts_at_once() -> None:
    first = route()
    document = {**definition("refund.flow"), "title": "Another"}
    catalogue.publish_flow(document, by="ada")
    assert route().flow is not first.flow


def test_sums_over_other_requests_are_asked_for_each_time(worked_out: list[Any]) -> None:
    document = definition("refund.flow")
    document["settings"]["authority"] = {"amount": "amount", "sum_over": [{"by": "order"}]}
    catalogue.publish_flow(document, by="ada")
    route(), route()
    assert len(worked_out) == 2


def test_it_is_told_in_the_language_of_who_asks(sign_in: SignIn, worked_out: list[Any]) -> None:
    with sign_in("amy") as client:
        for language, words in (("en", "Where it will go"), ("zh", "审批路线"), ("en", "Where it will go")):
            client.set_cookie("signoff_language", language, domain="127.0.0.1")
            assert words in client.get("/forms/refund/new").text
    assert len(worked_out) == 1


def test_values_that_were_gone_through_are_all_asked_for() -> None:
    watched = Watched({"a": 1, "b": 2})
    assert watched.get("c", 3) == 3
    assert watched["a"] == 1
    assert watched.asked == ("a", "c")
    assert {**watched} == {"a": 1, "b": 2}
    assert watched.asked is None
