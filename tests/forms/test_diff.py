"""Two versions of a form in words."""

# ruff: noqa: E501 (tables read by lines)

from copy import deepcopy
from typing import Any

import pytest

from signoff.forms.diff import describe, diff
from signoff.forms.schema import read_form

from .forming import choice, document, money, table, text

OLD = document(
    [
        text("name", label={"en": "Name", "zh": "姓名"}), money("amount", label={"en": "Amount", "zh": "金额"}, min="0"),
        choice("tier", "normal", "vip", label={"en": "Tier", "zh": "等级"}), table("lines", text("sku"), label={"en": "Lines", "zh": "明细"}),
    ],
    rules=[{"when": {"amount": {"gt": "5"}}, "require": ["name"]}],
    summary=["name"],
)  # fmt: skip


def changed(change: Any) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """The sentences in both languages, and where each points."""
    new = deepcopy(OLD)
    change(new)
    before, after = read_form(OLD)[0], read_form(new)[0]
    assert before is not None
    assert after is not None
    found = diff(before, after)
    return describe(found, "en"), describe(found, "zh"), [(each.path, each.what) for each in found]


def fields(new: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = new["fields"]
    return found


@pytest.mark.parametrize(("change", "english", "chinese", "where"), [
    (lambda new: None, [], [], []),
    (lambda new: new.update(title={"en": "Other", "zh": "其他"}), ["The form: the title is Other instead of “Sample”."], ["表单：标题由“Sample”改为其他。"], [("/title", "changed")]),
    (lambda new: fields(new).append(text("more")), ["New field “More”."], ["新增字段“More”。"], [("/fields/4", "added")]),
    (lambda new: fields(new).pop(2), ["The field “Tier” is gone."], ["删除字段“等级”。"], [("/fields/2", "removed")]),
    (lambda new: fields(new).insert(0, fields(new).pop(2)), ["“Tier” stands in another place."], ["“等级”的位置改变。"], [("/fields/0", "moved")]),
    (lambda new: fields(new)[1].update(min="10"), ["“Amount”: “min” is 10 instead of 0."], ["“金额”：“min”由0改为10。"], [("/fields/1/min", "changed")]),
    (lambda new: fields(new)[1].pop("min"), ["“Amount”: no “min” any more (was 0)."], ["“金额”：取消“min”（原为0）。"], [("/fields/1/min", "changed")]),
    (lambda new: fields(new)[0].update(required=True), ["“Name”: whether it is required is yes instead of no."], ["“姓名”：是否必填由否改为是。"], [("/fields/0/required", "changed")]),
    (lambda new: fields(new)[0].update(default="x"), ["“Name”: the default is “x”."], ["“姓名”：默认值设为“x”。"], [("/fields/0/default", "changed")]),
    (lambda new: fields(new)[2]["options"].pop(), ["“Tier”: “options” is Normal instead of Normal, Vip."], ["“等级”：“options”由Normal、Vip改为Normal。"], [("/fields/2/options", "changed")]),
    (lambda new: fields(new)[3]["columns"].append(money("price")), ["New field “Lines · Price”."], ["新增字段“明细 · Price”。"], [("/fields/3/columns/1", "added")]),
    (lambda new: new["rules"][0].update(when={"tier": "vip"}), ["Gone is the rule: when Amount is more than 5: require Name.", "New rule: when Tier is vip: require Name."],
     ["删除规则：当金额大于 5：必填姓名。", "新增规则：当等级是vip：必填姓名。"], [("/rules/0", "rule removed"), ("/rules/0", "rule added")]),
    (lambda new: new.update(public={"fill": True}), ["The form: what customers may do is fill: yes instead of nothing."], ["表单：对外开放由无改为fill: 是。"], [("/public", "changed")]),
])  # fmt: skip
def test_changes_in_words(change: Any, english: list[str], chinese: list[str], where: list[tuple[str, str]]) -> None:
    assert changed(change) == (english, chinese, where)
