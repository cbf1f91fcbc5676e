"""The builder: what is typed is an edit, nothing is lost, two people at once, and what is published is meant."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, ViewportSize, expect

from ..server import Api, Server, serving
from .conftest import Contexts, axe_violations, client_of, demo_settings, sign_in
from .pages import pick

Begun = Callable[[str], dict[str, Any]]

FORM: dict[str, Any] = {
    "schema": "form/1", "key": "trip", "title": {"en": "Trip", "zh": "差旅"},
    "access": {"create": ["*"], "read": ["finance"]},
    "fields": [
        {"key": "purpose", "type": "text", "label": {"en": "Purpose", "zh": "事由"}, "required": True},
        {"key": "cost", "type": "money", "currency": "CNY", "label": {"en": "Cost", "zh": "费用"}, "required": True},
    ],
}  # fmt: skip
FLOW: dict[str, Any] = {
    "schema": "flow/1", "key": "trip", "title": {"en": "Trip approval", "zh": "差旅审批"}, "form": "trip",
    "steps": [
        {"id": "level", "kind": "route", "title": {"en": "How much?", "zh": "金额档位"}, "branches": [
            {"id": "small", "title": {"en": "Small", "zh": "小额"}, "when": {"cost": {"lt": "1000"}}, "steps": []},
            {"id": "large", "title": {"en": "Large", "zh": "大额"}, "when": {"cost": {"gte": "1000"}}, "steps": [
                {"id": "lead", "kind": "approve", "title": {"en": "Team lead", "zh": "主管"}, "who": [{"manager": 1}],
                 "due": {"in": "P1D"}}]}]},
        {"id": "finance", "kind": "approve", "title": {"en": "Finance", "zh": "财务"}, "who": [{"role": "finance"}],
         "due": {"in": "P1D"}}],
}  # fmt: skip


@pytest.fixture
def begun(ada: Api) -> Begun:
    """``begun("trip_1")``: a form and its flow of that key in force; the flow's document."""

    def publish(key: str) -> dict[str, Any]:
        form, flow = {**FORM, "key": key}, {**FLOW, "key": key, "form": key}
        for kind, document in (("forms", form), ("flows", flow)):
            body = {"document": document, "note": "begun", "base_version": 0}
            assert ada.post(f"/{kind}/{key}/publish", body).status == 200
        return flow

    return publish


def opened(context: BrowserContext, company: Server, path: str, person: str = "ada") -> Page:
    page = context.new_page()
    sign_in(page, company.url, person)
    page.goto(f"{company.url}/definitions/{path}")
    expect(page.locator("[data-started=builder]")).to_be_visible()
    return page


def write(page: Page, text: str) -> None:
    """Replace all that stands in the JSON view."""
    if page.get_by_test_id("json").count() == 0:
        page.locator("#tab-json").click()
    page.get_by_test_id("json").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def is_saved(page: Page) -> None:
    expect(page.locator("[data-save]")).to_have_attribute("data-state", "saved")


def draft(ada: Api, path: str) -> Any:
    return ada.get(f"/{path}").body["draft"]


def renamed(document: dict[str, Any], title: str) -> str:
    return json.dumps({**document, "title": title}, ensure_ascii=False, indent=2)


@pytest.mark.parametrize(
    ("locale", "undo", "kind"),
    [("en-GB", "Undo", "Flow"), ("zh-CN", "撤销", "流程")],
)
def test_json_is_an_edit_that_is_saved_and_undone(
    company: Server, context: Contexts, ada: Api, begun: Begun, locale: str, undo: str, kind: str
) -> None:
    key = f"edited_{locale[:2]}"
    flow = begun(key)
    page = opened(context(locale=locale), company, f"flow/{key}")
    expect(page.locator(".builder-kind")).to_contain_text(kind)
    write(page, renamed({**flow, "x-plugin": {"kept": 1}}, "Journeys"))
    expect(page.locator("h1")).to_have_text("Journeys")
    is_saved(page)
    assert draft(ada, f"flows/{key}")["document"]["x-plugin"] == {"kept": 1}
    page.get_by_role("button", name=undo, exact=True).click()
    expect(page.locator("h1")).not_to_have_text("Journeys")
    expect(page.locator("[data-announced]")).not_to_be_empty()
    page.locator("h1").click()
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("h1")).to_have_text("Journeys")
    page.reload()
    expect(page.locator("h1")).to_have_text("Journeys")


