"""Line items in a real browser: how long until 200 pasted rows are summed, and until one more key is."""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ..server import serving
from ..web.conftest import ARGUMENTS, chromium, demo_settings, sign_in
from ..web.test_lines import ROWS, spreadsheet, sum_of

_PASTED = """async ([text, total]) => {
  const cell = document.getElementById("f-lines-0-product");
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const start = performance.now();
  cell.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
  const handled = performance.now() - start;
  while (document.getElementById("f-total").textContent !== total) await new Promise(requestAnimationFrame);
  return [handled, performance.now() - start];
}"""
_CONFIRMED = """async () => {
  const start = performance.now(), cell = document.querySelector("[name=f-lines-199-product-id]");
  while (cell.value === "") await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
_TYPED = """async () => {
  const cell = document.getElementById("f-lines-199-quantity"), total = document.getElementById("f-total");
  const spent = [];
  for (let n = 1; n <= 20; n++) {
    const before = total.textContent, start = performance.now();
    cell.value = String(100 + n);
    cell.dispatchEvent(new Event("input", {bubbles: true}));
    while (total.textContent === before) await new Promise(requestAnimationFrame);
    spent.push(performance.now() - start);
  }
  return spent.sort((a, b) => a - b)[10];
}"""


def main(database_url: str = "") -> None:
    """Print milliseconds; nothing is asserted."""
    path = chromium()
    if path is None:
        print("no Chromium is installed")
        return
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with serving(demo_settings(folder), log=folder / "server.log", command=("demo",)) as server:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            page = browser.new_page()
            sign_in(page, server.url, "ada")
            _measure(page, server.url)
            browser.close()


def _measure(page: Page, url: str) -> None:
    page.goto(f"{url}/forms/sales_order/new")
    page.wait_for_load_state("networkidle")
    handled, summed = page.evaluate(_PASTED, [spreadsheet(ROWS), sum_of(ROWS)])
    confirmed = page.evaluate(_CONFIRMED)
    typed = page.evaluate(_TYPED)
    print(f"line items: {ROWS} rows pasted from a spreadsheet, {os.cpu_count()} cores")
    for label, spent in (
        ("until the rows stand there", handled),
        ("until they are summed, frame included", summed),
        ("then until the server has confirmed them", confirmed),
        ("until one more key is summed (median)", typed),
    ):
        print(f"  {label:44}{spent:8.0f} ms")


if __name__ == "__main__":
    main()
