"""Jobs that were given up: an operator sees why, sends them again or throws them away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from . import clock
from .background import CARRY, is_carried, wake_after_commit
from .db import reading, transaction
from .errors import NotFound
from .models import outbox
from .text import msg


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was given up, with the last reason."""

    id: int
    key: str | None
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    created_at: datetime
    dead_at: datetime
    last_error: str


def dead_letters(
    *, before: int | None = None, limit: int = 50, where: sa.ColumnElement[bool] | None = None
) -> list[DeadLetter]:
    """Those given up, the newest first; ``before`` is the id that the page before ended with."""
    columns = [outbox.c[name] for name in DeadLetter.__dataclass_fields__]
    statement = sa.select(*columns).where(outbox.c.dead_at.is_not(None)).order_by(outbox.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(outbox.c.id < before)
    if where is not None:
        statement = statement.where(where)
    with reading() as conn:
        return [DeadLetter(*row) for row in conn.execute(statement)]


def send_again(job_id: int) -> None:
    """Bring a dead letter back to life, due now, with all its attempts.

    Raises:
        NotFound: there is no such dead letter (any more).
    """
    now = clock.now()
    with transaction() as conn:
        changed = conn.execute(
            sa.update(outbox)
            .where(outbox.c.id == job_id, outbox.c.dead_at.is_not(None))
            .values(dead_at=None, claimed_until=None, attempts=0, due_at=now)
        )
        _found(changed.rowcount, job_id)
        if is_carried():
            conn.execute(CARRY, {"job_id": job_id})
        else:
            wake_after_commit(now)


def discard(job_id: int) -> None:
    """Throw a dead letter away.

    Raises:
        NotFound: there is no such dead letter (any more).
    """
    with transaction() as conn:
        gone = conn.execute(sa.delete(outbox).where(outbox.c.id == job_id, outbox.c.dead_at.is_not(None)))
        _found(gone.rowcount, job_id)


def _found(count: int, job_id: int) -> None:
    if count != 1:
        raise NotFound(msg("No undelivered message %(id)s. It was sent or discarded meanwhile.", id=job_id))
