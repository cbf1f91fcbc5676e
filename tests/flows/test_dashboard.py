"""The dashboard: its numbers, the lists behind them, the workbook, and the same through the API."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
from flask import Flask

from signoff.flows import catalogue as flows
from signoff.flows import service, survey
from signoff.forms import catalogue as forms
from signoff.forms import service as filing
from signoff.platform import statements

from ..conftest import Clock, SignIn
from . import shop as at_shop
from .test_web import text

Token = Callable[[str], dict[str, str]]


@pytest.fixture(autouse=True)
def _busy(shop: Flask, context: Flask, at: Clock) -> None:
    """Three requests: one rejected and commented on, one waiting at the lead, one overdue for its first answer."""
    sold = at_shop.order(100)
    at_shop.refund(3, of=sold)
    made = at_shop.refund(4, of=sold, path="return", reason="changed_mind")
    at_shop.refund(5, of=sold)
    at.move(minutes=10)
    first, second, _ = at_shop.tasks_of("bo")
    service.decide(first.id, by=at_shop.person("bo"), verdict="approve")
    service.decide(second.id, by=at_shop.person("bo"), verdict="reject", comment="Used.")
    survey.give(survey.token_of(made.id), 5, "Friendly", language="en")
    at.move(hours=2)


@pytest.fixture
def board(sign_in: SignIn) -> Iterator[Any]:
    with sign_in("ada") as client:
        yield client


def _links(page: str) -> list[str]:
    return [each.replace("&amp;", "&") for each in re.findall(r'href="(/dashboard/requests[^"]*)"', page)]


def test_the_dashboard_says_volume_speed_lateness_and_satisfaction(board: Any) -> None:
    page = text(board.get("/dashboard?form=refund"))
    assert "Requests 3" in page
    assert "¥1,200.00" in page
    assert "First answer ≤ 30 min 100 %" in page
    assert "Overdue now 1" in page
    assert "Satisfied 100 %" in page
    assert "Return and refund" in page
    assert "Decisions by person" in page


def test_every_number_leads_to_its_list(board: Any) -> None:
    page = board.get("/dashboard?form=refund").get_data(as_text=True)
    links = _links(page)
    assert len(links) > 20
    for link in links:
        answer = board.get(link)
        assert answer.status_code == 200, link
    [returned] = {each for each in links if re.search(r"to=[\d-]+&axis=path&member=return$", each)}
    listed = text(board.get(returned))
    assert "State of the goods: Return and refund" in listed
    assert listed.count("RF-") == 1


@pytest.fixture
def _leave(context: Flask) -> None:
    """A second form with a flow, of which there is one request."""
    forms.publish_form(
        {
            "schema": "form/1", "key": "leave", "title": "Leave", "number": "LV-{0000}", "summary": ["days"],
            "fields": [{"key": "days", "type": "integer", "label": "Days"}],
        },
        by="ada",
    )  # fmt: skip
    step = {"id": "lead", "kind": "approve", "who": [{"manager": 1}], "due": {"in": "PT8H"}}
    flow = {"schema": "flow/1", "key": "leave", "title": "Leave", "form": "leave", "steps": [step]}
    flows.publish_flow(flow, by="ada")
    filing.submit("leave", {"days": 2}, by=at_shop.person("amy"))


@pytest.mark.usefixtures("_leave")
def test_numbers_over_all_forms_lead_to_requests_of_all_forms(board: Any) -> None:
    page = board.get("/dashboard?form=").get_data(as_text=True)
    [everything] = {each for each in _links(page) if re.search(r"requests\?from=[\d-]+&to=[\d-]+$", each)}
    listed = text(board.get(everything))
    assert "All forms 4" in listed
    assert listed.index("LV-0001") < listed.index("RF-")  # the last filed first
    for link in _links(page):
        assert board.get(link).status_code == 200, link


@pytest.mark.usefixtures("_leave")
@pytest.mark.parametrize("address", ["/dashboard?form=refund", "/dashboard?form="])
def test_no_number_of_a_table_stands_without_its_list(board: Any, address: str) -> None:
    page = board.get(address).get_data(as_text=True)
    shown = re.sub(r"<figure.*?</figure>", "", page, flags=re.S)  # what is drawn is the trend of a number above
    against = re.search(r'aria-labelledby="against".*?</section>', shown, re.S)
    ours = [each.group()[-300:] for each in re.finditer(r"<strong>.*?</strong>", against.group())] if against else []
    rows = shown.replace(against.group(), "") if against else shown
    cells = re.findall(r'<td class="number[^"]*">(.*?)</td>', rows, re.S) + ours
    said = [re.sub("<[^>]+>", "", each).strip() for each in cells]
    bare = [
        words for cell, words in zip(cells, said, strict=True) if words not in ("0", "–", "0 %") and "<a " not in cell
    ]
    assert len(cells) > 10
    assert bare == []


def test_the_dashboard_of_all_forms_leads_to_that_of_each(board: Any) -> None:
    page = board.get("/dashboard?form=").get_data(as_text=True)
    assert "refund" in page


def test_days_can_be_chosen(board: Any) -> None:
    page = text(board.get("/dashboard?form=refund&from=2026-02-01&to=2026-02-28"))
    assert "Requests 0" in page
    assert board.get("/dashboard?from=nonsense&to=2026-99-99&since=1000y").status_code == 200


def test_the_same_numbers_are_in_the_workbook(board: Any) -> None:
    answer = board.get("/dashboard.xlsx?form=refund")
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    book = openpyxl.load_workbook(io.BytesIO(answer.get_data()))
    head, now, *_ = book["Summary"].iter_rows(values_only=True)
    row = dict(zip(head, now, strict=True))
    assert (row["Requests"], row["Money"], row["Within 30 min"], row["Satisfied"]) == (3, 1200, 2, 1)
    assert {"Trend", "Time per step", "Overdue now", "People", "State of the goods"} <= set(book.sheetnames)


def test_the_same_numbers_come_through_the_api(shop: Flask, token: Token) -> None:
    client, headers = shop.test_client(), token("ada")

    def report(name: str, **asked: str) -> list[dict[str, Any]]:
        answer = client.get(f"/api/v1/reports/{name}", query_string={"form": "refund", **asked}, headers=headers)
        assert answer.status_code == 200
        found: list[dict[str, Any]] = answer.get_json()["items"]
        return found

    [summary] = report("summary")
    assert (summary["count"], summary["money"], summary["answered_in_time"], summary["content_share"]) == (
        3, "1200.00", 2, "1.000",
    )  # fmt: skip
    paths = {each["path"]: each["count"] for each in report("breakdown", by="path")}
    assert paths == {"refund_only": 2, "return": 1}
    assert report("trend", since="7d")[-1]["count"] == 3
    assert [each["count"] for each in report("overdue")] == [1]
    assert client.get("/api/v1/reports/breakdown?by=nothing", headers=headers).status_code == 422


def test_a_dashboard_asks_the_database_a_handful_of_times(board: Any) -> None:
    board.get("/dashboard?form=refund")
    with statements.watched() as seen:
        board.get("/dashboard?form=refund")
    counted = [each for each in seen if "signoff_figure" in each or "signoff_work_figure" in each]
    assert len(counted) < 22, len(counted)
    assert not [each for each in seen if "json_extract" in each or "->>" in each]


def test_somebody_who_may_count_nothing_sees_zeros(sign_in: SignIn) -> None:
    with sign_in("fei") as client:
        page = text(client.get("/dashboard?form=refund"))
    assert "Requests 0" in page
    assert "RF-" not in page
