"""Claims: due jobs of the outbox become one worker's for a time, and no two workers get the same."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from .background import OURS, Job, Lane
from .db import Utc, reading, transaction
from .models import outbox

LEASE = timedelta(seconds=30)
"""How long after the last sign of life of a worker another takes its jobs; a living worker extends it."""


def _free(now: sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return sa.or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now)


_NOW = sa.bindparam("now", type_=Utc())


def _claim(*which: sa.ColumnElement[bool]) -> sa.Update:
    due = (
        sa.select(outbox.c.id)
        .where(*which, outbox.c.due_at <= _NOW, outbox.c.dead_at.is_(None), _free(_NOW))
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(sa.bindparam("most"))
        .with_for_update(skip_locked=True)
    )
    return (
        sa.update(outbox)
        .where(outbox.c.id.in_(due))
        .values(claimed_until=sa.bindparam("until", type_=Utc()), attempts=outbox.c.attempts + 1)
        .returning(outbox.c.id, outbox.c.key, outbox.c.kind, outbox.c.payload, outbox.c.attempts)
    )


_CLAIM = _claim()
_CLAIM_LANE = _claim(outbox.c.lane == sa.bindparam("in_lane"))
_CLAIM_ONE = _claim(outbox.c.id == sa.bindparam("job_id"))
_EXTEND = sa.update(outbox).where(OURS).values(claimed_until=sa.bindparam("until", type_=Utc()))


def next_due_in(lane: Lane) -> sa.Select[tuple[datetime]]:
    """When the next job of ``lane`` is due that nobody has claimed, with ``now`` to be bound."""
    return (
        sa.select(outbox.c.due_at)
        .where(outbox.c.lane == sa.literal_column(f"'{lane}'"), outbox.c.dead_at.is_(None), _free(_NOW))
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(1)
    )


def claim(most: int, now: datetime, *, lane: Lane | None = None, due: datetime | None = None) -> list[Job]:
    """Up to ``most`` jobs of a lane (``None``: of any) that were ``due`` by then (``None``: now).

    They are ours until the lease ends; two workers never get the same.
    """
    values: dict[str, Any] = {"most": most, "now": due or now, "until": now + LEASE}
    with transaction() as conn:
        if lane is None:
            rows = conn.execute(_CLAIM, values).all()
        else:
            rows = conn.execute(_CLAIM_LANE, {**values, "in_lane": lane}).all()
    return [Job(row.id, row.key, row.kind, row.payload, row.attempts) for row in sorted(rows, key=_by_id)]


def claim_one(job_id: int, now: datetime) -> Job | None:
    """The job of that id; ``None`` if it is done, dead, not due, or in somebody's hands."""
    with transaction() as conn:
        row = conn.execute(_CLAIM_ONE, {"job_id": job_id, "most": 1, "now": now, "until": now + LEASE}).first()
    return Job(row.id, row.key, row.kind, row.payload, row.attempts) if row is not None else None


def again_at(job_id: int) -> datetime | None:
    """When a job is to be looked at again: it is due, or whoever has it lost it; ``None`` if it is gone or given up."""
    statement = sa.select(outbox.c.due_at, outbox.c.claimed_until).where(
        outbox.c.id == job_id, outbox.c.dead_at.is_(None)
    )
    with reading() as conn:
        row = conn.execute(statement).first()
    return max(filter(None, row)) if row is not None else None


def extend(jobs: Iterable[Job], now: datetime) -> None:
    """A sign of life: these jobs of ours are still being worked on."""
    with transaction() as conn:
        for job in jobs:
            conn.execute(_EXTEND, {"job_id": job.id, "claim": job.attempts, "until": now + LEASE})


def _by_id(row: sa.Row[Any]) -> int:
    number: int = row.id
    return number
