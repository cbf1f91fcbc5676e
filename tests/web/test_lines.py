"""Line items in a real browser: 200 rows of a spreadsheet, rows that move, and sums that need no round trip."""

import re
from decimal import Decimal

from playwright.sync_api import FilePayload, Page, Route, expect

from ..server import Server
from .conftest import PHONE, SignedIn, axe_violations
from .pages import picture

ROWS = 200


def spreadsheet(rows: int) -> str:
    """Rows as a spreadsheet copies them, with the head that people copy with them."""
    lines = "".join(f'LAN-101\t{1 + place % 7}\t"1,{place:03}.50"\r\n' for place in range(rows))
    return f"Product\tQuantity\tUnit price\r\n{lines}"


def sum_of(rows: int) -> str:
    total = sum((1 + place % 7) * Decimal(f"1{place:03}.50") for place in range(rows))
    return f"¥{total:,.2f}"


def paste(page: Page, selector: str, text: str) -> None:
    page.locator(selector).evaluate(
        """(cell, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            cell.focus();
            cell.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def open_order(page: Page, url: str) -> None:
    page.goto(f"{url}/forms/sales_order/new")
    page.wait_for_load_state("networkidle")


def test_rows_of_a_spreadsheet_are_pasted_and_summed_without_the_server(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("ada")
    open_order(page, demo.url)
    page.route("**/evaluate*", lambda route: route.abort())
    paste(page, "[id='f-lines-0-product']", spreadsheet(ROWS))
    expect(page.locator("tbody tr")).to_have_count(ROWS)
    expect(page.locator("[data-lines-said]")).to_have_text(f"{ROWS} rows pasted.")
    expect(page.locator("[id='f-lines-199-total']")).to_have_text("¥4,798.00")
    expect(page.locator("[id='f-total']")).to_have_text(sum_of(ROWS))
    page.locator("[id='f-lines-199-quantity']").fill("1000")
    expect(page.locator("[id='f-lines-199-total']")).to_have_text("¥1,199,500.00")


def test_the_server_confirms_what_the_page_counted_and_keeps_the_order(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("ada")
    open_order(page, demo.url)
    with page.expect_response(re.compile("/evaluate")) as answered:
        paste(page, "[id='f-lines-0-product']", spreadsheet(ROWS))
    assert answered.value.json()["outputs"]["f-total"] == sum_of(ROWS)
    expect(page.locator("[name='f-lines-150-product-id']")).not_to_have_value("")
    third = page.locator("[id='f-lines-2-quantity']")
    third.press("Alt+ArrowUp")
    third.press("Alt+ArrowUp")
    expect(page.locator("[data-lines-said]")).to_have_text(f"Now row 1 of {ROWS}.")
    expect(third).to_be_focused()
    page.locator("[id='f-customer_name']").fill("Two hundred lamps")
    page.locator("[id='f-ordered_on']").fill("2026-03-01")
    page.get_by_role("button", name="Send", exact=True).last.click()
    page.wait_for_url(re.compile(r"/records/\d+$"))
    assert page.locator("tbody tr").count() == ROWS
    expect(page.locator("tbody tr").first).to_contain_text("¥1,002.50")
    expect(page.locator("main")).to_contain_text(sum_of(ROWS))


def test_what_is_typed_saves_by_itself_and_outlives_a_lost_connection(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("ada")
    open_order(page, demo.url)
    failing = True

    def drafts(route: Route) -> None:
        if failing:
            route.abort()
        else:
            route.continue_()

    page.route("**/drafts", drafts)
    page.locator("[id='f-customer_name']").fill("Typed without a connection")
    state = page.locator("[data-state]")
    expect(state).to_contain_text("no connection")
    failing = False
    expect(state).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    page.wait_for_url(re.compile(r"/records/\d+/edit$"))
    page.reload()
    expect(page.locator("[id='f-customer_name']")).to_have_value("Typed without a connection")
    expect(page.locator(".form-found")).to_have_count(0)


def test_text_typed_after_the_sign_in_ended_is_offered_back(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("ada")
    open_order(page, demo.url)
    page.context.clear_cookies()
    page.locator("[id='f-customer_name']").fill("Typed while signed out")
    page.locator("[id='f-lines-0-quantity']").fill("3")
    link = page.locator("[data-state] a")
    expect(link).to_be_visible()
    link.click()
    page.wait_for_url(re.compile("/sign-in"))
    page.locator("[name=name]").fill("ada")
    page.locator("[name=password]").fill("signoff-demo")
    page.locator("form:has([name=password]) button").first.click()
    found = page.locator(".form-found")
    expect(found).to_contain_text("was not saved")
    found.get_by_role("button", name="Put it back").click()
    expect(page.locator("[id='f-customer_name']")).to_have_value("Typed while signed out")
    expect(page.locator("[id='f-lines-0-quantity']")).to_have_value("3")
    expect(page.locator("[data-state]")).to_contain_text("Saved")


def test_axe_finds_nothing_where_rows_are_and_on_a_phone(demo: Server, signed_in: SignedIn) -> None:
    for options in ({}, {"viewport": PHONE}):
        page = signed_in("ada", **options)
        open_order(page, demo.url)
        paste(page, "[id='f-lines-0-product']", spreadsheet(3))
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_files_go_up_together_and_errors_name_their_file(demo: Server, signed_in: SignedIn) -> None:
    page = signed_in("amy")
    page.goto(f"{demo.url}/forms/refund/new")
    page.locator("[id='f-reason']").select_option("damaged")
    field = page.locator("[data-field=photos]")
    expect(field).to_be_visible()
    notes = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"words")
    page.locator("[id='f-photos']").set_input_files([picture("one"), picture("two"), notes])
    expect(field.locator(".upload-file img")).to_have_count(2)
    expect(field.locator(".upload-file .field-error")).to_contain_text("notes.txt is of a kind that is not taken here")
    field.locator(".upload-file", has_text="one.png").get_by_role("button").click()
    expect(field.locator(".upload-file img")).to_have_count(1)
