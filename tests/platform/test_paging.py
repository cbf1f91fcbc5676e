"""Cursors come back as what they were, and nobody else's do."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from signoff.platform.errors import Malformed, Refused
from signoff.platform.paging import Page, decode_cursor, encode_cursor, page_of, read_limit


@pytest.fixture
def small() -> Flask:
    app = Flask("small")
    app.secret_key = "one secret"
    return app


@pytest.mark.parametrize(
    "values",
    [
        [],
        [17],
        ["RF-20260302-0001", 17],
        [None, True, -1],
        [Decimal("4999.90"), datetime(2026, 3, 2, 2, 0, 0, 17, UTC), date(2026, 3, 2)],
        ["名字 / %?&", 2**63],
    ],
)
def test_a_cursor_says_what_it_was_given(small: Flask, values: list[Any]) -> None:
    with small.app_context():
        cursor = encode_cursor(values)
        assert cursor.replace("-", "").replace("_", "").isalnum()
        decoded = decode_cursor(cursor)
        assert [(type(each), each) for each in decoded] == [(type(each), each) for each in values]


@pytest.mark.parametrize("text", ["", "abc", "é", "=", "a" * 5000, "WzFd", "%00", "AAAAAAAAAAAAWzFd"])
def test_any_other_text_is_malformed(small: Flask, text: str) -> None:
    with small.app_context(), pytest.raises(Malformed):
        decode_cursor(text)


def test_a_changed_cursor_and_one_of_another_installation_are_malformed(small: Flask) -> None:
    with small.app_context():
        cursor = encode_cursor([17])
    other = Flask("other")
    other.secret_key = "another secret"
    with other.app_context(), pytest.raises(Malformed):
        decode_cursor(cursor)


@pytest.mark.parametrize(("text", "limit"), [(None, 50), ("", 50), ("1", 1), ("200", 200)])
def test_limits_that_are_read(text: str | None, limit: int) -> None:
    assert read_limit(text) == limit


@pytest.mark.parametrize("text", ["0", "201", "-1", "1.5", "１", "x", "9" * 400])
def test_limits_that_are_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_limit(text)
    assert caught.value.problems[0].path == "/limit"


@pytest.mark.parametrize(("count", "more"), [(0, False), (2, False), (3, False), (4, True)])
def test_the_row_too_many_makes_the_cursor(small: Flask, count: int, more: bool) -> None:
    with small.app_context():
        page = page_of(list(range(count)), 3, lambda row: [row])
        assert page.items == tuple(range(min(count, 3)))
        assert (page.next is not None) is more
        if page.next is not None:
            assert decode_cursor(page.next) == [2]


def test_a_page_is_changed_item_by_item() -> None:
    assert Page((1, 2), "c").map(str) == Page(("1", "2"), "c")
