"""Refunds: the form, the flow, and paying money back through a gateway."""

from collections.abc import Mapping
from pathlib import Path

from ...platform.notifications import Template
from ...platform.text import LocalText
from ..api import Pack, Plugin
from .actions import PAY
from .evidence import Evidence

PACK = Pack(
    key="refunds",
    title={"en": "Web-shop refunds", "zh": "电商退款"},
    description={
        "en": "Full and partial refunds along four paths, approved by amount, paid back and put into stock.",
        "zh": "四种退款路径，按金额分级审批，自动打款并退货入库。",
    },
    folder=Path(__file__).parent / "definitions",
    needs=("inventory",),
)

REFUND_DONE = Template(
    key="refund_done",
    title={"en": "Your refund {number} is on its way", "zh": "您的退款 {number} 已处理"},
    body={
        "en": "We have paid your refund back. It arrives within three working days, depending on your bank.\n"
        "You can follow it at any time: {status_url}",
        "zh": "您的退款已原路退回，视银行情况三个工作日内到账。\n您可以随时查询进度：{status_url}",
    },
    event="run.finished",
)

ROLES: Mapping[str, LocalText] = {
    "service": {"en": "Customer service", "zh": "客服"},
    "warehouse": {"en": "Warehouse", "zh": "仓库"},
    "carrier": {"en": "Carrier contact", "zh": "物流对接"},
    "quality": {"en": "Quality check", "zh": "质检"},
    "finance": {"en": "Finance", "zh": "财务"},
    "director": {"en": "Directors", "zh": "总监"},
}

plugin = Plugin(
    key="refunds",
    title={"en": "Refunds", "zh": "退款"},
    field_types=(Evidence(),),
    actions=(PAY,),
    templates=(REFUND_DONE,),
    roles=ROLES,
    packs=(PACK,),
)
