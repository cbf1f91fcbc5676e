"""The fill page: one form, with script or without; what was typed comes back as it was typed until it is right."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import render_template, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ..platform import files
from ..platform.errors import Refused, SignoffError, TooLarge
from ..platform.people.current import current_zone
from ..platform.people.directory import Person
from ..platform.problems import Problem, pointer
from ..platform.web.filters import anchor
from ..platform.web.language import say
from . import catalogue, conditions, duplicates, following, lifecycle, render, service
from .conditions.tree import Condition
from .definition import Field
from .kinds import Base
from .lifecycle import Rights
from .program import FormProgram
from .reading import Reading
from .records import DRAFT, Record
from .rows import BLANK_ROW, TablePlan
from .types import kind_of
from .wire import OWN, filled_rows, name_of, raw_of, rows_in_order, wire_of, wires_of, wires_sent

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

    @property
    def withheld(self) -> frozenset[str]:
        """What is filled later, by somebody else."""
        return service.withheld(self.program, self.record) if self.rights is None else frozenset()

    @property
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
    html = render.fields(sheet.program, reading.values, reading=reading, rights=sheet.shown, links=links)
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
    )
    return Drawn(_doubles(sheet, problems, sent) + html, reading)


def _doubles(sheet: Sheet, problems: Sequence[Problem], sent: Sent) -> Markup:
    """Other records that hold the same, each with a link and, where that is enough, a box to confirm."""
    found = [each for each in problems if each.code in (duplicates.CONFIRM, duplicates.REFUSED) and each.example]
    kept = set(_confirmed(sent)).difference(each.example["record"] for each in found if each.example)
    if not (found or kept):
        return Markup("")
    html = render_template("signoff/forms/duplicates.html", found=found, kept=sorted(kept), by=sheet.by)
    return Markup(html)  # noqa: S704 - made by the template


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


def live(sheet: Sheet, sent: Sent) -> dict[str, Any]:
    """What a page with script is told after each change: see ``modules/fill.ts``."""
    fields = sheet.program.form.fields
    raw = raw_of(fields, sent)
    reading = sheet.read(raw)
    doubles = duplicates.problems(
        sheet.program.form, reading, by=sheet.by, record=sheet.record, confirmed=_confirmed(sent)
    )
    extra = lifecycle.current().extend_evaluation(sheet.program, reading, sheet.by)
    return {
        "visible": sorted(reading.visible),
        "required": sorted(reading.required),
        "readonly": sorted(reading.readonly),
        "cells": _cells(sheet.program, reading, sent),
        "inputs": _inputs(fields, reading, sent),
        "outputs": _outputs(fields, reading, sent),
        "tables": _tables(sheet, reading, sent),
        "problems": [
            {"id": anchor(_on_page(each.path, fields, sent)), "code": each.code, "message": say(each.message)}
            for each in [*reading.problems, *doubles]
        ],
        **extra,
    }


def _on_page(path: str, fields: Sequence[Field], sent: Sent) -> str:
    """The path with the number that a row has on the page, where rows come and go, instead of its place."""
    parts = path.split("/")
    if len(parts) < 4 or not parts[3].isdigit():
        return path
    table = next((each for each in fields if each.key == parts[2] and each.columns), None)
    numbers = filled_rows(table, sent) if table else []
    place = int(parts[3])
    return "/".join([*parts[:3], str(numbers[place]), *parts[4:]]) if place < len(numbers) else path


def _inputs(fields: Sequence[Field], reading: Reading, sent: Sent) -> dict[str, Any]:
    """Inputs by id in which something else should stand than was sent."""
    zone = current_zone()
    found: dict[str, Any] = {}
    for each in fields:
        if each.type == "table":
            rows = reading.values.get(each.key) or ()
            for place, number in enumerate(_numbers(each, reading, sent)):
                if place < len(rows):
                    for column in each.columns:
                        link = reading.links.get(pointer(each.key, place, column.key))
                        value = rows[place].get(column.key)
                        _compare(found, column, name_of(each.key, number, column.key), value, link, zone, sent)
        else:
            link = reading.links.get(pointer(each.key))
            _compare(found, each, name_of(each.key), reading.values.get(each.key), link, zone, sent)
    return found


def _cells(program: FormProgram, reading: Reading, sent: Sent) -> dict[str, list[str]]:
    """``columns`` whose cells rules treat for themselves, and by the ids of their inputs those cells."""
    found: dict[str, list[str]] = {"columns": [], "hidden": [], "required": [], "readonly": []}
    for plan in program.plans:
        if isinstance(plan, TablePlan) and plan.by_row:
            found["columns"] += [f"{plan.name}.{key}" for key in plan.by_row]
            numbers = dict(enumerate(_numbers(plan.field, reading, sent)))
            rest = [each for each in rows_in_order(plan.name, sent.keys()) if each not in numbers.values()]
            for word in ("hidden", "required", "readonly"):
                found[word] += _cells_of(plan.name, getattr(reading.cells, word), numbers, rest)
    return found


def _cells_of(table: str, places: Iterable[str], numbers: Mapping[int, int], blank: Sequence[int]) -> Iterator[str]:
    """Ids of cells of one table: ``numbers`` of rows on the page by their place, and those of ``blank`` ones."""
    for place in sorted(places):
        _, key, index, column = place.split("/")
        if key == table:
            rows = blank if index == BLANK_ROW else [numbers[int(index)]] if int(index) in numbers else []
            yield from (name_of(table, number, column) for number in rows)


def _numbers(table: Field, reading: Reading, sent: Sent) -> list[int]:
    """The number on the page of each row that was read; rows in which nothing fits are not among them."""
    numbers = filled_rows(table, sent)
    places = reading.places.get(table.key)
    return numbers if places is None else [numbers[place] for place in places if place < len(numbers)]


def _compare(
    found: dict[str, Any], one: Field, name: str, value: Any, link: Mapping[str, Any] | None, zone: Any, sent: Sent
) -> None:
    base = kind_of(one).base
    if one.compute or one.total or value is None or base in (Base.FILES, Base.JSON, Base.NONE):
        return
    wire = wire_of(one, value, link, zone)
    if one.type == "lookup":
        if sent.get(f"{name}-id") != wire["id"] or not sent.get(name):
            found[name] = wire
    elif isinstance(wire, list):
        if sorted(wire) != sorted(each for each in sent.getlist(name) if each):
            found[name] = wire
    elif wire != (sent.getlist(name) or [""])[-1].strip():
        found[name] = wire


def _tables(sheet: Sheet, reading: Reading, sent: Sent) -> dict[str, Markup]:
    """Rows, as HTML by the id of their table, that a record filled where none were sent."""
    return {
        name_of(each.key): render.rows(sheet.program, each.key, reading, rights=sheet.shown)
        for each in sheet.program.form.fields
        if each.columns and reading.values.get(each.key) and not filled_rows(each, sent)
    }


def _outputs(fields: Sequence[Field], reading: Reading, sent: Sent) -> dict[str, str]:
    """What is computed, as people read it, by id."""
    reader = render.reader()
    found: dict[str, str] = {}
    for each in fields:
        if each.type == "table":
            rows = reading.values.get(each.key) or ()
            computed = [column for column in each.columns if column.compute]
            for place, number in enumerate(_numbers(each, reading, sent) if computed else ()):
                row = rows[place] if place < len(rows) else {}
                for column in computed:
                    found[name_of(each.key, number, column.key)] = reader.text(column, row.get(column.key))
        elif each.compute or each.total:
            found[name_of(each.key)] = reader.text(each, reading.values.get(each.key))
    return found


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
    confirmed = _confirmed(sent)
    if record is None:
        return service.submit(sheet.program.form.key, raw, by=sheet.by, draft=draft, confirmed=confirmed)
    assert sheet.by is not None
    revision = sent.get("revision", "")
    seen = int(revision) if revision.isdigit() and len(revision) < 10 else None
    if record.status == DRAFT and not draft:
        return service.send(record.id, by=sheet.by, raw=raw, confirmed=confirmed)
    return service.update(record.id, raw, by=sheet.by, revision=seen, rights=sheet.rights, confirmed=confirmed)


def _confirmed(sent: Sent) -> list[int]:
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


def with_uploads(program: FormProgram, by: Person | None) -> tuple[Sent, list[Problem]]:
    """What this request sent, with files from plain file inputs stored and named as if a script had uploaded them."""
    sent: Sent = MultiDict(request.form)
    problems: list[Problem] = []
    for name in list(request.files):
        if name.startswith("f-") and name.endswith("-upload"):
            field_name = name.removesuffix("-upload")
            found = _field_named(program, field_name)
            if found is not None:
                problems += _store_uploads(found, field_name, by, sent)
    return sent, problems


def _field_named(program: FormProgram, name: str) -> Field | None:
    parts = name.split("-")[1:]
    one = program.form.field(parts[0]) if parts else None
    if one is not None and len(parts) == 3:
        one = next((column for column in one.columns if column.key == parts[2]), None)
    elif one is not None and len(parts) == 2:
        one = next((part for part in one.parts if part.key == parts[1]), None)
    return one if one is not None and kind_of(one).base is Base.FILES else None


def _store_uploads(one: Field, name: str, by: Person | None, sent: Sent) -> list[Problem]:
    problems = []
    for upload in request.files.getlist(f"{name}-upload"):
        if not upload.filename:
            continue
        try:
            stored = files.store(
                upload.stream,
                upload.filename,
                by=by.key if by else None,
                accept=one.options.get("accept") or (),
                max_bytes=one.options.get("max_size"),
            )
        except (Refused, TooLarge) as error:
            problems.append(Problem("/values/" + "/".join(name.split("-")[1:]), error.code, error.message))
            continue
        if not one.options.get("multiple"):
            sent.poplist(name)
        sent.add(name, stored.id)
    return problems


def act(program: FormProgram, sent: Sent, action: str) -> bool:
    """Carry out a button that changes the form itself (without script): rows, files; whether it was one."""
    verb, _, rest = action.partition(":")
    key, _, number = rest.partition(":")
    match verb:
        case "add":
            sent.add(name_of(key, str(_next_row(key, sent))), "1")
        case "copy":
            _copy_row(key, number, sent)
        case "up" | "down":
            _move_row(key, number, sent, -1 if verb == "up" else 1)
        case "remove":
            for name in [
                each for each in sent if each == name_of(key, number) or each.startswith(name_of(key, number) + "-")
            ]:
                sent.poplist(name)
            sent[name_of(key)] = OWN
        case "detach":
            for name in [each for each in sent if rest in sent.getlist(each)]:
                sent.setlist(name, [value for value in sent.getlist(name) if value != rest])
        case "take":
            _clear_rows(key, sent)
        case "recalculate":
            pass
        case _:
            return False
    return program.form.field(key) is not None or verb in ("detach", "recalculate")


def _clear_rows(key: str, sent: Sent) -> None:
    """Without rows, and as if nobody had taken any out: a record fills them again."""
    for name in [each for each in sent if each.startswith(name_of(key) + "-")]:
        sent.poplist(name)
    sent[name_of(key)] = ""


def _next_row(key: str, sent: Sent) -> int:
    start = name_of(key) + "-"
    numbers = [name[len(start) :].split("-", 1)[0] for name in sent if name.startswith(start)]
    return max((int(each) for each in numbers if each.isdigit() and len(each) < 7), default=-1) + 1


def _copy_row(key: str, number: str, sent: Sent) -> None:
    start, new = name_of(key, number) + "-", name_of(key, str(_next_row(key, sent)))
    for name in [each for each in sent if each.startswith(start)]:
        sent.setlist(f"{new}-{name[len(start) :]}", sent.getlist(name))
    sent.setlist(new, ["1"])
    numbers = [str(each) for each in rows_in_order(key, sent.keys())]
    if number in numbers:
        numbers.insert(numbers.index(number) + 1, numbers.pop())
        _put_in_order(key, numbers, sent)


def _move_row(key: str, number: str, sent: Sent, by: int) -> None:
    """Rows have the order in which they are sent."""
    numbers = [str(each) for each in rows_in_order(key, sent.keys())]
    place = numbers.index(number) if number in numbers else -1
    if place < 0 or not 0 <= place + by < len(numbers):
        return
    numbers[place], numbers[place + by] = numbers[place + by], numbers[place]
    _put_in_order(key, numbers, sent)


def _put_in_order(key: str, numbers: Sequence[str], sent: Sent) -> None:
    for each in numbers:
        start = name_of(key, each)
        for name in [one for one in sent if one == start or one.startswith(start + "-")]:
            sent.setlist(name, sent.poplist(name))


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
