"""A flow in words, to be read from top to bottom: its steps as a tree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..forms import conditions
from ..forms.conditions.describe import Words
from ..forms.definition import Form
from ..platform.durations import format_duration
from ..platform.people.directory import Directory
from ..platform.text import local
from .definition import Branch, Due, Flow, Kind, Mode, Selector, Selectors, Step
from .naming import Names, Phrase, language_of

_KINDS: Mapping[Kind, Phrase] = {
    Kind.APPROVE: {"en": "Approval", "zh": "审批"},
    Kind.WORK: {"en": "Work", "zh": "处理"},
    Kind.ROUTE: {"en": "One of these ways", "zh": "条件分支"},
    Kind.PARALLEL: {"en": "At the same time", "zh": "并行"},
    Kind.AUTO: {"en": "By rule", "zh": "自动处理"},
    Kind.ACTION: {"en": "Action", "zh": "动作"},
    Kind.NOTIFY: {"en": "Message", "zh": "抄送"},
    Kind.WAIT: {"en": "Waiting", "zh": "等待"},
}
_MODES: Mapping[Mode, Phrase] = {
    Mode.ANY: {"en": "one of them is enough", "zh": "或签"},
    Mode.ALL: {"en": "all of them must agree", "zh": "会签"},
    Mode.IN_TURN: {"en": "one after another", "zh": "依次审批"},
    Mode.VOTE: {"en": "a share must agree", "zh": "票签"},
}
_SELECTORS: Mapping[str, Phrase] = {
    "person": {"en": "{person}", "zh": "{person}"},
    "role": {"en": "{role}", "zh": "{role}"},
    "role_of": {"en": "{role} of {of}", "zh": "{of}的{role}"},
    "manager": {"en": "the manager of the submitter", "zh": "提交人的直属主管"},
    "manager_up": {"en": "the manager {value} levels above the submitter", "zh": "提交人的第 {value} 级主管"},
    "manager_with_limit": {
        "en": "the first above the submitter whose limit covers {field}",
        "zh": "提交人往上首位限额达到“{field}”的主管",
    },
    "head_of": {"en": "the head of {of}", "zh": "{of}负责人"},
    "field": {"en": "who is named in {field}", "zh": "“{field}”中填写的人"},
    "approver_of": {"en": "who decided {step}", "zh": "“{step}”的处理人"},
    "submitter": {"en": "the submitter", "zh": "提交人"},
    "other": {"en": "{kind}: {value}", "zh": "{kind}：{value}"},
}
_SAYS: Mapping[str, Phrase] = {
    "due": {"en": "within {length}", "zh": "时限 {length}"},
    "working": {"en": " of working time", "zh": "（工作时间）"},
    "then": {"en": "then: {do}", "zh": "逾期后：{do}"},
    "otherwise": {"en": "otherwise", "zh": "其他情况"},
    "approve": {"en": "approved", "zh": "通过"},
    "reject": {"en": "rejected", "zh": "拒绝"},
    "escalate": {"en": "it goes further up", "zh": "升级处理"},
    "transfer": {"en": "it goes to {who}", "zh": "转交 {who}"},
    "until": {"en": "until {field}", "zh": "直到“{field}”"},
    "event": {"en": "for {event}", "zh": "等待事件 {event}"},
    "their_department": {"en": "the submitter's department", "zh": "提交人所在部门"},
}
_UNITS: Mapping[str, Phrase] = {
    "W": {"en": "{} weeks", "zh": "{} 周"},
    "D": {"en": "{} days", "zh": "{} 天"},
    "H": {"en": "{} h", "zh": "{} 小时"},
    "M": {"en": "{} min", "zh": "{} 分钟"},
}


@dataclass(frozen=True, slots=True)
class Way:
    """A branch: its name, when it is taken, and what follows."""

    title: str
    when: str
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A step: its sort, its name, and what there is to say of it, a phrase each."""

    id: str
    kind: str
    sort: str
    title: str
    says: tuple[str, ...]
    ways: tuple[Way, ...] = ()


def of(flow: Flow, form: Form | None, people: Directory, language: str) -> tuple[Node, ...]:
    """The steps of a flow, from the first to the last."""
    outliner = _Outliner(Names(people, flow, language_of(language), form), form)
    return tuple(outliner.node(step) for step in flow.steps)


