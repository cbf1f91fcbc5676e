"""A case: one request with everything that the engine needs to move it, read in few statements."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from ..forms import catalogue as form_catalogue
from ..forms import records
from ..forms.program import FormProgram
from ..forms.records import Record
from ..platform import calendar_store, db
from ..platform.audit import Head
from ..platform.calendars import Calendar
from ..platform.errors import NotFound
from ..platform.people import service as people
from ..platform.people.directory import Directory
from ..platform.text import msg
from ..platform.value import value
from . import catalogue, codec, store, sums
from .program import FlowProgram
from .run import Run, World


@value
class Case:
    """``row`` is the run as it was read: its revision guards what is stored.

    ``head`` is the end of the record's history, where it was read, too. ``held``: nobody else can move it meanwhile.
    ``asked``: another request asked for this one, ``None`` where that is not known.
    """

    row: store.RunRow
    run: Run
    record: Record
    program: FlowProgram
    directory: Directory
    head: Head | None = None
    held: bool = False
    asked: bool | None = None

    @property
    def form(self) -> FormProgram:
        """The form in the version under which the record was filed."""
        return form_catalogue.program(self.record.form, self.record.version)


def of_run(conn: Connection, run_id: int, *, lock: bool = False) -> Case:
    """The case of a run; ``lock`` holds the run until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    if lock and (held := _held().pop(run_id, None)) is not None:
        return held
    row = store.run(conn, run_id, lock=lock)
    if row is None:
        raise NotFound(msg("There is no run %(id)s.", id=run_id))
    return _case(conn, row)


def hold(conn: Connection, run_ids: Iterable[int]) -> set[int]:
    """Hold many runs until the transaction ends, but for those that somebody else holds: their ids.

    :func:`of_run` then knows the cases of those that are held, each once.
    """
    found, busy = store.hold_runs(conn, run_ids)
    whole = records.complete(conn, [each.record for each in found])
    for each, record in zip(found, whole, strict=True):
        _held()[each.run.id] = of_row(each.run, record, head=each.head, held=True)
    return busy


def _held() -> dict[int, Case]:
    memory = db.memory() if db.in_transaction() else None
    found: dict[int, Case] = {} if memory is None else memory.setdefault("flows.cases", {})
    return found


def of_task(conn: Connection, task_id: int) -> tuple[store.TaskRow, Case] | None:
    """A task with its case, ``None`` if there is no such task."""
    found = store.task_to_decide(conn, task_id)
    if found is None:
        return None
    record = records.complete(conn, [found.record])[0]
    return found.task, of_row(found.run, record, head=found.head, asked=found.asked)


def of_record(conn: Connection, record_id: int) -> Case:
    """The case of a record.

    Raises:
        NotFound: it goes through no flow.
    """
    row = store.run_of_record(conn, record_id)
    if row is None:
        raise NotFound(msg("The record %(id)s goes through no flow.", id=record_id))
    return _case(conn, row)


def _case(conn: Connection, row: store.RunRow) -> Case:
    return of_row(row, records.fetch(conn, row.record_id))


def of_row(
    row: store.RunRow, record: Record, *, head: Head | None = None, held: bool = False, asked: bool | None = None
) -> Case:
    """The case of a run whose row and record were read before."""
    program = catalogue.flow_program(row.flow, row.version, record.version)
    return Case(row, codec.load(row.state), record, program, people.directory(), head, held, asked)


def world(case: Case, now: datetime, values: Mapping[str, Any] | None = None) -> World:
    """What the engine sees; ``values`` are the record's unless given: those after a decision."""
    record = case.record
    there = record.values if values is None else values
    return world_of(
        case.program, case.directory, record.form, now, there, sums.Of(case.row.id, case.run.submitter)
    )  # fmt: skip


def world_of(
    program: FlowProgram,
    directory: Directory,
    form: str,
    now: datetime,
    values: Mapping[str, Any],
    of: sums.Of = sums.NEW,
) -> World:
    """What the engine sees of a request; ``of`` says which, if it exists already, and who asks."""
    calendar, granted = calendar_of(program), None
    if program.settings.authority is not None:
        values = sums.beside(program, values, of, now)
        granted = sums.granted(program, of, now)
    return World(people=directory, calendar=calendar, now=now, values=values, form=form, granted=granted)


def calendar_of(program: FlowProgram) -> Calendar:
    """The flow's calendar; the usual one, where it was taken away."""
    try:
        return calendar_store.calendar(program.flow.settings.calendar)
    except NotFound:
        return calendar_store.calendar()
