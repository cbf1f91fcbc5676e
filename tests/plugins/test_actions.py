"""What the built-in plugins do: money leaves once per key, goods move in whole pieces, and the ledger adds up."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from signoff.flows import actions
from signoff.flows.actions import ActionContext, ActionFailed
from signoff.forms import records, service
from signoff.platform import db
from signoff.platform.people import service as people
from signoff.plugins.refunds import gateways
from signoff.plugins.refunds.gateways import GatewayAway, Payout, PayoutRefused
from signoff.plugins.sandbox_payments import ledger
from signoff.plugins.sandbox_payments.ledger import SandboxGateway

from ..conftest import Clock, SignIn


def payout(key: str = "run:1:pay#1", **changes: Any) -> Payout:
    return Payout(
        **{
            "key": key, "amount": Decimal("12.30"), "currency": "CNY", "method": "bank", "account": "12345678",
            "reference": "RF-1", **changes,
        }
    )  # fmt: skip


@pytest.fixture
def product(shop: Flask) -> int:
    with shop.app_context():
        clerk = people.directory().person("ma")
        return service.submit("product", {"sku": "MUG", "name": "Mug", "price": "10.00"}, by=clerk).id


def call_of(record: int, action: str, **arguments: Any) -> ActionContext:
    with db.reading() as conn:
        found = records.fetch(conn, record)
    assert found is not None
    return ActionContext(
        key=f"run:1:{action}#1", arguments=arguments, record=found, run_id=1, now=found.created_at,
        asked_at=found.created_at,
    )  # fmt: skip


def on_hand(product: int) -> int:
    found: int = service.read_record(product, by=people.directory().persons["ada"]).values["on_hand"]
    return found


def test_a_gateway_pays_once_per_key(context: Flask, at: Clock) -> None:
    gateway = SandboxGateway()
    first = gateway.pay(payout())
    at.move(hours=1)
    assert gateway.pay(payout()) == first
    assert gateway.pay(payout("run:2:pay#1")).id != first.id
    assert ledger.total() == (2, Decimal("24.60"))


@pytest.mark.parametrize(("account", "error"), [("00000000", PayoutRefused), ("99999999", GatewayAway)])
def test_the_sandbox_refuses_what_it_is_asked_to(context: Flask, account: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=account):
        SandboxGateway().pay(payout(account=account))
    assert ledger.total() == (0, Decimal(0))


def test_the_ledger_pages_by_key(context: Flask) -> None:
    for number in range(5):
        SandboxGateway().pay(payout(f"key-{number}"))
    newest = ledger.ledger(limit=2)
    assert [row.key for row in newest] == ["key-4", "key-3"]
    assert [row.key for row in ledger.ledger(before=newest[-1].id, limit=2)] == ["key-2", "key-1"]


def test_without_a_gateway_the_action_is_tried_again(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "_gateways", {})
    with pytest.raises(GatewayAway, match="No payment gateway"):
        gateways.gateway()


@pytest.mark.parametrize(
    ("arguments", "final"),
    [
        ({"amount": "0", "method": "bank"}, True),
        ({"amount": "-1", "method": "bank"}, True),
        ({"amount": "NaN", "method": "bank"}, True),
        ({"amount": "ten", "method": "bank"}, True),
        ({"amount": "10", "method": "bank", "account": "00000000"}, True),
        ({"amount": "10", "method": "bank", "account": "99999999"}, False),
    ],
)
def test_what_cannot_be_paid_fails_for_good_and_who_does_not_answer_is_asked_again(
    shop: Flask, product: int, arguments: dict[str, str], final: bool
) -> None:
    with shop.app_context():
        with pytest.raises(ActionFailed) as caught:
            actions.find_action("refund.pay").perform(call_of(product, "pay", **arguments))
        assert caught.value.final is final
        assert ledger.total()[0] == 0


def test_a_payment_is_made_in_the_currency_of_the_form(shop: Flask, product: int) -> None:
    with shop.app_context():
        call = call_of(product, "pay", amount="10.00", method="original", account=None)
        result = actions.find_action("refund.pay").perform(call)
        assert result == actions.find_action("refund.pay").perform(call)
        assert [(row.amount, row.currency) for row in ledger.ledger()] == [("10.00", "CNY")]


@pytest.mark.parametrize(
    ("kind", "quantity", "left"),
    [("sales_return", "3", 3), ("sale", 3, -3), ("purchase", Decimal(5), 5), ("count", "-2", -2)],
)
def test_goods_move(shop: Flask, product: int, kind: str, quantity: Any, left: int) -> None:
    lines = [{"product": product, "quantity": quantity}, {"product": product, "quantity": None}, {"product": None}]
    with shop.app_context():
        result = actions.find_action("stock.move").perform(call_of(product, "move", kind=kind, lines=lines))
        assert result["count"] == 1
        assert on_hand(product) == left


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("sales_return", {"quantity": "1.5"}),
        ("sales_return", {"quantity": "-1"}),
        ("no_such_kind", {"quantity": "1"}),
        ("sale", {"quantity": "1", "product": 999999}),
    ],
)
def test_goods_that_cannot_move_fail_for_good(shop: Flask, product: int, kind: str, line: dict[str, Any]) -> None:
    with shop.app_context():
        call = call_of(product, "move", kind=kind, lines=[{"product": product, **line}])
        with pytest.raises(ActionFailed, match="stock") as caught:
            actions.find_action("stock.move").perform(call)
        assert caught.value.final
        assert on_hand(product) == 0


@pytest.mark.parametrize("missing", ["kind", "lines"])
def test_a_move_without_its_arguments_fails_for_good(shop: Flask, product: int, missing: str) -> None:
    arguments = {"kind": "sale", "lines": [{"product": product, "quantity": 1}], missing: None}
    with shop.app_context(), pytest.raises(ActionFailed, match=missing) as caught:
        actions.find_action("stock.move").perform(call_of(product, "move", **arguments))
    assert caught.value.final


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("fang", 200), ("amy", 403)])
def test_the_ledger_is_for_those_who_reconcile(company: Flask, sign_in: SignIn, who: str, status: int) -> None:
    with company.app_context():
        SandboxGateway().pay(payout(reference="RF-<b>1"))
    with sign_in(who) as client:
        answer = client.get("/sandbox-payments")
    assert answer.status_code == status
    assert ("RF-&lt;b&gt;1" in answer.text) is (status == 200)
