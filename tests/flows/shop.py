"""A shop to test flows in: a product, an order, requests for refunds of any amount, and who may do what about them."""

import io
from collections.abc import Mapping
from typing import Any

from signoff.flows import inbox
from signoff.flows.store import TaskRow
from signoff.forms import service as forms
from signoff.forms.records import Record
from signoff.platform import files
from signoff.platform.people import service as people
from signoff.platform.people.directory import Person

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def person(key: str) -> Person:
    return people.person(key)


def order(quantity: int = 1000, **more: Any) -> Record:
    """A sales order of ``quantity`` lamps at 100 each."""
    lamp = forms.submit("product", {"sku": f"L-{quantity}", "name": "Lamp", "price": "100"}, by=person("amy"))
    return forms.submit(
        "sales_order",
        {
            "shop_number": f"W-{quantity}",
            "customer_name": "Cui",
            "customer_email": "cui@example.org",
            "ordered_on": "2026-02-20",
            "lines": [{"product": lamp.id, "quantity": quantity, "unit_price": "100"}],
            **more,
        },
        by=person("amy"),
    )


def values(of: Record, pieces: int = 3, **more: Any) -> dict[str, Any]:
    """What amy fills in for a refund of ``pieces`` lamps of the order."""
    proof = files.store(io.BytesIO(PDF), "proof.pdf", by=str(more.pop("by", "amy")))
    return {
        "channel": "web",
        "order": of.id,
        "path": "refund_only",
        "reason": "late",
        "lines": [{"product": of.values["lines"][0]["product"], "quantity": pieces, "unit_price": "100"}],
        "method": "original",
        "conversation": "It never came.",
        "payment_proof": [proof.id],
        **more,
    }


def refund(pieces: int = 3, *, by: str = "amy", of: Record | None = None, **more: Any) -> Record:
    """A request that ``by`` filed: 3 lamps are 300, which the team lead decides."""
    filled: Mapping[str, Any] = values(of or order(pieces + 997), pieces, by=by, **more)
    return forms.submit("refund", filled, by=person(by))


def tasks_of(key: str) -> list[TaskRow]:
    """What waits for somebody, most urgent first."""
    return [each.task for each in inbox.find(person(key), inbox.Filter()).items]


def task_of(key: str) -> TaskRow:
    """The one task that waits for somebody."""
    found = tasks_of(key)
    assert len(found) == 1, found
    return found[0]
