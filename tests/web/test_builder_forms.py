"""The form builder: a new required field on one path by mouse and by keyboard, and what else admins do to a form."""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, ViewportSize, expect

from ..server import Api, Server
from .conftest import DESK, Contexts, axe_violations, client_of, sign_in
from .pages import Finger, overflow, pick

Begun = Callable[..., dict[str, Any]]
TABLET = ViewportSize(width=768, height=1024)
LAPTOP = ViewportSize(width=1280, height=800)

FORM: dict[str, Any] = {
    "schema": "form/1", "key": "parcel", "title": {"en": "Parcel", "zh": "包裹"}, "access": {"create": ["*"]},
    "summary": ["path"],
    "fields": [
        {"key": "path", "type": "choice", "label": {"en": "Way", "zh": "方式"}, "required": True,
         "options": [{"value": "send", "label": {"en": "Send", "zh": "寄出"}},
                     {"value": "return", "label": {"en": "Return", "zh": "退回"}}]},
        {"key": "weight", "type": "number", "label": {"en": "Weight", "zh": "重量"}},
        {"key": "note", "type": "text", "label": {"en": "Remark", "zh": "备注"}},
        {"key": "lines", "type": "table", "label": {"en": "Items", "zh": "明细"}, "columns": [
            {"key": "pieces", "type": "integer", "label": {"en": "Pieces", "zh": "件数"}},
            {"key": "price", "type": "money", "currency": "CNY", "label": {"en": "Price", "zh": "单价"}},
            {"key": "sum", "type": "money", "currency": "CNY", "label": {"en": "Sum", "zh": "小计"},
             "compute": "pieces * price"}]},
        {"key": "total", "type": "money", "currency": "CNY", "label": {"en": "Total", "zh": "合计"},
         "compute": "SUM(lines.sum)"}],
    "layout": [
        {"title": {"en": "Parcel", "zh": "包裹"}, "rows": [["path", "weight"], ["note"]]},
        {"title": {"en": "Contents", "zh": "内容"}, "rows": [["lines"], ["total"]]}],
    "rules": [{"when": {"path": "return"}, "require": ["note"]}],
}  # fmt: skip
FLOW: dict[str, Any] = {
    "schema": "flow/1", "key": "parcel", "title": {"en": "Parcels", "zh": "包裹"}, "form": "parcel", "steps": [
        {"id": "level", "kind": "route", "title": {"en": "How heavy?", "zh": "多重？"}, "branches": [
            {"id": "light", "title": {"en": "Light", "zh": "轻"}, "when": {"weight": {"lt": "10"}}, "steps": []},
            {"id": "heavy", "title": {"en": "Heavy", "zh": "重"}, "otherwise": True, "steps": [
                {"id": "lead", "kind": "approve", "title": {"en": "Team lead", "zh": "主管"}, "who": [{"manager": 1}],
                 "fields": {"note": "edit"}, "due": {"in": "P1D"}}]}]}],
}  # fmt: skip


@pytest.fixture
def begun(ada: Api) -> Begun:
    """``begun("parcel_1")``: the form in force under that key; ``flow=True``: with its flow."""

    def publish(key: str, *, flow: bool = False, **parts: Any) -> dict[str, Any]:
        form = {**deepcopy(FORM), "key": key, **parts}
        documents = [("forms", form)] + ([("flows", {**FLOW, "key": key, "form": key})] if flow else [])
        for kind, document in documents:
            answer = ada.post(f"/{kind}/{key}/publish", {"document": document, "note": "begun", "base_version": 0})
            assert answer.status == 200, answer.body
        return form

    return publish


def opened(contexts: Contexts, company: Server, key: str, viewport: ViewportSize = DESK, **options: Any) -> Page:
    page = contexts(viewport, **options).new_page()
    sign_in(page, company.url, "ada")
    page.goto(f"{company.url}/definitions/form/{key}")
    expect(page.locator("[data-started=builder]")).to_be_visible()
    expect(page.locator(".canvas")).to_be_visible()
    return page


def drafted(page: Page, ada: Api, key: str) -> dict[str, Any]:
    """The document as it was saved."""
    expect(page.locator("[data-save]")).to_have_attribute("data-state", "saved")
    document: dict[str, Any] = ada.get(f"/forms/{key}").body["draft"]["document"]
    return document