def test_nonsense_is_kept_and_given_up_only_by_hand(company: Server, context: Contexts, begun: Begun) -> None:
    flow = begun("nonsense")
    page = opened(context(), company, "flow/nonsense")
    write(page, '{"key": "nonsense", "title": oops')
    expect(page.locator(".json-mistake")).to_contain_text("“oops” is no value")
    expect(page.locator("h1")).to_have_text("Trip approval")
    page.locator("#tab-check").click()
    page.locator("#tab-json").click()
    expect(page.get_by_test_id("json")).to_contain_text("oops")
    page.get_by_role("button", name="Back to what the other views show").click()
    expect(page.get_by_test_id("json")).to_contain_text("Trip approval")
    expect(page.locator(".json-mistake")).to_have_count(0)
    write(page, renamed(flow, "Whole again"))
    expect(page.locator("h1")).to_have_text("Whole again")


def test_problems_stand_at_their_line_and_lead_to_their_place(company: Server, context: Contexts, begun: Begun) -> None:
    flow = begun("gaps")
    page = opened(context(), company, "flow/gaps")
    text = json.dumps(flow, ensure_ascii=False, indent=2).replace('"gte": "1000"', '"gte": "2000"')
    write(page, text)
    expect(page.locator(".problems-button.is-error")).to_be_visible()
    expect(page.locator(".cm-lint-marker-error").first).to_be_visible()
    page.locator(".problems-button").click()
    page.locator("dialog .problem.is-error").first.click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_test_id("json")).to_be_focused()


def test_a_lost_connection_loses_nothing(company: Server, context: Contexts, ada: Api, begun: Begun) -> None:
    flow = begun("offline")
    browser = context()
    page = opened(browser, company, "flow/offline")
    page.locator("#tab-json").click()
    expect(page.get_by_test_id("json")).to_be_visible()
    browser.set_offline(True)
    write(page, renamed(flow, "Under way"))
    expect(page.locator("[data-save]")).to_have_attribute("data-state", "offline")
    browser.set_offline(False)
    is_saved(page)
    assert draft(ada, "flows/offline")["document"]["title"] == "Under way"

    browser.set_offline(True)
    write(page, renamed(flow, "Left behind"))
    expect(page.locator("[data-save]")).to_have_attribute("data-state", "offline")
    page.close()
    browser.set_offline(False)
    again = browser.new_page()
    again.goto(f"{company.url}/definitions/flow/offline")
    expect(again.locator("h1")).to_have_text("Left behind")
    is_saved(again)
    assert draft(ada, "flows/offline")["document"]["title"] == "Left behind"


def test_an_expired_sign_in_loses_nothing(company: Server, context: Contexts, ada: Api, begun: Begun) -> None:
    flow = begun("expired")
    browser = context()
    page = opened(browser, company, "flow/expired")
    page.locator("#tab-json").click()
    browser.clear_cookies()
    write(page, renamed(flow, "Kept"))
    expect(page.locator("[data-save]")).to_have_attribute("data-state", "signed_out")
    sign_in(browser.new_page(), company.url, "ada")
    page.get_by_role("button", name="Try again").click()
    is_saved(page)
    assert draft(ada, "flows/expired")["document"]["title"] == "Kept"


def test_two_who_save_at_once_bring_both_together(company: Server, context: Contexts, ada: Api, begun: Begun) -> None:
    flow = begun("both")
    page = opened(context(), company, "flow/both")
    theirs = json.loads(json.dumps(flow))
    theirs["title"] = "Theirs"
    theirs["steps"][1]["title"] = "Bookkeeping"
    assert ada.send("PUT", "/flows/both/draft", {"document": theirs, "base_version": 1, "revision": 0}).status == 200
    mine = {**flow, "settings": {"withdraw": "never"}}
    write(page, renamed(mine, "Mine"))
    expect(page.locator("[data-save]")).to_have_attribute("data-state", "conflict")
    page.get_by_role("button", name="Compare").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("1 part was changed by both")
    dialog.locator("[data-difference='/title']").get_by_role("radio", name="Theirs").check()
    dialog.get_by_role("button", name="Bring together").click()
    expect(page.locator("h1")).to_have_text("Theirs")
    is_saved(page)
    kept = draft(ada, "flows/both")["document"]
    assert kept["settings"] == {"withdraw": "never"}
    assert kept["steps"][1]["title"] == "Bookkeeping"


