"""``owners/1``: who owns which forms, and may change them and their flows. Forms not named stay as they are.

``{"schema": "owners/1", "owners": {"refund": ["li", "zhou"]}}``
"""

from collections.abc import Mapping
from typing import Any

from ..keys import KEY
from ..problems import Problem, pointer
from ..text import msg
from .directory import Directory

SCHEMA = "owners/1"
_KNOWN = ("schema", "owners")


def read_owners(document: Mapping[str, Any]) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Owners by form, and all that is wrong with how they are written."""
    known = ", ".join(_KNOWN)
    problems = [
        Problem(pointer(name), "unknown_key", msg("No key %(key)s. Known: %(known)s.", key=repr(name), known=known))
        for name in document
        if name not in _KNOWN
    ]
    if document.get("schema") != SCHEMA:
        problems.append(Problem("/schema", "wrong_schema", msg('Write "schema": "%(schema)s" first.', schema=SCHEMA)))
    given = document.get("owners")
    if not isinstance(given, Mapping):
        problems.append(Problem("/owners", "wrong_type", msg('Owners are by form: {"refund": ["amy"]}.')))
        return {}, problems
    found: dict[str, tuple[str, ...]] = {}
    for form, keys in given.items():
        if isinstance(keys, list) and KEY.fullmatch(form) and all(isinstance(each, str) for each in keys):
            found[form] = tuple(dict.fromkeys(keys))
        else:
            message = msg('Owners are by form: {"refund": ["amy"]}.')
            problems.append(Problem(pointer("owners", form), "wrong_type", message))
    return found, problems


def check_owners(document: Mapping[str, Any], forms: Mapping[str, Any], people: Directory | None) -> list[Problem]:
    """All problems: also owners of forms that are not there, and people who are not (``None``: nobody is known)."""
    found, problems = read_owners(document)
    for form, keys in found.items():
        if form not in forms:
            message = msg("There is no form %(form)s.", form=repr(form))
            problems.append(Problem(pointer("owners", form), "unknown_form", message))
        for place, key in enumerate(keys):
            if people is not None and people.person(key) is None:
                message = msg("There is nobody with the key %(key)s.", key=repr(key))
                problems.append(Problem(pointer("owners", form, place), "unknown_person", message))
    return problems


def write_owners(owners: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    return {"schema": SCHEMA, "owners": {form: list(keys) for form, keys in sorted(owners.items()) if keys}}
