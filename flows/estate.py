"""What somebody who leaves has in flows: the tasks that wait for them. Delegations are handed over with people."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform import clock
from ..platform.acting import ActingAs
from ..platform.db import reading
from ..platform.people import handing_over
from ..platform.people.handing_over import Estate
from ..platform.text import msg
from . import carrying, cases, engine
from .effects import Actor, ChangeTask
from .events import HandedOver
from .models import runs, tasks

MANY = 200
MOST_COUNTED = 1000

_WAITING = sa.or_(
    tasks.c.principal == sa.bindparam("principal"),
    tasks.c.claimed_by == sa.bindparam("person"),
)
_COUNT = sa.select(sa.func.count()).select_from(
    sa.select(tasks.c.id).where(tasks.c.open, _WAITING).limit(MOST_COUNTED).subquery()
)
# What they hold while others, whom they added, are asked first is in nobody's inbox, but theirs all the same.
_HOLDING = sa.and_(tasks.c.decided_by == sa.bindparam("person"), tasks.c.verdict == "add")
_RUNS = (
    sa.select(runs.c.id)
    .where(
        runs.c.ended_at.is_(None),
        runs.c.id > sa.bindparam("after"),
        runs.c.id.in_(
            sa.union(
                sa.select(tasks.c.run_id).where(tasks.c.open, tasks.c.principal == sa.bindparam("principal")),
                sa.select(tasks.c.run_id).where(tasks.c.open, tasks.c.claimed_by == sa.bindparam("person")),
                sa.select(tasks.c.run_id).where(_HOLDING),
            )
        ),
    )
    .order_by(runs.c.id)
    .limit(MANY)
)


def register() -> None:
    """Let the open tasks of somebody who leaves be handed over with everything else."""
    handing_over.add_estate(Estate("Open tasks", count, transfer))


def count(person: str) -> int:
    """How many tasks wait for somebody, at most a thousand."""
    with reading() as conn:
        return int(conn.execute(_COUNT, _named(person)).scalar_one())


def transfer(conn: Connection, person: str, to: str, by: str | None) -> str | None:
    """Give every open task of ``person`` to ``to``; a sentence that says how many."""
    actor = Actor(by) if by is not None else Actor(None, ActingAs.SYSTEM)
    moved = sum(_of_run(conn, run_id, HandedOver(person, to, actor)) for run_id in _runs(conn, person))
    return msg("%(n)s tasks went over.", n=moved) if moved else None


def _runs(conn: Connection, person: str) -> Iterator[int]:
    after = 0
    while found := conn.scalars(_RUNS, {**_named(person), "after": after}).all():
        yield from found
        after = found[-1]


def _of_run(conn: Connection, run_id: int, event: HandedOver) -> int:
    case = cases.of_run(conn, run_id, lock=True)
    world = cases.world(case, clock.now())
    transition = engine.step(case.program, case.run, event, world)
    carrying.carry_out(conn, case, transition, world)
    return sum(isinstance(each, ChangeTask) for each in transition.effects)


def _named(person: str) -> dict[str, Any]:
    return {"person": person, "principal": f"p:{person}"}
