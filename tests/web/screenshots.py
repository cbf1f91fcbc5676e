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
            _of_admins(studio)
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
        fill.pick("order", order)
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


def _of_admins(studio: Studio) -> None:
    with studio.page("ada") as ada:
        ada.goto(f"{studio.url}/definitions")
        _keep(ada, "definitions")
        ada.get_by_role("link", name="Refund approval").click()
        editor = ada.get_by_label("Definition (JSON)")
        editor.fill(_with_a_gap(editor.input_value()))
        ada.get_by_role("button", name="Check", exact=True).click()
        ada.locator("#problems").wait_for()
        _keep(ada, "definition-problems")


def _with_a_gap(text: str) -> str:
    """The refund flow, in which nobody decides from 200 to 300."""
    flow = json.loads(text)
    level = next(step for step in flow["steps"] if step["id"] == "level")
    level["branches"][1]["when"] = {"amount": {"gte": "300", "lt": "5000"}}
    return json.dumps(flow, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    main()
