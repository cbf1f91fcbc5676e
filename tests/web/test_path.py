"""The whole path as people walk it: asked, answered, approved, paid, put into stock, looked up by the customer."""

import re

from playwright.sync_api import Locator, Page, expect

from ..server import Server
from .conftest import PHONE, Contexts, Filed, SignedIn, axe_violations, sign_in
from .pages import (
    Fill,
    appears,
    decide,
    on_hand,
    open_in_inbox,
    picture,
    row_of,
    said,
)


def _paid(page: Page, url: str, number: str, amount: str) -> None:
    appears(page, f"{url}/sandbox-payments", number)
    expect(page.locator("tbody tr", has_text=number)).to_contain_text(amount)


def _customer_looks(page: Page, url: str, number: str, code: str) -> None:
    page.goto(f"{url}/status")
    page.get_by_label("Number of the request").fill(number)
    page.get_by_label("Access code").fill(code)
    page.get_by_role("button", name="Show it").click()


def test_a_return_goes_its_whole_way(demo: Server, signed_in: SignedIn, context: Contexts, order: str) -> None:
    amy, url = signed_in("amy"), demo.url
    before = on_hand(amy, url, "MUG-204")

    fill = Fill(amy, url)
    fill.order(order)
    expect(fill.field("customer_name")).not_to_have_value("")
    expect(fill.field("paid")).not_to_have_value("")
    expect(fill.field("paid")).not_to_be_editable()
    fill.choose(path="return", reason="changed_mind")
    expect(fill.field("return_tracking")).to_be_visible()
    fill.line(0, "MUG-204", "1", "199.99")
    expect(fill.field("amount")).to_have_text("¥199.99")
    expect(fill.route()).not_to_contain_text("Team lead")
    fill.field("lines-0-unit_price").fill("2500")
    expect(fill.field("lines-0-total")).to_have_text("¥2,500.00")
    expect(fill.route()).to_contain_text("Team lead")
    expect(fill.route()).to_contain_text("Li Na")
    fill.field("lines-0-quantity").fill("2")
    expect(fill.field("amount")).to_have_text("¥5,000.00")
    expect(fill.route()).to_contain_text("Directors")
    expect(fill.route()).not_to_contain_text("Team lead")
    fill.field("lines-0-unit_price").fill("500")
    expect(fill.route()).to_contain_text("Team lead")
    fill.field("conversation").fill("The colour does not match; agreed to take it back.")
    fill.prove()
    number = fill.send()
    expect(amy.locator("main")).to_contain_text("First answer")
    code = amy.locator("[data-code]").inner_text()

    customer = context().new_page()
    _customer_looks(customer, url, number, "WRONGCOD")
    expect(customer.get_by_role("alert")).to_contain_text("no request with this number and code")
    _customer_looks(customer, url, number, code)
    expect(customer.locator(".timeline")).to_contain_text("First answer")

    bo = signed_in("bo")
    decide(open_in_inbox(bo, url, number), "approve")
    said(bo, f"You approved {number}")
    ma = signed_in("ma", locale="zh-CN")
    decide(open_in_inbox(ma, url, number), "complete", fill={"inspection": "ok"})
    said(ma, number)
    li = signed_in("li", locale="zh-CN")
    pane = open_in_inbox(li, url, number)
    expect(pane).to_contain_text("¥1,000.00")
    expect(pane.get_by_role("button", name="同意")).to_be_visible()
    decide(pane, "approve", "同意退款")
    said(li, f"已同意 {number}")

    _paid(signed_in("fang"), url, number, "¥1,000.00")
    appears(amy, amy.url, "everybody agreed")
    expect(amy.locator(".timeline").first).to_contain_text("同意退款")
    assert on_hand(amy, url, "MUG-204") == before + 2
    assert axe_violations(customer) == []
    customer.reload()
    expect(customer.locator("main")).to_contain_text("Approved")
    expect(customer.locator("main")).to_contain_text("¥1,000.00")


def test_what_is_missing_is_said_once_above_and_at_its_field(demo: Server, signed_in: SignedIn) -> None:
    amy = signed_in("amy")
    fill = Fill(amy, demo.url)
    fill.choose(path="refund_only", reason="damaged")
    amy.get_by_role("button", name="Send", exact=True).last.click()
    summary = amy.locator("#problems")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text(
        "needs your attention" if summary.locator("li").count() == 1 else "need your attention"
    )
    for key in ("order", "conversation", "payment_proof", "photos"):
        expect(amy.locator(f"[id='f-{key}-error']")).to_be_visible()
    summary.locator("a[href='#f-conversation']").click()
    expect(fill.field("conversation")).to_be_focused()
    expect(fill.field("conversation")).to_have_attribute("aria-invalid", "true")
    expect(fill.field("path")).to_have_value("refund_only")


