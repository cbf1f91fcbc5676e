"""kill -9 of the server, again and again while people file and decide: nothing accepted is lost, nothing is doubled."""

import random
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from signoff import create_app
from signoff.flows.models import runs, tasks
from signoff.forms.models import records
from signoff.platform import audit, config, db
from signoff.plugins.sandbox_payments import ledger

from . import postgres
from .bench.bench_real_orders import DEFINITIONS, PROOF
from .server import Server, Stubborn, command

REQUESTS = 30
KILLS = 4


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    env = {"SIGNOFF_DATA_DIR": str(tmp_path), "SIGNOFF_API_LIMIT": "1000000 per minute"}
    if request.param == "sqlite":
        yield env
    else:
        with postgres.database() as url:
            yield env | {"SIGNOFF_DATABASE_URL": url}


def _order(people: Stubborn, price: str) -> tuple[int, int]:
    """An order of one product at ``price``: its id and the product's."""
    product = people.post("ma", "/forms/product/records", {"values": {"sku": "S1", "name": "Lamp", "price": price}})
    lines = [{"product": product["id"], "quantity": 100, "unit_price": price}]
    values = {"customer_name": "Wang Fang", "ordered_on": "2026-03-01", "lines": lines}
    return people.post("amy", "/forms/sales_order/records", {"values": values})["id"], product["id"]


def _file_all(people: Stubborn, order: int, product: int, accepted: dict[int, Decimal]) -> None:
    for number in range(REQUESTS):
        agent = "amy" if number % 2 else "bo"
        proof = people.upload(agent, "proof.png", PROOF, "image/png")["id"]
        values: dict[str, Any] = {
            "order": order, "path": "return", "reason": "changed_mind", "conversation": f"Call {number}",
            "lines": [{"product": product, "quantity": 1 + number % 3, "unit_price": "100.00"}],
            "payment_proof": [proof],
        }  # fmt: skip
        answer = people.post(agent, "/forms/refund/records", {"values": values})
        assert answer.status == 201, answer.body
        accepted[answer["id"]] = Decimal(answer["values"]["amount"])


def _decide_all(people: Stubborn, filed: threading.Event, accepted: dict[int, Decimal]) -> None:
    """Everybody clears their inbox until every request has ended; a killed worker's jobs come back in 30 s."""
    end = time.monotonic() + 300
    while not (filed.is_set() and _all_ended(people, accepted)) and time.monotonic() < end:
        moved = 0
        for person in people.tokens:
            for task in people.get(person, "/inbox", limit=200)["items"]:
                work = task["step"]["kind"] != "approve"
                body = {"verdict": "complete", "values": {"inspection": "ok"}} if work else {"verdict": "approve"}
                moved += people.post(person, f"/tasks/{task['id']}/decision", body).status == 200
        time.sleep(0 if moved else 0.5)


def _all_ended(people: Stubborn, accepted: dict[int, Decimal]) -> bool:
    return all(people.get("amy", f"/records/{record}")["status"] != "open" for record in accepted)


def test_nothing_is_lost_or_doubled(settings: dict[str, str], tmp_path: Path) -> None:
    command("apply", str(DEFINITIONS), env=settings)
    tokens = {who: command("token", who, env=settings).stdout.strip() for who in ("amy", "bo", "li", "ma", "fang")}
    server = Server(settings, log=tmp_path / "server.log").start()
    try:
        order, product = _order(Stubborn(server, tokens), "100.00")
        accepted: dict[int, Decimal] = {}
        filed = threading.Event()
        failures: list[BaseException] = []

        def work(target: Any, *arguments: Any) -> None:
            try:
                target(Stubborn(server, tokens), *arguments)
            except BaseException as error:
                failures.append(error)
                filed.set()

        filing = threading.Thread(target=lambda: (work(_file_all, order, product, accepted), filed.set()))
        deciding = threading.Thread(target=work, args=(_decide_all, filed, accepted))
        filing.start()
        deciding.start()
        chance = random.Random(9)
        for _ in range(KILLS):
            filing.join(timeout=chance.uniform(0.3, 1.5))
            server.kill()
            server.start()
        filing.join()
        deciding.join()
    finally:
        server.stop()
    assert not failures
    _everything_holds(settings, accepted)


def _everything_holds(settings: dict[str, str], accepted: dict[int, Decimal]) -> None:
    app = create_app(config.load(settings))
    with app.app_context(), db.reading() as connection:
        rows = connection.execute(sa.select(records).where(records.c.form == "refund")).all()
        moves = connection.execute(sa.select(records).where(records.c.form == "stock_movement")).all()
        open_tasks = connection.execute(sa.select(sa.func.count()).where(tasks.c.open)).scalar_one()
        open_runs = connection.execute(sa.select(sa.func.count()).where(runs.c.ended_at.is_(None))).scalar_one()
        payments, paid = ledger.total()
        verified = audit.verify()
    assert {row.id for row in rows} == set(accepted)
    assert len({row.number for row in rows}) == len(rows) == REQUESTS
    assert {row.status for row in rows} == {"approved"}
    assert (open_tasks, open_runs) == (0, 0)
    assert (payments, paid) == (REQUESTS, sum(accepted.values()))
    assert len(moves) == REQUESTS
    assert verified.ok, verified.message
