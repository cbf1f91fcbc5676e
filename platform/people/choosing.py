"""Whom a list offers: as many people as a page carries, and whoever is chosen already; scripts search the rest."""

from collections.abc import Container

from .directory import Directory

MOST_LISTED = 300


def choosable(
    directory: Directory, *, without: Container[str] = (), chosen: str | None = None
) -> list[tuple[str, str]]:
    """Keys and names of active people in the order of their names, at most :data:`MOST_LISTED` and ``chosen``."""
    everybody = [each for each in directory.persons.values() if each.active and each.key not in without]
    everybody.sort(key=lambda each: (each.name.casefold(), each.key))
    found = [(each.key, each.name) for each in everybody[:MOST_LISTED]]
    person = directory.person(chosen) if chosen else None
    if person is not None and all(key != person.key for key, _ in found):
        found.append((person.key, person.name))
    return found
