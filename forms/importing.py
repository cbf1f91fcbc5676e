"""Records from spreadsheets: read as pages and API read, filed in batches; what does not fit is reported by line."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform import clock, db
from ..platform.acting import ActingAs
from ..platform.errors import Refused
from ..platform.people.directory import Person
from ..platform.problems import Problem, pointer
from ..platform.text import LocalText, msg
from . import catalogue, filing, rights, service, tabular, uniqueness
from .definition import Form
from .filing import Filing
from .program import FormProgram
from .reading import Reading
from .tabular import Row
from .types import find

BATCH = 500
OPEN_GROUPS = 2000
"""So many records of a grouped file are held before the oldest is filed: their rows may lie this far apart."""

Progress = Callable[[int], None]
Checkpoint = Callable[[Connection, "ImportResult"], None]


@dataclass
class ImportResult:
    """``rejected`` are lines of the file with their problems; the rest of the file was filed as ``created``
    records. ``groups`` counts records tried, filed or not: where an import that broke off goes on."""

    created: int = 0
    lines: int = 0
    groups: int = 0
    rejected: list[tuple[int, tuple[Problem, ...]]] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """Where values come from: columns of the file by field, and by column of the table that grouped rows fill."""

    fields: Mapping[str, str]
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    group_by: str | None = None


@dataclass
class Group:
    """The rows of one record, with their lines; ``items`` are the line items among them."""

    lines: list[int]
    raw: dict[str, Any]
    items: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


class _Rejected(Exception):
    """Ends an atomic import: nothing is kept."""


def import_records(
    form_key: str,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    by: Person | None,
    group_by: str | None = None,
    atomic: bool = False,
    encoding: str = "utf-8-sig",
    progress: Progress | None = None,
    resume: ImportResult | None = None,
    checkpoint: Checkpoint | None = None,
) -> ImportResult:
    """File a record for each row, or for each group of rows with the same value in the column ``group_by``.

    ``mapping``: columns by field (``lines.product`` is a column of the table); fields that it does not name are
    filled from columns called like them. ``by``: whose rights hold, ``None`` is the system. A line item that does not
    fit is left out and reported; a record that does not fit is left out with all of its lines. ``atomic``: nothing
    is kept if anything was reported. ``checkpoint`` is called in the transaction of each batch; what it was given
    last, as ``resume``, lets an import that broke off go on behind that batch.

    Raises:
        Refused: the mapping names a field or column that there is not.
        Malformed: the file cannot be read.
    """
    program = catalogue.program(form_key)
    if by is not None:
        rights.require_create(program.form, by)
    result = resume or ImportResult()
    result.lines = 0
    with tabular.opened(path, encoding) as (header, rows):
        plan = plan_of(program.form, header, mapping or {}, group_by)
        importer = _Importer(program, by, result, checkpoint)
        groups = islice(_grouped(_counted(rows, result, progress), plan), result.groups, None)
        if not atomic:
            _file_all(importer, groups)
            return result
        try:
            with db.transaction():
                _file_all(importer, groups)
                if result.rejected:
                    raise _Rejected
        except _Rejected:
            result.created = 0
    return result


def _file_all(importer: "_Importer", groups: Iterator[Group]) -> None:
    for batch in _batches(groups):
        importer.file(batch)


def preview(
    form_key: str,
    path: Path,
    *,
    mapping: Mapping[str, str],
    by: Person | None,
    group_by: str | None,
    most: int = 50,
    encoding: str = "utf-8-sig",
) -> list[tuple[int, tuple[Problem, ...]]]:
    """What would be reported of the first ``most`` records; nothing is stored."""
    program = catalogue.program(form_key)
    result = ImportResult()
    with tabular.opened(path, encoding) as (header, rows):
        plan = plan_of(program.form, header, mapping, group_by)
        importer = _Importer(program, by, result)
        for batch in _batches(_grouped(rows, plan), most):
            importer.read(batch)
            break
    return result.rejected


def _counted(rows: Iterator[Row], result: ImportResult, progress: Progress | None) -> Iterator[Row]:
    for row in rows:
        result.lines += 1
        if progress is not None and result.lines % 200 == 0:
            progress(result.lines)
        yield row
    if progress is not None:
        progress(result.lines)


def header_of(path: Path, encoding: str = "utf-8-sig") -> tuple[list[str], list[Row]]:
    """The columns of a file and its first rows."""
    with tabular.opened(path, encoding) as (header, rows):
        return header, [row for row, _ in zip(rows, range(5), strict=False)]


def targets(form: Form) -> dict[str, tuple[LocalText, ...]]:
    """What columns can fill, by path, with its label: fields, and ``lines.product`` for a column of a table."""
    found: dict[str, tuple[LocalText, ...]] = {}
    for each in form.fields:
        if each.columns:
            for column in each.columns:
                if column.compute is None:
                    found[f"{each.key}.{column.key}"] = (each.label, column.label)
        elif (
            each.compute is None
            and each.total is None
            and not each.parts
            and find(each.type).value_kind not in ("none", "files")
        ):
            found[each.key] = (each.label,)
    return found


def plan_of(form: Form, header: Sequence[str], mapping: Mapping[str, str], group_by: str | None) -> Plan:
    """Match columns and fields.

    Raises:
        Refused: with a problem for each name that there is not.
    """
    known = targets(form)
    problems = [_no_field(path, known) for path in mapping if path not in known]
    problems += [_no_column(path, name, header) for path, name in mapping.items() if name not in header]
    if group_by is not None and group_by not in header:
        problems.append(_no_column("group_by", group_by, header))
    chosen = {**guessed(form, header, taken=set(mapping.values())), **mapping}
    tables = sorted({path.split(".")[0] for path in chosen if "." in path})
    if len(tables) > 1:
        message = msg("Rows can fill one table only, not %(tables)s.", tables=", ".join(tables))
        problems.append(Problem("/mapping", "two_tables", message))
    if not chosen and not problems:
        message = msg("No column is called like a field. Say which column fills which field.")
        problems.append(Problem("/mapping", "nothing_mapped", message))
    if problems:
        raise Refused.because(problems)
    columns = {path.split(".", 1)[1]: name for path, name in chosen.items() if "." in path}
    fields = {path: name for path, name in chosen.items() if "." not in path}
    return Plan(fields, tables[0] if tables else None, columns, group_by)


def guessed(form: Form, header: Sequence[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Columns that are called like a field: by its path, or by its label in any language."""
    free = {name.casefold(): name for name in header if name and name not in set(taken)}
    found: dict[str, str] = {}
    for path, labels in targets(form).items():
        for name in (path, *_spoken(labels)):
            if name.casefold() in free:
                found[path] = free[name.casefold()]
                break
    return found