def test_publishing_says_what_changes_and_asks_why(company: Server, context: Contexts, ada: Api, begun: Begun) -> None:
    flow = begun("published")
    page = opened(context(), company, "flow/published")
    text = json.dumps(flow, ensure_ascii=False, indent=2)
    write(page, text.replace("1000", "2000"))
    is_saved(page)
    page.get_by_role("button", name="Publish").first.click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator(".publish-changes li").first).to_contain_text("less than 2000")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_contain_text("Say in a word why.")
    dialog.get_by_label("Why this change").fill("Prices rose")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_contain_text("Version 2 is in force.")
    expect(dialog.get_by_role("link", name="Move running requests")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".builder-kind")).to_contain_text("version 2 in force")
    assert ada.get("/flows/published/versions").body["items"][0]["note"] == "Prices rose"

    page.locator("#tab-versions").click()
    expect(page.locator(".version-list > li")).to_have_count(2)
    page.locator(".version-list > li").nth(1).get_by_role("button", name="Put in force again").click()
    expect(page.locator(".builder-kind")).to_contain_text("version 3 in force")
    assert ada.get("/flows/published").body["document"] == flow


def test_whoever_publishes_second_sees_both_sides(company: Server, context: Contexts, ada: Api, begun: Begun) -> None:
    flow = begun("second")
    page = opened(context(), company, "flow/second")
    write(page, renamed(flow, "Mine"))
    is_saved(page)
    theirs = {**flow, "settings": {"withdraw": "always"}}
    body = {"document": theirs, "note": "theirs", "base_version": 1}
    assert ada.post("/flows/second/publish", body).status == 200
    page.get_by_role("button", name="Publish").first.click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Why this change").fill("mine")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_contain_text("version 2 meanwhile")
    dialog.get_by_role("button", name="Bring together").click()
    is_saved(page)
    page.get_by_role("button", name="Publish").first.click()
    dialog.get_by_label("Why this change").fill("both")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_contain_text("Version 3 is in force.")
    assert ada.get("/flows/second").body["document"] == {**theirs, "title": "Mine"}


def trying(page: Page) -> FrameLocator:
    """The test pane with its form drawn."""
    page.locator("#tab-test").click()
    frame = page.frame_locator(".test-pane .preview-frame")
    expect(frame.locator("#record-form[data-started]")).to_be_visible()
    expect(page.locator(".test-pane:not([data-drawing]) .route-end")).to_be_visible()
    return frame


def test_a_request_is_tried_and_becomes_a_case_that_publishing_runs(
    company: Server, context: Contexts, ada: Api, begun: Begun
) -> None:
    flow = begun("tried")
    page = opened(context(), company, "flow/tried")
    frame = trying(page)
    pick(page.get_by_role("combobox", name="Who asks"), "amy")
    expect(frame.locator("input[name=by]")).to_have_value("amy")
    frame.locator("[id='f-cost']").fill("500")
    expect(page.locator("[data-step=finance]")).to_be_visible()
    expect(page.locator("[data-step=lead]")).to_have_count(0)
    frame.locator("[id='f-cost']").fill("1500")
    expect(page.locator("[data-step=lead]")).to_contain_text("Li Na")
    expect(page.locator(".test-missing")).to_contain_text("1 thing is missing")
    page.get_by_label("Name of the case").fill("A dear trip")
    page.get_by_role("button", name="Save as a test case").click()
    is_saved(page)
    case = draft(ada, "flows/tried")["document"]["cases"][0]
    assert (case["by"], case["values"], case["expect"]["route"]) == ("amy", {"cost": "1500.00"}, ["lead", "finance"])
    expect(page.locator(".test-cases .is-fine")).to_be_visible()
    write(page, json.dumps({**flow, "cases": [case]}, ensure_ascii=False).replace('"1000"', '"2000"'))
    trying(page)
    expect(frame.locator("[id='f-cost']")).to_have_value(re.compile("1500"))
    expect(page.locator("[data-step=lead]")).to_have_count(0)
    expect(page.locator(".test-cases .is-error").first).to_be_visible()
    page.get_by_role("button", name="Expect what happens now").click()
    expect(page.locator(".test-cases .is-fine")).to_be_visible()
    expect(page.locator(".problems-button.is-error")).to_have_count(0)


