"""Everything goes wrong at once, under load: processes, connections, clock, disk, mail and webhooks.

Afterwards nothing accepted is lost, nothing is doubled, everybody outside has heard of everything, and every request is
where its history says. With ``SIGNOFF_TEST_FAULTS=3`` each thing goes wrong three times, also with procrastinate;
without it once. ``SIGNOFF_TEST_SEED`` says in which order and when (1).
"""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import sqlalchemy as sa
from flask import Flask
from standardwebhooks.webhooks import Webhook as Verifier

from signoff import create_app
from signoff.flows import catalogue as flows
from signoff.flows.models import runs, tasks
from signoff.forms import catalogue as forms
from signoff.forms.models import records
from signoff.platform import audit, bells, config, db, mail, migrating, webhooks
from signoff.platform.models import audit_entries, bundled, files, notifications, outbox, timers
from signoff.platform.people import service as people
from signoff.platform.people import tokens as tokens_of
from signoff.platform.people.definition import read_people
from signoff.platform.webhooks import Wanted
from signoff.plugins.sandbox_payments import ledger

from . import postgres, shifted
from .bench.bench_real_orders import PROOF
from .conftest import definition
from .fleet import Fleet, Hands, Node, command, small_disk
from .receivers import REMINDER_LINE, Outside, mail_server, webhook_receiver
from .server import Answer, Stubborn

ROUNDS = int(os.environ.get("SIGNOFF_TEST_FAULTS", "0"))
SEED = int(os.environ.get("SIGNOFF_TEST_SEED", "1"))
PATIENCE_SECONDS = 240
QUIET_SECONDS = 4
"""For so long nothing may move, before the clock goes on: a lease may have to run out."""

FORM: dict[str, Any] = {
    "schema": "form/1", "key": "errand", "title": "Errand", "number": "ER-{0000}",
    "summary": ["purpose"],
    "fields": [
        {"key": "purpose", "type": "text", "label": "Purpose", "required": True},
        {"key": "amount", "type": "money", "label": "Amount", "currency": "CNY", "required": True},
        {"key": "proof", "type": "file", "label": "Proof", "required": True},
    ],
}  # fmt: skip
FLOW: dict[str, Any] = {
    "schema": "flow/1", "key": "errand", "title": "Errand", "form": "errand",
    "steps": [
        {"id": "lead", "kind": "approve", "title": "Lead", "who": [{"manager": 1}],
         "due": {"in": "PT30M", "clock": "always", "remind": ["-PT10M", "PT0S"], "repeat": "PT1H"}},
        {"id": "tell", "kind": "action", "do": "webhook.call", "with": {"webhook": "office", "data": "go"},
         "on_error": "retry"},
        {"id": "pay", "kind": "action", "do": "refund.pay", "with": {"amount": {"field": "amount"}, "method": "bank"},
         "on_error": "retry"},
        {"id": "finance", "kind": "approve", "title": "Finance", "who": [{"role": "finance"}],
         "due": {"in": "PT1H", "clock": "always", "remind": ["PT0S"],
                 "then": {"do": "escalate", "to": [{"person": "gao"}]}}},
    ],
}  # fmt: skip
LEFT = "to be left alone"
FILERS = ("amy", "bo")
DECIDERS = ("li", "fang", "fei", "gao")


@dataclass
class Accepted:
    """What people were told is done."""

    errands: dict[int, Decimal] = field(default_factory=dict)
    decisions: dict[int, str] = field(default_factory=dict)  # task: who