class _Outliner:
    def __init__(self, names: Names, form: Form | None) -> None:
        self.names = names
        self.language = names.language
        self.form = form
        self.labels = {each.key: local(each.label, self.language) for each in form.fields} if form is not None else {}

    def node(self, step: Step) -> Node:
        sort = _KINDS[step.kind][self.language]
        title = local(step.title, self.language) or sort
        ways = tuple(self.way(each) for each in step.branches)
        return Node(step.id, step.kind.value, sort, title, tuple(filter(None, self.says(step))), ways)

    def way(self, branch: Branch) -> Way:
        when = self._says("otherwise") if branch.otherwise else ""
        if branch.when is not None:
            when = conditions.describe(branch.when, self.labels, self.language, self._words())
        title = local(branch.title, self.language) or when or branch.id
        return Way(title, when if when != title else "", tuple(self.node(each) for each in branch.steps))

    def _words(self) -> Words:
        def word(key: str, value: Any) -> str:
            field = self.form.field(key) if self.form is not None else None
            options = field.options.get("options", ()) if field is not None else ()
            labels = {each["value"]: each["label"] for each in options}
            if isinstance(value, bool):
                return {"en": ("no", "yes"), "zh": ("否", "是")}[self.language][value]
            return local(labels.get(value, str(value)), self.language)

        return word

    def says(self, step: Step) -> list[str]:
        if step.kind in (Kind.APPROVE, Kind.WORK):
            several = len(step.who) > 1 or step.mode is not Mode.ANY
            return [
                self.who(step.who),
                _MODES[step.mode][self.language] if several else "",
                self.due(step.due) if step.due is not None else "",
            ]
        if step.kind is Kind.AUTO:
            return [self._says(step.verdict), local(step.reason, self.language)]
        if step.kind is Kind.ACTION:
            return [step.do]
        if step.kind is Kind.NOTIFY:
            return [self.who(step.to)]
        return [*self.waits(step), self.due(step.due) if step.due is not None else ""]

    def waits(self, step: Step) -> list[str]:
        found = []
        if step.wait_for is not None:
            found.append(self.length(format_duration(step.wait_for)))
        if step.until is not None:
            found.append(self._says("until", field=self._label(step.until)))
        if step.event is not None:
            found.append(self._says("event", event=step.event))
        return found

    def due(self, due: Due) -> str:
        length = self.length(format_duration(due.within))
        said = self._says("due", length=length) + (self._says("working") if due.clock == "business" else "")
        if due.then is None:
            return said
        do = self._says(due.then.do, who=self.who(due.then.to))
        return said + {"en": "; ", "zh": "；"}[self.language] + self._says("then", do=do)

    def length(self, text: str) -> str:
        """``P1DT2H`` as people say it."""
        found, number = [], ""
        for sign in text.lstrip("-P").replace("T", ""):
            if sign.isdigit() or sign == ".":
                number += sign
            elif sign in _UNITS:
                unit = _UNITS[sign][self.language].format(number)
                found.append(unit.removesuffix("s") if number == "1" else unit)
                number = ""
        return " ".join(found) or text

    def who(self, selectors: Selectors) -> str:
        return self.names.listed([self.selector(each) for each in selectors])

    def selector(self, each: Selector) -> str:
        key = each.kind if each.kind in _SELECTORS else "other"
        if each.kind == "role" and each.of:
            key = "role_of"
        elif each.kind == "manager" and each.value != 1:
            key = "manager_up"
        value = str(each.value)
        return _SELECTORS[key][self.language].format(
            kind=each.kind,
            value=value,
            person=self.names.person(value),
            role=self.names.role(value),
            of=self._department(each.of or value),
            field=self._label(value),
            step=self.names.step(value),
        )

    def _department(self, key: str) -> str:
        return self._says("their_department") if key == "submitter.department" else self.names.department(key)

    def _label(self, key: str) -> str:
        return self.labels.get(key, key)

    def _says(self, key: str, **words: str) -> str:
        return _SAYS[key][self.language].format(**words) if key in _SAYS else key
