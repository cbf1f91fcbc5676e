"""Who may do what with records: the roles of the form's access, one's own records, and whoever a record came to."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from ..platform import clock
from ..platform.errors import Forbidden, NotSignedIn
from ..platform.people import policy
from ..platform.people.directory import Person
from ..platform.people.service import directory
from ..platform.text import msg
from . import lifecycle
from .definition import EVERYBODY, Form
from .models import record_viewers, records
from .records import DRAFT, Record, RecordRow, viewers

ID = records.c.id


def principals(person: Person) -> tuple[str, ...]:
    """Under what names records come to ``person``: their own, their roles, and those of whom they stand for."""
    return policy.principals(person, directory(), clock.now())


def readers(form: Form) -> tuple[str, ...]:
    """The roles that read all records of a form; plain tables without a flow are open unless they say otherwise."""
    if "read" not in form.document.get("access", {}) and not lifecycle.current().has_flow(form.key):
        return (EVERYBODY,)
    return form.access.read


def may_create(form: Form, person: Person | None) -> bool:
    if person is None:
        return form.public.fill
    return policy.is_admin(person) or policy.has_any(person, form.access.create)


def may_read_all(form: Form, person: Person) -> bool:
    return (
        policy.is_admin(person)
        or policy.is_auditor(person)
        or policy.has_any(person, readers(form))
        or policy.has_any(person, form.access.edit)
    )


def may_edit_all(form: Form, person: Person) -> bool:
    return policy.is_admin(person) or policy.has_any(person, form.access.edit)


def may_delete(form: Form, row: Row[Any] | RecordRow | Record, person: Person) -> bool:
    """Drafts by whoever wrote them, records by the roles of the form."""
    if row.status == DRAFT:
        return bool(row.submitted_by == person.key)
    return policy.is_admin(person) or policy.has_any(person, form.access.delete)


def may_delete_all(form: Form, person: Person) -> bool:
    """Submitted records, whoever filed them."""
    return policy.is_admin(person) or policy.has_any(person, form.access.delete)


def require_create(form: Form, person: Person | None) -> None:
    """
    Raises:
        NotSignedIn: nobody is signed in, and the form is not public.
        Forbidden: ``person`` has none of the roles that may.
    """
    if may_create(form, person):
        return
    if person is None:
        raise NotSignedIn(msg("Sign in to fill this form."))
    raise Forbidden(
        msg(
            "You may not file %(form)s: the right to create is missing (%(roles)s). Ask an administrator.",
            form=repr(form.key),
            roles=", ".join(form.access.create) or "admin",
        ),
        right=f"forms.{form.key}.create",
    )


def may_see(conn: Connection, form: Form, row: Row[Any] | RecordRow, person: Person) -> bool:
    """Drafts are seen by who wrote them; the rest by readers, and by whom it came to."""
    if row.submitted_by == person.key:
        return True
    if row.status == DRAFT:
        return False
    return may_read_all(form, person) or not viewers(conn, row.id).isdisjoint(principals(person))


def visible(form: Form, person: Person | None) -> sa.ColumnElement[bool]:
    """The same for lists, as a clause; ``None`` is the system, which sees all that is submitted."""
    if person is None:
        return records.c.status != DRAFT
    own_draft = sa.or_(records.c.status != DRAFT, records.c.submitted_by == person.key)
    if may_read_all(form, person):
        return own_draft
    return sa.and_(own_draft, _came_to(principals(person)))


def _came_to(names: Sequence[str]) -> sa.ColumnElement[bool]:
    return records.c.id.in_(sa.select(record_viewers.c.record_id).where(record_viewers.c.principal.in_(names)))
