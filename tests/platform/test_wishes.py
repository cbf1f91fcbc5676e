"""What people wish of messages: channels by event, quiet hours, and several reminders in one message."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from signoff.platform import claiming, message_templates, notifications, performing, wishes
from signoff.platform.db import transaction
from signoff.platform.errors import Refused
from signoff.platform.message_templates import REMINDERS
from signoff.platform.notifications import Delivery, Template
from signoff.platform.people import service
from signoff.platform.scheduler import run_due
from signoff.platform.wishes import Quiet

from ..conftest import Clock, SignIn

SHANGHAI = ZoneInfo("Asia/Shanghai")
TASK = Template("task", {"en": "Task {number}", "zh": "任务 {number}"}, "", "task.opened")
REMINDER = Template("reminder", {"en": "Reminder {number}", "zh": "提醒 {number}"}, "", "task.reminder")


@pytest.fixture
def delivered(company: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch, at: Clock) -> list[Delivery]:
    """Two templates, the channel ``pigeon`` for everything and the channel ``chat`` for what was chosen."""
    known = {each.key: each for each in (TASK, REMINDER, REMINDERS)}
    monkeypatch.setattr(message_templates, "_templates", known)
    monkeypatch.setattr(notifications, "_channels", {})
    found: list[Delivery] = []
    notifications.channel("pigeon", reaches=lambda person: person.name)(found.append)
    notifications.channel("chat", reaches=lambda person: f"chat:{person.key}", asked=True)(found.append)
    return found


def _tell(template: str, number: int, *people: str) -> None:
    with transaction() as conn:
        notifications.send(conn, template=template, key=f"{template}:{number}", people=people or ("amy",),
                           data={"number": str(number)}, link=f"/tasks/{number}")  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "now", "until"),
    [
        ("22:00", "08:00", "23:30", "2026-03-03 08:00"),
        ("22:00", "08:00", "07:59", "2026-03-02 08:00"),
        ("22:00", "08:00", "08:00", None),
        ("22:00", "08:00", "12:00", None),
        ("12:00", "14:00", "13:00", "2026-03-02 14:00"),
        ("12:00", "14:00", "23:00", None),
    ],
)
def test_when_quiet_hours_end(start: str, end: str, now: str, until: str | None) -> None:
    quiet = Quiet(time.fromisoformat(start), time.fromisoformat(end))
    at = datetime.combine(date(2026, 3, 2), time.fromisoformat(now), SHANGHAI)
    found = quiet.end_of(at, SHANGHAI)
    assert (f"{found.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if found else None) == until


def test_a_person_chooses_channels_for_each_event(context: Flask, delivered: list[Delivery]) -> None:
    wishes.save("amy", {"task.opened": ["chat"], "task.reminder": []}, None, by="amy")
    _tell("task", 1)
    _tell("reminder", 2)
    _tell("task", 3, "bo")
    run_due(context)
    assert sorted((str(each.person), str(each.address)) for each in delivered) == [
        ("amy", "chat:amy"),
        ("bo", "Bo Wang"),
    ]


def test_nothing_is_sent_in_quiet_hours_and_all_when_they_end(
    context: Flask, delivered: list[Delivery], at: Clock
) -> None:
    wishes.save("amy", {}, Quiet(time(22), time(8)), by="amy")
    at.at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 23:00
    _tell("task", 1)
    _tell("reminder", 2)
    run_due(context)
    assert delivered == []
    assert notifications.unread_count("amy") == 2
    at.at = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)  # 08:00
    run_due(context)
    assert sorted(each.title for each in delivered) == ["Reminder 2", "Task 1"]


def test_several_reminders_within_minutes_are_one_message(context: Flask, delivered: list[Delivery], at: Clock) -> None:
    for number in (1, 2, 3):
        _tell("reminder", number)
        run_due(context)
        at.move(seconds=30)
    _tell("reminder", 4, "bo")
    run_due(context)
    assert delivered == []
    at.move(minutes=2)
    run_due(context)
    together, alone = sorted(delivered, key=lambda each: str(each.person))
    assert together.title == "3 reminders"
    assert [line for line in together.body.split("\n") if line.startswith("Rem")] == [
        f"Reminder {n}" for n in (1, 2, 3)
    ]
    assert "/tasks/2" in together.body
    assert alone.title == "Reminder 4"
    _tell("reminder", 5)
    at.move(minutes=3)
    run_due(context)
    at.move(minutes=3)
    run_due(context)
    assert delivered[-1].title == "Reminder 5"


def test_a_reminder_that_comes_while_others_are_sent_is_not_lost(
    context: Flask, delivered: list[Delivery], at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell("reminder", 1)
    run_due(context)
    at.move(minutes=2)
    [job] = claiming.claim(10, at.now())
    _tell("reminder", 2)
    [told] = claiming.claim(10, at.now())
    performing.perform(told)
    performing.perform(job)
    at.move(minutes=5)
    run_due(context)
    assert "Reminder 2" in " ".join(each.title + each.body for each in delivered)


def test_wrong_quiet_hours_are_refused() -> None:
    for start, end in (("22:00", ""), ("25:00", "08:00"), ("22:00", "22:00")):
        with pytest.raises(Refused):
            wishes.read_quiet(start, end)


def test_the_page(company: Flask, context: Flask, sign_in: SignIn) -> None:
    company.config["WTF_CSRF_ENABLED"] = False
    service.save_person(replace(service.person("amy"), email="amy@example.org"), by=None)
    try:
        with sign_in("amy") as browser:
            assert "What reaches me" in browser.get("/me").text
            sent = {"wish": ["task.opened:email", "run.finished:email"], "quiet_from": "22:00", "quiet_until": "07:30"}
            assert browser.post("/me/messages", data=sent).status_code == 303
            mine = wishes.wishes_of(["amy"])["amy"]
            assert (mine.channels["task.opened"], mine.channels["task.reminder"]) == (["email"], [])
            assert mine.quiet == Quiet(time(22), time(7, 30))
            assert 'value="22:00"' in browser.get("/me").text
            browser.post("/me/messages", data={"quiet_from": "22:00"})
            assert wishes.wishes_of(["amy"])["amy"] == mine
    finally:
        company.config["WTF_CSRF_ENABLED"] = True


def test_the_api(company: Flask, token: Any) -> None:
    client, headers = company.test_client(), token("amy")
    chosen = {"channels": {"task.reminder": []}, "quiet": {"from": "22:00", "until": "08:00"}}
    assert client.put("/api/v1/me/channels", json=chosen, headers=headers).status_code == 200
    found = client.get("/api/v1/me/channels", headers=headers).json
    assert (found["channels"]["task.reminder"], found["quiet"]["from"]) == ([], "22:00")
    wrong = {"channels": {"no": [], "task.opened": ["no"]}}
    refused = client.put("/api/v1/me/channels", json=wrong, headers=headers).json
    assert [each["path"] for each in refused["problems"]] == ["/channels/no", "/channels/task.opened/0"]
    assert client.get("/api/v1/notifications", headers=headers).json == {"items": [], "next": None, "unread": 0}
    assert client.post("/api/v1/notifications/read", json={}, headers=headers).status_code == 200
