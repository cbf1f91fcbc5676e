"""A schedule is set by somebody who never saw JSON: its arguments are inputs of the page, tried before they hold."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.platform import schedules
from signoff.platform.notifications import notifications_of
from signoff.platform.scheduler import run_due

from ..conftest import Clock, SignIn
from . import shop as at_shop

WHEN = {"title_en": "Look", "when": "every working day 09:00", "missed": "once", "active": "y"}
STANDSTILL = {
    **WHEN, "do": "records", "with-form": "sales_order", "with-unchanged_for-n": "5", "with-unchanged_for-unit": "days",
    "with-where-0-field": "state", "with-where-0-op": "eq", "with-where-0-value": "shipped",
    "with-then-notify-to": "role:warehouse",
}  # fmt: skip


@pytest.fixture
def ada(shop: Flask, context: Flask, at: Clock, sign_in: SignIn) -> Iterator[FlaskClient]:
    shop.config["WTF_CSRF_ENABLED"] = False
    with sign_in("ada") as browser:
        yield browser
    shop.config["WTF_CSRF_ENABLED"] = True


def _saved(browser: FlaskClient, typed: dict[str, Any]) -> Any:
    answer = browser.post("/schedules/add", data=typed)
    assert answer.status_code == 303, answer.text
    return schedules.find(answer.location.rsplit("/", 1)[1])[0].document


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ({"do": "digest"}, {}),
        ({"do": "digest", "with-to": ["role:service", "person:amy"]}, {"to": [{"role": "service"}, {"person": "amy"}]}),
        ({"do": "digest", "with-to-add": "amy chen"}, {"to": [{"person": "amy"}]}),
        ({"do": "report", "with-period-n": "1", "with-period-unit": "weeks", "with-to": "role:finance"},
         {"period": "P1W", "to": [{"role": "finance"}]}),
        ({"do": "clean_up", "with-what": ["notifications", "seen"], "with-older_than-n": "90",
          "with-older_than-unit": "days"},
         {"what": ["notifications", "seen"], "older_than": "P90D"}),
        # D16: orders without movement for more than five days
        (STANDSTILL,
         {"form": "sales_order", "where": {"state": "shipped"}, "unchanged_for": "P5D",
          "then": {"notify": {"to": [{"role": "warehouse"}]}}}),
        # D36: a survey two days after the end
        ({"do": "records", "with-form": "refund", "with-status": ["approved", "rejected"], "with-ended_for-n": "2",
          "with-ended_for-unit": "days", "with-then-notify-to": "field:customer_email",
          "with-then-notify-template": "survey"},
         {"form": "refund", "status": ["approved", "rejected"], "ended_for": "P2D",
          "then": {"notify": {"to": [{"field": "customer_email"}], "template": "survey"}}}),
        # D34: a call-back after the refund, as a record of another form
        ({"do": "records", "with-form": "refund", "with-ended_for-n": "3", "with-ended_for-unit": "hours",
          "with-then-open-form": "product", "with-then-open-values-0-field": "sku",
          "with-then-open-values-0-from": "number", "with-then-open-values-1-field": "name",
          "with-then-open-values-1-value": "Call back", "with-then-open-values-2-field": "price"},
         {"form": "refund", "ended_for": "PT3H",
          "then": {"open": {"form": "product", "values": {"sku": {"field": "number"}, "name": "Call back"}}}}),
    ],
    ids=["digest", "digest of some", "digest of one", "report", "clean up", "standstill", "survey", "call-back"],
)  # fmt: skip
def test_each_work_is_set_without_json(ada: FlaskClient, typed: dict[str, Any], wanted: dict[str, Any]) -> None:
    document = _saved(ada, {**WHEN, **typed})
    assert document["with"] == wanted
    page = ada.get(f"/schedules/{document['key']}")
    assert page.status_code == 200
    assert "With what (JSON)" not in page.text


def test_what_is_drawn_is_what_stands_there(ada: FlaskClient) -> None:
    """Saving a page as it is changes nothing."""
    document = _saved(ada, STANDSTILL)
    page = ada.get(f"/schedules/{document['key']}").text
    assert '<option value="shipped" selected>' in page
    assert 'value="role:warehouse" checked' in page
    assert 'name="with-unchanged_for-n" value="5"' in page
    again = ada.post(f"/schedules/{document['key']}", data=STANDSTILL)
    assert again.status_code == 303
    assert schedules.find(document["key"])[0].version == 1


def test_a_key_is_made_of_the_name(ada: FlaskClient) -> None:
    typed = {**WHEN, "title_en": "Orders: 5 days", "do": "digest"}
    assert _saved(ada, typed)["key"] == "orders_5_days"
    assert _saved(ada, typed)["key"] == "orders_5_days_2"
    assert _saved(ada, {**WHEN, "title_en": "", "title_zh": "每日摘要", "do": "digest"})["key"] == "digest"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"with-unchanged_for-n": "five"}, "is no whole number"),
        ({"with-then-notify-to": "", "with-then-open-form": ""}, "Nothing follows."),
        ({"with-then-notify-to-add": "Nobody"}, "Nobody, or more than one, is called"),
        ({"with-form": ""}, "Name the form of the records"),
        ({"with-where-0-field": "ordered_on", "with-where-0-value": "someday"}, "someday"),
        ({"when": "sometimes"}, "is no time of a schedule"),
    ],
)
def test_what_is_wrong_stands_at_its_input(ada: FlaskClient, typed: dict[str, str], said: str) -> None:
    answer = ada.post("/schedules/add", data={**STANDSTILL, **typed})
    assert answer.status_code == 422
    assert said in answer.text
    for target in {each.split('"')[0] for each in answer.text.split('<li><a href="#')[1:]}:
        assert f'id="{target}"' in answer.text


def test_a_condition_that_rows_cannot_say_stays(ada: FlaskClient) -> None:
    where = {"not": {"state": "shipped"}}
    arguments = {"form": "sales_order", "where": where, "then": {"notify": {"to": [{"person": "ada"}]}}}
    document = {"schema": "schedule/1", "key": "deep", "title": "Deep", "when": "every day 09:00", "do": "records",
                "with": arguments}  # fmt: skip
    schedules.publish(document, by="ada")
    page = ada.get("/schedules/deep").text
    assert "not (State is Shipped)" in page
    kept = {key: value for key, value in STANDSTILL.items() if "where" not in key}
    ada.post("/schedules/deep", data={**kept, "with-where-kept": '{"not":{"state":"shipped"}}'})
    assert schedules.find("deep")[0].document["with"]["where"] == where


def test_redrawing_keeps_what_is_being_filled(ada: FlaskClient) -> None:
    filling = {"with-where-1-field": "ordered_on", "with-then-open-form": "product",
               "with-then-open-values-0-field": "price"}  # fmt: skip
    drawn = ada.post("/schedules/add", data={**STANDSTILL, **filling, "do_what": "redraw"})
    assert drawn.status_code == 200
    assert 'type="date"' in drawn.text
    assert '<option value="price" selected>' in drawn.text
    other = ada.post("/schedules/add", data={**STANDSTILL, "do_what": "redraw", "do": "clean_up", "drawn": "records"})
    assert "What is removed" in other.text


def test_it_is_tried_before_it_holds(ada: FlaskClient, context: Flask, at: Clock, sign_in: SignIn) -> None:
    made = at_shop.order()
    at.move(days=6)
    with sign_in("ada") as browser:
        _try_and_save(browser, context, str(made.number))


def _try_and_save(ada: FlaskClient, context: Flask, number: str) -> None:
    typed = {**STANDSTILL, "with-where-0-field": "", "with-then-notify-to": "person:ada"}
    tried = ada.post("/schedules/add", data={**typed, "do_what": "try"})
    assert "It would concern 1." in tried.text
    assert number in tried.text
    assert not schedules.everything()
    assert not notifications_of("ada").items
    document = _saved(ada, typed)
    schedules.run_now(document["key"])
    run_due(context)
    again = ada.post(f"/schedules/{document['key']}", data={**typed, "do_what": "try"})
    assert "It would find nothing and tell nobody." in again.text


@pytest.mark.parametrize("do", ["digest", "report", "records", "clean_up"])
def test_every_work_can_be_tried_over_the_api(shop: Flask, context: Flask, at: Clock, token: Any, do: str) -> None:
    client, headers = shop.test_client(), token("ada")
    works = client.get("/api/v1/schedules/works", headers=headers).json["items"]
    work = next(each for each in works if each["name"] == do)
    assert {argument["path"] for argument in work["arguments"]} >= {
        f"/{key}" for key in work["example"] if key != "then"
    }
    document = {"schema": "schedule/1", "key": "it", "title": "It", "when": "every day 09:00", "do": do,
                "with": work["example"]}  # fmt: skip
    tried = client.post("/api/v1/schedules/try", json={"document": document}, headers=headers)
    assert tried.status_code == 200, tried.text
    assert tried.json["count"] >= 0
    assert client.post("/api/v1/schedules/try", json={"document": {}}, headers=headers).status_code == 422
    assert client.post("/api/v1/schedules/try", json={"document": document}, headers=token("amy")).status_code == 403
