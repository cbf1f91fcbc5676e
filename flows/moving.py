"""Moving running requests to the version of their flow that is in force: who can, a preview, batches, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform import clock, db
from ..platform.db import utc_text
from ..platform.errors import Conflict, Malformed, NotFound
from ..platform.paging import Page, decode_cursor, page_of
from ..platform.text import Message, msg
from . import carrying, cases, catalogue, engine, predict, store
from .cases import Case
from .effects import Actor
from .engine_moving import obstacles
from .events import Moved
from .models import moved_runs, moves, runs
from .program import FlowProgram

BATCH = 100
MOST = 1000
"""So many requests one call moves; the next call goes on."""

RUNNING = ("open", "returned")
_OLD = (
    sa.select(runs.c.id)
    .where(
        runs.c.flow == sa.bindparam("flow"),
        runs.c.status.in_(RUNNING),
        runs.c.version != sa.bindparam("version"),
        runs.c.id > sa.bindparam("after"),
    )
    .order_by(runs.c.id)
    .limit(sa.bindparam("limit"))
)
_SET_VERSION = sa.update(runs).where(runs.c.id == sa.bindparam("run")).values(version=sa.bindparam("to"))
_MOVES = (
    sa.select(moves, sa.func.count(moved_runs.c.run_id).label("count"))
    .outerjoin(moved_runs, moved_runs.c.move_id == moves.c.id)
    .where(moves.c.flow == sa.bindparam("flow"))
    .group_by(*moves.c)
    .order_by(moves.c.id.desc())
    .limit(50)
)
_MOVED = (
    sa.select(moved_runs.c.run_id, moved_runs.c.from_version)
    .where(moved_runs.c.move_id == sa.bindparam("move"), moved_runs.c.run_id > sa.bindparam("after"))
    .order_by(moved_runs.c.run_id)
    .limit(BATCH)
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A running request: why it cannot be moved, and at which steps people would be asked, or asked no more."""

    run: int
    record: int
    name: str
    status: str
    from_version: int
    why_not: tuple[Message, ...]
    asked: tuple[str, ...]
    spared: tuple[str, ...]

    @property
    def can(self) -> bool:
        return not self.why_not

    def json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "record": self.record,
            "name": self.name,
            "status": self.status,
            "from_version": self.from_version,
            "can": self.can,
            "why_not": [str(each) for each in self.why_not],
            "asked": list(self.asked),
            "spared": list(self.spared),
        }


@dataclass(frozen=True, slots=True)
class Move:
    """What was moved at once; ``undone_at`` once it was moved back."""

    id: int
    flow: str
    to_version: int
    moved_by: str | None
    moved_at: datetime
    note: str
    undone_at: datetime | None
    count: int

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "to_version": self.to_version,
            "by": self.moved_by,
            "at": utc_text(self.moved_at),
            "note": self.note,
            "undone_at": utc_text(self.undone_at) if self.undone_at else None,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """``move`` is ``None`` where nothing was moved; ``left`` are runs with why they stay; ``more``: call again."""

    move: int | None
    moved: int
    left: dict[int, tuple[Message, ...]]
    more: bool = False

    def json(self) -> dict[str, Any]:
        left = [{"run": run, "why_not": [str(each) for each in why]} for run, why in self.left.items()]
        return {"move": self.move, "moved": self.moved, "left": left, "more": self.more}


def preview(flow: str, *, after: str | None = None, limit: int = 50) -> Page[Candidate]:
    """Running requests of older versions, and what would become of each.

    Raises:
        NotFound: there is no such flow.
    """
    newest = catalogue.flow_program(flow).version
    position = _position(after)
    with db.reading() as conn:
        found = _old(conn, flow, newest, position, limit + 1)
        candidates = [_candidate(cases.of_run(conn, run_id), newest) for run_id in found]
    return page_of(candidates, limit, lambda each: [each.run])


def _position(after: str | None) -> int:
    match decode_cursor(after) if after is not None else [0]:
        case [int() as position]:
            return position
    raise Malformed(msg("The cursor “after” belongs to another list. Start again from the first page."), code="cursor")


def _old(conn: Connection, flow: str, version: int, after: int, limit: int) -> list[int]:
    asked = {"flow": flow, "version": version, "after": after, "limit": limit}
    return list(conn.scalars(_OLD, asked))


def _candidate(case: Case, version: int) -> Candidate:
    new = _program(case, version)
    why_not = tuple(obstacles(case.run, case.program, new))
    before, after = _asked(case, case.program), _asked(case, new) if not why_not else ()
    return Candidate(
        case.row.id,
        case.record.id,
        case.record.name,
        case.row.status,
        case.row.version,
        why_not,
        tuple(each for each in after if each not in before),
        tuple(each for each in before if each not in after) if not why_not else (),
    )


