"""The fill page: one form, with script or without; what was typed comes back as it was typed until it is right."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flask import current_app
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ..platform.errors import Refused, SignoffError
from ..platform.people.current import current_zone
from ..platform.people.directory import Person
from ..platform.problems import Problem, pointer
from . import catalogue, conditions, duplicates, following, render, service
from .conditions.tree import Condition
from .definition import Field
from .duplicates import Double
from .lifecycle import Rights
from .program import FormProgram
from .reading import Reading
from .records import DRAFT, Record
from .wire import OWN, name_of, raw_of, wires_of, wires_sent

Sent = MultiDict[str, str]


@dataclass(frozen=True)
class Sheet:
    """A form somebody is filling: ``record`` is what they change, ``None`` of a new one."""

    program: FormProgram
    by: Person | None
    record: Record | None = None
    rights: Rights | None = None
    problems: tuple[Problem, ...] = field(default=())

    @property
    def is_draft(self) -> bool:
        return self.record is None or self.record.status == DRAFT

    @cached_property
    def withheld(self) -> frozenset[str]:
        """What is filled later, by somebody else."""
        return service.withheld(self.program, self.record) if self.rights is None else frozenset()

    @cached_property
    def shown(self) -> Rights | None:
        """What is drawn: all but what is withheld, where who fills may edit all."""
        hidden = self.withheld
        if not hidden:
            return self.rights
        return {each.key: "edit" for each in self.program.form.fields} | dict.fromkeys(hidden, "hidden")

    def read(self, raw: Mapping[str, Any]) -> Reading:
        """What the program says to what was typed so far."""
        record = replace(self.record, values={}) if self.record is not None and self.is_draft else self.record
        return service.read(self.program, raw, by=self.by, record=record, rights=self.rights, partial=not self.is_draft)


@dataclass(frozen=True)
class Drawn:
    """A form as HTML, and the reading that it shows."""

    html: Markup
    reading: Reading


def script(sheet: Sheet, drawn: Drawn) -> Markup:
    """What the page's script follows the form with; a draft is read as a new one."""
    record = None if sheet.is_draft else sheet.record
    context = service.context_of(sheet.by, record, rights=sheet.rights, withheld=sheet.withheld)
    return following.script(sheet.program, drawn.reading, context, rights=sheet.shown, zone=current_zone())


def blank(sheet: Sheet) -> Markup:
    """The form as it opens, as HTML."""
    return opened(sheet).html


def again(sheet: Sheet, sent: Sent, problems: Sequence[Problem], *, complain: bool = True) -> Markup:
    """The form as it was sent, as HTML."""
    return redrawn(sheet, sent, problems, complain=complain).html


def opened(sheet: Sheet) -> Drawn:
    """The form as it opens: defaults of a new one, the values of a record."""
    if sheet.record is None:
        reading = sheet.read({})
    else:
        context = service.context_of(sheet.by, sheet.record, rights=sheet.rights, withheld=sheet.withheld)
        reading = sheet.program.evaluate(sheet.record.values, context)
    links = {**(sheet.record.links if sheet.record else {}), **reading.links}
    html = render.fields(
        sheet.program,
        reading.values,
        reading=reading,
        rights=sheet.shown,
        links=links,
        notices=doubles(sheet, reading),
    )
    return Drawn(html, reading)


def redrawn(sheet: Sheet, sent: Sent, problems: Sequence[Problem], *, complain: bool = True) -> Drawn:
    """The form as it was sent, with what is wrong with it; ``complain``: whether that is shown yet."""
    raw = raw_of(sheet.program.form.fields, sent)
    reading = sheet.read(raw)
    wires = wires_sent(sheet.program.form.fields, sent)
    _take_over(sheet.program, reading, wires, raw)
    html = render.fields(
        sheet.program,
        reading.values,
        reading=reading,
        rights=sheet.shown,
        wires=wires,
        problems=problems if complain else (),
        own=[each.key for each in sheet.program.form.fields if OWN in sent.getlist(name_of(each.key))],
        notices=doubles(sheet, reading, confirmed_in(sent)),
    )
    return Drawn(html, reading)


def doubles(sheet: Sheet, reading: Reading, confirmed: Collection[int] = ()) -> dict[str, Markup]:
    """Other records that hold the same, as HTML by the field at which that is said; ``confirmed`` ones are ticked."""
    by_key: dict[str, list[Double]] = {}
    for each in duplicates.found(sheet.program.form, reading, by=sheet.by, record=sheet.record):
        by_key.setdefault(each.key, []).append(each)
    return {key: _said(key, found, confirmed) for key, found in by_key.items()}


def _said(key: str, found: list[Double], confirmed: Collection[int]) -> Markup:
    template = current_app.jinja_env.get_template("signoff/forms/duplicates.html")
    return Markup(template.render(key=key, doubles=found, confirmed=confirmed))  # noqa: S704 - made by the template


