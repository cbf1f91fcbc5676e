"""What a new version of a flow changes, in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from signoff.flows.definition import Flow
from signoff.flows.diff import diff_flows
from signoff.flows.schema import read_flow

from .playing import FORM, approve, document

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/checks/diff.json").read_text(encoding="utf-8"))
LABELS = {"amount": "Amount"}
LOW, HIGH = {"amount": {"lt": "100"}}, {"amount": {"gte": "100"}}
A, B, C = approve("a", "bob"), approve("b", "cay"), approve("c", "dan")


def flow(steps: list[Any], **settings: Any) -> Flow:
    made, problems = read_flow(document(steps, **settings), FORM)
    assert made is not None, problems
    return made


def changes(old: list[Any], new: list[Any], language: str = "en", **settings: Any) -> list[str]:
    return [each.text for each in diff_flows(flow(old), flow(new, **settings), language, LABELS)]


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["changes"][0] if case["changes"] else "nothing")
def test_changes_in_words(case):
    assert changes(case["before"], case["after"]) == case["changes"]


def test_settings_and_chinese():
    assert changes([A], [A], self_approval="allow") == ["The flow, self-approval: allow instead of forbid."]
    assert changes([A], [A, B], "zh") == ["新增步骤“b”。"]
    assert changes([A], [A], "zh", material=["amount", "note"]) == ["流程：变更后需重新审批的字段设为amount, note。"]


def test_a_deadline_in_chinese():
    due = {"in": "PT4H", "remind": ["-PT30M", "PT0S", "PT1H"], "then": {"do": "transfer", "to": [{"role": "finance"}]}}
    assert changes([A], [{**A, "due": due}], "zh") == [
        "“a”：时限设为4 小时工作时间, 提醒：到期前30 分钟, 到期时, 超时1 小时后, 到期后转交：role finance。"
    ]


def test_a_change_points_to_its_place():
    found = diff_flows(flow([A]), flow([A, approve("b", "bob")]), "en")
    assert [(each.path, each.what) for each in found] == [("/steps/1", "added")]
    found = diff_flows(flow([A, B]), flow([approve("b", "bob")]), "en")
    assert [(each.path, each.what) for each in found] == [("/steps/0", "removed"), ("/steps/0/who", "changed")]