def _spoken(labels: Sequence[LocalText]) -> list[str]:
    languages = ("en", "zh")
    texts = [[label if isinstance(label, str) else label.get(each, "") for label in labels] for each in languages]
    return [" / ".join(parts) for parts in texts if all(parts)]


def _no_field(path: str, known: Mapping[str, Any]) -> Problem:
    message = msg("No field %(field)s to import into. Known: %(known)s.", field=repr(path), known=", ".join(known))
    return Problem(pointer("mapping", path), "unknown_field", message)


def _no_column(path: str, name: str, header: Sequence[str]) -> Problem:
    message = msg("The file has no column %(column)s. It has: %(known)s.", column=repr(name), known=", ".join(header))
    return Problem(pointer("mapping", path), "unknown_column", message)


def _grouped(rows: Iterator[Row], plan: Plan) -> Iterator[Group]:
    """The records of a file; those of a grouped one in the order of their first rows."""
    waiting: OrderedDict[str, Group] = OrderedDict()
    for line, cells in rows:
        raw = {key: cells.get(name) for key, name in plan.fields.items()}
        item = {key: cells.get(name) for key, name in plan.columns.items()}
        if plan.group_by is None:
            yield Group([line], raw, [(line, item)] if plan.table else [])
            continue
        group = waiting.setdefault(str(cells.get(plan.group_by) or f"#{line}"), Group([], {}))
        group.lines.append(line)
        group.items.append((line, item))
        for key, value in raw.items():
            if group.raw.get(key) in (None, ""):
                group.raw[key] = value
        if len(waiting) > OPEN_GROUPS:
            yield waiting.popitem(last=False)[1]
    yield from waiting.values()


def _batches(groups: Iterator[Group], size: int = BATCH) -> Iterator[list[Group]]:
    batch: list[Group] = []
    for group in groups:
        batch.append(group)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


