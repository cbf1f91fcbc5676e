"""A real browser on a real demo company."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.server import Server, serving

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "signoff-demo"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium is installed")
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo company as `signoff demo` serves it."""
    folder = tmp_path_factory.mktemp("demo")
    env = {
        "SIGNOFF_DATA_DIR": str(folder),
        "SIGNOFF_SIGN_IN_LIMIT": "1000 per minute",
        "SIGNOFF_API_LIMIT": "100000 per minute",
    }
    with serving(env, log=folder / "server.log", command=("demo",)) as server:
        yield server


SignedIn = Callable[..., Page]


@pytest.fixture
def context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Browser contexts of a test: ``context(PHONE, "zh-CN")``."""
    opened: list[BrowserContext] = []

    def make(viewport: dict[str, int] = DESK, locale: str = "en-GB", **options: Any) -> BrowserContext:
        made = browser.new_context(
            viewport=viewport, locale=locale, timezone_id="Asia/Shanghai", bypass_csp=True, **options
        )  # type: ignore[arg-type]
        made.set_default_timeout(15_000)
        opened.append(made)
        return made

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def signed_in(demo: Server, context: Callable[..., BrowserContext]) -> SignedIn:
    """``page = signed_in("amy")``: a page of that person, signed in through the form; it fails on any script error."""

    def open_as(person: str, viewport: dict[str, int] = DESK, locale: str = "en-GB", **options: Any) -> Page:
        page = context(viewport, locale, **options).new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error on {page.url}: {error}"))
        sign_in(page, demo.url, person)
        return page

    return open_as


def sign_in(page: Page, url: str, person: str) -> None:
    page.goto(f"{url}/sign-in")
    page.locator("[name=name]").fill(person)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form:has([name=password]) [type=submit]").first.click()
    page.wait_for_url(lambda address: "/sign-in" not in address)


@contextmanager
def no_axe_violations(page: Page) -> Iterator[None]:
    """What axe finds on the page after the block is a failure: rule, help and the elements."""
    yield
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    assert not [f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes']][:4]}" for each in found], (
        page.url
    )
