"""Where flows take records over: a submitted record of a form with a flow starts a run, in the same transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.engine import Connection

from ..forms.lifecycle import Rights
from ..forms.program import FormProgram
from ..forms.reading import Reading
from ..forms.records import Record
from ..platform import clock, db
from ..platform.acting import ActingAs
from ..platform.errors import Conflict, Forbidden
from ..platform.people import service as people
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import msg
from . import answering, carrying, cases, catalogue, engine, foreseeing, showing, store, sums, visibility
from .effects import Actor
from .events import Edited
from .foreseeing import Foreseen
from .run import START


class FlowLifecycle:
    """The floor below asks; see :class:`~signoff.forms.lifecycle.Lifecycle` for what each method promises."""

    def has_flow(self, form: str) -> bool:
        return catalogue.flow_of_form(form) is not None

    def broken_by(self, form: FormProgram) -> list[Problem]:
        return catalogue.broken_by(form)

    def withheld(self, form: FormProgram) -> frozenset[str]:
        flow = catalogue.flow_of_form(form.form.key)
        if flow is None or not form.version:  # a draft of a form has no flow yet
            return frozenset()
        return catalogue.flow_program(flow.key, flow.version, form.version).withheld

    def submitted(self, conn: Connection, record: Record, by: Person | None) -> Record | None:  # noqa: ARG002
        flow = catalogue.flow_of_form(record.form)
        if flow is None:
            return None
        program = catalogue.flow_program(flow.key, flow.version, record.version)
        now = record.submitted_at or clock.now()
        directory = people.directory()
        of = sums.Of(None, record.submitted_by)
        sums.lock(conn, program, record.values, of)
        world = cases.world_of(program, directory, record.form, now, record.values, of)
        transition = engine.start(program, record.submitted_by, world)
        return carrying.begin(conn, record, program, directory, transition, now)

    def changing(self, conn: Connection, record: Record) -> None:
        store.run_of_record(conn, record.id, lock=True)

    def updated(self, conn: Connection, record: Record, by: Person | None, changed: frozenset[str]) -> Record | None:
        """Changes outside of a decision reach the engine, so that material ones ask again.

        Raises:
            Conflict: the run moved meanwhile.
        """
        row = store.run_of_record(conn, record.id)
        if row is None or row.ended_at is not None:
            return None
        case = cases.of_row(row, record)
        now = clock.now()
        actor = Actor(by.key) if by is not None else Actor(None, ActingAs.SYSTEM)
        event = Edited(actor, tuple(sorted(changed)))
        world = cases.world(case, now)
        transition = engine.step(case.program, case.run, event, world)
        stored = carrying.carry_out(conn, case, transition, world)
        if stored is None:
            raise Conflict(msg("The request was changed meanwhile. Load it again."), code="stale")
        return stored

    def from_customer(self, conn: Connection, record: Record) -> Record | None:
        return answering.answered(conn, record)

    def deleting(self, conn: Connection, record: Record, by: Person | None) -> None:  # noqa: ARG002
        if store.run_of_record(conn, record.id) is not None:
            raise Forbidden(
                msg("%(name)s went through a flow; its history is kept. Withdraw it instead.", name=record.name),
                right="delete",
            )

    def editable(self, record: Record, by: Person) -> Rights | None:
        """Who filed a returned request corrects all of it but what others filled."""
        if record.status == "returned" and record.submitted_by == by.key:
            with db.reading() as conn:
                row = store.run_of_record(conn, record.id)
            if row is None:
                return None
            program = catalogue.flow_program(row.flow, row.version, record.version)
            return {key: right.value for key, right in program.rights(START).items()}
        return None

    def hidden(self, records: Sequence[Record], by: Person) -> Mapping[int, frozenset[str]]:
        return visibility.hidden(records, by)

    def runs_json(self, records: Sequence[Record]) -> Mapping[int, Mapping[str, Any] | None]:
        return showing.runs_json(records)

    def extend_evaluation(self, program: FormProgram, reading: Reading, by: Person | None) -> Mapping[str, Any]:
        """The predicted route, as data and drawn for the side of the form."""
        found = self._route(program, reading, by)
        return {} if found is None else {"route": found.json(), "aside": found.html(is_complete=reading.ok)}

    def aside(self, program: FormProgram, reading: Reading, by: Person | None) -> str:
        found = self._route(program, reading, by)
        return found.html(is_complete=reading.ok) if found is not None else ""

    def _route(self, program: FormProgram, reading: Reading, by: Person | None) -> Foreseen | None:
        if by is None or not program.version:  # a preview has a route of its own
            return None
        return foreseeing.route(program, reading.values, by.key)

    def record_url(self, record: Record) -> str | None:
        if record.status in ("draft", "kept"):
            return None
        return url_for("signoff_flows.follow", record_id=record.id)

    def customer_url(self, record: Record) -> str | None:
        if record.number is None or record.access_code is None:
            return None
        return url_for("signoff_flows.status", number=record.number, code=record.access_code)
