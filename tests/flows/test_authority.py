"""Authority: splitting a request does not help, and above a threshold nobody closes a case alone."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from signoff.flows import catalogue, service, store
from signoff.flows.check import check_flow
from signoff.flows.effects import Actor, Call
from signoff.flows.events import Decided, Expired, Transferred
from signoff.flows.schema import read_flow
from signoff.forms import service as forms
from signoff.platform.db import reading
from signoff.platform.errors import Forbidden
from signoff.platform.problems import errors_of

from ..conftest import Clock, definition
from . import playing
from .playing import action, approve, auto, parallel, play, route
from .shop import order, person, refund, task_of, tasks_of
from .test_concurrency import at_once

SUMMED = {"authority": {"amount": "amount", "sum_over": [{"by": "kind"}]}}
TWO = {"authority": {"amount": "amount", "two_above": "400", "second": [{"role": "director"}, {"role": "finance"}]}}
BY_LIMIT = [approve("lead", {"manager_with_limit": "amount"})]


def test_the_sum_chooses_who_decides() -> None:
    game = playing.Play(playing.program(BY_LIMIT, **SUMMED), values={**playing.VALUES, "sum.kind": Decimal(3000)})
    assert game.waiting() == ["lead p:dan"], "bob covers the 500 of the request, not the 3000 of all of them"


def test_a_request_that_nobody_summed_up_stands_alone() -> None:
    assert play(BY_LIMIT, **SUMMED).waiting() == ["lead p:bob"]


def test_routes_go_by_the_sum() -> None:
    small = {"sum.kind": {"lt": "1000"}}
    steps = [route("size", ("small", small, [auto("ok")]), ("large", None, [approve("boss", "boss")]))]
    game = playing.Play(playing.program(steps, **SUMMED), values={**playing.VALUES, "sum.kind": Decimal(1200)})
    assert game.waiting() == ["boss p:boss"]
    assert play(steps, **SUMMED).run.status == "approved"


def test_the_sum_counts_when_it_is_decided() -> None:
    game = play(BY_LIMIT, **SUMMED)
    with pytest.raises(Forbidden) as error:
        game.happen(Decided(game.task("lead").name, Actor("bob"), "approve"), **{"sum.kind": Decimal(1001)})
    assert error.value.code == "above_limit"


@pytest.mark.parametrize(
    ("steps", "script"),
    [
        ([approve("lead", "bob")], "lead/bob"),
        ([approve("one", "bob"), approve("two", "bob")], "one/bob two/bob"),
        ([approve("one", "bob", "cay")], "one/bob"),
        ([approve("one", "bob", "cay", mode="vote", share="0.5")], "one/bob"),
        ([parallel("both", [approve("one", "bob")], [approve("two", "cay")], join="any")], "one/bob"),
        ([route("way", ("all", None, [approve("one", "bob")])), auto("ok")], "one/bob"),
    ],
)
def test_one_person_never_closes_a_case_above_the_threshold(steps: list[dict[str, Any]], script: str) -> None:
    agreed = " ".join(f"{each}:approve" for each in script.split())
    game = play([*steps, action("pay")], agreed, **TWO)
    assert not game.run.finished
    assert not [each for each in game.history if isinstance(each, Call)]
    asked = game.run.open_tasks
    assert asked
    assert "p:bob" not in {each.principal for each in asked}, "who approved is not asked again"
    second = asked[0]
    game.happen(Decided(second.name, Actor(second.principal.removeprefix("p:")), "approve"))
    assert len(game.last(Call)) == 1


def test_the_second_person_can_refuse() -> None:
    game = play([approve("lead", "bob", "cay", mode="vote", share="0.5")], "lead/bob:approve", **TWO)
    game.decide("lead", "dan", "reject", comment="no")
    assert game.run.status == "rejected"


def test_a_transfer_to_the_first_does_not_help() -> None:
    game = play([approve("lead", "bob")], "lead/bob:approve", **TWO)
    game.happen(Transferred(game.task("lead", "dan").name, Actor("dan"), "bob"))
    with pytest.raises(Forbidden, match="second person"):
        game.decide("lead", "bob")
    game.happen(Transferred(game.task("lead", "bob").name, Actor("bob"), "dan"))
    game.decide("lead", "dan")
    assert game.run.status == "approved"


def test_one_who_decides_for_two_is_one_person() -> None:
    program = playing.program([approve("one", "bob"), approve("two", "dan")], **TWO)
    game = playing.Play(program, directory=playing.delegating(("dan", "bob", None)))
    game.act("one/bob:approve")
    game.happen(Decided(game.task("two").name, Actor("bob"), "approve"))
    assert not game.run.finished


def test_where_only_one_could_be_asked_they_hand_it_on() -> None:
    game = play([approve("a", "eve")], "a/eve:approve", authority={"amount": "amount", "two_above": "400"})
    (task,) = game.run.tasks
    assert task.principal == "r:admin"
    with pytest.raises(Forbidden, match="second person") as error:
        game.happen(Decided(task.name, Actor("eve"), "approve"))
    assert error.value.code == "second_person"
    game.happen(Transferred(task.name, Actor("eve"), "dan"))
    assert game.act("a/dan:approve").run.status == "approved"


def test_a_deadline_does_not_count_as_a_person() -> None:
    steps = [approve("lead", "bob", due={"in": "PT1H", "then": {"do": "approve"}})]
    game = play(steps, **TWO)
    game.wait(hours=2).happen(Expired("lead"))
    assert game.waiting() != []
    game.decide("lead", "boss")
    assert not game.run.finished, "one person and a deadline are one person"
    game.decide("lead", game.run.open_tasks[0].principal.removeprefix("p:"))
    assert game.run.status == "approved"


def test_at_the_threshold_one_is_enough() -> None:
    game = playing.Play(playing.program([approve("lead", "bob")], **TWO), values={"amount": Decimal("400.00")})
    game.act("lead/bob:approve")
    assert game.run.status == "approved"


@pytest.mark.parametrize(
    ("authority", "path"),
    [
        ({"amount": "nothing"}, "/settings/authority/amount"),
        ({"amount": "note"}, "/settings/authority/amount"),
        ({"amount": "amount", "sum_over": [{"by": "nothing"}]}, "/settings/authority/sum_over/0/by"),
        ({"amount": "amount", "sum_over": [{"by": "approver"}]}, "/settings/authority/sum_over/0"),
        ({"amount": "amount", "sum_over": [{"by": "kind"}, {"by": "kind"}]}, "/settings/authority/sum_over/1"),
        ({"amount": "amount", "sum_over": [{"by": "kind", "every": "P1D"}]}, "/settings/authority/sum_over/0/every"),
        ({"amount": "amount", "second": [{"role": "finance"}]}, "/settings/authority/second"),
    ],
)
def test_what_is_wrong_with_an_authority(authority: dict[str, Any], path: str) -> None:
    _, problems = read_flow(playing.document([approve("lead", "bob")], authority=authority), playing.FORM)
    assert [each.path for each in errors_of(problems)] == [path]


@pytest.mark.parametrize(("least", "codes"), [("1000", []), ("1000.01", ["gap"])])
def test_routes_by_a_sum_are_proven(least: str, codes: list[str]) -> None:
    ways = [("small", {"sum.kind": {"lt": "1000"}}, []), ("large", {"sum.kind": {"gte": least}}, [])]
    found = check_flow(playing.program([route("size", *ways), approve("lead", "bob")], **SUMMED), playing.FORM)
    assert [each.code for each in found if each.path == "/steps/0"] == codes


def flow(**authority: Any) -> dict[str, Any]:
    """Refunds up to the limit of somebody above the agent; sums by order."""
    document = definition("refund.flow")
    document["settings"]["authority"] = {"amount": "amount", **authority}
    document["steps"] = [
        {"id": "lead", "kind": "approve", "title": "Lead", "who": [{"manager_with_limit": "amount"}]},
    ]
    return document


@pytest.fixture
def split(shop: Flask, at: Clock) -> Iterator[Flask]:
    with shop.app_context():
        catalogue.publish_flow(flow(sum_over=[{"by": "order"}]), by="ada")
        yield shop


def holder(record_id: int) -> str:
    with reading() as conn:
        (task,) = store.open_tasks_of_records(conn, [record_id])[record_id]
    return task.principal.removeprefix("p:")


def limit(key: str) -> Decimal:
    return person(key).limits["refund"]


def test_splitting_a_refund_is_seen(split: Flask) -> None:
    sold = order(5000)
    first = holder(refund(3, of=sold).id)
    pieces = int(limit(first) / 100)
    second = holder(refund(pieces, of=sold).id)
    other = holder(refund(pieces, of=order(4999)).id)
    assert other == first, "another order is another matter"
    assert limit(second) > limit(first), "with the first they are above the limit of the lead"


def test_what_was_rejected_counts_no_more(split: Flask) -> None:
    sold = order(5000)
    made = refund(3, of=sold)
    lead = holder(made.id)
    service.withdraw(made.id, by=person("amy"))
    assert holder(refund(int(limit(lead) / 100), of=sold).id) == lead


def test_two_halves_at_once_do_not_pass_both(split: Flask) -> None:
    sold = order(5000)
    lead = holder(refund(1, of=order(4998)).id)
    pieces = int(limit(lead) / 100) * 2 // 3
    records: list[Any] = at_once(split, [lambda: refund(pieces, of=sold) for _ in range(2)])
    mine = [each for each in records if holder(each.id) == lead]
    assert len(mine) <= 1
    for task in [each for each in tasks_of(lead) if each.record_id in {one.id for one in mine}]:
        with pytest.raises(Forbidden):
            service.decide(task.id, by=person(lead), verdict="approve")


def test_what_one_person_approves_in_a_day_is_summed_up(shop: Flask, at: Clock) -> None:
    with shop.app_context():
        catalogue.publish_flow(flow(sum_over=[{"by": "approver", "within": "P1D"}]), by="ada")
        lead = holder(refund(1, of=order(4998)).id)
        pieces = int(limit(lead) / 100) * 2 // 3
        service.decide(task_of(lead).id, by=person(lead), verdict="approve")
        first = refund(pieces, of=order(4000))
        service.decide(task_of(lead).id, by=person(lead), verdict="approve")
        refund(pieces, of=order(4001))
        with pytest.raises(Forbidden) as error:
            service.decide(task_of(lead).id, by=person(lead), verdict="approve")
        assert error.value.code == "above_limit"
        assert forms.read_record(first.id, by=person("amy")).status == "approved"
        at.move(days=2)
        service.decide(task_of(lead).id, by=person(lead), verdict="approve")