def card(page: Page, name: str) -> Locator:
    return page.locator(f".canvas [data-name='{name}'] .canvas-field-open")


def dragged(page: Page, what: Locator, x: float, y: float) -> None:
    """Drag by mouse to a point, in small steps as a hand does."""
    box = what.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 20, steps=3)
    page.mouse.move(x, y, steps=8)
    expect(page.locator(".canvas-line")).to_be_visible()
    page.mouse.up()


def tab_to(page: Page, target: Locator, *, back: bool = False) -> None:
    """Press Tab until the focus is there, as somebody does who has no mouse."""
    for _ in range(150):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    pytest.fail(f"Tab does not lead to {target}")


def said(page: Page) -> Locator:
    return page.locator("[data-announced]")


def published(page: Page, note: str) -> None:
    dialog = page.locator("dialog[open]")
    dialog.locator("#publish-note").fill(note)
    dialog.locator(".btn-primary").click()
    expect(page.locator(".builder-kind")).to_contain_text("2")


WORDS = {
    "en-GB": {"publish": "Publish", "value": "Return", "note": "Returns need a carrier"},
    "zh-CN": {"publish": "发布", "value": "退回", "note": "退回时须填承运商"},
}


def is_asked_for_on_one_path(company: Server, contexts: Contexts, key: str, field: str) -> None:
    """A real submission meets the new field where it should, on the page and in the API, and nowhere else."""
    amy = client_of(company, "amy")
    refused = amy.post(f"/forms/{key}/records", {"values": {"path": "return", "note": "Broken"}})
    assert refused.status == 422
    assert [each["path"] for each in refused.body["problems"]] == [f"/values/{field}"]
    assert amy.post(f"/forms/{key}/records", {"values": {"path": "send"}}).status == 201
    page = contexts().new_page()
    sign_in(page, company.url, "amy")
    page.goto(f"{company.url}/forms/{key}/new")
    box = page.locator(f"[id='f-{field}']")
    expect(box).to_be_hidden()
    page.locator("[id='f-path']").select_option("return")
    expect(box).to_be_visible()
    page.locator("[id='f-note']").fill("Broken")
    page.get_by_role("button", name="Send").last.click()
    expect(page.locator(".problems")).to_contain_text("Carrier")
    box.fill("Fast parcels")
    page.get_by_role("button", name="Send").last.click()
    page.wait_for_url(lambda url: "/records/" in url)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_required_field_on_one_path_by_mouse(
    company: Server, context: Contexts, begun: Begun, ada: Api, locale: str
) -> None:
    words, key = WORDS[locale], f"mouse_{locale[:2]}"
    begun(key)
    page = opened(context, company, key, locale=locale)
    below = page.locator("[data-name=note]").bounding_box()
    assert below is not None
    dragged(
        page,
        page.locator(".palette-type[data-type=text]"),
        below["x"] + below["width"] / 2,
        below["y"] + below["height"] - 6,
    )
    expect(page.locator("[data-name=text]")).to_be_visible()
    english, chinese = (page.locator(f".inspector [data-first] [data-language={each}]") for each in ("en", "zh"))
    english.fill("Carrier")
    chinese.fill("承运商")
    page.locator(".inspector input[type=checkbox]").first.check()
    expect(page.locator("[data-name=carrier]")).to_be_visible()  # its key follows its label
    page.locator("[data-add=show]").click()
    page.locator(".asked-rule select").nth(2).select_option(label=words["value"])
    assert drafted(page, ada, key)["rules"][1] == {"when": {"path": "return"}, "show": ["carrier"]}
    page.get_by_role("button", name=words["publish"], exact=True).click()
    published(page, words["note"])
    document = ada.get(f"/forms/{key}").body["document"]
    assert document["layout"][0]["rows"] == [["path", "weight"], ["note"], ["carrier"]]
    is_asked_for_on_one_path(company, context, key, "carrier")


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_required_field_on_one_path_by_keyboard(
    company: Server, context: Contexts, begun: Begun, ada: Api, locale: str
) -> None:
    words, key = WORDS[locale], f"keys_{locale[:2]}"
    begun(key)
    page = opened(context, company, key, locale=locale)
    press = page.keyboard.press
    tab_to(page, page.locator(".palette input"))
    page.keyboard.type("text")
    press("Enter")
    expect(said(page)).not_to_be_empty()
    own, other = ("en", "zh") if locale == "en-GB" else ("zh", "en")
    texts = {"en": "Carrier", "zh": "承运商"}
    expect(page.locator(f".inspector [data-first] [data-language={own}]")).to_be_focused()
    page.keyboard.type(texts[own])
    press("Tab" if own == "en" else "Shift+Tab")
    expect(page.locator(f".inspector [data-first] [data-language={other}]")).to_be_focused()
    page.keyboard.type(texts[other])
    tab_to(page, page.locator(".inspector input[type=checkbox]").first)
    press("Space")
    tab_to(page, page.locator("[data-add=show]"))
    press("Enter")
    expect(page.locator(".asked-rule select").first).to_be_focused()
    tab_to(page, page.locator(".asked-rule select").nth(2))
    press("ArrowDown")
    expect(page.locator(".asked-rule select").nth(2)).to_have_value("return")

    press("Escape")  # back to the form, where the new field is carried to its place
    expect(card(page, "carrier")).to_be_focused()
    for _ in range(3):
        before = said(page).inner_text()
        press("Alt+ArrowUp")
        expect(said(page)).not_to_have_text(before)
        expect(card(page, "carrier")).to_be_focused()
    assert drafted(page, ada, key)["layout"][0]["rows"] == [["path", "weight"], ["note"], ["carrier"]]

    tab_to(page, page.get_by_role("button", name=words["publish"], exact=True), back=True)
    press("Enter")
    expect(page.locator("#publish-note")).to_be_focused()
    page.keyboard.type(words["note"])
    press("Enter")
    expect(page.locator(".builder-kind")).to_contain_text("2")
    is_asked_for_on_one_path(company, context, key, "carrier")


