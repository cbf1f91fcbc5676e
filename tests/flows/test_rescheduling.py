"""A calendar that changes moves the deadlines of running requests, and their timers with them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.flows import catalogue as flows
from signoff.flows.models import runs
from signoff.platform import audit, calendar_store
from signoff.platform.db import reading
from signoff.platform.errors import Refused
from signoff.platform.models import timers
from signoff.platform.scheduler import run_due
from signoff.platform.statements import watched

from ..conftest import Clock, definition
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
    with watched() as seen:
        run_due(context)
    assert not [sql for sql in seen if "signoff_run" in sql and "UPDATE" in sql]  # nor are they locked
    with reading() as conn:
        assert conn.scalars(sa.select(runs.c.revision)).all() == before


DEPOT = {"key": "depot", "name": "Depot", "zone": "Asia/Shanghai", "country": "",
         "hours": {day: [["06:00", "22:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}  # fmt: skip


def _first_step(**due: str) -> dict[str, Any]:
    document = definition("refund.flow")
    document["steps"][0]["due"] = due
    return document


def test_a_step_follows_the_calendar_of_its_department(shop: Flask, context: Flask, at: Clock) -> None:
    calendar_store.save(DEPOT, by="ada")
    flows.publish_flow(_first_step(**{"in": "PT12H", "calendar": "depot"}), by="ada", note="")
    at_shop.refund()
    assert _due()[0] == at.now() + timedelta(hours=12)  # from 10:00 to 22:00
    short = {day: [["09:00", "12:00"]] for day in ("mon", "tue", "wed")}
    calendar_store.save({**DEPOT, "hours": short}, by="ada")
    at.move(seconds=12)
    run_due(context)
    assert _due()[0] > at.now() + timedelta(days=6)


def test_a_calendar_that_is_not_there_is_a_problem_at_its_place(shop: Flask, context: Flask) -> None:
    with pytest.raises(Refused) as refused:
        flows.publish_flow(_first_step(**{"in": "PT12H", "calendar": "moon"}), by="ada", note="")
    assert [(each.path, each.code) for each in refused.value.problems] == [
        ("/steps/0/due/calendar", "unknown_calendar")
    ]
