"""References from a flow to the company: persons, departments and roles that its selectors name."""

from collections.abc import Iterator
from difflib import get_close_matches

from ...platform.people.directory import ADMIN, Directory
from ...platform.problems import Problem, Severity, pointer
from ...platform.text import Message, msg
from ..definition import Flow, Selector, Step

Named = tuple[str, Selector]
"""A selector with the JSON Pointer to it."""


def check_references(flow: Flow, people: Directory, severity: Severity) -> Iterator[Problem]:
    """Persons, departments and roles that the flow names and the company does not have."""
    roles = {role for person in people.persons.values() for role in person.roles} | {ADMIN}
    for path, selector in _all_selectors(flow):
        if selector.kind == "person" and people.active(str(selector.value)) is None:
            yield _unknown(path, "unknown_person", str(selector.value), sorted(people.persons), severity)
        if selector.kind == "role" and selector.value not in roles:
            yield _unknown(path, "unknown_role", str(selector.value), sorted(roles), severity)
        for department in _departments(selector):
            if department not in people.departments:
                yield _unknown(path, "unknown_department", department, sorted(people.departments), severity)


def _departments(selector: Selector) -> Iterator[str]:
    named = selector.value if selector.kind == "head_of" else selector.of
    if isinstance(named, str) and "." not in named:
        yield named


def _all_selectors(flow: Flow) -> Iterator[Named]:
    if flow.settings.owner is not None:
        yield "/settings/owner", flow.settings.owner
    for step in flow.walk():
        yield from _selectors(step)


def _selectors(step: Step) -> Iterator[Named]:
    lists = [("who", step.who), ("to", step.to)]
    if not isinstance(step.nobody, str):
        lists.append(("nobody", step.nobody))
    if step.due is not None and step.due.then is not None:
        lists.append(("due/then/to", step.due.then.to))
    for name, selectors in lists:
        for place, selector in enumerate(selectors):
            yield f"{step.path}/{name}{pointer(place)}", selector


def _unknown(path: str, code: str, name: str, known: list[str], severity: Severity) -> Problem:
    return Problem(path, code, _sentence(code, name, known), severity)


def _sentence(code: str, name: str, known: list[str]) -> Message:
    near = get_close_matches(name, known, n=1)
    hint = msg("Did you mean “%(near)s”?", near=near[0]) if near else msg("Known: %(known)s.", known=_few(known))
    if code == "unknown_person":
        return msg("There is no active person “%(name)s”. %(hint)s", name=name, hint=hint)
    if code == "unknown_role":
        return msg("Nobody has the role “%(name)s”. %(hint)s", name=name, hint=hint)
    return msg("There is no department “%(name)s”. %(hint)s", name=name, hint=hint)


def _few(names: list[str]) -> str:
    return ", ".join(names[:20]) + (", …" if len(names) > 20 else "") if names else "-"
