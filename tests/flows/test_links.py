"""Deciding by a link in a message: asked once more, once, by the addressed person, for the request as it was told."""

import re
import threading
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, url_for
from flask.testing import FlaskClient

from signoff.flows import history, links, service
from signoff.flows.messages import path_of
from signoff.forms import service as forms
from signoff.platform import audit, config, mail, notifications
from signoff.platform.config import Config
from signoff.platform.db import reading, transaction
from signoff.platform.models import outbox, used_links
from signoff.platform.people import service as people
from signoff.platform.people import store
from signoff.platform.scheduler import run_due
from signoff.platform.timers import start_chores

from ..conftest import Clock
from .shop import person, refund, task_of


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Any:
    with shop.app_context():
        for each in config.current().mail_dir.glob("*.eml"):
            each.unlink()
        with transaction() as conn:
            conn.execute(sa.text("UPDATE signoff_person SET language = 'en', email = key || '@example.com'"))
            people.changed(conn, "people.applied", {}, by=None)
        yield shop


def told(app: Flask, key: str, verdict: str = "Approve") -> str:
    """The path behind the button of the newest mail to somebody."""
    run_due(app)
    step = "First answer" if key == "bo" else "Team lead"
    (newest,) = [each for each in mail.kept_mails(to=person(key).email) if each.subject.endswith(step)]
    (found,) = re.findall(rf"{verdict}: http://127.0.0.1:8000(/decide/\S+)", newest.text)
    return str(found)


def press(app: Flask, path: str, comment: str = "", browser: FlaskClient | None = None) -> Any:
    """What the button of the page sends, whatever the page says by now."""
    browser = browser or app.test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get(path).text)
    assert token
    return browser.post(path, data={"csrf_token": token[1], "comment": comment})


def deciders(record_id: int) -> list[str | None]:
    return [each.actor for each in audit.entries(f"record:{record_id}") if each.event == "task.decided"]


def at_lead(app: Flask) -> Any:
    """A request that the team lead is to decide."""
    made = refund()
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve")
    return made


