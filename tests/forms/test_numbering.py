"""Numbers of records."""

from datetime import UTC, datetime

import pytest

from signoff.forms.numbering import check_pattern, format_number, period_key

from .forming import NOW, SHANGHAI


@pytest.mark.parametrize(("pattern", "number", "period"), [
    ("RF-{yyyyMMdd}-{0000}", "RF-20260306-0017", "refund:RF-20260306-#"),
    ("ST-{yyyyMM}-{00000}", "ST-202603-00017", "refund:ST-202603-#"),
    ("{yy}/{MM}/{dd}/{0}", "26/03/06/17", "refund:26/03/06/#"),
    ("单{0000}号", "单0017号", "refund:单#号"),
])  # fmt: skip
def test_numbers_follow_the_calendar_of_the_company(pattern: str, number: str, period: str) -> None:
    assert check_pattern(pattern) is None
    assert format_number(pattern, NOW, SHANGHAI, 17) == number
    assert period_key(pattern, "refund", NOW, SHANGHAI) == period


def test_a_new_day_counts_anew_and_a_full_counter_grows() -> None:
    midnight = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    assert period_key("A{yyyyMMdd}{00}", "f", NOW, SHANGHAI) != period_key("A{yyyyMMdd}{00}", "f", midnight, SHANGHAI)
    assert format_number("A{00}", NOW, SHANGHAI, 123) == "A123"


@pytest.mark.parametrize(("pattern", "sentence"), [
    ("RF-{yyyyMMdd}", "needs its counter once"),
    ("RF-{000}-{00}", "needs its counter once"),
    ("RF-{YYYY}-{000}", "“{YYYY}” is not known"),
    ("RF-{}-{000}", "“{}” is not known"),
    ("RF-{000", "needs its counter once"),
    ("RF}-{000}", "without its other one"),
    ("R" * 80 + "{0}", "longer than 60"),
])  # fmt: skip
def test_a_wrong_pattern_is_explained(pattern: str, sentence: str) -> None:
    wrong = check_pattern(pattern)
    assert wrong is not None
    assert sentence in wrong
