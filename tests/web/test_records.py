"""Lists, many changes at once, imports, records and drafts in a real browser: on a desk and in a phone, by keyboard."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, ViewportSize, expect

from ..server import Api, Server
from .conftest import DESK, PHONE, Filed, SignedIn, axe_violations, order_from
from .pages import APPEARS_MS, Fill, overflow

LOOKS = [(DESK, "en-GB", "light"), (PHONE, "zh-CN", "dark")]
every_look = pytest.mark.parametrize(("viewport", "locale", "scheme"), LOOKS, ids=["desk", "phone"])
ApiOf = Callable[[str], Api]


@pytest.fixture
def amy(signed_in: SignedIn, viewport: ViewportSize, locale: str, scheme: str) -> Page:
    return signed_in("amy", viewport, locale, color_scheme=scheme, reduced_motion="reduce")


def assert_fits(page: Page) -> None:
    """Nothing stands out of the window, and axe finds nothing."""
    assert overflow(page) == []
    assert axe_violations(page) == []


def orders(page: Page, demo: Server, query: str = "") -> Locator:
    """Open the list of orders; its rows."""
    page.goto(f"{demo.url}/forms/sales_order/records{query}")
    return page.locator("tbody tr")


def totals(page: Page) -> list[float]:
    texts = page.locator("tbody td.number").all_inner_texts()
    return [float(re.sub(r"[^\d.]", "", text)) for text in texts]


def ask(page: Page, row: int, field: str, op: str, value: str) -> None:
    """A row of a list's conditions, sent with Enter."""
    page.locator(f"#w-{row}-field").select_option(field)
    page.locator(f"#w-{row}-op").select_option(op)
    page.locator(f"#w-{row}-value").fill(value)
    page.locator(f"#w-{row}-value").press("Enter")


@every_look
def test_rows_of_conditions_narrow_a_list(demo: Server, amy: Page) -> None:
    orders(amy, demo)
    amy.locator(".list-more > summary").press("Enter")
    ask(amy, 0, "total", "gte", "many")
    wrong = amy.locator("#w-0-value")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(amy.locator(f"#{wrong.get_attribute('aria-describedby')}")).to_contain_text("many")
    assert_fits(amy)
    wrong.fill("5000")
    amy.locator("#col-customer_name").press("Space")
    amy.locator("#col-total").press("Space")
    wrong.press("Enter")
    expect(amy.locator("thead th")).to_have_count(5)  # the box to choose, the record, two columns, when it was sent
    assert totals(amy)
    assert min(totals(amy)) >= 5000
    ask(amy, 1, "customer_name", "contains", "zzz")
    expect(amy.locator("tbody tr")).to_have_count(0)
    assert_fits(amy)


@every_look
def test_a_list_is_sorted_searched_and_paged(demo: Server, amy: Page) -> None:
    rows = orders(amy, demo)
    expect(rows).to_have_count(50)
    first = rows.first.inner_text()
    amy.locator("a[rel=next]").press("Enter")
    expect(rows.first).not_to_have_text(first)
    amy.locator("#sort").focus()
    amy.locator("#sort").select_option("-total")
    expect(amy.locator("#sort")).to_be_focused()  # choosing asks for nothing yet, and takes nobody away
    amy.locator(".list-filter > .btn-outline").press("Enter")
    expect(amy.locator("th[aria-sort=descending]")).to_have_count(1)
    found = totals(amy)
    assert found == sorted(found, reverse=True)
    amy.locator("#q").fill("wang")
    amy.locator("#q").press("Enter")
    expect(amy.locator("#q")).to_have_value("wang")
    assert rows.count() > 0
    assert all("Wang" in text for text in rows.all_inner_texts())
    assert_fits(amy)


@every_look
def test_a_view_is_saved_opened_and_deleted(demo: Server, amy: Page, locale: str) -> None:
    rows = orders(amy, demo, "?q=wang&sort=-total")
    found = rows.locator(".row-link").all_inner_texts()
    name = f"Wang by total {locale}"
    amy.locator(".list-views summary").press("Enter")
    amy.locator("#view-name").fill(name)
    assert_fits(amy)
    amy.locator("#view-name").press("Enter")
    expect(amy.locator(".flashes")).to_contain_text(name)
    orders(amy, demo)
    amy.locator(".list-view a", has_text=name).press("Enter")
    expect(amy.locator("#q")).to_have_value("wang")
    assert rows.locator(".row-link").all_inner_texts() == found
    assert_fits(amy)
    amy.locator(".list-view", has_text=name).get_by_role("button").press("Enter")
    expect(amy.locator(".list-view", has_text=name)).to_have_count(0)


@every_look
def test_many_records_are_changed_by_keyboard(demo: Server, amy: Page, api: ApiOf) -> None:
    made = [order_from(api("amy")) for _ in range(2)]
    choose_many(amy, demo, made, "customer_email")
    assert_fits(amy)
    amy.locator("#f-customer_email").fill("new@customer.example")
    amy.locator("#f-customer_email").press("Enter")
    expect(amy.locator("tbody .status-success")).to_have_count(2)
    expect(amy.locator("h1")).to_contain_text("2")
    assert_fits(amy)
    for each in made:
        assert api("amy").get(f"/records/{each['id']}")["values"]["customer_email"] == "new@customer.example"


