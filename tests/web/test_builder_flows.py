"""What administrators do in the flow builder: three changes, each by mouse and by keys alone, in both languages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from ..server import Api, Server
from .conftest import Contexts, axe_violations, client_of, order_from, sign_in
from .pages import Finger, overflow, picture

Hand = Literal["mouse", "keys"]
BOTH_WAYS = pytest.mark.parametrize(
    ("hand", "locale"), [("mouse", "en-GB"), ("mouse", "zh-CN"), ("keys", "en-GB"), ("keys", "zh-CN")]
)
TAB_STOPS = 160


@pytest.fixture(scope="module")
def request_of(company: Server) -> dict[str, Any]:
    """What a refund of amy's says, all but its lines."""
    amy = client_of(company, "amy")
    proof = amy.upload("proof.png", picture()["buffer"], "image/png")["id"]
    return {
        "order": order_from(amy)["id"], "path": "refund_only", "reason": "changed_mind",
        "conversation": "By telephone.", "payment_proof": [proof],
    }  # fmt: skip


@pytest.fixture(autouse=True)
def as_it_was(ada: Api) -> None:
    """The refund flow as the pack brings it, and no draft of it."""
    ada.send("DELETE", "/flows/refund/draft", None)
    if ada.get("/flows/refund")["version"] > 1:
        answer = ada.post("/flows/refund/versions/1/restore", {"note": "as it was"})
        assert answer.status in (200, 201), answer.body


class Builder:
    """The builder of one flow, by mouse or by keys."""

    def __init__(self, page: Page, company: Server, hand: Hand = "mouse", key: str = "refund") -> None:
        self.page = page
        self.hand = hand
        page.goto(f"{company.url}/definitions/flow/{key}")
        expect(page.locator(".flow-card.is-step").first).to_be_visible()

    def card(self, key: str) -> Locator:
        return self.page.locator(f"[data-key='{key}']")

    def drawer(self) -> Locator:
        return self.page.locator(".flow-drawer")

    def open(self, key: str) -> Locator:
        """Open a card in the drawer."""
        if self.hand == "mouse":
            self.card(key).click()
        else:
            self.walk_to(key)
            self.page.keyboard.press("Enter")
            expect(self.drawer().locator("h2")).to_be_focused()
        expect(self.drawer()).to_have_attribute("data-drawer", key)
        return self.drawer()

    def walk_to(self, key: str) -> None:
        """From anywhere into the tree, and along it with the arrow alone."""
        if self.page.locator("[role=treeitem]:focus").count() == 0:
            self.tab_to(self.page.locator("[role=treeitem][tabindex='0']"))
        self.page.keyboard.press("Home")
        for _ in range(TAB_STOPS):
            if self.card(key).evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{key} cannot be walked to")

    def tab_to(self, wanted: Locator) -> None:
        expect(wanted).to_be_visible()
        for _ in range(TAB_STOPS):
            if wanted.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{wanted} cannot be reached with Tab")

    def press(self, wanted: Locator) -> None:
        if self.hand == "mouse":
            wanted.click()
        else:
            self.tab_to(wanted)
            self.page.keyboard.press("Enter")

    def type(self, wanted: Locator, words: str) -> None:
        """Replace what an input says and leave it."""
        if self.hand == "mouse":
            wanted.click()
        else:
            self.tab_to(wanted)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(words)
        self.page.keyboard.press("Tab")

    def choose(self, wanted: Locator, value: str) -> None:
        """An option of a list; by keys, by the arrows of the closed list."""
        if self.hand == "mouse":
            wanted.select_option(value)
            return
        self.tab_to(wanted)
        self.page.keyboard.press("Home")
        for _ in range(TAB_STOPS):
            if wanted.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} cannot be chosen")

    def insert(self, key: str, place: str, words: str) -> None:
        """A step behind the card ``key``, found by typing."""
        if self.hand == "mouse":
            self.page.locator(f"[data-place='{place}']").click()
        else:
            self.walk_to(key)
            self.page.keyboard.press("+")
        search = self.page.locator(".flow-menu [role=combobox]")
        expect(search).to_be_focused()
        self.page.keyboard.type(words)
        if self.hand == "mouse":
            self.page.locator(".flow-menu [role=option]").first.click()
        else:
            self.page.keyboard.press("Enter")
        expect(self.drawer().locator("h2")).to_be_focused()

    def publish(self, why: str) -> None:
        self.press(self.page.locator(".builder-tools .btn-primary"))
        note = self.page.locator("#publish-note")
        expect(note).to_be_focused()
        expect(self.page.locator(".publish-changes li").first).to_be_visible()
        self.page.keyboard.type(why)
        self.page.keyboard.press("Enter")
        expect(self.page.locator(".publish-done")).to_be_visible()


