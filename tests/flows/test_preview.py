"""A draft of a form in the builder's frame: drawn and followed like the real one, and nothing of it is stored."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from signoff.flows import preview
from signoff.forms.models import records
from signoff.platform import db, definitions
from signoff.platform.people import owners
from signoff.platform.people import service as people

from ..conftest import SignIn, definition
from .shop import order

pytestmark = pytest.mark.usefixtures("open_shop")


@pytest.fixture
def draft() -> dict[str, Any]:
    """The refund form with a field that is not in force: asked for on one path alone."""
    document: dict[str, Any] = deepcopy(definition("refund.form"))
    document["fields"].append({"key": "carrier", "type": "text", "label": {"en": "Carrier", "zh": "承运商"}})
    document["rules"].append({"when": {"path": "return"}, "show": ["carrier"], "require": ["carrier"]})
    return document


def drawn(sign_in: SignIn, document: Any, place: str = "", who: str = "ada", **sent: Any) -> TestResponse:
    with sign_in(who) as client:
        body = {"document": json.dumps(document), **sent}
        answer: TestResponse = client.post(f"/definitions/preview{place}", data=body)
        return answer


def number_of_records() -> int:
    with db.reading() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(records)).scalar_one())


def field_of(page: str, key: str) -> str:
    """The tag that a field begins with."""
    found = re.search(rf'<div class="field[^"]*" data-field="{key}"[^>]*>', page)
    return found.group() if found else ""


def test_the_draft_is_drawn_in_a_frame_of_ours_alone(sign_in: SignIn, draft: dict[str, Any]) -> None:
    answer = drawn(sign_in, draft)
    assert answer.status_code == 200
    assert field_of(answer.text, "carrier").endswith("hidden>")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_other_pages_stay_out_of_frames(sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        answer = client.get("/definitions")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_the_draft_follows_what_is_typed_and_says_where_it_would_go(sign_in: SignIn, draft: dict[str, Any]) -> None:
    order()  # and with it the product
    sent = {"f-path": "return", "f-lines": "", "f-lines-0": "1", "f-lines-0-product": "L-1000",
            "f-lines-0-quantity": "2", "f-lines-0-unit_price": "200"}  # fmt: skip
    answer = drawn(sign_in, draft, "/evaluate", by="amy", **sent)
    assert answer.status_code == 200, answer.text
    live = answer.json
    assert live is not None
    assert "carrier" in live["visible"]
    assert "carrier" in live["required"]
    assert live["outputs"]["f-amount"] == "¥400.00"
    assert "Li Na" in live["aside"]


def test_sending_says_what_is_missing_and_stores_nothing(sign_in: SignIn, draft: dict[str, Any]) -> None:
    before = number_of_records()
    answer = drawn(sign_in, draft, do="submit", **{"f-path": "return"})
    assert answer.status_code == 200
    assert 'href="#f-carrier"' in answer.text
    assert not field_of(answer.text, "carrier").endswith("hidden>")
    assert number_of_records() == before


def test_a_step_shows_what_its_people_see_with_what_was_typed_before(sign_in: SignIn, draft: dict[str, Any]) -> None:
    page = drawn(sign_in, draft, step="first_answer", **{"f-path": "return", "f-deduction": "7"}).text
    assert 'name="f-deduction"' in page  # edit
    assert 'name="f-amount"' not in page  # read
    assert not field_of(page, "inspection")  # hidden
    assert re.search(r'name="f-deduction"[^>]*value="7(\.00)?"', page)
    kept = re.search(r'name="kept" value="([^"]*)"', page)
    assert kept is not None
    assert "f-path" in kept.group(1)


@pytest.mark.parametrize(
    ("row", "spans"),
    [
        (["channel", "tier"], ["", ""]),
        ([{"field": "channel", "width": 8}, "tier"], ["8", "4"]),
        ([{"field": "channel", "width": 6}, "tier", "paid"], ["6", "3", "3"]),
        ([{"field": "channel", "width": 12}, "tier"], ["12", "1"]),
    ],
)
def test_fields_have_the_width_that_the_layout_gives_them(
    sign_in: SignIn, draft: dict[str, Any], row: list[Any], spans: list[str]
) -> None:
    draft["layout"] = [{"rows": [row]}]
    page = drawn(sign_in, draft).text
    keys = [each if isinstance(each, str) else each["field"] for each in row]
    found = [re.search(r"field-span-(\d+)", field_of(page, key)) for key in keys]
    assert [each.group(1) if each else "" for each in found] == spans
    assert ("form-row-12" in page) == any(spans)


def test_languages(sign_in: SignIn, draft: dict[str, Any]) -> None:
    page = drawn(sign_in, draft, language="zh").text
    assert "承运商" in page
    assert 'lang="zh-CN"' in page
    assert "Carrier" in drawn(sign_in, draft, language="en").text


def test_a_lookup_asks_the_draft(sign_in: SignIn, draft: dict[str, Any]) -> None:
    number = str(order().number)
    again = {"key": "other_order", "type": "lookup", "form": "sales_order", "label": "Other order"}
    draft["fields"].append(again)
    page = drawn(sign_in, draft).text
    url = re.search(r'data-url="([^"]*/lookup/other_order)"', page)
    assert url is not None
    with sign_in("ada") as client:
        found = client.get(url.group(1), query_string={"q": number}).json
    assert next(each["text"] for each in found["items"]).startswith(number)


def test_a_lookup_asks_the_kept_draft_where_another_process_drew_the_form(
    sign_in: SignIn, draft: dict[str, Any]
) -> None:
    number = str(order().number)
    draft["fields"].append({"key": "other_order", "type": "lookup", "form": "sales_order", "label": "Other order"})
    definitions.save_draft("form", "refund", draft, by="ada", base_version=1)
    with sign_in("ada") as client:
        for field, status in (("other_order", 200), ("order", 200), ("nothing", 404)):
            url = f"/definitions/preview/refund/{'0' * 24}/lookup/{field}"
            answer = client.get(url, query_string={"q": number})
            assert answer.status_code == status
            assert status != 200 or answer.json["items"][0]["text"].startswith(number)
        unknown = client.get(f"/definitions/preview/nothing/{'0' * 24}/lookup/order", query_string={"q": number})
        assert unknown.json == {"items": []}
    with sign_in("amy") as client:
        assert client.get(f"/definitions/preview/refund/{'0' * 24}/lookup/order").status_code == 403


def test_a_draft_that_cannot_be_drawn_says_why(sign_in: SignIn, draft: dict[str, Any]) -> None:
    draft["fields"][0]["type"] = "colour"
    answer = drawn(sign_in, draft)
    assert answer.status_code == 422
    assert "/fields/0/type" in answer.text
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("place", ["", "/evaluate"])
def test_only_who_may_look_at_the_form_previews(sign_in: SignIn, draft: dict[str, Any], place: str) -> None:
    assert drawn(sign_in, draft, place, who="amy").status_code == 403


def test_owners_look_with_their_own_eyes(sign_in: SignIn, draft: dict[str, Any]) -> None:
    owners.set_owners("refund", ["amy"], by="ada")
    page = drawn(sign_in, draft, who="amy", by="gao").text
    assert 'name="by" value="amy"' in page
    assert 'name="by" value="gao"' in drawn(sign_in, draft, by="gao").text


def test_a_flow_that_does_not_fit_the_draft_leaves_the_form_to_be_seen(draft: dict[str, Any]) -> None:
    draft["fields"] = [each for each in draft["fields"] if each["key"] == "carrier"]
    for part in ("layout", "rules", "summary", "public"):
        draft.pop(part)
    shown = preview.of(draft, people.person("ada"), step="lead")
    assert shown.flow is None
    assert shown.step == "start"


def test_drafts_are_forgotten_one_by_one(draft: dict[str, Any]) -> None:
    ada = people.person("ada")
    for number in range(preview.KEPT + 1):
        preview.of({**draft, "title": str(number)}, ada)
    first, second = ({**draft, "title": title} for title in ("0", "1"))
    kept = preview.drafted("refund", preview.token_of(second))
    forgotten = preview.drafted("refund", preview.token_of(first))
    assert kept is not None
    assert forgotten is not None
    assert "carrier" in kept.names
    assert "carrier" not in forgotten.names  # the form in force