def test_a_saved_case_is_opened_in_the_form_and_changed(
    company: Server, context: Contexts, ada: Api, begun: Begun
) -> None:
    flow = begun("opened")
    values = {"purpose": "Fair", "cost": "1500"}
    case = {"name": "Fair", "by": "bo", "at": "2026-03-02T01:00:00Z", "values": values, "expect": {"route": ["lead"]}}
    page = opened(context(), company, "flow/opened")
    write(page, json.dumps({**flow, "cases": [case]}))
    frame = trying(page)
    expect(page.locator(".test-cases .is-error").first).to_be_visible()
    page.get_by_role("button", name="Fair", exact=True).click()
    expect(frame.locator("[id='f-purpose']")).to_have_value("Fair")
    expect(page.get_by_role("combobox", name="Who asks")).to_have_value("Bo Wang")
    expect(page.locator("[data-step=lead]")).to_be_visible()
    frame.locator("[id='f-cost']").fill("10")
    expect(page.locator("[data-step=lead]")).to_have_count(0)
    page.get_by_role("button", name="Update “Fair”").click()
    expect(page.locator(".test-cases .is-fine")).to_be_visible()
    is_saved(page)
    kept = draft(ada, "flows/opened")["document"]["cases"]
    assert kept[0]["values"] == {"purpose": "Fair", "cost": "10.00"}
    assert kept[0]["at"] == case["at"]
    assert kept[0]["expect"]["route"] == ["finance"]

    write(page, json.dumps({**flow, "cases": [{**kept[0], "name": "Another name"}]}))
    page.locator("#tab-test").click()
    expect(page.get_by_role("button", name="Another name", exact=True)).to_be_visible()
    expect(page.locator(".test-cases .is-fine")).to_be_visible()


def test_a_draft_with_errors_says_why_there_is_no_route(company: Server, context: Contexts, begun: Begun) -> None:
    flow = begun("broken")
    page = opened(context(), company, "flow/broken")
    write(page, json.dumps(flow).replace('"approve"', '"dance"'))
    page.locator("#tab-test").click()
    frame = page.frame_locator(".test-pane .preview-frame")
    expect(frame.locator("[id='f-cost']")).to_be_visible()
    expect(page.locator(".test-route [role=alert]")).to_contain_text("/steps/")
    expect(page.get_by_label("Name of the case")).to_have_count(0)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".route-end")).to_be_visible()


def test_a_request_is_tried_by_keys_alone_in_chinese_on_a_tablet(
    company: Server, context: Contexts, ada: Api, begun: Begun
) -> None:
    begun("by_keys")
    page = opened(context(ViewportSize(width=820, height=1180), "zh-CN"), company, "flow/by_keys")
    frame = trying(page)
    asks = page.get_by_role("combobox", name="申请人")
    asks.focus()
    page.keyboard.type("amy")
    expect(asks).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".test-pane [role=option][aria-selected=true]")).to_have_text(re.compile("amy"))
    page.keyboard.press("Enter")
    expect(frame.locator("input[name=by]")).to_have_value("amy")
    expect(frame.locator("#record-form[data-started]")).to_be_visible()
    tab_into(page, frame, "f-cost")
    page.keyboard.type("1500")
    expect(page.locator(".test-short")).to_contain_text("Li Na")
    expect(page.locator("[data-announced]")).not_to_be_empty()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('test-short')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#test-route-title")).to_be_focused()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "test-name":
            break
    page.keyboard.type("贵的差旅")
    page.keyboard.press("Enter")
    is_saved(page)
    assert draft(ada, "flows/by_keys")["document"]["cases"][0]["name"] == "贵的差旅"
    expect(page.locator(".test-cases .is-fine")).to_be_visible()
    assert axe_violations(page) == []


def tab_into(page: Page, frame: FrameLocator, name: str) -> None:
    """On with the tabulator until the input of the frame's form has the focus."""
    wanted = frame.locator(f"[id='{name}']")
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted.evaluate("input => document.activeElement === input && document.hasFocus()"):
            return
    raise AssertionError(f"the tabulator does not lead to {name}")


def test_a_draft_is_replayed_against_the_past(company: Server, context: Contexts) -> None:
    page = opened(context(), company, "flow/refund")
    page.locator("#tab-replay").click()
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.locator(".figures dd").first).not_to_have_text("0")


