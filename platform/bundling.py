"""Bundling: reminders that reach one person over one channel within minutes are one message.

Each waits in a row, and one job per person and channel collects them. Whoever adds a row holds the job's row while
doing so, and the job ends before it looks for rows, so that none is left behind.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import clock
from .background import Job, wake_after_commit
from .db import Json, Utc, transaction
from .models import bundled

KIND = "notify.bundle"
WAIT = timedelta(minutes=2)
"""How long the first of several waits for the others."""

MOST = 50

_ADD = sa.insert(bundled)
_COLLECT = sa.text(
    "INSERT INTO signoff_outbox (key, kind, payload, due_at, created_at, attempts) "
    "VALUES (:key, :kind, :payload, :due_at, :created_at, 0) "
    "ON CONFLICT (key) DO UPDATE SET dead_at = NULL"
).bindparams(
    sa.bindparam("payload", type_=Json()),
    sa.bindparam("due_at", type_=Utc()),
    sa.bindparam("created_at", type_=Utc()),
)
_TAKE = (
    sa.delete(bundled).where(bundled.c.receiver == sa.bindparam("receiver")).returning(bundled.c.id, bundled.c.delivery)
)


def add(conn: Connection, channel: str, person: str, delivery: Mapping[str, Any], due_at: datetime) -> None:
    """Have ``delivery`` wait for others until ``due_at``, or the time that the first of them set."""
    receiver = f"{channel}:{person}"
    job = {
        "key": f"bundle:{receiver}",
        "kind": KIND,
        "payload": {"channel": channel, "person": person},
        "due_at": due_at,
        "created_at": clock.now(),
    }
    conn.execute(_COLLECT, job)
    conn.execute(_ADD, {"receiver": receiver, "delivery": dict(delivery)})
    wake_after_commit(due_at)


def collect(job: Job, hand_over: Callable[[Connection, list[Mapping[str, Any]]], None]) -> None:
    """End the job and give everything that waits to ``hand_over``, oldest first, in one transaction."""
    receiver = f"{job.payload['channel']}:{job.payload['person']}"
    with transaction() as conn:
        job.finish(conn)
        rows = sorted(conn.execute(_TAKE, {"receiver": receiver}).all())
        if rows:
            hand_over(conn, [row.delivery for row in rows])
