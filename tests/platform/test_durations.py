"""Durations: ISO 8601 both ways, days remembered, everything else refused with the way out."""

import pickle
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.platform.durations import Duration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT30M", timedelta(minutes=30)),
        ("-PT1H", -timedelta(hours=1)),
        ("P1D", timedelta(days=1)),
        ("P2W", timedelta(days=14)),
        ("P1DT12H", timedelta(days=1, hours=12)),
        ("PT0S", timedelta(0)),
        ("PT1.5S", timedelta(seconds=1.5)),
        ("+PT5M", timedelta(minutes=5)),
    ],
)
def test_reads(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "1H", "P1Y", "P1M", "PT1H30", "PT-1H", "pt1h", "PT1H ", "P٣D", "P99999D", None, 5]
)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no duration|is longer than"):
        parse_duration(text)


def test_a_day_is_not_24_hours() -> None:
    assert (parse_duration("P1D").days_named, parse_duration("PT24H").days_named) == (1, 0)
    assert (format_duration(parse_duration("P1D")), format_duration(timedelta(days=1))) == ("P1D", "PT24H")


def test_twice_a_day_is_two_days() -> None:
    assert format_duration(2 * parse_duration("P1DT1H")) == "P2DT2H"
    assert format_duration(parse_duration("P1W") * 2) == "P2W"


durations = st.builds(
    Duration, st.integers(0, 50), st.integers(0, 300), st.timedeltas(timedelta(0), timedelta(days=900))
).flatmap(lambda each: st.sampled_from([each, -each]))


@given(durations)
def test_written_and_read_it_means_the_same(duration: Duration) -> None:
    again = parse_duration(format_duration(duration))
    assert (again, again.weeks_named, again.days_named) == (duration, duration.weeks_named, duration.days_named)


@given(durations)
def test_copies_keep_their_days(duration: Duration) -> None:
    copied = pickle.loads(pickle.dumps(duration))
    assert (copied.time, copied.days_named, copied.weeks_named) == (
        duration.time,
        duration.days_named,
        duration.weeks_named,
    )
