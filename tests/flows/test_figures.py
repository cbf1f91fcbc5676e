"""Roll-ups of the figures: what they say is what the requests say, however and whenever they are counted."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.flows import behind, counting, figures, reports, rolling, service, survey
from signoff.flows.behind import Slice
from signoff.flows.figures import Asked, Scope
from signoff.flows.models import figure_state
from signoff.forms import catalogue as forms
from signoff.forms import service as filing
from signoff.platform.db import engine, reading, transaction

from ..conftest import Clock, definition
from . import shop as at_shop

ALL = Asked(Scope(("refund",), ()), ("refund",), date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture(autouse=True)
def _shop(shop: Flask, context: Flask, at: Clock) -> Flask:
    return shop


def _counted(asked: Asked = ALL) -> figures.Sums:
    rolling.catch_up()
    return figures.in_all(asked)


def _decide(who: str, verdict: str, comment: str = "") -> None:
    service.decide(at_shop.task_of(who).id, by=at_shop.person(who), verdict=verdict, comment=comment)


def test_a_request_is_counted_with_its_money_its_answer_its_end_and_its_survey(at: Clock) -> None:
    made = at_shop.refund(3)
    assert (_counted().requests, _counted().money, _counted().ended) == (1, Decimal("300.00"), 0)
    at.move(minutes=10)
    _decide("bo", "approve")
    at.move(minutes=50)
    _decide("li", "reject", "Too late.")
    survey.give(survey.token_of(made.id), 2, "Slow", language="en")
    found = _counted()
    assert (found.ended, found.rejected, found.approved, found.approved_micros) == (1, 1, 0, 0)
    assert (found.hours, found.answer_hours, found.in_time) == (Decimal("1.00"), Decimal("0.17"), 1)
    assert (found.surveyed, found.mean_score, found.unhappy, found.content) == (1, Decimal("2.0"), 1, 0)


def test_a_late_first_answer_is_not_in_time(at: Clock) -> None:
    at_shop.refund()
    at.move(minutes=31)
    _decide("bo", "approve")
    assert (_counted().answered, _counted().in_time, _counted().in_time_share) == (1, 0, Decimal("0.000"))


def test_breakdowns_add_up_to_the_whole(at: Clock) -> None:
    sold = at_shop.order(100)
    for pieces, path in ((1, "refund_only"), (2, "return"), (3, "return"), (4, "unshipped")):
        at_shop.refund(pieces, of=sold, path=path)
        at.move(hours=7)
    rolling.catch_up()
    by_path = {member: (sums.requests, sums.money) for member, sums in figures.by_member(ALL, "path")}
    assert by_path == {
        "refund_only": (1, Decimal(100)), "return": (2, Decimal(500)), "unshipped": (1, Decimal(400)),
    }  # fmt: skip
    days = figures.by_day(ALL)
    assert [day for day, _ in days] == sorted(day for day, _ in days)
    assert figures.together(sums for _, sums in days) == figures.in_all(ALL)
    assert dict(figures.by_member(ALL, counting.STATUS))["open"].requests == 4


def test_a_day_is_that_of_the_installations_zone(at: Clock) -> None:
    at.move(hours=13, minutes=59)  # 23:59 in Shanghai
    sold = at_shop.order(100)
    at_shop.refund(1, of=sold)
    at.move(minutes=2)
    at_shop.refund(1, of=sold)
    rolling.catch_up()
    assert [(day, sums.requests) for day, sums in figures.by_day(ALL)] == [(date(2026, 3, 2), 1), (date(2026, 3, 3), 1)]


def test_who_may_not_read_all_counts_what_their_people_filed(at: Clock) -> None:
    sold = at_shop.order(100)
    at_shop.refund(1, of=sold)
    at_shop.refund(2, of=sold, by="bo")
    rolling.catch_up()
    of_amy = replace(ALL, scope=Scope((), ("amy",)))
    assert figures.in_all(of_amy).money == Decimal("100.00")
    assert figures.in_all(replace(ALL, scope=Scope((), ("amy", "bo")))).money == Decimal("300.00")
    assert figures.in_all(replace(ALL, scope=Scope((), ("fei",)))).requests == 0
    assert [key for key, _ in figures.by_submitter(ALL)] == ["amy", "bo"]


def test_work_is_counted_by_step_and_person(at: Clock) -> None:
    at_shop.refund()
    at.move(minutes=40)  # the first answer is due after 30
    _decide("bo", "approve")
    at.move(minutes=20)
    _decide("li", "approve")
    rolling.catch_up()
    steps = dict(figures.by_step(ALL))
    assert (steps["refund", "first_answer"].decided, steps["refund", "first_answer"].late) == (1, 1)
    assert steps["refund", "lead"].slowest_hours == Decimal("0.33")
    assert [(key, work.decided, work.approved) for key, work in figures.by_person(ALL)] == [("bo", 1, 1), ("li", 1, 1)]


def test_counting_again_changes_nothing_and_costs_nothing(at: Clock) -> None:
    at_shop.refund()
    at.move(minutes=2)  # on PostgreSQL what is younger is looked at again
    rolling.catch_up()
    rolling.catch_up()
    with reading() as conn:
        before = conn.execute(sa.select(figure_state)).one()
    rolling.catch_up()
    with reading() as conn:
        assert conn.execute(sa.select(figure_state)).one() == before


def test_whoever_was_slower_drops_what_they_counted(at: Clock) -> None:
    at_shop.refund()
    rolling.catch_up()
    stale = rolling.State(revision=99, shapes={}, at=at.now())
    assert not rolling._store(stale, stale, [("refund", date(2026, 3, 2))], [([], [])])
    assert figures.in_all(ALL).requests == 1


def test_a_page_counts_the_newest_days_and_leaves_the_rest(at: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    sold = at_shop.order(100)
    for _ in range(4):
        at_shop.refund(1, of=sold)
        at.move(days=1)
    monkeypatch.setattr(rolling, "DAYS", 1)
    state = rolling.catch_up(0)
    assert {form for form, _ in state.backlog} >= {"refund"}
    assert figures.in_all(ALL).requests < 4
    assert rolling.catch_up().backlog == frozenset()
    assert figures.in_all(ALL).requests == 4


def test_a_form_that_is_counted_otherwise_is_counted_anew(at: Clock) -> None:
    at_shop.refund()
    rolling.catch_up()
    changed = definition("refund.form")
    changed["summary"] = [key for key in changed["summary"] if key != "amount"] + ["paid"]
    forms.publish_form(changed, by="ada", note="")
    assert _counted().money == Decimal("100000.00")


def test_a_deleted_record_counts_no_more(at: Clock) -> None:
    made = filing.submit("product", {"sku": "X-1", "name": "Gone", "price": "1"}, by=at_shop.person("amy"))
    products = Asked(Scope(("product",), ()), ("product",), date(2026, 1, 1), date(2026, 12, 31))
    assert _counted(products).requests == 1
    filing.delete(made.id, by=at_shop.person("ada"))
    assert _counted(products).requests == 0


def test_the_worker_counts_what_nobody_looked_at(context: Flask, at: Clock) -> None:
    from signoff.platform.scheduler import run_due

    at_shop.refund()
    with transaction() as conn:
        rolling._each_minute(conn, at.now())
    run_due(context)
    assert figures.in_all(ALL).requests == 1


def test_the_trend_has_every_day_or_week(at: Clock) -> None:
    sold = at_shop.order(100)
    at_shop.refund(1, of=sold)
    at.move(days=3)
    at_shop.refund(1, of=sold)
    rolling.catch_up()
    short = reports.trend(replace(ALL, first=date(2026, 3, 1), last=date(2026, 3, 6)))
    assert [sums.requests for _, _, sums in short] == [1, 0, 0, 1, 0]
    long = reports.trend(replace(ALL, first=date(2026, 3, 2), last=date(2026, 4, 30)))
    assert all(first.weekday() == 0 for first, _, _ in long)
    assert sum(sums.requests for _, _, sums in long) == 2


def test_behind_each_number_stand_its_requests(at: Clock) -> None:
    sold = at_shop.order(100)
    slow = at_shop.refund(1, of=sold, path="return")
    at.move(minutes=45)
    quick = at_shop.refund(2, of=sold)
    service.decide(at_shop.tasks_of("bo")[0].id, by=at_shop.person("bo"), verdict="approve")
    service.decide(at_shop.tasks_of("bo")[0].id, by=at_shop.person("bo"), verdict="reject", comment="No.")
    survey.give(survey.token_of(quick.id), 5, "", language="en")
    reader = at_shop.person("ada")
    expected = {
        Slice("refund"): [quick.id, slow.id],
        Slice("refund", axis="path", member="return"): [slow.id],
        Slice("refund", axis="path", member="unshipped"): [],
        Slice("refund", answer="late"): [slow.id],
        Slice("refund", answer="in_time"): [quick.id],
        Slice("refund", ending="rejected"): [quick.id],
        Slice("refund", ending="ended"): [quick.id],
        Slice("refund", score="content"): [quick.id],
        Slice("refund", score="unhappy"): [],
        Slice("refund", work="decided", person="bo"): [quick.id, slow.id],
        Slice("refund", work="approved", person="bo"): [slow.id],
        Slice("refund", work="rejected", person="bo"): [quick.id],
        Slice("refund", work="returned", person="bo"): [],
        Slice("refund", work="late", step="first_answer"): [slow.id],
        Slice("refund", work="waiting", step="inspect"): [slow.id],
        Slice("refund", work="overdue"): [],
        Slice("refund", first=date(2026, 3, 3)): [],
        Slice("refund", whose="bo"): [],
    }
    for asked, ids in expected.items():
        assert [each.record.id for each in behind.find(asked, reader).items] == ids, asked
        assert behind.count(asked, reader) == (len(ids), False)
    at.move(days=2)
    assert [each.record.id for each in behind.find(Slice("refund", work="overdue"), reader).items] == [slow.id]
    first = behind.find(Slice("refund"), reader, limit=1)
    following = behind.find(Slice("refund"), reader, after=first.next, limit=1)
    assert [each.record.id for each in following.items] == [slow.id]


def test_a_number_of_work_counts_tasks_of_which_a_request_may_have_several(at: Clock) -> None:
    made = at_shop.refund()
    amy, bo = at_shop.person("amy"), at_shop.person("bo")
    service.decide(at_shop.task_of("bo").id, by=bo, verdict="return", comment="Which one?")
    service.resubmit(made.id, by=amy, values={"reason": "changed_mind"}, comment="This one.")
    service.decide(at_shop.task_of("bo").id, by=bo, verdict="approve")
    rolling.catch_up()
    [(_, work)] = [each for each in figures.by_person(ALL) if each[0] == "bo"]
    reader = at_shop.person("ada")
    for name, number in (("decided", work.decided), ("returned", work.returned), ("approved", work.approved)):
        assert behind.count_of_work(Slice("refund", work=name, person="bo"), reader) == (number, False), name
    assert work.decided == 2
    assert behind.count(Slice("refund", work="decided", person="bo"), reader) == (1, False)
    assert behind.count_of_work(Slice("refund", work="waiting"), reader) == (1, False)
    assert behind.count_of_work(Slice("", work="waiting"), reader) == (1, False)
    assert behind.count_of_work(Slice("refund", work="waiting"), at_shop.person("fei")) == (0, False)
    assert behind.count_of_work(Slice("refund"), reader) is None


def test_what_waits_now_is_looked_up_and_not_met_on_a_walk_along_all_requests() -> None:
    made = at_shop.refund()
    asked: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "submitted_at DESC" in statement:
            asked.append((statement, parameters))

    sa.event.listen(engine(), "before_cursor_execute", note)
    try:
        found = behind.find(Slice("refund", work="waiting"), at_shop.person("ada"))
    finally:
        sa.event.remove(engine(), "before_cursor_execute", note)
    assert [each.record.id for each in found.items] == [made.id]
    [(statement, parameters)] = asked
    with transaction() as conn:
        prefix = "EXPLAIN " if conn.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        plan = " ".join(str(tuple(row)) for row in conn.exec_driver_sql(prefix + statement, parameters))
    assert "ix_signoff_record_submitted" not in plan, plan
    assert "Limit" in plan or "CO-ROUTINE" in plan or "MATERIALIZE" in plan, plan


def test_nobody_finds_behind_a_number_what_is_not_theirs_to_see() -> None:
    at_shop.refund()
    assert behind.find(Slice("refund"), at_shop.person("fei")).items == ()
    assert len(behind.find(Slice("refund"), at_shop.person("amy")).items) == 1


def test_each_status_is_counted_once(at: Clock) -> None:
    sold = at_shop.order(100)
    made = [at_shop.refund(1, of=sold) for _ in range(3)]
    service.withdraw(made[0].id, by=at_shop.person("amy"))
    rolling.catch_up()
    counted = Counter({status: sums.requests for status, sums in figures.by_member(ALL, "status")})
    assert counted == {"open": 2, "withdrawn": 1}
    assert figures.in_all(replace(ALL, first=date(2026, 3, 2) - timedelta(days=5), last=date(2026, 3, 1))).requests == 0


def test_a_page_counts_busy_days_until_they_are_many_requests(at: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    sold = at_shop.order(100)
    for _ in range(4):
        at_shop.refund(1, of=sold)
        at.move(days=1)
    monkeypatch.setattr(rolling, "AT_ONCE_FOR_PAGE", 2)
    left = {day for form, day in rolling.catch_up(0).backlog if form == "refund"}
    assert (len(left), figures.in_all(ALL).requests) == (2, 2)
    assert max(left) < figures.by_day(ALL)[0][0]  # the youngest came first
    monkeypatch.setattr(rolling, "AT_ONCE_FOR_PAGE", 100)
    assert rolling.catch_up(0).backlog == frozenset()
