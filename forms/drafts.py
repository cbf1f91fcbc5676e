"""Drafts: what somebody began and did not send; nobody else sees them."""

import sqlalchemy as sa

from ..platform import db
from ..platform.paging import Page, decode_cursor, encode_cursor
from ..platform.people.directory import Person
from . import records
from .models import records as table
from .records import COLUMNS, DRAFT, Record


def of_person(person: Person, *, after: str | None = None, limit: int = 50) -> Page[Record]:
    """The drafts of ``person``, the newest first."""
    query = sa.select(*COLUMNS).where(table.c.submitted_by == person.key, table.c.status == DRAFT)
    if after:
        query = query.where(table.c.id < decode_cursor(after)[0])
    with db.reading() as conn:
        rows = conn.execute(query.order_by(table.c.id.desc()).limit(limit + 1)).all()
        items = records.complete(conn, rows[:limit])
    return Page(tuple(items), encode_cursor([items[-1].id]) if len(rows) > limit else None)
