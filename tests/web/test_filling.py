"""Filling a form in a browser: every field in every state, rows that a record brings, rules of rows, words at once."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from ..server import Api, Server
from .conftest import DESK, PHONE, SignedIn, axe_violations
from .pages import Fill

ApiOf = Callable[[str], Api]

CHOICES = [{"value": value, "label": {"en": f"Choice {value}", "zh": f"选项 {value}"}} for value in "abc"]
TYPES: dict[str, dict[str, Any]] = {
    "text": {"default": "Li Na"},
    "long_text": {"default": "Two\nlines"},
    "number": {"unit": "kg", "default": "1.5"},
    "integer": {"default": 3},
    "money": {"currency": "CNY", "default": "9.99"},
    "percent": {"default": "5"},
    "date": {"default": "2026-03-01"},
    "datetime": {"default": "2026-03-01T09:30:00Z"},
    "time": {"default": "09:30"},
    "choice": {"options": CHOICES, "default": "a"},
    "choices": {"options": CHOICES, "default": ["a", "b"]},
    "boolean": {"default": True},
    "email": {"default": "li@example.com"},
    "phone": {"default": "+86 138 0000 0000"},
    "url": {"default": "https://example.com/"},
    "rating": {"default": 4},
    "lookup": {"form": "product"},
    "file": {"multiple": True},
    "image": {},
    "signature": {},
    "person": {"default": "amy"},
    "department": {},
    "address": {},
    "evidence": {"items": [
        {"key": "photos", "label": "Photos"}, {"key": "seen", "label": "Seen", "kind": "tick"},
        {"key": "words", "label": "Words", "kind": "text"},
    ]},
    "table": {"min_rows": 1, "columns": [
        {"key": "what", "type": "text", "label": "What", "required": True},
        {"key": "many", "type": "integer", "label": "Many"},
    ]},
}  # fmt: skip


def states() -> dict[str, Any]:
    """Each type three times: required and empty, filled, and filled but locked."""
    fields: list[dict[str, Any]] = []
    rows, locked = [], []
    for name, options in TYPES.items():
        plain = {key: value for key, value in options.items() if key != "default"}
        label = {"en": name.replace("_", " ").capitalize(), "zh": f"字段 {name}"}
        several = [
            {
                "key": f"{name}_empty",
                "type": name,
                "label": label,
                "required": True,
                "help": "What it is for.",
                **plain,
            },
            {"key": f"{name}_filled", "type": name, "label": {"en": f"{name} filled", "zh": f"{name} 已填"}, **options},
            {"key": f"{name}_locked", "type": name, "label": {"en": f"{name} locked", "zh": f"{name} 锁定"}, **options},
        ]
        fields += several
        locked.append(f"{name}_locked")
        rows += [[each["key"]] for each in several] if name == "table" else [[each["key"] for each in several]]
    fields.append({"key": "note", "type": "note", "label": "A note", "help": "To be read."})
    return {
        "schema": "form/1", "key": "states", "title": {"en": "Every field", "zh": "所有字段"}, "fields": fields,
        "layout": [{"rows": rows}], "rules": [{"readonly": locked}], "public": {"fill": True},
    }  # fmt: skip


LINES = {
    "schema": "form/1", "key": "rows", "title": "Rows",
    "fields": [{"key": "lines", "type": "table", "label": "Lines", "columns": [
        {"key": "kind", "type": "choice", "label": "Kind", "options": CHOICES},
        {"key": "price", "type": "money", "currency": "CNY", "label": "Price"},
        {"key": "why", "type": "text", "label": "Why"},
    ]}],
    "rules": [
        {"when": {"kind": "b"}, "set": {"lines.price": "0"}},
        {"when": {"kind": ["b", "c"]}, "show": ["lines.why"]},
        {"when": {"kind": "c"}, "require": ["lines.why"]},
    ],
}  # fmt: skip

EARLY = {
    "schema": "form/1", "key": "early", "title": "Early",
    "fields": [
        {"key": "way", "type": "choice", "label": "Way", "options": [
            {"value": value, "label": value.capitalize()} for value in ("send", "return")
        ]},
        {"key": "carrier", "type": "text", "label": "Carrier"},
    ],
    "rules": [{"when": {"way": "return"}, "show": ["carrier"]}],
}  # fmt: skip

TWICE: dict[str, Any] = {
    "schema": "form/1", "key": "twice", "title": "Twice", "number": "T-{0000}", "access": {"edit": ["*"]},
    "fields": [
        {"key": "order", "type": "text", "label": {"en": "Order", "zh": "订单"}, "required": True},
        {"key": "hand", "type": "signature", "label": {"en": "Signature", "zh": "签名"}, "required": True},
    ],
    "rules": [{"duplicate": {"fields": ["order"], "do": "warn"}}],
}  # fmt: skip


def publish(api: ApiOf, document: dict[str, Any]) -> None:
    ada, key = api("ada"), document["key"]
    if ada.get(f"/forms/{key}").status == 404:
        answer = ada.post(f"/forms/{key}/publish", {"document": document, "note": "for a test", "base_version": 0})
        assert answer.status == 200, answer.body


def nothing_sticks_out(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_every_field_in_every_state_is_accessible(
    demo: Server, signed_in: SignedIn, api: ApiOf, viewport: Any, locale: str
) -> None:
    publish(api, states())
    page = signed_in("amy", viewport, locale)
    page.goto(f"{demo.url}/forms/states/new")
    assert axe_violations(page) == []
    nothing_sticks_out(page)
    page.locator("#record-form button[value=submit]:visible").last.click()
    summary = page.locator("#problems")
    expect(summary).to_be_focused()
    assert summary.locator("a").count() >= len(TYPES)
    assert axe_violations(page) == []
    nothing_sticks_out(page)


def test_tab_reaches_the_end_of_every_field(demo: Server, signed_in: SignedIn, api: ApiOf) -> None:
    publish(api, states())
    page = signed_in("amy")
    page.goto(f"{demo.url}/forms/states/new")
    page.locator("[id='f-text_empty']").focus()
    seen: list[str] = []
    for _ in range(400):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("document.activeElement.id || document.activeElement.value || document.activeElement.tagName")
        )
        if seen[-1] == "submit":
            break
    assert seen[-1] == "submit", seen[-5:]
    assert {f"f-{name}_filled" for name in ("number", "date", "choice", "lookup", "file", "person")} <= set(seen)


def test_customers_find_the_same_fields(demo: Server, context: Any, api: ApiOf) -> None:
    publish(api, states())
    page = context(PHONE).new_page()
    page.goto(f"{demo.url}/public/states")
    assert axe_violations(page) == []
    nothing_sticks_out(page)


def test_an_order_brings_its_items_and_a_button_brings_them_back(demo: Server, signed_in: SignedIn, order: str) -> None:
    page = signed_in("amy")
    filling = Fill(page, demo.url)
    expect(page.locator("[data-field='refunded_at']")).to_have_count(0)
    filling.pick("order", order)
    rows = page.locator("[id='f-lines'] tbody tr")
    expect(rows).to_have_count(2)
    expect(page.locator("[id='f-amount']")).to_have_text("¥27,500.00")
    assert axe_violations(page) == []
    rows.first.locator("[data-lines=remove]").click()
    expect(page.locator("[id='f-amount']")).to_have_text("¥2,500.00")
    rows.first.locator("[data-lines=remove]").click()
    expect(page.locator("[id='f-amount']")).to_have_text("¥0.00")
    expect(rows).to_have_count(1)
    page.locator("[data-lines=take]").click()
    expect(rows).to_have_count(2)
    expect(page.locator("[id='f-amount']")).to_have_text("¥27,500.00")


def test_what_is_wrong_is_said_before_the_server_answers(demo: Server, signed_in: SignedIn, order: str) -> None:
    page = signed_in("amy")
    Fill(page, demo.url).pick("order", order)
    expect(page.locator("[id='f-amount']")).to_have_text("¥27,500.00")
    page.route("**/evaluate*", lambda route: route.abort())
    page.locator("[id='f-deduction']").fill("-1")
    page.keyboard.press("Tab")
    expect(page.locator("[id='f-deduction-error']")).to_have_text("-1 is too little. At least 0.")
    page.locator("[id='f-deduction']").fill("1")
    expect(page.locator("[id='f-deduction-error']")).to_be_hidden()
    page.locator("[id='f-conversation']").focus()
    page.keyboard.press("Tab")
    expect(page.locator("[id='f-conversation-error']")).to_have_text(
        "“Summary of the conversation” is missing. Fill it in."
    )


def test_each_row_follows_its_own_rules_without_the_server(demo: Server, signed_in: SignedIn, api: ApiOf) -> None:
    publish(api, LINES)
    page = signed_in("amy")
    page.goto(f"{demo.url}/forms/rows/new")
    page.wait_for_load_state("networkidle")
    page.route("**/evaluate*", lambda route: route.abort())
    page.locator("[data-lines=add]").click()
    for place, kind in enumerate("ac"):
        page.locator(f"[id='f-lines-{place}-kind']").select_option(kind)
    expect(page.locator("[id='f-lines-0-why']")).to_be_hidden()
    expect(page.locator("[id='f-lines-1-why']")).to_be_visible()
    expect(page.locator("[id='f-lines-1-why']")).to_have_attribute("aria-required", "true")
    page.locator("[id='f-lines-0-kind']").select_option("b")
    expect(page.locator("[id='f-lines-0-price']")).to_have_value("0.00")
    expect(page.locator("[id='f-lines-0-price']")).not_to_be_editable()
    expect(page.locator("[id='f-lines-1-price']")).to_be_editable()
    assert axe_violations(page) == []


def test_what_was_entered_before_the_script_came_counts(demo: Server, signed_in: SignedIn, api: ApiOf) -> None:
    publish(api, EARLY)
    page = signed_in("amy")
    held: list[Route] = []
    page.route("**/assets/fill-*.js", lambda route: held.append(route))
    with page.expect_request("**/assets/fill-*.js"):
        page.goto(f"{demo.url}/forms/early/new")
    page.locator("[id='f-way']").select_option("return")
    expect(page.locator("[id='f-carrier']")).to_be_hidden()
    for each in held:
        each.continue_()
    expect(page.locator("[id='f-carrier']")).to_be_visible()


def test_a_checklist_of_which_nothing_is_asked_leaves_no_label(demo: Server, signed_in: SignedIn) -> None:
    amy = signed_in("amy")
    amy.goto(f"{demo.url}/forms/refund/new")
    evidence = amy.locator("[data-field=evidence]")
    expect(evidence).to_be_visible()
    amy.locator("[data-field^='evidence.']").evaluate_all("items => items.forEach((item) => { item.hidden = true; })")
    expect(evidence).to_be_hidden()


@pytest.mark.parametrize(("viewport", "locale"), [(DESK, "en-GB"), (PHONE, "zh-CN")], ids=["desk", "phone"])
def test_the_same_again_is_said_while_one_types_and_a_signature_is_drawn(
    demo: Server, signed_in: SignedIn, api: ApiOf, viewport: Any, locale: str
) -> None:
    publish(api, TWICE)
    page = signed_in("amy", viewport, locale)
    order, first = f"W-{locale}", ""
    for turn in range(2):
        page.goto(f"{demo.url}/forms/twice/new")
        page.wait_for_load_state("networkidle")
        page.locator("[id='f-order']").fill(order)
        box = page.locator("canvas").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 30, steps=5)
        page.mouse.up()
        expect(page.locator(".upload-file a")).to_have_text("signature.png")
        notice = page.locator("[data-doubles=order]")
        if turn:
            expect(notice.get_by_role("link")).to_have_attribute("href", "/" + first.removeprefix(f"{demo.url}/"))
            assert axe_violations(page) == []
            nothing_sticks_out(page)
            notice.get_by_role("checkbox").check()
        else:
            expect(notice).to_have_count(0)
        page.locator(".form-actions [value=submit]").click()
        page.wait_for_url("**/records/*")
        first = page.url
        expect(page.locator("img.signed")).to_be_visible()
