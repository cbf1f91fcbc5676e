"""Moving running requests to a new version: who can, what changes for them, in batches, and back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.flows import catalogue, moving, service
from signoff.flows.engine_moving import obstacles
from signoff.flows.models import runs
from signoff.forms import catalogue as forms
from signoff.forms import service as records
from signoff.platform import audit
from signoff.platform.db import reading
from signoff.platform.errors import Conflict, NotFound
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from .playing import action, approve, auto, parallel, play, program, route, wait, work
from .shop import person, task_of, tasks_of

BOB = [approve("lead", "bob")]


@pytest.mark.parametrize(
    ("before", "script", "after", "count"),
    [
        (BOB, "", [approve("lead", "cay"), approve("more", "dan")], 0),
        (BOB, "", [approve("other", "bob")], 1),
        (BOB, "", [work("lead", "bob")], 1),
        (BOB, "", [approve("lead", "bob", mode="all")], 1),
        (BOB, "", [parallel("both", BOB, [auto("ok")])], 1),
        ([*BOB, approve("last", "cay")], "lead/bob:approve", [approve("last", "cay")], 1),
        ([*BOB, approve("last", "cay")], "", BOB, 0),
        ([route("way", ("a", None, BOB))], "", [route("way", ("b", None, BOB))], 2),
        ([action("pay", "pay")], "", [action("pay", "refund")], 1),
        ([wait("come", event="x")], "", [wait("come", event="y")], 1),
    ],
)
def test_what_stands_in_the_way(before: Any, script: str, after: Any, count: int) -> None:
    game = play(before, script)
    assert len(list(obstacles(game.run, game.program, program(after)))) == count


FORM: dict[str, Any] = {
    "schema": "form/1", "key": "ask", "title": "Ask",
    "fields": [{"key": "subject", "type": "text", "label": "Subject"}],
    "access": {"create": ["*"], "read": ["*"]},
}  # fmt: skip


def flow(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"schema": "flow/1", "key": "ask", "title": "Ask", "form": "ask", "steps": list(steps)}


def step(name: str, who: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": "approve", "title": name, "who": [{"person": who}], **more}


LEAD = step("lead", "li", due={"in": "PT8H", "clock": "always", "then": {"do": "escalate", "to": [{"person": "zhou"}]}})


@pytest.fixture
def asking(company: Flask, at: Clock) -> Iterator[Flask]:
    """Three requests at the first step, one at the second, under version 1; version 2 is in force."""
    with company.app_context():
        forms.publish_form(FORM, by="ada", note="")
        catalogue.publish_flow(flow(LEAD, step("gone", "zhou")), by="ada")
        for number in range(4):
            records.submit("ask", {"subject": f"S{number}"}, by=person("amy"))
        service.decide(tasks_of("li")[0].id, by=person("li"), verdict="approve")
        quicker = {**LEAD, "due": {**LEAD["due"], "in": "PT2H"}}
        catalogue.publish_flow(flow(step("first", "bo"), quicker, step("cashier", "fei")), by="ada")
        yield company


def versions() -> dict[int, int]:
    with reading() as conn:
        return {row.id: row.version for row in conn.execute(sa.select(runs.c.id, runs.c.version))}


def test_the_preview_says_who_can_and_what_changes(asking: Flask) -> None:
    found = moving.preview("ask").items
    assert [each.can for each in found] == [False, True, True, True]
    assert "gone" in str(found[0].why_not[0])
    assert (found[1].asked, found[1].spared, found[1].from_version) == (("first", "cashier"), ("gone",), 1)
    first = moving.preview("ask", limit=2)
    assert [each.run for each in moving.preview("ask", after=first.next, limit=2).items] == [3, 4]


def test_a_move_takes_those_that_can_with_new_deadlines(asking: Flask, at: Clock) -> None:
    opened = tasks_of("li")[0].assigned_at
    outcome = moving.move("ask", by="ada", note="faster")
    assert (outcome.moved, list(outcome.left), outcome.more) == (3, [1], False)
    assert versions() == {1: 1, 2: 2, 3: 2, 4: 2}
    assert {each.due_at for each in tasks_of("li")} == {opened + timedelta(hours=2)}
    at.move(hours=3)
    run_due(asking)
    assert len(tasks_of("zhou")) == 4, "escalated by the new deadline"
    moved = next(each for each in audit.entries("record:2") if each.event == "run.moved")
    assert (moved.actor, moved.data["from_version"], moved.data["to_version"]) == ("ada", 1, 2)
    assert moved.data["comment"] == "faster"


def test_a_request_goes_on_by_the_new_version(asking: Flask) -> None:
    moving.move("ask", by="ada", only=[2])
    task = next(each for each in tasks_of("li") if each.run_id == 2)
    service.decide(task.id, by=person("li"), verdict="approve")
    assert task_of("bo").run_id == 2, "what was inserted before is asked when the request goes on"
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve")
    assert task_of("fei").run_id == 2


def test_a_move_is_undone_for_those_that_can_go_back(asking: Flask) -> None:
    outcome = moving.move("ask", by="ada")
    assert outcome.move is not None
    task = next(each for each in tasks_of("li") if each.run_id == 3)
    service.decide(task.id, by=person("li"), verdict="approve")
    undone = moving.undo("ask", outcome.move, by="ada")
    assert (undone.moved, list(undone.left)) == (2, [3])
    assert versions() == {1: 1, 2: 1, 3: 2, 4: 1}
    assert moving.listed("ask")[0].undone_at is not None
    with pytest.raises(Conflict):
        moving.undo("ask", outcome.move, by="ada")
    with pytest.raises(NotFound):
        moving.undo("ask", 99, by="ada")


def test_many_are_moved_in_batches(asking: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BATCH", 2)
    monkeypatch.setattr(moving, "MOST", 3)
    assert moving.move("ask", by="ada").more
    assert moving.move("ask", by="ada").moved == 1
    assert versions() == {1: 1, 2: 2, 3: 2, 4: 2}


def test_the_api_moves_and_undoes(asking: Flask, token: Any) -> None:
    client, headers = asking.test_client(), token("ada")
    found = client.get("/api/v1/flows/ask/moves/preview", headers=headers).json
    assert [each["can"] for each in found["items"]] == [False, True, True, True]
    moved = client.post("/api/v1/flows/ask/moves", json={"runs": [1, 2], "note": "n"}, headers=headers).json
    assert (moved["moved"], [each["run"] for each in moved["left"]]) == (1, [1])
    listed = client.get("/api/v1/flows/ask/moves", headers=headers).json["items"]
    assert [(each["count"], each["note"], each["to_version"]) for each in listed] == [(1, "n", 2)]
    undone = client.post(f"/api/v1/flows/ask/moves/{moved['move']}/undo", headers=headers).json
    assert undone["moved"] == 1
    assert client.get("/api/v1/flows/ask/moves/preview", headers=token("amy")).status_code == 403


def test_the_page_moves_and_undoes(asking: Flask, sign_in: Any) -> None:
    asking.config["WTF_CSRF_ENABLED"] = False
    try:
        with sign_in("ada") as client:
            page = client.get("/definitions/flow/ask/moves").text
            assert "Asked in addition: first, cashier" in page
            assert "/definitions/flow/ask/moves" in client.get("/definitions/flow/ask/json").text
            client.post("/definitions/flow/ask/moves", data={"do": "all", "note": "n"})
            assert versions()[2] == 2
            assert "3 requests to version 2" in client.get("/definitions/flow/ask/moves").text
            client.post("/definitions/flow/ask/moves", data={"undo": "1"})
            assert versions()[2] == 1
        with sign_in("amy") as client:
            assert client.get("/definitions/flow/ask/moves").status_code == 403
    finally:
        asking.config["WTF_CSRF_ENABLED"] = True
