"""The menus: every floor and plugin adds its entries; a person sees those whose roles they have."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l

from ..caches import cache
from ..people.directory import ADMIN, Person
from .language import language


@dataclass(frozen=True)
class MenuLink:
    """One line of a menu that the database decides: a form's records, a report."""

    label: str
    url: str
    icon: str = ""
    active: bool = False


@dataclass(frozen=True, eq=False)
class MenuEntry:
    """``label`` may be lazy. ``roles``: who sees it, ``"*"`` is everybody; ``may``: who else. ``also``: further
    endpoints that mark it.

    ``endpoint`` may be empty where the entry only opens a menu; ``parent`` is the key of the entry in whose menu it
    stands. ``count``: a number at its side, ``None`` or 0 is none. ``links``: further lines of its menu, asked for
    when it is drawn.
    """

    key: str
    label: object
    endpoint: str = ""
    icon: str = ""
    order: int = 100
    roles: tuple[str, ...] = ("*",)
    count: Callable[[], int | None] | None = None
    parent: str = ""
    links: Callable[[], Iterable[MenuLink]] | None = None
    also: tuple[str, ...] = ()
    may: Callable[[Person], bool] | None = None


@dataclass(frozen=True)
class Item:
    """An entry as it is drawn for the person of this request."""

    key: str
    label: str
    url: str
    icon: str
    active: bool
    count: int | None = None
    items: tuple["Item", ...] = field(default_factory=tuple)


class Answer(NamedTuple):
    """What one entry says in this request: whether it is seen, its further lines, the number at its side."""

    seen: bool
    links: tuple[MenuLink, ...] = ()
    number: int | None = None


Answers = dict[MenuEntry, Answer]

ADMINISTRATION = "administration"

Said = dict[MenuEntry, tuple[str, str]]

_entries: dict[str, MenuEntry] = {
    ADMINISTRATION: MenuEntry(ADMINISTRATION, _l("Administration"), icon="gear", order=900)
}
_corner: dict[str, MenuEntry] = {}
_ordered: dict[str, list[MenuEntry]] = {}
_marked: dict[str, tuple[MenuEntry, ...]] = {}
_asked: list[MenuEntry] = []
_edition = [0]


def add(entry: MenuEntry) -> None:
    """Offer ``entry`` to every application of this process; the same key again replaces it.

    What only administrators see stands in one menu of theirs, unless it names another.
    """
    if entry.roles == (ADMIN,) and not entry.parent:
        entry = replace(entry, parent=ADMINISTRATION)
    _entries[entry.key] = entry
    _changed()


def set_search(endpoint: str) -> None:
    """The page that answers the search box; it reads ``q``."""
    _corner["search"] = MenuEntry("search", "", endpoint)
    _changed()


def set_bell(endpoint: str, count: Callable[[], int | None]) -> None:
    """The page of notifications, and how many are unread."""
    _corner["bell"] = MenuEntry("bell", "", endpoint, "bell", count=count)
    _changed()


def _changed() -> None:
    _edition[0] += 1
    for known in (_ordered, _marked, _asked):
        known.clear()


def edition() -> int:
    """Another number where an entry was added since."""
    return _edition[0]


def corner(key: str, person: Person | None, answers: Answers | None = None) -> Item | None:
    """The search box (``search``) or the bell (``bell``) as drawn for ``person``, if there is such a page."""
    entry = _corner.get(key)
    return _draw(entry, person, _said(), answers or {}) if entry is not None and person is not None else None


def answers(person: Person) -> Answers:
    """What must be asked anew in each request: all else of the bars follows from the roles and from :func:`marked`."""
    if not _asked:
        entries = [*_entries.values(), *(entry for key, entry in _corner.items() if key == "bell")]
        _asked[:] = [entry for entry in entries if entry.count or entry.links or entry.may]
    return {entry: _ask(entry, person) for entry in _asked}


def marked() -> tuple[MenuEntry, ...]:
    """The entries under which this request's page stands."""
    endpoint = request.endpoint or ""
    if endpoint not in _marked:
        _marked[endpoint] = tuple(entry for entry in _entries.values() if _is_at(entry, endpoint))
    return _marked[endpoint]


def counts(person: Person) -> dict[str, int]:
    """The numbers beside the entries that ``person`` sees, and at the bell, by key."""
    entries = [*_entries.values(), *(entry for key, entry in _corner.items() if key == "bell")]
    seen = [entry for entry in entries if "*" in entry.roles or not person.roles.isdisjoint(entry.roles)]
    return {entry.key: entry.count() or 0 for entry in seen if entry.count is not None}


def items(person: Person, answers: Answers | None = None) -> tuple[Item, ...]:
    """The menu of ``person``, in order; menus without a line are left out."""
    said, known = _said(), answers or {}
    return tuple(item for entry in _children("") if (item := _draw(entry, person, said, known)) is not None)


def _children(parent: str) -> list[MenuEntry]:
    if parent not in _ordered:
        found = [entry for entry in _entries.values() if entry.parent == parent]
        _ordered[parent] = sorted(found, key=lambda entry: (entry.order, entry.key))
    return _ordered[parent]


def _ask(entry: MenuEntry, person: Person) -> Answer:
    if "*" not in entry.roles and person.roles.isdisjoint(entry.roles) and not (entry.may and entry.may(person)):
        return Answer(seen=False)
    counts = entry.count is not None and entry.endpoint in current_app.view_functions
    return Answer(
        seen=True,
        links=tuple(entry.links()) if entry.links is not None else (),
        number=entry.count() if counts and entry.count is not None else None,
    )


def _is_at(entry: MenuEntry, endpoint: str) -> bool:
    return bool(endpoint) and endpoint in (entry.endpoint, *entry.also)


def _draw(entry: MenuEntry, person: Person, said: Said, answers: Answers) -> Item | None:
    answer = answers[entry] if entry in answers else _ask(entry, person)
    if not answer.seen:
        return None
    below = tuple(Item("", link.label, link.url, link.icon, link.active) for link in answer.links)
    below += tuple(item for child in _children(entry.key) if (item := _draw(child, person, said, answers)) is not None)
    known = entry.endpoint in current_app.view_functions
    if not known and not below:
        return None
    label, url = _label_and_url(entry, known, said)
    return Item(
        key=entry.key,
        label=label,
        url=url,
        icon=entry.icon,
        active=_is_at(entry, request.endpoint or "") or any(item.active for item in below),
        count=answer.number,
        items=below,
    )


def _said() -> Said:
    """Labels and addresses of entries: the same in every request of a language below one address."""
    found: Said = cache("web.menus").setdefault((language(), request.script_root), {})
    return found


def _label_and_url(entry: MenuEntry, known: bool, said: Said) -> tuple[str, str]:
    if entry not in said:
        said[entry] = (str(entry.label), url_for(entry.endpoint) if known else "")
    return said[entry]
