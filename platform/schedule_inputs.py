"""What a kind of work wants to know, as inputs of a page: each shows what stands in the JSON and reads what was sent.

Floors above bring inputs of their own: a subclass with a template that draws it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from .durations import Duration, format_duration, parse_duration
from .people import roles
from .people import service as people
from .people.directory import Directory
from .problems import Problem, pointer
from .text import LocalText, msg

Arguments = Mapping[str, Any]
Option = tuple[str, LocalText]
Options = Callable[[Arguments], Sequence[Option]]
"""Values with their labels; they may follow what was chosen before."""

UNITS: Mapping[str, tuple[str, LocalText]] = {
    "minutes": ("PT{}M", {"en": "minutes", "zh": "分钟"}),
    "hours": ("PT{}H", {"en": "hours", "zh": "小时"}),
    "days": ("P{}D", {"en": "days", "zh": "天"}),
    "weeks": ("P{}W", {"en": "weeks", "zh": "周"}),
}
MOST_LISTED = 300
"""More people than these are named by typing, fewer by choosing."""


class Sent(Protocol):
    """What a page sent, as werkzeug has it."""

    def get(self, key: str, /) -> str | None: ...

    def getlist(self, key: str, /) -> Sequence[str]: ...


class Unreadable(ValueError):
    """What was typed is nothing; the message says what would be."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """``path``: its place below ``with``; ``needs``: a place that must be filled for this one to mean anything.

    ``redraws``: what else can be said follows from it.
    """

    kind: ClassVar[str]
    template: ClassVar[str]
    path: tuple[str, ...]
    label: LocalText
    help: LocalText = ""
    required: bool = False
    needs: tuple[str, ...] = ()
    redraws: bool = False

    @property
    def name(self) -> str:
        return "-".join(("with", *self.path))

    @property
    def place(self) -> str:
        return pointer("with", *self.path)

    def value(self, arguments: Arguments) -> Any:
        """What stands at its place, ``None`` if nothing does."""
        return at(arguments, self.path)

    def show(self, arguments: Arguments) -> Mapping[str, Any]:
        """What its template draws."""
        return {"value": self.value(arguments)}

    def read(self, sent: Sent, arguments: Arguments) -> Any:
        """The JSON of what was sent, ``None`` for nothing. ``arguments``: those of the inputs before it.

        Raises:
            Unreadable: it is nothing that could stand there.
        """
        raise NotImplementedError

    def declared(self) -> dict[str, Any]:
        """The input, for clients."""
        return {
            "path": pointer(*self.path),
            "kind": self.kind,
            "label": self.label,
            "help": self.help,
            "required": self.required,
        }


@dataclass(frozen=True, kw_only=True)
class OneOf(Input):
    """A choice; ``nothing`` is how leaving it out reads."""

    kind = "choice"
    template = "signoff/platform/schedules/one_of.html"
    options: Options
    nothing: LocalText = ""

    def show(self, arguments: Arguments) -> Mapping[str, Any]:
        value = self.value(arguments)
        found = list(self.options(arguments))
        if isinstance(value, str) and value not in [key for key, _ in found]:
            found.append((value, value))
        return {"value": value, "options": found}

    def read(self, sent: Sent, arguments: Arguments) -> Any:  # noqa: ARG002
        return sent.get(self.name) or None


@dataclass(frozen=True, kw_only=True)
class ManyOf(Input):
    """Several of a few."""

    kind = "choices"
    template = "signoff/platform/schedules/many_of.html"
    options: Options

    def show(self, arguments: Arguments) -> Mapping[str, Any]:
        value = self.value(arguments)
        return {"value": value if isinstance(value, list) else [], "options": self.options(arguments)}

    def read(self, sent: Sent, arguments: Arguments) -> Any:  # noqa: ARG002
        return list(sent.getlist(self.name)) or None


@dataclass(frozen=True, kw_only=True)
class Length(Input):
    """A length of time: a number and its unit."""

    kind = "duration"
    template = "signoff/platform/schedules/length.html"
    least: str = "PT1M"
    default: str = "P1D"

    def show(self, arguments: Arguments) -> Mapping[str, Any]:
        value = self.value(arguments)
        number, unit = _split(value) or (None, (_split(self.default) or ("", "days"))[1])
        return {"number": number, "unit": unit, "units": {key: label for key, (_, label) in UNITS.items()}}

    def read(self, sent: Sent, arguments: Arguments) -> Any:  # noqa: ARG002
        typed, unit = (sent.get(f"{self.name}-n") or "").strip(), sent.get(f"{self.name}-unit") or "days"
        if not typed:
            return None
        if not typed.isdecimal() or unit not in UNITS:
            raise Unreadable(msg("%(value)s is no whole number. Type one, as in 5.", value=repr(typed)))
        written = UNITS[unit][0].format(int(typed))
        try:
            length = parse_duration(written)
        except ValueError as error:
            raise Unreadable(error.args[0]) from error
        if length < parse_duration(self.least):
            raise Unreadable(_too_short(parse_duration(self.least)))
        return written

    def declared(self) -> dict[str, Any]:
        return {**super().declared(), "least": self.least}


def _too_short(least: Duration) -> str:
    if least.days:
        return msg("That is too short. It is at least %(n)s days.", n=least.days)
    return msg("That is too short. It is at least %(n)s minutes.", n=least.seconds // 60)


def _split(text: object) -> tuple[str, str] | None:
    """Number and unit of a length that has one unit; others in the smallest that holds them."""
    try:
        length = parse_duration(text)  # type: ignore[arg-type]  # anything may stand in the JSON
    except ValueError:
        return None
    written = format_duration(length)
    for unit, (form, _) in UNITS.items():
        before, _, after = form.partition("{}")
        if written.startswith(before) and written.endswith(after) and written[len(before) : -1].isdecimal():
            return written[len(before) : -1], unit
    return str(int(length.total_seconds() // 60)), "minutes"


@dataclass(frozen=True, kw_only=True)
class Receivers(Input):
    """Roles, people, and what of a record (``{"field": …}``) names somebody."""

    kind = "receivers"
    template = "signoff/platform/schedules/receivers.html"
    fields: Options = field(default=lambda _arguments: ())

    def show(self, arguments: Arguments) -> Mapping[str, Any]:
        directory = people.directory()
        value = self.value(arguments)
        chosen = _tokens(value if isinstance(value, list) else [])
        return {
            "chosen": chosen,
            "roles": _roles(directory, chosen),
            "people": _people(directory, chosen),
            "fields": [(f"field:{key}", label) for key, label in self.fields(arguments)],
            "addable": self._addable(directory, chosen),
        }

    def _addable(self, directory: Directory, chosen: Sequence[str]) -> list[tuple[str, str]] | None:
        """Who can be added, by name; ``None``: there are too many to list."""
        active = [each for each in directory.persons.values() if each.active and f"person:{each.key}" not in chosen]
        if len(active) > MOST_LISTED:
            return None
        return sorted(((each.key, each.name) for each in active), key=lambda pair: pair[1].casefold())

    def read(self, sent: Sent, arguments: Arguments) -> Any:  # noqa: ARG002
        chosen = [_receiver(each) for each in sent.getlist(self.name)]
        typed = (sent.get(f"{self.name}-add") or "").strip()
        if typed:
            added = {"person": _person(people.directory(), typed)}
            chosen += [added] if added not in chosen else []
        return [each for each in chosen if each is not None] or None


def _tokens(value: Iterable[Any]) -> list[str]:
    """``{"role": "finance"}`` as ``role:finance``."""
    return [
        f"{kind}:{key}"
        for each in value
        if isinstance(each, Mapping) and len(each) == 1
        for kind, key in each.items()
        if kind in _KINDS and isinstance(key, str)
    ]


_KINDS = ("role", "person", "field")


def _receiver(token: str) -> dict[str, str] | None:
    kind, _, key = token.partition(":")
    return {kind: key} if kind in _KINDS and key else None


def _roles(directory: Directory, chosen: Sequence[str]) -> list[Option]:
    """Every role that somebody has, and those that are named although nobody does."""
    keys = {role for each in directory.persons.values() if each.active for role in each.roles}
    keys |= {token.partition(":")[2] for token in chosen if token.startswith("role:")}
    names = {**roles.names(), **directory.role_names}
    return [(f"role:{key}", names.get(key, key)) for key in sorted(keys)]


def _people(directory: Directory, chosen: Sequence[str]) -> list[Option]:
    keys = [token.partition(":")[2] for token in chosen if token.startswith("person:")]
    return [(f"person:{key}", getattr(directory.person(key), "name", key)) for key in keys]


def _person(directory: Directory, typed: str) -> str:
    """The key of who was typed: by key, name or address.

    Raises:
        Unreadable: nobody, or more than one.
    """
    if directory.active(typed):
        return typed
    wanted = typed.casefold()
    found = [
        each.key
        for each in directory.persons.values()
        if each.active and wanted in (each.name.casefold(), (each.email or "").casefold())
    ]
    if len(found) != 1:
        raise Unreadable(
            msg("Nobody, or more than one, is called %(value)s. Type an e-mail address.", value=repr(typed))
        )
    return found[0]


@dataclass(frozen=True)
class Group:
    """Inputs that belong together, under a title."""

    title: LocalText
    inputs: tuple[Input, ...]


def inputs_of(groups: Iterable[Group]) -> Iterable[Input]:
    return (each for group in groups for each in group.inputs)


def read_inputs(groups: Iterable[Group], sent: Sent, kept: Arguments) -> tuple[dict[str, Any], list[Problem]]:
    """The arguments that a page sent, and what could not be read. ``kept``: those before, of which the ones without
    an input stay as they are."""
    asked = list(inputs_of(groups))
    arguments = {name: value for name, value in kept.items() if name not in {each.path[0] for each in asked}}
    problems: list[Problem] = []
    for each in asked:
        if each.needs and at(arguments, each.needs) is None:
            continue
        try:
            value = each.read(sent, arguments)
        except Unreadable as error:
            problems.append(Problem(each.place, "not_readable", error.args[0]))
            continue
        if value is not None:
            _put(arguments, each.path, value)
    return arguments, problems


def at(arguments: Any, path: Iterable[str]) -> Any:
    """What stands at a place, ``None`` if nothing does."""
    for part in path:
        if not isinstance(arguments, Mapping):
            return None
        arguments = arguments.get(part)
    return arguments


def _put(arguments: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        arguments = arguments.setdefault(part, {})
    arguments[path[-1]] = value
