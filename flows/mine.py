"""What I asked for: my requests and drafts with what they wait for, and the forms that I can fill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ..forms import catalogue as forms
from ..forms import rights
from ..forms.definition import Form
from ..forms.models import records
from ..platform.db import reading
from ..platform.errors import Malformed
from ..platform.paging import Page, decode_cursor, page_of
from ..platform.people.directory import Person
from ..platform.text import LocalText, msg
from . import catalogue, store

OF_FLOWS = ("open", "returned", "approved", "rejected", "withdrawn")
DRAFTS = ("draft",)

_COLUMNS = (
    records.c.id,
    records.c.form,
    records.c.version,
    records.c.number,
    records.c.status,
    records.c.title,
    records.c.submitted_at,
    records.c.created_at,
    records.c.updated_at,
)
_MINE = (
    sa.select(*_COLUMNS)
    .where(
        records.c.submitted_by == sa.bindparam("person"),
        records.c.status.in_(sa.bindparam("statuses", expanding=True)),
        records.c.id < sa.bindparam("before"),
    )
    .order_by(records.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_LAST = 2**53


@dataclass(frozen=True, slots=True)
class Mine:
    """One of my requests; ``waiting`` are the tasks that it waits for."""

    id: int
    form: str
    version: int
    number: str | None
    status: str
    title: str
    submitted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    waiting: tuple[store.TaskRow, ...] = ()

    @property
    def form_title(self) -> LocalText:
        return forms.program(self.form, self.version).form.title

    @property
    def name(self) -> str:
        return self.number or self.title or f"#{self.id}"


def requests(
    person: Person, statuses: Sequence[str] = OF_FLOWS, *, after: str | None = None, limit: int = 50
) -> Page[Mine]:
    """The requests of ``person``, newest first; two statements.

    Raises:
        Malformed: a cursor that is not ours.
    """
    with reading() as conn:
        rows = conn.execute(
            _MINE,
            {"person": person.key, "statuses": list(statuses), "before": _before(after), "limit": limit + 1},
        ).all()
        waiting = store.open_tasks_of_records(conn, [row.id for row in rows if row.status in ("open", "returned")])
    found = [Mine(*row, waiting=tuple(waiting.get(row.id, ()))) for row in rows]
    return page_of(found, limit, lambda each: [each.id])


def _before(after: str | None) -> int:
    if after is None:
        return _LAST
    match decode_cursor(after):
        case [int() as last]:
            return last
    raise Malformed(msg("The cursor “after” belongs to another list. Start again from the first page."), code="cursor")


def offers(person: Person, q: str = "") -> list[Form]:
    """The forms with a flow that ``person`` may fill, of which some text holds ``q``, in the order of their keys."""
    served = {str(stored.document.get("form")) for stored in catalogue.flows_in_force()}
    return [
        program.form
        for program in forms.forms_in_force()
        if program.form.key in served and rights.may_create(program.form, person) and _speaks_of(program.form, q)
    ]


def _speaks_of(form: Form, q: str) -> bool:
    texts = [form.key, *_texts(form.title), *_texts(form.description)]
    return all(any(word in text.casefold() for text in texts) for word in q.casefold().split())


def _texts(text: LocalText | None) -> list[str]:
    if text is None:
        return []
    return [text] if isinstance(text, str) else list(text.values())
