"""Whom selectors mean today, without a request."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from signoff.flows.definition import Selector
from signoff.flows.whom import whom
from signoff.platform.people.directory import Delegation

from .playing import DIRECTORY, NOW


def _told(selector: Selector, submitter: str | None) -> str:
    """``bob dan 5000 (pool) ?amount``."""
    [found] = whom([selector], DIRECTORY, "claim", submitter, NOW)
    parts = [each.person.key + (f" {each.limit}" if each.limit is not None else "") for each in found.people]
    return " ".join([*parts, *(["(pool)"] if found.pool else []), *([f"?{found.needs}"] if found.needs else [])])


@pytest.mark.parametrize(
    ("selector", "submitter", "expected"),
    [
        (Selector("person", "bob"), None, "bob"),
        (Selector("person", "gone"), None, ""),
        (Selector("role", "finance"), None, "cay dan (pool)"),
        (Selector("role", "finance", "submitter.department"), None, "?submitter"),
        (Selector("role", "finance", "submitter.department"), "ann", "cay (pool)"),
        (Selector("manager", 1), None, "?submitter"),
        (Selector("manager", 1), "ann", "bob"),
        (Selector("manager_with_limit", "amount"), None, "?amount"),
        (Selector("head_of", "shop"), None, "bob"),
        (Selector("head_of", "submitter.department"), None, "?submitter"),
        (Selector("head_of", {"field": "dept"}), "ann", "?field"),
        (Selector("field", "owner"), "ann", "?field"),
        (Selector("approver_of", "lead"), "ann", "?step"),
        (Selector("submitter", True), None, "?submitter"),
        (Selector("submitter", True), "ann", "ann"),
        (Selector("from_a_plugin_that_went", "x"), "ann", ""),
    ],
)
def test_whom_they_mean(selector: Selector, submitter: str | None, expected: str) -> None:
    assert _told(selector, submitter) == expected


def test_up_the_line_only_those_whose_limit_grows_can_be_asked() -> None:
    [found] = whom([Selector("manager_with_limit", "amount")], DIRECTORY, "claim", "ann", NOW)
    limits = [each.limit for each in found.people]
    assert limits == sorted(limits, key=lambda each: each or Decimal(0))
    assert all(each is not None and each > 0 for each in limits)
    assert found.needs == "amount"


def test_who_acts_for_somebody_away_is_named() -> None:
    away = Delegation("bob", "cay", NOW - timedelta(days=1), NOW + timedelta(days=1))
    directory = replace(DIRECTORY, delegations=(away,))
    [found] = whom([Selector("person", "bob")], directory, "claim", None, NOW)
    [bob] = found.people
    assert bob.delegate is not None
    assert bob.delegate.key == "cay"


def test_the_api_tells_admins(shop: object, client: FlaskClient, token: Callable[[str], dict[str, str]]) -> None:
    body: dict[str, Any] = {"who": [{"manager": 1}, {"role": "finance"}], "form": "refund", "by": "amy"}
    answer = client.post("/api/v1/whom", json=body, headers=token("ada"))
    assert answer.status_code == 200, answer.json
    manager, finance = answer.json["items"]
    assert [each["name"] for each in manager["people"]] == ["Li Na"]
    assert finance["pool"] is True
    assert client.post("/api/v1/whom", json=body, headers=token("amy")).status_code == 403
    wrong = client.post("/api/v1/whom", json={"who": [{"manager": 1, "role": "x"}]}, headers=token("ada"))
    assert wrong.status_code == 422
