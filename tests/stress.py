"""A storm: processes that decide, hand on, withdraw, correct and let time pass on the same requests, all at once."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import Flask

from signoff.flows import catalogue as flows
from signoff.flows import service
from signoff.flows.actions import Action, ActionContext, register_action
from signoff.flows.models import tasks
from signoff.forms import catalogue as forms
from signoff.forms import service as records
from signoff.platform.db import reading
from signoff.platform.errors import SignoffError
from signoff.platform.models import timers
from signoff.platform.people import service as people
from signoff.platform.scheduler import run_due

FORM: Mapping[str, Any] = {
    "schema": "form/1",
    "key": "storm",
    "title": "Storm",
    "fields": [
        {"key": "amount", "type": "money", "label": "Amount", "currency": "CNY"},
        {"key": "order", "type": "text", "label": "Order"},
        {"key": "paid", "type": "text", "label": "Paid"},
    ],
    "access": {"create": ["*"], "read": ["*"]},
}
ACTIONS = ["approve", "reject", "return", "transfer", "add"]
FLOW: Mapping[str, Any] = {
    "schema": "flow/1",
    "key": "storm",
    "title": "Storm",
    "form": "storm",
    "settings": {
        "withdraw": "always",
        "grace": "PT0.2S",
        "material": ["amount"],
        "authority": {"amount": "amount", "sum_over": [{"by": "order"}], "two_above": "900"},
    },
    "steps": [
        {
            "id": "pool", "kind": "approve", "title": "Pool", "who": [{"role": "service"}, {"person": "zhou"}],
            "fields": {"amount": "edit"}, "reason_on": [], "return_to": ["start"], "actions": ACTIONS,
            "due": {"in": "PT1S", "clock": "always", "remind": ["PT0S"],
                    "then": {"do": "escalate", "to": [{"person": "li"}]}},
        },
        {
            "id": "both", "kind": "parallel", "branches": [
                {"id": "vote", "steps": [
                    {"id": "votes", "kind": "approve", "title": "Vote", "mode": "vote", "share": "0.5", "reason_on": [],
                     "who": [{"person": "bo"}, {"person": "li"}, {"person": "zhou"}], "actions": ACTIONS,
                     "due": {"in": "PT2S", "clock": "always", "then": {"do": "approve"}}}]},
                {"id": "pay", "steps": [
                    {"id": "pay", "kind": "action", "do": "storm.pay", "into": {"paid": "by"}}]},
            ],
        },
        {
            "id": "last", "kind": "approve", "title": "Last", "mode": "in_turn", "reason_on": [],
            "who": [{"person": "li"}, {"person": "zhou"}], "return_to": ["start", "votes"], "actions": ACTIONS,
        },
    ],
}  # fmt: skip
PEOPLE = ("amy", "bo", "li", "zhou", "ada")
Act = Callable[[random.Random, int, int, str], Any]


def prepare(requests: int) -> None:
    """Put the flow in force and file the requests, all by amy, ten to an order."""

    def pay(context: ActionContext) -> Mapping[str, Any]:
        return {"by": context.key}

    register_action(Action("storm.pay", "Pay", pay, results={"by": "By"}, transactional=True))
    forms.publish_form(FORM, by="ada", note="")
    flows.publish_flow(FLOW, by="ada")
    amy = people.person("amy")
    for number in range(requests):
        records.submit("storm", {"amount": str(50 + number % 7 * 100), "order": f"o{number // 10}"}, by=amy)


def rage(app: Flask, processes: int, attempts: int) -> Counter[str]:
    """Let so many processes try so often each; what became of the attempts, by kind and outcome."""
    app.extensions["signoff"].engine.dispose()
    forked = multiprocessing.get_context("fork")
    results: Any = forked.Queue()
    workers = [
        forked.Process(target=_work, args=(app, seed, attempts, results)) for seed in range(processes)
    ]  # fmt: skip
    for worker in workers:
        worker.start()
    found: Counter[str] = Counter()
    for _ in workers:
        found.update(results.get(timeout=600))
    for worker in workers:
        worker.join()
    with app.app_context():
        _calm(app)
    return found


def _calm(app: Flask) -> None:
    """Let everything that is due happen: decisions in their grace, deadlines, actions, messages."""
    until = time.monotonic() + 10
    while time.monotonic() < until and (run_due(app) or _pending()):
        time.sleep(0.05)


def _pending() -> bool:
    with reading() as conn:
        soon = sa.select(timers.c.id).where(timers.c.key.like("%:grace:%")).limit(1)
        return conn.execute(soon).first() is not None


def _work(app: Flask, seed: int, attempts: int, results: Any) -> None:
    """One process, with connections of its own."""
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    with app.app_context():
        app.extensions["signoff"].engine.dispose(close=False)
        known: list[Any] = []
        for number in range(attempts):
            if number % 20 == 0:
                known = _tasks(chance)
            found[_attempt(app, chance, known)] += 1
    results.put(found)


def _tasks(chance: random.Random) -> list[Any]:
    """Tasks, some of them closed since: open ones of the same requests as the other processes try."""
    with reading() as conn:
        rows = list(conn.execute(sa.select(tasks.c.id, tasks.c.record_id).order_by(tasks.c.id.desc()).limit(400)))
        rows += conn.execute(sa.select(tasks.c.id, tasks.c.record_id).where(tasks.c.open).limit(400)).all()
    chance.shuffle(rows)
    return rows[:60]


def _attempt(app: Flask, chance: random.Random, known: list[Any]) -> str:
    name = chance.choices(list(WHAT), weights=[weight for weight, _ in WHAT.values()])[0]
    task_id, record_id = chance.choice(known) if known else (0, 0)
    try:
        if name == "time":
            run_due(app)
        else:
            WHAT[name][1](chance, task_id, record_id, chance.choice(PEOPLE))
    except SignoffError as error:
        return f"{name} {error.status}"
    return f"{name} done"


def _decide(chance: random.Random, task_id: int, _record: int, who: str) -> Any:
    verdict = chance.choices(["approve", "reject", "return", "complete"], weights=[14, 1, 2, 2])[0]
    values = {"amount": str(chance.randrange(1, 12) * 100)} if verdict == "approve" and chance.random() < 0.1 else None
    return service.decide(task_id, by=people.person(who), verdict=verdict, comment="so", values=values)


def _undo(chance: random.Random, task_id: int, record_id: int, who: str) -> Any:
    """Take a decision back: one's own of this moment, or whatever somebody decided."""
    if chance.random() < 0.7:
        _decide(chance, task_id, record_id, who)
    return service.undo(task_id, by=people.person(who))


WHAT: Mapping[str, tuple[float, Act]] = {
    "decide": (60, _decide),
    "undo": (8, _undo),
    "claim": (6, lambda _c, task, _r, who: service.claim(task, by=people.person(who))),
    "release": (3, lambda _c, task, _r, who: service.release(task, by=people.person(who))),
    "transfer": (6, lambda c, task, _r, who: service.transfer(task, by=people.person(who), to=c.choice(PEOPLE))),
    "add": (
        5,
        lambda c, task, _r, who: service.add(
            task, by=people.person(who), who=[c.choice(PEOPLE)], when=c.choice(["before", "after"])
        ),
    ),
    "withdraw": (0.3, lambda _c, _t, record, _w: service.withdraw(record, by=people.person("amy"))),
    "resubmit": (
        8,
        lambda c, _t, record, _w: service.resubmit(
            record, by=people.person("amy"), values={"amount": str(c.randrange(1, 9) * 100)}
        ),
    ),
    "time": (2, lambda *_: None),
}
