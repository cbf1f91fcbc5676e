"""What customers add to a record after they sent it: fields that the form leaves open for them, such as evidence."""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from ..platform import audit, clock, db
from ..platform.acting import ActingAs
from ..platform.audit import Entry
from ..platform.errors import Conflict, NotFound
from ..platform.text import msg
from . import announcing, catalogue, filing, lifecycle, records, render, service
from .definition import Field, Form
from .kinds import Base
from .records import KEPT, Record
from .types import kind_of

OPEN_STATUSES = ("open", "returned", "kept")


def fields_of(form: Form) -> list[Field]:
    """The fields that stay open, in the order of the form."""
    return [each for each in form.fields if each.key in form.public.later]


def record_of(number: str, code: str) -> Record:
    """The record with that number, for whoever knows its access code.

    Raises:
        NotFound: there is none, the code is another, or nothing can be added to it.
    """
    with db.reading() as conn:
        for program in catalogue.forms_in_force():
            if program.form.public.later:
                row = records.row_by_number(conn, program.form.key, number)
                if row is not None and row.access_code and _same(row.access_code, code):
                    return records.complete(conn, [row])[0]
    raise NotFound(msg("There is no request with this number and code. Check both."))


def add(record: Record, raw: Mapping[str, Any]) -> Record:
    """Put what a customer sent into the open fields; files come to those that are there.

    Raises:
        Conflict: the record is over, or was changed at the same time.
        Refused: with a problem for each value that is wrong.
    """
    program = catalogue.program(record.form, record.version)
    if record.status not in OPEN_STATUSES:
        raise Conflict(msg("%(record)s is over; nothing can be added any more.", record=record.name))
    open_fields = fields_of(program.form)
    sent = {each.key: _joined(each, raw[each.key], record) for each in open_fields if raw.get(each.key)}
    rights = {each.key: "edit" for each in open_fields}
    reading = service.read(program, sent, by=None, record=record, rights=rights, partial=True)
    service.check(program, reading, by=None, record=record)
    now = clock.now()
    after = filing.with_reading(program, record, reading)
    after = replace(after, revision=record.revision + 1, updated_at=now)
    changes = service.differences(record, after)
    if not changes:
        return record
    with db.transaction() as conn:
        if not filing.rewrite(conn, program, record, after):
            raise Conflict(msg("%(record)s was changed at the same time. Send it again.", record=record.name))
        data = {"changes": changes, "revision": after.revision}
        audit.append(conn, after.chain, [Entry("record.updated", None, ActingAs.CUSTOMER, data, now)])
        if after.status == KEPT:
            announcing.updated(conn, after, changes)
        after = lifecycle.current().updated(conn, after, None, frozenset(changes)) or after
        return lifecycle.current().from_customer(conn, after) or after


def _joined(each: Field, raw: Any, record: Record) -> Any:
    """What was sent beside what is there: files come to files, and a part that was left blank takes nothing away."""
    before = record.stored.get(each.key)
    if each.parts and isinstance(raw, Mapping):
        return _joined_parts(each, raw, before or {})
    return _added(each, raw, before)


def _joined_parts(each: Field, raw: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    parts = {part.key: part for part in each.parts}
    sent = {key: value for key, value in raw.items() if value not in (None, "", [])}
    return {
        **before,
        **{key: _added(parts[key], value, before.get(key)) if key in parts else value for key, value in sent.items()},
    }


def _added(each: Field, raw: Any, before: Any) -> Any:
    if kind_of(each).base is not Base.FILES or not isinstance(raw, list):
        return raw
    return [*(before or ()), *raw]


def drawn(record: Record) -> Markup:
    """The open fields as inputs, nothing where there are none or the record is over; what was sent is not shown."""
    program = catalogue.program(record.form, record.version)
    open_fields = fields_of(program.form)
    if not open_fields or record.status not in OPEN_STATUSES:
        return Markup("")
    rights = {each.key: "hidden" for each in program.form.fields} | {each.key: "edit" for each in open_fields}
    reading = program.evaluate(record.values, service.context_of(None, record, rights=rights))
    return render.fields(program, {}, reading=reading, rights=rights, links={})


def _same(known: str, code: str) -> bool:
    return hmac.compare_digest(known.encode(), code.upper().encode())
