"""The history as a page tells it: who, as what, what they did, and what that changed, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..forms.display import Reader
from ..forms.program import FormProgram
from ..forms.types import find
from ..platform.audit import Recorded
from ..platform.people import service as people
from ..platform.people.current import current_language, current_zone
from ..platform.text import LocalText
from ..platform.web.language import gettext as _
from . import history
from .history import Moment

NOISE = frozenset({"task.cancelled", "action.called", "run.started", "step.cancelled", "wait.started", "task.settled"})
"""Entries that prove how it went on, and tell people nothing that the next entry does not."""

_LOOKS = {
    "task.decided:approve": ("check-lg", "success"),
    "task.decided:complete": ("check-lg", "success"),
    "task.decided:reject": ("x-lg", "danger"),
    "task.decided:return": ("arrow-return-left", "warning"),
    "run.finished:approved": ("check-circle", "success"),
    "run.finished:rejected": ("x-circle", "danger"),
    "run.finished:withdrawn": ("slash-circle", "neutral"),
    "record.submitted": ("send", "done"),
    "run.resubmitted": ("send", "done"),
    "record.commented": ("chat", "neutral"),
    "record.updated": ("pencil", "neutral"),
    "run.urged": ("megaphone", "warning"),
    "timer.fired": ("alarm", "warning"),
    "task.escalated": ("arrow-up", "warning"),
    "task.undone": ("arrow-counterclockwise", "warning"),
    "task.claimed": ("hand-index", "neutral"),
    "task.transferred": ("arrow-left-right", "neutral"),
    "run.moved": ("arrow-up-right", "neutral"),
    "deadline.moved": ("calendar", "neutral"),
    "task.handed_over": ("arrow-left-right", "neutral"),
    "task.delegated": ("arrow-left-right", "neutral"),
    "task.added": ("person-plus", "neutral"),
    "task.opened": ("person", "neutral"),
    "route.taken": ("signpost-split", "neutral"),
    "action.completed": ("gear", "success"),
    "action.failed": ("exclamation-lg", "danger"),
    "request.opened": ("box-arrow-up-right", "neutral"),
    "people.told": ("envelope", "neutral"),
    "survey.answered": ("star", "success"),
    "customer.asked": ("question-circle", "warning"),
    "customer.answered": ("chat", "success"),
    "approvals.void": ("arrow-counterclockwise", "warning"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A field that changed, its values as people read them; empty is blank."""

    label: LocalText
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MomentView:
    """``look`` is an icon and a kind of moment."""

    entry: Recorded
    who: str
    text: str
    comment: str
    changes: tuple[Change, ...]
    look: tuple[str, str]


def of(moments: Iterable[Moment], form: FormProgram) -> list[MomentView]:
    """The moments worth telling, oldest first."""
    reader = Reader(current_language(), current_zone(), linked=False)
    return [_view(each, form, reader) for each in moments if each.entry.event not in NOISE]


def _view(moment: Moment, form: FormProgram, reader: Reader) -> MomentView:
    return MomentView(
        moment.entry,
        who(moment.entry),
        history.text_of(moment, current_language()),
        moment.comment,
        tuple(_changes(moment.data.get("changes") or {}, form, reader)),
        _look(moment),
    )


def who(entry: Recorded) -> str:
    """Who did it; where no person did, what did."""
    person = people.directory().person(entry.actor)
    if person is not None:
        return person.name
    words = {
        "timer": _("Deadline"),
        "rule": _("Rule"),
        "customer": _("Customer"),
    }
    return entry.actor or words.get(entry.acting_as, "Signoff")


def _look(moment: Moment) -> tuple[str, str]:
    event = moment.entry.event
    detail = moment.data.get("verdict") or moment.data.get("status") or ""
    return _LOOKS.get(f"{event}:{detail}") or _LOOKS.get(event) or ("dot", "neutral")


def _changes(changes: Mapping[str, Mapping[str, Any]], form: FormProgram, reader: Reader) -> Iterable[Change]:
    for key, change in changes.items():
        field = form.form.field(key)
        if field is None:
            continue
        if field.type == "table":
            yield Change(field.label, "", _("changed"))
            continue
        texts = []
        for json in (change.get("before"), change.get("after")):
            value = find(field.type).from_json(json) if json is not None else None
            texts.append(reader.text(field, value))
        yield Change(field.label, texts[0], texts[1])
