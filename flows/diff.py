"""Two versions of a flow, compared in words: what a publish would change."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Any

from ..forms.conditions import describe
from ..platform.problems import pointer
from ..platform.text import local
from .definition import Branch, Due, Flow, Selector, Settings, Step
from .naming import Phrase, language_of

Labels = Mapping[str, str]
NO_LABELS: Labels = {}


@dataclass(frozen=True, slots=True)
class Change:
    """``path`` points into the new version, for what was removed into the old one. ``what``: added, removed, moved,
    changed.
    """

    path: str
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the branch it lies in (``""``: the flow itself), and what comes right before it there."""

    branch: str
    after: str


_PHRASES: Mapping[str, Phrase] = {
    "step_added": {"en": "New step {name}.", "zh": "新增步骤{name}。"},
    "step_removed": {"en": "The step {name} is gone.", "zh": "删除步骤{name}。"},
    "step_moved": {"en": "The step {name} moves {where}.", "zh": "步骤{name}移到{where}。"},
    "branch_added": {"en": "New branch {name}: {value}.", "zh": "新增分支{name}：{value}。"},
    "branch_removed": {"en": "The branch {name} is gone.", "zh": "删除分支{name}。"},
    "changed": {"en": "{name}, {what}: {after} instead of {before}.", "zh": "{name}：{what}由{before}改为{after}。"},
    "set": {"en": "{name}, {what}: now {after}.", "zh": "{name}：{what}设为{after}。"},
    "unset": {"en": "{name}, {what}: none any more (was {before}).", "zh": "{name}：取消{what}（原为{before}）。"},
    "order": {"en": "{name}: the branches are asked in another order.", "zh": "{name}：分支的判断顺序改变。"},
    "into": {"en": "into {branch}", "zh": "分支{branch}"},
    "first": {"en": "to the beginning", "zh": "最前"},
    "behind": {"en": "behind {step}", "zh": "{step}之后"},
    "flow": {"en": "The flow", "zh": "流程"},
    "otherwise": {"en": "otherwise", "zh": "其他情况"},
    "nothing": {"en": "nothing", "zh": "无"},
    "business": {"en": "{within} of working time", "zh": "{within}工作时间"},
    "always": {"en": "{within} around the clock", "zh": "{within}（自然时间）"},
    "remind": {"en": "reminders {moments}", "zh": "提醒：{moments}"},
    "before": {"en": "{time} before", "zh": "到期前{time}"},
    "at": {"en": "at the deadline", "zh": "到期时"},
    "after": {"en": "{time} after", "zh": "超时{time}后"},
    "repeat": {"en": "again every {time}", "zh": "之后每{time}再次提醒"},
    "then_escalate": {"en": "then others are asked: {to}", "zh": "到期后升级：{to}"},
    "then_transfer": {"en": "then it goes to {to}", "zh": "到期后转交：{to}"},
    "then_approve": {"en": "then approved by rule", "zh": "到期后自动通过"},
    "then_reject": {"en": "then rejected by rule", "zh": "到期后自动拒绝"},
    "day": {"en": "{n} day|{n} days", "zh": "{n} 天"},
    "hour": {"en": "{n} hour|{n} hours", "zh": "{n} 小时"},
    "minute": {"en": "{n} minute|{n} minutes", "zh": "{n} 分钟"},
    "second": {"en": "{n} second|{n} seconds", "zh": "{n} 秒"},
}

