"""An administrator changes a threshold and a deadline on the JSON page, publishes, and the next request obeys."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from ..server import Server
from .conftest import Contexts, client_of, order_from, sign_in
from .pages import Fill, appears, decide, open_in_inbox, said


def _changed(text: str, medium_from: str) -> str:
    """The refund flow: small below 300, the first answer late after a second; ``medium`` begins where it is told."""
    flow: dict[str, Any] = json.loads(text)
    steps = {step["id"]: step for step in flow["steps"]}
    steps["first_answer"]["due"] = {"in": "PT1S", "clock": "always", "remind": ["PT0S"]}
    small, medium, _ = steps["level"]["branches"]
    small["when"], medium["when"] = {"amount": {"lt": "300"}}, {"amount": {"gte": medium_from, "lt": "5000"}}
    return json.dumps(flow, ensure_ascii=False, indent=2)


def test_a_threshold_is_changed_checked_and_published(company: Server, context: Contexts) -> None:
    ada = context().new_page()
    sign_in(ada, company.url, "ada")
    ada.goto(f"{company.url}/definitions/flow/refund/json")
    editor = ada.get_by_label("Definition (JSON)")

    editor.fill(_changed(editor.input_value(), medium_from="400"))
    ada.get_by_role("button", name="Check", exact=True).click()
    problem = ada.locator("#problems li").first
    expect(problem).to_contain_text("amount")
    problem.locator("a").first.click()
    expect(editor).to_be_focused()
    expect(ada.locator("aside")).to_contain_text("What it would change")

    editor.fill(_changed(editor.input_value(), medium_from="300"))
    ada.get_by_label("Why this change").fill("Small refunds up to 300 pass by rule")
    ada.get_by_role("button", name="Publish").click()
    said(ada, "2")
    expect(ada.locator(".versions li").first).to_contain_text("Small refunds up to 300 pass by rule")
    expect(ada.locator(".versions li").first).to_contain_text("in force")

    order = order_from(client_of(company, "amy"))["number"]
    number = _file_for(context().new_page(), company.url, order, "250")
    _reminded(context().new_page(), company.url, number)
    appears(ada, f"{company.url}/mails", f"Refund request {number}: approved")


def _file_for(amy: Page, url: str, order: str, price: str) -> str:
    sign_in(amy, url, "amy")
    fill = Fill(amy, url)
    fill.order(order)
    fill.choose(path="refund_only", reason="changed_mind")
    fill.line(0, "MUG-204", "1", price)
    expect(fill.field("amount")).to_have_text(f"¥{price}.00")
    expect(fill.route()).not_to_contain_text("Team lead")
    fill.field("conversation").fill("By telephone.")
    fill.prove()
    return fill.send()


def _reminded(bo: Page, url: str, number: str) -> None:
    """The bell says that the first answer is late; the answer then ends the request by rule."""
    sign_in(bo, url, "bo")
    appears(bo, f"{url}/notifications", f"Overdue: Refund request {number}")
    bo.get_by_role("link", name=f"Overdue: Refund request {number}").first.click()
    expect(bo.locator("h1")).to_contain_text(number)
    expect(bo.locator(".due-over").first).to_be_visible()
    decide(open_in_inbox(bo, url, number), "approve")
    said(bo, f"You approved {number}")
