"""Links the other way: the records that look one up, by form, as far as somebody may see them."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..platform.paging import Page, decode_cursor, encode_cursor
from ..platform.people.directory import Person
from . import catalogue, listing
from .definition import Form
from .listing import Count
from .records import Record

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Links:
    """Records of one form that point to a record: the newest, and how many there are."""

    form: Form
    records: tuple[Record, ...]
    count: Count
    more: bool


def links_to(record: Record, by: Person) -> list[Links]:
    """What points to ``record``, a part for each form of which ``by`` may see some."""
    found = []
    for form in looking_up(record.form):
        page = listing.find(form.key, by=by, to=record.id, limit=SHOWN)
        if page.items:
            count = listing.count(form.key, by=by, to=record.id)
            found.append(Links(form, tuple(page.items), count, page.next is not None))
    return found


def page_of(
    record: Record, by: Person, *, form: str | None = None, after: str | None = None, limit: int = 50
) -> Page[Record]:
    """All that point to ``record`` (of ``form`` alone, where one is given), form by form, the newest first.

    Raises:
        NotFound: there is no such form.
        Malformed: a cursor of another list.
    """
    if form is not None:
        return listing.find(form, by=by, to=record.id, after=after, limit=limit)
    forms = [each.key for each in looking_up(record.form)]
    start, inner = _place(after, forms)
    items: list[Record] = []
    for key in forms[start:]:
        page = listing.find(key, by=by, to=record.id, after=inner, limit=limit - len(items))
        inner = None
        items += page.items
        if page.next is not None:
            return Page(tuple(items), encode_cursor([key, page.next]))
        if len(items) >= limit:
            following = forms[forms.index(key) + 1 :]
            return Page(tuple(items), encode_cursor([following[0], ""]) if following else None)
    return Page(tuple(items), None)


def _place(after: str | None, forms: list[str]) -> tuple[int, str | None]:
    """Where a cursor goes on: the form's place and the cursor within it."""
    if after is None:
        return 0, None
    values = decode_cursor(after)
    if len(values) != 2 or values[0] not in forms:
        raise listing.other_order()
    return forms.index(str(values[0])), str(values[1]) or None


def looking_up(form_key: str) -> Iterator[Form]:
    """The forms in force with a lookup, or a column of one, to ``form_key``."""
    for program in catalogue.forms_in_force():
        fields = [*program.form.fields, *(column for each in program.form.fields for column in each.columns)]
        if any(each.type == "lookup" and each.options["form"] == form_key for each in fields):
            yield program.form