class Anywhere:
    """Any of the web servers, the next one each time."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._turn = 0

    @property
    def url(self) -> str:
        self._turn += 1
        return self._fleet.webs[self._turn % len(self._fleet.webs)].url


@dataclass
class Scene:
    """The installation, those outside, and what people do."""

    fleet: Fleet
    mails: Outside
    hooks: Outside
    tokens: dict[str, str]
    app: Flask
    accepted: Accepted = field(default_factory=Accepted)
    failures: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[what] = time.monotonic() - began

    def client(self) -> Stubborn:
        return Stubborn(Anywhere(self.fleet), self.tokens)  # type: ignore[arg-type]

    def file_errands(self, who: str) -> None:
        client, number = self.client(), 0
        while not self.over.is_set():
            number += 1
            proof = client.upload(who, "proof.png", PROOF, "image/png")
            assert proof.status == 201, proof.body
            amount = Decimal(100 + number)
            purpose = LEFT if number % 5 == 0 else f"{who} {number}"
            values = {"purpose": purpose, "amount": str(amount), "proof": [proof["id"]]}
            answer = client.post(who, "/forms/errand/records", {"values": values})
            assert answer.status == 201, answer.body
            self.accepted.errands[answer["id"]] = amount
            self.over.wait(0.4)

    def decide(self, who: str) -> None:
        client = self.client()
        while not self.over.is_set():
            self.clear_inbox(client, who)
            self.over.wait(0.2)

    def clear_inbox(self, client: Stubborn, who: str) -> int:
        """Approve what waits, but for what is to be left alone; how much there was."""
        waiting = [each for each in _items(client.get(who, "/inbox", limit=200)) if not _is_left(each)]
        for task in waiting:
            answer = client.post(who, f"/tasks/{task['id']}/decision", {"verdict": "approve"})
            # somebody was first, or the deadline gave it to somebody else meanwhile
            assert answer.status in (200, 403, 404, 409), answer.body
            if answer.status == 200:
                self.accepted.decisions[task["id"]] = who
        return len(waiting)

    def guarded(self, work: Any, *arguments: str) -> threading.Thread:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as error:
                self.failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def suffer(self) -> None:
        """People work, and things go wrong meanwhile."""
        chance = random.Random(SEED)
        working = [self.guarded(self.file_errands, who) for who in FILERS]
        working += [self.guarded(self.decide, who) for who in ("li", "fang")]
        try:
            for _ in range(max(1, ROUNDS) * len(self.fleet.harms)):
                time.sleep(chance.uniform(0.2, 0.8))
                self.fleet.harm(chance)
        finally:
            self.over.set()
            for each in working:
                each.join()

    def settle(self) -> None:
        """All is well again: everybody decides what is left, and what was put off comes to its end."""
        self.mails.calm = self.hooks.calm = True
        client, end, quiet_since = self.client(), time.monotonic() + PATIENCE_SECONDS, time.monotonic()
        left = None
        while time.monotonic() < end:
            decided = sum(self.clear_inbox(client, who) for who in DECIDERS)
            later, before, left = self._later(), left, self._rest()
            if decided == 0 and later is None:
                self.fleet.wait()
                return
            if decided or left != before:
                quiet_since = time.monotonic()
            if later is not None and (later > timedelta(0) or time.monotonic() - quiet_since > QUIET_SECONDS):
                # a minute more, for then jobs are found that procrastinate, which has a clock of its own, keeps
                self.fleet.hands.jump(later + timedelta(seconds=61))
                self._ring()
                quiet_since = time.monotonic()
            time.sleep(0.2)
        self.fleet.ask_where()
        raise TimeoutError(f"it does not come to rest: {self._rest()}")

    def _ring(self) -> None:
        """Have workers look that sleep until they are told: what moved this clock moved none of theirs."""
        with self.app.app_context(), db.reading() as conn:
            if conn.dialect.name == "postgresql":
                conn.execute(sa.select(sa.func.pg_notify(bells.DUE, "")))

    def content_of(self, file_id: str) -> bytes:
        asked = Request(
            f"{self.fleet.webs[0].url}/api/v1/files/{file_id}", headers={"Authorization": f"Bearer {self.tokens['li']}"}
        )
        with urlopen(asked) as answer:
            content: bytes = answer.read()
        return content

    def _later(self) -> timedelta | None:
        """In how long the last of what waits is due; zero: something is due now; ``None``: nothing waits."""
        now = self._now()
        with self.app.app_context(), db.reading() as conn:
            due = conn.scalar(sa.select(sa.func.count()).where(timers.c.due_at <= now))
            jobs = conn.execute(sa.select(outbox.c.due_at, outbox.c.claimed_until).where(outbox.c.dead_at.is_(None)))
            until = [max(filter(None, row)) for row in jobs]
        if due or any(each <= now for each in until):
            return timedelta(0)
        return max(until) - now if until else None

    def _rest(self) -> Any:
        with self.app.app_context(), db.reading() as conn:
            jobs = conn.execute(sa.select(outbox.c.kind, outbox.c.due_at, outbox.c.last_error).order_by(outbox.c.id))
            due = conn.execute(sa.select(timers.c.kind, timers.c.due_at).where(timers.c.due_at <= self._now()))
            return [*map(tuple, jobs), *sorted(map(tuple, due))]

    def _now(self) -> datetime:
        return shifted.read(self.fleet.hands.path)


def _items(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer["items"]
    return found


def _is_left(task: dict[str, Any]) -> bool:
    return LEFT in str(task["record"])


@contextmanager
def scene(kind: str, folder: Path) -> Iterator[Scene]:
    """Two web servers and two workers on PostgreSQL, with procrastinate or without; on SQLite one process of all."""
    data, logs = folder / "data", folder / "logs"
    logs.mkdir()
    hands = Hands(folder / "clock")
    with (
        small_disk(data, 64) as is_disk,
        mail_server(Outside(SEED)) as mails,
        webhook_receiver(Outside(SEED + 1)) as hooks,
        _database(kind, data) as url,
    ):
        env = {
            "SIGNOFF_DATA_DIR": str(data),
            "SIGNOFF_DATABASE_URL": url,
            "SIGNOFF_SECRET_KEY": "a secret key that all nodes of the fleet share",
            "SIGNOFF_MAIL_URL": f"smtp://127.0.0.1:{mails.port}",
            "SIGNOFF_WEBHOOKS_PRIVATE": "127.0.0.0/8",
            "SIGNOFF_API_LIMIT": "1000000 per minute",
            "SIGNOFF_JOBS": "procrastinate" if kind == "procrastinate" else "outbox",
            "SIGNOFF_TEST_CLOCK": str(hands.path),
        }
        many = kind != "sqlite"
        app = create_app(config.load(env))
        tokens = _put_in_force(app, hooks.port)
        node_env = {**env, **({"SIGNOFF_BACKGROUND": "external"} if many else {})}
        commands = [("run",), ("run",), ("worker",), ("worker",)] if many else [("run",)]
        nodes = [
            Node(node_env, command=each, module="tests.shifted", log=logs / f"{number}-{each[0]}.log")
            for number, each in enumerate(commands)
        ]
        fleet = Fleet(nodes, hands, url, data, is_disk)
        found = Scene(fleet, mails, hooks, tokens, app)
        try:
            with found.timed("starting"):
                fleet.start()
            yield found
            print(command("doctor", "--deep", env=env))
        finally:
            fleet.stop()
            with app.app_context():
                db.engine().dispose()


@contextmanager
def _database(kind: str, data: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{data / 'signoff.db'}"
    else:
        with postgres.database() as url:
            yield url


def _put_in_force(app: Flask, port: int) -> dict[str, str]:
    """The company and its flow; the tokens of those who work."""
    with app.app_context():
        migrating.upgrade()
        document = definition("people")
        for each in document["people"]:
            each["email"] = f"{each['key']}@example.org"
        company, problems = read_people(document)
        assert company is not None, problems
        people.apply_people(company, by=None)
        forms.publish_form(FORM, by="ada", note="")
        flows.publish_flow(FLOW, by="ada", note="")
        webhooks.create(Wanted("office", f"http://127.0.0.1:{port}/hook"), by=None)
        made = {who: tokens_of.create(who, "test", days=2) for who in (*FILERS, *DECIDERS)}
        db.engine().dispose()
    return made


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
if ROUNDS > 0:
    KINDS.append(pytest.param("procrastinate", marks=pytest.mark.postgresql))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_whatever_goes_wrong(kind: str, tmp_path: Path) -> None:
    with scene(kind, tmp_path) as found:
        with found.timed("going wrong"):
            found.suffer()
        assert not found.failures, found.failures
        with found.timed("coming to rest"):
            found.settle()
        with found.app.app_context():
            _all_is_there(found)
            _everybody_outside_heard(found)
            _print_counts(found)
            verified = audit.verify()
        assert verified.ok, verified.message


def _all_is_there(found: Scene) -> None:
    """Every answer that people got is true, and money left once for each request that was agreed to."""
    accepted = found.accepted
    with db.reading() as conn:
        kept = conn.scalars(sa.select(files.c.id).where(files.c.owner.is_not(None))).all()
        stored = {row.id: row for row in conn.execute(sa.select(records).where(records.c.form == "errand"))}
        decided = {row.id: row.decided_by for row in conn.execute(sa.select(tasks).where(tasks.c.verdict == "approve"))}
        ended = set(conn.scalars(sa.select(runs.c.record_id).where(runs.c.ended_at.is_not(None))))
        dead = conn.execute(sa.select(outbox.c.kind, outbox.c.last_error).where(outbox.c.dead_at.is_not(None))).all()
        waiting = conn.execute(sa.select(bundled)).all()
    assert set(stored) == set(accepted.errands)
    assert len(kept) == len(stored)
    assert all(found.content_of(each) == PROOF for each in kept)
    assert len({row.number for row in stored.values()}) == len(stored)
    assert {task: decided.get(task) for task in accepted.decisions} == accepted.decisions
    assert (dead, waiting) == ([], [])
    left = {row.id for row in stored.values() if LEFT in str(row.title)}
    assert ended == set(stored) - left
    paid = sum(amount for record, amount in accepted.errands.items() if record in ended)
    assert ledger.total() == (len(ended), paid)


def _everybody_outside_heard(found: Scene) -> None:
    """Each message came at least once, under an id of its own, and was the same each time."""
    assert found.mails.changed == found.hooks.changed == []
    _mails_came(found)
    _events_came(found)
    secret = Verifier(_secret())
    for headers, body in found.hooks.content.values():
        at = int(headers["webhook-timestamp"])
        assert secret.sign(headers["webhook-id"], _moment(at), body.decode()) == headers["webhook-signature"]


def _mails_came(found: Scene) -> None:
    with db.reading() as conn:
        told = conn.execute(sa.select(notifications.c.key, notifications.c.template)).all()
    fired = [data for _, event, data in _history() if event == "timer.fired"]
    reminders = [each.key for each in told if each.template in ("task_reminder", "task_overdue")]
    expected = {mail._message_id(each.key) for each in told if each.key not in reminders}
    assert expected <= set(found.mails.kept), expected - set(found.mails.kept)
    # finance is a pool of two
    people_asked = sum(2 if '"finance"' in data else 1 for data in fired if '"remind"' in data)
    assert len(reminders) == len(set(reminders)) == people_asked
    assert sum(_reminders_in(subject, text) for _, subject, text in found.mails.content.values()) == len(reminders)


def _reminders_in(subject: str, text: str) -> int:
    """How many reminders a mail holds: it is one, or a bundle of several."""
    return 1 if REMINDER_LINE.match(subject) else len(REMINDER_LINE.findall(text))


def _events_came(found: Scene) -> None:
    with db.reading() as conn:
        opened = conn.scalar(sa.select(sa.func.count()).select_from(tasks))
        ended = conn.scalar(sa.select(sa.func.count()).where(runs.c.ended_at.is_not(None)))
    happened = Counter(event for _, event, _ in _history())
    late = [(chain, data) for chain, event, data in _history() if event == "timer.fired" and _is_late(data)]
    came = Counter(_type_of(body) for _, body in found.hooks.content.values())
    assert came == Counter({
        "record.submitted": len(found.accepted.errands),
        "task.opened": opened,
        "task.decided": happened["task.decided"],
        "run.finished": ended,
        "action.called": ended,
        "task.overdue": len({(chain, "lead" in data) for chain, data in late}),
    })  # fmt: skip


def _history() -> list[tuple[str, str, str]]:
    """Chain, event and data of every entry about a record."""
    with db.reading() as conn:
        rows = conn.execute(sa.select(audit_entries).where(audit_entries.c.chain.like("record:%"))).all()
    return [(row.chain, event, data) for row in rows for event, _, _, data in audit.said_in(row)]


def _is_late(data: str) -> bool:
    return '"overdue":true' in data or '"escalate"' in data


def _type_of(body: bytes) -> str:
    return str(json.loads(body)["type"])


def _secret() -> str:
    return webhooks.find("office").secret


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _print_counts(found: Scene) -> None:
    fired = sum(event == "timer.fired" for _, event, _ in _history())
    accepted = found.accepted
    print(f"\n{', '.join(f'{seconds:.0f} s {what}' for what, seconds in found.seconds.items())}")
    print(f"gone wrong: {', '.join(f'{count} × {name}' for name, count in sorted(found.fleet.done.items()))}")
    print(f"{len(accepted.errands)} requests and {len(accepted.decisions)} decisions accepted, none lost")
    print(f"{fired} reminders and escalations, each once; {ledger.total()[0]} payments, each once")
    for name, outside in (("mails", found.mails), ("webhooks", found.hooks)):
        print(f"{len(outside.kept)} {name}, {outside.repeated} came again under their ids; {dict(outside.moods)}")
