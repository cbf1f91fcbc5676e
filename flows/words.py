"""Sentences that people read: why a task came to somebody; what a history says is in :mod:`.entries`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..forms.definition import Form
from ..platform.people.directory import Directory
from ..platform.text import local
from .definition import Flow
from .effects import Reason
from .entries import entry, skipped
from .naming import Filling, Names, Phrase, language_of

_FOUND: Phrase = {"en": "Asked as {who}.", "zh": "作为{who}处理。"}
_IN_VAIN: Phrase = {"en": "There is nobody as {who} who may decide.", "zh": "没有可以处理的{who}。"}

# Whom a selector looks for.
_WHO: Mapping[str, Phrase] = {
    "person": {"en": "{person}", "zh": "指定人员 {person}"},
    "role": {"en": "a member of the role {role}", "zh": "角色“{role}”的成员"},
    "role_of": {"en": "a member of the role {role} in {of}", "zh": "{of}中角色“{role}”的成员"},
    "manager": {"en": "the manager of {of}", "zh": "{of} 的直属主管"},
    "manager_up": {"en": "the manager {level} levels above {of}", "zh": "{of} 的第 {level} 级主管"},
    "limit": {
        "en": "the first above {of} whose limit covers {amount}",
        "zh": "{of} 往上首位审批限额达到 {amount} 的主管",
    },
    "limit_found": {
        "en": "the first above {of} whose limit, {limit}, covers {amount}",
        "zh": "{of} 往上首位审批限额（{limit}）达到 {amount} 的主管",
    },
    "head_of": {"en": "the head of {department}", "zh": "{department}负责人"},
    "field": {"en": "the one named in {field}", "zh": "“{field}”中填写的人"},
    "approver_of": {"en": "who decided {step}", "zh": "“{step}”的处理人"},
    "submitter": {"en": "the submitter", "zh": "申请人"},
    "unknown_selector": {"en": "a “{selector}”, which is not known any more", "zh": "“{selector}”（已不存在）"},
}

# What else led to a task.
_BECAUSE: Mapping[str, Phrase] = {
    "branch": {"en": "{step}: {branch}{facts}.", "zh": "{step}：{branch}{facts}。"},
    "nobody_admin": {"en": "So it went to the administrators.", "zh": "因此转给管理员处理。"},
    "nobody_others": {"en": "So others stand in.", "zh": "因此由备选人员处理。"},
    "self": {
        "en": "{person} asked for it and may not approve it.",
        "zh": "{person} 是申请人，不能审批自己的申请。",
    },
    "self_instead": {
        "en": "{person} asked for it, so {instead} decides instead.",
        "zh": "{person} 是申请人，改由其上级 {instead} 审批。",
    },
    "in_turn": {"en": "It is the turn of {person}.", "zh": "轮到 {person} 处理。"},
    "again": {
        "en": "{person} approved it before; something important changed since.",
        "zh": "{person} 审批后关键内容有变更，需重新确认。",
    },
    "second": {
        "en": "{amount} is above {above}: a second person must approve.",
        "zh": "{amount} 超过 {above}，需由第二人复核。",
    },
    "added": {"en": "{by} asked for another opinion.", "zh": "由 {by} 加签。"},
    "added_agreed": {"en": "Those who were added agreed.", "zh": "加签人均已同意。"},
    "delegated": {"en": "{by} asked you to decide in their place.", "zh": "由 {by} 委托本次处理。"},
    "delegate": {"en": "In place of {person}, who is away.", "zh": "受 {person} 委托处理。"},
    "transferred": {"en": "{by} handed it over.", "zh": "由 {by} 转交。"},
    "escalated": {"en": "The deadline passed, so it went further up.", "zh": "已超过时限，升级处理。"},
    "handed_over": {"en": "Taken over from {person}.", "zh": "由 {person} 交接。"},
    "returned": {"en": "{by} sent it back to be corrected.", "zh": "{by} 退回，请修改。"},
    "returned_rule": {"en": "It was sent back to be corrected.", "zh": "已退回，请修改。"},
    "no_submitter": {"en": "Its submitter cannot correct it.", "zh": "申请人无法修改。"},
    "no_way": {"en": "No single branch of {step} fits.", "zh": "“{step}”没有唯一匹配的分支。"},
    "action_failed": {"en": "{step} could not be done: {message}", "zh": "“{step}”执行失败：{message}"},
    "action_differs": {
        "en": "{step} was done before, with other values.",
        "zh": "“{step}”此前已按其他数值执行。",
    },
}
_SELECTORS = frozenset(_WHO)


def why(
    reasons: Iterable[Reason],
    people: Directory | None,
    language: str,
    flow: Flow | None = None,
    form: Form | None = None,
) -> str:
    """How a task came to whoever has it: ``Asked as the manager of Amy Chen.`` ``form`` says what fields are called."""
    between = "" if language_of(language) == "zh" else " "
    return between.join(why_each(reasons, people, language, flow, form))


def why_each(
    reasons: Iterable[Reason],
    people: Directory | None,
    language: str,
    flow: Flow | None = None,
    form: Form | None = None,
) -> list[str]:
    """The sentences of :func:`why`, one for each reason that says something."""
    names = Names(people, flow, language_of(language), form)
    listed = list(reasons)
    return [
        sentence
        for place, reason in enumerate(listed)
        if (sentence := _sentence(reason, listed[place + 1 :], names)) is not None
    ]


def _sentence(reason: Reason, later: Sequence[Reason], names: Names) -> str | None:
    if reason.code == "auto":
        return local(reason.data.get("reason"), names.language) or None
    if reason.code in _SELECTORS:
        frame = _IN_VAIN if _was_in_vain(later) else _FOUND
        return frame[names.language].format(who=_who(reason, names))
    found = _BECAUSE.get(_key_of(reason))
    return found[names.language].format_map(Filling(_words_of(reason, names))) if found is not None else None


_HANDED = frozenset({"escalated", "transferred", "delegate", "delegated", "handed_over", "added", "again", "in_turn"})


def _was_in_vain(later: Sequence[Reason]) -> bool:
    """Whether what was looked for is followed by a way out; what came of it after it was found does not count."""
    for each in later:
        if each.code in ("nobody", "self"):
            return True
        if each.code in _HANDED:
            return False
    return False


def _who(reason: Reason, names: Names) -> str:
    data, key = reason.data, reason.code
    if key == "role" and data.get("of"):
        key = "role_of"
    elif key == "manager" and data.get("level") != 1:
        key = "manager_up"
    elif key == "limit" and data.get("limit"):
        key = "limit_found"
    return _WHO[key][names.language].format_map(Filling(_words_of(reason, names)))


def _key_of(reason: Reason) -> str:
    data = reason.data
    if reason.code == "nobody":
        return "nobody_admin" if data.get("then") == "admin" else "nobody_others"
    if reason.code == "self" and data.get("instead"):
        return "self_instead"
    return "returned_rule" if reason.code == "returned" and not data.get("by") else reason.code


def _words_of(reason: Reason, names: Names) -> dict[str, str]:
    """What fills the sentence: keys of people, departments and steps by their names."""
    data = reason.data
    found = {key: str(value) for key, value in data.items() if value is not None and not isinstance(value, Mapping)}
    for key in ("person", "instead", "by"):
        if key in data:
            found[key] = names.person(data[key])
    if "of" in data:
        found["of"] = names.department(data["of"]) if reason.code == "role" else names.person(data["of"])
    if "role" in data:
        found["role"] = names.role(data["role"])
    if "department" in data:
        found["department"] = names.department(data["department"])
    if "step" in data:
        found["step"] = names.step(data["step"])
    if "branch" in data:
        found["branch"] = names.branch(data.get("step"), data["branch"])
        found["facts"] = _facts(data.get("facts"), names)
    return found


def _facts(facts: Any, names: Names) -> str:
    """What a branch was chosen for: `` (amount 5000)``; digests say nothing to people."""
    if not isinstance(facts, Mapping):
        return ""
    shown = [names.fact(key, str(value)) for key, value in facts.items() if value and not str(value).startswith("~")]
    if not shown:
        return ""
    return f"（{'，'.join(shown)}）" if names.language == "zh" else f" ({', '.join(shown)})"


__all__ = ["entry", "skipped", "why", "why_each"]
