"""Requests that every company has: leave, expenses, purchases."""

from collections.abc import Mapping
from pathlib import Path

from ...platform.text import LocalText
from ..api import Pack, Plugin

HERE = Path(__file__).parent

LEAVE = Pack(
    key="leave",
    title={"en": "Leave", "zh": "请假"},
    description={
        "en": "Days off counted by the calendar, a certificate where one is due, the lead and for longer leave the "
        "next level; personnel gets a copy.",
        "zh": "按工作日历计算天数，需要时上传证明，主管审批，长假由上级再审，并抄送人事。",
    },
    folder=HERE / "leave",
)
EXPENSE = Pack(
    key="expense",
    title={"en": "Expense claims", "zh": "费用报销"},
    description={
        "en": "Receipts and lines by kind, the lead and from 5,000 whoever has the limit; finance checks and pays.",
        "zh": "按类别填写明细与票据，主管审批，5000 起按额度逐级审批，财务复核打款。",
    },
    folder=HERE / "expense",
)
PURCHASE = Pack(
    key="purchase",
    title={"en": "Purchases", "zh": "采购"},
    description={
        "en": "What is needed, from whom, until when; three quotes and a director from 10,000, two persons above "
        "50,000; ordered and received.",
        "zh": "采购什么、向谁、何时需要；10000 起需比价并经总监审批，50000 以上须两人同意；下单并确认到货。",
    },
    folder=HERE / "purchase",
)
ROLES: Mapping[str, LocalText] = {
    "hr": {"en": "Personnel", "zh": "人事"},
    "purchasing": {"en": "Purchasing", "zh": "采购"},
}

plugin = Plugin(
    key="office",
    title={"en": "Office", "zh": "日常办公"},
    roles=ROLES,
    packs=(LEAVE, EXPENSE, PURCHASE),
)
