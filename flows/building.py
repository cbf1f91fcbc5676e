"""What the builder of a form or flow starts with: the document, and a catalogue of all that it may name."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from ..forms import catalogue as forms
from ..forms import palette
from ..forms.definition import Field
from ..forms.kinds import FACTS
from ..forms.types import all_types
from ..platform import calendar_store, definitions
from ..platform.db import utc_text
from ..platform.definitions import Draft, Stored
from ..platform.events import EVENTS
from ..platform.message_templates import templates
from ..platform.notifications import channels
from ..platform.people import service as people
from ..platform.people.directory import Directory, Person
from ..platform.text import LocalText, Message, local, msg
from ..platform.web.assets import drawing
from ..platform.web.language import language, say
from . import selectors
from .actions import all_actions
from .catalogue import flow_of_form, flows_in_force
from .definition import Kind

MOST_PEOPLE = 500
Json = dict[str, Any]

_SELECTORS: Mapping[str, tuple[str, LocalText]] = {
    "manager": ("level", msg("Manager of the submitter")),
    "role": ("role", msg("Everybody with a role")),
    "person": ("person", msg("A certain person")),
    "head_of": ("department", msg("Head of a department")),
    "manager_with_limit": ("amount", msg("The first manager whose limit covers an amount")),
    "field": ("field", msg("Whom a field names")),
    "approver_of": ("step", msg("Whoever approved an earlier step")),
    "submitter": ("true", msg("The submitter")),
}

_FACTS: Mapping[str, LocalText] = {
    "submitter.department": msg("Department of the submitter"),
    "submitter.role": msg("Roles of the submitter"),
    "submitter.level": msg("Level of the submitter (0 is the top)"),
}


def boot(
    kind: str, key: str, document: Mapping[str, Any], stored: Stored | None, draft: Draft | None, person: Person
) -> Json:
    """Everything that the page gives its script; see ``static/src/builder/model/boot.ts``."""
    form, flow = beside(kind, document)
    in_force = stored.document if stored else None
    named = {person.key, *strings_of([document, in_force, form, flow]), *([draft.saved_by] if draft else [])}
    found = catalogue(named)
    return {
        "kind": kind,
        "key": key,
        "document": document,
        "base_version": draft.base_version if draft else (stored.version if stored else 0),
        "revision": draft.revision if draft else 0,
        "saved_at": utc_text(draft.saved_at) if draft else None,
        "saved_by": draft.saved_by if draft else None,
        "in_force": in_force,
        "version_in_force": stored.version if stored else 0,
        "language": "zh_CN" if language() == "zh" else "en",
        "me": {"key": person.key, "name": person.name},
        "form": form,
        "flow": flow,
        "icons": icons(found),
        "catalogue": found,
    }


def catalogue(named: Set[str | None] = frozenset()) -> Json:
    """Everything that a definition may name, in the language of the request; of ``named`` people all are in it."""
    directory = people.directory()
    return {
        "types": [_said(palette.describe(each)) for each in all_types()],
        "forms": [
            {
                "key": each.form.key,
                "title": _text(each.form.title),
                "fields": [_field(field) for field in each.form.fields],
            }
            for each in forms.forms_in_force()
        ],
        "flows": [
            {"key": each.key, "title": _text(each.document["title"]), "form": each.document["form"]}
            for each in flows_in_force()
        ],
        **_people(directory, named),
        "calendars": [
            {"key": key, "name": str(document.get("name") or key)}
            for key, document in calendar_store.documents().items()
        ],
        "actions": [
            {
                "name": each.name,
                "label": _text(each.label),
                "help": "",
                "fields": _named(each.parameters),
                "results": _named(each.results),
            }
            for each in all_actions()
        ],
        "selectors": [_selector(name, kind.narrowed) for name, kind in _in_order(selectors.known())],
        "steps": [kind.value for kind in Kind],
        "templates": [{"key": each.key, "name": _text(each.title)} for each in templates()],
        "channels": [{"key": name, "name": name} for name in channels()],
        "events": sorted(EVENTS),
        "facts": [
            {"key": key, "label": _text(_FACTS.get(key, key)), "sort": kind.base.value, "target": kind.target}
            for key, kind in FACTS.items()
        ],
    }


def icons(found: Json) -> dict[str, str]:
    """The drawings of the icons that a catalogue names."""
    return {each["icon"]: drawing(each["icon"]) for each in found["types"]}


def beside(kind: str, document: Mapping[str, Any]) -> tuple[Json | None, Json | None]:
    """The form of a flow and the flow of a form, as drafts where there are some: ``(form, flow)``."""
    if kind == "flow":
        form = document.get("form")
        return (_latest("form", form) if isinstance(form, str) else None), None
    flow = flow_of_form(str(document.get("key")))
    return None, (_latest("flow", flow.key) if flow else None)


def _latest(kind: str, key: str) -> Json | None:
    draft, stored = definitions.draft(kind, key), definitions.current(kind, key)
    found = draft or stored
    return dict(found.document) if found else None


def _text(text: LocalText | None) -> str:
    return say(text) if isinstance(text, Message) else local(text, language())


def _said(value: Any) -> Any:
    """The value with every sentence in the language of the request."""
    if isinstance(value, Message):
        return say(value)
    if isinstance(value, Mapping):
        return {key: _text(each) if key in ("label", "help") else _said(each) for key, each in value.items()}
    return [_said(each) for each in value] if isinstance(value, list | tuple) else value


def _field(field: Field) -> Json:
    found: Json = {"key": field.key, "label": _text(field.label), "type": field.type}
    inner = field.columns or field.parts
    return {**found, "columns": [_field(each) for each in inner]} if inner else found


def strings_of(value: Any) -> Iterator[str]:
    """Every text in JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from strings_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings_of(each)


def _people(directory: Directory, named: Set[str | None]) -> Json:
    everybody = sorted(directory.persons.values(), key=lambda each: (not each.active, each.name))
    roles = sorted({role for each in everybody for role in each.roles} | set(directory.role_names))
    return {
        "roles": [
            {
                "key": role,
                "name": _text(directory.role(role)),
                "members": [each.key for each in directory.members(role)][:MOST_PEOPLE],
            }
            for role in roles
        ],
        "departments": [
            {"key": each.key, "name": _text(each.name), "parent": each.parent, "head": each.head}
            for each in directory.departments.values()
        ],
        "people": [_person(each) for place, each in enumerate(everybody) if place < MOST_PEOPLE or each.key in named],
        "people_more": len(everybody) > MOST_PEOPLE,
    }


def _person(person: Person) -> Json:
    return {
        "key": person.key,
        "name": person.name,
        "department": person.department,
        "manager": person.manager,
        "active": person.active,
    }


def _named(words: Mapping[str, LocalText]) -> list[Json]:
    return [{"name": name, "label": _text(label)} for name, label in words.items()]


def _in_order(known: Mapping[str, selectors.SelectorKind]) -> list[tuple[str, selectors.SelectorKind]]:
    """The usual ones first, those of plugins last."""
    order = list(_SELECTORS)
    return sorted(known.items(), key=lambda each: order.index(each[0]) if each[0] in order else len(order))


def _selector(name: str, narrowed: bool) -> Json:
    operand, label = _SELECTORS.get(name, ("json", name))
    return {"name": name, "label": _text(label), "operand": operand, "narrowed": narrowed}