@pytest.fixture
def page(company: Server, context: Contexts, request: pytest.FixtureRequest) -> Page:
    """Ada's page, in the language of the test where it has one."""
    callspec = getattr(request.node, "callspec", None)
    locale = callspec.params.get("locale", "en-GB") if callspec else "en-GB"
    made = context(locale=locale).new_page()
    sign_in(made, company.url, "ada")
    return made


def _route(ada: Api, values: dict[str, Any], quantity: int, price: str) -> list[str]:
    """At which steps people are asked for a refund of so many mugs."""
    lines = [{"product": "MUG-204", "quantity": quantity, "unit_price": price}]
    answer = ada.post("/route", {"flow": "refund", "by": "amy", "values": {**values, "lines": lines}})
    assert answer.status == 200, answer.body
    return [each["id"] for each in answer["steps"] if each["kind"] in ("approve", "work") and not each["skipped"]]


def _published(ada: Api) -> dict[str, Any]:
    document: dict[str, Any] = ada.get("/flows/refund")["document"]
    return document


def _step(document: dict[str, Any], key: str) -> dict[str, Any]:
    def walk(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for step in steps:
            yield step
            for branch in step.get("branches", []):
                yield from walk(branch["steps"])

    return next(step for step in walk(document["steps"]) if step["id"] == key)


@BOTH_WAYS
def test_a_threshold_is_changed(
    page: Page, company: Server, ada: Api, request_of: dict[str, Any], hand: Hand, locale: str
) -> None:
    assert _route(ada, request_of, 1, "250") == ["first_answer", "lead"]
    builder = Builder(page, company, hand)
    drawer = builder.open("level")
    builder.type(drawer.locator("[data-band='1'] [data-side=low]"), "300")
    expect(drawer.locator("[data-band='0'] [data-side=high]")).to_have_value("300")
    expect(drawer.locator(".band-fine")).to_be_visible()
    expect(builder.card("level/small")).to_contain_text("300 以下" if locale == "zh-CN" else "under 300")
    builder.publish("Small refunds up to 300 pass by rule")
    assert _route(ada, request_of, 1, "250") == ["first_answer"]
    assert _route(ada, request_of, 1, "300") == ["first_answer", "lead"]


@BOTH_WAYS
def test_a_second_approver_above_20000(
    page: Page, company: Server, ada: Api, request_of: dict[str, Any], hand: Hand, locale: str
) -> None:
    before = _route(ada, request_of, 10, "2500")
    builder = Builder(page, company, hand)
    drawer = builder.open("level")
    builder.press(drawer.locator("[data-band='2'] [data-do=split]"))
    expect(drawer.locator("#split-2")).to_be_focused()
    page.keyboard.type("20000")
    page.keyboard.press("Enter")
    expect(builder.card("level/large_2")).to_contain_text("20,000")
    builder.insert("both_2", "steps/2/branches/3/steps/2", "角色" if locale == "zh-CN" else "role")
    drawer = builder.drawer()
    builder.choose(drawer.locator("[data-who-kind]"), "head_of")
    builder.choose(drawer.locator("[data-who-operand]"), "warehouse")
    expect(drawer.locator(".whom-today")).to_contain_text("Ma Jun")
    builder.publish("A second approver above 20,000")
    after = _route(ada, request_of, 10, "2500")
    assert after == [f"{each}_2" if each in ("manager", "finance", "directors") else each for each in before] + [
        "approve_role"
    ]
    assert "approve_role" not in _route(ada, request_of, 3, "2500")


@BOTH_WAYS
def test_a_reminder_after_4_hours(
    page: Page, company: Server, ada: Api, request_of: dict[str, Any], hand: Hand, locale: str
) -> None:
    builder = Builder(page, company, hand)
    drawer = builder.open("lead")
    time = drawer.locator("#flow-tab-time")
    if hand == "mouse":
        time.click()
    else:
        builder.tab_to(drawer.locator("#flow-tab-who"))
        for _ in range(3):
            page.keyboard.press("ArrowRight")
    expect(time).to_have_attribute("aria-selected", "true")
    builder.press(drawer.locator("[data-do=add-reminder]"))
    added = drawer.locator("[data-reminder='2']")
    expect(added.locator(".duration-number")).to_have_value("4")
    expect(added.locator("select").last).to_have_value("after")
    builder.publish("A reminder after four hours")
    assert _step(_published(ada), "lead")["due"]["remind"] == ["-PT1H", "PT0S", "PT4H"]
    assert _route(ada, request_of, 1, "250") == ["first_answer", "lead"]


def _drafted(ada: Api, change: Any, key: str = "refund") -> dict[str, Any]:
    """Put a draft there that nobody would get by clicking."""
    document: dict[str, Any] = json.loads(json.dumps(_published(ada)))
    change(document)
    version = ada.get("/flows/refund")["version"] if key == "refund" else 0
    answer = ada.send("PUT", f"/flows/{key}/draft", {"document": document, "base_version": version})
    assert answer.status in (200, 201), answer.body
    return document


def _gap(document: dict[str, Any]) -> None:
    _step(document, "level")["branches"][1]["when"] = {"amount": {"gt": "200", "lt": "5000"}}


def test_what_falls_through_is_said_and_mended(page: Page, company: Server, ada: Api) -> None:
    _drafted(ada, _gap)
    builder = Builder(page, company)
    expect(builder.card("level")).to_contain_text("200.00")
    drawer = builder.open("level")
    fault = drawer.locator("[data-fault=gap]")
    expect(fault).to_contain_text("¥200.00 matches no branch.")
    assert axe_violations(page) == []
    fault.locator("[data-fix=flow_fix_down]").click()
    expect(drawer.locator(".band-fine")).to_be_visible()
    expect(drawer.locator("[data-band='1'] .band-closed").first).to_have_value("closed")
    expect(page.locator(".problems-button.is-error")).to_have_count(0)
    page.keyboard.press("ControlOrMeta+z")
    expect(drawer.locator("[data-fault=gap]")).to_be_visible()


def test_steps_move_by_keys_and_by_dragging_and_the_move_is_announced(page: Page, company: Server) -> None:
    builder = Builder(page, company, "keys")
    builder.walk_to("inspect")
    page.keyboard.press("Alt+ArrowLeft")
    expect(builder.card("inspect")).to_be_focused()
    said = page.locator("[data-announced]")
    expect(said).to_contain_text("place 1 in “In transit”")
    page.keyboard.press("Alt+ArrowDown")
    expect(said).to_contain_text("place 2 in “In transit”")
    page.keyboard.press("ControlOrMeta+z")
    expect(said).to_contain_text("Undone")

    target = page.locator("[data-place='steps/1/branches/3/steps/0']")
    target.scroll_into_view_if_needed()
    builder.card("intercept").hover()
    page.mouse.down()
    box = target.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] - 30, steps=4)
    page.mouse.move(box["x"] + 12, box["y"] + 12, steps=4)
    expect(target).to_have_class(re.compile("is-target"))
    page.mouse.up()
    expect(said).to_contain_text("“Stop the parcel” moved, place 1 in “Refund only”.")


