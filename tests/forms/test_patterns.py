"""Patterns of admins: as Python's ``re`` matches them, but never for long."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.forms.patterns import PatternError, compile_pattern

PATTERNS = [
    "[0-9]{8,24}", "^[0-9]{8,24}$", "a|b|cd", "(?:ab){2,3}c?", "[^a-c]+", r"[\w.-]+@[a-z]+", r"\d{3}-\d{4}", "x.*y",
    "", "(a|b)*c", "(a+)+b", "(a*)*", "a{2}", "a{2,}", r"\.", r"[\]a]+", "[a-]", "(|a)b", "(a?){3}a{3}",
]  # fmt: skip


@given(st.sampled_from(PATTERNS), st.text("abcdxy019-.@]\n_é", max_size=12))
def test_a_pattern_matches_what_re_matches(pattern: str, value: str) -> None:
    assert compile_pattern(pattern).matches(value) is bool(re.fullmatch(pattern, value, re.ASCII))


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", "a*a*a*a*a*a*b", "(.*)*x", "(a?){200}a{200}b"])
def test_no_pattern_takes_long(pattern: str) -> None:
    start = time.perf_counter()
    assert not compile_pattern(pattern).matches("a" * 1000)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(("pattern", "sentence"), [
    ("(a", "without its “)” at 3"),
    ("a)", "without its “(” at 2"),
    ("[a", "without its “]”"),
    ("[]", "empty"),
    ("*a", "“*” in an odd place"),
    ("a**", "two repetitions"),
    ("a{5,2}", "cannot be met"),
    ("a{x}", "is no count"),
    (r"\b", "not known here"),
    ("(?=a)", "not known here"),
    (r"(a)\1", "not known here"),
    ("[z-a]", "backwards"),
    ("(" * 30 + ")" * 30, "more than 20 groups"),
    ("a{1000}b{1000}", "repeats too much"),
    ("(a{100}){100}", "repeats too much"),
    ("a" * 301, "longer than 300"),
])  # fmt: skip
def test_what_is_no_pattern_is_refused_with_the_place(pattern: str, sentence: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert sentence in caught.value.message
