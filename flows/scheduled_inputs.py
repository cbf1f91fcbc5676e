"""What the works of schedules want to know of forms and records, as inputs of the page of a schedule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..forms import catalogue as forms
from ..forms import condition_rows, conditions, lifecycle
from ..forms.definition import Field, Form
from ..forms.filter_rows import OPERATORS, operand
from ..forms.kinds import PERSON, Base
from ..forms.records import DRAFT, KEPT, STATUSES
from ..forms.types import kind_of, kinds_of
from ..platform import json, message_templates, notifications
from ..platform.errors import NotFound
from ..platform.people import service as people
from ..platform.people.current import current_language, current_person
from ..platform.schedule_inputs import (
    MOST_LISTED,
    Arguments,
    Group,
    Input,
    Length,
    ManyOf,
    OneOf,
    Option,
    Receivers,
    Sent,
    Unreadable,
    at,
)
from ..platform.text import LocalText, local, msg
from .messages import STATUS

DATA = ("title", "number", "summary", "schedule", "since", "survey_url")
"""What a template may name that tells of a record."""

MOST_VALUES = 30
_OWN = (("id", {"en": "the record itself", "zh": "该记录本身"}), ("number", {"en": "its number", "zh": "编号"}))


def form_at(arguments: Arguments, *path: str) -> Form | None:
    """The form that stands there, ``None`` if there is none in force."""
    key = at(arguments, path)
    try:
        return forms.program(key).form if isinstance(key, str) else None
    except NotFound:
        return None


def _forms(_arguments: Arguments) -> list[Option]:
    return [(each.form.key, each.form.title) for each in forms.forms_in_force()]


def _public_forms(_arguments: Arguments) -> list[Option]:
    return [(each.form.key, each.form.title) for each in forms.forms_in_force() if each.form.public.fill]


def _statuses(arguments: Arguments) -> list[Option]:
    """Those that a record of the form can have; what is chosen although it cannot stays to be seen."""
    form = form_at(arguments, "form")
    chosen = at(arguments, ("status",)) or ()
    flows = form is None or lifecycle.current().has_flow(form.key)
    known = [each for each in STATUSES if each != DRAFT and (each != KEPT if flows else each == KEPT)]
    return [(each, STATUS[each]) for each in STATUSES if each in known or each in chosen]


def _templates(_arguments: Arguments) -> list[Option]:
    """Templates whose words can be filled from a record."""
    can = {*DATA, *message_templates.COMMON}
    return [
        (each.key, message_templates.event_name(each.event))
        for each in notifications.templates()
        if set(message_templates.placeholders(each)) <= can and each.event.startswith("record.")
    ]


def _tellable(arguments: Arguments) -> list[Option]:
    """What of a record names somebody: who sent it, its persons and its addresses of e-mail."""
    form = form_at(arguments, "form")
    fields = form.fields if form is not None else ()
    named = [each for each in fields if kind_of(each).target == PERSON or each.type == "email"]
    return [("submitter", {"en": "who sent it", "zh": "提交人"}), *((each.key, each.label) for each in named)]


@dataclass(frozen=True, kw_only=True)
class Where(Input):
    """A condition over the fields of the form, as rows; one that rows cannot say stays until it is replaced."""

    kind = "condition"
    template = "signoff/flows/schedules/where.html"

    def show(self, arguments: Arguments) -> Mapping[str, Any]:
        form, value = form_at(arguments, "form"), self.value(arguments)
        rows = condition_rows.rows_of(value)
        if form is None:
            return {"form": None, "kept": json.canonical(value) if value else ""}
        if rows is None:
            return {"form": form, "rows": None, "kept": json.canonical(value), "words": _words(form, value)}
        return {
            "form": form,
            "match": rows.match,
            "rows": condition_rows.draw(form, rows, _people()),
            "fields": condition_rows.askable(form),
            "operators": OPERATORS,
        }

    def read(self, sent: Sent, arguments: Arguments) -> Any:
        kept = sent.get(f"{self.name}-kept")
        if kept and not sent.get(f"{self.name}-anew"):
            return json.parse(kept)
        rows = condition_rows.read(form_at(arguments, "form"), sent, self.name, current_person())
        return condition_rows.condition_of(rows)


def _words(form: Form, value: Any) -> str:
    language = current_language()
    condition, problems = conditions.parse(value, kinds_of(form))
    labels = {each.key: local(each.label, language) for each in form.fields}

    def word(key: str, said: Any) -> str:
        field = form.field(key)
        options = dict(condition_rows.options_of(field, _people())) if field is not None else {}
        text = str(said).lower() if isinstance(said, bool) else str(said)
        return local(options.get(text, text), language)

    return json.canonical(value) if problems else conditions.describe(condition, labels, language, word)


def _people() -> Sequence[tuple[str, str]]:
    """Whom a row can compare with; nobody where there are too many to list."""
    active = [each for each in people.directory().persons.values() if each.active]
    return [(each.key, each.name) for each in active] if len(active) <= MOST_LISTED else ()


@dataclass(frozen=True, kw_only=True)
class Value:
    """A row: a field of the record that is opened, and what it gets: ``source`` is a field of the found one."""

    field: Field | None
    key: str
    source: str
    text: str
    options: Sequence[tuple[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Values(Input):
    """What the fields of a new record get: a value, or what a field of the record that was found holds."""

    kind = "values"
    template = "signoff/flows/schedules/values.html"

    def show(self, arguments: Arguments) -> Mapping[str, Any]:
        target, source = form_at(arguments, *self.needs), form_at(arguments, "form")
        if target is None:
            return {"target": None}
        value = self.value(arguments)
        filled = value if isinstance(value, Mapping) else {}
        asked = [each.key for each in target.fields if each.required and each.default is None and _plain(each)]
        rows = [_row(target, key, filled.get(key)) for key in (*dict.fromkeys((*filled, *asked)), "")]
        taken = [*_OWN, *((each.key, each.label) for each in (source.fields if source else ()) if _plain(each))]
        return {
            "target": target,
            "rows": rows,
            "fields": [each for each in target.fields if _plain(each)],
            "sources": taken,
        }

    def read(self, sent: Sent, arguments: Arguments) -> Any:
        target = form_at(arguments, *self.needs)
        found: dict[str, Any] = {}
        for number in range(MOST_VALUES):
            place = f"{self.name}-{number}"
            key, source = sent.get(f"{place}-field"), sent.get(f"{place}-from")
            typed = (sent.get(f"{place}-value") or "").strip()
            if not key or not (source or typed or sent.get("do_what") == "redraw"):
                continue  # a row that is being filled stays on the page
            if key in found:
                raise Unreadable(msg("The field %(key)s stands twice. Take one away.", key=repr(key)))
            field = target.field(key) if target is not None else None
            found[key] = {"field": source} if source else _typed(field, typed)
        return found or None


def _plain(field: Field) -> bool:
    return kind_of(field).base not in (Base.NONE, Base.TABLE, Base.FILES) and field.total is None


def _row(target: Form, key: str, value: Any) -> Value:
    field = target.field(key)
    source = value["field"] if isinstance(value, Mapping) and set(value) == {"field"} else ""
    text = "" if source or value is None else _shown(value)
    options = condition_rows.options_of(field, _people()) if field is not None else ()
    return Value(field=field, key=key, source=source, text=text, options=options)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.canonical(value)


def _typed(field: Field | None, typed: str) -> Any:
    """The JSON of what was typed for a field: several with commas, the record of a number, yes and no."""
    if field is not None and kind_of(field).base is Base.CHOICES:
        return [
            operand(field, part.strip(), current_person())
            for part in typed.replace("，", ",").split(",")
            if part.strip()
        ]
    return operand(field, typed, current_person())


_TO: LocalText = {"en": "Who is told", "zh": "通知谁"}
_NOTIFY, _OPEN = ("then", "notify", "to"), ("then", "open", "form")

DIGEST = (
    Group(
        {"en": "For whom", "zh": "对象"},
        (
            Receivers(
                path=("to",),
                label=_TO,
                help={"en": "Nobody chosen: everybody to whom something waits.", "zh": "不选则为所有有待办的人。"},
            ),
        ),
    ),
)
REPORT = (
    Group(
        {"en": "What is counted", "zh": "统计内容"},
        (
            Length(
                path=("period",), label={"en": "Requests of the last", "zh": "统计最近"}, least="PT1H", default="P7D"
            ),
            OneOf(
                path=("form",),
                label={"en": "Only of the form", "zh": "仅限表单"},
                options=_forms,
                nothing={"en": "All forms", "zh": "所有表单"},
            ),
        ),
    ),
    Group({"en": "For whom", "zh": "对象"}, (Receivers(path=("to",), label=_TO, required=True),)),
)
RECORDS = (
    Group(
        {"en": "Which records", "zh": "哪些记录"},
        (
            OneOf(path=("form",), label={"en": "Form", "zh": "表单"}, options=_forms, required=True, redraws=True),
            ManyOf(
                path=("status",),
                label={"en": "State", "zh": "状态"},
                options=_statuses,
                help={"en": "None chosen: any.", "zh": "不选则不限。"},
            ),
            Where(path=("where",), label={"en": "Where", "zh": "条件"}),
            Length(
                path=("unchanged_for",),
                label={"en": "Nothing has moved for", "zh": "多久没有进展"},
                default="P5D",
                help={"en": "Empty: it does not matter.", "zh": "留空则不限。"},
            ),
            Length(
                path=("ended_for",),
                label={"en": "Their flow ended … ago", "zh": "流程结束后"},
                default="P2D",
                help={"en": "Empty: it does not matter.", "zh": "留空则不限。"},
            ),
            Length(
                path=("again",),
                label={"en": "Do it once more after", "zh": "多久后再次处理"},
                default="P7D",
                help={"en": "Empty: once for each record.", "zh": "留空则每条记录只处理一次。"},
            ),
        ),
    ),
    Group(
        {"en": "Tell somebody", "zh": "发送通知"},
        (
            Receivers(path=_NOTIFY, label=_TO, fields=_tellable, redraws=True),
            OneOf(
                path=("then", "notify", "template"),
                label={"en": "Message", "zh": "消息模板"},
                options=_templates,
                nothing={"en": "It stands still", "zh": "停滞提醒"},
                needs=_NOTIFY,
            ),
            OneOf(
                path=("then", "notify", "ask"),
                label={"en": "The survey's link leads to", "zh": "调查链接指向"},
                options=_public_forms,
                nothing={"en": "five stars and a few words", "zh": "五星评分与简短意见"},
                needs=_NOTIFY,
            ),
        ),
    ),
    Group(
        {"en": "Open another record", "zh": "新建另一条记录"},
        (
            OneOf(
                path=_OPEN,
                label={"en": "Of the form", "zh": "表单"},
                options=_forms,
                nothing={"en": "None", "zh": "不新建"},
                redraws=True,
            ),
            Values(path=("then", "open", "values"), label={"en": "Its values", "zh": "字段取值"}, needs=_OPEN),
        ),
    ),
)
