"""Many at once: of decisions, withdrawals, timers and workers that collide, exactly one takes effect."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.flows import service, store
from signoff.flows.actions import Action, ActionContext, find_action, register_action
from signoff.flows.models import tasks
from signoff.forms import service as forms
from signoff.platform import audit, db, timers
from signoff.platform.db import reading
from signoff.platform.errors import SignoffError, Unavailable
from signoff.platform.scheduler import run_due
from signoff.platform.statements import watched

from ..conftest import Clock
from .shop import order, person, refund

REQUESTS = 8
CROWD = 6


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Iterator[Flask]:
    with shop.app_context():
        yield shop


def requests(pieces: int = 3) -> list[int]:
    sold = order(5000)
    return [refund(pieces, of=sold).id for _ in range(REQUESTS)]


def at_once(app: Flask, calls: list[Callable[[], Any]]) -> list[Any]:
    """Run all calls in threads that start together; results, or the errors they raised."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[place] = calls[place]()
            except SignoffError as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def first_tasks() -> list[store.TaskRow]:
    with reading() as conn:
        return [store.task_row(row) for row in conn.execute(sa.select(tasks).where(tasks.c.step == "first_answer"))]


def decisions(record_id: int) -> list[audit.Recorded]:
    return [each for each in audit.entries(f"record:{record_id}") if each.event == "task.decided"]


