"""Templates of messages: what plugins and floors bring, and what admins say instead, version by version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from . import definitions
from .definitions import Stored
from .errors import NotFound, Refused
from .problems import Problem, pointer
from .text import LANGUAGES, LocalText, local, msg

KIND = "template"
SCHEMA = "template/1"
MOST_TEXT = 4000
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


COMMON = ("number", "title", "form", "summary", "submitter", "status", "by", "comment", "step", "due", "status_url")
"""What the messages about requests may name; any template may."""

SAMPLE: Mapping[str, Any] = {
    "number": "RF-20260302-0001",
    "title": {"en": "Refund", "zh": "退款申请"},
    "form": {"en": "Refund", "zh": "退款申请"},
    "summary": "WEB-004217 · ¥300.00",
    "submitter": "Amy Chen",
    "status": {"en": "approved", "zh": "已通过"},
    "by": "Li Na",
    "comment": {"en": "The receipt is complete.", "zh": "凭证齐全。"},
    "step": {"en": "Team lead", "zh": "主管审批"},
    "due": "2026-03-02T10:00:00Z",
    "status_url": "https://example.com/status",
    "count": "3",
    "overdue": "1",
    "since": "2026-02-23T01:00:00Z",
    "schedule": {"en": "Monday report", "zh": "周报"},
    "lines": "RF-20260302-0001\nRF-20260302-0002",
    "survey_url": "https://example.com/public/satisfaction",
}
"""What a preview is filled with."""


@dataclass(frozen=True, slots=True)
class Template:
    """What a message says. ``{names}`` are filled from the message's data; unknown ones are left out.

    ``event`` (``task.opened`` …) is what people choose channels for.
    """

    key: str
    title: LocalText
    body: LocalText
    event: str


REMINDERS = Template(
    key="reminders",
    title={"en": "{count} reminders", "zh": "{count} 条提醒"},
    body={"en": "{lines}", "zh": "{lines}"},
    event="task.reminder",
)
_templates: dict[str, Template] = {REMINDERS.key: REMINDERS}
_events: dict[str, LocalText] = {}


def register_template(template: Template) -> None:
    """Make a template known; the last one registered under a key holds."""
    _templates[template.key] = template


def templates() -> tuple[Template, ...]:
    """Every template, by key."""
    return tuple(_templates[key] for key in sorted(_templates))


def name_events(names: Mapping[str, LocalText]) -> None:
    """What pages call the events that templates name."""
    _events.update(names)


def event_name(event: str) -> LocalText:
    """What pages call an event."""
    return _events.get(event, event)


def events() -> dict[str, LocalText]:
    """Every event that some template names, with what it is called."""
    named = sorted({template.event for template in _templates.values()})
    return {event: event_name(event) for event in named}


def fill(text: LocalText, data: Mapping[str, Any], language: str, zone: ZoneInfo) -> str:
    """``text`` in ``language`` with its placeholders filled; of several lines, one whose placeholders are all empty
    is left out."""
    lines = local(text, language).split("\n")
    said = [_filled(line, data, language, zone) for line in lines]
    return "\n".join(line for line, holds in said if line and (holds or len(lines) == 1))


def _filled(line: str, data: Mapping[str, Any], language: str, zone: ZoneInfo) -> tuple[str, bool]:
    """The line, and whether it says something."""
    said = {name: _say(data.get(name), language, zone) for name in _PLACEHOLDER.findall(line)}
    return _PLACEHOLDER.sub(lambda match: said[match[1]], line).strip(), not said or any(said.values())


def _say(value: Any, language: str, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return local(value, language)
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(_say(each, language, zone) for each in value)
    return str(value)


# --- what admins say instead


def in_force(key: str) -> Template | None:
    """The template in the words of admins, else as it came; ``None``: nobody brought it."""
    original = _templates.get(key)
    if original is None:
        return None
    stored = definitions.current(KIND, key)
    return _with(original, stored.document) if stored is not None else original


def _with(original: Template, document: Mapping[str, Any]) -> Template:
    return replace(original, title=document["title"], body=document["body"])


def find(key: str) -> Template:
    """The template as it came.

    Raises:
        NotFound: nobody brought it.
    """
    found = _templates.get(key)
    if found is None:
        raise NotFound(
            msg("No template %(key)s. Known: %(known)s.", key=repr(key), known=", ".join(sorted(_templates)))
        )
    return found


def placeholders(original: Template) -> tuple[str, ...]:
    """What the words of a template may name."""
    own = {name for text in (original.title, original.body) for name in _named(text)}
    return tuple(sorted(own | set(COMMON)))


def _named(text: LocalText) -> set[str]:
    texts = [text] if isinstance(text, str) else text.values()
    return {name for each in texts for name in _PLACEHOLDER.findall(each)}


def document_of(template: Template) -> dict[str, Any]:
    """A template as ``template/1``."""
    return {
        "schema": SCHEMA,
        "key": template.key,
        "title": {language: local(template.title, language) for language in LANGUAGES},
        "body": {language: local(template.body, language) for language in LANGUAGES},
    }


def check(document: Mapping[str, Any]) -> list[Problem]:
    """All problems of a template's document, as far as they can be seen without knowing what brings it."""
    found = [
        Problem(
            pointer(name),
            "unknown_key",
            msg("No key %(key)s. Known: %(known)s.", key=repr(name), known="schema, key, title, body"),
        )
        for name in document
        if name not in ("schema", "key", "title", "body")
    ]
    if document.get("schema") != SCHEMA:
        found.append(Problem("/schema", "wrong_schema", msg('A template begins with "schema": "template/1".')))
    for name in ("title", "body"):
        found += _check_text(name, document.get(name), required=name == "title")
    original = _templates.get(str(document.get("key")))
    if original is not None and not found:
        found += _check_placeholders(document, placeholders(original))
    return found


