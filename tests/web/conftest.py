"""A real browser on a real demo company."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright

from ..server import Api, Server, command, serving
from .pages import STILL, picture

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
DESK = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=360, height=740)
SignedIn = Callable[..., Page]
Contexts = Callable[..., BrowserContext]
Filed = Callable[..., str]
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first one takes half the processor time of the others."""


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


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


def demo_settings(folder: Path) -> dict[str, str]:
    """Settings of a demo that tests sign in to more often than people do."""
    return {
        "SIGNOFF_DATA_DIR": str(folder),
        "SIGNOFF_SIGN_IN_LIMIT": "1000 per minute",
        "SIGNOFF_API_LIMIT": "100000 per minute",
    }


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo company as `signoff demo` serves it."""
    folder = tmp_path_factory.mktemp("demo")
    with serving(demo_settings(folder), log=folder / "server.log", command=("demo",)) as server:
        yield server


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A demo of a module's own: what is published there concerns no other test."""
    folder = tmp_path_factory.mktemp("company")
    with serving(demo_settings(folder), log=folder / "server.log", command=("demo",)) as server:
        yield server


@pytest.fixture(scope="module")
def ada(company: Server) -> Api:
    """The API of the module's own demo with a token of its administrator."""
    return client_of(company, "ada")


def client_of(demo: Server, person: str) -> Api:
    """The API of a demo with a token of that person."""
    env = {"SIGNOFF_DATA_DIR": f"{demo.env['SIGNOFF_DATA_DIR']}/demo"}
    return Api(demo.url, command("token", person, env=env).stdout.strip())


def order_from(amy: Api) -> Any:
    """An order of ten dear mugs and ten lanterns, of which nothing was refunded yet: its record."""
    values = {
        "customer_name": "Wang Fang 王芳", "customer_email": "wang.fang@customer.example", "customer_tier": "vip",
        "ordered_on": "2026-03-02", "state": "received",
        "lines": [{"product": "MUG-204", "quantity": 10, "unit_price": "2500"},
                  {"product": "LAN-101", "quantity": 10, "unit_price": "250"}],
    }  # fmt: skip
    answer = amy.post("/forms/sales_order/records", {"values": values})
    assert answer.status == 201, answer.body
    return answer.body


@pytest.fixture
def order(api: Callable[[str], Api]) -> str:
    """The number of an order of which nothing was refunded yet."""
    return str(order_from(api("amy"))["number"])


@pytest.fixture(scope="session")
def api(demo: Server) -> Iterator[Callable[[str], Api]]:
    """``api("amy")``: the demo's API with a token of that person."""
    made: dict[str, Api] = {}

    def of(person: str) -> Api:
        if person not in made:
            made[person] = client_of(demo, person)
        return made[person]

    yield of
    for each in made.values():
        each.connection.close()


@pytest.fixture(scope="session")
def filed(api: Callable[[str], Api]) -> Filed:
    """``number = filed()``: a refund of amy's that waits for its first answer."""

    def file(**values: Any) -> str:
        amy = api("amy")
        proof = amy.upload("proof.png", picture()["buffer"], "image/png")["id"]
        line = {"product": "LAN-101", "quantity": 1, "unit_price": "1.00"}
        usual = {"order": order_from(amy)["id"], "path": "refund_only", "reason": "changed_mind", "lines": [line],
                 "conversation": "By telephone.", "payment_proof": [proof]}  # fmt: skip
        answer = amy.post("/forms/refund/records", {"values": usual | values})
        assert answer.status == 201, answer.body
        return str(answer["number"])

    return file


@pytest.fixture
def context(browser: Browser) -> Iterator[Contexts]:
    """Browser contexts of a test: ``context(PHONE, "zh-CN")``; an error of a script or of the CSP fails the test."""
    opened: list[BrowserContext] = []
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            errors.append(message.text)

    def make(viewport: ViewportSize = DESK, locale: str = "en-GB", **options: Any) -> BrowserContext:
        made = browser.new_context(viewport=viewport, locale=locale, timezone_id="Asia/Shanghai", **options)
        made.set_default_timeout(15_000)
        made.on("weberror", lambda error: errors.append(f"{error.page and error.page.url}: {error.error}"))
        made.on("console", on_console)
        opened.append(made)
        return made

    yield make
    for each in opened:
        each.close()
    assert errors == []


@pytest.fixture
def signed_in(demo: Server, context: Contexts) -> SignedIn:
    """``page = signed_in("amy")``: a page of that person, signed in through the form."""

    def open_as(person: str, viewport: ViewportSize = DESK, locale: str = "en-GB", **options: Any) -> Page:
        page = context(viewport, locale, **options).new_page()
        sign_in(page, demo.url, person)
        return page

    return open_as


def sign_in(page: Page, url: str, person: str) -> None:
    page.goto(f"{url}/sign-in")
    page.locator("[name=name]").fill(person)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form:has([name=password]) button").first.click()
    page.wait_for_url(lambda address: "/sign-in" not in address)


ANEW = ("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable")
"""What of a page that axe has seen may be otherwise in another size and scheme."""


def axe_violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds on the page, by all of its rules or by these: rule, help and the elements."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(STILL)
    found = page.evaluate(
        """async (rules) => {
          const only = rules.length ? {runOnly: {type: 'rule', values: rules}} : {};
          return (await axe.run(document, {resultTypes: ['violations'], ...only})).violations;
        }""",
        list(rules),
    )
    return [f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes']][:4]}" for each in found]