_ATTRIBUTES: Mapping[str, Phrase] = {
    "kind": {"en": "the kind of step", "zh": "步骤类型"},
    "title": {"en": "the title", "zh": "标题"},
    "who": {"en": "who acts", "zh": "处理人"},
    "mode": {"en": "how several decide", "zh": "多人审批方式"},
    "share": {"en": "the share that must agree", "zh": "票签通过比例"},
    "nobody": {"en": "what happens if there is nobody", "zh": "审批人为空时"},
    "fields": {"en": "the rights on fields", "zh": "字段权限"},
    "actions": {"en": "what may be done", "zh": "可用操作"},
    "reason_on": {"en": "what needs a reason", "zh": "必须填写理由的操作"},
    "return_to": {"en": "where it may be sent back", "zh": "可退回到"},
    "due": {"en": "the deadline", "zh": "时限"},
    "hit": {"en": "which branch wins", "zh": "分支命中方式"},
    "join": {"en": "how many branches are needed", "zh": "并行汇合方式"},
    "verdict": {"en": "the verdict", "zh": "结论"},
    "reason": {"en": "the reason", "zh": "理由"},
    "do": {"en": "the action", "zh": "动作"},
    "arguments": {"en": "what the action is given", "zh": "动作参数"},
    "into": {"en": "what the action fills", "zh": "动作回填字段"},
    "on_error": {"en": "what happens on an error", "zh": "出错时"},
    "to": {"en": "who is told", "zh": "抄送对象"},
    "template": {"en": "the template", "zh": "消息模板"},
    "channels": {"en": "the channels", "zh": "消息渠道"},
    "wait_for": {"en": "how long it waits", "zh": "等待时长"},
    "until": {"en": "until when it waits", "zh": "等待截止字段"},
    "event": {"en": "the event it waits for", "zh": "等待的事件"},
    "limit": {"en": "the longest it waits", "zh": "最长等待时间"},
    "when": {"en": "the condition", "zh": "条件"},
    "form": {"en": "the form", "zh": "表单"},
    "self_approval": {"en": "self-approval", "zh": "自我审批"},
    "repeat_approver": {"en": "asking the same approver again", "zh": "审批人去重"},
    "withdraw": {"en": "withdrawing", "zh": "撤回"},
    "calendar": {"en": "the calendar", "zh": "工作日历"},
    "material": {"en": "the fields whose change asks again", "zh": "变更后需重新审批的字段"},
    "owner": {"en": "the owner", "zh": "负责人"},
    "grace": {"en": "the time to undo", "zh": "可撤销时间"},
}
NOTHING = timedelta(0)
_OF_STEP = tuple(
    key for key in _ATTRIBUTES if key in Step.__dataclass_fields__ and key not in ("form", "when")
)  # fmt: skip
_OF_SETTINGS = tuple(Settings.__dataclass_fields__)


def diff_flows(old: Flow, new: Flow, language: str, labels: Labels = NO_LABELS) -> list[Change]:
    """What changes from ``old`` to ``new``: the flow itself, then step by step; ``labels`` are those of fields."""
    return list(_Comparison(language_of(language), labels).flows(old, new))


