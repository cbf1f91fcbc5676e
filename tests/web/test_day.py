"""A day's work of each kind of people, on a desk and on a phone, in English and in Chinese."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from ..server import Api, Server, command
from .conftest import DESK, PHONE, Contexts, Filed, SignedIn, axe_violations
from .pages import Fill, decide, open_in_inbox, overflow, row_of, said

KEYS = 30
BATCH = 20
SIZES = pytest.mark.parametrize(
    ("viewport", "locale"),
    [(DESK, "en-GB"), (PHONE, "zh-CN"), (DESK, "zh-CN"), (PHONE, "en-GB")],
    ids=["desk, English", "phone, Chinese", "desk, Chinese", "phone, English"],
)

ENDS = pytest.mark.parametrize(("viewport", "locale"), [(DESK, "en-GB"), (PHONE, "zh-CN")], ids=["desk", "phone"])
"""For what the four of :data:`SIZES` would say no more of."""


def _ready(page: Page) -> None:
    expect(page.locator("[data-module=inbox]")).to_have_attribute("data-started", re.compile("inbox"))


def _right(page: Page) -> None:
    """Nothing stands out, and axe finds nothing."""
    assert overflow(page) == []
    assert axe_violations(page) == []


@SIZES
def test_staff_file_follow_answer_correct_and_look_things_up(
    demo: Server, signed_in: SignedIn, order: str, api: Callable[[str], Api], viewport: Any, locale: str
) -> None:
    amy = signed_in("amy", viewport, locale)
    fill = Fill(amy, demo.url)
    fill.order(order)
    fill.choose(path="refund_only", reason="changed_mind")
    fill.line(0, "LAN-101", "1", "1")
    fill.field("conversation").fill("By telephone.")
    fill.prove()
    _right(amy)
    number = fill.send()
    [task] = [each for each in api("bo").get("/inbox", limit=200)["items"] if each["record"]["number"] == number]
    api("bo").post(f"/tasks/{task['id']}/decision", {"verdict": "return", "comment": "Which parcel?", "to": "start"})
    amy.goto(f"{demo.url}/search?q={number.lower()}")
    expect(amy.locator("h1")).to_contain_text(number)
    expect(amy.locator("main")).to_contain_text("Which parcel?")
    _right(amy)
    amy.locator("#resubmit-comment").fill("The second one.")
    amy.locator("[id='f-conversation']").fill("By telephone; the second parcel.")
    amy.locator("button[value=resubmit]").last.click()
    said(amy, number)
    expect(amy.locator(".way-now")).to_be_visible()
    amy.locator("#say-comment").fill("Is anything missing?")
    amy.locator("#say-to").select_option("bo")
    amy.locator("button[value=comment]").click()
    expect(amy.locator(".timeline").first).to_contain_text("Is anything missing?")
    _right(amy)

    bo = signed_in("bo", viewport, locale)
    pane = open_in_inbox(bo, demo.url, number)
    expect(pane.locator(".notice-warning")).to_contain_text("By telephone; the second parcel.")
    _right(bo)


@pytest.mark.parametrize(
    ("viewport", "locale", "single", "many"),
    [(DESK, "en-GB", KEYS, BATCH), (PHONE, "zh-CN", KEYS, BATCH), (DESK, "zh-CN", 3, 2), (PHONE, "en-GB", 3, 2)],
    ids=["desk, English", "phone, Chinese", "desk, Chinese", "phone, English"],
)
def test_an_approver_clears_the_inbox_one_by_one_in_batches_and_with_reasons(
    demo: Server, signed_in: SignedIn, filed: Filed, viewport: Any, locale: str, single: int, many: int
) -> None:
    """By keys on a desk, with the thumb on a phone."""
    numbers = [filed() for _ in range(single + many + 1)]
    bo = signed_in("bo", viewport, locale)
    bo.goto(f"{demo.url}/inbox")
    row_of(bo, numbers[0]).get_by_role("link").click()
    head = bo.locator("#pane h2").first
    expect(head).to_contain_text(numbers[0])
    for place in range(single):
        _ready(bo)
        before = head.inner_text()
        assert numbers[place] in before  # the next one opened
        if viewport is DESK:
            bo.keyboard.press("a")
        else:
            bo.locator(".decide-bar button[value=approve]").click()
        expect(head).not_to_have_text(before)
    bo.goto(f"{demo.url}/inbox")
    _ready(bo)
    for number in numbers[single : single + many]:
        row_of(bo, number).get_by_role("checkbox").check()
    expect(bo.locator("[data-inbox-count]")).to_contain_text(str(many))
    bo.locator(".inbox-quick [value=approve]").click()
    expect(bo.locator("#ready")).to_contain_text(f"({many})")
    _right(bo)
    bo.locator("button[value=decide]").click()
    expect(bo.locator("button[value=decide]")).to_have_count(0)
    expect(bo.locator("#ready")).to_contain_text(f"({many})")  # each was decided
    pane = open_in_inbox(bo, demo.url, numbers[-1])
    _ready(bo)
    pane.locator("#reply").select_option(value="refund_out_of_time")
    expect(pane.locator("#comment")).not_to_have_value("")
    decide(pane, "reject")
    said(bo, numbers[-1])


def test_an_approver_works_with_one_thumb_in_chinese(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    first, second, third = filed(), filed(), filed()
    bo = signed_in("bo", PHONE, "zh-CN")
    bo.goto(f"{demo.url}/inbox")
    row_of(bo, first).get_by_role("link").click()
    expect(bo.locator("#pane h2").first).to_contain_text(first)
    _right(bo)
    bar = bo.locator(".decide-bar").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] <= PHONE["height"]  # the buttons are within reach of the thumb
    bo.get_by_role("button", name="同意").click()
    said(bo, first)
    bo.goto(f"{demo.url}/inbox")
    _ready(bo)
    for number in (second, third):
        row_of(bo, number).get_by_role("checkbox").check()
    bo.locator(".inbox-quick [value=transfer]").click()
    expect(bo.get_by_role("heading", name=re.compile(r"\(2\)"))).to_be_visible()
    bo.locator("#person").select_option("li")
    _right(bo)
    bo.locator("button[value=decide]").click()
    expect(bo.get_by_role("heading", name=re.compile(r"\(2\)"))).to_be_visible()
    li = signed_in("li", PHONE, "zh-CN")
    li.goto(f"{demo.url}/inbox")
    expect(row_of(li, second)).to_be_visible()


GRACEFUL: Mapping[str, Any] = {
    "swift.form": {
        "schema": "form/1", "key": "swift", "title": "Swift", "number": "SW-{0000}", "summary": ["what"],
        "fields": [{"key": "what", "type": "text", "label": "What", "required": True}],
    },
    "swift.flow": {
        "schema": "flow/1", "key": "swift", "title": "Swift", "form": "swift", "settings": {"grace": "PT30M"},
        "steps": [{"id": "look", "kind": "approve", "who": [{"role": "service"}], "due": {"in": "PT8H"}}],
    },
}  # fmt: skip


@ENDS
def test_a_decision_is_taken_back_within_the_grace(
    demo: Server, signed_in: SignedIn, api: Callable[[str], Api], tmp_path: Path, viewport: Any, locale: str
) -> None:
    for name, document in GRACEFUL.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    command("apply", str(tmp_path), env={"SIGNOFF_DATA_DIR": f"{demo.env['SIGNOFF_DATA_DIR']}/demo"})
    number = api("amy").post("/forms/swift/records", {"values": {"what": "A pen"}}).body["number"]
    bo = signed_in("bo", viewport, locale)
    bo.goto(f"{demo.url}/inbox?form=swift")
    row_of(bo, number).get_by_role("link").click()
    expect(bo.locator("#pane h2").first).to_contain_text(number)
    _ready(bo)
    bo.keyboard.press("a")
    said(bo, number)
    undo = bo.locator("[data-undo]")
    expect(undo).to_be_visible()
    expect(bo.locator("[data-module=undo]")).to_have_attribute("data-started", "undo")
    _right(bo)
    if viewport is PHONE:
        undo.click()
    else:
        bo.keyboard.press("z")
    expect(bo.locator("#pane h2").first).to_contain_text(number)  # it waits again, and is open
    expect(bo.locator(".decide-bar")).to_be_visible()
    [task] = [each for each in api("bo").get("/inbox", form="swift")["items"] if each["record"]["number"] == number]
    api("bo").post(f"/tasks/{task['id']}/decision", {"verdict": "reject", "comment": "No pens."})


def test_a_new_task_is_announced_and_comes_when_asked_for(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    filed()
    bo = signed_in("bo")
    bo.goto(f"{demo.url}/inbox")
    _ready(bo)
    rows = bo.locator(".inbox-row").count()
    number = filed()
    bo.evaluate("document.dispatchEvent(new CustomEvent('signoff:news', {detail: {}}))")
    button = bo.locator("[data-inbox-new]")
    expect(button).to_be_visible()
    assert bo.locator(".inbox-row").count() == rows
    button.click()
    expect(row_of(bo, number)).to_be_visible()
    expect(button).to_be_hidden()


@SIZES
def test_a_manager_looks_a_number_up(demo: Server, signed_in: SignedIn, viewport: Any, locale: str) -> None:
    ada = signed_in("ada", viewport, locale)
    ada.goto(f"{demo.url}/dashboard?form=refund")
    expect(ada.locator("canvas[data-started]")).to_have_count(5)
    _right(ada)
    returned = ada.locator("section[aria-labelledby=by-path] tbody tr").first
    number = returned.locator("td").first.inner_text()
    returned.locator("td a").first.click()
    expect(ada.locator("h1 .count")).to_have_text(number)
    assert ada.locator("tbody tr").count() == min(int(number), 50)
    _right(ada)
    ada.locator("tbody a").first.click()
    expect(ada.locator("h1")).to_contain_text("RF-")


@ENDS
def test_a_customer_asks_where_it_is_and_says_how_it_was(
    demo: Server, signed_in: SignedIn, context: Contexts, filed: Filed, api: Callable[[str], Api], viewport: Any,
    locale: str,
) -> None:  # fmt: skip
    number = filed()
    amy = signed_in("amy")
    amy.goto(f"{demo.url}/search?q={number}")
    code = amy.locator("[data-code]").inner_text()
    [task] = [each for each in api("bo").get("/inbox", limit=200)["items"] if each["record"]["number"] == number]
    api("bo").post(f"/tasks/{task['id']}/decision", {"verdict": "reject", "comment": "Used."})
    customer = context(viewport, locale, java_script_enabled=False).new_page()
    customer.goto(f"{demo.url}/status?number={number}&code={code}")
    customer.locator("a[href*='/survey/']").click()
    customer.locator("[name=score][value='2']").check(force=True)
    customer.locator("#words").fill("太慢了")
    customer.locator("main form button").last.click()
    expect(customer.locator(".score")).to_be_visible()
    seen = context(viewport, locale).new_page()
    seen.goto(customer.url)
    _right(seen)
    amy.reload()
    expect(amy.locator("main")).to_contain_text("太慢了")


def test_the_slash_leads_to_the_search_from_every_page(demo: Server, signed_in: SignedIn) -> None:
    amy = signed_in("amy")
    for path in ("/", "/inbox", "/dashboard"):
        amy.goto(demo.url + path)
        expect(amy.locator("#top-q")).to_have_attribute("data-started", "search_key")
        amy.keyboard.press("/")
        expect(amy.locator("#top-q")).to_be_focused()
    amy.keyboard.type("wang")
    amy.keyboard.press("Enter")
    expect(amy.locator("main")).to_contain_text("wang.fang@customer.example")
    _right(amy)


@ENDS
def test_an_approver_goes_away_and_another_decides_in_their_name(
    demo: Server, signed_in: SignedIn, filed: Filed, api: Callable[[str], Api], viewport: Any, locale: str
) -> None:
    line = {"product": "LAN-101", "quantity": 1, "unit_price": "300.00"}
    number = filed(lines=[line])
    [task] = [each for each in api("bo").get("/inbox", limit=200)["items"] if each["record"]["number"] == number]
    api("bo").post(f"/tasks/{task['id']}/decision", {"verdict": "approve"})
    li = signed_in("li", viewport, locale)
    li.goto(f"{demo.url}/me")
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    li.locator("#d-delegate").select_option("zhou")
    li.locator("#d-from_on").fill(today.isoformat())
    li.locator("#d-until_on").fill((today + timedelta(days=2)).isoformat())
    li.locator("#d-delegate").locator("xpath=ancestor::form").get_by_role("button").first.click()
    expect(li.locator("[aria-labelledby=delegation] .notice")).to_contain_text("Zhou Min")
    _right(li)
    zhou = signed_in("zhou", viewport, locale)
    zhou.goto(f"{demo.url}/inbox?chip=delegated")
    row_of(zhou, number).get_by_role("link").click()
    pane = zhou.locator("#pane")
    expect(pane.locator("h2").first).to_contain_text(number)
    expect(pane.locator(".why")).to_contain_text("Li Na")
    decide(pane, "approve")
    said(zhou, number)
    zhou.goto(f"{demo.url}/search?q={number}")
    expect(zhou.locator(".timeline").first).to_contain_text("Li Na")
    li.goto(f"{demo.url}/me")
    li.locator("[aria-labelledby=delegation] [name=end]").click()
