"""Pages of calendars: hours, days on and off, the other days of a year; and the same over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from signoff.platform import calendar_store, calendar_year
from signoff.platform.calendars import read_calendar
from signoff.platform.calendars_web import special_days

from ..conftest import Clock, SignIn

TYPED = {
    "name_en": "Warehouse", "name_zh": "仓库", "zone": "Asia/Shanghai", "country": "CN",
    "hours_mon": "08:00-12:00, 13:00-17:00", "hours_sat": "09：00–12:00",
    "days_off": "2026-12-24/2026-12-31\n2026-11-11",
}  # fmt: skip


@pytest.mark.parametrize(("language", "name", "month"), [("en", "National Day", "October"), ("zh", "国庆节", "十月")])
def test_a_year_says_which_days_are_other_and_why(language: str, name: str, month: str) -> None:
    calendar, problems = read_calendar({"key": "cn", "country": "CN", "days_off": ["2026-12-24/2026-12-25"]})
    assert calendar is not None, problems
    others = calendar_year.others(calendar, 2026, language)
    assert (date(2026, 10, 1), False) in [(each.first, each.works) for each in others if name in each.name]
    assert (date(2026, 12, 24), date(2026, 12, 25), False) in [(each.first, each.last, each.works) for each in others]
    assert (date(2026, 2, 14), True) in [(each.first, each.works) for each in others]
    drawn = calendar_year.months(calendar, 2026, language)
    assert len(drawn) == 12
    assert drawn[9][0] == month
    days = [day for _, weeks in drawn for week in weeks for day in week if day is not None]
    assert [day.date for day in days] == [date(2026, 1, 1) + timedelta(days=each) for each in range(365)]
    assert all(len(week) == 7 for _, weeks in drawn for week in weeks)
    assert all(day.works == calendar.working(day.date) for day in days)


def test_the_other_days_of_a_year_are_holidays_and_the_days_worked_instead(context: Flask) -> None:
    found = special_days(calendar_store.calendar(), 2026)
    assert (date(2026, 10, 1), date(2026, 10, 2), False) in found
    assert (date(2026, 2, 14), date(2026, 2, 14), True) in found


def test_the_pages(company: Flask, at: Clock, sign_in: SignIn) -> None:
    company.config["WTF_CSRF_ENABLED"] = False
    try:
        with sign_in("ada") as browser:
            assert "office" in browser.get("/calendars").text
            assert "2026" in browser.get("/calendars/office").text
            assert browser.get("/calendars/add").status_code == 200
            assert browser.post("/calendars/add", data={**TYPED, "key": "depot"}).status_code == 303
            with company.app_context():
                depot = calendar_store.calendar("depot")
                assert depot.working(date(2026, 3, 7))
                assert not depot.working(date(2026, 11, 11))
            assert browser.post("/calendars/add", data={**TYPED, "key": "depot"}).status_code == 422
            wrong = browser.post("/calendars/depot", data={**TYPED, "hours_mon": "18:00-09:00", "zone": "Mars"})
            assert wrong.status_code == 422
            assert browser.get("/calendars/depot?year=2027").status_code == 200
            tried = browser.post(
                "/calendars/depot", data={**TYPED, "country": "DE", "year": "2026", "do_what": "redraw"}
            )
            assert "German Unity Day" in tried.text
            assert "DE-BY" in tried.text
            nothing = browser.post("/calendars/add", data={**TYPED, "zone": "Mars", "do_what": "redraw"})
            assert "cannot be read yet" in nothing.text
            assert "German Unity Day" not in browser.get("/calendars/depot?year=2026").text
            assert browser.get("/calendars/none").status_code == 404
        with sign_in("amy") as browser:
            assert browser.get("/calendars").status_code == 403
    finally:
        company.config["WTF_CSRF_ENABLED"] = True


def test_the_api(company: Flask, at: Clock, token: Any) -> None:
    client, headers = company.test_client(), token("ada")
    document = {"name": "Depot", "hours": {"mon": [["08:00", "12:00"]]}, "days_off": ["2026-03-09"]}
    put = client.put("/api/v1/calendars/depot", json={"document": document}, headers=headers)
    assert {"from": "2026-03-09", "until": "2026-03-09", "works": False} in put.json["days"]
    assert client.put("/api/v1/calendars/depot", json={"document": {"hours": 1}}, headers=headers).status_code == 422
    assert len(client.get("/api/v1/calendars", headers=token("amy")).json["items"]) == 2
    assert client.put("/api/v1/calendars/depot", json={"document": document}, headers=token("amy")).status_code == 403