def test_fields_are_dragged_beside_each_other_and_between_sections(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    begun("dragged")
    page = opened(context, company, "dragged")
    total = page.locator("[data-name=total]").bounding_box()
    assert total is not None
    dragged(page, page.locator("[data-name=note]"), total["x"] + total["width"] - 8, total["y"] + 30)
    expect(said(page)).to_contain_text("Remark: Contents, row 2 of 2, column 2 of 2.")
    assert [each["rows"] for each in drafted(page, ada, "dragged")["layout"]] == [
        [["path", "weight"]],
        [["lines"], ["total", "note"]],
    ]
    page.get_by_role("button", name="Undo", exact=True).click()
    assert drafted(page, ada, "dragged")["layout"] == FORM["layout"]


def test_keys_do_all_that_a_mouse_does(company: Server, context: Contexts, begun: Begun, ada: Api) -> None:
    begun("keys")
    page = opened(context, company, "keys")
    press = page.keyboard.press
    tab_to(page, card(page, "path"))
    press("ArrowDown")
    expect(card(page, "weight")).to_be_focused()
    press("Alt+ArrowUp")
    expect(said(page)).to_contain_text("Weight: Parcel, row 1 of 3.")
    press("Alt+ArrowRight")
    expect(said(page)).to_contain_text("row 1 of 2, column 1 of 2")
    press("Control+d")
    expect(card(page, "weight_2")).to_be_focused()
    press("Delete")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("[data-uses]")).to_have_text("Nothing uses it.")
    press("Enter")
    expect(page.locator("[data-name=weight_2]")).to_have_count(0)
    press("Enter")
    expect(page.locator(".inspector [data-first] input").first).to_be_focused()
    press("Escape")
    press("End")
    expect(card(page, "total")).to_be_focused()
    press("Alt+ArrowDown")
    expect(said(page)).to_contain_text("Total cannot move further that way.")
    press("Control+z")
    expect(page.locator("[data-name=weight_2]")).to_have_count(1)
    press("Control+Shift+z")
    expect(page.locator("[data-name=weight_2]")).to_have_count(0)


