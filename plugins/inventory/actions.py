"""The action ``stock.move``: line items become stock movements, in the transaction that completes the step."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ...flows.actions import Action, ActionContext, ActionFailed
from ...forms import service
from ...platform.errors import NotFound, Refused
from ...platform.text import msg

FORM = "stock_movement"
OUT = {"sale"}


def move(context: ActionContext) -> Mapping[str, Any]:
    """One movement per line with a product and a quantity; what goes out is written negative."""
    kind = str(context.argument("kind"))
    lines = context.argument("lines")
    movements = [_move(context, kind, line) for line in lines if line.get("product") and line.get("quantity")]
    return {"movements": movements, "count": len(movements)}


def _move(context: ActionContext, kind: str, line: Mapping[str, Any]) -> int:
    quantity = Decimal(str(line["quantity"]))
    values = {
        "kind": kind,
        "product": line["product"],
        "quantity": format(-quantity if kind in OUT else quantity, "f"),
        "note": context.record.number or str(context.record.id),
    }
    try:
        return service.submit(FORM, values, by=None, as_system=True).id
    except (Refused, NotFound) as error:
        raise ActionFailed(msg("The stock cannot be moved: %(reason)s", reason=error.message), final=True) from error


MOVE = Action(
    name="stock.move",
    label={"en": "Move stock", "zh": "库存出入"},
    perform=move,
    parameters={
        "kind": {"en": "purchase, sale, sales_return or count", "zh": "采购入库、销售出库、销售退货入库或盘点调整"},
        "lines": {"en": "Line items with product and quantity", "zh": "含商品与数量的明细"},
    },
    results={
        "movements": {"en": "The records that were made", "zh": "生成的出入库记录"},
        "count": {"en": "How many there are", "zh": "记录数"},
    },
    transactional=True,
)