def test_a_step_is_held_and_dragged_by_finger_on_a_tablet(company: Server, context: Contexts, ada: Api) -> None:
    tablet = context(ViewportSize(width=820, height=1180), has_touch=True).new_page()
    sign_in(tablet, company.url, "ada")
    builder = Builder(tablet, company)
    place = tablet.locator("[data-place='steps/2']").bounding_box()
    assert place is not None
    finger = Finger(tablet, builder.card("first_answer"))
    expect(tablet.locator("body.is-dragging-step")).to_be_visible()  # it was held long enough
    finger.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(tablet.locator("[data-place='steps/2'].is-target")).to_be_visible()
    finger.up()
    expect(tablet.locator("[data-announced]")).to_contain_text("place 2")
    expect(tablet.locator("[data-save]")).to_have_attribute("data-state", "saved")
    steps = ada.get("/flows/refund").body["draft"]["document"]["steps"]
    assert [each["id"] for each in steps][:2] == ["goods", "first_answer"]


def test_steps_are_copied_into_another_flow(page: Page, company: Server, ada: Api) -> None:
    def other(document: dict[str, Any]) -> None:
        steps = [{"id": "lead", "kind": "approve", "title": "Lead", "who": [{"manager": 1}], "due": {"in": "P1D"}}]
        document |= {
            "key": "order_check",
            "form": "sales_order",
            "title": "Order check",
            "steps": steps,
            "settings": {},
        }

    _drafted(ada, other, "order_check")
    builder = Builder(page, company, "keys")
    builder.walk_to("both")
    page.keyboard.press("ControlOrMeta+c")
    expect(page.locator("[data-announced]")).to_contain_text("copied")
    builder = Builder(page, company, "keys", "order_check")
    builder.walk_to("lead")
    page.keyboard.press("ControlOrMeta+v")
    expect(builder.card("both")).to_be_focused()
    expect(builder.card("directors")).to_contain_text("2 d")
    page.keyboard.press("ControlOrMeta+v")
    expect(builder.card("finance_2")).to_be_visible()
    expect(page.locator("[data-announced]")).to_contain_text("finance → finance_2")
    ada.send("DELETE", "/flows/order_check/draft", None)


