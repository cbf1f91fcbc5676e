"""Every page for those who open it: nothing stands out at 360 px, and axe finds nothing, light and dark."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from ..server import Api, Server
from .conftest import DESK, PHONE, axe_violations, sign_in
from .pages import overflow

PAGES: Mapping[str, tuple[str, ...]] = {
    "": ("/sign-in", "/status", "/status?number=RF-20260302-0001&code=WRONG", "/no-such-page"),
    "amy": (
        "/", "/inbox", "/requests", "/requests?status=rejected", "/requests/{approved}", "/requests/{rejected}",
        "/requests/{open}", "/requests/{returned}", "/tasks/{task}", "/forms/refund/new", "/drafts", "/dashboard",
        "/forms/sales_order/records", "/forms/sales_order/records?q=nothing-like-it", "/forms/product/records",
        "/forms/refund/records", "/forms/sales_order/new", "/records/{order}", "/notifications", "/mails", "/me",
        "/definitions", "/search", "/search?q=wang", "/requests/{approved}/print", "/dashboard?form=refund",
    ),
    "li": (
        "/", "/inbox", "/inbox?chip=overdue", "/requests", "/requests/{approved}", "/tasks/{task}", "/dashboard",
        "/notifications",
    ),
    "ada": (
        "/", "/inbox", "/definitions", "/definitions/flow/refund", "/definitions/form/refund", "/definitions/form/new",
        "/definitions/flow/refund/versions/1", "/people", "/people/add", "/people/person/amy",
        "/people/person/amy/hand-over", "/people/departments", "/people/departments/add", "/people/department/service",
        "/people/import", "/background", "/sandbox-payments", "/mails", "/forms/product/import", "/components",
        "/requests/{approved}", "/dashboard", "/dashboard/requests?form=refund", "/replies", "/replies/new",
        "/replies/refund_worn",
    ),
}  # fmt: skip
CASES = [(person, path) for person, paths in PAGES.items() for path in paths]
CASE_IDS = [f"{person or 'nobody'} {path}" for person, path in CASES]

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def places(api: Callable[[str], Api]) -> dict[str, Any]:
    """Ids that the paths name: a request in each state, an order, a task of amy's."""
    amy = api("amy")
    requests = amy.get("/forms/refund/records", limit=100)["items"]
    found: dict[str, Any] = {each["status"]: each["id"] for each in reversed(requests)}
    found["order"] = amy.get("/forms/sales_order/records", limit=1)["items"][0]["id"]
    found["task"] = amy.get("/inbox")["items"][0]["id"]
    return found


@pytest.fixture(scope="module")
def opened(demo: Server, browser: Browser, places: dict[str, Any]) -> Iterator[Open]:
    """``page = opened("amy", "/inbox", PHONE, "zh-CN", "dark")``: people stay signed in from page to page."""
    pages: dict[object, Page] = {}

    def open_as(person: str, path: str, viewport: ViewportSize, locale: str, scheme: Literal["light", "dark"]) -> Page:
        key = (person, viewport["width"], locale, scheme)
        if key not in pages:
            context = browser.new_context(
                viewport=viewport,
                locale=locale,
                color_scheme=scheme,
                timezone_id="Asia/Shanghai",
                reduced_motion="reduce",
            )
            pages[key] = context.new_page()
            if person:
                sign_in(pages[key], demo.url, person)
        pages[key].goto(demo.url + path.format(**places))
        return pages[key]

    yield open_as
    for each in pages.values():
        each.context.close()


@pytest.mark.parametrize(("person", "path"), CASES, ids=CASE_IDS)
def test_fits_a_phone_in_english_and_light(opened: Open, person: str, path: str) -> None:
    page = opened(person, path, PHONE, "en-GB", "light")
    assert overflow(page) == []
    assert axe_violations(page) == []


@pytest.mark.parametrize(("person", "path"), CASES, ids=CASE_IDS)
def test_fits_a_phone_in_chinese(opened: Open, person: str, path: str) -> None:
    page = opened(person, path, PHONE, "zh-CN", "light")
    assert overflow(page) == []


@pytest.mark.parametrize(("person", "path"), CASES, ids=CASE_IDS)
def test_can_be_used_by_everybody_on_a_dark_desk(opened: Open, person: str, path: str) -> None:
    page = opened(person, path, DESK, "zh-CN", "dark")
    assert overflow(page) == []
    assert axe_violations(page) == []
