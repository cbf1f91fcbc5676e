"""The customer's answer reaches a request that waits for it: whoever asked is told, and the clocks go on."""

from sqlalchemy.engine import Connection

from ..forms.records import Record
from ..platform import clock
from ..platform.acting import ActingAs
from ..platform.errors import Conflict
from ..platform.text import msg
from . import carrying, cases, engine, store
from .cases import Case
from .effects import Actor
from .events import CustomerAnswered

CUSTOMER = Actor(None, ActingAs.CUSTOMER)


def answered(conn: Connection, record: Record) -> Record | None:
    """The customer added what was missing; the record as it is then, ``None`` if nobody waited for it."""
    row = store.run_of_record(conn, record.id)
    if row is None or row.ended_at is not None:
        return None
    case = cases.of_row(row, record)
    return arrive(conn, case, "") if case.run.asked is not None else None


def arrive(conn: Connection, case: Case, text: str) -> Record:
    """What they wrote; empty where they only added something.

    Raises:
        Conflict: the request moved at the same time.
    """
    now = clock.now()
    world = cases.world(case, now)
    transition = engine.step(case.program, case.run, CustomerAnswered(CUSTOMER, text), world)
    stored = carrying.carry_out(conn, case, transition, world)
    if stored is None:
        raise Conflict(msg("%(record)s was changed at the same time. Send it again.", record=case.record.name))
    return stored
