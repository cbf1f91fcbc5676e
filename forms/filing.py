"""Writing records with all that belongs to them: number, words, links, viewers, totals, files, history."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import Connection

from ..platform import audit, files, json, sequences
from ..platform.acting import ActingAs
from ..platform.audit import Entry
from ..platform.people.directory import Person
from ..platform.problems import pointer
from . import announcing, balancing, catalogue, duplicates, lifecycle, records, search, totals
from .balancing import Taker
from .definition import Field, Form
from .indexes import FREE
from .kinds import Base
from .models import record_links
from .numbering import format_number, period_key
from .program import FormProgram
from .reading import Reading
from .records import DRAFT, KEPT, OPEN, Record
from .types import kind_of

_CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
TITLE_PARTS = 2
_TITLED = (Base.TEXT, Base.REFERENCE)
_TITLE_LENGTH = 160

_INSERT_LINKS = sa.insert(record_links)
_DELETE_LINKS = sa.delete(record_links).where(record_links.c.record_id == sa.bindparam("record"))


@dataclass(frozen=True, slots=True)
class Filing:
    """Who files, when, and as what: ``by`` is ``None`` of a customer or the system."""

    by: Person | None
    at: datetime
    acting_as: ActingAs = ActingAs.PERSON

    @property
    def actor(self) -> str | None:
        return self.by.key if self.by else None

    def entry(self, event: str, data: Mapping[str, Any]) -> Entry:
        return Entry(event, self.actor, self.acting_as, data, self.at)


def file_new(conn: Connection, program: FormProgram, readings: Sequence[Reading], filing: Filing) -> list[Record]:
    """Store new submitted records, each with its number, and hand them to their flow."""
    status = OPEN if lifecycle.current().has_flow(program.form.key) else KEPT
    takers = [Taker(each.values, each.links) for each in readings]
    balancing.require(conn, program.form.key, takers, by=filing.by)
    duplicates.require(conn, program.form, readings, by=filing.by)
    new = [_submitted(conn, program, _new(program, reading, filing, status), filing) for reading in readings]
    stored = records.insert_many(conn, new) if len(new) > 1 else [records.insert(conn, each) for each in new]
    _spread(conn, program, stored)
    audit.begin(conn, {each.chain: [filing.entry("record.submitted", _what(each))] for each in stored})
    return [_handed_over(conn, each, filing) for each in stored]


def file_draft(conn: Connection, program: FormProgram, reading: Reading, filing: Filing) -> Record:
    """Store a new draft: seen by its writer alone, in no list, no total and no history but its own."""
    record = records.insert(conn, _new(program, reading, filing, DRAFT))
    _attach_files(conn, program, record)
    audit.begin(conn, {record.chain: [filing.entry("record.created", {"version": record.version})]})
    return record


def submit_draft(
    conn: Connection, program: FormProgram, draft: Record, reading: Reading, filing: Filing
) -> Record | None:
    """Turn a draft into a submitted record; ``None``: somebody changed it meanwhile."""
    status = OPEN if lifecycle.current().has_flow(program.form.key) else KEPT
    balancing.require(conn, program.form.key, [Taker(reading.values, reading.links, draft.id)], by=filing.by)
    duplicates.require(conn, program.form, [reading], by=filing.by, record_id=draft.id)
    record = with_reading(program, draft, reading)
    record = replace(record, status=status, revision=draft.revision + 1, updated_at=filing.at)
    record = _submitted(conn, program, record, filing)
    if not records.store(conn, record, seen=draft.revision):
        return None
    _spread(conn, program, [record])
    audit.append(conn, record.chain, [filing.entry("record.submitted", _what(record))])
    return _handed_over(conn, record, filing)


def rewrite(conn: Connection, program: FormProgram, before: Record, after: Record) -> bool:
    """Store ``after`` over ``before``, with what finds, links and sums it; ``False``: somebody changed it meanwhile."""
    if not records.store(conn, after, seen=before.revision):
        return False
    if after.status == DRAFT:
        _attach_files(conn, program, after)
        return True
    if words_of(program.form, before) != (words := words_of(program.form, after)):
        search.reindex(conn, after.form, after.id, words)
    if before.links != after.links:
        conn.execute(_DELETE_LINKS, {"record": after.id})
        _write_links(conn, [after])
    if after.status not in FREE:
        balancing.require(conn, after.form, [Taker(after.values, after.links, after.id, before.values)], by=None)
        balancing.require_cover(conn, before, after)
    _move_totals(conn, before, after)
    _attach_files(conn, program, after)
    return True


def restate(conn: Connection, record_id: int, status: str, at: datetime) -> None:
    """Give a record another status; what it adds to totals follows."""
    row = records.row(conn, record_id, lock=True)
    if row is None or row.status == status:
        return
    if row.status in FREE and status not in FREE:
        again = Taker(catalogue.values_of(row, {}), row.links, row.id)
        balancing.require(conn, row.form, [again], by=None)
    records.store_status(conn, record_id, status, at)
    sources = catalogue.sources_of(row.form)
    if sources:
        values = row._mapping["values"]
        totals.change(conn, totals.shares(sources, values, row.status), totals.shares(sources, values, status))


def restate_known(conn: Connection, record: Record, status: str, at: datetime) -> None:
    """Like :func:`restate`; where no totals and no balances follow, the row need not be read again."""
    if catalogue.sources_of(record.form) or (record.status in FREE and status not in FREE):
        restate(conn, record.id, status, at)
    elif record.status != status:
        records.store_status(conn, record.id, status, at)


def with_reading(program: FormProgram, record: Record, reading: Reading) -> Record:
    """The record as it is with what was read."""
    return replace(
        record,
        version=program.version,
        values={**catalogue.totals_of(program.form, {}), **reading.values},
        links=dict(reading.links),
        title=title_of(program.form, reading.values, reading.links),
        stored=stored_values(program, reading.values),
    )


def stored_values(program: FormProgram, values: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of the row: typed values without blanks, and without totals, which have their own rows."""
    summed = {field.key for field in program.form.fields if field.total}
    dumped = program.dump(values)
    return {key: value for key, value in dumped.items() if value is not None and key not in summed}


