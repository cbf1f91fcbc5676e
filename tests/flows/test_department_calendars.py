"""Departments with calendars of their own: the deadline of a step keeps that of whom it waits for."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from signoff.flows.effects import Actor, ChangeTask, Note, OpenTask, SetTimer
from signoff.flows.events import Claimed, CustomerAsked, Rescheduled, Transferred
from signoff.flows.run import World
from signoff.platform import audit, calendar_store
from signoff.platform.business_time import Calendar
from signoff.platform.calendars import read_calendar, standard
from signoff.platform.errors import Refused
from signoff.platform.people import service as people
from signoff.platform.people.directory import Department, Directory
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from . import shop as at_shop
from .playing import DEPARTMENTS, NOW, PEOPLE, Play, approve, program

ZONE = ZoneInfo("Asia/Shanghai")
DUE = {"in": "P1D", "remind": ["-PT1H"]}


def _calendar(key: str, **more: object) -> Calendar:
    found, problems = read_calendar({"key": key, "zone": ZONE.key, "country": "", **more})
    assert found is not None, problems
    return found


CALENDARS = {
    "flow": standard(ZONE, None, "flow"),
    "shop": _calendar("shop", days_off=["2026-03-03"]),
    "head_office": _calendar("head_office", days_off=["2026-03-03", "2026-03-04"]),
}
CALENDARS |= {key: replace(each, others=CALENDARS) for key, each in CALENDARS.items()}


class Departments(Play):
    """A stage on which departments have calendars."""

    @property
    def world(self) -> World:
        return World(self.directory, CALENDARS["flow"], self.now, dict(self.values), "claim")


def _directory(**kept: str) -> Directory:
    return Directory.of(PEOPLE, [replace(each, calendar=kept.get(each.key)) for each in DEPARTMENTS])


def _day(play: Play, step: str = "first") -> str:
    due_at = play.run.steps[step].due_at
    assert due_at is not None
    return f"{due_at.astimezone(ZONE):%m-%d}"


@pytest.mark.parametrize(
    ("kept", "who", "due", "day"),
    [
        ({}, [{"person": "bob"}], DUE, "03-03"),
        ({"shop": "shop"}, [{"person": "bob"}], DUE, "03-04"),
        ({"company": "head_office"}, [{"person": "bob"}], DUE, "03-05"),
        ({"company": "head_office", "shop": "shop"}, [{"person": "bob"}], DUE, "03-04"),
        ({"shop": "shop"}, [{"person": "bob"}, {"person": "cay"}], DUE, "03-04"),
        ({"shop": "shop"}, [{"person": "bob"}, {"person": "boss"}], DUE, "03-03"),
        ({"shop": "shop"}, [{"role": "finance"}], DUE, "03-03"),
        ({"shop": "shop"}, [{"person": "bob"}], {**DUE, "calendar": "head_office"}, "03-05"),
        ({"shop": "moon"}, [{"person": "bob"}], DUE, "03-03"),
    ],
    ids=["nobody has one", "its own", "that of the department above", "its own before that above",
         "two of one department", "of different ones: the flow's", "a pool of different ones",
         "the step's own comes first", "one that is gone"],
)  # fmt: skip
def test_whose_calendar_holds(kept: dict[str, str], who: list[Any], due: Any, day: str) -> None:
    play = Departments(program([approve("first", *who, due=due)]), directory=_directory(**kept))
    assert _day(play) == day
    assert {each.due_at for each in play.effects if isinstance(each, OpenTask)} == {play.run.steps["first"].due_at}
    timers = [each.due_at for each in play.effects if isinstance(each, SetTimer)]
    assert timers == [play.run.steps["first"].due_at - timedelta(hours=1)]  # type: ignore[operator]
    assert not [each for each in play.effects if isinstance(each, ChangeTask)]
    assert "deadline.moved" not in [each.event for each in play.effects if isinstance(each, Note)]


def test_a_task_that_is_handed_to_another_department_keeps_their_calendar() -> None:
    play = Departments(program([approve("first", {"person": "bob"}, due=DUE)]), directory=_directory(shop="shop"))
    assert _day(play) == "03-04"
    play.wait(hours=1).happen(Transferred(play.task("first").name, Actor("bob"), "dan"))
    assert _day(play) == "03-03"
    [changed] = [each for each in play.effects if isinstance(each, ChangeTask)]
    assert changed.due_at == play.run.steps["first"].due_at
    assert "deadline.moved" in [each.event for each in play.effects if isinstance(each, Note)]


def test_whoever_claims_a_task_of_a_pool_does_not_move_its_deadline() -> None:
    play = Departments(program([approve("first", {"role": "finance"}, due=DUE)]), directory=_directory(shop="shop"))
    play.wait(hours=1).happen(Claimed(play.task("first").name, Actor("cay")))
    assert _day(play) == "03-03"


def test_a_department_that_gets_a_calendar_moves_what_waits_for_it() -> None:
    play = Departments(program([approve("first", {"person": "bob"}, due=DUE)]), directory=_directory())
    play.directory = _directory(shop="shop")
    play.wait(minutes=1).happen(Rescheduled())
    assert _day(play) == "03-04"
    play.directory = _directory()
    play.wait(minutes=1).happen(Rescheduled())
    assert _day(play) == "03-03"


def test_clocks_that_stand_still_are_not_counted_anew() -> None:
    play = Departments(program([approve("first", {"person": "bob"}, due=DUE)]), directory=_directory())
    play.happen(CustomerAsked(play.task("first").name, Actor("bob"), "When did it come?"))
    play.directory = _directory(shop="shop")
    play.wait(minutes=1).happen(Rescheduled())
    assert play.run.steps["first"].due_at is None
    assert not [each for each in play.effects if isinstance(each, SetTimer)]


def _due_at() -> datetime:
    due_at = at_shop.task_of("bo").due_at
    assert due_at is not None
    return due_at


def test_running_requests_follow_their_department(shop: Flask, context: Flask, at: Clock) -> None:
    """End to end: the department gets a calendar, its days change, and it loses it again."""
    assert at.now() >= NOW - timedelta(days=1)
    made = at_shop.refund()
    usual = _due_at()
    first_day = f"{usual.astimezone(ZONE):%Y-%m-%d}"
    calendar_store.save({"key": "service", "name": "Service", "days_off": [first_day]}, by="ada")
    department = next(each for each in people.directory().departments.values() if each.key == _of("bo"))
    people.save_department(replace(department, calendar="service"), by="ada")
    _settle(context, at)
    assert _due_at().date() > usual.date()
    assert "deadline.moved" in [each.event for each in audit.entries(made.chain)]
    calendar_store.save({"key": "service", "name": "Service"}, by="ada")
    _settle(context, at)
    assert _due_at() == usual
    people.save_department(replace(department, calendar=None), by="ada")
    _settle(context, at)
    assert _due_at() == usual


def _of(person: str) -> str | None:
    return people.person(person).department


def _settle(app: Flask, at: Clock) -> None:
    at.move(seconds=12)
    run_due(app)


def test_a_calendar_that_is_not_there_is_refused(shop: Flask, context: Flask) -> None:
    with pytest.raises(Refused) as refused:
        people.save_department(Department("new", "New", calendar="moon"), by="ada")
    assert [(each.path, each.code) for each in refused.value.problems] == [("/calendar", "unknown_calendar")]
