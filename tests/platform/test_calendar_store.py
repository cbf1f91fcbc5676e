"""Calendars of the database, the default one, and what a wrong one says."""

import pytest
from flask import Flask

from signoff.platform import calendar_store
from signoff.platform.db import transaction
from signoff.platform.errors import NotFound, Refused


def test_without_any_the_office_is_open_monday_to_friday(context: Flask) -> None:
    office = calendar_store.calendar()
    assert (office.key, office.zone.key, office.country) == ("office", "Asia/Shanghai", "CN")
    assert [len(hours) for hours in office.hours] == [1, 1, 1, 1, 1, 0, 0]


def test_a_saved_calendar_is_found_and_replaced(context: Flask) -> None:
    for closing in ("16:00", "17:00"):
        with transaction() as conn:
            calendar_store.save_calendar(conn, {"key": "store", "hours": {"sat": [["10:00", closing]]}})
        assert calendar_store.calendar("store").hours[5][0].end == int(closing[:2]) * 60
    assert list(calendar_store.documents()) == ["store"]


def test_an_unknown_one_names_the_known(context: Flask) -> None:
    with pytest.raises(NotFound, match=r"No calendar 'mars'\. Known: office\."):
        calendar_store.calendar("mars")


def test_a_wrong_one_changes_nothing(context: Flask) -> None:
    with pytest.raises(Refused), transaction() as conn:
        calendar_store.save_calendar(conn, {"key": "office", "hours": {}})
    assert calendar_store.documents() == {}