def test_of_many_decisions_of_one_task_one_counts(shop: Flask) -> None:
    ids = requests()
    for task in first_tasks():

        def decide(key: str, verdict: str, task_id: int = task.id) -> Any:
            return service.decide(task_id, by=person(key), verdict=verdict, comment="so")

        crowd = [
            (lambda key=key, verdict=verdict: decide(key, verdict))
            for key, verdict in [("bo", "approve"), ("li", "reject"), ("bo", "return")] * (CROWD // 3)
        ]
        results = at_once(shop, crowd)
        errors = [each for each in results if isinstance(each, SignoffError)]
        assert len(errors) == CROWD - 1, results
        assert {(each.status, each.code) for each in errors} == {(409, "task_closed")}
        assert {each.details["by"] for each in errors} <= {"bo", "li"}
    assert [len(decisions(each)) for each in ids] == [1] * REQUESTS
    assert audit.verify().ok


def test_a_withdrawal_and_a_decision_exclude_each_other(shop: Flask) -> None:
    ids = requests()
    outcomes: Counter[str] = Counter()
    for task in first_tasks():
        at_once(
            shop,
            [
                lambda task=task: service.decide(task.id, by=person("bo"), verdict="approve"),
                lambda task=task: service.withdraw(task.record_id, by=person("amy")),
            ],
        )
        record = forms.read_record(task.record_id, by=person("amy"))
        assert (record.status, len(decisions(record.id))) in (("withdrawn", 0), ("open", 1))
        outcomes[record.status] += 1
    assert sum(outcomes.values()) == len(ids)


def test_a_deadline_and_a_decision_exclude_each_other(shop: Flask, at: Clock) -> None:
    requests()
    found = first_tasks()
    at.move(minutes=31)
    results = at_once(
        shop,
        [lambda: run_due(shop), lambda: run_due(shop)]
        + [lambda task=task: service.decide(task.id, by=person("bo"), verdict="approve") for task in found],
    )
    run_due(shop)
    for task, result in zip(found, results[2:], strict=True):
        events = Counter(each.event for each in audit.entries(f"record:{task.record_id}"))
        decided = not isinstance(result, SignoffError)
        assert events["task.decided"] == int(decided), events
        # who was too late finds the task with the head of service, not with the pool
        assert events["task.escalated"] in ((0, 1) if decided else (1,)), (events, result)
    assert audit.verify().ok


def test_a_deadline_waits_for_nobody_who_decides(shop: Flask, at: Clock) -> None:
    """Its request is passed over until the next look, and those of others are reminded of meanwhile."""
    sold = order(5000)
    made = [refund(3, of=sold).id for _ in range(2)]
    at.move(days=1)
    with db.transaction() as conn:
        if conn.dialect.name == "sqlite":
            pytest.skip("one writes at a time")
        store.run_of_record(conn, made[0], lock=True)
        assert at_once(shop, [lambda: timers.work(10, at.now())]) == [2]
        assert [_reminded(each) for each in made] == [False, True]
    assert timers.work(10, at.now()) == 1
    assert [_reminded(each) for each in made] == [True, True]


def _reminded(record_id: int) -> bool:
    return "timer.fired" in [each.event for each in audit.entries(f"record:{record_id}")]


def test_two_workers_perform_an_action_once(shop: Flask) -> None:
    keys: list[str] = []

    def pay(context: ActionContext) -> dict[str, Any]:
        keys.append(context.key)
        return {"paid_at": "2026-03-02T02:00:00Z"}

    before = find_action("refund.pay")
    register_action(Action("refund.pay", "Pay", pay))
    try:
        ids = requests(pieces=1)
        for task in first_tasks():
            service.decide(task.id, by=person("bo"), verdict="approve")
        at_once(shop, [lambda: run_due(shop)] * 4)
        run_due(shop)
    finally:
        register_action(before)
    assert sorted(keys) == sorted(set(keys))
    assert len(keys) == REQUESTS
    assert {forms.read_record(each, by=person("amy")).status for each in ids} == {"approved"}


def _decide_all(app: Flask, key: str, ids: list[int], results: "multiprocessing.Queue[tuple[str, int]]") -> None:
    """A process of its own, with connections of its own."""
    with app.app_context():
        app.extensions["signoff"].engine.dispose(close=False)
        for task_id in ids:
            try:
                service.decide(task_id, by=person(key), verdict="approve")
                results.put((key, 200))
            except SignoffError as error:
                results.put((key, error.status))


def test_processes_decide_each_task_once(shop: Flask) -> None:
    ids = requests()
    shop.extensions["signoff"].engine.dispose()
    forked = multiprocessing.get_context("fork")
    results = forked.Queue()
    wanted = [task.id for task in first_tasks()]
    shop.extensions["signoff"].engine.dispose()
    workers = [forked.Process(target=_decide_all, args=(shop, key, wanted, results)) for key in ("bo", "li", "bo")]
    for worker in workers:
        worker.start()
    said = Counter(results.get(timeout=60)[1] for _ in range(len(workers) * len(wanted)))
    for worker in workers:
        worker.join()
    assert said == {200: REQUESTS, 409: 2 * REQUESTS}
    assert [len(decisions(each)) for each in ids] == [1] * REQUESTS


def test_an_edit_locks_what_a_decision_locks_and_in_the_same_order() -> None:
    filed = refund()
    with watched() as seen:
        forms.update(filed.id, {"conversation": "It came broken."}, by=person("ada"))
    if any("FOR UPDATE" in each for each in seen):
        places = [
            next(place for place, each in enumerate(seen) if part in each and verb in each)
            for verb, part in (("FOR UPDATE", "signoff_run"), ("UPDATE", "UPDATE signoff_record "))
        ]
        assert places == sorted(places)


def test_edits_and_decisions_of_the_same_requests_never_wait_for_each_other(context: Flask) -> None:
    sold = order(5000)
    filed = [refund(3, of=sold) for _ in range(REQUESTS)]
    with reading() as conn:
        waiting = {
            of: found[0].id for of, found in store.open_tasks_of_records(conn, [each.id for each in filed]).items()
        }
    calls: list[Callable[[], Any]] = []
    for each in filed:
        calls.append(lambda of=each.id: service.decide(waiting[of], by=person("li"), verdict="approve"))  # type: ignore[misc]
        calls.append(lambda of=each.id: forms.update(of, {"conversation": "It came broken."}, by=person("ada")))  # type: ignore[misc]
        calls.append(lambda of=each.id: service.comment(of, by=person("ada"), text="Quickly."))  # type: ignore[misc]
    results = at_once(context, calls)
    assert not [each for each in results if isinstance(each, Unavailable)]
    assert audit.verify().ok
