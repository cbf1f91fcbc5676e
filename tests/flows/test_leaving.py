"""Everything of somebody who leaves goes over: tasks, claims, turns, and what they hold while others are asked."""

import pytest
from flask import Flask

from signoff.flows import service
from signoff.flows.effects import Actor
from signoff.flows.events import Added, Claimed, HandedOver
from signoff.platform import audit
from signoff.platform.people import handing_over

from ..conftest import Clock
from .playing import approve, play
from .shop import person, refund, task_of, tasks_of

EVE = Actor("eve")


def test_their_tasks_go_over_with_the_reason() -> None:
    game = play([approve("lead", "bob")])
    game.happen(HandedOver("bob", "cay", EVE))
    assert game.waiting() == ["lead p:cay"]
    assert game.run.open_tasks[0].why[-1].code == "handed_over"
    assert game.notes("task.handed_over") == [{"task": "t1", "step": "lead", "person": "bob", "to": "p:cay"}]


@pytest.mark.parametrize(
    ("who", "to", "waiting"),
    [
        (["bob"], "ann", ["lead r:admin"]),  # ann asked for it
        (["bob", "cay"], "cay", ["lead r:admin", "lead p:cay"]),  # cay has a say already
    ],
)
def test_what_the_successor_may_not_have_goes_to_administrators(who: list[str], to: str, waiting: list[str]) -> None:
    game = play([approve("lead", *who, mode="all")])
    game.happen(HandedOver("bob", to, EVE))
    assert game.waiting() == waiting


def test_a_claimed_task_is_back_in_its_pool() -> None:
    game = play([approve("lead", {"role": "finance"})])
    game.happen(Claimed("t1", Actor("cay")))
    game.happen(HandedOver("cay", "bob", EVE))
    assert game.waiting() == ["lead r:finance"]
    assert game.run.open_tasks[0].claimed_by is None


def test_their_turn_comes_to_the_successor() -> None:
    game = play([approve("lead", "bob", "cay", mode="in_turn")])
    game.happen(HandedOver("cay", "dan", EVE))
    game.act("lead/bob:approve")
    assert game.waiting() == ["lead p:dan"]


def test_what_they_hold_while_others_are_asked_comes_back_to_the_successor() -> None:
    game = play([approve("lead", "bob")])
    game.happen(Added("t1", Actor("bob"), ("cay",), "before"))
    game.happen(HandedOver("bob", "dan", EVE))
    game.act("lead/cay:approve")
    assert game.waiting() == ["lead p:dan"]


def test_a_hand_over_moves_open_tasks(shop: Flask, at: Clock) -> None:
    with shop.app_context():
        ids = [refund(pieces).id for pieces in (3, 4)]
        service.transfer(tasks_of("bo")[0].id, by=person("bo"), to="li")
        service.claim(task_of("bo").id, by=person("bo"))
        assert handing_over.belongings("li").others["Open tasks"] == 1
        assert handing_over.belongings("bo").others["Open tasks"] == 1
        said = handing_over.hand_over("li", "fei", roles=False, leaves=True, by="ada")
        assert said[-1] == "1 tasks went over."
        assert task_of("fei").record_id in ids
        handing_over.hand_over("bo", "fei", roles=False, leaves=False, by="ada")
        assert len(tasks_of("bo")) == 1, "what bo claimed is in the pool again"
        assert audit.verify().ok
