"""Messages: told once, in the reader's language and zone, over the channels that reach them."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.platform import dead_letters, message_templates, notifications
from signoff.platform.background import GiveUp, Job
from signoff.platform.db import reading, transaction
from signoff.platform.models import notifications as table
from signoff.platform.models import outbox
from signoff.platform.notifications import Delivery, Template, fill, notifications_of, unread_count
from signoff.platform.people.models import persons
from signoff.platform.scheduler import run_due

from ..conftest import Clock, SignIn

TEMPLATE = Template(
    key="test",
    title={"en": "Refund {number}: {step}", "zh": "退款 {number}：{step}"},
    body={"en": "{summary}\n{comment}\nDue {due}", "zh": "{summary}\n{comment}\n截止 {due}"},
    event="task.opened",
)
DATA = {"number": "RF-1", "step": {"en": "Approval", "zh": "审批"}, "summary": "¥30", "due": "2026-03-02T10:00:00Z"}


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> list[Delivery]:
    """The template is known, and one channel ``pigeon`` that reaches everybody and takes addresses."""
    monkeypatch.setattr(message_templates, "_templates", {"test": TEMPLATE})
    monkeypatch.setattr(notifications, "_channels", {})
    found: list[Delivery] = []
    notifications.channel("pigeon", reaches=lambda person: person.name, takes_addresses=True)(found.append)
    return found


def _send(**given: Any) -> None:
    with transaction() as conn:
        notifications.send(conn, **{"template": "test", "data": DATA, **given})


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("{number} {step}", "en", "RF-1 Approval"),
        ("{number} {step}", "zh", "RF-1 审批"),
        ("Due {due}", "en", "Due 2026-03-02 18:00"),
        ("{missing}\nleft", "en", "left"),
        ("Asked by {missing}.\nDue {due}{missing}", "en", "Due 2026-03-02 18:00"),  # as docs/messages.md has it
        ("{number.__class__} {0} {}", "en", "{number.__class__} {0} {}"),
        ("{bad}", "en", "{number}"),
    ],
)
def test_filling(text: str, language: str, said: str) -> None:
    assert fill(text, {**DATA, "bad": "{number}"}, language, ZoneInfo("Asia/Shanghai")) == said


def test_everybody_is_told_in_their_language(
    company: Flask, context: Flask, at: Clock, delivered: list[Delivery]
) -> None:
    with transaction() as conn:
        conn.execute(sa.update(persons).where(persons.c.key == "li").values(language="zh"))
    from signoff.platform import caches

    caches.forget()
    _send(people=["amy", "li", "amy", "nobody"], key="k", link="/tasks/7", thread="record:1")
    assert run_due(context) == 3
    titles = {key: notifications_of(key).items[0].title for key in ("amy", "li")}
    assert titles == {"amy": "Refund RF-1: Approval", "li": "退款 RF-1：审批"}
    assert notifications_of("amy").items[0].body == "¥30\nDue 2026-03-02 18:00"
    assert sorted((each.person, each.address, each.link, each.thread) for each in delivered) == [
        ("amy", "Amy Chen", "http://127.0.0.1:8000/tasks/7", "record:1"),
        ("li", "Li Na", "http://127.0.0.1:8000/tasks/7", "record:1"),
    ]


def test_data_may_hold_what_python_has(company: Flask, context: Flask, at: Clock, delivered: list[Delivery]) -> None:
    _send(people=["amy"], data={"summary": Decimal("30.00"), "comment": date(2026, 3, 2), "due": at.now()})
    run_due(context)
    assert notifications_of("amy").items[0].body == "30.00\n2026-03-02\nDue 2026-03-02 10:00"


def test_the_same_key_is_told_once_even_after_it_was_told(
    company: Flask, context: Flask, at: Clock, delivered: list[Delivery]
) -> None:
    for _ in range(2):
        _send(people=["amy"], key="k")
        run_due(context)
    assert unread_count("amy") == 1


def test_outside_addresses_get_the_status_page_and_no_inner_link(
    company: Flask, context: Flask, at: Clock, delivered: list[Delivery]
) -> None:
    _send(addresses=["eve@example.com"], key="k", link="/tasks/7", data={**DATA, "status_url": "/status?number=1"})
    run_due(context)
    assert [(each.address, each.link, each.person) for each in delivered] == [
        ("eve@example.com", "http://127.0.0.1:8000/status?number=1", None)
    ]


def test_people_choose_their_channels(company: Flask, context: Flask, at: Clock, delivered: list[Delivery]) -> None:
    with transaction() as conn:
        conn.execute(sa.update(persons).where(persons.c.key == "amy").values(channels={"task.opened": []}))
    _send(people=["amy", "bo"], key="k")
    run_due(context)
    assert [each.person for each in delivered] == ["bo"]
    assert unread_count("amy") == 1


def test_a_channel_that_fails_holds_up_nobody_and_tells_nobody_twice(
    company: Flask, context: Flask, at: Clock, delivered: list[Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(delivery: Delivery) -> None:
        raise OSError("away")

    notifications.channel("broken", reaches=lambda person: person.name if person.key == "amy" else None)(fail)
    _send(people=["amy", "bo"], key="k")
    for _ in range(3):
        run_due(context)
        at.move(hours=1)
    assert sorted(each.person or "" for each in delivered) == ["amy", "bo"]
    assert (unread_count("amy"), unread_count("bo")) == (1, 1)


def test_a_link_elsewhere_is_dropped(company: Flask, context: Flask, at: Clock, delivered: list[Delivery]) -> None:
    for link in ("//evil.example", "https://evil.example", "/\\evil.example"):
        _send(people=["amy"], link=link)
    run_due(context)
    assert {each.link for each in notifications_of("amy").items} == {None}


def test_an_unknown_template_is_a_dead_letter(
    company: Flask, context: Flask, at: Clock, delivered: list[Delivery]
) -> None:
    _send(people=["amy"], template="unknown")
    run_due(context)
    assert "no template 'unknown'" in dead_letters.dead_letters()[0].last_error


def test_nobody_to_tell_costs_nothing(company: Flask, context: Flask) -> None:
    _send(people=[], addresses=[])
    with reading() as conn:
        assert conn.execute(sa.select(outbox)).all() == []


def test_pages_list_newest_first_and_mark_read(
    company: Flask, at: Clock, delivered: list[Delivery], sign_in: SignIn
) -> None:
    with company.app_context():
        for number in range(3):
            _send(people=["amy"], key=f"k{number}", link="/notifications", data={**DATA, "number": f"RF-{number}"})
        run_due(company)
        first = notifications_of("amy", limit=2)
        assert [each.title for each in first.items] == ["Refund RF-2: Approval", "Refund RF-1: Approval"]
        rest = notifications_of("amy", limit=2, after=first.next)
        assert [each.title for each in rest.items] == ["Refund RF-0: Approval"]
        number = first.items[0].id
    with sign_in("amy") as browser:
        page = browser.get("/notifications")
        assert page.status_code == 200
        assert "Refund RF-2: Approval" in page.text
        assert browser.get(f"/notifications/{number}").location == "/notifications"
        with company.app_context():
            assert unread_count("amy") == 2
    with sign_in("bo") as browser:
        assert browser.get(f"/notifications/{number}").status_code == 404
        assert "No notifications yet" in browser.get("/notifications").text


def test_rows_and_deliveries_commit_together(
    company: Flask, context: Flask, at: Clock, delivered: list[Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: Job, conn: object) -> None:
        raise GiveUp("killed before the commit")

    monkeypatch.setattr(Job, "finish", lost)
    _send(people=["amy"], key="k")
    run_due(context)
    with reading() as conn:
        assert conn.execute(sa.select(table)).all() == []
    assert delivered == []


def test_two_messages_without_a_key_are_two(
    company: Flask, context: Flask, at: Clock, delivered: list[Delivery]
) -> None:
    for _ in range(2):
        _send(people=["amy"])
        run_due(context)
    assert len(notifications_of("amy").items) == 2
