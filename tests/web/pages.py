"""What people do on the pages, in words that tests can be read by."""

import gzip
import io
import re
from collections.abc import Mapping
from typing import Literal

from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, ViewportSize, expect

APPEARS_MS = 30_000
"""Until what follows from an act must stand on the page."""


def picture(words: str = "Payment proof") -> FilePayload:
    """A small PNG, as a file input takes it."""
    stream = io.BytesIO()
    Image.new("RGB", (64, 40), "#8aa39b").save(stream, "PNG")
    name = words.lower().replace(" ", "-") + ".png"
    return FilePayload(name=name, mimeType="image/png", buffer=stream.getvalue())


class Finger:
    """A finger on the screen, down where it begins: mouse events of a test are none of it."""

    def __init__(self, page: Page, what: Locator) -> None:
        box = what.bounding_box()
        assert box is not None
        self.at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.session = page.context.new_cdp_session(page)
        self._send("touchStart", self.at)

    def move(self, x: float, y: float, steps: int = 8) -> None:
        start = self.at
        for step in range(1, steps + 1):
            self.at = (start[0] + (x - start[0]) * step / steps, start[1] + (y - start[1]) * step / steps)
            self._send("touchMove", self.at)

    def up(self) -> None:
        self._send("touchEnd")

    def _send(self, what: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        self.session.send("Input.dispatchTouchEvent", {"type": what, "touchPoints": touches})


def pick(field: Locator, words: str) -> None:
    """Search in a field that finds one of many, and take the first that it finds."""
    field.fill(words)
    options = field.page.locator(f"[id='{field.get_attribute('aria-controls')}'] [role=option]")
    expect(options.first).to_be_visible()
    options.first.click()


class Fill:
    """The page on which a refund is asked for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(f"{url}/forms/refund/new")

    def field(self, key: str) -> Locator:
        return self.page.locator(f"[id='f-{key}']")

    def pick(self, key: str, words: str) -> None:
        """Type, wait for the suggestions, take the first with the keyboard alone."""
        box = self.field(key)
        expect(box).to_have_attribute("role", "combobox")  # its script is there
        box.focus()
        box.press_sequentially(words)
        expect(box).to_have_attribute("aria-expanded", "true")
        option = self.page.locator(f"#{box.get_attribute('aria-controls')} [role=option]").first
        expect(option).to_contain_text(words)
        box.press("ArrowDown")
        expect(option).to_have_attribute("aria-selected", "true")
        box.press("Enter")
        expect(option).to_be_hidden()

    def order(self, number: str) -> None:
        """Look up an order, and take out the items that come with it but for the first."""
        self.pick("order", number)
        rows = self.page.locator("[id='f-lines'] tbody tr")
        expect(rows.first.locator("input[name$='-quantity']")).not_to_have_value("", timeout=APPEARS_MS)
        for _ in range(rows.count() - 1):
            rows.last.locator("[data-lines=remove]").click()
        expect(rows).to_have_count(1)

    def line(self, row: int, sku: str, quantity: str, price: str) -> None:
        """Fill the line at that place; numbers of lines that were taken out are not given again."""
        name = (
            self.page.locator("[id='f-lines'] tbody tr").nth(row).locator("[name$='-quantity']").get_attribute("name")
        )
        key = (name or "").removeprefix("f-").removesuffix("-quantity")
        self.pick(f"{key}-product", sku)
        self.field(f"{key}-quantity").fill(quantity)
        self.field(f"{key}-unit_price").fill(price)
        self.field(f"{key}-unit_price").press("Tab")

    def add_row(self) -> None:
        self.page.get_by_role("button", name="Add a row").click()

    def choose(self, **values: str) -> None:
        for key, value in values.items():
            self.field(key).select_option(value)

    def prove(self, key: str = "payment_proof") -> None:
        self.field(key).set_input_files(picture(key.replace("_", " ")))
        expect(self.page.locator(f"[data-field={key}] .upload-file")).to_have_count(1)

    def route(self) -> Locator:
        return self.page.locator(".route")

    def send(self) -> str:
        """Send it; the number that it got, and the page that follows it."""
        self.page.get_by_role("button", name=re.compile("^(Send|提交)$")).last.click()
        self.page.wait_for_url(re.compile(r"/requests/\d+"))
        return number_on(self.page)


def number_on(page: Page) -> str:
    found = re.search(r"RF-\d{8}-\d{4,}", page.locator("h1").inner_text())
    assert found, page.locator("h1").inner_text()
    return found.group()


def row_of(page: Page, number: str) -> Locator:
    """The row of the inbox with that request."""
    return page.locator(".inbox-row", has_text=number)


def open_in_inbox(page: Page, url: str, number: str) -> Locator:
    """Open the inbox and that request in it; its pane."""
    page.goto(f"{url}/inbox")
    row_of(page, number).get_by_role("link").click()
    pane = page.locator("#pane")
    expect(pane.locator("h2").first).to_contain_text(number)
    return pane


def decide(pane: Locator, verdict: str, comment: str = "", fill: Mapping[str, str] | None = None) -> None:
    for key, value in (fill or {}).items():
        pane.locator(f"[id='f-{key}']").select_option(value)
    if comment:
        pane.locator("#comment").fill(comment)
    pane.locator(f"button[name=do][value={verdict}]").click()


def said(page: Page, words: str | re.Pattern[str]) -> None:
    """The message after an act."""
    expect(page.locator(".flashes")).to_contain_text(words)


def overflow(page: Page) -> list[str]:
    """Which elements stand out of the window to the right; none where nothing does. What is shut in is no cause."""
    found: list[str] = page.evaluate(
        """() => {
          const root = document.documentElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          return [...document.querySelectorAll('body *')]
            .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > root.clientWidth + 1)
            .map((each) => each.tagName + '.' + each.className).slice(0, 6).concat(`${root.scrollWidth} px wide`);
        }"""
    )
    return found


SHIFTS = """window.signoffShifts = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.signoffShifts.push(each);
}).observe({ type: "layout-shift", buffered: true });"""
"""What a page must begin with for :func:`shifted` to see from the first paint on."""

_SETTLED = """async () => {
  const all = () => [...document.querySelectorAll("[data-module]")];
  while (all().some((each) => !each.hasAttribute("data-started"))) await new Promise((then) => setTimeout(then, 20));
  await document.fonts.ready;
  for (let frame = 0; frame < 3; frame++) await new Promise((then) => requestAnimationFrame(then));
}"""


STILL = """async () => {
  const moving = document.getAnimations().filter((each) => each.effect?.getComputedTiming().endTime !== Infinity);
  const long = new Promise((then) => setTimeout(then, 2000));
  await Promise.race([Promise.allSettled(moving.map((each) => each.finished)), long]);
}"""
"""Until what moves or changes its colour has done so; what turns for ever is not waited for."""

_FRAMES = "async () => { for (let n = 0; n < 3; n++) await new Promise((then) => requestAnimationFrame(then)); }"


def seen_as(page: Page, viewport: ViewportSize, scheme: Literal["light", "dark"]) -> None:
    """Turn the page to another size and scheme, and wait until it is painted so."""
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=scheme)
    page.evaluate(_FRAMES)
    page.evaluate(STILL)


def settled(page: Page) -> None:
    """Wait until every script of the page began."""
    page.evaluate(_SETTLED)


def shifted(page: Page) -> float:
    """How much of the page moved while it was loading and its scripts began (CLS); 0 is nothing."""
    settled(page)
    found: float = page.evaluate("() => window.signoffShifts.reduce((sum, each) => sum + each.value, 0)")
    return found


def script_bytes(page: Page) -> int:
    """How many bytes of script the page asked for, compressed."""
    settled(page)
    urls: list[str] = page.evaluate(
        """() => performance.getEntriesByType('resource').map((each) => each.name)
          .filter((name) => new URL(name).pathname.endsWith('.js'))"""
    )
    return sum(_compressed(page, url) for url in set(urls))


_sizes: dict[str, int] = {}


def _compressed(page: Page, url: str) -> int:
    """The size of a script, whose name changes with its content."""
    if url not in _sizes:
        _sizes[url] = len(gzip.compress(page.request.get(url).body()))
    return _sizes[url]


_ASKED_UNTIL_THERE = """async ([url, words, until]) => {
  const end = Date.now() + until;
  while (Date.now() < end) {
    const html = await (await fetch(url)).text();
    if (new DOMParser().parseFromString(html, "text/html").body.textContent.includes(words)) return true;
    await new Promise((then) => setTimeout(then, 200));
  }
  return false;
}"""


def appears(page: Page, url: str, words: str) -> None:
    """Open ``url`` once the server's page has these words: background work may take a moment."""
    page.goto(url)
    assert page.evaluate(_ASKED_UNTIL_THERE, [url, words, APPEARS_MS]), f"{words} does not appear on {url}"
    page.goto(url)


def on_hand(page: Page, url: str, sku: str) -> int:
    page.goto(f"{url}/forms/product/records?q={sku}")
    return int(page.locator("tbody tr", has_text=sku).locator("[data-label='On hand']").inner_text())