def test_who_comes_second_reads_who_was_first_and_keeps_the_words(
    demo: Server, signed_in: SignedIn, filed: Filed
) -> None:
    number = filed()
    bo, li = signed_in("bo"), signed_in("li", locale="zh-CN")
    slow = open_in_inbox(bo, demo.url, number)
    decide(open_in_inbox(li, demo.url, number), "approve")
    said(li, number)
    decide(slow, "approve", "I looked at the photos.")
    expect(bo.get_by_role("alert").first).to_contain_text("Li Na approved")
    expect(bo.locator("main")).to_contain_text("I looked at the photos.")


def test_a_rejection_needs_a_reason_in_words(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    number = filed()
    bo = signed_in("bo")
    pane = open_in_inbox(bo, demo.url, number)
    decide(pane, "reject")
    expect(pane.locator("#comment-error")).to_contain_text("needs a reason")
    expect(pane.locator("#comment")).to_be_focused()
    decide(pane, "reject", "The order was paid back already.")
    said(bo, f"You rejected {number}")
    appears(bo, f"{demo.url}/notifications", "Notifications")


def test_the_inbox_by_keyboard_alone(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    filed(), filed()
    bo = signed_in("bo")
    bo.goto(f"{demo.url}/inbox")
    rows = bo.locator(".inbox-row")
    keys, opened = bo.keyboard, bo.locator(".inbox-row.is-open")
    expect(rows.first).to_have_class(re.compile("is-open"))
    expect(bo.locator(".inbox")).to_have_attribute("data-started", "inbox")
    keys.press("j")
    expect(rows.nth(1)).to_have_class(re.compile("is-open"))
    expect(bo.locator("#pane h2").first).to_contain_text(_number(rows.nth(1)))
    keys.press("k")
    expect(bo.locator("#pane h2").first).to_contain_text(_number(rows.first))
    keys.press("x")
    expect(rows.first.get_by_role("checkbox")).to_be_checked()
    expect(bo.locator("[data-inbox-count]")).to_have_text("1 selected")
    keys.press("?")
    expect(bo.get_by_role("dialog")).to_contain_text("approves")
    keys.press("Escape")
    expect(bo.get_by_role("dialog")).to_have_count(0)
    number = _number(opened)
    keys.press("r")
    expect(bo.locator("#comment")).to_be_focused()
    keys.type("Not covered.")
    bo.locator("#comment").press("Escape")
    keys.press("r")
    said(bo, f"You rejected {number}")
    following = _number(bo.locator(".inbox-row.is-open"))
    assert following != number
    keys.press("a")
    said(bo, f"You approved {following}")


def _number(row: Locator) -> str:
    return row.locator("strong").first.inner_text()


def test_many_are_decided_at_once(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    numbers = [filed(), filed()]
    bo = signed_in("bo")
    bo.goto(f"{demo.url}/inbox")
    for number in numbers:
        row_of(bo, number).get_by_role("checkbox").check()
    bo.locator(".inbox-batch").get_by_role("button", name="Approve").click()
    ready = bo.locator("section", has=bo.get_by_role("heading", name="Ready (2)"))
    for number in numbers:
        expect(ready).to_contain_text(number)
    bo.get_by_role("button", name="Decide 2 tasks").click()
    expect(bo.get_by_role("heading", name="Done (2)")).to_be_visible()


def test_the_same_without_script(demo: Server, context: Contexts, order: str) -> None:
    amy = context(java_script_enabled=False).new_page()
    sign_in(amy, demo.url, "amy")
    fill = Fill(amy, demo.url)
    fill.field("order").fill(order)
    fill.choose(path="refund_only", reason="changed_mind")
    fill.field("lines-0-product").fill("LAN-101")
    fill.field("lines-0-quantity").fill("3")
    fill.field("lines-0-unit_price").fill("100")
    amy.get_by_role("button", name="Recalculate").click()
    expect(fill.field("amount")).to_have_text("¥300.00")
    expect(fill.field("customer_name")).not_to_have_value("")
    expect(fill.route()).to_contain_text("Team lead")
    fill.field("conversation").fill("By telephone.")
    fill.field("payment_proof").set_input_files(picture())
    number = fill.send()

    bo = context(PHONE, java_script_enabled=False).new_page()
    sign_in(bo, demo.url, "bo")
    pane = open_in_inbox(bo, demo.url, number)
    decide(pane, "reject")
    expect(bo.locator("#comment-error")).to_contain_text("needs a reason")
    decide(bo.locator("main"), "approve", "Fine.")
    said(bo, f"You approved {number}")
    amy.reload()
    expect(amy.locator("main")).to_contain_text("Li Na")
    expect(amy.locator(".timeline").first).to_contain_text("Fine.")
