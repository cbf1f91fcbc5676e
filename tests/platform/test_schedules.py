"""Schedules: times in words and cron, the next of them, what happens when they pass, and the pages."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.platform import schedules
from signoff.platform.db import reading, transaction
from signoff.platform.errors import Conflict, Refused
from signoff.platform.models import timers
from signoff.platform.people.models import persons
from signoff.platform.schedule_words import Times, describe, read_times
from signoff.platform.scheduler import run_due
from signoff.platform.schedules import Occasion, Work

from ..conftest import Clock, SignIn

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("said", "times"),
    [
        ("every day 09:00", Times("0", "9")),
        ("Daily at 9:05", Times("5", "9")),
        ("每天 09：00", Times("0", "9")),
        ("every weekday 09:00", Times("0", "9", weekday="mon-fri")),
        ("every working day 09:00", Times("0", "9", working_days=True)),
        ("每个工作日 9:00", Times("0", "9", working_days=True)),
        ("every Monday 08:30", Times("30", "8", weekday="mon")),
        ("weekly on monday and thu 08:30", Times("30", "8", weekday="mon,thu")),
        ("每周一、周四 8:30", Times("30", "8", weekday="mon,thu")),
        ("every month on the 1st 07:00", Times("0", "7", day="1")),
        ("每月最后一天 07:00", Times("0", "7", day="last")),
        ("每月15日 07:00", Times("0", "7", day="15")),
        ("every hour", Times("0", "*")),
        ("every 15 minutes", Times("*/15", "*")),
        ("0 9 * * 1-5", Times("0", "9", weekday="mon,tue,wed,thu,fri")),
        ("0 9 * * 5-7", Times("0", "9", weekday="fri,sat,sun")),
        ("0 9 * * 0", Times("0", "9", weekday="sun")),
        ("*/10 8-18 1,15 * *", Times("*/10", "8-18", "1,15")),
    ],
)
def test_times(said: str, times: Times) -> None:
    assert read_times(said) == times


@pytest.mark.parametrize(
    "said",
    ["", "sometimes", "every day", "every day 25:00", "every 7 minutes", "0 9 1 * 1", "every funday 09:00", "* * * *",
     "每月32日 07:00"],
)  # fmt: skip
def test_what_is_no_time(said: str) -> None:
    with pytest.raises(ValueError, match="Examples"):
        read_times(said)


@pytest.mark.parametrize("said", ["every day 09:00", "every working day 08:05", "every monday and sunday 23:59"])
def test_words_say_the_same_in_both_languages(said: str) -> None:
    words = describe(read_times(said))
    assert not isinstance(words, str)
    assert read_times(words["en"]) == read_times(words["zh"]) == read_times(said)


def _local(said: str, zone: ZoneInfo, after: datetime, count: int) -> list[str]:
    found = schedules.next_times(read_times(said), zone, after, count)
    return [f"{each.astimezone(zone):%m-%d %H:%M}" for each in found]


def test_the_next_times(context: Flask, at: Clock) -> None:
    monday = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
    assert _local("every weekday 09:00", SHANGHAI, monday, 5) == [
        "03-03 09:00", "03-04 09:00", "03-05 09:00", "03-06 09:00", "03-09 09:00",
    ]  # fmt: skip
    assert _local("0 0 29 2 *", SHANGHAI, monday, 2) == ["02-29 00:00"]


def test_working_days_are_those_of_the_calendar(context: Flask, at: Clock) -> None:
    before_the_festival = datetime(2026, 2, 13, 2, 0, tzinfo=UTC)
    # 2026: off from 15 to 23 February, and worked on Saturdays 14 and 28
    assert _local("every working day 09:00", SHANGHAI, before_the_festival, 3) == [
        "02-14 09:00", "02-24 09:00", "02-25 09:00",
    ]  # fmt: skip


def test_a_day_with_a_clock_change_has_one_nine_o_clock(context: Flask, at: Clock) -> None:
    spring = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert _local("every day 09:00", BERLIN, spring, 3) == ["03-29 09:00", "03-30 09:00", "03-31 09:00"]
    autumn = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert _local("every day 02:30", BERLIN, autumn, 3) == ["10-25 02:30", "10-26 02:30", "10-27 02:30"]
    assert _local("every day 02:30", BERLIN, spring, 2) == ["03-29 03:00", "03-30 02:30"]


def test_times_in_every_hour_are_as_far_apart_when_clocks_change(context: Flask, at: Clock) -> None:
    autumn = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)  # 02:15, and at 03:00 it is 02:00 again
    found = schedules.next_times(read_times("every 15 minutes"), BERLIN, autumn, 8)
    assert [each - autumn for each in found] == [timedelta(minutes=15 * number) for number in range(1, 9)]
    assert _local("every hour", BERLIN, autumn, 3) == ["10-25 02:00", "10-25 03:00", "10-25 04:00"]
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30, and at 02:00 it is 03:00
    assert _local("every 15 minutes", BERLIN, spring, 3) == ["03-29 01:45", "03-29 03:00", "03-29 03:15"]
    assert _local("30 * * * *", BERLIN, spring, 2) == ["03-29 03:30", "03-29 04:30"]
    assert _local("every hour", ZoneInfo("Australia/Lord_Howe"), datetime(2026, 4, 4, 14, 30, tzinfo=UTC), 2) == [
        "04-05 02:00", "04-05 03:00",  # half an hour back, at 02:00
    ]  # fmt: skip


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Occasion]:
    """A work ``note`` that writes down its runs."""
    found: list[Occasion] = []

    def run(occasion: Occasion) -> int:
        found.append(occasion)
        return 7

    works = {**schedules._works, "note": Work("note", "Note", run, lambda arguments: [], {})}
    monkeypatch.setattr(schedules, "_works", works)
    return found


def _document(**more: Any) -> dict[str, Any]:
    return {
        "schema": "schedule/1",
        "key": "morning",
        "title": "Morning",
        "when": "every day 11:00",
        "do": "note",
        **more,
    }


def test_it_runs_at_its_time_and_again_the_next_day(
    company: Flask, context: Flask, at: Clock, ran: list[Occasion]
) -> None:
    schedules.publish(_document(), by="ada")
    assert run_due(context) == 0
    for day in (2, 3):
        at.at = datetime(2026, 3, day, 3, 0, 1, tzinfo=UTC)
        run_due(context)
        assert ran[-1].at == datetime(2026, 3, day, 3, 0, tzinfo=UTC)
    assert len(ran) == 2
    assert [(each.count, each.error) for each in schedules.last_runs("morning")] == [(7, None)]


@pytest.mark.parametrize(("missed", "runs"), [("once", 1), ("skip", 0)])
def test_of_many_missed_times_one_is_made_up_for(
    company: Flask, context: Flask, at: Clock, ran: list[Occasion], missed: str, runs: int
) -> None:
    schedules.publish(_document(missed=missed), by="ada")
    at.move(days=5)
    run_due(context)
    assert len(ran) == runs
    at.at = datetime(2026, 3, 7, 3, 0, tzinfo=UTC)
    run_due(context)
    assert len(ran) == runs + 1


def test_everybody_has_their_own_nine_o_clock(company: Flask, context: Flask, at: Clock, ran: list[Occasion]) -> None:
    with transaction() as conn:
        conn.execute(sa.update(persons).where(persons.c.key == "amy").values(zone="Europe/Berlin"))
    from signoff.platform import caches

    caches.forget()
    schedules.publish(_document(zone="person"), by="ada")
    at.at = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    run_due(context)
    assert ran[0].zone == "Asia/Shanghai"
    assert "amy" not in [each.key for each in ran[0].receivers(None)]
    at.at = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    run_due(context)
    assert [each.key for each in ran[1].receivers(None)] == ["amy"]


def test_another_version_moves_its_timer_and_one_switched_off_has_none(
    company: Flask, context: Flask, at: Clock, ran: list[Occasion]
) -> None:
    def due() -> list[datetime]:
        with reading() as conn:
            return list(conn.scalars(sa.select(timers.c.due_at).where(timers.c.kind == "schedule")))

    schedules.publish(_document(), by="ada")
    assert due() == [datetime(2026, 3, 2, 3, 0, tzinfo=UTC)]
    schedules.publish(_document(when="every day 12:00"), by="ada", base_version=1)
    assert due() == [datetime(2026, 3, 2, 4, 0, tzinfo=UTC)]
    with pytest.raises(Conflict):
        schedules.publish(_document(when="every day 13:00"), by="ada", base_version=1)
    schedules.publish(_document(active=False), by="ada")
    assert due() == []


def test_a_run_that_fails_is_tried_again_and_says_why(
    company: Flask, context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(occasion: Occasion) -> int:
        raise RuntimeError("no coffee")

    monkeypatch.setattr(schedules, "_works", {"note": Work("note", "Note", fail, lambda arguments: [], {})})
    schedules.publish(_document(), by="ada")
    schedules.run_now("morning")
    run_due(context)
    [last] = schedules.last_runs("morning")
    assert last.error == "RuntimeError: no coffee"


def test_all_problems_at_once(context: Flask, ran: list[Occasion]) -> None:
    with pytest.raises(Refused) as refused:
        schedules.publish(
            {"schema": "schedule/1", "key": "A", "title": "", "when": "never", "do": "dance", "zone": "Mars", "x": 1,
             "missed": "twice", "active": 1, "with": []},
            by=None,
        )  # fmt: skip
    assert {each.path for each in refused.value.problems} == {
        "/key", "/title", "/when", "/do", "/zone", "/x", "/missed", "/active", "/with",
    }  # fmt: skip


def test_what_is_met_once_is_not_new_again(context: Flask, at: Clock) -> None:
    with transaction() as conn:
        assert schedules.is_new(conn, "s", "record:1", at.now())
        assert not schedules.is_new(conn, "s", "record:1", at.move(days=100))
        assert schedules.is_new(conn, "s", "record:1", at.move(days=3), at.now() - timedelta(days=2))


def test_the_pages(company: Flask, at: Clock, sign_in: SignIn, ran: list[Occasion]) -> None:
    company.config["WTF_CSRF_ENABLED"] = False
    try:
        with sign_in("ada") as browser:
            assert "No schedules yet" in browser.get("/schedules").text
            fresh = browser.get("/schedules/add").text
            assert "every working day 09:00" in fresh
            assert fresh.count("09:00</time>") == 5
            assert "older_than" in browser.get("/schedules/add?do=clean_up").text
            assert "每个工作日 09:00" in browser.get("/schedules/add", headers={"Accept-Language": "zh-CN"}).text
            typed = {
                "key": "digest", "title_en": "Digest", "title_zh": "每日摘要", "when": "every weekday 09:00",
                "zone": "person", "missed": "once", "do": "digest", "active": "y",
            }  # fmt: skip
            shown = browser.post("/schedules/add", data={**typed, "do_what": "preview"})
            assert shown.text.count("09:00</time>") == 5
            assert browser.post("/schedules/add", data={**typed, "when": "never"}).status_code == 422
            assert browser.post("/schedules/add", data={**typed, "do": "note", "with": "{"}).status_code == 422
            assert browser.post("/schedules/add", data=typed).status_code == 303
            assert "Digest" in browser.get("/schedules").text
            page = browser.get("/schedules/digest").text
            assert "Version 1" in page
            assert browser.post("/schedules/digest/run").status_code == 303
            run_due(company)
            assert "It has not run yet" not in browser.get("/schedules/digest").text
            wrong = browser.post("/schedules/digest", data={"as_json": "1", "document": '{"schema": "schedule/1"}'})
            assert wrong.status_code == 422
        with sign_in("amy") as browser:
            assert browser.get("/schedules").status_code == 403
    finally:
        company.config["WTF_CSRF_ENABLED"] = True


def test_the_api(company: Flask, at: Clock, token: Any) -> None:
    client, headers = company.test_client(), token("ada")
    document = {"schema": "schedule/1", "title": "Old things", "when": "every day 03:00", "do": "clean_up",
                "with": {"what": ["notifications"], "older_than": "P90D"}}  # fmt: skip
    put = client.put("/api/v1/schedules/old", json={"document": document}, headers=headers)
    assert put.status_code == 200, put.text
    assert len(put.json["next"]) == 5
    document["with"] = {"what": ["everything"], "older_than": "P1D"}
    wrong = client.put("/api/v1/schedules/old", json={"document": document}, headers=headers)
    assert [each["path"] for each in wrong.json["problems"]] == ["/with/what/0", "/with/older_than"]
    assert client.post("/api/v1/schedules/old/run", headers=headers).status_code == 202
    run_due(company)
    assert client.get("/api/v1/schedules/old", headers=headers).json["runs"][0]["error"] is None
    times = client.post("/api/v1/schedules/times", json={"when": "每天 9:00"}, headers=headers)
    assert times.json["words"]["en"] == "every day 09:00"
    assert client.post("/api/v1/schedules/times", json={"when": "0 99 * * *"}, headers=headers).status_code == 422
    assert len(client.get("/api/v1/schedules", headers=headers).json["items"]) == 1
