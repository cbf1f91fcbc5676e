"""A calendar that changes moves the deadlines of running requests, and their timers with them."""

from datetime import datetime

import sqlalchemy as sa
from flask import Flask

from signoff.flows.models import runs
from signoff.platform import audit, calendar_store
from signoff.platform.db import reading
from signoff.platform.models import timers
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from . import shop as at_shop

OFFICE = {"key": "office", "name": "Office", "zone": "Asia/Shanghai", "country": "CN",
          "hours": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}  # fmt: skip


def _due() -> tuple[datetime, datetime]:
    with reading() as conn:
        timer = conn.scalars(sa.select(timers.c.due_at).where(timers.c.kind == "flow.timer")).one()
    task_due = at_shop.task_of("bo").due_at
    assert task_due is not None
    return task_due, timer


def test_deadlines_follow(shop: Flask, context: Flask, at: Clock) -> None:
    made = at_shop.refund()
    before_task, before_timer = _due()
    calendar_store.save({**OFFICE, "days_off": ["2026-03-02"]}, by="ada")
    at.move(seconds=12)
    run_due(context)
    task, timer = _due()
    assert task.date() > before_task.date()
    assert timer > before_timer
    assert "deadline.moved" in [each.event for each in audit.entries(made.chain)]
    calendar_store.save(OFFICE, by="ada")
    at.move(seconds=12)
    run_due(context)
    assert _due()[0] == before_task


def test_what_is_due_by_the_new_calendar_happens(shop: Flask, context: Flask, at: Clock) -> None:
    calendar_store.save({**OFFICE, "days_off": ["2026-03-02", "2026-03-03"]}, by="ada")
    calendar_store.forget()
    at_shop.refund()
    at.move(hours=5)
    calendar_store.save(OFFICE, by="ada")
    at.move(seconds=12)
    run_due(context)
    at.move(seconds=2)
    run_due(context)
    fired = [each.event for each in audit.entries("record:3")]
    assert "deadline.moved" in fired
    assert "timer.fired" in fired


def test_requests_of_other_calendars_stay(shop: Flask, context: Flask, at: Clock) -> None:
    at_shop.refund()
    with reading() as conn:
        before = conn.scalars(sa.select(runs.c.revision)).all()
    calendar_store.save({**OFFICE, "key": "depot"}, by="ada")
    at.move(seconds=12)
    run_due(context)
    with reading() as conn:
        assert conn.scalars(sa.select(runs.c.revision)).all() == before
