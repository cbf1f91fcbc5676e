"""What the world outside is told of a request, and what a flow asks of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from standardwebhooks.webhooks import Webhook as Verifier

from signoff.flows import calling, service
from signoff.flows import catalogue as flows
from signoff.flows.actions import ActionContext, ActionFailed
from signoff.forms import records
from signoff.platform import clock, webhooks
from signoff.platform.db import reading
from signoff.platform.scheduler import run_due
from signoff.platform.webhooks import Wanted

from ..conftest import Clock, definition
from ..platform.receiver import Receiver, receiving
from . import shop as at_shop

ASKED_AT = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture
def receiver(shop: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    ours = context.extensions["signoff"]
    monkeypatch.setattr(ours, "config", replace(ours.config, webhooks_private="*"))
    with receiving() as found:
        webhooks.create(Wanted("erp", found.url, forms=["refund"]), by=None)
        yield found


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in receiver.requests]


def test_a_request_is_told_of_from_beginning_to_end(receiver: Receiver, context: Flask, at: Clock) -> None:
    record = at_shop.refund()
    run_due(context)
    submitted, opened = sorted(told(receiver), key=lambda each: each["type"])
    assert (submitted["type"], submitted["data"]["record"]["number"]) == ("record.submitted", record.number)
    assert submitted["data"]["record"]["values"]["amount"] == "300.00"
    assert opened["data"]["task"]["step"] == "first_answer"
    receiver.requests.clear()
    [task] = at_shop.tasks_of("bo")
    service.decide(task.id, by=at_shop.person("bo"), verdict="reject", comment="Not ours.")
    run_due(context)
    decided, finished = sorted(told(receiver), key=lambda each: each["type"], reverse=True)
    assert decided["type"] == "task.decided"
    assert decided["data"]["task"]["id"] == task.id
    assert decided["data"]["decision"]["verdict"] == "reject"
    assert decided["data"]["decision"]["by"] == "bo"
    assert finished["data"]["status"] == "rejected"
    assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 2


def test_a_deadline_that_passes_is_told_once(receiver: Receiver, context: Flask, at: Clock) -> None:
    at_shop.refund()
    run_due(context)
    for _ in range(8):
        at.move(hours=12)
        run_due(context)
    overdue = [each for each in told(receiver) if each["type"] == "task.overdue"]
    assert len(overdue) == len({each["data"]["task"]["id"] for each in overdue}) >= 1


def test_a_deadline_that_nobody_is_reminded_of_is_told_too(receiver: Receiver, context: Flask, at: Clock) -> None:
    document = definition("refund.flow")
    document["steps"][0]["due"] = {"in": "PT30M", "clock": "always"}
    flows.publish_flow(document, by="ada", note="")
    made = at_shop.refund()
    run_due(context)
    receiver.requests.clear()
    at.move(minutes=30)
    run_due(context)
    [overdue] = told(receiver)
    assert (overdue["type"], overdue["data"]["record"]["number"]) == ("task.overdue", made.number)
    at.move(hours=30)
    run_due(context)
    assert len(receiver.requests) == 1


def _context(key: str, **arguments: Any) -> ActionContext:
    made = at_shop.refund()
    with reading() as conn:
        record = records.fetch(conn, made.id)
    return ActionContext(key=key, arguments=arguments, record=record, run_id=1, now=clock.now(), asked_at=ASKED_AT)


def test_a_flow_calls_with_a_signature_and_an_idempotency_key(receiver: Receiver) -> None:
    receiver.answers = [(200, b'{"promised_on": "2026-03-05"}', {})]
    result = calling.call(_context("run:1:ask#1", webhook="erp", data={"parcel": "SF1"}))
    assert result == {"status": 200, "answer": {"promised_on": "2026-03-05"}}
    [(_, headers, body)] = receiver.requests
    assert headers["idempotency-key"] == headers["webhook-id"] == "run:1:ask#1"
    assert Verifier(webhooks.find("erp").secret).verify(body, headers)["data"]["data"] == {"parcel": "SF1"}


def test_what_is_asked_again_is_the_same(receiver: Receiver) -> None:
    first = _context("run:1:ask#1", webhook="erp", data={"parcel": "SF1"})
    calling.call(first)
    calling.call(replace(first, now=first.now + timedelta(minutes=5)))
    assert len({body for _, _, body in receiver.requests}) == 1


@pytest.mark.parametrize(("status", "final"), [(500, False), (429, False), (400, True), (404, True), (302, True)])
def test_a_no_is_final_and_a_failure_is_not(receiver: Receiver, status: int, final: bool) -> None:
    receiver.answers = [(status, b"because", {})]
    with pytest.raises(ActionFailed) as failed:
        calling.call(_context("k", url=receiver.url))
    assert failed.value.final is final


def test_a_flow_does_not_reach_the_own_network(shop: Flask, context: Flask) -> None:
    with receiving() as inside, pytest.raises(ActionFailed) as failed:
        calling.call(_context("k", url=inside.url))
    assert failed.value.final
    assert inside.requests == []
