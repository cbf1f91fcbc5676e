"""Takes the pictures of README and docs: ``python -m tests.web.screenshots`` writes docs/pictures/*.png."""

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from ..server import Server, serving
from .conftest import ARGUMENTS, PHONE, chromium, client_of, demo_settings, order_from, sign_in
from .pages import Fill, decide, open_in_inbox, picture

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE = ViewportSize(width=1280, height=800)
COLOURS = 160
MOST_BYTES = 120_000


class Studio:
    """A demo, a browser, and pages of people in it."""

    def __init__(self, demo: Server, browser: Browser) -> None:
        self.demo = demo
        self.url = demo.url
        self.browser = browser

    @contextmanager
    def page(self, person: str = "", viewport: ViewportSize = SIZE, locale: str = "en-GB") -> Iterator[Page]:
        context = self.browser.new_context(
            viewport=viewport, locale=locale, timezone_id="Asia/Shanghai", color_scheme="light", reduced_motion="reduce"
        )
        page = context.new_page()
        if person:
            sign_in(page, self.url, person)
        yield page
        context.close()


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        log = Path(folder) / "server.log"
        with serving(demo_settings(Path(folder)), log=log, command=("demo",)) as demo:
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            studio = Studio(demo, browser)
            _of_staff(studio)
            _of_approvers(studio)
            _of_the_customer(studio)
            _of_managers(studio)
            _of_admins(studio)
            _of_the_form_builder(studio)
            _of_the_flow_builder(studio)
            _of_publishing(studio)
            browser.close()


def _keep(page: Page, name: str) -> None:
    """Write what the window shows, in few colours, so that the repository stays light."""
    page.evaluate("document.activeElement && document.activeElement.blur()")
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = PICTURES / f"{name}.png"
    taken.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {size // 1000} kB")
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size} bytes; at most {MOST_BYTES} are wanted.")


def _of_staff(studio: Studio) -> None:
    order = order_from(client_of(studio.demo, "amy"))["number"]
    with studio.page("amy") as amy:
        _keep(amy, "home")
        fill = Fill(amy, studio.url)
        fill.order(order)
        fill.choose(path="return", reason="changed_mind")
        fill.line(0, "MUG-204", "1", "2500")
        fill.add_row()
        fill.line(1, "LAN-101", "2", "250")
        expect(fill.route()).to_contain_text("Li Na")
        amy.evaluate("window.scrollTo(0, 230)")
        _keep(amy, "fill")
        amy.goto(f"{studio.url}/forms/sales_order/records")
        _keep(amy, "records")


def _of_approvers(studio: Studio) -> None:
    with studio.page("bo") as bo:
        bo.goto(f"{studio.url}/inbox")
        _keep(bo, "inbox")
    with studio.page("li", PHONE, "zh-CN") as li:
        li.goto(f"{studio.url}/inbox")
        li.locator(".inbox-row", has_text="主管审批").first.get_by_role("link").click()
        li.locator(".decide-bar").wait_for()
        _keep(li, "decide-phone-zh")
    with studio.page("amy") as amy:
        amy.goto(f"{studio.url}/requests?status=open")
        amy.locator("tbody tr", has_text="Li Na").first.get_by_role("link").click()
        amy.locator(".timeline-coming").wait_for()
        _keep(amy, "follow")


def _of_the_customer(studio: Studio) -> None:
    amy = client_of(studio.demo, "amy")
    proof = amy.upload("proof.png", picture()["buffer"], "image/png")["id"]
    values: dict[str, Any] = {
        "order": order_from(amy)["id"], "path": "return", "reason": "changed_mind", "conversation": "By telephone.",
        "lines": [{"product": "MUG-204", "quantity": 1, "unit_price": "499"}], "payment_proof": [proof],
    }  # fmt: skip
    filed = amy.post("/forms/refund/records", {"values": values})
    with studio.page("bo") as bo:
        decide(open_in_inbox(bo, studio.url, filed["number"]), "approve")
        bo.goto(f"{studio.url}/requests/{filed['id']}")
        address = bo.get_by_role("link", name="Customer’s page").get_attribute("href")
    with studio.page(viewport=ViewportSize(width=720, height=620)) as customer:
        customer.goto(f"{studio.url}{address}")
        _keep(customer, "status")


def _of_managers(studio: Studio) -> None:
    with studio.page("ada") as ada:
        ada.goto(f"{studio.url}/dashboard?form=refund")
        expect(ada.locator("canvas[data-started]")).to_have_count(5)
        _keep(ada, "dashboard")
        ada.goto(f"{studio.url}/search?q=wang")
        _keep(ada, "search")
        ada.goto(f"{studio.url}/components")
        _keep(ada, "components")
    with studio.page("amy") as amy:
        amy.goto(f"{studio.url}/requests?status=approved")
        for place in range(amy.locator("tbody a.row-link").count()):
            amy.goto(f"{studio.url}/requests?status=approved")
            amy.locator("tbody a.row-link").nth(place).click()
            survey = amy.locator("a[href*='/survey/']")
            if survey.count():
                _of_the_survey(studio, f"{studio.url}{survey.first.get_attribute('href')}")
                break


