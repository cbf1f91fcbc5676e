"""What a definition would change of everybody, as values and in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..text import msg
from .definition import PeopleDefinition
from .directory import Department, Directory, Person

_PREFERENCES = ("language", "zone", "active")
"""What silence of a document leaves as it is: the person chose it, or an administrator did since."""


@dataclass(frozen=True)
class Changes:
    """New and changed persons and departments as they will be, and a sentence for each change."""

    departments: tuple[Department, ...] = ()
    persons: tuple[Person, ...] = ()
    sentences: tuple[str, ...] = ()


def changes(before: Directory, definition: PeopleDefinition) -> Changes:
    """What applying ``definition`` to ``before`` changes; whoever it does not name stays."""
    departments = [
        each for key, each in definition.directory.departments.items() if before.departments.get(key) != each
    ]
    persons = [
        merged
        for key, each in definition.directory.persons.items()
        if before.persons.get(key) != (merged := _kept(before.persons.get(key), each, definition.stated.get(key)))
    ]
    sentences = [
        *(sentence for each in departments for sentence in _department(before.departments.get(each.key), each)),
        *(sentence for each in persons for sentence in _person(before.persons.get(each.key), each)),
    ]
    return Changes(tuple(departments), tuple(persons), tuple(sentences))


def _kept(before: Person | None, after: Person, stated: frozenset[str] | None) -> Person:
    if before is None:
        return after
    kept = {name: getattr(before, name) for name in _PREFERENCES if stated is not None and name not in stated}
    return replace(after, theme=before.theme, **kept)


def _department(before: Department | None, after: Department) -> Iterator[str]:
    if before is None:
        yield msg("Department %(key)s is new.", key=after.key)
        return
    for name in ("name", "parent", "head", "calendar"):
        was, is_now = getattr(before, name), getattr(after, name)
        if was != is_now:
            yield msg(
                "Department %(key)s: %(name)s changes from %(before)s to %(after)s.",
                key=after.key,
                name=name,
                before=_say(was),
                after=_say(is_now),
            )


def _person(before: Person | None, after: Person) -> Iterator[str]:
    if before is None:
        yield msg("Person %(key)s (%(name)s) is new.", key=after.key, name=after.name)
        return
    for name in ("name", "email", "department", "manager", "language", "zone"):
        was, is_now = getattr(before, name), getattr(after, name)
        if was != is_now:
            yield msg(
                "Person %(key)s: %(name)s changes from %(before)s to %(after)s.",
                key=after.key,
                name=name,
                before=_say(was),
                after=_say(is_now),
            )
    if before.active != after.active:
        yield (
            msg("Person %(key)s is active again.", key=after.key)
            if after.active
            else msg("Person %(key)s is no longer active.", key=after.key)
        )
    yield from _roles(before, after)
    yield from _limits(before, after)


def _roles(before: Person, after: Person) -> Iterator[str]:
    for role in sorted(after.roles - before.roles):
        yield msg("Person %(key)s gets the role %(role)s.", key=after.key, role=role)
    for role in sorted(before.roles - after.roles):
        yield msg("Person %(key)s loses the role %(role)s.", key=after.key, role=role)


def _limits(before: Person, after: Person) -> Iterator[str]:
    for form in sorted({*before.limits, *after.limits}):
        was, is_now = before.limits.get(form), after.limits.get(form)
        if was != is_now:
            yield msg(
                "Person %(key)s: the limit on %(form)s changes from %(before)s to %(after)s.",
                key=after.key,
                form=form,
                before="–" if was is None else format(was, "f"),
                after="–" if is_now is None else format(is_now, "f"),
            )


def _say(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return " / ".join(map(str, value.values()))
    return str(value)
