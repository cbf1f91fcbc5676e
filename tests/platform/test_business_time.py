"""Business time against examples that people can check, and against an oracle that walks minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from signoff.platform.business_time import Span
from signoff.platform.calendars import Calendar, Clock, read_calendar, standard
from signoff.platform.durations import parse_duration

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = standard(SHANGHAI, "CN")
MINUTE = timedelta(minutes=1)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def local(moment: datetime, zone: ZoneInfo = SHANGHAI) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        # 2026-03-02 is a Monday
        ("2026-03-02 10:00", "PT8H", "2026-03-02 18:00"),
        ("2026-03-02 10:00", "PT12H", "2026-03-03 13:00"),
        ("2026-03-02 10:00", "PT24H", "2026-03-04 16:00"),
        ("2026-03-02 10:00", "P1D", "2026-03-03 10:00"),
        ("2026-03-06 10:00", "P1D", "2026-03-09 10:00"),
        ("2026-03-06 18:00", "P1D", "2026-03-09 18:00"),
        ("2026-03-02 10:00", "P1DT9H", "2026-03-04 10:00"),
        ("2026-03-02 10:00", "P1W", "2026-03-09 10:00"),
        ("2026-03-07 12:00", "P1D", "2026-03-10 09:00"),
        ("2026-03-07 12:00", "PT30M", "2026-03-09 09:30"),
        ("2026-03-02 22:00", "PT1H", "2026-03-03 10:00"),
        ("2026-03-02 22:00", "PT0S", "2026-03-02 22:00"),
        ("2026-03-09 09:30", "-PT1H", "2026-03-06 17:30"),
        ("2026-03-09 10:00", "-P1D", "2026-03-06 10:00"),
        # spring festival 2026: off from Sunday 15 to Monday 23 February, Saturdays 14 and 28 are worked
        ("2026-02-13 17:00", "PT2H", "2026-02-14 10:00"),
        ("2026-02-14 17:00", "PT2H", "2026-02-24 10:00"),
        ("2026-02-13 10:00", "P2D", "2026-02-24 10:00"),
        ("2026-02-27 10:00", "P1D", "2026-02-28 10:00"),
        ("2026-03-01 10:00", "-PT1H", "2026-02-28 17:00"),
    ],
)
def test_office_hours_in_china(start: str, duration: str, end: str) -> None:
    assert local(OFFICE.add(at(start), parse_duration(duration))) == end


def test_make_up_days_are_worked_and_holidays_are_not() -> None:
    assert OFFICE.working(date(2026, 2, 14))
    assert not OFFICE.working(date(2026, 2, 17))
    assert OFFICE.working_days(date(2026, 2, 13), date(2026, 2, 28)) == 7
    assert OFFICE.working_days(date(2026, 2, 28), date(2026, 2, 13)) == -7
    assert OFFICE.working_days(date(2026, 3, 9), date(2026, 3, 9)) == 1
    assert OFFICE.working_days(date(2026, 3, 7), date(2026, 3, 8)) == 0


def _calendar(**document: object) -> Calendar:
    calendar, problems = read_calendar({"key": "test", "country": "", **document})
    assert calendar is not None, problems
    return calendar


LUNCH = _calendar(
    hours={name: [["09:00", "12:00"], ["13:00", "18:00"]] for name in ("mon", "tue", "wed", "thu")}
    | {"fri": [["10:00", "15:00"]]}
)


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-03-02 11:30", "PT1H", "2026-03-02 13:30"),
        ("2026-03-02 12:30", "P1D", "2026-03-03 13:00"),
        ("2026-03-05 16:00", "P1D", "2026-03-06 15:00"),
        ("2026-03-05 09:00", "P1D", "2026-03-06 10:00"),
        ("2026-03-02 13:30", "-PT1H", "2026-03-02 11:30"),
    ],
)
def test_several_spans_and_short_days(start: str, duration: str, end: str) -> None:
    assert local(LUNCH.add(at(start), parse_duration(duration))) == end


def test_admins_override_days() -> None:
    calendar = _calendar(
        hours={"mon": [["09:00", "17:00"]]}, days_on=["2026-03-07"], days_off=["2026-03-09/2026-03-16"]
    )
    assert [day for day in range(1, 32) if calendar.working(date(2026, 3, day))] == [2, 7, 23, 30]


def test_a_day_always_keeps_its_time_across_a_clock_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    calendar = standard(berlin, "DE")
    start = at("2026-03-28 12:00", berlin)
    assert local(calendar.add(start, parse_duration("P1D"), Clock.ALWAYS), berlin) == "2026-03-29 12:00"
    assert local(calendar.add(start, parse_duration("PT24H"), Clock.ALWAYS), berlin) == "2026-03-29 13:00"
    assert calendar.between(start, start + timedelta(days=1), Clock.ALWAYS) == timedelta(days=1)


def test_a_calendar_that_hardly_opens_ends_all_the_same() -> None:
    calendar = _calendar(hours={"mon": [["09:00", "09:01"]]})
    assert calendar.add(at("2026-03-02 09:00"), parse_duration("PT80000H")) > at("2065-01-01 00:00")


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        (5, [("", "not_an_object")]),
        ({}, [("/key", "wrong_key"), ("/name", "wrong_type")]),
        ({"key": "__class__"}, [("/key", "wrong_key")]),
        ({"key": "a", "zone": "Mars/Base"}, [("/zone", "unknown_zone")]),
        ({"key": "a", "country": "XX"}, [("/country", "unknown_country")]),
        ({"key": "a", "colour": 1}, [("/colour", "unknown_key")]),
        ({"key": "a", "hours": {}}, [("/hours", "never_open")]),
        ({"key": "a", "hours": {"monday": []}}, [("/hours/monday", "unknown_key")]),
        ({"key": "a", "hours": {"mon": [["9:00", "18:00"]]}}, [("/hours/mon/0", "wrong_type")]),
        ({"key": "a", "hours": {"mon": [["22:00", "06:00"]]}}, [("/hours/mon/0", "wrong_value")]),
        ({"key": "a", "hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, [("/hours/mon", "overlap")]),
        (
            {"key": "a", "days_off": ["2026-02-30", "2026-01-02/2026-01-01"]},
            [("/days_off/0", "wrong_type"), ("/days_off/1", "wrong_value")],
        ),
    ],
)
def test_wrong_calendars_say_where(document: object, codes: list[tuple[str, str]]) -> None:
    calendar, problems = read_calendar(document)
    assert calendar is None
    assert [(each.path, each.code) for each in problems] == codes


# --- the oracle: minutes, one after the other

# clocks that never change, also by halves and quarters of an hour; that change at night, at midnight, by half an hour
STEADY = ("Asia/Shanghai", "UTC", "Asia/Kolkata", "Asia/Kathmandu")
CHANGING = ("Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Adelaide", "Australia/Lord_Howe")
ZONES = [ZoneInfo(name) for name in (*STEADY, *CHANGING)]


@st.composite
def hours_of_a_day(draw: st.DrawFn) -> list[list[str]]:
    marks = sorted(draw(st.sets(st.integers(0, 48), max_size=4)))
    return [[_hh(a * 30), _hh(b * 30)] for a, b in zip(marks[::2], marks[1::2], strict=False)]


def _hh(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    hours = {name: draw(hours_of_a_day()) for name in names}
    assume(any(hours.values()))
    return _calendar(
        hours=hours,
        zone=draw(st.sampled_from(ZONES)).key,
        country=draw(st.sampled_from(["", "CN", "DE"])),
        days_off=[str(date(2026, 3, 1) + timedelta(days=draw(st.integers(0, 60))))],
        days_on=[str(date(2026, draw(st.sampled_from([3, 10])), 4) + timedelta(days=draw(st.integers(0, 30))))],
    )


def test_the_walks_pass_what_is_hard() -> None:
    """The days drawn from hold clock changes of every changing zone, and days that are worked instead."""
    days = [base.date() + timedelta(days=number) for base in BASES for number in range(31)]
    for name in CHANGING:
        offsets = {datetime.combine(day, time(12), ZoneInfo(name)).utcoffset() for day in days}
        assert len(offsets) == 2, name
    assert sum(day.weekday() > 4 and OFFICE.working(day) for day in days) >= 4


# around the clock changes of spring and autumn 2026, north and south, and China's make-up days: 14 and 28 February,
# 20 September and 10 October
BASES = [datetime(2026, *day, tzinfo=UTC) for day in ((2, 12), (3, 5), (3, 22), (9, 18), (10, 22))]
starts = st.builds(lambda base, minutes: base + minutes * MINUTE, st.sampled_from(BASES), st.integers(0, 30 * 1440))


def _open_minute(calendar: Calendar, moment: datetime) -> bool:
    """Whether the wall clock stands in the day's hours; of an hour that comes twice, only spans' own ends matter."""
    there = moment.astimezone(calendar.zone)
    minute = there.hour * 60 + there.minute
    return any(span.start <= minute < span.end for span in calendar.hours_on(there.date()))


def _minutes(calendar: Calendar, start: datetime) -> Iterator[datetime]:
    for number in range(60 * 1440):
        moment = start + number * MINUTE
        if _open_minute(calendar, moment):
            yield moment


def _ends_in_a_change(calendar: Calendar) -> bool:
    """Whether a span begins or ends in the night hours that clocks skip or repeat, where walls alone do not tell."""
    ends = {end for hours in calendar.hours for span in hours for end in (span.start, span.end)}
    return calendar.zone.key in CHANGING and any(0 < end % 1440 < 240 or end == 0 for end in ends)


@settings(max_examples=60, deadline=None)
@given(calendars(), starts, st.integers(1, 3000))
def test_working_time_is_as_a_slow_walk_finds_it(calendar: Calendar, start: datetime, minutes: int) -> None:
    assume(not _ends_in_a_change(calendar))
    walked = next((each for number, each in enumerate(_minutes(calendar, start), 1) if number == minutes), None)
    assume(walked is not None)
    end = calendar.add(start, minutes * MINUTE)
    assert end == walked + MINUTE
    assert calendar.between(start, end) == minutes * MINUTE
    assert calendar.between(end, start) == -minutes * MINUTE


@settings(max_examples=200, deadline=None)
@given(calendars(), starts, st.integers(1, 3000))
def test_back_and_forth_is_the_same_working_time(calendar: Calendar, start: datetime, minutes: int) -> None:
    end = calendar.add(start, minutes * MINUTE)
    back = calendar.subtract(end, minutes * MINUTE)
    assert calendar.between(back, end) == minutes * MINUTE
    assert calendar.between(min(start, back), max(start, back)) == timedelta(0)


@settings(max_examples=200, deadline=None)
@given(calendars(), starts, st.integers(1, 10), st.integers(0, 2000))
def test_days_are_counted_day_by_day_and_later_starts_end_later(
    calendar: Calendar, start: datetime, days: int, later: int
) -> None:
    end = calendar.add(start, parse_duration(f"P{days}D"))
    day, left = calendar.next_open(start).astimezone(calendar.zone).date(), days
    here = start.astimezone(calendar.zone).date()
    if calendar.working(here) and any(
        abs((datetime.combine(here, time(0), calendar.zone) + timedelta(minutes=each.end)) - start) < MINUTE / 2
        for each in calendar.hours_on(here)
    ):
        day = here
    while left:
        day += timedelta(days=1)
        left -= calendar.working(day)
    assert end.astimezone(calendar.zone).date() == day or end == datetime.combine(
        day + timedelta(days=1), time(0), calendar.zone
    )
    assert calendar.add(start + later * MINUTE, parse_duration(f"P{days}D")) >= end


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), st.integers(0, 364), st.integers(0, 1439))
def test_round_the_clock_every_minute_counts(zone: ZoneInfo, day: int, minute: int) -> None:
    calendar = Calendar("all", "All", zone, ((Span(0, 1440),),) * 7)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
    assert calendar.add(start, timedelta(hours=100)) == start + timedelta(hours=100)
