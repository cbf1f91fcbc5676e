"""Actions that need no plugin: making and changing records, in the transaction that completes the step."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import Connection

from ..forms import catalogue, lifecycle, records
from ..forms import service as forms
from ..forms.records import Record
from ..platform import audit
from ..platform.acting import ActingAs
from ..platform.errors import Conflict, Forbidden, NotFound, Refused
from ..platform.people import service as people
from ..platform.people.directory import Person
from ..platform.text import LocalText, msg
from . import subrequests
from .actions import Action, ActionContext, ActionFailed, Asked, register_action
from .calling import WEBHOOK_CALL


def create(context: ActionContext) -> Mapping[str, Any] | Asked:
    """A record of ``form`` with ``values``; filed in the name of nobody, and perhaps waited for."""
    if context.arguments.get("wait") is True:
        return ask(context)
    record = _made(context, None)
    return {"id": record.id, "number": record.number}


def ask(context: ActionContext) -> Asked:
    """A request that this one waits for, in the name of whoever asked for this one: they approve neither."""
    assert context.conn is not None
    subrequests.require_shallow(context.conn, context.record)
    return Asked(_made(context, people.directory().active(context.record.submitted_by)))


def _made(context: ActionContext, by: Person | None) -> Record:
    form = str(context.argument("form"))
    try:
        return forms.submit(form, _values(context), by=by, as_system=True)
    except (Refused, NotFound, Forbidden) as error:
        raise ActionFailed(msg("The record cannot be made: %(reason)s", reason=error.message), final=True) from error


def update(context: ActionContext) -> Mapping[str, Any]:
    """Change ``values`` of ``record`` (its id)."""
    assert context.conn is not None
    try:
        record = _changed(context.conn, int(context.argument("record")), _values(context), context)
    except (Refused, NotFound, Conflict, ValueError) as error:
        reason = getattr(error, "message", str(error))
        raise ActionFailed(msg("The record cannot be changed: %(reason)s", reason=reason), final=True) from error
    return {"id": record.id, "number": record.number, "revision": record.revision}


def _changed(conn: Connection, record_id: int, raw: Mapping[str, Any], context: ActionContext) -> Record:
    before = records.fetch(conn, record_id, lock=True)
    program = catalogue.program(before.form, before.version)
    reading = forms.read(program, raw, by=None, record=before, partial=True, as_system=True)
    forms.check(program, reading, by=None, record=before, as_system=True)
    after = forms.apply_values(conn, before, reading.values, links=reading.links, now=context.now)
    changes = forms.differences(before, after)
    data = {"changes": changes, "because": context.record.chain}
    audit.append(conn, after.chain, [audit.Entry("record.updated", None, ActingAs.RULE, data, context.now)])
    return lifecycle.current().updated(conn, after, None, frozenset(changes)) or after


def _values(context: ActionContext) -> Mapping[str, Any]:
    """The argument ``values``, or else every argument that names no part of the action itself."""
    values = context.arguments.get("values")
    if isinstance(values, Mapping):
        return values
    return {key: value for key, value in context.arguments.items() if key not in _OWN}


_OWN = ("form", "record", "values", "wait", "must_approve")
_FORM: LocalText = {"en": "Key of the form", "zh": "表单标识"}
_VALUES: LocalText = {"en": "Its values by field", "zh": "各字段的值"}
_MUST_APPROVE: LocalText = {
    "en": "true: an end other than approved is a failure of this step",
    "zh": "true：未获通过即视为本步骤失败",
}
_ID: LocalText = {"en": "Id of the record", "zh": "记录 ID"}
_NUMBER: LocalText = {"en": "Number of the record", "zh": "记录编号"}
_OUTCOME: LocalText = {
    "en": "How it ended: approved, rejected, withdrawn, kept; its fields are values.<field>",
    "zh": "结果：approved、rejected、withdrawn 或 kept；其字段为 values.<字段>",
}

RECORD_CREATE = Action(
    name="record.create",
    label={"en": "Make a record", "zh": "新建记录"},
    perform=create,
    parameters={
        "form": _FORM,
        "values": _VALUES,
        "wait": {"en": "true: wait until it has come to its end", "zh": "true：等待其流程结束"},
        "must_approve": _MUST_APPROVE,
    },
    results={"id": _ID, "number": _NUMBER, "outcome": _OUTCOME},
    transactional=True,
)

REQUEST_OPEN = Action(
    name="request.open",
    label={"en": "Ask for something and wait", "zh": "发起子申请并等待"},
    perform=ask,
    parameters={"form": _FORM, "values": _VALUES, "must_approve": _MUST_APPROVE},
    results={"id": _ID, "number": _NUMBER, "outcome": _OUTCOME},
    transactional=True,
)

RECORD_UPDATE = Action(
    name="record.update",
    label={"en": "Change a record", "zh": "修改记录"},
    perform=update,
    parameters={
        "record": {"en": "Id of the record, for example a lookup", "zh": "记录 ID，例如关联字段"},
        "values": {"en": "New values by field", "zh": "要修改的字段值"},
    },
    results={
        "id": {"en": "Id of the record", "zh": "记录 ID"},
        "number": {"en": "Number of the record", "zh": "记录编号"},
        "revision": {"en": "Its revision then", "zh": "修改后的版本"},
    },
    transactional=True,
)


def register() -> None:
    """Offer them to flows."""
    for action in (RECORD_CREATE, RECORD_UPDATE, REQUEST_OPEN, WEBHOOK_CALL):
        register_action(action)