def _program(case: Case, version: int) -> FlowProgram:
    return catalogue.flow_program(case.row.flow, version, case.record.version)


def _asked(case: Case, program: FlowProgram) -> tuple[str, ...]:
    found = predict.predict_rest(program, case.run, cases.world(replace(case, program=program), clock.now()))
    return tuple(each.step.id for each in found.steps if each.people and each.skipped is None)


def move(flow: str, *, by: str | None, note: str = "", only: Sequence[int] | None = None) -> Outcome:
    """Move running requests to the version in force, ``only`` these or all that can, a hundred to a transaction.

    Raises:
        NotFound: there is no such flow.
    """
    newest = catalogue.flow_program(flow).version
    with db.reading() as conn:
        wanted = _old(conn, flow, newest, 0, MOST + 1) if only is None else sorted(set(only))
    left: dict[int, tuple[Message, ...]] = {}
    number: int | None = None
    moved = 0
    for start in range(0, len(wanted[:MOST]), BATCH):
        with db.transaction() as conn:
            batch = wanted[:MOST][start : start + BATCH]
            store.lock_runs(conn, batch)
            done = {}
            for run_id in batch:
                case = cases.of_run(conn, run_id, lock=True)
                why_not = _refusals(case, flow, newest)
                if why_not:
                    left[run_id] = why_not
                else:
                    done[run_id] = case.row.version
                    _carry(conn, case, newest, by, note)
            if done and number is None:
                number = _kept(conn, flow, newest, by, note)
            if done:
                rows = [{"move_id": number, "run_id": run, "from_version": version} for run, version in done.items()]
                conn.execute(sa.insert(moved_runs), rows)
            moved += len(done)
    return Outcome(number, moved, left, more=len(wanted) > MOST)


def _refusals(case: Case, flow: str, version: int) -> tuple[Message, ...]:
    if case.row.flow != flow:
        return (msg("It goes through the flow %(flow)s.", flow=case.row.flow),)
    if case.row.ended_at is not None:
        return (msg("It is over."),)
    if case.row.version == version:
        return (msg("It is of this version already."),)
    return tuple(obstacles(case.run, case.program, _program(case, version)))


def _carry(conn: Connection, case: Case, version: int, by: str | None, note: str) -> None:
    """One request of a batch, whose run is locked."""
    old, new = case.program, _program(case, version)
    moved = replace(case, program=new)
    event = Moved(Actor(by), case.row.version, {step: old.due(step) for step in old.steps}, note)
    world = cases.world(moved, clock.now())
    if carrying.carry_out(conn, moved, engine.step(new, case.run, event, world), world) is None:
        raise Conflict(msg("The request is being changed by many at once. Try again."), code="busy")
    conn.execute(_SET_VERSION, {"run": case.row.id, "to": version})


def _kept(conn: Connection, flow: str, version: int, by: str | None, note: str) -> int:
    row = {"flow": flow, "to_version": version, "moved_by": by, "moved_at": clock.now(), "note": note[:500]}
    return int(conn.execute(sa.insert(moves).values(**row).returning(moves.c.id)).scalar_one())


def listed(flow: str) -> list[Move]:
    """The last moves of a flow, newest first."""
    with db.reading() as conn:
        return [Move(*row) for row in conn.execute(_MOVES, {"flow": flow})]


def undo(flow: str, move_id: int, *, by: str | None) -> Outcome:
    """Move the requests of a move back to where they were, as far as they did not go on meanwhile.

    Raises:
        NotFound: there was no such move.
        Conflict: it was undone already.
    """
    with db.reading() as conn:
        found = conn.execute(sa.select(moves).where(moves.c.id == move_id, moves.c.flow == flow)).first()
    if found is None:
        raise NotFound(msg("There was no move %(id)s of this flow.", id=move_id))
    if found.undone_at is not None:
        raise Conflict(msg("This move was undone already."), at=found.undone_at)
    left: dict[int, tuple[Message, ...]] = {}
    moved = after = 0
    while True:
        with db.transaction() as conn:
            batch = conn.execute(_MOVED, {"move": move_id, "after": after}).all()
            store.lock_runs(conn, [row.run_id for row in batch])
            for row in batch:
                case = cases.of_run(conn, row.run_id, lock=True)
                why_not = _refusals(case, flow, row.from_version)
                if not why_not and case.row.version != found.to_version:
                    why_not = (msg("It was moved on meanwhile."),)
                if why_not:
                    left[row.run_id] = why_not
                    continue
                _carry(conn, case, row.from_version, by, found.note)
                moved += 1
            if len(batch) < BATCH:
                conn.execute(sa.update(moves).where(moves.c.id == move_id).values(undone_at=clock.now()))
                return Outcome(move_id, moved, left)
        after = batch[-1].run_id
