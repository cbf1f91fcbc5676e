"""``schedule/1``: what admins have done at certain times, as JSON read with all of its problems at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

from .keys import KEY
from .problems import Problem, pointer
from .schedule_words import Times, read_times
from .text import LocalText, msg

SCHEMA = "schedule/1"
PERSON = "person"
"""As a zone: everybody's own."""

ONCE, SKIP = "once", "skip"

_KNOWN = ("schema", "key", "title", "when", "zone", "missed", "active", "do", "with")

Check = Callable[[Mapping[str, Any]], list[Problem]]
"""All problems of the arguments of a kind of work; paths are below ``with``."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """``zone``: an IANA name, ``person``, or ``None`` for the installation's.

    ``missed``: times that passed while nothing ran are made up for ``once``, late; or left out (``skip``).
    """

    key: str
    title: LocalText
    when: str
    times: Times
    do: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    zone: str | None = None
    missed: str = ONCE
    active: bool = True


def read_schedule(document: object, kinds: Mapping[str, Check] | None = None) -> tuple[Schedule | None, list[Problem]]:
    """The schedule of a document; ``kinds`` check what it does, ``None`` leaves that to somebody else."""
    if not isinstance(document, Mapping):
        return None, [Problem("", "not_an_object", msg("A schedule is an object with key, title, when and do."))]
    reading = _Reading(document, kinds)
    schedule = reading.read()
    return (None if reading.problems else schedule), reading.problems


class _Reading:
    def __init__(self, document: Mapping[str, Any], kinds: Mapping[str, Check] | None) -> None:
        self.document = document
        self.kinds = kinds
        self.problems: list[Problem] = []

    def problem(self, name: str, code: str, message: str) -> None:
        self.problems.append(Problem(pointer(name), code, message))

    def read(self) -> Schedule:
        for name in self.document:
            if name not in _KNOWN:
                known = ", ".join(_KNOWN)
                self.problem(name, "unknown_key", msg("No key %(key)s. Known: %(known)s.", key=repr(name), known=known))
        if self.document.get("schema") != SCHEMA:
            self.problem("schema", "wrong_schema", msg('A schedule begins with "schema": "schedule/1".'))
        when = self.document.get("when")
        return Schedule(
            key=self.key(),
            title=self.title(),
            when=str(when),
            times=self.times(when),
            do=self.do(),
            arguments=self.arguments(),
            zone=self.zone(),
            missed=self.missed(),
            active=self.active(),
        )

    def key(self) -> str:
        key = self.document.get("key")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            message = msg("%(value)s is no key. Use small letters, digits and _, as in office.", value=repr(key))
            self.problem("key", "wrong_key", message)
        return str(key)

    def title(self) -> LocalText:
        title: Any = self.document.get("title", self.document.get("key"))
        texts = title.values() if isinstance(title, Mapping) else [title]
        if not texts or not all(isinstance(each, str) and each for each in texts):
            message = msg('%(value)s is no text. Write "…" or {"en": "…", "zh": "…"}.', value=repr(title))
            self.problem("title", "wrong_type", message)
        return title  # type: ignore[no-any-return]

    def times(self, when: object) -> Times:
        try:
            return read_times(when if isinstance(when, str) else repr(when))
        except ValueError as error:
            self.problem("when", "wrong_time", error.args[0])
            return Times("0", "0")

    def zone(self) -> str | None:
        zone = self.document.get("zone")
        if zone is not None and zone != PERSON and zone not in available_timezones():
            message = msg(
                "No time zone %(value)s. Example: Asia/Shanghai; “person” is everybody's own.", value=repr(zone)
            )
            self.problem("zone", "unknown_zone", message)
            return None
        return zone

    def missed(self) -> str:
        missed = self.document.get("missed", ONCE)
        if missed not in (ONCE, SKIP):
            message = msg("“%(key)s” must be one of: %(known)s.", key="missed", known=f"{ONCE}, {SKIP}")
            self.problem("missed", "not_offered", message)
        return str(missed)

    def active(self) -> bool:
        active = self.document.get("active", True)
        if not isinstance(active, bool):
            self.problem("active", "wrong_type", msg("“%(key)s” must be true or false.", key="active"))
        return bool(active)

    def do(self) -> str:
        do = self.document.get("do")
        if not isinstance(do, str) or (self.kinds is not None and do not in self.kinds):
            known = ", ".join(sorted(self.kinds or ()))
            self.problem("do", "unknown_work", msg("No work %(do)s. Known: %(known)s.", do=repr(do), known=known))
        return str(do)

    def arguments(self) -> Mapping[str, Any]:
        given = self.document.get("with", {})
        if not isinstance(given, Mapping):
            self.problem("with", "wrong_type", msg("“%(key)s” must be an object in braces.", key="with"))
            return {}
        check = (self.kinds or {}).get(str(self.document.get("do")))
        if check is not None:
            self.problems += [each.below("/with") for each in check(given)]
        return given
