"""The menus: every floor and plugin adds its entries; a person sees those whose roles they have."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

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
    """``label`` may be lazy. ``roles``: who sees it, ``"*"`` is everybody. ``also``: further endpoints that mark it.

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


ADMINISTRATION = "administration"

Said = dict[MenuEntry, tuple[str, str]]

_entries: dict[str, MenuEntry] = {
    ADMINISTRATION: MenuEntry(ADMINISTRATION, _l("Administration"), icon="gear", order=900)
}
_corner: dict[str, MenuEntry] = {}
_ordered: dict[str, list[MenuEntry]] = {}


def add(entry: MenuEntry) -> None:
    """Offer ``entry`` to every application of this process; the same key again replaces it.

    What only administrators see stands in one menu of theirs, unless it names another.
    """
    if entry.roles == (ADMIN,) and not entry.parent:
        entry = replace(entry, parent=ADMINISTRATION)
    _entries[entry.key] = entry
    _ordered.clear()


def set_search(endpoint: str) -> None:
    """The page that answers the search box; it reads ``q``."""
    _corner["search"] = MenuEntry("search", "", endpoint)


def set_bell(endpoint: str, count: Callable[[], int | None]) -> None:
    """The page of notifications, and how many are unread."""
    _corner["bell"] = MenuEntry("bell", "", endpoint, "bell", count=count)


def corner(key: str, person: Person | None) -> Item | None:
    """The search box (``search``) or the bell (``bell``) as drawn for ``person``, if there is such a page."""
    entry = _corner.get(key)
    return _draw(entry, person, _said()) if entry is not None and person is not None else None


def counts(person: Person) -> dict[str, int]:
    """The numbers beside the entries that ``person`` sees, and at the bell, by key."""
    entries = [*_entries.values(), *(entry for key, entry in _corner.items() if key == "bell")]
    seen = [entry for entry in entries if "*" in entry.roles or not person.roles.isdisjoint(entry.roles)]
    return {entry.key: entry.count() or 0 for entry in seen if entry.count is not None}


def items(person: Person) -> tuple[Item, ...]:
    """The menu of ``person``, in order; menus without a line are left out."""
    said = _said()
    return tuple(item for entry in _children("") if (item := _draw(entry, person, said)) is not None)


def _children(parent: str) -> list[MenuEntry]:
    if parent not in _ordered:
        found = [entry for entry in _entries.values() if entry.parent == parent]
        _ordered[parent] = sorted(found, key=lambda entry: (entry.order, entry.key))
    return _ordered[parent]


def _draw(entry: MenuEntry, person: Person, said: Said) -> Item | None:
    if "*" not in entry.roles and person.roles.isdisjoint(entry.roles):
        return None
    listed = entry.links() if entry.links is not None else ()
    below = tuple(Item("", link.label, link.url, link.icon, link.active) for link in listed)
    below += tuple(item for child in _children(entry.key) if (item := _draw(child, person, said)) is not None)
    known = entry.endpoint in current_app.view_functions
    if not known and not below:
        return None
    active = request.endpoint in (entry.endpoint, *entry.also) if request.endpoint else False
    label, url = _label_and_url(entry, known, said)
    return Item(
        key=entry.key,
        label=label,
        url=url,
        icon=entry.icon,
        active=active or any(item.active for item in below),
        count=entry.count() if entry.count is not None and known else None,
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