@every_look
def test_all_that_match_are_chosen_by_keyboard(demo: Server, amy: Page) -> None:
    rows = orders(amy, demo)
    page, every = amy.locator("#choose-page"), amy.locator("#choose-all")
    page.press("Space")
    expect(amy.locator("[data-chosen]")).to_contain_text("50")
    assert_fits(amy)
    rows.nth(3).locator("[name=id]").press("Space")
    expect(amy.locator("[data-chosen]")).to_contain_text("49")
    every.press("Space")
    expect(page).to_be_checked()
    found = re.search(r"\d+", amy.locator("label[for=choose-all]").inner_text())
    assert found is not None
    amy.locator("#bulk-field").select_option("customer_email")
    amy.locator("[name=do][value=edit]").press("Enter")
    expect(amy.locator("h1")).to_contain_text(found[0])
    expect(amy.locator(".record-form [name=id]")).to_have_count(int(found[0]))
    assert_fits(amy)
    amy.locator(".form-actions a").press("Enter")
    expect(rows).to_have_count(50)


@every_look
def test_what_may_not_be_emptied_is_said_for_each_record(demo: Server, amy: Page, api: ApiOf) -> None:
    made = [order_from(api("amy")) for _ in range(2)]
    choose_many(amy, demo, made, "ordered_on")
    expect(amy.locator(".record-form .field-help")).to_have_count(0)
    amy.locator("[value=edit-now]").press("Enter")
    expect(amy.locator("h1")).to_contain_text("0")
    for each in made:
        expect(amy.locator("tbody tr", has_text=each["number"])).to_contain_text(re.compile("Ordered on|下单日期"))
        assert api("amy").get(f"/records/{each['id']}")["values"]["ordered_on"] == "2026-03-02"
    assert_fits(amy)


def choose_many(page: Page, demo: Server, made: list[Any], field: str) -> None:
    """Tick records with the space bar and go on to the page that asks for the field's value."""
    rows = orders(page, demo)
    for each in made:
        rows.filter(has_text=each["number"]).locator("[name=id]").press("Space")
    page.locator("#bulk-field").select_option(field)
    page.locator("[name=do][value=edit]").press("Enter")
    expect(page.locator(".chosen-records li")).to_have_count(len(made))


def sheet(name: str) -> FilePayload:
    """Three orders, of which the second has no number for a day and the third no customer."""
    lines = [
        "Order,Customer,Ordered on,Items / Product,Items / Quantity,Items / Unit price",
        f"1,{name},2026-03-04,LAN-101,2,120", f"1,{name},2026-03-04,MUG-204,1,2500",
        f"2,{name},the third,LAN-101,1,120",
        "3,,2026-03-05,LAN-101,1,120",
    ]  # fmt: skip
    return FilePayload(name="orders.csv", mimeType="text/csv", buffer="\n".join(lines).encode())


@every_look
def test_a_spreadsheet_is_imported(demo: Server, amy: Page, locale: str) -> None:
    name = f"Imported {locale}"
    amy.goto(f"{demo.url}/forms/sales_order/import")
    assert_fits(amy)
    amy.locator("#f-file").set_input_files(sheet(name))
    amy.locator("main form .btn-primary").press("Enter")
    expect(amy.locator("[id='map-customer_name']")).to_have_value("Customer")
    expect(amy.locator("[id='map-lines.product']")).to_have_value("Items / Product")
    assert_fits(amy)
    amy.locator("#group_by").select_option("Order")
    amy.locator("[name=do][value=check]").press("Enter")
    wrong = amy.locator(".notice-warning li")
    expect(wrong).to_have_count(2)
    expect(wrong.first).to_contain_text(re.compile("(Ordered on|下单日期).*the third"))
    assert_fits(amy)
    amy.locator("[name=do][value=run]").press("Enter")
    expect(amy.locator(".notice-success")).to_be_visible(timeout=APPEARS_MS)
    expect(amy.locator("tbody tr")).to_have_count(2)
    expect(amy.locator("tbody tr").first).to_contain_text(re.compile("Ordered on|下单日期"))
    assert_fits(amy)
    amy.locator("main .btn-primary").press("Enter")
    row = amy.locator("tbody tr", has_text=name)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("2,740.00")


@every_look
def test_records_lead_to_those_that_look_them_up_and_back(demo: Server, amy: Page, filed: Filed) -> None:
    number = filed()
    orders(amy, demo)
    amy.locator("tbody .row-link").first.press("Enter")
    order = amy.locator("h1").inner_text()
    assert_fits(amy)
    amy.locator(".record-links").get_by_role("link", name=number).press("Enter")
    expect(amy.locator("h1")).to_contain_text(number)
    amy.locator("main").get_by_role("link", name=re.compile(order)).first.press("Enter")
    expect(amy.locator("h1")).to_have_text(order)


@every_look
def test_drafts_are_listed_and_go_on(demo: Server, amy: Page) -> None:
    fill = Fill(amy, demo.url)
    with amy.expect_response(lambda answer: "draft" in answer.url and answer.ok):
        fill.field("conversation").fill("Begun and left.")
        fill.field("conversation").press("Tab")
    amy.goto(f"{demo.url}/drafts")
    assert_fits(amy)
    amy.locator("tbody .row-link").first.press("Enter")
    expect(amy.locator("#f-conversation")).to_have_value("Begun and left.")
    assert_fits(amy)


@every_look
def test_versions_of_a_form_fit(
    demo: Server, signed_in: SignedIn, viewport: ViewportSize, locale: str, scheme: str
) -> None:
    ada = signed_in("ada", viewport, locale, color_scheme=scheme, reduced_motion="reduce")
    ada.goto(f"{demo.url}/definitions/form/refund/versions/1")
    expect(ada.locator("pre")).to_contain_text('"key": "refund"')
    assert_fits(ada)
