"""Two versions of a form, compared: what a publish would change, and in words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any

from ..platform.problems import pointer
from ..platform.text import local
from .conditions import describe as describe_condition
from .conditions import parse as parse_condition
from .definition import Field, Form, Rule
from .schema import read_form
from .types import kinds_of

Phrase = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """``path`` points into the new version, for what was removed into the old one. ``what``: added, removed, moved,
    changed, rule added, rule removed. ``subject`` is the field's label or the part of the form, ``attribute`` what
    changes of it.
    """

    path: str
    what: str
    subject: Mapping[str, str]
    attribute: str = ""
    before: Any = None
    after: Any = None


_PHRASES: Mapping[str, Phrase] = {
    "added": {"en": "New field {name}.", "zh": "新增字段{name}。"},
    "removed": {"en": "The field {name} is gone.", "zh": "删除字段{name}。"},
    "rule added": {"en": "New rule: {after}.", "zh": "新增规则：{after}。"},
    "rule removed": {"en": "Gone is the rule: {before}.", "zh": "删除规则：{before}。"},
    "moved": {"en": "{name} stands in another place.", "zh": "{name}的位置改变。"},
    "changed": {"en": "{name}: {what} is {after} instead of {before}.", "zh": "{name}：{what}由{before}改为{after}。"},
    "set": {"en": "{name}: {what} is {after}.", "zh": "{name}：{what}设为{after}。"},
    "unset": {"en": "{name}: no {what} any more (was {before}).", "zh": "{name}：取消{what}（原为{before}）。"},
}

_ATTRIBUTES: Mapping[str, Phrase] = {
    "title": {"en": "the title", "zh": "标题"},
    "description": {"en": "the description", "zh": "说明"},
    "number": {"en": "the pattern of its numbers", "zh": "编号规则"},
    "summary": {"en": "the summary", "zh": "摘要字段"},
    "layout": {"en": "the layout", "zh": "布局"},
    "access": {"en": "who may do what", "zh": "权限"},
    "public": {"en": "what customers may do", "zh": "对外开放"},
    "type": {"en": "the type", "zh": "类型"},
    "label": {"en": "the label", "zh": "名称"},
    "help": {"en": "the help text", "zh": "帮助文字"},
    "required": {"en": "whether it is required", "zh": "是否必填"},
    "default": {"en": "the default", "zh": "默认值"},
    "compute": {"en": "the formula", "zh": "公式"},
    "unique": {"en": "whether it is unique", "zh": "是否唯一"},
    "indexed": {"en": "whether lists can be sorted by it", "zh": "是否建索引"},
    "total": {"en": "what is summed", "zh": "汇总"},
}

_FORM: Phrase = {"en": "The form", "zh": "表单"}
_RULE: Phrase = {"en": "Rule", "zh": "规则"}
_YES: Mapping[bool, Phrase] = {True: {"en": "yes", "zh": "是"}, False: {"en": "no", "zh": "否"}}
_NOTHING: Phrase = {"en": "nothing", "zh": "无"}
_QUOTED: Phrase = {"en": "“{}”", "zh": "“{}”"}
_LIST: Phrase = {"en": ", ", "zh": "、"}
_WHEN: Phrase = {"en": "when {}: {}", "zh": "当{}：{}"}
_EFFECTS: Mapping[str, Phrase] = {
    "show": {"en": "show {}", "zh": "显示{}"},
    "hide": {"en": "hide {}", "zh": "隐藏{}"},
    "require": {"en": "require {}", "zh": "必填{}"},
    "readonly": {"en": "lock {}", "zh": "只读{}"},
    "set": {"en": "set {}", "zh": "设置{}"},
    "check": {"en": "check {}", "zh": "校验{}"},
    "warn": {"en": "warn of a second one with the same {}", "zh": "{}重复时提醒"},
    "refuse": {"en": "refuse a second one with the same {}", "zh": "{}重复时拒绝"},
}

_OF_FORM = ("title", "description", "number", "summary", "layout", "access", "public")
_OF_FIELD = ("type", "label", "help", "required", "default", "compute", "unique", "indexed", "total")


def diff(old: Form, new: Form) -> tuple[Change, ...]:
    """What ``new`` changes, outermost first; nothing if both mean the same."""
    return (*_form(old, new), *_fields(old.fields, new.fields, "/fields", None), *_rules(old, new))


def describe(changes: Iterable[Change], language: str) -> list[str]:
    """A sentence for each change, in ``en`` or ``zh``."""
    return [_sentence(change, "zh" if language == "zh" else "en") for change in changes]


def in_words(before: Mapping[str, Any], after: Mapping[str, Any], language: str) -> list[str] | None:
    """A sentence for each change of a document, none if nothing changed; ``None`` where one cannot be read."""
    if before == after:
        return []
    old, new = read_form(before)[0], read_form(after)[0]
    return None if old is None or new is None else describe(diff(old, new), language)


def _form(old: Form, new: Form) -> Iterator[Change]:
    for name in _OF_FORM:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Change(pointer(name), "changed", _FORM, name, before, after)


def _fields(old: tuple[Field, ...], new: tuple[Field, ...], path: str, outer: Field | None) -> Iterator[Change]:
    before = {each.key: each for each in old}
    after = {each.key: each for each in new}
    for index, each in enumerate(old):
        if each.key not in after:
            yield Change(f"{path}/{index}", "removed", _named(each, outer))
    for index, each in enumerate(new):
        if each.key not in before:
            yield Change(f"{path}/{index}", "added", _named(each, outer))
        else:
            yield from _field(before[each.key], each, f"{path}/{index}", outer)
    kept = [key for key in before if key in after]
    order = [key for key in after if key in before]
    for key in _moved(kept, order):
        index = next(place for place, each in enumerate(new) if each.key == key)
        yield Change(f"{path}/{index}", "moved", _named(after[key], outer))


def _moved(before: list[str], after: list[str]) -> list[str]:
    """The fewest keys that explain another order: those outside the longest run that keeps it."""
    place = {key: index for index, key in enumerate(before)}
    best: list[list[str]] = []
    for key in after:
        longest = max((run for run in best if place[run[-1]] < place[key]), key=len, default=[])
        best.append([*longest, key])
    kept = max(best, key=len, default=[])
    return [key for key in after if key not in kept]


def _field(old: Field, new: Field, path: str, outer: Field | None) -> Iterator[Change]:
    subject = _named(old, outer)
    for name in _OF_FIELD:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Change(f"{path}/{name}", "changed", subject, name, before, after)
    for name in dict.fromkeys([*old.options, *new.options]) if old.type == new.type else ():
        before, after = old.options.get(name), new.options.get(name)
        if before != after:
            yield Change(f"{path}/{name}", "changed", subject, name, before, after)
    yield from _fields(old.columns, new.columns, f"{path}/columns", new)


def _named(each: Field, outer: Field | None) -> Mapping[str, str]:
    """The label in both languages, a column's behind that of its table."""
    return {
        language: "“" + " · ".join(local(one.label, language) for one in (outer, each) if one is not None) + "”"
        for language in ("en", "zh")
    }