def _of_the_survey(studio: Studio, address: str) -> None:
    with studio.page(viewport=PHONE, locale="zh-CN") as customer:
        customer.goto(address)
        customer.locator("[name=score][value='5']").check(force=True)
        _keep(customer, "survey-phone-zh")


def _of_admins(studio: Studio) -> None:
    with studio.page("ada") as ada:
        ada.goto(f"{studio.url}/definitions")
        _keep(ada, "definitions")


def _of_the_form_builder(studio: Studio) -> None:
    with studio.page("ada") as ada:
        ada.goto(f"{studio.url}/definitions/form/refund")
        ada.locator("[data-name=return_tracking] .canvas-field-open").click()
        ada.locator(".palette-type[data-type=text]").click()
        label = ada.locator(".inspector [data-first]")
        label.locator("[data-language=en]").fill("Carrier")
        label.locator("[data-language=zh]").fill("承运商")
        ada.locator(".inspector input[type=checkbox]").first.check()
        ada.locator("[data-add=show]").click()
        condition = ada.locator(".asked-rule select")
        condition.first.select_option(label="State of the goods")
        condition.nth(2).select_option(label="Return and refund")
        expect(ada.locator("[data-save]")).to_have_attribute("data-state", "saved")
        _keep(ada, "builder-form")
        ada.locator("#tab-preview").click()
        frame = ada.frame_locator(".preview-frame")
        ada.get_by_role("button", name="Phone").click()
        ada.get_by_label("Language").select_option("zh")
        expect(frame.locator("h1")).to_have_text("退款申请")
        frame.locator("[id='f-path']").select_option("return")
        frame.locator("[id='f-carrier']").scroll_into_view_if_needed()
        _keep(ada, "builder-form-preview")
    client_of(studio.demo, "ada").send("DELETE", "/forms/refund/draft", None)


def _of_the_flow_builder(studio: Studio) -> None:
    admin = client_of(studio.demo, "ada")
    flow = _with_a_gap(json.dumps(admin.get("/flows/refund")["document"]))
    admin.send("PUT", "/flows/refund/draft", {"document": json.loads(flow), "base_version": 1})
    with studio.page("ada") as ada:
        ada.goto(f"{studio.url}/definitions/flow/refund")
        ada.locator("[data-key=level]").click()
        ada.locator("[data-fault=gap]").wait_for()
        _keep(ada, "builder-flow")
        ada.locator("[data-key=lead]").click()
        ada.locator(".whom-today", has_text="Li Na").wait_for()
        _keep(ada, "builder-flow-who")
        ada.locator("#flow-tab-time").click()
        ada.locator("[data-do=add-reminder]").click()
        ada.locator("[data-reminder='2']").wait_for()
        _keep(ada, "builder-flow-time")
    admin.send("DELETE", "/flows/refund/draft", None)


def _of_publishing(studio: Studio) -> None:
    admin = client_of(studio.demo, "ada")
    refund = json.dumps(admin.get("/flows/refund")["document"], ensure_ascii=False, indent=2)
    with studio.page("ada") as ada:
        ada.goto(f"{studio.url}/definitions/flow/refund")
        ada.locator("#tab-json").click()
        _write(ada, _with_a_gap(refund))
        ada.locator(".problems-button.is-error").wait_for()
        ada.locator("#tab-check").click()
        _keep(ada, "builder-check")
        ada.locator("#tab-json").click()
        _write(ada, refund.replace('"lt": "200"', '"lt": "300"').replace('"gte": "200"', '"gte": "300"'))
        expect(ada.locator("[data-save]")).to_have_attribute("data-state", "saved")
        _keep(ada, "builder-json")
        ada.locator("#tab-test").click()
        tried = ada.frame_locator(".test-pane .preview-frame")
        tried.locator("#record-form[data-started]").wait_for()
        tried.locator("[id='f-path']").select_option("refund_only")
        ada.get_by_label("Set a computed value").select_option("amount")
        ada.locator("#by-hand-amount").fill("6000")
        ada.locator("[data-step=directors]").wait_for()
        _keep(ada, "builder-test")
        ada.locator("#tab-replay").click()
        ada.get_by_role("button", name="Replay", exact=True).click()
        ada.locator(".figures").wait_for()
        _keep(ada, "builder-replay")
        ada.locator(".builder-tools .btn-primary").click()
        ada.locator(".publish-changes li").first.wait_for()
        ada.get_by_label("Why this change").fill("Small refunds up to 300 pass by rule")
        _keep(ada, "builder-publish")
    admin.send("DELETE", "/flows/refund/draft", None)


def _write(page: Page, text: str) -> None:
    page.get_by_test_id("json").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Home")


def _with_a_gap(text: str) -> str:
    """The refund flow, in which nobody decides from 200 to 300."""
    flow = json.loads(text)
    level = next(step for step in flow["steps"] if step["id"] == "level")
    level["branches"][1]["when"] = {"amount": {"gte": "300", "lt": "5000"}}
    return json.dumps(flow, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    main()