@pytest.mark.parametrize("hand", ["mouse", "keys", "finger"])
def test_a_field_goes_into_a_table_and_out_again(
    company: Server, context: Contexts, begun: Begun, ada: Api, hand: str
) -> None:
    begun(f"entered_{hand}")
    page = opened(
        context, company, f"entered_{hand}", has_touch=hand == "finger", viewport=TABLET if hand == "finger" else DESK
    )
    if hand == "keys":
        card(page, "note").focus()
        page.keyboard.press("Alt+Shift+ArrowDown")
    else:
        second = page.locator("[data-column='lines.price']").bounding_box()
        assert second is not None
        moved = dragged if hand == "mouse" else touched
        if hand == "finger":
            card(page, "note").tap()
        start = page.locator("[data-name=note]" if hand == "mouse" else "[data-name=note] .canvas-grip")
        moved(page, start, second["x"] + 4, second["y"] + second["height"] / 2)
    expect(said(page)).to_contain_text("Remark is a column of Items now.")
    form = drafted(page, ada, f"entered_{hand}")
    table = next(each for each in form["fields"] if each["key"] == "lines")
    expected = ["note", "pieces", "price", "sum"] if hand == "keys" else ["pieces", "note", "price", "sum"]
    assert [each["key"] for each in table["columns"]] == expected
    assert form["rules"] == [{"when": {"path": "return"}, "require": ["lines.note"]}]
    page.locator("[data-do=leave-table]").click()
    expect(said(page)).to_contain_text("Remark: Contents, row 2 of 3.")
    form = drafted(page, ada, f"entered_{hand}")
    assert form["layout"][1]["rows"] == [["lines"], ["note"], ["total"]]
    assert form["rules"] == FORM["rules"]


def touched(page: Page, what: Locator, x: float, y: float) -> None:
    """Dragged with a finger."""
    finger = Finger(page, what)
    finger.move(x, y)
    expect(page.locator(".canvas-line")).to_be_visible()
    finger.up()


def test_what_other_forms_ask_is_said_before_a_field_goes(company: Server, context: Contexts) -> None:
    page = opened(context, company, "sales_order")
    card(page, "customer_tier").click()
    page.keyboard.press("Delete")
    uses = page.locator("dialog[open] [data-uses]")
    expect(uses).to_contain_text("other form")
    expect(page.locator("dialog[open]")).to_contain_text("Refund request")
    page.keyboard.press("Escape")


def test_records_of_a_condition_are_found_by_typing(company: Server, context: Contexts, begun: Begun, ada: Api) -> None:
    mug = ada.get("/forms/product/records", q="MUG-204").body["items"][0]["id"]
    product = {"key": "product", "type": "lookup", "form": "product", "label": {"en": "Product", "zh": "商品"}}
    begun("looked", fields=[*FORM["fields"], product], rules=[{"when": {"product": mug}, "require": ["note"]}])
    page = opened(context, company, "looked")
    card(page, "note").click()
    value = page.locator(".asked-rule").get_by_role("combobox", name="Value")
    expect(value).to_have_value(re.compile("MUG-204"))
    pick(value, "lantern")
    expect(value).to_have_value(re.compile("LAN-101"))
    lantern = ada.get("/forms/product/records", q="LAN-101").body["items"][0]["id"]
    assert drafted(page, ada, "looked")["rules"][0]["when"] == {"product": lantern}
    page.locator(".asked-rule select").nth(1).select_option("in")
    pick(page.locator(".asked-rule").get_by_role("combobox", name="Add one"), "MUG-204")
    expect(page.locator(".asked-rule .search-chip")).to_have_count(2)
    assert drafted(page, ada, "looked")["rules"][0]["when"] == {"product": [lantern, mug]}


def test_the_items_of_a_checklist_say_what_they_hold_by_choice(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    proof = {"key": "proof", "type": "evidence", "label": "Proof", "items": [{"key": "photo", "label": "Photo"}]}
    begun("checklist", fields=[*FORM["fields"], proof])
    page = opened(context, company, "checklist")
    card(page, "proof").click()
    holds = page.locator(".item").get_by_label("What it holds")
    expect(holds).to_have_value("files")
    holds.select_option(label="A tick")
    assert drafted(page, ada, "checklist")["fields"][-1]["items"] == [
        {"key": "photo", "label": "Photo", "kind": "tick"}
    ]
    holds.select_option(label="Files")
    assert drafted(page, ada, "checklist")["fields"][-1]["items"] == [{"key": "photo", "label": "Photo"}]


def test_before_a_field_goes_it_is_said_what_uses_it(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    begun("used", flow=True)
    page = opened(context, company, "used")
    card(page, "note").click()
    page.locator(".inspector-head [aria-label='Remove Remark']").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("[data-uses]")).to_have_text("It is used by 1 rule, 1 flow step.")
    expect(dialog).to_contain_text("Team lead")
    dialog.get_by_role("button", name="Keep it").click()
    expect(page.locator("[data-name=note]")).to_have_count(1)
    card(page, "weight").click()
    page.keyboard.press("Delete")
    expect(dialog.locator("[data-uses]")).to_have_text("It is used by 1 flow branch.")
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("[data-name=weight]")).to_have_count(0)
    expect(page.locator(".problems-button")).to_contain_text("1 problem")
    assert drafted(page, ada, "used")["layout"][0]["rows"] == [["path"], ["note"]]


