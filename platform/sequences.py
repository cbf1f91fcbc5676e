"""Numbers that only go up, one row a sequence; a number whose transaction fails is given again."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .statements import Statement

_NEXT = Statement(
    sa.text(
        "INSERT INTO signoff_sequence (key, value) VALUES (:key, 1) "
        "ON CONFLICT (key) DO UPDATE SET value = signoff_sequence.value + 1 RETURNING value"
    )
)


def next_value(conn: Connection, key: str) -> int:
    """The next number of ``key``, from 1; others that want one of the same key wait until this transaction ends."""
    value: int = _NEXT.one(conn, {"key": key})[0]
    return value
