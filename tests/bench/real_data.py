"""The real orders and returns, as files and values that Signoff takes."""

import csv
import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(os.environ.get("SIGNOFF_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
ORDERS = DATA / "online-retail-orders.csv.gz"
RETURNS = DATA / "online-retail-returns.csv"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the shop's file, as it came."""

    number: int  # in the file, the header is 1
    invoice: str
    sku: str
    description: str
    quantity: int
    at: str
    price: str
    customer: str
    country: str


def present() -> bool:
    return ORDERS.exists() and RETURNS.exists()


def orders() -> Iterator[Line]:
    with gzip.open(ORDERS, "rt", encoding="utf-8", newline="") as text:
        yield from _lines(text)


def returns() -> Iterator[Line]:
    with RETURNS.open(encoding="utf-8", newline="") as text:
        yield from _lines(text)


def _lines(text: Iterator[str]) -> Iterator[Line]:
    for number, row in enumerate(csv.DictReader(text), start=2):
        yield Line(
            number, row["invoice_no"], row["stock_code"], row["description"].strip(), int(row["quantity"]),
            row["invoice_date"], row["unit_price"], row["customer_id"], row["country"],
        )  # fmt: skip


def customer_name(line: Line) -> str:
    return f"Customer {line.customer}" if line.customer else f"Walk-in, {line.country}"


def write_products(path: Path) -> int:
    """A CSV of the products that the orders name: the first description and the highest price; how many there are."""
    names: dict[str, str] = {}
    prices: dict[str, str] = {}
    for line in orders():
        names[line.sku] = names.get(line.sku) or line.description
        if float(line.price) >= float(prices.get(line.sku, "0")):
            prices[line.sku] = line.price
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["sku", "name", "price"])
        for sku, name in names.items():
            writer.writerow([sku, name or sku, prices[sku]])
    return len(names)


def write_orders(path: Path) -> int:
    """The order lines as CSV with the customer's name, line by line as in the shop's file; how many there are."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["invoice_no", "customer", "ordered_on", "stock_code", "quantity", "unit_price"])
        for line in orders():
            writer.writerow([line.invoice, customer_name(line), line.at[:10], line.sku, line.quantity, line.price])
            count += 1
    return count


def matched_returns() -> list[tuple[Line, str | None]]:
    """Each return with the invoice of the customer's latest earlier order of that product, or ``None``."""
    bought: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for line in orders():
        if line.customer and line.quantity > 0:
            bought.setdefault((line.customer, line.sku), []).append((line.at, line.invoice))
    found: list[tuple[Line, str | None]] = []
    for line in returns():
        earlier = [invoice for at, invoice in sorted(bought.get((line.customer, line.sku), [])) if at <= line.at]
        found.append((line, earlier[-1] if earlier else None))
    return found
