"""The inbox: whose it is, in what order, by pages, counted to a cap, in few statements however full it is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.flows import inbox, listing, service
from signoff.flows.models import runs, tasks
from signoff.flows.store import NEVER
from signoff.platform.db import engine, transaction
from signoff.platform.errors import Malformed, Refused
from signoff.platform.people import service as people
from signoff.platform.people.directory import Delegation
from signoff.platform.statements import Statement

from ..conftest import Clock
from .shop import order, person, refund, task_of, tasks_of


@pytest.fixture(autouse=True)
def sound() -> None:
    """Tasks here are rows made by hand, without a run that could be proven."""


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Iterator[Flask]:
    with shop.app_context():
        yield shop


def fill(rows: list[dict[str, Any]], at: Clock) -> None:
    """Tasks of one run, as the table has them; what is not said is usual."""
    usual = {
        "run_id": 1,
        "record_id": 1,
        "form": "refund",
        "step": "lead",
        "principal": "r:service",
        "claimed_by": None,
        "excluded": None,
        "open": True,
        "assigned_at": at.at,
        "due_at": NEVER,
        "why": [],
        "vip": False,
        "returned": False,
    }
    with transaction() as conn:
        if conn.execute(sa.select(runs.c.id).where(runs.c.id == 1)).first() is None:
            conn.execute(
                runs.insert().values(
                    id=1, record_id=1, flow="refund", version=1, status="open", state={}, revision=1, started_at=at.at
                )
            )
        base = conn.execute(sa.select(sa.func.count()).select_from(tasks)).scalar_one()
        conn.execute(tasks.insert(), [usual | {"name": f"t{base + n}"} | row for n, row in enumerate(rows)])


def steps(key: str, wanted: inbox.Filter | None = None, **more: Any) -> list[str]:
    return [each.task.step for each in inbox.find(person(key), wanted or inbox.Filter(), **more).items]


def test_most_urgent_first_and_without_a_deadline_last(at: Clock) -> None:
    fill(
        [
            {"step": "never"},
            {"step": "later", "due_at": at.at + timedelta(hours=2)},
            {"step": "late", "due_at": at.at - timedelta(hours=1)},
            {"step": "mine", "principal": "p:bo", "due_at": at.at + timedelta(hours=1)},
            {"step": "other", "principal": "p:li", "due_at": at.at},
            {"step": "closed", "open": False, "due_at": at.at},
        ],
        at,
    )
    assert steps("bo") == ["late", "mine", "later", "never"]
    assert steps("bo", inbox.Filter(overdue=True)) == ["late"]
    assert steps("bo", inbox.Filter(before=at.at + timedelta(minutes=90))) == ["late", "mine"]
    assert steps("bo", inbox.Filter(form="leave")) == []


@pytest.mark.parametrize(
    ("row", "seen_by"),
    [
        ({"principal": "p:amy"}, {"amy"}),
        ({"principal": "r:service"}, {"amy", "bo", "li"}),
        ({"principal": "r:service", "excluded": "amy"}, {"bo", "li"}),
        ({"principal": "r:service", "claimed_by": "bo"}, {"bo"}),
        ({"principal": "r:service@company"}, {"amy", "bo", "li"}),
        ({"principal": "r:finance@service"}, set()),
        ({"principal": "r:director@company"}, {"zhou", "gao"}),
        ({"principal": "r:admin"}, {"ada"}),
    ],
)
def test_a_task_is_in_the_inboxes_of_its_principal(row: dict[str, Any], seen_by: set[str], at: Clock) -> None:
    fill([row], at)
    everybody = people.directory().persons.values()
    assert {each.key for each in everybody if inbox.find(each, inbox.Filter()).items} == seen_by
    assert {each.key for each in everybody if inbox.count(each).value} == seen_by


def test_a_delegate_finds_the_tasks_of_who_is_away_but_not_their_own_request(at: Clock) -> None:
    people.set_delegation(Delegation("li", "amy", at.at - timedelta(1), at.at + timedelta(1)), by="li")
    fill(
        [
            {"step": "lis", "principal": "p:li", "due_at": at.at},
            {"step": "pool", "principal": "r:service", "excluded": "amy"},
            {"step": "lis_claimed", "principal": "r:service", "claimed_by": "li", "due_at": at.at + timedelta(1)},
        ],
        at,
    )
    assert steps("amy") == ["lis", "lis_claimed"]
    assert steps("amy", inbox.Filter(delegated=True)) == ["lis"]
    at.move(days=2)
    assert steps("amy") == []


def test_what_is_marked_is_found_by_its_mark(at: Clock) -> None:
    fill(
        [
            {"step": "usual"},
            {"step": "dear", "vip": True, "due_at": at.at},
            {"step": "back", "returned": True, "principal": "p:bo"},
            {"step": "both", "vip": True, "returned": True},
            {"step": "other", "vip": True, "principal": "p:li"},
            {"step": "closed", "vip": True, "open": False},
        ],
        at,
    )
    assert steps("bo", inbox.Filter(mark="vip")) == ["dear", "both"]
    assert steps("bo", inbox.Filter(mark="returned")) == ["back", "both"]
    found = inbox.counts(person("bo"), [inbox.Filter(mark=mark) for mark in inbox.MARKS])
    assert [each.value for each in found] == [2, 2]
    with pytest.raises(Refused):
        inbox.find(person("bo"), inbox.Filter(mark="dear"))


def test_a_request_is_marked_as_it_goes() -> None:
    """A VIP's by what a choice of the form says; come back, where it is at a step again or with who sent it."""
    sold = order(500, customer_tier="vip")
    refund(3, of=sold)
    first = task_of("bo")
    assert (first.vip, first.returned) == (True, False)
    service.decide(first.id, by=person("bo"), verdict="return", comment="Which?", to="start")
    correction = task_of("amy")
    assert (correction.vip, correction.returned) == (True, True)
    service.resubmit(first.record_id, by=person("amy"), comment="This one.")
    again = task_of("bo")
    assert (again.vip, again.returned) == (True, True)
    service.decide(again.id, by=person("bo"), verdict="approve")
    refund(3)
    assert (task_of("bo").vip, task_of("bo").returned) == (False, False)