def _check_text(name: str, text: object, *, required: bool) -> list[Problem]:
    if (
        not isinstance(text, Mapping)
        or set(text) != set(LANGUAGES)
        or not all(isinstance(each, str) for each in text.values())
    ):
        message = msg('“%(key)s” is {"en": "…", "zh": "…"}: both languages.', key=name)
        return [Problem(pointer(name), "wrong_type", message)]
    found = []
    for language, said in text.items():
        if required and not said.strip():
            found.append(Problem(pointer(name, language), "required", msg("“%(key)s” is missing. Add it.", key=name)))
        if len(said) > MOST_TEXT:
            message = msg("“%(key)s” is longer than %(most)s.", key=name, most=MOST_TEXT)
            found.append(Problem(pointer(name, language), "too_long", message))
    return found


def _check_placeholders(document: Mapping[str, Any], known: tuple[str, ...]) -> list[Problem]:
    return [
        Problem(
            pointer(name, language),
            "unknown_placeholder",
            msg("No placeholder {%(key)s}. Known: %(known)s.", key=placeholder, known=", ".join(known)),
        )
        for name in ("title", "body")
        for language, text in document[name].items()
        for placeholder in sorted(_named(text) - set(known))
    ]


def publish(document: Mapping[str, Any], *, by: str | None, note: str = "", base_version: int | None = None) -> Stored:
    """Say a message in other words from now on.

    Raises:
        NotFound: nobody brings such a template.
        Refused: with all problems.
        Conflict: somebody published since ``base_version``.
    """
    original = find(str(document.get("key")))
    problems = check(document)
    if problems:
        raise Refused.because(problems)
    return definitions.publish(KIND, original.key, document, by=by, note=note, base_version=base_version)


def preview(document: Mapping[str, Any], language: str, zone: ZoneInfo) -> tuple[str, str]:
    """Title and body, filled with a sample."""
    title, body = document.get("title", ""), document.get("body", "")
    return fill(title, SAMPLE, language, zone), fill(body, SAMPLE, language, zone)
