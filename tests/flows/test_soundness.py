"""``signoff doctor --deep``: what is sound is said to be sound, and of what is broken the first is named."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from signoff import cli
from signoff.flows import deep_check, estate, service
from signoff.flows.effects import Call
from signoff.flows.events import Completed, Failed
from signoff.flows.models import runs, tasks
from signoff.forms.models import records
from signoff.platform import health
from signoff.platform.db import reading, transaction
from signoff.platform.models import outbox, timers
from signoff.platform.people import handing_over
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from .playing import action, approve, parallel, play
from .shop import order, person, refund, task_of


@pytest.fixture(autouse=True)
def sound() -> None:
    """Here requests are broken on purpose."""


@pytest.fixture(autouse=True)
def context(request: pytest.FixtureRequest) -> Iterator[None]:
    if "shop" not in request.fixturenames:
        yield
        return
    with request.getfixturevalue("shop").app_context():
        yield


def change(table: sa.Table, run_id: int, **values: Any) -> None:
    column = table.c.id if table is runs else table.c.run_id
    with transaction() as conn:
        conn.execute(sa.update(table).where(column == run_id).values(**values))


def execute(statement: Any) -> None:
    with transaction() as conn:
        conn.execute(statement)


def test_requests_in_every_state_are_sound(shop: Flask, at: Clock) -> None:
    sold = order(5000)
    refund(3, of=sold)
    decided = refund(3, of=sold)
    service.decide(task_of_record(decided.id), by=person("bo"), verdict="approve")
    withdrawn = refund(2, of=sold)
    service.withdraw(withdrawn.id, by=person("amy"))
    returned = refund(2, of=sold)
    service.decide(task_of_record(returned.id), by=person("bo"), verdict="return", comment="why?")
    small = refund(1, of=sold)
    service.decide(task_of_record(small.id), by=person("bo"), verdict="approve")
    run_due(shop)
    at.move(minutes=31)
    run_due(shop)
    proof = deep_check.prove()
    assert (proof.runs, proof.ok) == (5, True), proof.message


def task_of_record(record_id: int) -> int:
    with reading() as conn:
        return int(conn.execute(sa.select(tasks.c.id).where(tasks.c.record_id == record_id, tasks.c.open)).scalar_one())


def breaking(name: str, run_id: int, record_id: int) -> None:
    match name:
        case "status":
            execute(sa.update(records).where(records.c.id == record_id).values(status="approved"))
        case "ended":
            change(runs, run_id, ended_at=sa.literal_column("started_at"))
        case "task gone":
            execute(sa.delete(tasks).where(tasks.c.run_id == run_id))
        case "task closed":
            change(tasks, run_id, open=False)
        case "task given":
            change(tasks, run_id, principal="p:amy")
        case "timer gone":
            execute(sa.delete(timers).where(timers.c.key.like(f"run:{run_id}:%")))
        case "run gone":
            execute(sa.delete(runs).where(runs.c.id == run_id))
        case "stray timer":
            execute(
                sa.update(timers)
                .where(timers.c.key.like(f"run:{run_id}:%"))
                .values(key=f"run:{run_id + 1}:x", payload={"run": run_id + 1, "name": "x"})
            )
        case "state":
            change(runs, run_id, state={"by": "amy"})


@pytest.mark.parametrize(
    ("what", "rule"),
    [
        ("status", "status"),
        ("ended", "status"),
        ("task gone", "tasks"),
        ("task closed", "tasks"),
        ("task given", "tasks"),
        ("timer gone", "timers"),
        ("run gone", "timers"),
        ("stray timer", "timers"),
        ("state", "state"),
    ],
)
def test_what_is_broken_is_found(shop: Flask, at: Clock, what: str, rule: str) -> None:
    made = refund()
    breaking(what, task_of("bo").run_id, made.id)
    proof = deep_check.prove()
    assert proof.first is not None
    assert (proof.first.rule, proof.ok) == (rule, False), proof.message


def test_a_decision_that_is_not_in_the_history_is_found(shop: Flask, at: Clock) -> None:
    made = refund(1)
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve")
    with reading() as conn:
        state = conn.execute(sa.select(runs.c.state).where(runs.c.record_id == made.id)).scalar_one()
    for closed in state["closed"]:
        closed[4:5] = ["li"]
    with transaction() as conn:
        conn.execute(sa.update(runs).where(runs.c.record_id == made.id).values(state=state))
        conn.execute(sa.update(tasks).where(tasks.c.record_id == made.id, ~tasks.c.open).values(decided_by="li"))
    proof = deep_check.prove()
    assert proof.first is not None
    assert proof.first.rule == "once"


def test_an_action_that_nobody_performs_is_found(shop: Flask, at: Clock) -> None:
    refund(1)
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve")
    execute(sa.delete(outbox).where(outbox.c.kind == "flow.call"))
    proof = deep_check.prove()
    assert proof.first is not None
    assert proof.first.rule == "calls"


def test_a_task_that_waits_for_nobody_is_found(shop: Flask, at: Clock) -> None:
    refund()
    service.transfer(task_of("bo").id, by=person("bo"), to="li")
    handing_over._estates.pop("Open tasks")
    try:
        handing_over.hand_over("li", "bo", roles=False, leaves=True, by="ada")
    finally:
        estate.register()
    proof = deep_check.prove()
    assert proof.first is not None
    assert proof.first.rule == "somebody"
    assert "transfer" in proof.message


def test_the_command_says_the_first_that_is_broken(shop: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    made = refund()
    monkeypatch.setattr(cli, "make_app", lambda: shop)
    monkeypatch.setattr(health, "checks", list)
    assert CliRunner().invoke(cli.main, ["doctor", "--deep"]).exit_code == 0
    breaking("status", task_of("bo").run_id, made.id)
    answer = CliRunner().invoke(cli.main, ["doctor", "--deep"])
    assert answer.exit_code == 1
    assert "FAIL requests: Request of run 1: The run is open" in answer.output


def test_an_action_that_failed_while_the_request_was_away_is_called_again() -> None:
    game = play([parallel("both", [action("pay", on_error="ask")], [approve("lead", "bob")])])
    game.decide("lead", "bob", "return")
    game.happen(Failed("pay", "pay#1", "no", final=True))
    game.decide("start", "ann", "complete")
    assert [each.name for each in game.last(Call)] == ["pay#1"], "the same key as long as the arguments are the same"
    game.happen(Completed("pay", "pay#1"))
    game.act("lead/bob:approve")
    assert game.run.status == "approved"
