"""By keyboard alone: everything that can be used is reached in order, is seen to be, and nothing holds one captive."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from ..server import Api, Server
from .conftest import DESK, PHONE, Contexts, Filed, SignedIn
from .pages import settled

MOST_STOPS = 400

# One number for each thing that Tab should reach; of radios with one name, one.
_STOPS = """() => {
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex]';
  const radios = new Set();
  let count = 0;
  for (const each of document.querySelectorAll(wanted)) {
    if (each.tabIndex < 0 || each.disabled || !each.checkVisibility({visibilityProperty: true})) continue;
    if (each.type === 'radio') {
      const group = each.form?.action + each.name;
      if (radios.has(group)) continue;
      radios.add(group);
    }
    each.dataset.stop = ++count;
  }
  return count;
}"""

_HERE = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const group = here.type === 'radio' ? [...(here.form ?? document).querySelectorAll(`[name="${here.name}"]`)] : [here];
  const place = group.map((each) => each.dataset.stop).find(Boolean) ?? '';
  const shown = (each) => each && parseFloat(getComputedStyle(each).outlineWidth) > 0
    && getComputedStyle(each).outlineStyle !== 'none';
  const box = here.getBoundingClientRect();
  const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const ring = shown(here) || shown(here.parentElement) || getComputedStyle(here).boxShadow !== 'none';
  return {place: Number(place), what: here.outerHTML.slice(0, 120), seen, ring};
}"""


def _walk(page: Page) -> list[dict[str, Any]]:
    """Where Tab leads until it has gone around; a date's parts are one place."""
    found: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(_HERE)
        if here is None:  # the browser's own bars
            continue
        if found and here["place"] == found[-1]["place"]:
            found[-1]["ring"] |= here["ring"]
        elif found and here["place"] == found[0]["place"]:
            return found
        else:
            found.append(here)
    raise AssertionError(f"Tab does not come around: {[each['what'] for each in found[-3:]]}")


def _reaches_everything(page: Page) -> None:
    count = page.evaluate(_STOPS)
    found = _walk(page)
    first = min(range(len(found)), key=lambda number: found[number]["place"])
    places = [each["place"] for each in found[first:] + found[:first]]  # it may begin in the middle
    assert places == sorted(places), [each["what"] for each in found]
    missing = sorted(set(range(1, count + 1)) - set(places))
    assert not missing, [page.locator(f"[data-stop='{each}']").evaluate("each => each.outerHTML") for each in missing]
    assert [each["what"] for each in found if not each["seen"]] == []
    assert [each["what"] for each in found if not each["ring"]] == []


PAGES = (
    ("", "/sign-in", PHONE), ("", "/status", DESK), ("amy", "/", DESK), ("amy", "/requests", PHONE),
    ("amy", "/notifications", DESK), ("amy", "/me", DESK), ("amy", "/search?q=wang", PHONE),
    ("amy", "/forms/refund/new", PHONE), ("li", "/inbox", DESK), ("li", "/inbox", PHONE),
    ("ada", "/dashboard?form=refund", DESK),
)  # fmt: skip


@pytest.mark.parametrize(("person", "path", "viewport"), PAGES, ids=[f"{each[0]} {each[1]}" for each in PAGES])
def test_tab_reaches_everything_in_order_and_is_seen(
    demo: Server, signed_in: SignedIn, context: Contexts, person: str, path: str, viewport: ViewportSize
) -> None:
    page = signed_in(person, viewport) if person else context(viewport).new_page()
    page.goto(demo.url + path)
    settled(page)
    _reaches_everything(page)


def test_a_request_is_decided_and_followed_by_keys_alone(
    demo: Server, signed_in: SignedIn, filed: Filed, api: Callable[[str], Api]
) -> None:
    number = filed()
    [task] = [each for each in api("bo").get("/inbox", limit=200)["items"] if each["record"]["number"] == number]
    bo = signed_in("bo")
    bo.goto(f"{demo.url}/tasks/{task['id']}")
    bo.keyboard.press("Tab")
    expect(bo.locator(".skip-link")).to_be_focused()
    bo.keyboard.press("Enter")
    expect(bo.locator("main")).to_be_focused()
    _reaches_everything(bo)
    bo.locator("button[value=approve]").focus()
    bo.keyboard.press("Enter")
    expect(bo.locator(".flashes")).to_contain_text(number)


def test_escape_closes_what_opened_and_gives_the_focus_back(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    filed()
    bo = signed_in("bo")
    bo.goto(f"{demo.url}/inbox")
    expect(bo.locator("[data-module=inbox]")).to_have_attribute("data-started", "inbox")
    expect(bo.locator(".menu-end")).to_have_attribute("data-started", "menu")
    mine = bo.locator(".menu-end summary")
    mine.focus()
    bo.keyboard.press("Enter")
    expect(bo.locator(".menu-end .menu-panel")).to_be_visible()
    bo.keyboard.press("Tab")
    bo.keyboard.press("Escape")
    expect(bo.locator(".menu-end .menu-panel")).to_be_hidden()
    expect(mine).to_be_focused()
    keys = bo.locator("[data-inbox-help]")
    keys.focus()
    bo.keyboard.press("Enter")
    expect(bo.locator("dialog[open]")).to_be_visible()
    bo.keyboard.press("Escape")
    expect(bo.locator("dialog")).to_have_count(0)
    expect(keys).to_be_focused()