def _take_over(program: FormProgram, reading: Reading, wires: dict[str, Any], raw: Mapping[str, Any]) -> None:
    """Put what the server filled (from a looked-up record, by a rule) into the inputs that were sent."""
    after = wires_of(program.form.fields, reading.values, reading.links, current_zone())
    wrong = {problem.path for problem in reading.problems if problem.code != "required"}
    for each in program.form.fields:
        if each.type == "table":
            if after[each.key] and not any(any(row.values()) for row in wires.get(each.key) or ()):
                wires[each.key] = after[each.key]
            elif len(wires.get(each.key) or ()) == len(after[each.key]):
                _take_over_rows(each, wires[each.key], after[each.key], wrong)
        elif each.parts:
            _take_over_parts(each, wires, after[each.key], wrong)
        elif pointer("values", each.key) not in wrong and (each.key in reading.values or each.key in raw):
            wires[each.key] = after[each.key] or wires.get(each.key, "")


def _take_over_parts(outer: Field, wires: dict[str, Any], after: dict[str, Any], wrong: set[str]) -> None:
    typed = wires.get(outer.key) or {}
    right = {key: value for key, value in after.items() if value and pointer("values", outer.key, key) not in wrong}
    wires[outer.key] = {**typed, **right}


def _take_over_rows(table: Field, wires: list[dict[str, Any]], after: list[dict[str, Any]], wrong: set[str]) -> None:
    for place, (typed, filled) in enumerate(zip(wires, after, strict=True)):
        for key, value in filled.items():
            if value and pointer("values", table.key, place, key) not in wrong:
                typed[key] = value


def offered(program: FormProgram, lookup: str, sent: Sent, by: Person) -> Condition | None:
    """What the filter of a lookup lets somebody choose, as far as what they typed into other fields was sent along."""
    condition = program.filters.get(lookup)
    if condition is None:
        return None
    raw = raw_of(program.form.fields, sent)
    context = service.context_of(by, None, draft=True, withheld=service.withheld(program, None))
    values = {**context.submitter, **program.read(raw, context).values}
    return conditions.bind(conditions.loosened(condition, {*raw, *context.submitter}), values)


def submit(sheet: Sheet, sent: Sent, *, draft: bool = False) -> Record:
    """Store what was sent: a new record, a draft kept or submitted, a record changed.

    Raises:
        Refused, Conflict, Forbidden: as the services do.
    """
    raw = raw_of(sheet.program.form.fields, sent)
    record = sheet.record
    confirmed = confirmed_in(sent)
    if record is None:
        return service.submit(sheet.program.form.key, raw, by=sheet.by, draft=draft, confirmed=confirmed)
    assert sheet.by is not None
    revision = sent.get("revision", "")
    seen = int(revision) if revision.isdigit() and len(revision) < 10 else None
    if record.status == DRAFT and not draft:
        return service.send(record.id, by=sheet.by, raw=raw, confirmed=confirmed)
    return service.update(record.id, raw, by=sheet.by, revision=seen, rights=sheet.rights, confirmed=confirmed)


def confirmed_in(sent: Sent) -> list[int]:
    """Records that hold the same, which whoever sends has ticked."""
    return [int(each) for each in sent.getlist("confirmed") if each.isascii() and each.isdigit() and len(each) < 19]


def store_draft(sheet: Sheet, sent: Sent) -> tuple[Record, tuple[Problem, ...]]:
    """Keep what can be kept of a form half filled; the problems are those of values that cannot be."""
    raw = raw_of(sheet.program.form.fields, sent)
    try:
        return _store_draft(sheet, raw), ()
    except Refused as error:
        wrong = {problem.path.split("/")[2] for problem in error.problems if problem.path.startswith("/values/")}
        kept = {key: value for key, value in raw.items() if key not in wrong}
        if not wrong:
            raise
        return _store_draft(sheet, kept), error.problems


def _store_draft(sheet: Sheet, raw: Mapping[str, Any]) -> Record:
    if sheet.record is None:
        return service.submit(sheet.program.form.key, raw, by=sheet.by, draft=True)
    assert sheet.by is not None
    return service.update(sheet.record.id, raw, by=sheet.by)


def sheet_of_new(form_key: str, by: Person | None) -> Sheet:
    return Sheet(catalogue.program(form_key), by)


def sheet_of_record(record: Record, by: Person) -> Sheet:
    """What ``by`` may change of a record, by the version in force where it is a draft.

    Raises:
        Forbidden: nothing.
    """
    program = catalogue.program(record.form, None if record.status == DRAFT else record.version)
    return Sheet(program, by, record, service.edit_rights(program, record, by))


def problems_of(error: SignoffError) -> tuple[Problem, ...]:
    return error.problems or (Problem("", error.code, error.message),)
