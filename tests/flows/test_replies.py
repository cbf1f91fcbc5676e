"""Reply templates: offered where they fit, edited by admins version by version; and batches that hand over."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from signoff.flows import batch, replies
from signoff.flows.batch import Readiness
from signoff.flows.replies import Reply
from signoff.platform.errors import Conflict, NotFound, Refused

from ..conftest import Clock, SignIn
from . import shop as at_shop
from .test_web import text

Token = Callable[[str], dict[str, str]]
LATE = Reply("late", {"en": "Too late", "zh": "太迟"}, {"en": "{number} came too late.", "zh": "{number} 太迟。"},
             ("reject",), ("refund",))  # fmt: skip


@pytest.fixture(autouse=True)
def _shop(shop: Flask, context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(replies, "_brought", {LATE.key: LATE})
    shop.config["WTF_CSRF_ENABLED"] = False
    yield
    shop.config["WTF_CSRF_ENABLED"] = True


def _document(**more: Any) -> dict[str, Any]:
    said = {"title": {"en": "Sorry", "zh": "抱歉"}, "text": {"en": "Sorry, too late.", "zh": "抱歉，太迟了。"}}
    return {"schema": "reply/1", "key": "late", "on": ["reject"], "forms": [], **said, **more}


def test_a_reply_is_offered_where_it_fits() -> None:
    assert [each.text for each in replies.offered("refund", "RF-1", "en")] == ["RF-1 came too late."]
    assert replies.offered("purchase", "P-1", "en") == []
    assert replies.said("late", "refund", "RF-1", "zh") == "RF-1 太迟。"
    assert replies.said("nothing", "refund", "RF-1", "zh") == ""


def test_admins_say_it_otherwise_and_take_it_away() -> None:
    first = replies.publish(_document(), by="ada", base_version=0)
    assert (first.version, replies.offered("purchase", "", "en")[0].text) == (1, "Sorry, too late.")
    with pytest.raises(Conflict):
        replies.publish(_document(text={"en": "x", "zh": "y"}), by="ada", base_version=0)
    replies.publish(_document(active=False), by="ada", base_version=1)
    assert replies.offered("refund", "RF-1", "en") == []
    assert replies.find("late", 1).active
    assert replies.find("late", 0).text == LATE.text
    with pytest.raises(NotFound):
        replies.find("nothing")


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"title": {"en": "x"}}, ["/title"]),
        ({"text": {"en": "", "zh": "x" * 2001}}, ["/text/en", "/text/zh"]),
        ({"on": ["shout"], "forms": "refund"}, ["/on/0", "/forms"]),
        ({"key": "Wrong Key", "schema": "", "more": 1}, ["/more", "/schema", "/key"]),
    ],
)
def test_what_is_wrong_with_a_reply_is_said_at_once(changes: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        replies.publish(_document(**changes), by="ada")
    assert [each.path for each in refused.value.problems] == paths


def test_without_script_the_chosen_reply_is_the_reason(sign_in: SignIn) -> None:
    made = at_shop.refund()
    task = at_shop.task_of("bo")
    with sign_in("bo") as client:
        assert "Too late" in text(client.get(f"/tasks/{task.id}"))
        assert client.post(f"/tasks/{task.id}", data={"do": "reject", "comment": " "}).status_code == 422
        assert client.post(f"/tasks/{task.id}", data={"do": "reject", "reply": "late"}).status_code == 303
    with sign_in("amy") as client:
        assert f"{made.number} came too late." in text(client.get(f"/requests/{made.id}"))


def test_the_pages_of_replies_are_for_admins(sign_in: SignIn) -> None:
    with sign_in("amy") as client:
        assert client.get("/replies").status_code == 403
    with sign_in("ada") as client:
        assert "Too late" in text(client.get("/replies"))
        assert "{number} came too late." in client.get("/replies/late").get_data(as_text=True)
        typed = {"known": "late", "base_version": "0", "title-en": "Sorry", "title-zh": "抱歉", "text-en": "",
                 "text-zh": "抱歉。", "on": "reject", "active": "on"}  # fmt: skip
        assert client.post("/replies/save", data=typed).status_code == 422
        assert client.post("/replies/save", data={**typed, "text-en": "Sorry."}).status_code == 303
        assert client.post("/replies/save", data={**typed, "text-en": "No."}).status_code == 409
        assert "Version 1" in text(client.get("/replies/late"))
        assert client.get("/replies/new").status_code == 200


def test_the_api_reads_and_changes_replies(shop: Flask, token: Token) -> None:
    client = shop.test_client()
    body = {"title": {"en": "A", "zh": "甲"}, "text": {"en": "B", "zh": "乙"}, "on": ["approve"]}
    assert client.put("/api/v1/replies/fine", json=body, headers=token("amy")).status_code == 403
    assert client.put("/api/v1/replies/fine", json=body, headers=token("ada")).get_json()["version"] == 1
    items = client.get("/api/v1/replies", headers=token("amy")).get_json()["items"]
    assert [(each["key"], each["version"]) for each in items] == [("fine", 1), ("late", 0)]


def _three() -> list[int]:
    sold = at_shop.order(100)
    for _ in range(3):
        at_shop.refund(3, of=sold)
    return [each.id for each in at_shop.tasks_of("bo")]


def test_a_batch_hands_over_what_may_be_handed_over() -> None:
    ids = _three()
    bo = at_shop.person("bo")
    rehearsed = batch.decide_many([*ids, 999], by=bo, verdict="transfer", to="li", dry_run=True)
    assert [each.readiness for each in rehearsed] == [Readiness.READY] * 3 + [Readiness.BLOCKED]
    assert len(at_shop.tasks_of("bo")) == 3
    assert all(each.ok for each in batch.decide_many(ids, by=bo, verdict="transfer", to="li", comment="Please."))
    assert at_shop.tasks_of("bo") == []
    assert len(at_shop.tasks_of("li")) == 3
    unknown = batch.decide_many(ids, by=at_shop.person("li"), verdict="transfer", to="nobody", dry_run=True)
    assert {each.readiness for each in unknown} == {Readiness.NEEDS_INPUT}


def test_the_sheet_rejects_and_hands_over(sign_in: SignIn) -> None:
    first, second, third = _three()
    with sign_in("bo") as client:
        sheet = text(client.post("/inbox/review", data={"tasks": [first, second], "verdict": "reject"}))
        assert "Needs your input (2)" in sheet
        done = client.post("/inbox/review", data={"tasks": [first, second], "verdict": "reject", "do": "decide",
                                                  "comment": "Both too late."})  # fmt: skip
        assert "Done (2)" in text(done)
        asked = client.post("/inbox/review", data={"tasks": [third], "verdict": "transfer", "do": "decide"})
        assert "Choose who is to have them." in text(asked)
        handed = client.post("/inbox/review", data={"tasks": [third], "verdict": "transfer", "do": "decide",
                                                    "person": "li"})  # fmt: skip
        assert "Done (1)" in text(handed)
    assert [each.id for each in at_shop.tasks_of("li")] != []


def test_the_api_hands_many_over(shop: Flask, token: Token) -> None:
    ids = _three()
    answer = shop.test_client().post("/api/v1/tasks/decisions", headers=token("bo"),
                                     json={"tasks": ids, "verdict": "transfer", "to": "li"})  # fmt: skip
    assert answer.get_json()["ready"] == ids
