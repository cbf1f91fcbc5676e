"""What the entries of a history say, one sentence each; who did it stands beside it."""

from collections.abc import Mapping
from typing import Any

from ..platform.people.directory import Directory
from ..platform.text import local
from .definition import Flow
from .naming import Filling, Names, Phrase, language_of
from .run import START

_ENTRIES: Mapping[str, Phrase] = {
    "record.created": {"en": "Wrote a draft.", "zh": "保存了草稿。"},
    "record.submitted": {"en": "Sent the request.", "zh": "提交了申请。"},
    "record.updated": {"en": "Changed {fields}.", "zh": "修改了{fields}。"},
    "record.commented": {"en": "Commented.", "zh": "发表了评论。"},
    "record.returned": {"en": "It went back to be corrected.", "zh": "已退回修改。"},
    "record.imported": {"en": "Imported.", "zh": "导入。"},
    "record.deleted": {"en": "Deleted it.", "zh": "删除了记录。"},
    "run.started": {"en": "The flow began.", "zh": "流程开始。"},
    "run.resubmitted": {"en": "Corrected it and sent it again.", "zh": "修改后重新提交。"},
    "run.urged": {"en": "Asked to hurry.", "zh": "催办。"},
    "run.withdrawn": {"en": "Withdrew the request.", "zh": "撤回了申请。"},
    "run.finished:approved": {"en": "Approved: the flow is done.", "zh": "审批通过，流程结束。"},
    "run.finished:rejected": {"en": "Rejected: the flow is done.", "zh": "审批拒绝，流程结束。"},
    "run.finished:rejected:nobody": {"en": "Rejected: {step} found nobody.", "zh": "已拒绝：“{step}”审批人为空。"},
    "run.finished:rejected:deadline": {
        "en": "Rejected: nobody decided {step} in time.",
        "zh": "已拒绝：“{step}”超时未处理。",
    },
    "run.finished:rejected:action_failed": {
        "en": "Rejected: {step} failed: {message}",
        "zh": "已拒绝：“{step}”执行失败：{message}",
    },
    "run.finished:withdrawn": {"en": "Withdrawn: the flow is done.", "zh": "已撤回，流程结束。"},
    "customer.asked": {
        "en": "Asked the customer, at {step}. The clocks stand still.",
        "zh": "在“{step}”询问客户，计时暂停。",
    },
    "customer.answered": {"en": "The customer answered.", "zh": "客户已回复。"},
    "customer.awaited": {
        "en": "{step} goes on without waiting for the customer.",
        "zh": "“{step}”不再等待客户，继续处理。",
    },
    "survey.answered": {"en": "Answered the survey: {score} of 5.", "zh": "完成满意度调查：{score} 分（满分 5 分）。"},
    "task.opened": {"en": "{step} waits for {principal}.", "zh": "“{step}”等待 {principal} 处理。"},
    "task.opened:start": {"en": "{principal} is asked to correct it.", "zh": "等待 {principal} 修改。"},
    "task.decided:approve": {"en": "Approved {step}.", "zh": "同意“{step}”。"},
    "task.decided:reject": {"en": "Rejected {step}.", "zh": "拒绝“{step}”。"},
    "task.decided:return": {"en": "Returned it from {step} to {to}.", "zh": "在“{step}”退回至“{to}”。"},
    "task.decided:complete": {"en": "Completed {step}.", "zh": "完成“{step}”。"},
    "task.decided:retry": {"en": "Had {step} tried again.", "zh": "重试“{step}”。"},
    "task.decided:skip": {"en": "Passed over {step}.", "zh": "跳过“{step}”。"},
    "task.undone": {"en": "Took the decision on {step} back.", "zh": "撤销了对“{step}”的处理。"},
    "task.undone:because": {
        "en": "The decision on {step} does not count: {because}",
        "zh": "对“{step}”的处理未生效：{because}",
    },
    "task.settled": {"en": "The decision on {step} counts.", "zh": "对“{step}”的处理生效。"},
    "task.claimed": {"en": "Claimed {step}.", "zh": "认领“{step}”。"},
    "task.released": {"en": "Released {step}.", "zh": "释放“{step}”。"},
    "task.transferred": {"en": "Handed {step} over to {to}.", "zh": "将“{step}”转交给 {to}。"},
    "task.delegated": {"en": "Let {to} decide {step} in their place.", "zh": "将“{step}”委托给 {to} 处理。"},
    "run.moved": {
        "en": "Moved from version {from_version} of the flow to version {to_version}.",
        "zh": "流程由版本 {from_version} 迁移至版本 {to_version}。",
    },
    "deadline.moved": {
        "en": "The working days changed: {step} has another deadline.",
        "zh": "工作日历变更，“{step}”的时限已调整。",
    },
    "task.handed_over": {
        "en": "{step} went from {person} to {to}.",
        "zh": "“{step}”由 {person} 交接给 {to}。",
    },
    "task.added:before": {"en": "Asked {people} first, before {step}.", "zh": "在“{step}”前加签 {people}。"},
    "task.added:after": {"en": "Asked {people} as well, after {step}.", "zh": "在“{step}”后加签 {people}。"},
    "task.escalated": {"en": "{step} was late and went to {to}.", "zh": "“{step}”超时，升级给 {to}。"},
    "task.cancelled:other_decided": {
        "en": "{step}: somebody else decided, this task is needless.",
        "zh": "“{step}”已由他人处理，该任务取消。",
    },
    "task.cancelled": {"en": "The task of {step} is needless.", "zh": "“{step}”的任务已取消。"},
    "step.auto:approve": {"en": "{step}: agreed by rule. {reason}", "zh": "“{step}”按规则自动通过。{reason}"},
    "step.auto:reject": {"en": "{step}: rejected by rule. {reason}", "zh": "“{step}”按规则自动拒绝。{reason}"},
    "step.skipped": {"en": "{step}: {because}", "zh": "“{step}”：{because}"},
    "step.cancelled": {"en": "{step} is needless: another branch was enough.", "zh": "“{step}”取消：另一分支已完成。"},
    "route.taken": {"en": "{step}: goes by {branch}.", "zh": "“{step}”：走“{branch}”分支。"},
    "route.stuck": {"en": "{step}: no single branch fits.", "zh": "“{step}”没有唯一匹配的分支。"},
    "action.called": {"en": "{step} is being done.", "zh": "正在执行“{step}”。"},
    "action.completed": {"en": "{step} is done.", "zh": "“{step}”已完成。"},
    "action.failed": {"en": "{step} failed: {message}", "zh": "“{step}”执行失败：{message}"},
    "request.opened": {"en": "{step}: asked for {number}.", "zh": "“{step}”：已发起子申请 {number}。"},
    "run.finished:withdrawn:recalled": {
        "en": "Withdrawn: nobody waits for it any more.",
        "zh": "已撤回：上级申请不再需要。",
    },
    "action.kept": {"en": "{step} was done before and is not repeated.", "zh": "“{step}”此前已执行，不再重复。"},
    "action.skipped": {"en": "{step} was passed over.", "zh": "“{step}”已跳过。"},
    "people.told": {"en": "{step}: {people} were told.", "zh": "“{step}”：已抄送 {people}。"},
    "wait.started": {"en": "{step}: waiting.", "zh": "“{step}”：等待中。"},
    "wait.over": {"en": "{step}: the waiting is over.", "zh": "“{step}”：等待结束。"},
    "timer.fired:remind": {"en": "{step}: reminded.", "zh": "“{step}”：已提醒。"},
    "timer.fired": {"en": "{step}: the deadline passed.", "zh": "“{step}”：已超过时限。"},
    "approvals.void": {
        "en": "{changed} changed: earlier approvals of {steps} must be given again.",
        "zh": "{changed} 有变更，“{steps}”需重新审批。",
    },
    "second.asked": {
        "en": "{step}: {amount} needs the approval of a second person.",
        "zh": "“{step}”：{amount} 需由第二人复核。",
    },
    "run.finished:rejected:second": {
        "en": "Rejected: nobody is there whom a second person could join.",
        "zh": "已拒绝：金额需两人审批，但流程中无人审批。",
    },
    "vote.failed": {
        "en": "{step}: {agreed} of {total} agreed, too few.",
        "zh": "“{step}”：{total} 票中 {agreed} 票同意，未达比例。",
    },
    "escalation.nobody": {
        "en": "{step} is late, and there is nobody to hand it to.",
        "zh": "“{step}”超时，但没有可升级的人。",
    },
}  # fmt: skip
_SKIPPED: Mapping[str, Phrase] = {
    "nobody": {"en": "Passed over: it finds nobody.", "zh": "已跳过：审批人为空。"},
    "repeat": {
        "en": "Passed over: everybody whom it asks approved earlier.",
        "zh": "已跳过：相关审批人此前已同意（审批人去重）。",
    },
    "approved": {"en": "Passed over: the earlier approval still stands.", "zh": "已跳过：此前的审批仍然有效。"},
}
_QUALIFIERS = ("status", "verdict", "what", "when", "because")
_LINK: Phrase = {"en": "{text} By a link in a message, without signing in.", "zh": "{text}（通过消息中的链接，未登录）"}
_BEHALF: Phrase = {"en": "{text} In place of {person}.", "zh": "{text}（代 {person}）"}


