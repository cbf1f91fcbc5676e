"""The pages of time and messages in a real browser: for everybody, on a phone, in the dark, by the keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from ..server import Api, Server
from .conftest import DESK, PHONE, SignedIn, axe_violations

SCHEDULE = {
    "schema": "schedule/1", "key": "standstill", "title": {"en": "Orders without movement", "zh": "订单停滞"},
    "when": "every day 10:00", "do": "records",
    "with": {"form": "sales_order", "unchanged_for": "P5D", "then": {"notify": {"to": [{"role": "warehouse"}]}}},
}  # fmt: skip
WEBHOOK = {"key": "office", "url": "https://office.example/hook", "events": ["task.overdue"]}
PAGES = (
    "/schedules", "/schedules/add", "/schedules/add?do=records", "/schedules/standstill", "/calendars",
    "/calendars/add", "/calendars/office", "/templates", "/templates/survey", "/webhooks", "/webhooks/add",
    "/webhooks/office", "/notifications", "/me", "/definitions/form/refund/rights",
    "/definitions/flow/refund/versions/1", "/definitions/form/refund/versions/1", "/people/departments",
    "/people/department/service",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _something_to_show(api: Callable[[str], Api]) -> None:
    ada = api("ada")
    assert ada.send("PUT", "/schedules/standstill", {"document": SCHEDULE}).status == 200
    assert ada.post("/webhooks", WEBHOOK).status in (201, 422)


@pytest.mark.parametrize(
    ("viewport", "locale", "scheme"),
    [(DESK, "en-GB", "light"), (PHONE, "zh-CN", "dark")],
    ids=["desk", "phone, Chinese, dark"],
)
def test_everybody_can_use_them(
    demo: Server, signed_in: SignedIn, viewport: ViewportSize, locale: str, scheme: str
) -> None:
    page = signed_in("ada", viewport, locale, color_scheme=scheme)
    for path in PAGES:
        answer = page.goto(demo.url + path)
        assert answer is not None
        assert answer.ok, path
        assert axe_violations(page) == [], path
        too_wide = "document.documentElement.scrollWidth > window.innerWidth"
        assert not page.evaluate(too_wide), path


def test_a_schedule_is_written_by_the_keyboard(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("ada")
    page.goto(f"{demo.url}/schedules/add?do=report")
    _type(page, "title_en", "By keys")
    _type(page, "when", "every monday 08:30")
    page.locator("[name=when]").press("Enter")
    expect(page.get_by_text("The schedule is in force.")).to_be_visible()
    expect(page.locator("[name=when]")).to_have_value("every monday 08:30")
    expect(page.locator("time", has_text="08:30")).to_have_count(5)


def test_what_stands_still_is_set_without_json(demo: Server, signed_in: SignedIn) -> None:
    """D16: orders without movement for more than five days, by the mouse, tried before it holds."""
    page = signed_in("ada")
    page.goto(f"{demo.url}/schedules/add?do=records")
    expect(page.locator("#schedule")).to_have_attribute("data-started", "redraw")
    page.get_by_label("Name in English").fill("Orders that stand still")
    page.get_by_label("When", exact=False).first.fill("every monday and thursday 08:30")
    expect(page.locator("#coming time", has_text="08:30")).to_have_count(5)
    page.locator("#f-with-form").select_option("sales_order")
    expect(page.locator("#f-with-where-0-field option", has_text="Ordered on")).to_have_count(1)
    page.locator("#f-with-where-0-field").select_option("state")
    page.locator("#f-with-where-0-value").select_option("shipped")
    page.get_by_role("checkbox", name="Warehouse").check()
    expect(page.locator("#f-with-then-notify-template")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_role("button", name="Whom would it concern now?").click()
    expect(page.get_by_role("heading", name="Were it to run now")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("The schedule is in force.")).to_be_visible()
    expect(page.locator("#f-with-where-0-value")).to_have_value("shipped")
    expect(page.get_by_role("checkbox", name="Warehouse")).to_be_checked()


def test_a_placeholder_is_put_in_by_the_keyboard_and_shown_at_once(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("ada")
    page.goto(f"{demo.url}/templates/survey")
    expect(page.locator("#template")).to_have_attribute("data-started", re.compile("(?=.*redraw)(?=.*placeholders)"))
    page.locator("#f-body-en").fill("About ")
    page.locator("[data-placeholder=number]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#f-body-en")).to_have_value("About {number}")
    expect(page.locator("#f-body-en")).to_be_focused()
    expect(page.locator("#previews")).to_contain_text("About RF-20260302-0001")
    assert axe_violations(page) == []


def test_the_year_of_a_calendar_follows_before_it_is_saved(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("ada")
    page.goto(f"{demo.url}/calendars/office?year=2026")
    expect(page.locator("#calendar")).to_have_attribute("data-started", "redraw")
    expect(page.locator("#others")).to_contain_text("National Day")
    page.locator("#f-country").select_option("DE")
    expect(page.locator("#others")).to_contain_text("Ascension Day")
    page.locator("#f-days_off").fill("2026-12-24/2026-12-31")
    expect(page.locator("#others")).to_contain_text("31 Dec 2026")
    assert axe_violations(page) == []


def test_wrong_times_are_said_while_one_types(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("ada")
    page.goto(f"{demo.url}/schedules/add")
    expect(page.locator("#schedule")).to_have_attribute("data-started", "redraw")
    page.locator("#f-when").fill("sometimes")
    expect(page.locator("#coming-words")).to_contain_text("is no time of a schedule")
    page.locator("#f-when").fill("每周一 8:30")
    expect(page.locator("#coming-words")).to_contain_text("every monday 08:30")


def _type(page: Page, name: str, text: str) -> None:
    """Get there by the Tab key, and type over what stands there."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            break
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
