"""What messages say of a request: enough to decide, in the reader's language, and nothing that their step hides."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from signoff.flows import messages
from signoff.platform.notifications import notifications_of
from signoff.platform.people import service as people
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from .shop import person, refund


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Iterator[Flask]:
    with shop.app_context():
        yield shop


def _told(shop: Flask, key: str) -> list[str]:
    run_due(shop)
    [note] = [each for each in notifications_of(key).items if each.template == "task_assigned"]
    return note.body.split("\n")


def test_a_task_is_told_with_the_money_the_reason_who_asks_and_until_when(context: Flask) -> None:
    refund(3)
    about, asked, due = _told(context, "bo")
    assert about.startswith("A request waits for you: ")
    for words in ("Cui", "Refund only, goods stay", "¥300.00", "Came too late or never"):
        assert words in about
    assert asked == "Asked by Amy Chen."
    assert due.startswith("Due by 20")


def test_it_is_told_in_the_language_of_whoever_reads(context: Flask) -> None:
    people.save_person(replace(person("bo"), language="zh"), by=None)
    refund(3)
    about, asked, due = _told(context, "bo")
    for words in ("有一项申请等待您处理", "仅退款", "¥300.00", "迟到或未收到"):
        assert words in about
    assert asked.startswith("申请人")
    assert due.startswith("处理时限")


def test_what_a_step_hides_is_not_told_to_whom_it_comes(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "hidden_at", lambda _program, _step: frozenset({"amount", "reason"}))
    refund(3)
    about = _told(context, "bo")[0]
    assert "Refund only" in about
    assert "300" not in about
    assert "too late" not in about
