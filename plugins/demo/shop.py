"""The demo's shop: products with stock, and orders of the last weeks. The same every time."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ...forms import service
from ...platform import clock, db
from ...platform.people import service as people

PRODUCTS = (
    ("LAN-101", "White metal lantern 白色金属提灯", "68.00"),
    ("MUG-204", "Stoneware mug, set of 4 粗陶马克杯四只装", "128.00"),
    ("TEA-310", "Tea for one set 单人茶具", "89.00"),
    ("KET-002", "Gooseneck kettle 手冲细口壶", "329.00"),
    ("GRD-015", "Hand coffee grinder 手摇磨豆机", "459.00"),
    ("ESP-900", "Espresso machine 半自动咖啡机", "5899.00"),
    ("BLN-120", "Wool blanket 羊毛毯", "399.00"),
    ("CUS-033", "Linen cushion cover 亚麻抱枕套", "59.00"),
    ("LMP-210", "Reading lamp 阅读灯", "269.00"),
    ("CHR-500", "Oak dining chair 橡木餐椅", "899.00"),
    ("TBL-510", "Oak dining table 橡木餐桌", "4680.00"),
    ("SOF-700", "Three-seat sofa 三人沙发", "7999.00"),
    ("RUG-330", "Cotton rug 120 x 180 棉质地毯", "520.00"),
    ("VAS-040", "Glass vase 玻璃花瓶", "79.00"),
    ("CND-009", "Scented candle 香薰蜡烛", "45.00"),
    ("APR-060", "Canvas apron 帆布围裙", "99.00"),
)

CUSTOMERS = (
    ("Wang Fang 王芳", "wang.fang@customer.example", "normal"),
    ("Chen Jie 陈杰", "chen.jie@customer.example", "vip"),
    ("Liu Yang 刘洋", "liu.yang@customer.example", "normal"),
    ("Zhao Lei 赵磊", "zhao.lei@customer.example", "normal"),
    ("Sun Mei 孙梅", "sun.mei@customer.example", "vip"),
    ("Olivia Brown", "olivia.brown@customer.example", "normal"),
    ("Zhou Tao 周涛", "zhou.tao@customer.example", "normal"),
    ("Emma Wilson", "emma.wilson@customer.example", "vip"),
)

ORDERS = 60


@dataclass(frozen=True, slots=True)
class Order:
    """What a request needs to know of an order; ``lines`` hold product id, quantity, unit price and total."""

    id: int
    lines: tuple[dict[str, Any], ...]
    total: Decimal


def fill(now: datetime) -> list[Order]:
    """Products, their first stock, and orders: the newest last."""
    chance = random.Random(20260302)  # noqa: S311 — the same shop every time
    clerk = people.directory().person("ma")
    with clock.fixed(now - timedelta(days=29)), db.transaction():
        products = {
            sku: service.submit("product", {"sku": sku, "name": name, "price": price, "reorder_at": 5}, by=clerk).id
            for sku, name, price in PRODUCTS
        }
        for sku, product in products.items():
            quantity = 6 if sku in ("SOF-700", "ESP-900", "TBL-510") else 40
            service.submit("stock_movement", {"kind": "purchase", "product": product, "quantity": quantity}, by=clerk)
    return [_order(number, chance, products, now) for number in range(ORDERS)]


def _order(number: int, chance: random.Random, products: dict[str, int], now: datetime) -> Order:
    at = now - timedelta(days=27 * (1 - number / ORDERS), hours=chance.randint(1, 8))
    name, email, tier = chance.choice(CUSTOMERS)
    chosen = chance.sample(PRODUCTS, chance.choice((1, 1, 2, 3)))
    lines = [
        {"product": products[sku], "quantity": chance.choice((1, 1, 1, 2)), "unit_price": price}
        for sku, _, price in chosen
    ]
    with clock.fixed(at), db.transaction():
        record = service.submit(
            "sales_order",
            {
                "shop_number": f"WEB-{41000 + number}",
                "customer_name": name,
                "customer_email": email,
                "customer_tier": tier,
                "ordered_on": at.date().isoformat(),
                "lines": lines,
                "state": "paid" if number > ORDERS - 8 else "received",
            },
            by=people.directory().person("amy"),
        )
    return Order(record.id, tuple(record.values["lines"]), record.values["total"])
