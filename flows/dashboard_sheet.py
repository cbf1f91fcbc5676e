"""The numbers of the dashboard as a workbook: a sheet for each of its tables."""

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

from ..platform.people import service as people
from ..platform.people.current import current_language
from ..platform.text import local
from ..platform.web.language import gettext as _
from .dashboard import Dashboard
from .figures import Sums
from .naming import Names

Rows = Sequence[Sequence[Any]]


def written(board: Dashboard) -> io.BytesIO:
    """The workbook, ready to be sent."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, heads, rows in _sheets(board):
        _write(book, name, heads, rows, (bold, day))
    book.close()
    stream.seek(0)
    return stream


def _write(book: Workbook, name: str, heads: Sequence[str], rows: Rows, formats: tuple[Format, Format]) -> None:
    bold, day = formats
    sheet = book.add_worksheet(_sheet_name(book, name))
    sheet.freeze_panes(1, 0)
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, bold)
        sheet.set_column(place, place, max(12, min(40, len(head) + 4)))
    for line, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            _cell(sheet, (line, place), cell, day)


def _cell(sheet: Any, place: tuple[int, int], cell: Any, day: Format) -> None:
    if cell is None:
        return
    if isinstance(cell, date):
        sheet.write_datetime(*place, cell, day)
    elif isinstance(cell, int | Decimal):
        sheet.write_number(*place, float(cell))
    else:
        sheet.write_string(*place, str(cell))


def _sheet_name(book: Workbook, name: str) -> str:
    """A name as spreadsheets allow it, which none of the others has."""
    clean = "".join(" " if sign in "[]:*?/\\'" else sign for sign in name).strip()[:28] or "-"
    taken = {each.get_name().casefold() for each in book.worksheets()}
    found, number = clean, 2
    while found.casefold() in taken:
        found, number = f"{clean} {number}", number + 1
    return found


def _sheets(board: Dashboard) -> list[tuple[str, list[str], Rows]]:
    language = current_language()
    period = (board.period, board.period.before)
    summary = [
        [each.first, each.last, *_sums(sums)] for each, sums in zip(period, (board.now, board.before), strict=True)
    ]
    found: list[tuple[str, list[str], Rows]] = [(_("Summary"), [_("From"), _("Until"), *_heads()], summary)]
    found += [
        (local(each.field.label, language), [local(each.field.label, language), *_heads()],
         [[local(label, language) if label else "–", *_sums(sums)] for _member, label, sums in each.rows])
        for each in board.breakdowns
    ]  # fmt: skip
    if board.by_form:
        rows = [[local(form.title, language), *_sums(sums)] for form, sums in board.by_form]
        found.append((_("Forms"), [_("Form"), *_heads()], rows))
    found.append(
        (
            _("Trend"),
            [_("From"), _("Until"), *_heads()],
            [[first, last, *_sums(sums)] for first, last, sums in board.trend],
        )
    )
    found += _of_work(board, language)
    return found


def _of_work(board: Dashboard, language: str) -> list[tuple[str, list[str], Rows]]:
    names = Names(people.directory(), None, language)
    steps = [
        [local(row["form_title"], language), local(row["step_title"], language), row["decided"], _number(row["hours"]),
         _number(row["slowest_hours"]), row["late"], row["open"]]
        for row in board.steps
    ]  # fmt: skip
    late = [
        [local(row["form_title"], language), local(row["step_title"], language), names.principal(row["principal"]),
         row["count"], row["oldest_due_at"]]
        for row in board.overdue
    ]  # fmt: skip
    persons = [
        [
            row["name"],
            row["decided"],
            row["approved"],
            row["rejected"],
            row["returned"],
            _number(row["hours"]),
            row["late"],
        ]
        for row in board.people
    ]
    on_average = _("Hours on average")
    return [
        (_("Time per step"), [_("Form"), _("Step"), _("Decided"), on_average, _("Slowest, hours"), _("Too late"),
                              _("Waiting now")], steps),
        (_("Overdue now"), [_("Form"), _("Step"), _("Waiting for"), _("Requests"), _("Longest since")], late),
        (_("People"), [_("Person"), _("Decided"), _("Approved"), _("Rejected"), _("Returned"), on_average,
                       _("Too late")], persons),
    ]  # fmt: skip


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _heads() -> list[str]:
    return [
        _("Requests"), _("Money"), _("Approved"), _("Approved money"), _("Rejected"), _("Hours to the end"),
        _("Answered"), _("Within 30 min"), _("Hours to the first answer"), _("Survey answers"),
        _("Score"), _("Satisfied"),
    ]  # fmt: skip


def _sums(sums: Sums) -> list[Any]:
    return [
        sums.requests, sums.money, sums.approved, sums.approved_money, sums.rejected, sums.hours, sums.answered,
        sums.in_time, sums.answer_hours, sums.surveyed, sums.mean_score, sums.content,
    ]  # fmt: skip
