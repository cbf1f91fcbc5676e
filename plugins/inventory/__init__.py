"""Products, sales orders and stock: plain forms, and the action that moves stock."""

from pathlib import Path

from ..api import Pack, Plugin
from .actions import MOVE

PACK = Pack(
    key="inventory",
    title={"en": "Orders and stock", "zh": "进销存"},
    description={
        "en": "Products, sales orders and stock movements; the stock on hand is always the sum of its movements.",
        "zh": "商品、销售订单与出入库，库存始终等于出入库之和。",
    },
    folder=Path(__file__).parent / "definitions",
)

plugin = Plugin(
    key="inventory",
    title={"en": "Inventory and sales", "zh": "进销存"},
    actions=(MOVE,),
    packs=(PACK,),
)