def test_a_new_form_begins_with_its_name(company: Server, context: Contexts, ada: Api) -> None:
    page = opened(context(), company, "form/new")
    page.locator("[data-language=en]").fill("Travel report")
    expect(page.get_by_label("Key", exact=True)).to_have_value("travel_report")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("h1")).to_have_text("Travel report")
    is_saved(page)
    expect(page).to_have_url(f"{company.url}/definitions/form/travel_report")
    assert ada.get("/forms/travel_report").status == 404
    page.reload()
    expect(page.locator("h1")).to_have_text("Travel report")


def test_owners_change_what_others_may_not_see(company: Server, context: Contexts, ada: Api, begun: Begun) -> None:
    begun("owned")
    page = opened(context(), company, "flow/owned")
    page.locator("#tab-versions").click()
    pick(page.get_by_role("combobox", name="Add somebody"), "li")
    expect(page.locator(".owner-list")).to_contain_text("Li Na")
    li = opened(context(), company, "flow/owned", "li")
    expect(li.locator(".builder-tools .btn-primary")).to_be_visible()
    bo = context().new_page()
    sign_in(bo, company.url, "bo")
    answer = bo.goto(f"{company.url}/definitions/flow/owned")
    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(company: Server, context: Contexts, locale: str, scheme: str) -> None:
    page = opened(context(locale=locale, color_scheme=scheme), company, "flow/refund")
    for tab in ("check", "test", "replay", "versions", "json"):
        page.locator(f"#tab-{tab}").click()
        expect(page.locator(f"#tab-{tab}")).to_have_attribute("aria-selected", "true")
        if tab == "json":
            expect(page.get_by_test_id("json")).to_be_visible()
        assert axe_violations(page) == [], tab
    page.locator(".problems-button").click()
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".builder-tools .btn-primary").click()
    expect(page.locator("#publish-note")).to_be_visible()
    assert axe_violations(page) == []


def test_tabs_and_dialogs_go_by_keyboard(company: Server, context: Contexts) -> None:
    page = opened(context(), company, "flow/refund")
    page.locator("#tab-steps").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-check")).to_be_focused()
    expect(page.locator("#tab-check")).to_have_attribute("aria-selected", "true")
    page.locator(".problems-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".problems-button")).to_be_focused()


def test_the_json_view_completes_keys_and_words(company: Server, context: Contexts, ada: Api, begun: Begun) -> None:
    flow = begun("completed")
    page = opened(context(), company, "flow/completed")
    write(page, json.dumps({**flow, "settings": {}}, indent=2))
    is_saved(page)
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+f")
    page.keyboard.type('"settings": {')
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.type('"with')
    page.locator(".cm-tooltip-autocomplete li", has_text="withdraw").click()
    page.keyboard.type('"n')
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("until_decided")
    page.locator(".cm-tooltip-autocomplete li", has_text="never").click()
    page.locator("#tab-check").click()  # what is typed is read at once when the view is left
    is_saved(page)
    assert draft(ada, "flows/completed")["document"]["settings"] == {"withdraw": "never"}


def test_a_second_person_confirms_what_somebody_asked_to_publish(
    tmp_path_factory: pytest.TempPathFactory, context: Contexts
) -> None:
    folder = tmp_path_factory.mktemp("guarded")
    settings = {**demo_settings(folder), "SIGNOFF_SECOND_PERSON": "refund"}
    with serving(settings, log=folder / "server.log", command=("demo",)) as company:
        admin = client_of(company, "ada")
        assert admin.send("PUT", "/forms/refund/owners", {"owners": ["amy"]}).status == 200
        flow = admin.get("/flows/refund").body["document"]
        amy = opened(context(), company, "flow/refund", "amy")
        write(amy, renamed(flow, "Refunds"))
        expect(amy.locator("h1")).to_have_text("Refunds")
        is_saved(amy)
        amy.locator(".builder-tools .btn-primary").click()
        amy.locator("#publish-note").fill("Shorter")
        amy.locator("dialog[open] .btn-primary").click()
        expect(amy.locator("dialog[open]")).to_contain_text("second person confirms")
        page = opened(context(), company, "flow/refund")
        notice = page.locator("[data-waiting]")
        expect(notice).to_contain_text("Amy Chen asks to publish this.")
        notice.get_by_role("button", name="See what changes").click()
        expect(notice.locator("li").first).to_contain_text("Refunds")
        assert axe_violations(page) == []
        notice.get_by_role("button", name="Confirm and publish").click()
        expect(page.locator(".builder-kind")).to_contain_text("version 2 in force")
        expect(notice).to_have_count(0)
        assert admin.get("/flows/refund").body["published_by"] == "amy"
