"""Refunds: the form, the flow, and paying money back through a gateway."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from ...flows import references, replies
from ...flows.references import Reference
from ...flows.replies import Reply
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

SUBSCRIPTION = Pack(
    key="subscription_refunds",
    title={"en": "Subscription refunds", "zh": "订阅退款"},
    description={
        "en": "The unused days of a term less promotions; proof of unsubscribing and usage; unwanted renewals by rule.",
        "zh": "按未使用天数退款并扣除优惠；需退订凭证与使用记录；非本人意愿续费按规则直接退款。",
    },
    folder=Path(__file__).parent / "subscription",
)
STORE = Pack(
    key="store_refunds",
    title={"en": "Store refunds", "zh": "门店退款"},
    description={
        "en": "Receipt and photos from the store, small amounts at once, the goods seen to at the end.",
        "zh": "门店上传小票与照片，小额当场退款，最后处理商品去向。",
    },
    folder=Path(__file__).parent / "store",
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
    "staff": {"en": "Staff", "zh": "员工"},
    "service": {"en": "Customer service", "zh": "客服"},
    "warehouse": {"en": "Warehouse", "zh": "仓库"},
    "carrier": {"en": "Carrier contact", "zh": "物流对接"},
    "quality": {"en": "Quality check", "zh": "质检"},
    "finance": {"en": "Finance", "zh": "财务"},
    "director": {"en": "Directors", "zh": "总监"},
}

# What people who run refunds publish (the reference figures of the domain): claims to be compared with.
REFERENCES = (
    Reference("refund", "days_to_end", {"en": "Days to the refund", "zh": "退款时长（天）"}, "3", "1"),
    Reference("refund", "content_share", {"en": "Satisfied customers", "zh": "客户满意度"}, "75", "90"),
    Reference("refund", "unhappy_share", {"en": "Complaints (score 1 or 2)", "zh": "投诉率（评分 1–2）"}, "15", "5"),
    Reference(
        "refund", "share_of", {"en": "Orders that see a refund", "zh": "发生退款的订单占比"}, "30", of="sales_order"
    ),
)

REPLIES = (
    Reply(
        "refund_missing_proof",
        {"en": "Payment proof is missing", "zh": "缺少支付凭证"},
        {
            "en": "Please attach the payment proof: a screenshot or the bill with date and amount. "
            "We go on as soon as it is there.",
            "zh": "请补充支付凭证：带日期和金额的截图或账单。收到后我们会立即继续处理。",
        },
        ("return",),
        ("refund",),
    ),
    Reply(
        "refund_missing_photos",
        {"en": "Photos are missing", "zh": "缺少照片"},
        {
            "en": "Please add photos of the damage and of the parcel with its label.",
            "zh": "请补充破损处及带面单的包裹照片。",
        },
        ("return",),
        ("refund",),
    ),
    Reply(
        "refund_out_of_time",
        {"en": "After the return period", "zh": "超出退货期限"},
        {
            "en": "The return period ended before this request. We cannot refund the amount, "
            "but gladly offer a coupon for the next order.",
            "zh": "申请时已超出退货期限，无法退款；我们愿意为您的下一单提供优惠券。",
        },
        ("reject",),
        ("refund",),
    ),
    Reply(
        "refund_worn",
        {"en": "The item shows signs of use", "zh": "商品有使用痕迹"},
        {
            "en": "The inspection found clear signs of use, so the item cannot be taken back at its full price.",
            "zh": "质检发现明显使用痕迹，无法按原价退回。",
        },
        ("reject",),
        ("refund",),
    ),
    Reply(
        "refund_agreed",
        {"en": "Agreed, money is on its way", "zh": "同意退款"},
        {"en": "Agreed. The money goes back the way it was paid.", "zh": "同意，款项将原路退回。"},
        ("approve",),
        ("refund",),
    ),
)
"""What service says again and again (D35); admins change it under Administration · Reply templates."""


def init(_app: Flask) -> None:
    """Put the reference figures onto the dashboard, and offer the replies."""
    for each in REFERENCES:
        references.register(each)
    for reply in REPLIES:
        replies.register(reply)


plugin = Plugin(
    key="refunds",
    title={"en": "Refunds", "zh": "退款"},
    field_types=(Evidence(),),
    actions=(PAY,),
    templates=(REFUND_DONE,),
    roles=ROLES,
    packs=(PACK, SUBSCRIPTION, STORE),
    init=init,
)
