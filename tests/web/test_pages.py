"""Every page for those who open it: nothing stands out or jumps, and axe finds nothing, light and dark."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from signoff import create_app

from ..server import Api, Server
from .conftest import ANEW, DESK, PHONE, axe_violations, sign_in
from .pages import SHIFTS, overflow, script_bytes, seen_as, shifted

PAGES: Mapping[str, tuple[str, ...]] = {
    "": ("/sign-in", "/status", "/status?number=RF-20260302-0001&code=WRONG", "/no-such-page"),
    "amy": (
        "/", "/inbox", "/requests", "/requests?status=rejected", "/requests/{approved}", "/requests/{rejected}",
        "/requests/{open}", "/requests/{returned}", "/tasks/{task}", "/forms/refund/new", "/drafts", "/dashboard",
        "/forms/sales_order/records", "/forms/sales_order/records?q=nothing-like-it", "/forms/product/records",
        "/forms/refund/records", "/forms/sales_order/new", "/records/{order}", "/notifications", "/mails", "/me",
        "/definitions", "/search", "/search?q=wang", "/requests/{approved}/print", "/dashboard?form=refund", "/people",
    ),
    "li": (
        "/", "/inbox", "/inbox?chip=overdue", "/requests", "/requests/{approved}", "/tasks/{task}", "/dashboard",
        "/notifications",
    ),
    "ada": (
        "/", "/inbox", "/definitions", "/definitions/flow/refund", "/definitions/form/refund", "/definitions/form/new",
        "/definitions/form/refund/rights", "/definitions/flow/refund/versions/1", "/definitions/flow/refund/json",
        "/definitions/form/new/json", "/definitions/flow/refund/moves", "/definitions/packs", "/people", "/people/add",
        "/people/person/amy",
        "/people/person/amy/hand-over", "/people/departments", "/people/departments/add", "/people/department/service",
        "/people/import", "/background", "/sandbox-payments", "/mails", "/mails/{mail}", "/forms/product/import",
        "/components", "/requests/{approved}", "/dashboard", "/dashboard/requests?form=refund", "/replies",
        "/replies/new", "/replies/refund_worn", "/records/{product}/edit", "/calendars", "/calendars/add",
        "/calendars/office", "/schedules", "/schedules/add", "/templates", "/templates/refund_done", "/webhooks",
        "/webhooks/add",
    ),
}  # fmt: skip
CASES = [(person, path) for person, paths in PAGES.items() for path in paths]
CASE_IDS = [f"{person or 'nobody'} {path}" for person, path in CASES]
BUILDERS = ("/definitions/flow/refund", "/definitions/form/refund", "/definitions/form/new")
ELSEWHERE = {
    "signoff_flows.survey": "a signed link: test_states opens it",
    "signoff_links.ask": "a signed link: test_states opens it",
    "signoff_forms.public": "no form of the demo is open to customers: test_states publishes one",
    "signoff_forms.import_map": "needs a file that was uploaded: test_records goes through an import",
    "signoff_forms.import_progress": "needs an import that runs: test_records goes through one",
    "signoff_schedules.show": "the demo has none: test_time_pages makes one",
    "signoff_webhooks.show": "the demo has none: test_time_pages makes one",
}
"""Pages that are looked at in other tests, and why."""
NO_PAGES = {
    "signoff_flows.dashboard_xlsx", "signoff_flows.print_pdf", "signoff_forms.export", "signoff_people.export_people",
    "signoff_people.example_csv", "signoff_files.download", "signoff_files.thumbnail", "signoff_definitions.export_all",
    "signoff_web.favicon", "signoff_web.static",  # files
    "signoff_forms.suggestions", "signoff_previews.suggestions", "signoff_definitions.known_keys",
    "signoff_notifications.live", "signoff_health.alive", "signoff_health.numbers", "signoff_health.ready",  # machines
    "signoff_notifications.open_one", "signoff_flows.task_named",  # lead on to a page
}  # fmt: skip
MOST_SHIFT = 0.01
MOST_SCRIPT = 100_000
MOST_SCRIPT_OF_BUILDER = 300_000


def test_every_page_of_the_application_is_visited(tmp_path: Path) -> None:
    app = create_app(data_dir=tmp_path, testing=True)
    ids = dict.fromkeys(("open", "returned", "approved", "rejected", "order", "product", "task", "mail"), 1)
    urls = app.url_map.bind("127.0.0.1")
    visited = {urls.match(path.format(**ids).partition("?")[0])[0] for _, path in CASES if path != "/no-such-page"}
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/") and rule.endpoint not in NO_PAGES
    }
    assert pages - visited == set(ELSEWHERE)


Open = Callable[..., Page]


@pytest.fixture(scope="module")
def places(demo: Server, api: Callable[[str], Api]) -> dict[str, Any]:
    """Ids that the paths name: a request in each state, an order, a task of amy's, a mail."""
    amy = api("amy")
    requests = amy.get("/forms/refund/records", limit=100)["items"]
    found: dict[str, Any] = {each["status"]: each["id"] for each in reversed(requests)}
    found["order"] = amy.get("/forms/sales_order/records", limit=1)["items"][0]["id"]
    found["product"] = amy.get("/forms/product/records", limit=1)["items"][0]["id"]
    found["mail"] = min(Path(demo.env["SIGNOFF_DATA_DIR"], "demo", "mail").glob("*.eml")).name
    found["task"] = amy.get("/inbox")["items"][0]["id"]
    return found


@pytest.fixture(scope="module")
def opened(demo: Server, browser: Browser, places: dict[str, Any]) -> Iterator[Open]:
    """``page = opened("amy", "/inbox", PHONE, "zh-CN")``, in light: people stay signed in from page to page."""
    pages: dict[object, Page] = {}

    def open_as(person: str, path: str, viewport: ViewportSize, locale: str) -> Page:
        key = (person, locale)
        if key not in pages:
            context = browser.new_context(
                viewport=viewport, locale=locale, timezone_id="Asia/Shanghai", reduced_motion="reduce"
            )
            context.add_init_script(SHIFTS)
            pages[key] = context.new_page()
            if person:
                sign_in(pages[key], demo.url, person)
        page = pages[key]
        seen_as(page, viewport, "light")
        page.goto(demo.url + path.format(**places))
        return page

    yield open_as
    for each in pages.values():
        each.context.close()


def _looks(page: Page, viewport: ViewportSize, scheme: Literal["light", "dark"], rules: Sequence[str] = ()) -> None:
    """Nothing stands out, and axe finds nothing."""
    seen_as(page, viewport, scheme)
    assert overflow(page) == []
    assert axe_violations(page, rules) == []


@pytest.mark.parametrize(("person", "path"), CASES, ids=CASE_IDS)
def test_in_english_from_a_phone_in_light_to_a_desk_in_the_dark(opened: Open, person: str, path: str) -> None:
    page = opened(person, path, PHONE, "en-GB")
    assert shifted(page) < MOST_SHIFT
    assert script_bytes(page) < (MOST_SCRIPT_OF_BUILDER if path in BUILDERS else MOST_SCRIPT)
    _looks(page, PHONE, "light")
    _looks(page, DESK, "dark", ANEW)


@pytest.mark.parametrize(("person", "path"), CASES, ids=CASE_IDS)
def test_in_chinese_from_a_desk_in_light_to_a_phone_in_the_dark(opened: Open, person: str, path: str) -> None:
    page = opened(person, path, DESK, "zh-CN")
    assert shifted(page) < MOST_SHIFT
    _looks(page, DESK, "light")
    _looks(page, PHONE, "dark", ANEW)