class _Comparison:
    def __init__(self, language: str, labels: Labels) -> None:
        self.language = language
        self.labels = labels

    def flows(self, old: Flow, new: Flow) -> Iterator[Change]:
        name = self._say("flow")
        for key in ("title", "form"):
            yield from self._attribute(pointer(key), name, key, getattr(old, key), getattr(new, key))
        for key in _OF_SETTINGS:
            before, after = getattr(old.settings, key), getattr(new.settings, key)
            yield from self._attribute(pointer("settings", key), name, key, before, after)
        olds, news = {step.id: step for step in old.walk()}, {step.id: step for step in new.walk()}
        moved = _moved(old, new)
        for step in olds.values():
            if step.id not in news:
                yield self._change(step.path, "removed", "step_removed", name=_named(step, self.language))
        for step in news.values():
            if step.id not in olds:
                yield self._change(step.path, "added", "step_added", name=_named(step, self.language))
                continue
            if step.id in moved:
                yield self._move(step, moved[step.id], news)
            yield from self._step(olds[step.id], step)

    def _move(self, step: Step, place: Place, news: Mapping[str, Step]) -> Change:
        if place.after:
            where = self._say("behind", step=_named(news[place.after], self.language))
        else:
            where = self._say("into", branch=_quoted(place.branch)) if place.branch else self._say("first")
        return self._change(step.path, "moved", "step_moved", name=_named(step, self.language), where=where)

    def _step(self, old: Step, new: Step) -> Iterator[Change]:
        name = _named(new, self.language)
        # another kind of step has other defaults: telling them apart would say nothing new
        for key in _OF_STEP if old.kind is new.kind else ("kind",):
            yield from self._attribute(new.path + pointer(key), name, key, getattr(old, key), getattr(new, key))
        olds, news = {each.id: each for each in old.branches}, {each.id: each for each in new.branches}
        for branch in olds.values():
            if branch.id not in news:
                yield self._change(branch.path, "removed", "branch_removed", name=self._branch(old, branch))
        for branch in news.values():
            before = olds.get(branch.id)
            if before is None:
                value = self._condition(branch)
                yield self._change(branch.path, "added", "branch_added", name=self._branch(new, branch), value=value)
            else:
                yield from self._branches(new, before, branch)
        kept = [key for key in olds if key in news]
        if new.hit == "first" and kept != [key for key in news if key in olds]:
            yield self._change(new.path, "moved", "order", name=name)

    def _branches(self, step: Step, old: Branch, new: Branch) -> Iterator[Change]:
        name = self._branch(step, new)
        yield from self._attribute(new.path + "/title", name, "title", old.title, new.title)
        before, after = self._condition(old), self._condition(new)
        if (old.when, old.otherwise) != (new.when, new.otherwise):
            what = _ATTRIBUTES["when"][self.language]
            yield self._change(
                new.path + "/when", "changed", "changed", name=name, what=what, before=before, after=after
            )

    def _branch(self, step: Step, branch: Branch) -> str:
        return f"{_named(step, self.language)} › {_quoted(local(branch.title, self.language) or branch.id)}"

    def _condition(self, branch: Branch) -> str:
        if branch.otherwise or branch.when is None:
            return self._say("otherwise")
        return f"“{describe(branch.when, self.labels, self.language)}”"

    def _attribute(self, path: str, name: str, key: str, before: Any, after: Any) -> Iterator[Change]:
        if before == after:
            return
        what = _ATTRIBUTES[key][self.language]
        shown = {"before": self._value(before), "after": self._value(after)}
        if key in ("fields", "arguments", "into"):
            shown = {"before": self._value(_without(before, after)), "after": self._value(_without(after, before))}
        phrase = "set" if _empty(before) else "unset" if _empty(after) else "changed"
        yield self._change(path, "changed", phrase, name=name, what=what, **shown)

    def _value(self, value: Any) -> str:
        if _empty(value):
            return self._say("nothing")
        for kind, show in self._shows().items():
            if isinstance(value, kind):
                return show(value)
        return str(value)

    def _shows(self) -> dict[type, Callable[[Any], str]]:
        return {
            Selector: self._selector,
            Due: self._due,
            timedelta: self._duration,
            tuple: lambda value: ", ".join(self._value(each) for each in value),
            Mapping: self._mapping,
        }

    def _mapping(self, value: Mapping[str, Any]) -> str:
        if set(value) <= {"en", "zh"}:
            return _quoted(local(value, self.language))
        return ", ".join(f"{self.labels.get(key, key)} {self._value(each)}" for key, each in value.items())

    def _selector(self, selector: Selector) -> str:
        value = "" if selector.value is True else f" {self._value(selector.value)}"
        return f"{selector.kind}{value}" + (f" ({selector.of})" if selector.of else "")

    def _due(self, due: Due) -> str:
        parts = [self._say(due.clock, within=self._duration(due.within))]
        if due.remind:
            parts.append(self._say("remind", moments=", ".join(self._moment(each) for each in due.remind)))
        if due.repeat is not None:
            parts.append(self._say("repeat", time=self._duration(due.repeat)))
        if due.then is not None:
            parts.append(self._say(f"then_{due.then.do}", to=self._value(due.then.to)))
        return ", ".join(parts)

    def _moment(self, away: timedelta) -> str:
        """A moment from the deadline on."""
        if not away:
            return self._say("at")
        return self._say("before" if away < NOTHING else "after", time=self._duration(abs(away)))

    def _duration(self, length: timedelta) -> str:
        minutes, seconds = divmod(round(length.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        counts = {"day": hours // 24, "hour": hours % 24, "minute": minutes, "second": seconds}
        said = [self._count(unit, n) for unit, n in counts.items() if n]
        return " ".join(said) or self._count("minute", 0)

    def _count(self, unit: str, n: int) -> str:
        one, _, many = self._say(unit, n=str(n)).partition("|")
        return many if many and n != 1 else one

    def _change(self, path: str, what: str, phrase: str, /, **data: str) -> Change:
        return Change(path, what, self._say(phrase, **data))

    def _say(self, phrase: str, /, **data: str) -> str:
        return _PHRASES[phrase][self.language].format(**data)


def _named(step: Step, language: str) -> str:
    return _quoted(local(step.title, language) or step.id)


def _quoted(text: str) -> str:
    return f"“{text}”"


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == () or value == {}


def _without(value: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Only the entries that differ."""
    return {key: each for key, each in value.items() if other.get(key) != each}


def _lists(steps: tuple[Step, ...], branch: str = "") -> Iterator[tuple[str, list[str]]]:
    """The ids in each branch, in order; the flow's own under ``""``."""
    yield branch, [step.id for step in steps]
    for step in steps:
        for inner in step.branches:
            yield from _lists(inner.steps, f"{step.id}/{inner.id}")


def _moved(old: Flow, new: Flow) -> dict[str, Place]:
    """Steps that stand elsewhere now: in another branch, or before what they stood behind. As few as possible."""
    before, after = dict(_lists(old.steps)), dict(_lists(new.steps))
    home = {step: branch for branch, ids in before.items() for step in ids}
    found: dict[str, Place] = {}
    for branch, ids in after.items():
        stayed = [step for step in ids if home.get(step) == branch]
        was = [step for step in before.get(branch, ()) if step in stayed]
        blocks = SequenceMatcher(None, was, stayed, autojunk=False).get_matching_blocks()
        kept = {stayed[place] for block in blocks for place in range(block.b, block.b + block.size)}
        for place, step in enumerate(ids):
            if step in home and step not in kept:
                found[step] = Place(branch, ids[place - 1] if place else "")
    return found