def _new(program: FormProgram, reading: Reading, filing: Filing, status: str) -> Record:
    empty = Record(
        id=0,
        form=program.form.key,
        version=program.version,
        number=None,
        status=status,
        revision=1,
        values={},
        links={},
        title="",
        submitted_by=filing.actor,
        submitted_at=None,
        created_at=filing.at,
        updated_at=filing.at,
        access_code=None,
    )
    return with_reading(program, empty, reading)


def _submitted(conn: Connection, program: FormProgram, record: Record, filing: Filing) -> Record:
    form = program.form
    public = form.public.fill or form.public.status or form.public.later
    return replace(
        record,
        number=_next_number(conn, form, filing.at) if form.number else None,
        submitted_at=filing.at,
        access_code="".join(secrets.choice(_CODE_SIGNS) for _ in range(8)) if public else None,
    )


def _next_number(conn: Connection, form: Form, at: datetime) -> str:
    pattern = form.number or ""
    zone = current_app.extensions["signoff"].config.zone
    sequence = sequences.next_value(conn, f"number:{period_key(pattern, form.key, at, zone)}")
    return str(format_number(pattern, at, zone, sequence))


def _handed_over(conn: Connection, record: Record, filing: Filing) -> Record:
    if record.status != OPEN:
        announcing.submitted(conn, record)
        return record
    return lifecycle.current().submitted(conn, record, filing.by) or record


def _what(record: Record) -> dict[str, Any]:
    """What the history says of a submission: the digest proves the first values, later entries name what changed."""
    return {"number": record.number, "version": record.version, "values": _digest(record.stored)}


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.canonical(values).encode()).hexdigest()


def _spread(conn: Connection, program: FormProgram, stored: Sequence[Record]) -> None:
    """Write what finds, shows, links and sums new records."""
    form = program.form
    search.index(conn, form.key, [(each.id, words_of(form, each)) for each in stored])
    records.add_viewers(conn, [(each.id, f"p:{each.submitted_by}") for each in stored if each.submitted_by])
    _write_links(conn, stored)
    totals.start(conn, [(each.id, field.key) for each in stored for field in form.fields if field.total])
    sources = catalogue.sources_of(form.key)
    if sources:
        added: totals.Shares = {}
        for each in stored:
            for key, amount in totals.shares(sources, each.values, each.status).items():
                added[key] = added.get(key, 0) + amount
        totals.change(conn, {}, added)
    for each in stored:
        _attach_files(conn, program, each)


def _write_links(conn: Connection, stored: Sequence[Record]) -> None:
    rows = [
        {"record_id": each.id, "path": path.lstrip("/"), "target_id": link["id"]}
        for each in stored
        for path, link in each.links.items()
    ]
    if rows:
        conn.execute(_INSERT_LINKS, rows)


def _move_totals(conn: Connection, before: Record, after: Record) -> None:
    sources = catalogue.sources_of(after.form)
    if sources:
        old = totals.shares(sources, before.values, before.status)
        totals.change(conn, old, totals.shares(sources, after.values, after.status))


def _attach_files(conn: Connection, program: FormProgram, record: Record) -> None:
    ids = list(file_ids(program.form.fields, record.values))
    if ids:
        files.attach(conn, ids, record.chain)


def file_ids(fields: Sequence[Field], values: Mapping[str, Any]) -> list[str]:
    """All files that values hold, those of line items too."""
    found: list[str] = []
    for field in fields:
        value = values.get(field.key)
        base = kind_of(field).base
        if base is Base.FILES:
            found += value or ()
        elif field.parts:
            found += file_ids(field.parts, value or {})
        elif base is Base.TABLE and any(kind_of(each).base is Base.FILES for each in field.columns):
            found += [file for row in value or () for file in file_ids(field.columns, row)]
    return found


def title_fields(form: Form) -> tuple[Field, ...]:
    """The fields that can make a record's title, in order: the texts and lookups of the summary, or of the form."""
    shown = [field for key in form.summary if (field := form.field(key))] or form.fields
    return tuple(field for field in shown if kind_of(field).base in _TITLED and field.type != "long_text")


def title_of(form: Form, values: Mapping[str, Any], links: Mapping[str, Any]) -> str:
    """The first texts of the summary (of the form, where it has none): what lookups and lists call the record."""
    found = [text for field in title_fields(form) if (text := _title_part(field, values, links))]
    return " · ".join(found[:TITLE_PARTS])[:_TITLE_LENGTH]


def _title_part(field: Field, values: Mapping[str, Any], links: Mapping[str, Any]) -> str:
    if kind_of(field).base is Base.TEXT:
        return str(values.get(field.key) or "")
    link = links.get(pointer(field.key))
    return str(link["title"]) if link else ""


def words_of(form: Form, record: Record, hidden: frozenset[str] = frozenset()) -> list[str]:
    """The terms under which the record is found, without those of fields ``hidden``."""
    values = {key: value for key, value in record.values.items() if key not in hidden}
    links = {path: link for path, link in record.links.items() if path.split("/")[1] not in hidden}
    texts = [record.number or "", title_of(form, values, links) if hidden else record.title]
    for field in form.fields:
        if kind_of(field).base is Base.TEXT and (field.type != "long_text" or field.indexed):
            texts.append(str(values.get(field.key) or ""))
    return search.terms_of(texts)
