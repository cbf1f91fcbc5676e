"""One search over everything that somebody may see: requests, records, customers and people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..forms import catalogue as forms
from ..forms import lifecycle, listing
from ..forms import search as terms
from ..forms.definition import Form
from ..forms.records import Record
from ..platform.people import service as people
from ..platform.people.current import current_language
from ..platform.people.directory import Person
from ..platform.people.search import find_people
from ..platform.text import LocalText, local
from . import showing, visibility

FIRST = 6
"""So many of each kind are shown; the list of a form has the rest, page by page."""

MOST_FORMS = 40
SHORTEST = 2
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found, with its summary in words, without what is hidden from whoever searches."""

    record: Record
    summary: Mapping[str, str]
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OfForm:
    """What was found of one form; ``more`` is there."""

    form: Form
    hits: Sequence[Hit]
    more: bool


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody whom records that were found speak of, by their address; ``about`` is how many of them."""

    email: str
    name: str
    about: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; ``exact`` is the one record whose number was typed."""

    q: str
    requests: Sequence[OfForm] = ()
    records: Sequence[OfForm] = ()
    customers: Sequence[Customer] = ()
    people: Sequence[Person] = ()
    exact: Record | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.requests or self.records or self.customers or self.people)


def find(q: str, by: Person) -> Found:
    """What the words of ``q`` find, all of them as beginnings of words; nothing for less than two letters."""
    q = q.strip()[:LONGEST]
    if not _is_long_enough(q):
        return Found(q)
    found = [each for program in forms.forms_in_force()[:MOST_FORMS] if (each := _of_form(program.form, q, by))]
    with_flow = lifecycle.current().has_flow
    return Found(
        q,
        tuple(each for each in found if with_flow(each.form.key)),
        tuple(each for each in found if not with_flow(each.form.key)),
        tuple(_customers(found)),
        find_people(people.directory(), q=q, limit=FIRST).items,
        _exact(q, found),
    )


def _is_long_enough(q: str) -> bool:
    return len(q) >= SHORTEST or any(terms.is_ideograph(sign) for sign in q)


def _of_form(form: Form, q: str, by: Person) -> OfForm | None:
    page = listing.find(form.key, by=by, q=q, limit=FIRST, newest=terms.LOOKED_THROUGH)
    if not page.items:
        return None
    hidden = visibility.hidden(page.items, by)
    hits = tuple(_hit(each, hidden.get(each.id, frozenset())) for each in page.items)
    return OfForm(form, hits, page.next is not None)


def _hit(record: Record, hidden: frozenset[str]) -> Hit:
    program = forms.program(record.form, record.version)
    return Hit(record, showing.summary(record, program, hidden, current_language()), hidden)


def _customers(found: Sequence[OfForm]) -> Iterator[Customer]:
    """The addresses that the records hold, with the name that stands beside each."""
    known: dict[str, tuple[str, int]] = {}
    for each in found:
        for hit in each.hits:
            for email, name in _addresses(forms.program(hit.record.form, hit.record.version).form, hit):
                before = known.get(email, ("", 0))
                known[email] = (before[0] or name, before[1] + 1)
    for email, (name, about) in sorted(known.items(), key=lambda item: (-item[1][1], item[0]))[:FIRST]:
        yield Customer(email, name, about)


def _addresses(form: Form, hit: Hit) -> Iterator[tuple[str, str]]:
    """``customer_email`` has its name in ``customer_name``."""
    for field in form.fields:
        email = hit.record.values.get(field.key)
        if field.type == "email" and isinstance(email, str) and email and field.key not in hit.hidden:
            stem, _, last = field.key.rpartition("_")
            name = hit.record.values.get(f"{stem}_name") if last in ("email", "mail") and stem else None
            yield email, name if isinstance(name, str) else ""


def _exact(q: str, found: Sequence[OfForm]) -> Record | None:
    wanted = terms.normal(q)
    for each in found:
        for hit in each.hits:
            if hit.record.number and terms.normal(hit.record.number) == wanted:
                return hit.record
    return None


def found_json(found: Found, language: str) -> dict[str, Any]:
    """The answer of ``GET /search``."""
    return {
        "records": [
            _record_json(hit, each.form.title, language)
            for each in (*found.requests, *found.records)
            for hit in each.hits
        ],
        "more": [each.form.key for each in (*found.requests, *found.records) if each.more],
        "customers": [{"email": each.email, "name": each.name, "about": each.about} for each in found.customers],
        "people": [{"key": each.key, "name": each.name, "department": each.department} for each in found.people],
    }


def _record_json(hit: Hit, title: LocalText, language: str) -> dict[str, Any]:
    record = hit.record
    return {
        "id": record.id,
        "form": record.form,
        "form_title": local(title, language),
        "number": record.number,
        "title": "" if hit.hidden else record.title,
        "status": record.status,
        "summary": dict(hit.summary),
    }
