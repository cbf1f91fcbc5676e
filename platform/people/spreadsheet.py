"""People from a spreadsheet, CSV or XLSX: one person a line, as a ``people/1`` document."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ..errors import Malformed, Refused, TooLarge
from ..problems import Problem, pointer
from ..text import msg
from .definition import SCHEMA, person_json
from .directory import Directory

MOST_LINES = 20_000
MOST_UNPACKED_BYTES = 50 * 1024 * 1024
COLUMNS = ("key", "name", "email", "department", "manager", "roles", "limits", "language", "active")
_CHINESE = {
    "编号": "key", "工号": "key", "姓名": "name", "邮箱": "email", "电子邮箱": "email", "部门": "department",
    "上级": "manager", "主管": "manager", "角色": "roles", "额度": "limits", "语言": "language", "在职": "active",
}  # fmt: skip
_YES = {"": True, "yes": True, "true": True, "1": True, "y": True, "是": True, "在职": True}
_NO = {"no": False, "false": False, "0": False, "n": False, "否": False, "离职": False}

TEMPLATE = "﻿" + (
    "key,name,email,department,manager,roles,limits,language,active\r\n"
    "amy,Amy Chen,amy@example.com,service,li,staff service,refund=200,en,yes\r\n"
)
"""An example to fill in; the mark in front lets spreadsheet programs read it as UTF-8."""


@dataclass(frozen=True)
class Sheet:
    """``document`` is ``people/1``; ``lines`` are the lines of its people, counted from 1 as spreadsheets do."""

    document: dict[str, Any]
    lines: tuple[int, ...]

    def named(self, problem: Problem) -> str:
        """The line that a problem is about, empty for one about the whole."""
        parts = problem.path.split("/")
        if len(parts) > 2 and parts[1] == "people" and parts[2].isdigit():
            return str(self.lines[int(parts[2])])
        return ""


def read_sheet(data: bytes, name: str, known: Directory) -> Sheet:
    """The people of a file; departments and managers may be written by key or by name.

    Raises:
        Malformed: it is neither CSV in UTF-8 (or GB 18030) nor XLSX.
        Refused: columns are unknown or missing, or it is too long.
    """
    rows = _xlsx(data) if name.lower().endswith((".xlsx", ".xlsm")) else _csv(data)
    header, body = _split(rows)
    places = _places(header)
    people: list[dict[str, Any]] = []
    lines: list[int] = []
    for line, row in body:
        cells = {column: row[place].strip() if place < len(row) else "" for column, place in places.items()}
        if any(cells.values()):
            people.append(cells)
            lines.append(line)
    keys = _keys_by_name(people, known)
    entries = [_kept(each, known) | _person(each, keys) for each in people]
    return Sheet({"schema": SCHEMA, "people": entries}, tuple(lines))


Rows = Iterator[tuple[int, list[str]]]


def _csv(data: bytes) -> Rows:
    text = _decoded(data)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        yield from enumerate(csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True), 1)
    except csv.Error as error:
        raise Malformed(msg("The file cannot be read as CSV: %(reason)s.", reason=str(error))) from error


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Malformed(msg("The file is no UTF-8 text. Save it as UTF-8."))


def _xlsx(data: bytes) -> Rows:
    try:
        with ZipFile(BytesIO(data)) as packed:
            size = sum(each.file_size for each in packed.infolist())
        if size > MOST_UNPACKED_BYTES:
            raise TooLarge(
                msg("Unpacked, the spreadsheet is %(size)s bytes; at most %(max)s.", size=size, max=MOST_UNPACKED_BYTES)
            )
        book = load_workbook(BytesIO(data), read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise Malformed(msg("The file is no XLSX spreadsheet. Save it as XLSX or CSV.")) from error
    try:
        for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
            yield number, [_cell(value) for value in row]
    finally:
        book.close()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _split(rows: Rows) -> tuple[list[str], list[tuple[int, list[str]]]]:
    body = []
    header: list[str] = []
    for number, row in rows:
        if number > MOST_LINES:
            raise Refused(msg("The file has more than %(max)s lines. Split it.", max=MOST_LINES), code="too_many")
        if not header:
            header = row
        else:
            body.append((number, row))
    return header, body


def _places(header: Sequence[str]) -> dict[str, int]:
    """Where each column stands; ``limit refund`` is a column of its own for the limit on a form."""
    places: dict[str, int] = {}
    problems: list[Problem] = []
    for place, title in enumerate(header):
        column = _column(title)
        if column is None:
            message = msg("No column %(name)s. Known: %(known)s.", name=repr(title.strip()), known=", ".join(COLUMNS))
            problems.append(Problem(pointer("columns", place), "unknown_column", message))
        elif column:
            places[column] = place
    problems += [
        Problem("/columns", "missing_column", msg("The column %(name)s is missing. Add it.", name=repr(name)))
        for name in ("key", "name")
        if name not in places
    ]
    if problems:
        raise Refused.because(problems)
    return places


def _column(title: str) -> str | None:
    """The name of a column, empty where there is no title, ``None`` if it is not known."""
    words = title.strip().lower().replace(":", " ").split()
    if not words:
        return ""
    if words[0] in ("limit", "额度") and len(words) == 2:
        return f"limit {words[1]}"
    name = _CHINESE.get(words[0], words[0])
    return name if len(words) == 1 and name in COLUMNS else None


def _keys_by_name(people: Iterable[dict[str, Any]], known: Directory) -> dict[str, dict[str, str]]:
    """Keys of people and departments by their names, where only one has the name."""
    persons: dict[str, set[str]] = {}
    for each in known.persons.values():
        persons.setdefault(each.name.casefold(), set()).add(each.key)
    for row in people:
        persons.setdefault(row.get("name", "").casefold(), set()).add(row.get("key", ""))
    departments: dict[str, set[str]] = {}
    for department in known.departments.values():
        names = [department.name] if isinstance(department.name, str) else department.name.values()
        for name in names:
            departments.setdefault(name.casefold(), set()).add(department.key)
    return {"manager": _single(persons), "department": _single(departments)}


def _single(found: dict[str, set[str]]) -> dict[str, str]:
    return {name: next(iter(keys)) for name, keys in found.items() if len(keys) == 1}


def _kept(cells: dict[str, str], known: Directory) -> dict[str, Any]:
    """What the file has no column for stays as it is."""
    person = known.person(cells["key"].lower())
    if person is None:
        return {}
    columns = {name.partition(" ")[0] if name.startswith("limit ") else name for name in cells}
    columns |= {"limits"} if "limit" in columns else set()
    return {name: value for name, value in person_json(person).items() if name not in columns and value is not None}


def _person(cells: dict[str, str], keys: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What the cells say; an empty one takes a value away."""
    person: dict[str, Any] = {"key": cells.get("key", "").lower() or None, "name": cells.get("name") or None}
    for column in ("email", "language"):
        if cells.get(column):
            person[column] = cells[column]
    for column, by_name in keys.items():
        if cells.get(column):
            person[column] = by_name.get(cells[column].casefold(), cells[column])
    if "roles" in cells:
        person["roles"] = _words(cells["roles"])
    limits = _limits(cells)
    if limits:
        person["limits"] = limits
    if "active" in cells:
        written = cells["active"].casefold()
        person["active"] = {**_YES, **_NO}.get(written, written)
    return person


def _limits(cells: dict[str, str]) -> dict[str, str]:
    limits = {
        name.removeprefix("limit "): value for name, value in cells.items() if name.startswith("limit ") and value
    }
    for each in _words(cells.get("limits", "")):
        form, _, amount = each.partition("=")
        limits[form] = amount
    return limits


def _words(text: str) -> list[str]:
    for sign in (",", ";", "，", "；", "、"):
        text = text.replace(sign, " ")
    return text.split()
