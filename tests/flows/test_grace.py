"""Grace: a decision can be taken back by who took it, until it counts; what leaves the process waits until then."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from signoff.flows import catalogue, engine, listing, service
from signoff.flows.effects import Actor, Call, OpenTask
from signoff.flows.events import Decided, Expired, Settled, Taken, Undone
from signoff.forms import service as forms
from signoff.platform import audit
from signoff.platform.db import reading
from signoff.platform.errors import Conflict, Forbidden
from signoff.platform.models import outbox, timers
from signoff.platform.scheduler import run_due

from ..conftest import Clock, definition
from . import playing
from .playing import action, approve, play, work
from .shop import person, refund, task_of, tasks_of

GRACE = {"grace": "PT10S"}


def taken(game: playing.Play, step: str, by: str, verdict: str = "approve", **more: Any) -> str:
    task = game.task(step, by).name
    game.happen(Taken(Decided(task, Actor(by), verdict, **more)))
    return task


def test_nothing_follows_from_a_decision_before_it_counts() -> None:
    game = play([approve("lead", "bob"), action("pay")], **GRACE)
    task = taken(game, "lead", "bob")
    assert not game.last(Call)
    game.wait(seconds=10).happen(Settled(task))
    assert [each.action for each in game.last(Call)] == ["pay"]
    assert game.run.approvers("lead") == ("bob",)


def test_who_took_it_takes_it_back_and_decides_anew() -> None:
    game = play([approve("lead", "bob")], **GRACE)
    task = taken(game, "lead", "bob", "reject", comment="no")
    game.wait(seconds=9).happen(Undone(task, Actor("bob")))
    assert game.waiting() == ["lead p:bob"]
    game.wait(seconds=60).happen(Settled(task))  # a timer that comes late does nothing
    assert game.run.status == "open"
    taken(game, "lead", "bob")
    game.wait(seconds=10).happen(Settled(task))
    assert game.run.status == "approved"


@pytest.mark.parametrize(
    ("by", "seconds", "error"), [("cay", 1, Forbidden), ("bob", 10, Conflict), ("bob", 99, Conflict)]
)
def test_others_and_the_late_take_nothing_back(by: str, seconds: int, error: type[Exception]) -> None:
    game = play([approve("lead", "bob")], **GRACE)
    task = taken(game, "lead", "bob")
    game.wait(seconds=seconds)
    with pytest.raises(error):
        game.happen(Undone(task, Actor(by)))


def test_the_second_of_two_alternatives_is_told_who_was_first() -> None:
    game = play([approve("lead", "bob", "cay")], **GRACE)
    theirs = game.task("lead", "cay").name
    taken(game, "lead", "bob")
    with pytest.raises(engine.TaskClosed) as error:
        game.happen(Taken(Decided(theirs, Actor("cay"), "reject", "no")))
    assert error.value.details["by"] == "bob"


def test_a_wrong_decision_is_refused_at_once() -> None:
    game = play([approve("lead", "bob", reason_on=["reject"])], **GRACE)
    with pytest.raises(engine.NotAllowed):
        taken(game, "lead", "bob", "reject")


def test_a_deadline_does_not_overtake_a_decision() -> None:
    game = play([approve("lead", "bob", due={"in": "PT1H", "then": {"do": "reject"}})], **GRACE)
    game.wait(minutes=59, seconds=55)
    task = taken(game, "lead", "bob")
    game.wait(seconds=5).happen(Expired("lead"))
    assert game.run.status == "open"
    game.wait(seconds=5).happen(Settled(task))
    assert game.run.status == "approved"


def test_a_material_change_by_another_makes_a_pending_approval_fall() -> None:
    steps = [{**approve("all", "bob", "cay", mode="all"), "fields": {"amount": "edit"}}]
    game = play(steps, material=["amount"], **GRACE)
    task = taken(game, "all", "bob")
    other = game.task("all", "cay").name
    game.happen(Taken(Decided(other, Actor("cay"), "approve"), {"amount": "900"}))
    game.wait(seconds=10).happen(Settled(other, {"amount": 900}), amount=900)
    assert game.waiting() == ["all p:bob"]
    assert game.run.task(task).pending is None  # type: ignore[union-attr]


def test_work_is_graceful_too_and_a_withdrawal_ends_it() -> None:
    game = play([work("pack", "cay"), approve("lead", "bob")], withdraw="always", **GRACE)
    task = taken(game, "pack", "cay", "complete")
    assert not game.last(OpenTask)
    from signoff.flows.events import Withdrawn

    game.happen(Withdrawn(Actor("ann")))
    game.wait(seconds=10).happen(Settled(task))
    assert game.run.status == "withdrawn"


@pytest.fixture
def graceful(shop: Flask, at: Clock) -> Iterator[Flask]:
    """The shop, whose refunds give 10 seconds of grace."""
    document = definition("refund.flow")
    document["settings"]["grace"] = "PT10S"
    with shop.app_context():
        catalogue.publish_flow(document, by="ada")
        shop.config["WTF_CSRF_ENABLED"] = False
        yield shop
        shop.config["WTF_CSRF_ENABLED"] = True


def rows(table: sa.Table) -> list[Any]:
    with reading() as conn:
        return list(conn.execute(sa.select(table)))


def graces() -> list[str]:
    return [row.key for row in rows(timers) if ":grace:" in row.key]


def test_a_decision_leaves_the_inboxes_and_counts_after_the_grace(graceful: Flask, at: Clock) -> None:
    record = refund()
    task = task_of("bo")
    before = len(rows(outbox))
    service.decide(task.id, by=person("bo"), verdict="approve")
    assert (tasks_of("bo"), tasks_of("li")) == ([], [])
    assert len(rows(outbox)) == before, "messages wait"
    with pytest.raises(Conflict) as error:
        service.decide(task.id, by=person("li"), verdict="reject", comment="no")
    assert error.value.details["by"] == "bo"
    run_due(graceful)
    assert len(graces()) == 1
    at.move(seconds=10)
    run_due(graceful)
    assert graces() == []
    assert [each.event for each in audit.entries(record.chain)].count("task.decided") == 1
    assert len(listing.task(task.id, by=person("bo")).case.run.open_tasks) == 1
    with pytest.raises(Conflict) as late:
        service.undo(task.id, by=person("bo"))
    assert late.value.code == "grace_over"


def test_an_undone_decision_leaves_no_trace_but_the_history(graceful: Flask, at: Clock) -> None:
    record = refund()
    task = task_of("bo")
    service.decide(task.id, by=person("bo"), verdict="reject", comment="no")
    with pytest.raises(Forbidden):
        service.undo(task.id, by=person("li"))
    service.undo(task.id, by=person("bo"))
    assert task_of("bo") == task
    at.move(seconds=60)
    run_due(graceful)
    assert forms.read_record(record.id, by=person("amy")).status == "open"
    assert [each.event for each in audit.entries(record.chain)][-2:] == ["task.decided", "task.undone"]
    assert audit.verify().ok


def test_values_are_stored_once_the_decision_counts(graceful: Flask, at: Clock) -> None:
    document = definition("refund.flow")
    document["settings"]["grace"] = "PT10S"
    document["steps"][0]["fields"] = {"conversation": "edit"}
    catalogue.publish_flow(document, by="ada")
    record = refund()
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve", values={"conversation": "It came."})
    assert forms.read_record(record.id, by=person("amy")).values["conversation"] == "It never came."
    at.move(seconds=11)
    run_due(graceful)
    assert forms.read_record(record.id, by=person("amy")).values["conversation"] == "It came."


def test_the_page_offers_to_undo(graceful: Flask, at: Clock, sign_in: Any) -> None:
    refund()
    task = task_of("bo")
    with sign_in("bo") as client:
        answer = client.post(f"/tasks/{task.id}", data={"do": "approve"})
        assert answer.status_code == 303
        page = client.get(answer.location)
        assert "data-undo" in page.text
        assert client.post(f"/tasks/{task.id}/undo").status_code == 303
    assert task_of("bo") == task


def test_the_api_undoes(graceful: Flask, at: Clock, client: FlaskClient, token: Any) -> None:
    refund()
    task = task_of("bo")
    headers = token("bo")
    client.post(f"/api/v1/tasks/{task.id}/decision", json={"verdict": "approve"}, headers=headers)
    answer = client.post(f"/api/v1/tasks/{task.id}/undo", headers=headers)
    assert (answer.status_code, answer.json["status"]) == (200, "open")
    again = client.post(f"/api/v1/tasks/{task.id}/undo", headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "nothing_to_undo")
