"""Reply templates (D35): words to decide with, in both languages, edited by admins, version by version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..platform import definitions
from ..platform.definitions import Stored
from ..platform.errors import NotFound, Refused
from ..platform.keys import KEY
from ..platform.problems import Problem, pointer
from ..platform.text import LANGUAGES, LocalText, local, msg

KIND = "reply"
SCHEMA = "reply/1"
OCCASIONS = ("approve", "reject", "return", "comment")
LONGEST_TITLE = 80
LONGEST = 2000
_KEYS = ("schema", "key", "title", "text", "on", "forms", "active")


@dataclass(frozen=True, slots=True)
class Reply:
    """``on`` says for what it is offered; without ``forms`` for all of them. ``{number}`` becomes the request's."""

    key: str
    title: LocalText
    text: LocalText
    on: tuple[str, ...] = OCCASIONS
    forms: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Offered:
    """A reply as it is offered for one request, in one language."""

    key: str
    title: str
    text: str
    on: tuple[str, ...]


_brought: dict[str, Reply] = {}


def register(reply: Reply) -> None:
    """Offer a reply until admins say it otherwise; the last one registered under a key holds."""
    _brought[reply.key] = reply


def replies() -> list[tuple[Reply, Stored | None]]:
    """Every reply, by key, with the version that admins published, if they did."""
    changed = {each.key: each for each in definitions.in_force(KIND)}
    return [
        (_read(changed[key].document) if key in changed else _brought[key], changed.get(key))
        for key in sorted({*_brought, *changed})
    ]


def find(key: str, version: int | None = None) -> Reply:
    """A reply in force, or as an old version said it; version 0: as it came.

    Raises:
        NotFound: there is none.
    """
    stored = definitions.current(KIND, key) if version is None else definitions.get(KIND, key, version)
    if stored is not None:
        return _read(stored.document)
    if key not in _brought:
        raise NotFound(msg("There is no reply template %(key)s.", key=repr(key[:64])))
    return _brought[key]


def offered(form: str, number: str, language: str) -> list[Offered]:
    """What can be said of a request of that form."""
    found = [
        Offered(each.key, local(each.title, language), _filled(each.text, number, language), each.on)
        for each, _ in replies()
        if each.active and (not each.forms or form in each.forms)
    ]
    return sorted(found, key=lambda each: each.title)


def of_all(language: str) -> list[Offered]:
    """What can be said of many requests at once: what is offered for all forms, and names no number."""
    return [each for each in offered("", "{number}", language) if "{number}" not in each.text]


def of_any(key: str, language: str) -> str:
    """The words of one of :func:`of_all`, empty if it is none."""
    return next((each.text for each in of_all(language) if each.key == key), "")


def said(key: str, form: str, number: str, language: str) -> str:
    """The words of one that is offered, empty if it is not."""
    return next((each.text for each in offered(form, number, language) if each.key == key), "")


def _filled(text: LocalText, number: str, language: str) -> str:
    return local(text, language).replace("{number}", number)


def _read(document: Mapping[str, Any]) -> Reply:
    return Reply(
        key=document["key"],
        title=document["title"],
        text=document["text"],
        on=tuple(document.get("on", OCCASIONS)),
        forms=tuple(document.get("forms", ())),
        active=bool(document.get("active", True)),
    )


def document_of(reply: Reply) -> dict[str, Any]:
    """A reply as ``reply/1``."""
    return {
        "schema": SCHEMA,
        "key": reply.key,
        "title": {language: local(reply.title, language) for language in LANGUAGES},
        "text": {language: local(reply.text, language) for language in LANGUAGES},
        "on": list(reply.on),
        "forms": list(reply.forms),
        "active": reply.active,
    }


def publish(document: Mapping[str, Any], *, by: str | None, note: str = "", base_version: int | None = None) -> Stored:
    """Offer these words from now on; an inactive one is offered no more.

    Raises:
        Refused: with all problems.
        Conflict: somebody published since ``base_version``.
    """
    problems = check(document)
    if problems:
        raise Refused.because(problems)
    return definitions.publish(KIND, str(document["key"]), dict(document), by=by, note=note, base_version=base_version)


def check(document: Mapping[str, Any]) -> list[Problem]:
    """All problems of a reply's document."""
    known = ", ".join(_KEYS)
    found = [
        Problem(pointer(name), "unknown_key", msg("No key %(key)s. Known: %(known)s.", key=repr(name), known=known))
        for name in document
        if name not in _KEYS
    ]
    if document.get("schema") != SCHEMA:
        found.append(Problem("/schema", "wrong_schema", msg('A reply template begins with "schema": "reply/1".')))
    key = document.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        message = msg("%(key)s is no key: small letters, digits and _, a letter first.", key=repr(key)[:80])
        found.append(Problem("/key", "wrong_key", message))
    for name, longest in (("title", LONGEST_TITLE), ("text", LONGEST)):
        found += _check_text(name, document.get(name), longest)
    for name, allowed in (("on", OCCASIONS), ("forms", None)):
        found += _check_list(name, document.get(name, []), allowed)
    return found


def _check_text(name: str, text: object, longest: int) -> list[Problem]:
    texts = text if isinstance(text, Mapping) else {}
    if set(texts) != set(LANGUAGES) or not all(isinstance(each, str) for each in texts.values()):
        message = msg('“%(key)s” is {"en": "…", "zh": "…"}: both languages.', key=name)
        return [Problem(pointer(name), "wrong_type", message)]
    found = []
    for language, words in texts.items():
        if not words.strip():
            found.append(Problem(pointer(name, language), "required", msg("“%(key)s” is missing. Add it.", key=name)))
        if len(words) > longest:
            message = msg("“%(key)s” is longer than %(most)s.", key=name, most=longest)
            found.append(Problem(pointer(name, language), "too_long", message))
    return found


def _check_list(name: str, given: object, allowed: Sequence[str] | None) -> list[Problem]:
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
        return [Problem(pointer(name), "wrong_type", msg("“%(key)s” is a list of words.", key=name))]
    known = ", ".join(allowed or ())
    return [
        Problem(
            pointer(name, place),
            "not_offered",
            msg("“%(key)s” must be one of: %(known)s.", key=each, known=known),
        )
        for place, each in enumerate(given)
        if allowed is not None and each not in allowed
    ]