class _Importer:
    """Reads and files batches; what lookups find is remembered from one to the next."""

    def __init__(
        self, program: FormProgram, by: Person | None, result: ImportResult, checkpoint: Checkpoint | None = None
    ) -> None:
        self.program = program
        self.by = by
        self.result = result
        self.checkpoint = checkpoint
        self.table = next((each for each in program.form.fields if each.columns), None)
        hidden = frozenset[str]() if by is None else service.withheld(self.program, None)
        self.context = service.context_of(by, None, as_system=by is None, withheld=hidden)

    def file(self, batch: Sequence[Group]) -> None:
        """Read a batch and store what fits, in one transaction."""
        self.context = replace(self.context, now=clock.now())
        ready = self.read(batch)
        with db.transaction() as conn:
            try:
                self._store(conn, ready)
            except (sa.exc.IntegrityError, Refused):
                for each in ready:  # somebody else took a unique value just now: find out whose
                    self._store_one(conn, each)
            self.result.groups += len(batch)
            if self.checkpoint is not None:
                self.checkpoint(conn, self.result)

    def read(self, batch: Sequence[Group]) -> list[tuple[Group, Reading]]:
        """What of a batch fits; the rest is reported."""
        self._prefetch(batch)
        ready = [(group, reading) for group in batch if (reading := self._read(group)) is not None]
        return self._unique(ready)

    def _prefetch(self, batch: Sequence[Group]) -> None:
        prefetch = self.context.prefetch
        if prefetch is None:
            return
        for each in self.program.form.fields:
            if each.type == "lookup":
                prefetch(each.options["form"], _given(group.raw.get(each.key) for group in batch))
            for column in each.columns:
                if column.type == "lookup":
                    values = (item.get(column.key) for group in batch for _, item in group.items)
                    prefetch(column.options["form"], _given(values))

    def _read(self, group: Group) -> Reading | None:
        reading = self.program.read(self._raw(group), self.context)
        if reading.ok:
            return reading
        bad = self._report_items(group, reading.problems)
        if not bad:
            self._reject(group, reading.problems)
            return None
        group.items = [item for place, item in enumerate(group.items) if place not in bad]
        group.lines = [line for line, _ in group.items]
        return self._read(group) if group.items else None

    def _raw(self, group: Group) -> dict[str, Any]:
        raw = {key: value for key, value in group.raw.items() if value is not None}
        if self.table is not None and group.items and any(item for _, item in group.items):
            raw[self.table.key] = [item for _, item in group.items]
        return raw

    def _report_items(self, group: Group, problems: Sequence[Problem]) -> set[int]:
        """Report the line items that do not fit; their places. None where the record itself is wrong, too."""
        found: dict[int, list[Problem]] = {}
        start = pointer("values", self.table.key) + "/" if self.table else ""
        for problem in problems:
            place = problem.path[len(start) :].split("/")[0] if start and problem.path.startswith(start) else ""
            if place.isdigit():
                found.setdefault(int(place), []).append(problem)
        for row, wrong in sorted(found.items()):
            self.result.rejected.append((group.items[row][0], tuple(wrong)))
        return set(found)

    def _reject(self, group: Group, problems: Sequence[Problem]) -> None:
        first, *others = group.lines
        self.result.rejected.append((first, tuple(problems)))
        for line in others:
            message = msg("Its record was refused, see line %(line)s.", line=first)
            self.result.rejected.append((line, (Problem("", "record_refused", message),)))

    def _unique(self, ready: list[tuple[Group, Reading]]) -> list[tuple[Group, Reading]]:
        problems = uniqueness.problems_of_many(self.program, [reading.values for _, reading in ready], by=self.by)
        for (group, _), wrong in zip(ready, problems, strict=True):
            if wrong:
                self._reject(group, wrong)
        return [each for each, wrong in zip(ready, problems, strict=True) if not wrong]

    def _store(self, conn: Connection, ready: Sequence[tuple[Group, Reading]]) -> None:
        if not ready:
            return
        made = Filing(self.by, self.context.now, ActingAs.PERSON if self.by else ActingAs.SYSTEM)
        with conn.begin_nested():
            filing.file_new(conn, self.program, [reading for _, reading in ready], made)
        self.result.created += len(ready)

    def _store_one(self, conn: Connection, one: tuple[Group, Reading]) -> None:
        try:
            with uniqueness.explained(self.program, one[1].values, by=self.by):
                self._store(conn, [one])
        except Refused as error:
            self._reject(one[0], error.problems)


def _given(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value not in (None, "")]
