"""Records as CSV and XLSX, streamed; what looks like a formula is written as the text it is."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from ..platform.people.directory import Person
from ..platform.problems import pointer
from ..platform.text import local
from . import catalogue, lifecycle, service
from .definition import Field, Form
from .display import Reader
from .kinds import Base
from .records import Record
from .tabular import disarmed
from .types import kind_of

_BATCH = 200
_MOST_ROWS = 1_048_000
_CHUNK_BYTES = 64 * 1024

Cells = list[Any]


def _found(form_key: str, by: Person | None, asked: dict[str, Any]) -> Iterator[Record]:
    after: str | None = None
    while True:
        page = service.find(form_key, by=by, after=after, limit=_BATCH, **asked)
        hidden = lifecycle.current().hidden(page.items, by) if by else {}
        for record in page.items:
            unseen = hidden.get(record.id)
            yield _without(record, unseen) if unseen else record
        if page.next is None:
            return
        after = page.next


def _without(record: Record, hidden: frozenset[str]) -> Record:
    return replace(record, values={key: value for key, value in record.values.items() if key not in hidden})


def _heads(form: Form, language: str) -> list[str]:
    names = ["#", "number", "status", "submitted_by", "submitted_at"]
    for field in _fields(form):
        label = local(field.label, language)
        names += [f"{label} / {local(column.label, language)}" for column in field.columns] or [label]
    return names


def _fields(form: Form) -> Sequence[Field]:
    return [field for field in form.fields if field.type != "note"]


def _lines(form: Form, record: Record, reader: Reader) -> Iterator[Cells]:
    """A line for each line item (the longest table decides), the record's own values on each."""
    start: Cells = [record.id, record.number or "", record.status, record.submitted_by or "", record.submitted_at or ""]
    tables = [field for field in form.fields if field.columns]
    count = max([1, *(len(record.values.get(field.key) or ()) for field in tables)])
    for place in range(count):
        cells = list(start)
        for field in _fields(form):
            value = record.values.get(field.key)
            if not field.columns:
                cells.append(_cell(field, value, record.links.get(pointer(field.key)), reader))
                continue
            row = value[place] if value and place < len(value) else {}
            cells += [
                _cell(column, row.get(column.key), record.links.get(pointer(field.key, place, column.key)), reader)
                for column in field.columns
            ]
        yield cells


def _cell(field: Field, value: Any, link: Any, reader: Reader) -> Any:
    """Numbers and dates as such, everything else as people read it."""
    if value is None:
        return ""
    if kind_of(field).base is Base.NUMBER or isinstance(value, date | datetime):
        return value
    return reader.text(field, value, link)


def as_csv(form_key: str, *, by: Person | None, reader: Reader, **asked: Any) -> Iterator[str]:
    """CSV in UTF-8 with a byte order mark, which spreadsheets need to see that it is."""
    form = catalogue.program(form_key).form
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([disarmed(name) for name in _heads(form, reader.language)])
    for record in _found(form_key, by, asked):
        for cells in _lines(form, record, reader):
            writer.writerow([_csv_cell(cell, reader) for cell in cells])
        if buffer.tell() > _CHUNK_BYTES:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _csv_cell(cell: Any, reader: Reader) -> str:
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, datetime):
        return cell.astimezone(reader.zone).strftime("%Y-%m-%d %H:%M:%S")
    return disarmed(cell.isoformat() if isinstance(cell, date) else str(cell))


def as_xlsx(form_key: str, *, by: Person | None, reader: Reader, **asked: Any) -> Iterator[bytes]:
    """A workbook, written row by row to a temporary file and then sent; memory stays flat."""
    form = catalogue.program(form_key).form
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            _write_sheet(book, form, _found(form_key, by, asked), reader)
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _write_sheet(book: Any, form: Form, found: Iterator[Record], reader: Reader) -> None:
    sheet = book.add_worksheet(form.key[:31])
    bold = book.add_format({"bold": True})
    formats = {
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    for column, name in enumerate(_heads(form, reader.language)):
        sheet.write_string(0, column, name, bold)
    line = 1
    for record in found:
        for cells in _lines(form, record, reader):
            if line > _MOST_ROWS:
                return
            for column, cell in enumerate(cells):
                _write_cell(sheet, line, column, cell, formats, reader)
            line += 1


def _write_cell(
    sheet: Any, line: int, column: int, cell: Any, formats: Mapping[type[date], Any], reader: Reader
) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(line, column, cell.astimezone(reader.zone).replace(tzinfo=None), formats[datetime])
    elif isinstance(cell, date):
        sheet.write_datetime(line, column, cell, formats[date])
    elif isinstance(cell, int | Decimal) and -(10**15) < cell < 10**15:
        sheet.write_number(line, column, cell)
    elif cell != "":
        sheet.write_string(line, column, str(cell))


KINDS: dict[str, Callable[..., Iterator[Any]]] = {"csv": as_csv, "xlsx": as_xlsx}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
