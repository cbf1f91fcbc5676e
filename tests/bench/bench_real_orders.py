"""A year of a real shop.

Import its orders, file its returns through HTTP, decide them as their approvers, kill the server in the middle, and see
that the money agrees to the cent.
"""

import io
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL import Image

from tests.bench import real_data
from tests.server import Server, Stubborn, command

DEFINITIONS = Path(__file__).parents[1] / "definitions"
PATHS = ("refund_only", "return", "unshipped", "in_transit")


def picture() -> bytes:
    """A small valid PNG that stands for evidence."""
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "#88aa99").save(content, "PNG")
    return content.getvalue()


PROOF = picture()


@dataclass
class Tally:
    """What happened to the returns."""

    filed: dict[int, Decimal] = field(default_factory=dict)  # record id: amount
    exact: int = 0
    refused: list[str] = field(default_factory=list)
    orderless: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    kills: int = 0


def main(database_url: str) -> None:
    if not real_data.present():
        print("the real orders are not here; set SIGNOFF_TEST_DATA to their folder")
        return
    with tempfile.TemporaryDirectory() as folder:
        Shop(Path(folder), database_url).play()


class Shop:
    """One run on one database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.env = {"SIGNOFF_DATA_DIR": str(folder / "data"), "SIGNOFF_API_LIMIT": "1000000 per minute"}
        if database_url:
            self.env["SIGNOFF_DATABASE_URL"] = database_url
        self.tally = Tally()
        self.server = Server(self.env, log=folder / "server.log")
        self.tokens: dict[str, str] = {}
        self.people = Stubborn(self.server, self.tokens)

    def play(self) -> None:
        command("apply", str(DEFINITIONS), env=self.env)
        self._import()
        for person in ("amy", "bo", "li", "zhou", "gao", "fang", "fei", "ma", "ada"):
            self.tokens[person] = command("token", person, env=self.env).stdout.strip()
        self.server.start()
        try:
            self._file_returns()
            self._decide_all()
        finally:
            self.server.stop()
        self._report()

    # -- the orders

    def _import(self) -> None:
        products, orders = self.folder / "products.csv", self.folder / "orders.csv"
        print(f"products: {real_data.write_products(products)}, order lines: {real_data.write_orders(orders)}")
        mapping = {"sku": "sku", "name": "name", "price": "price"}
        self._timed("import products", "product", products, mapping, None)
        mapping = {
            "shop_number": "invoice_no", "customer_name": "customer", "ordered_on": "ordered_on",
            "lines.product": "stock_code", "lines.quantity": "quantity", "lines.unit_price": "unit_price",
        }  # fmt: skip
        self._timed("import orders", "sales_order", orders, mapping, "invoice_no")

    def _timed(self, name: str, form: str, file: Path, mapping: dict[str, str], group_by: str | None) -> None:
        arguments = ["import", form, str(file), *(f"--map={key}={column}" for key, column in mapping.items())]
        if group_by:
            arguments += ["--group-by", group_by]
        before = time.monotonic()
        done = command(*arguments, env=self.env, check=False)
        seconds = time.monotonic() - before
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        lines = done.stdout.splitlines()
        print(f"{name}: {seconds:.1f} s, at most {peak:.0f} MB; {done.stderr.strip().splitlines()[-1]}")
        codes = Counter(line.split(": ")[2] for line in lines if line.count(": ") >= 2)
        for code, count in codes.most_common(5):
            print(f"  {count} × {code}, for example {next(line for line in lines if f': {code}: ' in line)}")

    # -- the returns

    def _file_returns(self) -> None:
        matches = real_data.matched_returns()
        fallback = _latest_orders()
        kill_at = len(matches) // 2
        for number, (line, invoice) in enumerate(matches):
            if number == kill_at:
                self._kill()
            self.tally.exact += invoice is not None
            self._file(number, line, invoice or fallback.get(line.customer))

    def _file(self, number: int, line: real_data.Line, invoice: str | None) -> None:
        order = self.people.find("amy", "sales_order", shop_number=invoice) if invoice else None
        product = self.people.find("amy", "product", sku=line.sku)
        if order is None or product is None:
            self.tally.orderless += 1
            return
        agent = "amy" if number % 2 else "bo"
        proof = self.people.upload(agent, "proof.png", PROOF, "image/png")["id"]
        values = {
            "channel": "web", "order": order, "path": PATHS[number % 4], "reason": "changed_mind",
            "lines": [{"product": product, "quantity": -line.quantity, "unit_price": line.price}],
            "conversation": f"{line.invoice}: {line.description}", "payment_proof": [proof],
        }  # fmt: skip
        answer = self.people.post(agent, "/forms/refund/records", {"values": values})
        if answer.status == 201:
            self.tally.filed[answer["id"]] = Decimal(answer["values"]["amount"])
        else:
            self.tally.refused.append(f"{line.invoice}: {answer.status} {answer.body.get('detail')}")

    def _decide_all(self) -> None:
        chance = random.Random(1)
        decided = 0
        kill_at = len(self.tally.filed)
        idle = 0
        while idle < 3:
            moved = 0
            for person in self.tokens:
                for task in self.people.get(person, "/inbox", limit=200)["items"]:
                    moved += self._decide(person, task, chance)
                    if (decided + moved) >= kill_at > 0:
                        self._kill()
                        kill_at = 0
            decided += moved
            idle = 0 if moved else idle + 1
            time.sleep(0 if moved else 1)

    def _decide(self, person: str, task: dict[str, Any], chance: random.Random) -> bool:
        body: dict[str, Any] = {"verdict": "complete", "values": FILLS.get(task["step"]["id"], {})}
        if task["step"]["kind"] == "approve":
            verdict = "reject" if chance.random() < 0.1 else "approve"
            body = {"verdict": verdict, "comment": "Not as the policy says." if verdict == "reject" else ""}
        answer = self.people.post(person, f"/tasks/{task['id']}/decision", body)
        self.tally.decisions[f"{task['step']['id']} {body['verdict']} {answer.status}"] += 1
        return answer.status == 200

    def _kill(self) -> None:
        self.server.kill()
        self.server.start()
        self.tally.kills += 1

    # -- the end

    def _report(self) -> None:
        from signoff import create_app
        from signoff.forms.models import records
        from signoff.platform import audit, config, db
        from signoff.plugins.sandbox_payments import ledger

        app = create_app(config.load(self.env))
        with app.app_context():
            with db.reading() as connection:
                rows = connection.execute(
                    records.select().where(records.c.form == "refund", records.c.status != "draft")
                ).all()
            payments, paid = ledger.total()
            found = audit.verify()
        by_status = Counter(row.status for row in rows)
        approved = [row for row in rows if row.status == "approved"]
        money = sum((Decimal(row.values["amount"]) for row in approved), Decimal(0))
        print(
            f"returns filed: {len(self.tally.filed)} ({self.tally.exact} against the order of that very product), "
            f"without any order of the customer: {self.tally.orderless}, refused: {len(self.tally.refused)}"
        )
        for line in self.tally.refused[:3]:
            print(f"  refused {line}")
        print(f"decisions: {dict(sorted(self.tally.decisions.items()))}")
        print(f"went: {dict(by_status)}; by path: {dict(Counter(row.values['path'] for row in approved))}")
        print(f"approved money: {money}; ledger: {payments} payments, {paid}; server killed {self.tally.kills} times")
        print(f"audit: {found.message}")
        agrees = (
            len(approved) > 0
            and money == paid
            and payments == len(approved)
            and {row.id for row in rows} == set(self.tally.filed)
            and set(by_status) <= {"approved", "rejected"}
            and found.ok
        )
        print("agrees to the cent, nothing lost, nothing doubled" if agrees else "DOES NOT AGREE")
        if not agrees:
            sys.exit(1)


FILLS: dict[str, dict[str, Any]] = {
    "intercept": {"intercepted": True},
    "recall": {"recall_promised": "recalled"},
    "inspect": {"inspection": "ok"},
}


def _latest_orders() -> dict[str, str]:
    """The last invoice of each known customer: for goods that were bought before the sample begins."""
    return {line.customer: line.invoice for line in real_data.orders() if line.customer and line.quantity > 0}
