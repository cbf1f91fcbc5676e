"""Saved views: a list's words, filters, order and columns under a name, one's own or for all who see the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..platform import audit, clock, db
from ..platform.acting import ActingAs
from ..platform.audit import Entry
from ..platform.errors import Forbidden, NotFound, Refused
from ..platform.people import policy
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import msg
from . import catalogue, rights
from .models import views as table

MOST = 100
NAME_LENGTH = 80
_KEPT = ("q", "sort", "status", "where", "col")

Query = Mapping[str, Any]
"""Arguments of the list's address: all values by name."""


@dataclass(frozen=True, slots=True)
class View:
    id: int
    form: str
    owner: str
    name: str
    shared: bool
    query: Query


def of_form(form_key: str, by: Person) -> list[View]:
    """The views of the list that ``by`` may use: their own, and those that are shared."""
    query = (
        sa.select(table)
        .where(table.c.form == form_key, sa.or_(table.c.owner == by.key, table.c.shared))
        .order_by(table.c.name, table.c.id)
        .limit(MOST)
    )
    with db.reading() as conn:
        return [_view(row) for row in conn.execute(query)]


def save(form_key: str, name: str, query: Query, *, shared: bool, by: Person) -> View:
    """Keep a view; one of the same name and owner is replaced.

    Raises:
        Refused: no name, a long one, or too many views.
        Forbidden: sharing needs the right to edit all records of the form.
    """
    form = catalogue.program(form_key).form
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        message = msg("Give the view a name of at most %(max)s characters.", max=NAME_LENGTH)
        raise Refused.because([Problem("/name", "missing" if not name else "too_long", message)])
    if shared and not rights.may_edit_all(form, by):
        raise Forbidden(
            msg("You may not share views of this list: the right to edit is missing. Keep it for yourself."),
            right=f"forms.{form_key}.edit",
        )
    kept = {key: list(values) for key, values in query.items() if _is_kept(key) and any(values)}
    with db.transaction() as conn:
        mine = sa.and_(table.c.form == form_key, table.c.owner == by.key)
        conn.execute(sa.delete(table).where(mine, table.c.name == name))
        if conn.execute(sa.select(sa.func.count()).select_from(table).where(mine)).scalar_one() >= MOST:
            message = msg("You have %(max)s views of this list. Delete one first.", max=MOST)
            raise Refused.because([Problem("/name", "too_many", message)])
        row = {
            "form": form_key,
            "owner": by.key,
            "name": name,
            "shared": shared,
            "query": kept,
            "saved_at": clock.now(),
        }
        made = int(conn.execute(sa.insert(table).values(row).returning(table.c.id)).scalar_one())
        if shared:
            data = {"view": name, "query": kept}
            entry = Entry("view.shared", by.key, ActingAs.PERSON, data, clock.now())
            audit.append(conn, f"form:{form_key}", [entry])
    return View(made, form_key, by.key, name, shared, kept)


def _is_kept(key: str) -> bool:
    """Not the page's place, and nothing that the list does not know."""
    return key in _KEPT or key.startswith(("f-", "w-"))


def delete(view_id: int, *, by: Person) -> View:
    """Delete one's own view; administrators may delete shared ones.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    with db.transaction() as conn:
        row = conn.execute(sa.select(table).where(table.c.id == view_id)).first()
        if row is None or not (row.owner == by.key or (row.shared and policy.is_admin(by))):
            raise NotFound(msg("There is no view %(id)s of yours.", id=view_id))
        conn.execute(sa.delete(table).where(table.c.id == view_id))
    return _view(row)


def _view(row: Any) -> View:
    return View(row.id, row.form, row.owner, row.name, bool(row.shared), row.query)
