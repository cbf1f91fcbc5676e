"""Bundling: reminders that reach one person over one channel within minutes are one message.

Each waits in a row, and one job per person and channel collects them. Whoever adds a row holds the job's row while
doing so, and the job ends before it looks for rows, so that none is left behind.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .background import REVIVE, Job, enqueue
from .db import transaction
from .models import bundled

KIND = "notify.bundle"
WAIT = timedelta(minutes=2)
"""How long the first of several waits for the others."""

MOST = 50

_ADD = sa.insert(bundled)
_TAKE = (
    sa.delete(bundled).where(bundled.c.receiver == sa.bindparam("receiver")).returning(bundled.c.id, bundled.c.delivery)
)


def add(conn: Connection, channel: str, person: str, delivery: Mapping[str, Any], due_at: datetime) -> None:
    """Have ``delivery`` wait for others until ``due_at``, or the time that the first of them set."""
    receiver = f"{channel}:{person}"
    job = {"channel": channel, "person": person}
    enqueue(conn, KIND, job, key=f"bundle:{receiver}", due_at=due_at, conflict=REVIVE)
    conn.execute(_ADD, {"receiver": receiver, "delivery": dict(delivery)})


def collect(job: Job, hand_over: Callable[[Connection, list[Mapping[str, Any]]], None]) -> None:
    """End the job and give everything that waits to ``hand_over``, oldest first, in one transaction."""
    receiver = f"{job.payload['channel']}:{job.payload['person']}"
    with transaction() as conn:
        job.finish(conn)
        rows = sorted(conn.execute(_TAKE, {"receiver": receiver}).all())
        if rows:
            hand_over(conn, [row.delivery for row in rows])