def entry(
    event: str,
    actor: str | None,
    acting_as: str,
    data: Mapping[str, Any],
    language: str,
    people: Directory | None = None,
    flow: Flow | None = None,
) -> str:
    """What happened, without who did it; of a delegate, for whom. An event that is not known stays its name."""
    names = Names(people, flow, language_of(language))
    phrase = _phrase(event, data)
    if phrase is None:
        return event
    text = phrase[names.language].format_map(Filling(_filling(event, data, names))).strip()
    if data.get("by_link"):
        text = _LINK[names.language].format(text=text)
    behalf = data.get("on_behalf_of")
    if acting_as == "delegate" and behalf and behalf != actor:
        return _BEHALF[names.language].format(text=text, person=names.person(behalf))
    return text


def skipped(because: str, language: str) -> str:
    """Why a step is passed over: ``nobody``, ``repeat`` or ``approved``."""
    phrase = _SKIPPED.get(because)
    return phrase[language_of(language)] if phrase is not None else because


def _phrase(event: str, data: Mapping[str, Any]) -> Phrase | None:
    """The most particular sentence that there is for the event."""
    keys = [event]
    for name in _QUALIFIERS:
        if isinstance(data.get(name), str):
            keys.extend([f"{key}:{data[name]}" for key in keys])
    if event == "task.opened" and data.get("step") == START:
        keys.append("task.opened:start")
    if event == "task.undone" and data.get("because"):
        keys.append("task.undone:because")
    return next((_ENTRIES[key] for key in reversed(keys) if key in _ENTRIES), None)


def _filling(event: str, data: Mapping[str, Any], names: Names) -> dict[str, str]:
    found = {key: str(value) for key, value in data.items() if isinstance(value, str | int)}
    if "step" in data:
        found["step"] = names.step(data["step"])
        found["branch"] = names.branch(data["step"], data.get("branch"))
    if "reason" in data:
        found["reason"] = local(data["reason"], names.language)
    if event == "step.skipped":
        found["because"] = skipped(str(data.get("because", "")), names.language)
    if "person" in data:
        found["person"] = names.person(data["person"])
    if "principal" in data:
        found["principal"] = names.principal(str(data["principal"]))
    if "to" in data:
        found["to"] = _receiver(event, str(data["to"]), names)
    found["people"] = names.listed([names.person(each) for each in data.get("people") or data.get("addresses") or ()])
    found["changed"] = names.listed([str(each) for each in data.get("changed") or ()])
    found["steps"] = names.listed([names.step(each) for each in data.get("steps") or ()])
    found["fields"] = names.listed([str(each) for each in data.get("changes") or data.get("changed") or ()])
    return found


def _receiver(event: str, to: str, names: Names) -> str:
    if event == "task.decided":
        return names.step(to)
    return names.principal(to) if ":" in to else names.person(to)
