"""What people are told about requests: the templates of Signoff's own messages, and what fills them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms.program import FormProgram
from ..forms.records import Record
from ..platform import notifications
from ..platform.caches import cache
from ..platform.db import utc_text
from ..platform.notifications import Template
from ..platform.people import service as people
from ..platform.people.directory import Directory, Person
from ..platform.text import LANGUAGES, LocalText
from . import announcing, showing
from .effects import ChangeTask, Note, Notify, OpenTask, SetStatus
from .engine_grace import has_grace
from .run import Task
from .values import plain
from .visibility import hidden_at

if TYPE_CHECKING:
    from .carrying import Move

TEMPLATES = (
    Template(
        key="task_assigned",
        title={"en": "{title} {number}: {step}", "zh": "{title} {number}：{step}"},
        body={
            "en": "A request waits for you: {summary}\nAsked by {submitter}.\nDue by {due}.",
            "zh": "有一项申请等待您处理：{summary}\n申请人：{submitter}\n处理时限：{due}",
        },
        event="task.opened",
    ),
    Template(
        key="task_reminder",
        title={"en": "Reminder: {title} {number}: {step}", "zh": "提醒：{title} {number}：{step}"},
        body={
            "en": "This request still waits for you: {summary}\nAsked by {submitter}.\nDue by {due}.",
            "zh": "该申请仍在等待您处理：{summary}\n申请人：{submitter}\n处理时限：{due}",
        },
        event="task.reminder",
    ),
    Template(
        key="task_overdue",
        title={"en": "Overdue: {title} {number}: {step}", "zh": "已逾期：{title} {number}：{step}"},
        body={
            "en": "The time for this request is over: {summary}\nAsked by {submitter}.\nIt was due by {due}.",
            "zh": "该申请已超过处理时限：{summary}\n申请人：{submitter}\n处理时限：{due}",
        },
        event="task.overdue",
    ),
    Template(
        key="record_returned",
        title={"en": "{title} {number} came back to you", "zh": "{title} {number} 已退回"},
        body={
            "en": "{by} returned your request. {comment}\nCorrect it and send it again.",
            "zh": "{by} 退回了您的申请。{comment}\n请修改后重新提交。",
        },
        event="record.returned",
    ),
    Template(
        key="run_finished",
        title={"en": "{title} {number}: {status}", "zh": "{title} {number}：{status}"},
        body={"en": "{summary}\n{comment}", "zh": "{summary}\n{comment}"},
        event="run.finished",
    ),
    Template(
        key="request_copied",
        title={"en": "{title} {number}: {step}", "zh": "{title} {number}：{step}"},
        body={"en": "{summary}\nAsked by {submitter}.", "zh": "{summary}\n申请人：{submitter}"},
        event="record.copied",
    ),
    Template(
        key="task_urged",
        title={"en": "{by} asks you to hurry: {title} {number}", "zh": "{by} 催办：{title} {number}"},
        body={"en": "{summary}\n{comment}", "zh": "{summary}\n{comment}"},
        event="task.urged",
    ),
    Template(
        key="customer_asked",
        title={"en": "We have a question about {title} {number}", "zh": "关于{title} {number}，我们想向您确认"},
        body={
            "en": "{comment}\nPlease answer on the page of your request. We go on as soon as we hear from you.",
            "zh": "{comment}\n请在申请页面回复，收到您的回复后我们将继续处理。",
        },
        event="customer.asked",
    ),
    Template(
        key="customer_answered",
        title={"en": "The customer answered: {title} {number}", "zh": "客户已回复：{title} {number}"},
        body={"en": "{summary}\n{comment}\nDue by {due}.", "zh": "{summary}\n{comment}\n处理时限：{due}"},
        event="customer.answered",
    ),
    Template(
        key="mentioned",
        title={"en": "{by} mentioned you: {title} {number}", "zh": "{by} 提到了您：{title} {number}"},
        body={"en": "{comment}", "zh": "{comment}"},
        event="record.commented",
    ),
)

STATUS: Mapping[str, LocalText] = {
    "draft": {"en": "draft", "zh": "草稿"},
    "open": {"en": "under way", "zh": "审批中"},
    "approved": {"en": "approved", "zh": "已通过"},
    "rejected": {"en": "rejected", "zh": "已拒绝"},
    "returned": {"en": "returned", "zh": "已退回"},
    "withdrawn": {"en": "withdrawn", "zh": "已撤回"},
    "kept": {"en": "kept", "zh": "已保存"},
}


EVENTS: Mapping[str, LocalText] = {
    "task.opened": {"en": "A task comes to me", "zh": "收到待办"},
    "task.reminder": {"en": "A task of mine waits", "zh": "待办提醒"},
    "task.overdue": {"en": "A task of mine is overdue", "zh": "待办逾期"},
    "task.urged": {"en": "Somebody asks me to hurry", "zh": "被催办"},
    "record.returned": {"en": "A request of mine came back", "zh": "我的申请被退回"},
    "run.finished": {"en": "A request of mine is settled", "zh": "我的申请办结"},
    "record.copied": {"en": "I am told of a request", "zh": "收到抄送"},
    "record.commented": {"en": "A comment mentions me", "zh": "评论中提到我"},
    "customer.asked": {"en": "A question to the customer", "zh": "向客户提问"},
    "customer.answered": {"en": "The customer whom I asked answered", "zh": "客户回复了我的提问"},
}


def register() -> None:
    """Make the templates known, and what their events are called."""
    notifications.name_events(EVENTS)
    for template in TEMPLATES:
        notifications.register_template(template)


def tell(conn: Connection, move: "Move", task_ids: Mapping[str, int]) -> None:
    """Send all that a move has to say: the engine's own messages, tasks to their people, the end to the submitter.

    Keys are stable, so that nothing is told twice.
    """
    facts = _facts(move.record, move.directory)
    for each in move.of(Notify):
        _send_notify(conn, move, each, {**facts, **_named(each.data, move.directory)}, task_ids)
    for opened in move.of(OpenTask):
        _send_task(conn, move, opened, facts, task_ids[opened.name])
    for changed in move.of(ChangeTask):
        if changed.claimed_by is None and _is_handed_over(move, changed):
            _send_task(conn, move, changed, facts, None)
    if move.record.submitted_by and any(each.finished for each in move.of(SetStatus)):
        _send_end(conn, move, facts)
    announcing.announce(conn, move, task_ids)


def _send_notify(
    conn: Connection, move: "Move", wanted: Notify, data: dict[str, Any], task_ids: Mapping[str, int]
) -> None:
    data["step"] = _step_title(move, wanted.step)
    if not wanted.addresses:  # outside of the house a title is enough
        data["summary"] = _summary(move, wanted.step)
    data["due"] = wanted.data.get("due_at") or ""
    notifications.send(
        conn,
        template=_template_of(wanted),
        key=f"run:{move.run_id}:{wanted.name}",
        people=wanted.people,
        addresses=wanted.addresses,
        data=data,
        link=_task_link(move, wanted.task, task_ids.get(wanted.task or "")),
        thread=move.record.chain,
        over=wanted.channels,
        offer=_offer_again(move, wanted.task) if wanted.task not in task_ids else None,
    )


def _template_of(wanted: Notify) -> str:
    """A template that no plugin brings any more must not keep a message back: it is sent in general words."""
    if wanted.template == "task_reminder" and wanted.data.get("overdue"):
        return "task_overdue"
    known = {template.key for template in notifications.templates()}
    return wanted.template if wanted.template in known else "request_copied"


def _send_task(
    conn: Connection, move: "Move", task: OpenTask | ChangeTask, facts: Mapping[str, Any], task_id: int | None
) -> None:
    """Tell those to whom a task came; who must correct a returned request is told why."""
    correcting = isinstance(task, OpenTask) and task.kind == "correct"
    step = task.step if isinstance(task, OpenTask) else _step_of(move, task.name)
    notifications.send(
        conn,
        template="record_returned" if correcting else "task_assigned",
        key=f"run:{move.run_id}:{task.name}:{move.revision}",
        people=task.people,
        data={
            **facts,
            **_named(_decision(move), move.directory),
            "step": _step_title(move, step),
            "summary": _summary(move, step),
            "due": utc_text(task.due_at) if task.due_at else "",
        },
        link=_record_link(move.record) if correcting else _task_link(move, task.name, task_id),
        thread=move.record.chain,
        offer=_offer(move, task, task_id) if isinstance(task, OpenTask) else _offer_again(move, task.name),
    )


DECIDE = "decide"
DECIDE_NAMED = "decide.named"


def _offer(move: "Move", task: OpenTask | Task, task_id: int | None = None) -> dict[str, Any] | None:
    """What can be decided by a link of the message: a yes or a no that counts at once."""
    if task.kind != "approve" or has_grace(move.program, task.step):
        return None
    step = move.program.step(task.step)
    verdicts = [each for each in ("approve", "reject") if step is not None and each in step.actions]
    which = {"kind": DECIDE, "task": task_id} if task_id is not None else {"kind": DECIDE_NAMED, "name": task.name}
    return {**which, "run": move.run_id, "revision": move.record.revision, "verdicts": verdicts}


def _offer_again(move: "Move", name: str | None) -> dict[str, Any] | None:
    """The same of a task that was there before: somebody is reminded of it, or it came to somebody else."""
    waiting = move.before.task(name) if move.before is not None and name is not None else None
    return _offer(move, waiting) if waiting is not None else None


def _send_end(conn: Connection, move: "Move", facts: Mapping[str, Any]) -> None:
    """Who filed the request learns how it ended, unless they ended it themselves."""
    decision = _decision(move)
    if decision.get("by") == move.record.submitted_by:
        return
    notifications.send(
        conn,
        template="run_finished",
        key=f"run:{move.run_id}:finished",
        people=(str(move.record.submitted_by),),
        data={**facts, **_named(decision, move.directory), "summary": _summary(move, None)},
        link=_record_link(move.record),
        thread=move.record.chain,
    )


def _is_handed_over(move: "Move", changed: ChangeTask) -> bool:
    before = move.before.task(changed.name) if move.before is not None else None
    return before is None or before.principal != changed.principal


def _step_of(move: "Move", task: str) -> str | None:
    before = move.before.task(task) if move.before is not None else None
    return before.step if before else None


def _step_title(move: "Move", step_id: str | None) -> LocalText:
    step = move.program.step(step_id) if step_id else None
    return step.title or step.id if step is not None else ""


def _summary(move: "Move", step_id: str | None) -> LocalText:
    """What the request is about, as lists say it: enough to decide. What the step hides is not in it."""
    record = move.record
    form = forms.program(record.form, record.version)
    hidden = hidden_at(move.program, step_id) if step_id else frozenset()
    said = {each: " · ".join(showing.summary(record, form, hidden, each).values()) for each in _languages(form)}
    one = next(iter(said.values()))
    return (said if len(said) > 1 else one) if one else record.title


_ALIKE = frozenset({"text", "long_text", "money", "percent", "lookup", "email", "phone", "url", "person", "time"})
"""Types of fields that read alike in every language."""


@lru_cache(maxsize=256)
def _languages(form: FormProgram) -> tuple[str, ...]:
    """In which the summary must be said: in one, where it reads alike in all of them."""
    fields = (form.form.field(key) for key in form.form.summary)
    return LANGUAGES[:1] if all(each is None or each.type in _ALIKE for each in fields) else LANGUAGES


def _decision(move: "Move") -> Mapping[str, Any]:
    """Who moved the request, and what they said: the first entry of its history that a person wrote."""
    for note in move.of(Note):
        if note.actor.person is not None:
            return {"by": note.actor.person, "comment": note.data.get("comment") or ""}
    return {}


def _task_link(move: "Move", name: str | None, task_id: int | None) -> str:
    if task_id is not None:
        return path_of("signoff_flows.task", task_id=task_id)
    if name is not None:
        return path_of("signoff_flows.task_named", run_id=move.run_id, name=name)
    return _record_link(move.record)


def mention(conn: Connection, record: Record, by: Person, text: str, who: Sequence[str]) -> None:
    """Tell people that a comment names them."""
    if who:
        notifications.send(
            conn,
            template="mentioned",
            key=None,
            people=tuple(who),
            data={**_facts(record, people.directory()), "by": by.name, "comment": text},
            link=_record_link(record),
            thread=record.chain,
        )


def _record_link(record: Record) -> str:
    return path_of("signoff_flows.follow", record_id=record.id)


def path_of(endpoint: str, **values: Any) -> str:
    """The path of a page of ours, also where there is no request: in the worker."""
    if not all(type(each) is int or (type(each) is str and _PLAIN.fullmatch(each)) for each in values.values()):
        return _build(endpoint, values)
    path = _path_to(endpoint, tuple((name, type(each)) for name, each in values.items()))
    for place, each in enumerate(values.values()):
        path = path.replace(_some(place), str(each))
    return path


_PLAIN = re.compile("[a-z0-9]+", re.ASCII)


def _some(place: int) -> str:
    return f"807060504030{place}"


def _path_to(endpoint: str, names: tuple[tuple[str, type], ...]) -> str:
    """The path of a page, with some values in place of others: building one takes as long as a query."""
    remembered = cache("flows.paths")
    found: str | None = remembered.get((endpoint, names))
    if found is None:
        values = {name: sort(_some(place)) for place, (name, sort) in enumerate(names)}
        found = remembered[endpoint, names] = _build(endpoint, values)
    return found


def _build(endpoint: str, values: Mapping[str, Any]) -> str:
    path: str = current_app.url_map.bind("").build(endpoint, dict(values))
    return path


def _facts(record: Record, directory: Directory) -> dict[str, Any]:
    """What templates may name of a request."""
    form = forms.program(record.form, record.version).form
    submitter = directory.person(record.submitted_by)
    data: dict[str, Any] = {
        "number": record.number or f"#{record.id}",
        "title": form.title,
        "form": form.title,
        "summary": record.title,
        "submitter": submitter.name if submitter else "",
        "status": STATUS.get(record.status, record.status),
        "by": "",
        "comment": "",
        "due": "",
    }
    if record.access_code is not None:
        status = path_of("signoff_flows.status", number=record.number, code=record.access_code)
        data["status_url"] = notifications.absolute(status)
    return data


def _named(data: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    """What the engine says beside, as JSON, and people by their names."""
    found: dict[str, Any] = plain(data)
    person = directory.person(found.get("by"))
    if person is not None:
        found["by"] = person.name
    return found


__all__ = ["EVENTS", "STATUS", "TEMPLATES", "mention", "path_of", "register", "tell"]
