"""Asking the customer: the clocks of the request stand still until they answer, and count anew then."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.flows import asking, service
from signoff.flows.models import runs
from signoff.forms import catalogue, later
from signoff.forms import service as forms
from signoff.forms.models import records
from signoff.platform import audit, calendar_store, clock, config, mail
from signoff.platform.db import reading, transaction
from signoff.platform.errors import Conflict, Forbidden, NotFound, Refused
from signoff.platform.models import timers
from signoff.platform.people import service as people
from signoff.platform.scheduler import run_due

from ..conftest import Clock, definition
from .shop import person, refund, task_of

CODE = "ABCDEF"


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Iterator[Any]:
    with shop.app_context():
        for each in config.current().mail_dir.glob("*.eml"):
            each.unlink()
        with transaction() as conn:
            conn.execute(sa.text("UPDATE signoff_person SET language = 'en', email = key || '@example.com'"))
            people.changed(conn, "people.applied", {}, by=None)
        yield shop


def asked(question: str = "Which address?") -> Any:
    """A request whose first step asks the customer, who knows its code."""
    made = refund()
    with transaction() as conn:
        conn.execute(sa.update(records).where(records.c.id == made.id).values(access_code=CODE))
    asking.ask(task_of("bo").id, by=person("bo"), question=question)
    return forms.read_record(made.id, by=person("amy"))


def timer_names() -> list[str]:
    with reading() as conn:
        return sorted(conn.scalars(sa.select(timers.c.key).where(timers.c.kind == "flow.timer")))


def events_of(record: Any) -> list[str]:
    return [each.event for each in audit.entries(record.chain)]


def knows(code: str) -> bool:
    return code == CODE


def test_while_the_customer_is_asked_no_deadline_comes_nearer(context: Flask, at: Clock) -> None:
    record = asked()
    assert timer_names() == []
    assert task_of("bo").due_at is None
    at.move(days=30)
    run_due(context)
    assert "timer.fired" not in events_of(record)
    assert "customer.asked" in events_of(record)


def test_the_answer_sets_the_clocks_anew_and_tells_who_asked(context: Flask, at: Clock) -> None:
    record = asked()
    at.move(days=3)
    asking.answer(record.number, knows, "Flower street 3")
    due = calendar_store.calendar("office").add(clock.now(), timedelta(minutes=30))
    assert task_of("bo").due_at == due
    assert len(timer_names()) == 1
    run_due(context)
    told = [each for each in mail.kept_mails(to="bo@example.com") if "answered" in each.subject]
    assert ["Flower street 3" in each.text for each in told] == [True]
    written = [each for each in audit.entries(record.chain) if each.event == "customer.answered"]
    assert [(each.acting_as, each.actor, each.data["comment"]) for each in written] == [
        ("customer", None, "Flower street 3")
    ]
    assert audit.verify().ok
    with pytest.raises(Conflict, match="Nothing is asked"):
        asking.answer(record.number, knows, "And the second door")


def test_what_the_customer_adds_is_an_answer_too(context: Flask, at: Clock) -> None:
    form = definition("refund.form")
    form["public"]["later"] = ["conversation"]
    catalogue.publish_form(form, by="ada", note="Customers may add")
    record = asked("Please say more.")
    later.add(record, {"conversation": "It came broken."})
    assert [each for each in events_of(record) if each in ("record.updated", "customer.answered")] == [
        "record.updated", "customer.answered",
    ]  # fmt: skip
    assert task_of("bo").due_at is not None


def test_it_can_go_on_without_an_answer(context: Flask, at: Clock) -> None:
    record = asked()
    asking.go_on(task_of("bo").id, by=person("bo"), comment="They called.")
    assert task_of("bo").due_at is not None
    assert "customer.awaited" in events_of(record)
    with pytest.raises(Refused, match="does not wait"):
        asking.go_on(task_of("bo").id, by=person("bo"))


def test_who_decides_does_not_wait_any_more(context: Flask, at: Clock) -> None:
    record = asked()
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve")
    assert task_of("li").due_at is not None
    with reading() as conn:
        state = conn.scalar(sa.select(runs.c.state).where(runs.c.record_id == record.id))
    assert state is not None
    assert "asked" not in state


@pytest.mark.parametrize("who", ["zhou", "fang", "amy"])
def test_only_whom_the_task_waits_for_asks(context: Flask, at: Clock, who: str) -> None:
    refund()
    with pytest.raises((Forbidden, NotFound)):
        asking.ask(task_of("bo").id, by=person(who), question="Which?")


def test_the_customer_reads_the_question_in_a_mail(context: Flask, at: Clock) -> None:
    record = asked()
    run_due(context)
    (told,) = mail.kept_mails(to="cui@example.org")
    assert "Which address?" in told.text
    assert f"number={record.number}&code={CODE}" in told.text


def test_a_question_has_words(context: Flask, at: Clock) -> None:
    refund()
    with pytest.raises(Refused, match="Write what you want to know"):
        asking.ask(task_of("bo").id, by=person("bo"), question="  ")


def test_an_answer_needs_the_code(context: Flask, at: Clock) -> None:
    record = asked()
    with pytest.raises(NotFound):
        asking.answer(record.number, lambda code: code == "WRONG", "hello")


def test_another_calendar_leaves_clocks_that_stand_still_alone(context: Flask, at: Clock) -> None:
    from signoff.flows import cases, jobs
    from signoff.flows.events import Rescheduled

    record = asked()
    with transaction() as conn:
        jobs.move(conn, cases.of_record(conn, record.id), Rescheduled())
    assert task_of("bo").due_at is None
    assert timer_names() == []


def test_the_pages_ask_and_answer(context: Flask, at: Clock) -> None:
    record = asked("Which <b>address</b>?")
    browser, path = context.test_client(), f"/status?number={record.number}&code={CODE}"
    page = browser.get(path)
    assert "Which &lt;b&gt;address&lt;/b&gt;?" in page.text
    assert "We need something more" in page.text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert token
    sent = {"csrf_token": token[1], "number": record.number, "code": CODE}
    assert "Write your answer first" in browser.post(
        "/status/answer", data={**sent, "text": " "}, follow_redirects=True
    ).text  # fmt: skip
    answered = browser.post("/status/answer", data={**sent, "text": "Flower street 3"}, follow_redirects=True)
    assert "your answer is here" in answered.text
    assert "We have a question" not in answered.text
    assert task_of("bo").due_at is not None