def test_a_new_key_goes_everywhere_and_unknown_parts_stay(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    form = begun("keyed")
    page = opened(context, company, "keyed")
    page.locator("#tab-json").click()
    editor = page.get_by_test_id("json")
    expect(editor).to_be_visible()
    page.locator("#tab-fields").click()
    page.get_by_role("button", name="Properties of column Pieces").first.click()
    page.locator(".inspector summary", has_text="Key and storage").click()
    box = page.locator(".inspector input.code").last
    box.fill("Sum!")
    expect(page.locator(".inspector .field-error")).to_contain_text("small letters")
    box.fill("count")
    box.press("Tab")
    expect(said(page)).to_contain_text("The key is count now")
    lines = drafted(page, ada, "keyed")["fields"][3]
    assert [each["key"] for each in lines["columns"]] == ["count", "price", "sum"]
    assert lines["columns"][2] == {**form["fields"][3]["columns"][2], "compute": "count * price"}


def test_parts_that_the_builder_does_not_know_survive_editing(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    form = begun("strange")
    strange = {**form, "x-whole": 1, "fields": [{**form["fields"][0], "x-field": {"a": [1]}}, *form["fields"][1:]],
               "layout": [{**form["layout"][0], "x-section": True}, form["layout"][1]]}  # fmt: skip
    body = {"document": strange, "base_version": 1, "revision": 0}
    assert ada.send("PUT", "/forms/strange/draft", body).status == 200
    page = opened(context, company, "strange")
    card(page, "path").click()
    expect(page.locator(".inspector")).to_contain_text("Other parts (JSON)")
    page.locator(".inspector [data-first] input").first.fill("Way of it")
    card(page, "path").focus()
    page.keyboard.press("Alt+ArrowUp")
    kept = drafted(page, ada, "strange")
    assert kept["x-whole"] == 1
    assert kept["fields"][0]["x-field"] == {"a": [1]}
    assert kept["layout"][0] == {**form["layout"][0], "x-section": True, "rows": [["path"], ["weight"], ["note"]]}


def test_types_of_plugins_are_found_and_bring_their_options(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    begun("plugged")
    page = opened(context, company, "plugged")
    page.locator(".palette input").fill("checklist")
    page.locator(".palette-type[data-type=evidence]").click()
    expect(page.locator("[data-name=evidence]")).to_be_visible()
    page.locator("[data-option=items] [data-language=en]").fill("Photo of the parcel")
    assert drafted(page, ada, "plugged")["fields"][-1]["items"][0]["label"]["en"] == "Photo of the parcel"


def test_choices_are_pasted_as_a_list(company: Server, context: Contexts, begun: Begun, ada: Api) -> None:
    begun("pasted")
    page = opened(context, company, "pasted")
    card(page, "path").click()
    page.get_by_role("button", name="Paste a list").click()
    area = page.get_by_label("The list")
    expect(area).to_have_value("Send | 寄出 | send\nReturn | 退回 | return")
    area.fill("Send back\t退回\nSend\nHold | 暂存 | on_hold")
    expect(page.locator("dialog[open]")).to_contain_text("3 choices")
    page.get_by_role("button", name="Take this list").click()
    assert drafted(page, ada, "pasted")["fields"][0]["options"] == [
        {"value": "return", "label": {"en": "Send back", "zh": "退回"}},
        {"value": "send", "label": {"en": "Send", "zh": "寄出"}},
        {"value": "on_hold", "label": {"en": "Hold", "zh": "暂存"}},
    ]


def test_formulas_are_completed_and_judged_while_they_are_written(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    begun("computed")
    page = opened(context, company, "computed")
    card(page, "total").click()
    formula = page.locator(".inspector").get_by_role("textbox", name="Formula")
    formula.fill("SUM(lines.su")
    expect(page.get_by_role("option").first).to_contain_text("lines.sum")
    formula.press("Enter")
    formula.press("End")
    page.keyboard.type(") * nothing")
    expect(page.locator(".inspector .formula-input")).to_contain_text("nothing")
    formula.fill("SUM(lines.sum) * 2")
    expect(page.locator(".inspector .formula-input.is-wrong")).to_have_count(0)
    assert drafted(page, ada, "computed")["fields"][4]["compute"] == "SUM(lines.sum) * 2"


def test_rules_are_rows(company: Server, context: Contexts, begun: Begun, ada: Api) -> None:
    begun("ruled")
    page = opened(context, company, "ruled")
    page.locator("#tab-rules").click()
    expect(page.locator(".rule-open").first).to_have_text("When Way is Return: Require Remark")
    page.locator(".rules-add [data-add=check]").click()
    rule = page.locator("[data-rule-card='1']")
    rule.get_by_role("button", name="Condition", exact=True).click()
    rule.get_by_label("Field", exact=True).select_option(label="Weight")
    rule.locator(".condition-op").select_option("lte")
    rule.locator(".condition-row input").fill("30")
    rule.locator("[data-language=en]").fill("Too heavy")
    rule.locator("[data-language=zh]").fill("太重")
    rule.get_by_label("at the field").select_option("weight")
    assert drafted(page, ada, "ruled")["rules"][1] == {
        "check": {"weight": {"lte": "30"}}, "message": {"en": "Too heavy", "zh": "太重"}, "at": "weight",
    }  # fmt: skip
    expect(page.locator(".problems-button")).to_contain_text("No problems")


def preview_of(page: Page) -> FrameLocator:
    page.locator("#tab-preview").click()
    frame = page.frame_locator(".preview-frame")
    expect(frame.locator("#record-form[data-started]")).to_be_visible()
    return frame


def test_the_preview_is_filled_and_says_where_it_would_go(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    begun("shown", flow=True)
    page = opened(context, company, "shown")
    card(page, "total").click()
    page.locator(".inspector").get_by_role("textbox", name="Formula").fill("SUM(lines.sum) * 3")
    frame = preview_of(page)
    pick(page.get_by_role("combobox", name="As", exact=True), "amy")
    expect(frame.locator("input[name=by]")).to_have_value("amy")
    frame.locator("[id='f-lines-0-pieces']").fill("2")
    frame.locator("[id='f-lines-0-price']").fill("100")
    expect(frame.locator("[id='f-total']")).to_have_text("¥600.00")
    frame.locator("[id='f-weight']").fill("12")
    expect(frame.locator(".route")).to_contain_text("Li Na")
    frame.locator("[id='f-weight']").fill("2")
    expect(frame.locator(".route")).not_to_contain_text("Li Na")
    frame.get_by_role("button", name="Try to send").last.click()
    expect(frame.locator(".problems")).to_contain_text("Way")

    page.get_by_label("Language").select_option("zh")
    expect(frame.locator("h1")).to_have_text("包裹")
    expect(frame.locator("[id='f-weight']")).to_have_value("2")
    page.get_by_label("At", exact=True).select_option("lead")
    expect(frame.locator("[id='f-note']")).to_be_visible()
    expect(frame.locator("[id='f-weight']")).to_have_count(0)
    page.get_by_label("At", exact=True).select_option("start")
    expect(frame.locator("[id='f-weight']")).to_have_value("2")
    page.get_by_role("button", name="Phone").click()
    expect(page.locator(".preview-stage.is-phone")).to_be_visible()
    page.get_by_role("button", name="Empty it").click()
    expect(frame.locator("[id='f-weight']")).to_have_value("")
    assert client_of(company, "amy").get("/forms/shown/records").body["items"] == []


def test_texts_stand_side_by_side_and_what_is_missing_stands_out(
    company: Server, context: Contexts, begun: Begun, ada: Api
) -> None:
    fields = deepcopy(FORM["fields"])
    del fields[1]["label"]["zh"]
    begun("texts", fields=fields)
    page = opened(context, company, "texts")
    page.locator("#tab-texts").click()
    expect(page.locator(".texts-count")).to_have_text("1 text is missing in a language")
    page.get_by_label("Only what is missing").check()
    page.get_by_label("Weight, Label, Chinese").fill("重量")
    expect(page.locator(".texts-count")).to_have_text("Every text is there in both languages.")
    assert drafted(page, ada, "texts")["fields"][1]["label"] == {"en": "Weight", "zh": "重量"}
    page.get_by_role("button", name="Weight").click()
    expect(page.locator(".inspector h2")).to_have_text("Weight")


def test_what_concerns_the_whole_form(company: Server, context: Contexts, begun: Begun, ada: Api) -> None:
    begun("whole")
    page = opened(context, company, "whole")
    inspector = page.locator(".inspector")
    expect(inspector.locator("h2")).to_have_text("Form settings")
    inspector.get_by_label("Number pattern").fill("PC-{yyyy}-{000}")
    expect(inspector).to_contain_text("-001")
    inspector.get_by_label("Shown in lists and inbox rows (at most 5): Add …").select_option(label="Weight")
    inspector.get_by_label("Customers may fill it without signing in").check()
    kept = drafted(page, ada, "whole")
    assert kept["number"] == "PC-{yyyy}-{000}"
    assert kept["summary"] == ["path", "weight"]
    assert kept["public"] == {"fill": True}


def test_sections_come_move_and_go(company: Server, context: Contexts, begun: Begun, ada: Api) -> None:
    begun("sections")
    page = opened(context, company, "sections")
    page.get_by_role("button", name="Add a section").click()
    page.locator(".inspector [data-language=en]").fill("Remarks")
    title = page.locator("[data-section-title='2']")
    expect(title).to_have_text("Remarks")
    title.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(said(page)).to_have_text("Remarks is section 2 of 3.")
    card(page, "note").click()
    page.locator(".inspector summary", has_text="Place").click()
    page.get_by_label("Section", exact=True).select_option(label="Remarks")
    page.get_by_label("Width").select_option("8")
    layout = drafted(page, ada, "sections")["layout"]
    assert [each["rows"] for each in layout] == [
        [["path", "weight"]],
        [[{"field": "note", "width": 8}]],
        [["lines"], ["total"]],
    ]
    page.locator("[data-section-title='1']").click()
    page.get_by_role("button", name="Remove the section, keep its fields").click()
    assert next(each["rows"] for each in drafted(page, ada, "sections")["layout"]) == [
        ["path", "weight"],
        [{"field": "note", "width": 8}],
    ]


def test_on_a_tablet_types_are_in_a_dialog(company: Server, context: Contexts, begun: Begun) -> None:
    begun("tablet")
    page = opened(context, company, "tablet", TABLET)
    card(page, "note").click()
    page.get_by_role("button", name="Add a field").click()
    page.locator("dialog[open] .palette-type[data-type=date]").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".inspector [data-first] [data-language=en]")).to_be_focused()
    expect(page.locator("[data-name=date]")).to_be_visible()


@pytest.mark.parametrize(
    ("viewport", "locale", "scheme"),
    [(DESK, "en-GB", "light"), (LAPTOP, "zh-CN", "dark"), (TABLET, "en-GB", "light")],
)
def test_everybody_can_use_it(
    company: Server, context: Contexts, begun: Begun, viewport: ViewportSize, locale: str, scheme: str
) -> None:
    key = f"axe_{viewport['width']}"
    begun(key, flow=True)
    page = opened(context, company, key, viewport, locale=locale, color_scheme=scheme)
    for name in ("path", "lines", "total"):
        card(page, name).click(position={"x": 12, "y": 8})
        page.evaluate("document.querySelectorAll('.inspector details').forEach((each) => { each.open = true; })")
        assert axe_violations(page) == []
        assert overflow(page) == []
    for tab in ("rules", "texts", "preview"):
        page.locator(f"#tab-{tab}").click()
        if tab == "rules":
            page.locator(".rule-open").first.click()
        if tab == "preview":
            preview_of(page)
        assert axe_violations(page) == []
        assert overflow(page) == []
