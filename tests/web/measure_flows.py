"""How quick the flow builder is with many steps: ``python -m tests.web.measure_flows [steps]`` prints it in ms."""

from typing import Any

from playwright.sync_api import Page

from ..server import Server
from .conftest import client_of
from .measure_forms import median, run, timed

BRANCHES = 4


def flow_of(count: int) -> dict[str, Any]:
    """Steps in routes of four amount bands, every band with as many approvals as make ``count`` of both."""
    steps: list[dict[str, Any]] = []
    made = 0
    while made < count:
        made += 1
        route: dict[str, Any] = {"id": f"route_{made}", "kind": "route", "title": f"Route {made}", "branches": []}
        for band in range(BRANCHES):
            low: dict[str, str] = {"gte": f"{band}000"} if band else {}
            high: dict[str, str] = {"lt": f"{band + 1}000"} if band < BRANCHES - 1 else {}
            inside = [_approval(made + place + 1) for place in range(min(2, count - made))]
            made += len(inside)
            route["branches"].append(
                {"id": f"band_{made}_{band}", "title": f"Band {band}", "when": {"amount": low | high}, "steps": inside}
            )
        steps.append(route)
    return {"schema": "flow/1", "key": "many", "title": "Many", "form": "many", "steps": steps}


def _approval(place: int) -> dict[str, Any]:
    who = [{"manager": 1}] if place % 2 else [{"role": "finance"}]
    return {
        "id": f"step_{place}", "kind": "approve", "title": f"Step {place}", "who": who,
        "due": {"in": "PT8H", "remind": ["-PT1H", "PT0S"]},
    }  # fmt: skip


def measure(page: Page, url: str) -> None:
    page.goto(f"{url}/definitions/flow/many")
    page.locator(".flow-card.is-step").first.wait_for()
    opening = page.evaluate("performance.now()")
    print(f"open until the first step stands: {opening:.0f} ms, {page.locator('.flow-card').count()} cards")
    card = page.locator("[data-key=step_102]")
    card.click()
    title = page.locator(".flow-drawer input").first
    title.focus()
    print(f"a letter of a title: {median(page, lambda _: page.keyboard.press('x')):.0f} ms")
    card.focus()
    print(f"another card by ↓: {median(page, lambda _: page.keyboard.press('ArrowDown')):.0f} ms")
    card.focus()
    print(f"a step moved by Alt+↓: {median(page, lambda _: page.keyboard.press('Alt+ArrowDown')):.0f} ms")
    print(f"undone: {median(page, lambda _: page.keyboard.press('Control+z')):.0f} ms")
    page.locator("[data-key=route_1]").focus()
    print(f"a route folded or opened: {median(page, lambda _: page.keyboard.press('Space')):.0f} ms")
    print(f"all of it fitted into the window: {timed(page, page.locator('[data-do=fit]').click):.0f} ms")


def begun(demo: Server, count: int) -> None:
    ada = client_of(demo, "ada")
    form = {
        "schema": "form/1", "key": "many", "title": "Many", "number": "MN-{0000}",
        "fields": [{"key": "amount", "type": "money", "label": "Amount", "required": True}],
    }  # fmt: skip
    answer = ada.post("/forms/many/publish", {"document": form, "note": "measured", "base_version": 0})
    assert answer.status == 200, answer.body
    answer = ada.post("/flows/many/publish", {"document": flow_of(count), "note": "measured", "base_version": 0})
    assert answer.status == 200, answer.body


if __name__ == "__main__":
    run("steps", 200, begun, measure)
