"""How quick the form builder is with many fields: ``python -m tests.web.measure_forms [fields]`` prints it in ms."""

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from ..server import Server, serving
from .conftest import ARGUMENTS, DESK, chromium, client_of, demo_settings, sign_in

TURNS = 10
_FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"


def form_of(count: int) -> dict[str, Any]:
    """Fields of all sorts in sections of ten, a rule for every tenth, a sum over all numbers."""
    fields: list[dict[str, Any]] = []
    for place in range(count):
        key = f"field_{place}"
        label = {"en": f"Field {place}", "zh": f"字段 {place}"}
        match place % 5:
            case 0:
                fields.append({"key": key, "type": "text", "label": label, "required": True})
            case 1:
                fields.append({"key": key, "type": "money", "label": label})
            case 2:
                choices = [{"value": each, "label": each.title()} for each in ("yes", "no", "later")]
                fields.append({"key": key, "type": "choice", "label": label, "options": choices})
            case 3:
                fields.append({"key": key, "type": "date", "label": label})
            case _:
                fields.append({"key": key, "type": "money", "label": label, "compute": f"field_{place - 3} * 2"})
    keys = [each["key"] for each in fields]
    rows = [keys[at : at + 2] for at in range(0, count, 2)]
    parts = [rows[at : at + 5] for at in range(0, len(rows), 5)]
    title = {"en": "Many", "zh": "很多"}
    return {
        "schema": "form/1",
        "key": "many",
        "title": title,
        "fields": fields,
        "layout": [{"title": title, "rows": part} for part in parts],
        "rules": [{"when": {"field_2": "yes"}, "show": [keys[at]]} for at in range(10, count, 10)],
    }


def timed(page: Page, act: Callable[[], None]) -> float:
    """From an act to the frame after it, without the time that the driver itself needs."""
    before = page.evaluate(_FRAME)
    idle = page.evaluate(_FRAME) - before
    start = page.evaluate("performance.now()")
    act()
    return max(0.0, float(page.evaluate(_FRAME)) - start - idle)


def median(page: Page, act: Callable[[int], None]) -> float:
    return statistics.median(timed(page, lambda turn=turn: act(turn)) for turn in range(TURNS))  # type: ignore[misc]


def measure(page: Page, url: str) -> None:
    page.goto(f"{url}/definitions/form/many")
    page.locator(".canvas-field").first.wait_for()
    opening = page.evaluate("performance.now()")
    print(f"open until the first field stands: {opening:.0f} ms")
    card = page.locator("[data-name=field_100] .canvas-field-open")
    card.click()
    label = page.locator(".inspector [data-first] input").first
    label.focus()
    print(f"a letter of a label: {median(page, lambda _: page.keyboard.press('x')):.0f} ms")
    card.focus()
    print(f"another field chosen by ↓: {median(page, lambda _: page.keyboard.press('ArrowDown')):.0f} ms")
    card.focus()
    print(f"a field moved by Alt+↓: {median(page, lambda _: page.keyboard.press('Alt+ArrowDown')):.0f} ms")
    print(f"undone: {median(page, lambda _: page.keyboard.press('Control+z')):.0f} ms")
    page.locator(".palette-type[data-type=text]").focus()

    def add(_: int) -> None:
        page.locator(".palette-type[data-type=text]").press("Enter")

    print(f"a field added: {median(page, add):.0f} ms")
    for tab in ("rules", "texts"):
        print(f"to the tab {tab}: {timed(page, page.locator(f'#tab-{tab}').click):.0f} ms")
    print(f"back to the fields: {timed(page, page.locator('#tab-fields').click):.0f} ms")


def begun(demo: Server, count: int) -> None:
    body = {"document": form_of(count), "note": "measured", "base_version": 0}
    answer = client_of(demo, "ada").post("/forms/many/publish", body)
    assert answer.status == 200, answer.body


def run(what: str, usual: int, begun: Callable[[Server, int], None], measure: Callable[[Page, str], None]) -> None:
    """Print what ``measure`` finds on a demo that has so many of ``what`` as the command line says."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else usual
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        log = Path(folder) / "server.log"
        with serving(demo_settings(Path(folder)), log=log, command=("demo",)) as demo:
            begun(demo, count)
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            page = browser.new_page(viewport=DESK)
            sign_in(page, demo.url, "ada")
            print(f"{count} {what}")
            measure(page, demo.url)
            browser.close()


if __name__ == "__main__":
    run("fields", 300, begun, measure)
