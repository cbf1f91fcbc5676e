"""Finding people by name, key, e-mail or department, page by page."""

from ..paging import Page, decode_cursor, page_of
from .directory import Directory, Person


def find_people(
    directory: Directory,
    *,
    q: str = "",
    department: str | None = None,
    role: str | None = None,
    active: bool | None = True,
    after: str | None = None,
    limit: int = 50,
) -> Page[Person]:
    """Those whom all of ``q``'s words fit, by name; ``department`` includes those below; ``active=None``: both.

    Raises:
        Malformed: ``after`` is no cursor of ours.
    """
    words = q.casefold().split()
    behind = tuple(str(each) for each in decode_cursor(after)) if after else ("", "")
    found = sorted(
        (
            each
            for each in directory.persons.values()
            if (active is None or each.active == active)
            and (role is None or role in each.roles)
            and (department is None or directory.belongs(each.department, department))
            and _place(each) > behind
            and _fits(directory, each, words)
        ),
        key=_place,
    )
    return page_of(found[: limit + 1], limit, _place)


def _place(person: Person) -> tuple[str, str]:
    return person.name.casefold(), person.key


def _fits(directory: Directory, person: Person, words: list[str]) -> bool:
    if not words:
        return True
    department = directory.departments.get(person.department or "")
    names = [person.name, person.key, person.email or "", person.department or ""]
    if department is not None:
        names += [department.name] if isinstance(department.name, str) else department.name.values()
    text = " ".join(names).casefold()
    return all(word in text for word in words)