def test_pages_follow_each_other_without_gaps(at: Clock) -> None:
    fill([{"step": f"s{n}", "due_at": at.at + timedelta(minutes=n // 3)} for n in range(20)], at)
    fill([{"step": f"p{n}", "principal": "p:bo", "due_at": at.at + timedelta(minutes=n)} for n in range(5)], at)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = inbox.find(person("bo"), inbox.Filter(), after=cursor, limit=4)
        seen += [each.task.id for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    whole = [each.task.id for each in inbox.find(person("bo"), inbox.Filter(), limit=100).items]
    assert seen == whole
    assert len(set(seen)) == 25
    with pytest.raises(Malformed):
        inbox.find(person("bo"), inbox.Filter(), after="xyz")
    with pytest.raises(Refused):
        inbox.find(person("bo"), inbox.Filter(sort="colour"))


def test_counts_end_at_their_cap(at: Clock) -> None:
    fill([{} for _ in range(inbox.COUNT_CAP + 5)], at)
    found = inbox.count(person("bo"))
    assert (found.value, found.capped) == (inbox.COUNT_CAP, True)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (inbox.Filter(), "ix_signoff_task_inbox"),
        (inbox.Filter(mark="vip"), "ix_signoff_task_vip"),
        (inbox.Filter(mark="returned"), "ix_signoff_task_returned"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_inbox_is_read_through_its_index(
    wanted: inbox.Filter, index: str, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_core(statement: Statement, conn: Any, values: Any = None) -> Any:  # which tells the parameters, too
        return [tuple(row) for row in conn.execute(statement._core, values)]

    monkeypatch.setattr(Statement, "all", by_core)
    fill([{"principal": f"p:x{n}", "vip": n % 9 == 0, "returned": n % 9 == 1} for n in range(2000)], at)
    asked: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "signoff_task" in statement:
            asked.append((statement, parameters))

    sa.event.listen(engine(), "before_cursor_execute", note)
    try:
        inbox.find(person("bo"), wanted)
        inbox.count(person("bo"), wanted)
    finally:
        sa.event.remove(engine(), "before_cursor_execute", note)
    assert len(asked) == 2
    with transaction() as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("ANALYZE signoff_task")
        prefix = "EXPLAIN " if conn.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        for statement, parameters in asked:
            plan = " ".join(str(tuple(row)) for row in conn.exec_driver_sql(prefix + statement, parameters))
            assert index in plan, plan
            assert "SCAN signoff_task" not in plan, plan
            assert "Seq Scan on signoff_task" not in plan, plan


def test_the_page_of_the_inbox_asks_five_times_at_most(at: Clock) -> None:
    sold = order(500)
    for _ in range(12):
        refund(3, of=sold)
    inbox.find(person("bo"), inbox.Filter())
    listing.of_inbox(inbox.find(person("bo"), inbox.Filter()).items)
    asked: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    sa.event.listen(engine(), "before_cursor_execute", note)
    try:
        bo = person("bo")
        page = inbox.find(bo, inbox.Filter())
        rows = [each.json("en") for each in listing.of_inbox(page.items)]
        inbox.count(bo)
    finally:
        sa.event.remove(engine(), "before_cursor_execute", note)
    assert len(rows) == 12
    data = [each for each in asked if "signoff_task" in each or "signoff_record" in each]
    assert len(data) <= 3, data


def test_a_decided_task_leaves_the_inbox_at_once() -> None:
    refund()
    service.decide(task_of("bo").id, by=person("bo"), verdict="approve")
    assert tasks_of("bo") == []
