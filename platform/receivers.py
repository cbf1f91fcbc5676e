"""Who is meant where a definition names people and roles: ``[{"role": "finance"}, {"person": "amy"}]``."""

from collections.abc import Mapping, Sequence
from typing import Any

from .people import service as people
from .people.directory import Person
from .problems import Problem, pointer
from .text import msg


def receivers(to: object) -> tuple[Person, ...]:
    """The active people that a list of ``{"person": …}``, ``{"role": …}`` names; nothing: everybody."""
    directory = people.directory()
    if to is None:
        return tuple(each for each in directory.persons.values() if each.active)
    found: dict[str, Person] = {}
    for each in to if isinstance(to, Sequence) else ():
        if isinstance(each, Mapping) and isinstance(each.get("person"), str):
            person = directory.active(each["person"])
            found.update({person.key: person} if person else {})
        elif isinstance(each, Mapping) and isinstance(each.get("role"), str):
            found.update({member.key: member for member in directory.members(each["role"])})
    return tuple(found.values())


def check_receivers(to: object, path: str = "/to") -> list[Problem]:
    """All problems of such a list."""
    if to is None:
        return []
    if not isinstance(to, list) or not to:
        return [Problem(path, "wrong_type", _TO)]
    return [
        Problem(path + pointer(number), "wrong_type", _TO)
        for number, each in enumerate(to)
        if not isinstance(each, Mapping) or set(each) not in ({"person"}, {"role"}) or not _is_text(each)
    ]


def _is_text(each: Mapping[str, Any]) -> bool:
    return all(isinstance(value, str) for value in each.values())


_TO = msg('Who is a list: [{"role": "finance"}, {"person": "amy"}].')


def check_keys(arguments: Mapping[str, Any], known: Sequence[str]) -> list[Problem]:
    """A problem for each argument that this work does not know."""
    return [
        Problem(
            pointer(name),
            "unknown_key",
            msg("No key %(key)s. Known: %(known)s.", key=repr(name), known=", ".join(known)),
        )
        for name in arguments
        if name not in known
    ]
