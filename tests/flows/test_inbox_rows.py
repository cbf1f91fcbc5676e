"""What a row of the inbox says: the money, why, who, how much evidence, and how long there is time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from signoff.flows import inbox, inbox_drawing, inbox_rows, listing
from signoff.flows.inbox_rows import Reader
from signoff.platform.people import service as people
from signoff.platform.web.language import speaking

from ..conftest import Clock, SignIn
from .shop import person, refund

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Iterator[Flask]:
    with shop.app_context():
        yield shop


@pytest.mark.parametrize(
    ("minutes", "english", "chinese", "look"),
    [
        (0, "0 min left", "剩余 0 分钟", "soon"),
        (59, "59 min left", "剩余 59 分钟", "soon"),
        (60, "1 h left", "剩余 1 小时", "soon"),
        (125, "2 h left", "剩余 2 小时", ""),
        (47 * 60, "47 h left", "剩余 47 小时", ""),
        (49 * 60, "2 days left", "剩余 2 天", ""),
        (-1, "1 min late", "超时 1 分钟", "over"),
        (-90, "1 h late", "超时 1 小时", "over"),
        (-72 * 60, "3 days late", "超时 3 天", "over"),
    ],
)
def test_the_time_left_is_said_in_words(minutes: int, english: str, chinese: str, look: str) -> None:
    for language, words in (("en", english), ("zh", chinese)):
        with speaking(language):
            reader = Reader(language, UTC, people.directory(), NOW)
            found = inbox_rows.left(NOW + timedelta(minutes=minutes), reader)
        assert (found.words, found.look) == (words, look)


def test_without_a_deadline_there_is_no_moment() -> None:
    found = inbox_rows.left(None, Reader("en", UTC, people.directory(), NOW))
    assert (found.words, found.look, found.at) == ("No deadline", "", "")


def test_a_row_says_what_decides() -> None:
    refund(3)
    [opened] = listing.of_inbox(inbox.find(person("bo"), inbox.Filter()).items)
    [row] = inbox_rows.of([opened.view("en")], Reader("en", UTC, people.directory(), opened.task.assigned_at))
    assert (row.amount, row.reason, row.who, row.step) == (
        "¥300.00",
        "Came too late or never",
        "Amy Chen",
        "First answer",
    )
    assert row.proofs == "1/1"  # photos are asked for where something is damaged
    assert row.left.words == "30 min left"
    assert row.select == f"Select {row.name}"
    assert "¥300.00" not in row.rest
    assert row.pool == "Customer service"


def test_a_row_as_html_holds_its_texts_escaped_and_marks_the_one_that_is_open() -> None:
    refund(3)
    [opened] = listing.of_inbox(inbox.find(person("bo"), inbox.Filter()).items)
    reader = Reader("en", UTC, people.directory(), opened.task.assigned_at)
    [row] = inbox_rows.of([opened.view("en")], reader)
    sharp = replace(row, rest="<b>&", vip=True, returned=True)
    shut = inbox_drawing.drawn([sharp], "/inbox?chip=vip&task=", None, "en")
    assert f'<a href="/inbox?chip=vip&amp;task={row.id}">' in shut
    for words in ("&lt;b&gt;&amp;", "Came too late or never", "¥300.00", "Amy Chen", "1/1", "30 min left", "VIP",
                  "Returned", "Customer service"):  # fmt: skip
        assert words in shut, words
    assert "is-open" not in shut
    assert "aria-current" not in shut
    both = inbox_drawing.drawn([row, replace(row, id=row.id + 1, claimed=True)], "/inbox?task=", row.id, "en")
    assert both.count("is-open") == both.count('aria-current="true"') == 1
    assert both.count("Claimed") == 1
    assert both.count("Customer service") == 1  # whoever took it is not of the pool any more


def test_rows_are_drawn_in_the_language_of_whoever_reads() -> None:
    refund(3)
    [opened] = listing.of_inbox(inbox.find(person("bo"), inbox.Filter()).items)
    for language, words in (("en", "VIP"), ("zh", "VIP"), ("en", "No deadline"), ("zh", "无时限")):
        with speaking(language):
            reader = Reader(language, UTC, people.directory(), opened.task.assigned_at)
            [row] = inbox_rows.of([replace(opened.view(language), task=replace(opened.task, due_at=None))], reader)
            assert words in inbox_drawing.drawn([replace(row, vip=True)], "/inbox?task=", None, language)


def test_an_empty_inbox_hears_of_what_arrives_too(sign_in: SignIn) -> None:
    for address in ("/inbox", "/inbox?chip=overdue"):
        with sign_in("bo") as client:
            page = client.get(address).get_data(as_text=True)
        assert 'data-module="inbox"' in page, address
        assert "data-inbox-new" in page, address
