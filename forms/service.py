"""Records: every use case is a function and a transaction; pages, API, flows and plugins all come through here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform import audit, clock, db, files, revisions
from ..platform.acting import ActingAs
from ..platform.audit import Entry
from ..platform.errors import Conflict, Forbidden, Refused
from ..platform.people.directory import Person
from ..platform.people.service import directory
from ..platform.text import msg
from . import announcing, attachments, balancing, catalogue, duplicates, filing, lifecycle, records, rights, uniqueness
from .balances import holds_of
from .context import context_of
from .filing import Filing
from .lifecycle import Rights
from .listing import count, find
from .models import record_links
from .output import record_json, records_json
from .program import FormProgram
from .reading import Left, Reading
from .records import DRAFT, KEPT, Record

_ATTEMPTS = 3


def submit(
    form_key: str,
    raw: Mapping[str, Any],
    *,
    by: Person | None,
    draft: bool = False,
    as_system: bool = False,
    confirmed: Collection[int] = (),
) -> Record:
    """File a new record, or keep it as a draft. ``by`` is ``None`` of a customer; with ``as_system`` the
    system files it, in the name of ``by`` or of nobody.

    ``confirmed`` are records of which the sender knows that they hold the same, where a rule warns of that.

    Raises:
        Refused: with a problem for each value that is wrong; a draft may lack values, not hold wrong ones.
        Forbidden, NotSignedIn: ``by`` may not file this form.
    """
    with db.reading_together() as asking:
        if not draft:
            revisions.ask_with_ids(asking)
        program = catalogue.program(form_key)
        if not as_system:
            rights.require_create(program.form, by)
        reading = read(program, raw, by=by, draft=draft, as_system=as_system)
        check(program, reading, by=by, draft=draft, as_system=as_system, confirmed=confirmed)
        made = Filing(by, clock.now(), _capacity(by, as_system))
        with uniqueness.explained(program, reading.values, by=by), db.transaction() as conn:
            if draft:
                return filing.file_draft(conn, program, reading, made)
            return filing.file_new(conn, program, [reading], made)[0]


def read(
    program: FormProgram,
    raw: Mapping[str, Any],
    *,
    by: Person | None,
    record: Record | None = None,
    rights: Rights | None = None,
    draft: bool = False,
    partial: bool = False,
    as_system: bool = False,
    supposed: bool = False,
) -> Reading:
    """Read what somebody sent, with their rights; ``record`` is what it changes. ``supposed``: a request is played
    through, so that what is filled on its way counts as well."""
    unseen = frozenset[str]() if as_system or supposed or rights is not None else withheld(program, record)
    context = context_of(
        by,
        record,
        rights=rights,
        draft=draft,
        partial=partial,
        as_system=as_system,
        withheld=unseen,
        left=_left(program, record),
    )
    return program.read(raw, context)


def _left(program: FormProgram, record: Record | None) -> Left | None:
    """What line items are filled with, where others may hold some of it already."""
    holds = holds_of(program.form) if any(plan.filled for plan in program.plans if plan.field.columns) else ()
    if not holds:
        return None
    without = record.id if record is not None else None
    return lambda lookup, found: balancing.left(program.form.key, holds, lookup, found, without=without)


def withheld(program: FormProgram, record: Record | None) -> frozenset[str]:
    """What nobody fills while the form is filed, ``record`` being nothing or a draft: others fill it later."""
    if record is not None and record.status != DRAFT:
        return frozenset()
    return lifecycle.current().withheld(program)


def check(
    program: FormProgram,
    reading: Reading,
    *,
    by: Person | None,
    record: Record | None = None,
    draft: bool = False,
    as_system: bool = False,
    confirmed: Collection[int] = (),
) -> None:
    """Refuse what was read if anything is wrong with it: values, files, values that others hold already, duplicates.

    Raises:
        Refused: with all problems at once.
    """
    problems = [*reading.problems, *attachments.problems(program, reading, by=by, record=record, as_system=as_system)]
    if not draft:
        problems += uniqueness.problems(program, reading.values, by=by, record=record)
        taker = balancing.taker(reading, record)
        problems += balancing.problems(program.form.key, holds_of(program.form), taker, by=by)
        seen = None if as_system else confirmed
        problems += duplicates.problems(program.form, reading, by=by, record=record, confirmed=seen)
    if problems:
        raise Refused.because(problems)


def _capacity(by: Person | None, as_system: bool) -> ActingAs:
    if as_system:
        return ActingAs.SYSTEM
    return ActingAs.PERSON if by is not None else ActingAs.CUSTOMER


def update(
    record_id: int,
    raw: Mapping[str, Any],
    *,
    by: Person,
    revision: int | None = None,
    rights: Rights | None = None,
    confirmed: Collection[int] = (),
) -> Record:
    """Change values of a record; keys that are not sent keep theirs. ``rights`` narrow what may be changed,
    ``confirmed`` is as :func:`submit` has it.

    Raises:
        NotFound: it does not exist, or ``by`` may not see it.
        Forbidden: ``by`` may see, not change it.
        Conflict: ``revision`` is not its newest; says who changed it and when.
        Refused: with a problem for each value that is wrong.
    """
    for _ in range(_ATTEMPTS):
        record = read_record(record_id, by=by)
        if revision is not None and record.revision != revision:
            raise _stale(record)
        after = _changed(record, raw, by, rights, confirmed)
        if after is not None:
            return after
    raise _stale(read_record(record_id, by=by))


def _changed(
    before: Record, raw: Mapping[str, Any], by: Person, rights_given: Rights | None, confirmed: Collection[int]
) -> Record | None:
    """One attempt at an update; ``None``: somebody else changed the record meanwhile."""
    draft = before.status == DRAFT
    program = catalogue.program(before.form, None if draft else before.version)
    theirs = rights_given if rights_given is not None else edit_rights(program, before, by)
    reading = read(program, raw, by=by, record=before, rights=theirs, draft=draft, partial=True)
    check(program, reading, by=by, record=before, draft=draft, confirmed=confirmed)
    now = clock.now()
    after = filing.with_reading(program, before, reading)
    after = replace(after, revision=before.revision + 1, updated_at=now)
    changes = differences(before, after)
    if not changes and after.version == before.version:
        return before
    with uniqueness.explained(program, reading.values, by=by, record=before), db.transaction() as conn:
        if not draft:
            lifecycle.current().changing(conn, before)
        if not filing.rewrite(conn, program, before, after):
            return None
        if draft:
            return after
        data = {"changes": changes, "revision": after.revision}
        audit.append(conn, after.chain, [Entry("record.updated", by.key, ActingAs.PERSON, data, now)])
        if after.status == KEPT:
            announcing.updated(conn, after, changes)
        return lifecycle.current().updated(conn, after, by, frozenset(changes)) or after


def differences(before: Record, after: Record) -> dict[str, dict[str, Any]]:
    """What changed, as JSON before and after, by field."""
    keys = sorted(before.stored.keys() | after.stored.keys())
    return {
        key: {"before": before.stored.get(key), "after": after.stored.get(key)}
        for key in keys
        if before.stored.get(key) != after.stored.get(key)
    }


def edit_rights(program: FormProgram, record: Record, by: Person) -> Rights | None:
    """What ``by`` may change of a record outside of a task; ``None``: every field.

    Raises:
        Forbidden: nothing.
    """
    if record.status == DRAFT:
        return None
    theirs = lifecycle.current().editable(record, by)
    if theirs is not None:
        return theirs
    if rights.may_edit_all(program.form, by):
        return None
    raise Forbidden(
        msg("You may not change %(record)s: the right to edit is missing. Ask an administrator.", record=record.name),
        right=f"forms.{record.form}.edit",
    )


def may_edit(record: Record, by: Person) -> bool:
    try:
        edit_rights(catalogue.program(record.form, record.version), record, by)
    except Forbidden:
        return False
    return True


def _stale(record: Record) -> Conflict:
    """Somebody was first: who and when, as far as the history says."""
    last = audit.last(record.chain)
    person = directory().person(last.actor) if last else None
    return Conflict(
        msg(
            "%(record)s was changed meanwhile by %(who)s. Load it again and enter your changes there.",
            record=record.name,
            who=person.name if person else msg("somebody else"),
        ),
        by=last.actor if last else None,
        by_name=person.name if person else None,
        at=(last.at if last else record.updated_at),
        revision=record.revision,
    )


def send(
    record_id: int, *, by: Person, raw: Mapping[str, Any] | None = None, confirmed: Collection[int] = ()
) -> Record:
    """Submit a draft, with ``raw`` over what it holds; it is read by the form in force.

    Raises:
        NotFound, Refused: as :func:`submit`.
        Conflict: it was sent already, or changed meanwhile.
    """
    draft = read_record(record_id, by=by)
    if draft.status != DRAFT:
        raise Conflict(msg("%(record)s was sent already.", record=draft.name), at=draft.submitted_at)
    program = catalogue.program(draft.form)
    rights.require_create(program.form, by)
    kept = {key: value for key, value in draft.stored.items() if key in program.valued}
    reading = read(program, {**kept, **(raw or {})}, by=by, record=replace(draft, values={}))
    check(program, reading, by=by, record=draft, confirmed=confirmed)
    with uniqueness.explained(program, reading.values, by=by, record=draft), db.transaction() as conn:
        sent = filing.submit_draft(conn, program, draft, reading, Filing(by, clock.now()))
    if sent is None:
        raise _stale(read_record(record_id, by=by))
    return sent


def delete(record_id: int, *, by: Person) -> None:
    """Delete a draft, or a record; its history stays.

    Raises:
        NotFound: it does not exist, or ``by`` may not see it.
        Forbidden: the right to delete is missing.
        Conflict: other records point to it.
    """
    with db.transaction() as conn:
        row = records.row(conn, record_id, lock=True)
        if row is None:
            raise records.not_found(record_id)
        form = catalogue.program(row.form, row.version).form
        if not rights.may_see(conn, form, row, by):
            raise records.not_found(record_id)
        record = records.complete(conn, [row])[0]
        if not rights.may_delete(form, row, by):
            raise Forbidden(
                msg("You may not delete %(record)s: the right to delete is missing.", record=record.name),
                right=f"forms.{form.key}.delete",
            )
        _require_unused(conn, record)
        lifecycle.current().deleting(conn, record, by)
        filing.restate(conn, record.id, "withdrawn", clock.now())
        records.remove(conn, record.id)
        files.release(conn, record.chain)
        data = {"number": record.number, "values": record.stored}
        audit.append(conn, record.chain, [Entry("record.deleted", by.key, ActingAs.PERSON, data, clock.now())])


def _require_unused(conn: Connection, record: Record) -> None:
    query = sa.select(record_links.c.record_id).where(record_links.c.target_id == record.id).limit(1)
    user = conn.execute(query).scalar()
    if user is not None:
        other = records.row(conn, user)
        name = (other.number or other.title) if other else f"#{user}"
        raise Conflict(
            msg("%(record)s is used by %(other)s. Change that first.", record=record.name, other=name), code="in_use"
        )


def read_record(record_id: int, *, by: Person) -> Record:
    """A record that ``by`` may see.

    Raises:
        NotFound: it does not exist, or ``by`` may not see it.
    """
    with db.reading() as conn:
        row = records.row(conn, record_id)
        if row is None:
            raise records.not_found(record_id)
        if not rights.may_see(conn, catalogue.program(row.form, row.version).form, row, by):
            raise records.not_found(record_id)
        return records.complete(conn, [row])[0]


def apply_values(
    conn: Connection,
    record: Record,
    values: Mapping[str, Any],
    *,
    links: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Record:
    """Put typed ``values`` into a record inside the caller's transaction: a decision's, or an action's result.

    What is computed from them follows. ``links`` are those of the reading that gave the values.

    Raises:
        Conflict: the record changed since it was read.
        Refused: a value that must be unique is taken.
    """
    program = catalogue.program(record.form, record.version)
    known = {**record.links, **(links or {})}
    based = replace(record, links=known)
    context = context_of(None, based, as_system=True)
    reading = program.evaluate({**record.values, **values}, context)
    after = filing.with_reading(program, record, replace(reading, links=_still(known, reading)))
    after = replace(after, revision=record.revision + 1, updated_at=now or clock.now())
    with uniqueness.explained(program, after.values, by=None, record=record):
        if not filing.rewrite(conn, program, record, after):
            raise _stale(record)
    return after


def _still(known: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """The links of lookups that the values still hold."""
    return {**{path: link for path, link in known.items() if _at(reading.values, path) == link["id"]}, **reading.links}


def _at(values: Any, path: str) -> Any:
    for part in path.lstrip("/").split("/"):
        if isinstance(values, Mapping):
            values = values.get(part)
        elif isinstance(values, Sequence) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        else:
            return None
    return values


def set_status(conn: Connection, record_id: int, status: str) -> None:
    """Give a record another status inside the caller's transaction; totals follow."""
    filing.restate(conn, record_id, status, clock.now())


def set_status_of(conn: Connection, record: Record, status: str) -> None:
    """Like :func:`set_status`, of a record whose status nobody else can have changed since it was read."""
    filing.restate_known(conn, record, status, clock.now())


def evaluate(
    form_key: str,
    raw: Mapping[str, Any],
    *,
    by: Person | None,
    previous: Record | None = None,
    rights: Rights | None = None,
) -> Reading:
    """What the form would say to ``raw``: computed values, what shows and is required, problems; nothing is stored."""
    program = catalogue.program(form_key, previous.version if previous and previous.status != DRAFT else None)
    return read(program, raw, by=by, record=previous, rights=rights)


def add_viewers(conn: Connection, record_id: int, principals: Iterable[str]) -> None:
    """Let principals (``p:amy``, ``r:finance``) see a record from now on."""
    records.add_viewers(conn, [(record_id, principal) for principal in principals])


__all__ = [
    "add_viewers",
    "apply_values",
    "check",
    "context_of",
    "count",
    "delete",
    "differences",
    "edit_rights",
    "evaluate",
    "find",
    "may_edit",
    "read",
    "read_record",
    "record_json",
    "records_json",
    "send",
    "set_status",
    "set_status_of",
    "submit",
    "update",
    "withheld",
]
