"""Reasons and history entries as people read them."""

import json
from pathlib import Path
from string import Formatter

import pytest

from signoff.flows import entries, words
from signoff.flows.effects import Reason
from signoff.flows.naming import Names

from .playing import DIRECTORY, approve, program, route

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/checks/words.json").read_text(encoding="utf-8"))
LEAD = {**approve("lead", "bob"), "title": {"en": "Lead", "zh": "主管"}}
FLOW = program([route("size", ("big", {"amount": {"gte": "100"}}, [LEAD]))]).flow

MANAGER = Reason("manager", {"level": 1, "of": "ann"})


@pytest.mark.parametrize("case", GOLDEN["why"], ids=lambda case: case["en"])
def test_why(case):
    reasons = [Reason(each["code"], {key: each[key] for key in each if key != "code"}) for each in case["reasons"]]
    assert words.why(reasons, DIRECTORY, "en", FLOW) == case["en"]
    assert words.why(reasons, DIRECTORY, "zh", FLOW) == case["zh"]


@pytest.mark.parametrize("case", GOLDEN["history"], ids=lambda case: case["en"])
def test_history(case):
    assert entries.entry(case["event"], "bob", "person", case["data"], "en", DIRECTORY, FLOW) == case["en"]
    assert entries.entry(case["event"], "bob", "person", case["data"], "zh_CN", DIRECTORY, FLOW) == case["zh"]


def test_a_delegate_never_looks_like_a_person():
    data = {"step": "lead", "verdict": "approve", "on_behalf_of": "bob"}
    assert (
        words.entry("task.decided", "cay", "delegate", data, "en", DIRECTORY, FLOW) == "Approved Lead. In place of Bob."
    )
    assert words.entry("task.decided", "cay", "delegate", data, "zh", DIRECTORY, FLOW) == "同意“主管”。（代 Bob）"


def test_without_a_directory_keys_stay_keys():
    assert words.why([MANAGER], None, "en") == "Asked as the manager of ann."
    assert words.entry("task.opened", None, "system", {"step": "x", "principal": "p:bob"}, "en") == "x waits for bob."
    back = {"step": "start", "principal": "p:bob"}
    assert words.entry("task.opened", None, "system", back, "en") == "bob is asked to correct it."


def test_a_customer_has_no_key():
    assert Names(DIRECTORY, None, "zh").person(None) == "客户"


def test_every_sentence_has_both_languages_and_the_same_places():
    for phrases in (words._WHO, words._BECAUSE, entries._ENTRIES, entries._SKIPPED):
        for key, phrase in phrases.items():
            places = [{name for _, name, _, _ in Formatter().parse(phrase[each]) if name} for each in ("en", "zh")]
            assert places[0] == places[1], key
