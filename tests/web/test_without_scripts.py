"""Where no script runs: the same pages find, follow, decide and look numbers up, one at a time and many at once."""

from typing import Any

import pytest
from playwright.sync_api import expect

from ..server import Server
from .conftest import DESK, PHONE, Filed, SignedIn
from .pages import overflow, row_of, said

SIZES = pytest.mark.parametrize(
    ("viewport", "locale"), [(DESK, "zh-CN"), (PHONE, "en-GB")], ids=["desk, Chinese", "phone, English"]
)


@SIZES
def test_a_request_is_found_followed_and_asked_about(
    demo: Server, signed_in: SignedIn, filed: Filed, viewport: Any, locale: str
) -> None:
    number = filed()
    amy = signed_in("amy", viewport, locale, java_script_enabled=False)
    amy.goto(f"{demo.url}/search")
    amy.locator("main [name=q]").fill("wang")
    amy.locator("main form[role=search] button, main form button").first.click()
    expect(amy.locator("main")).to_contain_text("wang.fang@customer.example")
    amy.locator("main [name=q]").fill(number)
    amy.locator("main [name=q]").press("Enter")
    expect(amy.locator("h1")).to_contain_text(number)
    expect(amy.locator(".way-now")).to_be_visible()
    amy.locator("#urge-comment").fill("Today, please.")
    amy.locator("button[value=urge]").click()
    expect(amy.locator(".timeline").first).to_contain_text("Today, please.")
    assert overflow(amy) == []
    amy.locator("button[value=withdraw]").click()  # nobody asks again: it is the server that does it
    expect(amy.locator(".way-now")).to_have_count(0)


@SIZES
def test_tasks_are_decided_one_by_one_and_many_at_once(
    demo: Server, signed_in: SignedIn, filed: Filed, viewport: Any, locale: str
) -> None:
    first, second, third = filed(), filed(), filed()
    bo = signed_in("bo", viewport, locale, java_script_enabled=False)
    bo.goto(f"{demo.url}/inbox")
    row_of(bo, first).get_by_role("link").click()
    expect(bo.locator("#pane h2").first).to_contain_text(first)
    bo.locator(".decide-bar button[value=reject]").click()
    expect(bo.locator("#comment-error")).to_be_visible()  # a rejection says why
    bo.locator("#reply").select_option(value="refund_out_of_time")
    bo.locator(".decide-bar button[value=reject]").click()
    said(bo, first)
    bo.goto(f"{demo.url}/inbox")
    for number in (second, third):
        row_of(bo, number).get_by_role("checkbox").check()
    bo.locator("button[name=do][value=review]").click()
    expect(bo.locator("#ready")).to_contain_text("(2)")
    bo.locator("button[value=decide]").click()
    expect(bo.locator("button[value=decide]")).to_have_count(0)
    expect(bo.locator("#ready")).to_contain_text("(2)")
    bo.goto(f"{demo.url}/inbox")
    for number in (first, second, third):
        expect(row_of(bo, number)).to_have_count(0)


@SIZES
def test_a_number_of_the_dashboard_opens_its_list(
    demo: Server, signed_in: SignedIn, viewport: Any, locale: str
) -> None:
    ada = signed_in("ada", viewport, locale, java_script_enabled=False)
    ada.goto(f"{demo.url}/dashboard?form=refund")
    opened = ada.locator("section[aria-labelledby=by-path] tbody tr").first.locator("td a").first
    number = opened.inner_text()
    opened.click()
    expect(ada.locator("h1 .count")).to_have_text(number)
    assert overflow(ada) == []