def _rules(old: Form, new: Form) -> Iterator[Change]:
    """Rules have no keys: equal ones are the same rule."""
    before, after = list(old.rules), list(new.rules)
    for index, rule in enumerate(old.rules):
        if rule not in after:
            yield Change(f"/rules/{index}", "rule removed", _RULE, before=_rule(rule, old))
    for index, rule in enumerate(new.rules):
        if rule not in before:
            yield Change(f"/rules/{index}", "rule added", _RULE, after=_rule(rule, new))


def _rule(rule: Rule, form: Form) -> Mapping[str, str]:
    return {language: _rule_in(rule, form, language) for language in ("en", "zh")}


def _rule_in(rule: Rule, form: Form, language: str) -> str:
    labels = {each.key: local(each.label, language) for each in form.fields}
    parts = [
        _EFFECTS[word][language].format(_LIST[language].join(labels.get(key, key) for key in keys))
        for word in ("show", "hide", "require", "readonly", "set")
        if (keys := tuple(getattr(rule, word)))
    ]
    if rule.check is not None:
        parts.append(_EFFECTS["check"][language].format(_question(rule.check, form, labels, language)))
    if rule.duplicate is not None:
        names = _LIST[language].join(labels.get(key, key) for key in rule.duplicate.fields)
        parts.append(_EFFECTS[rule.duplicate.do][language].format(names))
    done = _LIST[language].join(parts)
    if rule.when is None:
        return done
    return _WHEN[language].format(_question(rule.when, form, labels, language), done)


def _question(question: Any, form: Form, labels: Mapping[str, str], language: str) -> str:
    if isinstance(question, str):
        return question
    condition, _ = parse_condition(question, kinds_of(form))
    return describe_condition(condition, labels, language)


def _sentence(change: Change, language: str) -> str:
    what = change.what
    if what == "changed":
        what = "unset" if _is_nothing(change.after) else "set" if _is_nothing(change.before) else "changed"
    attribute = _ATTRIBUTES.get(change.attribute, {"en": f"“{change.attribute}”", "zh": f"“{change.attribute}”"})
    return _PHRASES[what][language].format(
        name=change.subject[language],
        what=attribute[language],
        before=_value(change.before, language),
        after=_value(change.after, language),
    )


def _is_nothing(value: Any) -> bool:
    return value is None or value == () or value == ""


def _value(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return _YES[value][language]
    if _is_nothing(value):
        return _NOTHING[language]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return _mapping(value, language)
    if isinstance(value, list | tuple):
        return _LIST[language].join(_value(each, language) for each in value)
    if is_dataclass(value):
        members = ((each.name, getattr(value, each.name)) for each in fields(value))
        said = _LIST[language].join(f"{name}: {_value(member, language)}" for name, member in members if member)
        return said or _NOTHING[language]
    return _QUOTED[language].format(value) if isinstance(value, str) else str(value)


def _mapping(value: Mapping[str, Any], language: str) -> str:
    """Text in languages, a choice, or any other object."""
    if value and set(value) <= {"en", "zh"}:
        return local(value, language)
    if set(value) == {"value", "label"}:
        return local(value["label"], language)
    return _LIST[language].join(f"{key}: {_value(member, language)}" for key, member in value.items())
