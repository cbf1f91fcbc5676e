"""Templates that admins edit: in both languages, version by version, with a preview, and back again."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from signoff.platform import message_templates, notifications
from signoff.platform.db import transaction
from signoff.platform.errors import Conflict, NotFound, Refused
from signoff.platform.message_templates import REMINDERS, Template
from signoff.platform.notifications import Delivery, notifications_of
from signoff.platform.people import service as people
from signoff.platform.people.models import persons
from signoff.platform.scheduler import run_due

from ..conftest import Clock, SignIn

HELLO = Template("hello", {"en": "Hello {name}", "zh": "你好 {name}"}, {"en": "{summary}", "zh": "{summary}"}, "hello")


@pytest.fixture(autouse=True)
def _hello(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_templates, "_templates", {"hello": HELLO})


def _document(**more: Any) -> dict[str, Any]:
    said = {"en": "Good morning {name}", "zh": "早上好 {name}"}
    return {"schema": "template/1", "key": "hello", "title": said, "body": {"en": "", "zh": ""}, **more}


def _told(app: Flask) -> str:
    """In a context of its own, as a worker has one: what is remembered in it is forgotten with it."""
    with app.app_context():
        with transaction() as conn:
            notifications.send(conn, template="hello", people=["amy"], data={"name": "Amy"})
        run_due(app)
        return notifications_of("amy").items[0].title


def test_a_message_says_what_admins_want_and_again_what_it_came_with(company: Flask, context: Flask) -> None:
    assert _told(context) == "Hello Amy"
    message_templates.publish(_document(), by="ada", base_version=0)
    assert _told(context) == "Good morning Amy"
    message_templates.publish(message_templates.document_of(HELLO), by="ada", base_version=1)
    assert _told(context) == "Hello Amy"
    with pytest.raises(Conflict):
        message_templates.publish(_document(), by="ada", base_version=1)


@pytest.mark.parametrize(
    ("more", "paths"),
    [
        ({"title": "Hello"}, ["/title"]),
        ({"title": {"en": "Hello"}}, ["/title"]),
        ({"title": {"en": " ", "zh": "好"}}, ["/title/en"]),
        ({"title": {"en": "{who} {name}", "zh": "{谁}{number}"}}, ["/title/en"]),
        ({"body": {"en": "x" * 4001, "zh": ""}, "x": 1}, ["/x", "/body/en"]),
        ({"schema": "form/1"}, ["/schema"]),
    ],
)
def test_what_is_wrong_is_said_at_its_place(context: Flask, more: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        message_templates.publish(_document(**more), by=None)
    assert [each.path for each in refused.value.problems] == paths


def test_a_template_that_nobody_brings_cannot_be_changed(context: Flask) -> None:
    with pytest.raises(NotFound):
        message_templates.publish(_document(key="goodbye"), by=None)


def test_the_pages(company: Flask, context: Flask, sign_in: SignIn) -> None:
    company.config["WTF_CSRF_ENABLED"] = False
    typed = {"title-en": "Dear {submitter}", "title-zh": "{submitter}，您好", "body-en": "<b>", "body-zh": ""}
    try:
        with sign_in("ada") as browser:
            assert "Hello {name}" in browser.get("/templates").text
            assert "Hello" in browser.get("/templates/hello").text
            shown = browser.post("/templates/hello", data={**typed, "do": "preview"}).text
            assert "Dear Amy Chen" in shown
            assert "<b></p>" not in shown
            assert browser.post("/templates/hello", data={**typed, "title-zh": ""}).status_code == 422
            assert browser.post("/templates/hello", data={**typed, "base_version": "0"}).status_code == 303
            assert "Version 1" in browser.get("/templates/hello").text
            assert 'value="Hello {name}"' in browser.get("/templates/hello?version=0").text
            assert browser.get("/templates/no").status_code == 404
        with sign_in("amy") as browser:
            assert browser.get("/templates").status_code == 403
    finally:
        company.config["WTF_CSRF_ENABLED"] = True


def test_the_api(company: Flask, token: Any) -> None:
    client, headers = company.test_client(), token("ada")
    [only] = client.get("/api/v1/templates", headers=headers).json["items"]
    assert (only["key"], only["version"]) == ("hello", 0)
    words = {"title": {"en": "Hi {name}", "zh": "嗨 {name}"}, "body": {"en": "", "zh": ""}}
    shown = client.post("/api/v1/templates/hello/preview", json=words, headers=headers).json
    assert (shown["problems"], shown["zh"]["title"]) == ([], "嗨")
    put = client.put("/api/v1/templates/hello", json={**words, "base_version": 0}, headers=headers)
    assert put.json["version"] == 1
    assert client.get("/api/v1/templates/hello", headers=headers).json["title"] == words["title"]
    assert client.put("/api/v1/templates/hello", json={**words, "base_version": 0}, headers=headers).status_code in (
        200,
        409,
    )


REMINDS = Template("reminds", {"en": "Reminder {name}", "zh": "提醒 {name}"}, {"en": "", "zh": ""}, "task.reminder")


def test_what_admins_say_comes_over_every_channel_in_the_readers_language(
    company: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch, at: Clock
) -> None:
    for each in (REMINDS, REMINDERS):
        monkeypatch.setitem(message_templates._templates, each.key, each)
    monkeypatch.setattr(notifications, "_channels", {})
    came: list[tuple[str, str, str, str]] = []

    def heard(over: str) -> Callable[[Delivery], None]:
        return lambda each: came.append((over, str(each.person), each.title, each.body))

    for over in ("mail", "phone"):
        notifications.channel(over, reaches=lambda person: person.key)(heard(over))
    with transaction() as conn:
        conn.execute(persons.update().where(persons.c.key == "amy").values(language="en"))
        conn.execute(persons.update().where(persons.c.key == "bo").values(language="zh"))
        people.changed(conn, "people.applied", {}, by=None)
    message_templates.publish(
        _document(title={"en": "Dear {name}", "zh": "您好 {name}"}, body={"en": "Now.", "zh": "现在。"}), by="ada"
    )
    message_templates.publish(
        {
            "schema": "template/1",
            "key": "reminders",
            "title": {"en": "{count} wait", "zh": "{count} 项待办"},
            "body": {"en": "Please:\n{lines}", "zh": "请处理：\n{lines}"},
        },
        by="ada",
    )
    with context.app_context():
        with transaction() as conn:
            notifications.send(conn, template="hello", people=["amy", "bo"], data={"name": "X"})
            for number in "12":
                notifications.send(conn, template="reminds", people=["amy", "bo"], data={"name": number})
        run_due(context)
        at.move(minutes=3)
        run_due(context)
    for over in ("mail", "phone"):
        assert sorted(each[1:] for each in came if each[0] == over) == [
            ("amy", "2 wait", "Please:\nReminder 1\nReminder 2"),
            ("amy", "Dear X", "Now."),
            ("bo", "2 项待办", "请处理：\n提醒 1\n提醒 2"),
            ("bo", "您好 X", "现在。"),
        ]
