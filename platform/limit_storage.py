"""Counts of attempts in the database, so that all nodes together allow what one would: ``SIGNOFF_LIMITS=database``."""

import hashlib
from datetime import datetime, timedelta

import sqlalchemy as sa
from limits.storage import Storage
from sqlalchemy.engine import Connection

from . import clock
from .db import Utc, reading, transaction
from .errors import Unavailable
from .models import limits
from .timers import recurring

URI = "signoff://"

_COUNT = sa.text(
    "INSERT INTO signoff_limit (key, count, expires_at) VALUES (:key, :amount, :expires_at) "
    "ON CONFLICT (key) DO UPDATE SET "
    "count = CASE WHEN signoff_limit.expires_at <= :now THEN :amount ELSE signoff_limit.count + :amount END, "
    "expires_at = CASE WHEN signoff_limit.expires_at <= :now THEN :expires_at ELSE signoff_limit.expires_at END "
    "RETURNING count"
).bindparams(sa.bindparam("now", type_=Utc()), sa.bindparam("expires_at", type_=Utc()))


class DatabaseStorage(Storage):
    """What ``limits`` asks of a storage, for fixed windows."""

    STORAGE_SCHEME = ["signoff"]

    @property
    def base_exceptions(self) -> type[Exception]:
        return Unavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = clock.now()
        values = {"key": _short(key), "amount": amount, "now": now, "expires_at": now + timedelta(seconds=expiry)}
        with transaction() as conn:
            return int(conn.execute(_COUNT, values).scalar_one())

    def get(self, key: str) -> int:
        found = self._row(key)
        return found[0] if found is not None else 0

    def get_expiry(self, key: str) -> float:
        found = self._row(key)
        return (found[1] if found is not None else clock.now()).timestamp()

    def _row(self, key: str) -> tuple[int, datetime] | None:
        statement = sa.select(limits.c.count, limits.c.expires_at).where(
            limits.c.key == _short(key), limits.c.expires_at > clock.now()
        )
        with reading() as conn:
            row = conn.execute(statement).first()
        return (row[0], row[1]) if row is not None else None

    def check(self) -> bool:
        with reading() as conn:
            conn.execute(sa.select(1))
        return True

    def reset(self) -> int | None:
        with transaction() as conn:
            return conn.execute(sa.delete(limits)).rowcount

    def clear(self, key: str) -> None:
        with transaction() as conn:
            conn.execute(sa.delete(limits).where(limits.c.key == _short(key)))


def _short(key: str) -> str:
    """The key, not longer than its column; no address of a person stays readable."""
    return hashlib.sha256(key.encode()).hexdigest()


@recurring("limits.forget", timedelta(hours=1))
def forget(conn: Connection, now: datetime) -> None:
    """Windows that are over."""
    conn.execute(sa.delete(limits).where(limits.c.expires_at <= now))