def test_removing_says_what_goes_with_it(page: Page, company: Server) -> None:
    builder = Builder(page, company, "keys")
    builder.walk_to("both")
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 steps go with it.")
    page.keyboard.press("Enter")
    expect(builder.card("both")).to_have_count(0)
    expect(builder.card("manager")).to_be_focused()
    page.keyboard.press("ControlOrMeta+z")
    expect(builder.card("directors")).to_be_visible()


def test_what_it_does_not_know_survives(page: Page, company: Server, ada: Api) -> None:
    def strange(document: dict[str, Any]) -> None:
        _gap(document)
        _step(document, "level")["from_a_plugin"] = {"kept": True}

    _drafted(ada, strange)
    builder = Builder(page, company)
    drawer = builder.open("level")
    drawer.locator("[data-fix]").first.click()
    expect(page.locator("[data-save]")).to_have_attribute("data-state", "saved")
    page.reload()
    draft = json.loads(page.locator("#builder-boot").text_content() or "")["document"]
    assert _step(draft, "level")["from_a_plugin"] == {"kept": True}


def test_the_flowchart_can_be_kept(page: Page, company: Server, tmp_path: Path) -> None:
    Builder(page, company)
    page.locator("[data-do=sheet]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("tbody tr")).to_have_count(16)
    expect(dialog.locator("tbody tr").first).to_contain_text("30 min of working time")
    with page.expect_download() as taken:
        dialog.locator("[data-do=svg]").click()
    taken.value.save_as(tmp_path / "flow.svg")
    drawn = (tmp_path / "flow.svg").read_text(encoding="utf-8")
    assert all(words in drawn for words in ("First answer", "Owner: Customer service", "Inputs:", "Outputs:"))
    with page.expect_download() as taken:
        dialog.locator("[data-do=png]").click()
    taken.value.save_as(tmp_path / "flow.png")
    assert (tmp_path / "flow.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("size", [(1280, 800), (768, 1024)])
def test_axe_finds_nothing_and_nothing_stands_out(company: Server, context: Contexts, size: tuple[int, int]) -> None:
    page = context({"width": size[0], "height": size[1]}, color_scheme="dark").new_page()
    sign_in(page, company.url, "ada")
    builder = Builder(page, company)
    found = axe_violations(page)
    builder.open("lead")
    for tab in ("who", "fields", "actions", "time", "messages"):
        page.locator(f"#flow-tab-{tab}").click()
        found += axe_violations(page)
    for key in ("goods/return", "goods", "pay", "tell_customer", "both"):
        builder.open(key)
        found += axe_violations(page)
    page.locator("[data-do=settings]").click()
    page.locator(".flow-drawer summary").first.click()
    found += axe_violations(page)
    for shown in ("rights", "sheet"):
        page.locator(f"[data-do={shown}]").click()
        found += axe_violations(page)
        page.keyboard.press("Escape")
    assert found == []
    assert overflow(page) == []
