"""Rows of CSV and XLSX files, one at a time: the memory does not grow with the file."""

import csv
import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

import openpyxl

from ..platform.errors import Malformed, Refused
from ..platform.problems import Problem
from ..platform.text import msg

MOST_UNPACKED_BYTES = 1024**3
LONGEST_CELL = 100_000

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = tuple[int, dict[str, Any]]
"""The line of the file (the header is 1) and its cells by column."""


def disarmed(text: str) -> str:
    """A text that no spreadsheet takes for a formula (CWE-1236): the quote in front makes it text."""
    return "'" + text if text.lstrip("'").startswith(_FORMULA_SIGNS) else text


def rearmed(text: str) -> str:
    """What :func:`disarmed` was given: a text that was exported comes back as it was."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_SIGNS) else text


@contextmanager
def opened(path: Path, encoding: str = "utf-8-sig") -> Iterator[tuple[list[str], Iterator[Row]]]:
    """The header and the rows of a file; empty lines are left out.

    Raises:
        Malformed: it is neither CSV nor XLSX, or in another encoding.
        Refused: it has no header, or the same column twice.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        with _workbook(path) as rows:
            yield _with_header(rows)
        return
    with _text(path, encoding, zipped=start.startswith(b"\x1f\x8b")) as text:
        yield _with_header(_csv_rows(text, encoding))


def _with_header(rows: Iterator[tuple[int, list[Any]]]) -> tuple[list[str], Iterator[Row]]:
    _, header = next(rows, (0, []))
    names = [str(name if name is not None else "").strip() for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        message = msg("The file has no header. Its first line must name the columns.")
        raise Refused.because([Problem("", "no_header", message)])
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        message = msg("The column %(column)s stands twice. Rename one.", column=repr(twice[0]))
        raise Refused.because([Problem("", "duplicate_column", message)])
    return names, _named(names, rows)


def _named(names: list[str], rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Row]:
    for line, cells in rows:
        if any(cell not in (None, "") for cell in cells):
            yield line, {name: cell for name, cell in zip(names, cells, strict=False) if name}


@contextmanager
def _text(path: Path, encoding: str, *, zipped: bool) -> Iterator[IO[str]]:
    try:
        if zipped:
            with gzip.open(path, "rt", encoding=encoding, newline="") as text:
                yield text
        else:
            with path.open("r", encoding=encoding, newline="") as text:
                yield text
    except LookupError as error:
        raise Malformed(msg("No encoding %(name)s. Known: utf-8, gb18030 …", name=repr(encoding))) from error


def _csv_rows(text: IO[str], encoding: str) -> Iterator[tuple[int, list[Any]]]:
    reader = csv.reader(text, _dialect(text))
    try:
        line = 1
        for cells in reader:
            if any(len(cell) > LONGEST_CELL for cell in cells):
                raise Malformed(msg("Line %(line)s holds a cell that is too long.", line=reader.line_num))
            yield line, [rearmed(cell) for cell in cells]
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        message = msg(
            "The file is no %(encoding)s text behind line %(line)s. Save it as UTF-8, or name its encoding.",
            encoding=encoding,
            line=reader.line_num,
        )
        raise Malformed(message) from error
    except csv.Error as error:
        raise Malformed(msg("Line %(line)s is no CSV: %(why)s.", line=reader.line_num, why=str(error))) from error


def _dialect(text: IO[str]) -> type[csv.Dialect]:
    """Comma, semicolon or tab, whichever the header has most of."""
    try:
        header = text.readline(LONGEST_CELL)
    except UnicodeDecodeError:
        header = ""
    text.seek(0)
    best = max(",;\t", key=header.count)

    class Found(csv.excel):
        delimiter = best

    return Found


@contextmanager
def _workbook(path: Path) -> Iterator[Iterator[tuple[int, list[Any]]]]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_UNPACKED_BYTES:
            raise Malformed(msg("The workbook unpacks to more than %(max)s bytes.", max=MOST_UNPACKED_BYTES))
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise Malformed(msg("The file is no Excel workbook. Save it as .xlsx or .csv.")) from error
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        rows = sheet.iter_rows(values_only=True) if sheet is not None else iter(())
        yield ((line, [_plain(cell) for cell in cells]) for line, cells in enumerate(rows, start=1))
    finally:
        book.close()


def _plain(cell: Any) -> Any:
    """A cell as somebody would type it: spreadsheets keep numbers as floats and days as midnights."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case int():
            return str(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case _:
            return cell
