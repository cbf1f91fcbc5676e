"""The action ``refund.pay``: money leaves, once."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ...flows.actions import Action, ActionContext, ActionFailed
from ...forms import catalogue
from ...platform.db import utc_text
from ...platform.text import msg
from .gateways import GatewayAway, Payout, PayoutRefused, gateway


def pay(context: ActionContext) -> Mapping[str, Any]:
    """Pay ``amount`` back by ``method``; the call's key makes every retry harmless."""
    payout = Payout(
        key=context.key,
        amount=_amount(context.argument("amount")),
        currency=_currency(context),
        method=str(context.argument("method")),
        account=context.arguments.get("account") or None,
        reference=context.record.number or str(context.record.id),
    )
    try:
        receipt = gateway().pay(payout)
    except PayoutRefused as error:
        raise ActionFailed(error.message, final=True) from error
    except GatewayAway as error:
        raise ActionFailed(error.message) from error
    return {"payment": receipt.id, "paid_at": utc_text(receipt.paid_at)}


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise ActionFailed(msg("%(value)s is no amount.", value=repr(value)), final=True) from error
    if not amount.is_finite() or amount <= 0:
        raise ActionFailed(msg("There is nothing to pay: the amount is %(value)s.", value=str(value)), final=True)
    return amount


def _currency(context: ActionContext) -> str:
    """Of the argument, else of the form's first money field."""
    if given := context.arguments.get("currency"):
        return str(given)
    form = catalogue.program(context.record.form, context.record.version).form
    return next((field.options.get("currency", "CNY") for field in form.fields if field.type == "money"), "CNY")


PAY = Action(
    name="refund.pay",
    label={"en": "Pay the refund", "zh": "执行退款"},
    perform=pay,
    parameters={
        "amount": {"en": "Amount", "zh": "金额"},
        "method": {"en": "Original route, bank card or e-wallet", "zh": "原路、银行卡或电子钱包"},
        "account": {"en": "Bank account", "zh": "银行账号"},
        "order": {"en": "Order", "zh": "订单"},
        "currency": {"en": "Currency; default: that of the form", "zh": "币种，默认取自表单"},
    },
    results={
        "payment": {"en": "Number of the payment", "zh": "支付流水号"},
        "paid_at": {"en": "When it was paid", "zh": "支付时间"},
    },
)