def test_the_link_asks_and_the_button_decides_once(context: Flask, at: Clock) -> None:
    made = at_lead(context)
    path = told(context, "li")
    browser = context.test_client()
    for _ in range(3):  # programs that look at mails open links, again and again
        page = browser.get(path)
        assert page.status_code == 200
        assert "do you approve this request?" in page.text
        assert browser.head(path).status_code == 200
    assert task_of("li").open
    answer = press(context, path, "fine", browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert "Your decision is recorded." in browser.get(path).text
    assert press(context, path).status_code == 303
    assert deciders(made.id) == ["bo", "li"]
    (moment,) = [
        each
        for each in history.of_record(made.id, by=person("ada")).items
        if each.entry.actor == "li" and each.entry.event == "task.decided"
    ]
    assert "By a link in a message" in history.text_of(moment, "en")
    assert "通过消息中的链接" in history.text_of(moment, "zh")
    assert audit.verify().ok


def test_no_needs_its_reason(context: Flask, at: Clock) -> None:
    made = at_lead(context)
    path = told(context, "li", "Reject")
    browser = context.test_client()
    assert "required" in browser.get(path).text
    refused = press(context, path, " ")
    assert (refused.status_code, "Say why" in refused.text) == (422, True)
    assert press(context, path, "too late").status_code == 303
    assert forms.read_record(made.id, by=person("amy")).status == "rejected"


def test_somebody_else_was_first_and_the_page_says_who(context: Flask, at: Clock) -> None:
    refund()
    path = told(context, "bo")
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve")
    page = context.test_client().get(path)
    assert page.status_code == 200
    assert person("bo").name in page.text
    assert press(context, path).status_code == 303


@pytest.mark.parametrize(
    ("spoil", "status", "sentence"),
    [
        ("time", 422, "held for 72 hours"),
        ("changed", 422, "was changed since"),
        ("handed over", 403, "not yours"),
        ("signed out everywhere", 404, "does not hold"),
        ("left", 404, "does not hold"),
        ("other secret", 404, "does not hold"),
        ("cut", 404, "does not hold"),
    ],
)
def test_a_link_that_is_over_says_so_kindly(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch, spoil: str, status: int, sentence: str
) -> None:
    made = at_lead(context)
    path = told(context, "li")
    match spoil:
        case "time":
            at.move(hours=72)
        case "changed":
            with transaction() as conn:
                changed = sa.text("UPDATE signoff_record SET revision = revision + 1 WHERE id = :id")
                conn.execute(changed, {"id": made.id})
        case "handed over":
            service.transfer(task_of("li").id, by=person("li"), to="bo")
        case "signed out everywhere":
            with transaction() as conn:
                store.end_sessions(conn, "li")
                people.changed(conn, "person.signed_out", {"person": "li"}, by="ada")
        case "left":
            people.set_active("li", False, by="ada")
        case "other secret":
            monkeypatch.setitem(context.config, "SECRET_KEY", "another secret key altogether")
        case "cut":
            path = path[:-3]
    for answer in (context.test_client().get(path), press(context, path)):
        assert (answer.status_code, sentence in answer.text) == (status, True)
    assert deciders(made.id) == ["bo"]
    if spoil == "left":  # an open task of nobody is unsound
        people.set_active("li", True, by="ada")


def test_a_used_link_works_no_second_time_even_if_its_task_opens_again(context: Flask, at: Clock) -> None:
    at_lead(context)
    path = told(context, "li")
    assert press(context, path).status_code == 303
    with transaction() as conn:
        conn.execute(sa.text("UPDATE signoff_task SET closed_at = NULL"))
    page = context.test_client().get(path)
    assert (page.status_code, "used before" in page.text) == (409, True)


def test_two_at_once_are_one_decision(context: Flask, at: Clock) -> None:
    made = at_lead(context)
    path = told(context, "li")
    start = threading.Barrier(4)

    def together() -> None:
        start.wait(10)
        press(context, path)

    threads = [threading.Thread(target=together) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert deciders(made.id) == ["bo", "li"]
    with reading() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(used_links)) == 1


def test_no_links_where_they_are_switched_off(context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    at_lead(context)
    path = told(context, "li")
    signoff = context.extensions["signoff"]
    off: Config = replace(signoff.config, link_hours=0)
    monkeypatch.setattr(signoff, "config", off)
    assert context.test_client().get(path).status_code == 404
    assert links.buttons({"task": 1, "revision": 1, "verdicts": ["approve"]}, person("li")) == ()


def test_a_group_gets_nobodys_links(context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "_channels", {})
    seen: dict[str, list[notifications.Delivery]] = {"group": [], "own": []}
    for name, private in (("group", False), ("own", True)):
        notifications.channel(name, reaches=lambda each: each.key, private=private)(seen[name].append)
    at_lead(context)
    run_due(context)
    assert {tuple(each.buttons) for each in seen["group"]} == {()}
    approve, reject = next(each.buttons for each in seen["own"] if each.person == "li" and each.buttons)
    assert (approve[0], reject[0]) == ("Approve", "Reject")


def link_of(app: Flask, key: str, subject: str) -> str:
    """The path behind the button of the only mail to somebody whose subject has a word."""
    run_due(app)
    (found,) = [each for each in mail.kept_mails(to=person(key).email) if subject in each.subject]
    (path,) = re.findall(r"Approve: http://127.0.0.1:8000(/decide/\S+)", found.text)
    return str(path)


def test_a_reminder_can_be_answered_by_its_link(context: Flask, at: Clock) -> None:
    made = at_lead(context)
    at.move(hours=26)  # an hour before its time, by the office's clock
    run_due(context)
    at.move(minutes=5)  # several reminders would be one message
    assert press(context, link_of(context, "li", "Reminder")).status_code == 303
    assert deciders(made.id) == ["bo", "li"]


def test_whoever_a_task_is_handed_to_decides_by_the_link_of_their_message(context: Flask, at: Clock) -> None:
    made = at_lead(context)
    service.transfer(task_of("li").id, by=person("li"), to="zhou")
    assert press(context, link_of(context, "zhou", "Team lead")).status_code == 303
    assert deciders(made.id) == ["bo", "zhou"]


def test_whoever_a_task_is_escalated_to_decides_by_the_link_of_their_message(context: Flask, at: Clock) -> None:
    made = at_lead(context)
    at.move(days=3)
    assert press(context, link_of(context, "zhou", "Team lead")).status_code == 303
    assert deciders(made.id) == ["bo", "zhou"]


def test_a_reminder_that_comes_too_late_offers_nothing(context: Flask, at: Clock) -> None:
    at_lead(context)
    task = task_of("li")
    offer = {"run": task.run_id, "name": task.name, "revision": 1, "verdicts": ["approve"]}
    assert len(links.buttons_named(offer, person("li"))) == 1
    service.decide(task.id, by=person("li"), verdict="approve")
    assert links.buttons_named(offer, person("li")) == ()


def test_a_message_that_another_version_wrote_is_delivered(context: Flask, at: Clock) -> None:
    """Nodes of two versions run side by side while one replaces the other."""
    at_lead(context)
    with transaction() as conn:
        payload = {"channel": "email", "delivery": {
            "key": "x", "template": "t", "event": "e", "title": "From the next version", "body": "", "language": "en",
            "address": "li@example.com", "a_word_of_the_next_version": 1,
        }}  # fmt: skip
        conn.execute(sa.insert(outbox).values(
            key="x", kind="notify.deliver", payload=payload, due_at=at.now(), created_at=at.now(), attempts=0,
        ))  # fmt: skip
    run_due(context)
    assert "From the next version" in [each.subject for each in mail.kept_mails(to="li@example.com")]


def test_used_links_are_forgotten_in_the_end(context: Flask, at: Clock) -> None:
    at_lead(context)
    press(context, told(context, "li"))
    start_chores()
    at.move(days=61)
    run_due(context)
    with reading() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(used_links)) == 0


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("signoff_flows.task", {"task_id": 31}),
        ("signoff_flows.task_named", {"run_id": 9, "name": "t12"}),
        ("signoff_flows.task_named", {"run_id": 70, "name": "8070605040301"}),
        ("signoff_forms.public", {"form_key": "call_back"}),
        ("signoff_flows.inbox", {}),
    ],
)
def test_paths_in_messages_are_those_of_the_pages(context: Flask, endpoint: str, values: dict[str, Any]) -> None:
    with context.test_request_context():
        for _ in range(2):  # made, and remembered
            assert path_of(endpoint, **values) == url_for(endpoint, **values)
