"""Pages in states that an address alone does not bring: dialogs, menus, refusals, failures, nothing there yet."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, ViewportSize, expect
from werkzeug.serving import make_server

from signoff import create_app
from signoff.platform.errors import TooMany

from ..conftest import DEFINITIONS
from ..server import Api, Server, clean_environment, command, serving
from .conftest import ANEW, DESK, PASSWORD, PHONE, Filed, SignedIn, axe_violations, demo_settings, sign_in
from .pages import overflow, picture, seen_as

Contexts = Callable[..., Any]


def _looks(page: Page) -> None:
    """As it stands: on a phone in light, on a desk in the dark."""
    looks: list[tuple[ViewportSize, Literal["light", "dark"], Sequence[str]]] = [
        (PHONE, "light", ()), (DESK, "dark", ANEW),
    ]  # fmt: skip
    for viewport, scheme, rules in looks:
        seen_as(page, viewport, scheme)
        assert overflow(page) == []
        assert axe_violations(page, rules) == []


def _started(page: Page, module: str) -> None:
    expect(page.locator(f"[data-module~={module}]").first).to_have_attribute("data-started", re.compile(module))


OPEN_FORM: Mapping[str, Any] = {
    "schema": "form/1", "key": "complaint", "title": {"en": "Complaint", "zh": "投诉"}, "number": "CP-{0000}",
    "description": {"en": "We answer within a day.", "zh": "一天内答复。"},
    "fields": [
        {"key": "mail", "type": "email", "label": {"en": "Your e-mail", "zh": "您的邮箱"}, "required": True},
        {"key": "what", "type": "long_text", "label": {"en": "What happened", "zh": "情况说明"}, "required": True},
        {"key": "photo", "type": "image", "label": {"en": "A photo", "zh": "照片"}},
    ],
    "public": {"fill": True, "status": ["number"]},
}  # fmt: skip
OPEN_FLOW: Mapping[str, Any] = {
    "schema": "flow/1", "key": "complaint", "title": {"en": "Complaint", "zh": "投诉"}, "form": "complaint",
    "settings": {"owner": {"role": "service"}},
    "steps": [{"id": "answer", "kind": "approve", "title": {"en": "Answer", "zh": "答复"}, "who": [{"role": "service"}],
               "nobody": "admin", "due": {"in": "PT8H"}}],
}  # fmt: skip


def test_the_keys_of_the_inbox_are_shown(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    filed()
    bo = signed_in("bo")
    bo.goto(f"{demo.url}/inbox")
    _started(bo, "inbox")
    bo.keyboard.press("?")
    expect(bo.locator("dialog[open]")).to_be_visible()
    _looks(bo)


def test_menus_are_open(demo: Server, signed_in: SignedIn) -> None:
    ada = signed_in("ada")
    ada.goto(demo.url)
    _started(ada, "menu")
    ada.locator(".menu-end summary").click()
    expect(ada.locator(".menu-end .menu-panel")).to_be_visible()
    _looks(ada)
    ada.set_viewport_size(PHONE)
    ada.goto(demo.url)
    _started(ada, "menu")
    ada.locator(".drawer summary").click()
    expect(ada.locator(".drawer-panel")).to_be_visible()
    assert overflow(ada) == []
    assert axe_violations(ada) == []


def test_a_sign_in_fails(demo: Server, context: Contexts) -> None:
    page = context(PHONE, "zh-CN").new_page()
    page.goto(f"{demo.url}/sign-in")
    page.locator("[name=name]").fill("amy")
    page.locator("[name=password]").fill("wrong")
    page.locator("form:has([name=password]) button").first.click()
    expect(page.locator("[role=alert]")).to_be_focused()
    _looks(page)


def test_a_request_is_sent_with_nothing_in_it(demo: Server, signed_in: SignedIn) -> None:
    amy = signed_in("amy", PHONE, "zh-CN", java_script_enabled=False)
    amy.goto(f"{demo.url}/forms/refund/new")
    amy.locator("button[value=submit]").last.click()
    expect(amy.locator("#problems")).to_be_visible()
    expect(amy.locator(".field-error:visible").first).to_be_visible()
    seen = signed_in("amy", PHONE, "zh-CN")
    seen.goto(f"{demo.url}/forms/refund/new")
    _started(seen, "fill")
    seen.locator(".form-actions button[value=submit]").last.click()
    expect(seen.locator("#problems")).to_be_visible()
    _looks(seen)


def test_all_that_a_task_offers_is_open(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    number = filed(lines=[{"product": "LAN-101", "quantity": 1, "unit_price": "300.00"}])
    bo = signed_in("bo")
    bo.goto(f"{demo.url}/inbox")
    bo.locator(".inbox-row", has_text=number).get_by_role("link").click()
    _started(bo, "decide")
    for details in bo.locator("#pane details").all():
        details.evaluate("(each) => (each.open = true)")
    bo.locator("[data-key=b]").click()  # asks to whom, and why
    expect(bo.locator("#comment-error")).to_be_visible()
    expect(bo.locator("#return-to")).to_be_visible()
    _looks(bo)


def test_somebody_else_was_first(demo: Server, signed_in: SignedIn, filed: Filed, api: Callable[[str], Api]) -> None:
    number = filed()
    [task] = [each for each in api("bo").get("/inbox", limit=200)["items"] if each["record"]["number"] == number]
    bo = signed_in("bo", PHONE, "zh-CN")
    bo.goto(f"{demo.url}/tasks/{task['id']}")
    bo.locator("#comment").fill("没有凭证。")
    api("bo").post(f"/tasks/{task['id']}/decision", {"verdict": "reject", "comment": "Used."})
    bo.locator("button[value=reject]").click()
    expect(bo.locator(".notice-warning")).to_contain_text("没有凭证。")  # what was typed is kept
    _looks(bo)


def test_a_withdrawal_asks_first(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    number = filed()
    amy = signed_in("amy", DESK, "zh-CN")
    amy.goto(f"{demo.url}/search?q={number}")
    _started(amy, "confirm")
    amy.locator("button[value=withdraw]").click()
    expect(amy.locator("dialog[open]")).to_be_visible()
    _looks(amy)


def test_nothing_is_ready_in_a_batch(demo: Server, signed_in: SignedIn, filed: Filed) -> None:
    number = filed()
    bo = signed_in("bo", PHONE, "zh-CN")
    bo.goto(f"{demo.url}/inbox")
    _started(bo, "inbox")
    bo.locator(".inbox-row", has_text=number).get_by_role("checkbox").check()
    bo.locator(".inbox-quick [value=reject]").click()  # without a reason
    expect(bo.locator("#needs")).to_be_visible()
    _looks(bo)


@pytest.mark.parametrize(("person", "path", "status"), [
    ("amy", "/people/add", 403), ("amy", "/requests/999999", 404), ("", "/survey/none", 404), ("", "/decide/none", 404),
])  # fmt: skip
def test_a_refusal(demo: Server, signed_in: SignedIn, context: Contexts, person: str, path: str, status: int) -> None:
    page = signed_in(person, PHONE, "zh-CN") if person else context(PHONE, "zh-CN").new_page()
    answer = page.goto(demo.url + path)
    assert answer is not None
    assert answer.status == status
    _looks(page)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An application of which some pages fail; its address."""
    app = create_app(data_dir=tmp_path_factory.mktemp("failing"), secret_key="a secret of the tests")
    with app.app_context():
        from signoff.platform.migrating import upgrade

        upgrade()
    _fail(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    with app.app_context():
        app.extensions["signoff"].engine.dispose()


def _fail(app: Flask) -> None:
    def busy() -> str:
        raise TooMany("Too many tries.", details={"retry_after": 30})

    def broken() -> str:
        raise RuntimeError("broken by the test")

    for name, view in (("busy", busy), ("broken", broken)):
        app.add_url_rule(f"/status/{name}", f"signoff_flows.{name}", view)


@pytest.mark.parametrize(("path", "status"), [("/status/busy", 429), ("/status/broken", 500)])
def test_a_failure(failing: str, context: Contexts, path: str, status: int) -> None:
    page = context(PHONE, "zh-CN").new_page()
    answer = page.goto(failing + path)
    assert answer is not None
    assert answer.status == status
    expect(page.locator(".failure-code")).to_have_text(str(status))
    _looks(page)


def _apply(demo: Server, folder: Path, *documents: Mapping[str, Any]) -> None:
    for document in documents:
        name = f"{document['key']}.{document['schema'].partition('/')[0]}.json"
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    command("apply", str(folder), env={"SIGNOFF_DATA_DIR": f"{demo.env['SIGNOFF_DATA_DIR']}/demo"})


def test_a_customer_asks_alone_sees_where_it_is_and_says_how_it_was(
    demo: Server, context: Contexts, api: Callable[[str], Api], tmp_path: Path
) -> None:
    """On a phone, in Chinese; each page of theirs is looked at."""
    _apply(demo, tmp_path, OPEN_FORM, OPEN_FLOW)
    customer = context(PHONE, "zh-CN").new_page()
    customer.goto(f"{demo.url}/public/complaint")
    _started(customer, "fill")
    _looks(customer)
    customer.set_viewport_size(PHONE)
    customer.locator("[id='f-mail']").fill("wang@customer.example")
    customer.locator("[id='f-what']").fill("到货破损。")
    customer.locator(".form-actions button[value=submit]").click()
    sent = customer.locator("main")
    expect(sent).to_contain_text("CP-")
    _looks(customer)
    number = re.search(r"CP-\d{4}", sent.inner_text())
    assert number is not None
    [task] = [each for each in api("bo").get("/inbox", form="complaint")["items"]
              if each["record"]["number"] == number.group()]  # fmt: skip
    assert api("bo").post(f"/tasks/{task['id']}/decision", {"verdict": "approve"}).status == 200
    customer.set_viewport_size(PHONE)
    customer.locator("a[href*='/status']").first.click()
    expect(customer.locator("main")).to_contain_text(number.group())
    _looks(customer)
    customer.set_viewport_size(PHONE)
    customer.locator("a[href*='/survey/']").click()
    expect(customer.locator("#words")).to_be_visible()
    _looks(customer)
    customer.set_viewport_size(PHONE)
    customer.locator("[name=score][value='5']").check(force=True)
    customer.locator("main form button").last.click()
    expect(customer.locator(".score")).to_be_visible()
    _looks(customer)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation in which there are people, and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    settings = demo_settings(folder)
    command("db", "upgrade", env=settings)
    command("apply", str(DEFINITIONS / "people.json"), env=settings)
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    subprocess.run(
        [sys.executable, "-m", "signoff", "password", "ada"],
        env={**clean_environment(), **settings},
        input=typed,
        text=True,
        check=True,
    )
    with serving(settings, log=folder / "server.log") as server:
        yield server


EMPTY = (
    "/", "/inbox", "/inbox?chip=overdue", "/requests", "/drafts", "/dashboard", "/notifications", "/definitions",
    "/search?q=x", "/background", "/webhooks", "/schedules", "/calendars", "/sandbox-payments", "/replies",
)  # fmt: skip


def test_where_nothing_is_it_is_said_what_to_do(empty: Server, context: Contexts) -> None:
    page = context(PHONE, "zh-CN").new_page()
    sign_in(page, empty.url, "ada")
    for path in EMPTY:
        answer = page.goto(empty.url + path)
        assert answer is not None
        assert answer.ok, path
        _looks(page)


def test_a_file_is_on_its_way_and_another_is_refused(demo: Server, signed_in: SignedIn) -> None:
    amy = signed_in("amy", PHONE)
    held: list[Route] = []
    amy.route("**/files", lambda route: held.append(route))  # a builtin would not be taken
    amy.goto(f"{demo.url}/forms/refund/new")
    _started(amy, "upload")
    proof = amy.locator("[id='f-payment_proof']")
    long = {**picture(), "name": "a-photograph-of-the-receipt-with-a-long-name-and-no-space-in-it.png"}
    proof.set_input_files([long])  # type: ignore[list-item]
    expect(amy.locator("[data-field=payment_proof] progress")).to_be_visible()
    _looks(amy)
    amy.locator("[data-field=payment_proof] .upload-file button").click()
    proof.set_input_files([{"name": "notes-that-nobody-can-look-at.txt", "mimeType": "text/plain", "buffer": b"x"}])
    expect(amy.locator("[data-field=payment_proof] .upload-file .field-error")).to_be_visible()
    _looks(amy)
    for route in held:
        route.abort()
