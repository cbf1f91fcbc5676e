"""``Idempotency-Key``: a POST that is sent again is answered again, and done once.

The answer is stored in the transaction of what it tells of, so that not even a crash between the two makes it untrue.
A second call with the same key waits for the first.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any

import sqlalchemy as sa
from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from .. import clock, json
from ..db import reading_together, transaction
from ..errors import Malformed, Refused
from ..models import idempotency_keys as keys
from ..people.current import person_or_none
from ..problems import Problem
from ..text import msg

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(days=1)
LONGEST = 200

View = Callable[..., ResponseReturnValue]

_FIND = sa.select(keys.c.fingerprint, keys.c.status, keys.c.body).where(
    keys.c.person == sa.bindparam("who"), keys.c.key == sa.bindparam("the_key")
)
_STORE = (
    sa.update(keys)
    .where(keys.c.person == sa.bindparam("who"), keys.c.key == sa.bindparam("the_key"))
    .values(status=sa.bindparam("new_status"), body=sa.bindparam("new_body"))
)
_PURGE = sa.delete(keys).where(keys.c.at < sa.bindparam("before"))


def once_per_key(view: View) -> View:
    """``view``, done once for each key of a person; without the header it is called as ever."""

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        key = request.headers.get(HEADER)
        if key is not None:
            return _once(_checked(key), view, args, kwargs)
        with reading_together():
            return view(*args, **kwargs)

    return once


def _checked(key: str) -> str:
    if not key.strip() or len(key) > LONGEST or not key.isprintable():
        text = msg("The Idempotency-Key must have 1 to %(most)s printable characters.", most=LONGEST)
        raise Malformed(text, code="idempotency_key")
    return key


def _once(key: str, view: View, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> ResponseReturnValue:
    person = person_or_none()
    who = person.key if person is not None else ""
    fingerprint = _fingerprint()
    with transaction() as conn:
        if not _claim(conn, who, key, fingerprint):
            return _answer_again(conn, who, key, fingerprint)
        response = make_response(view(*args, **kwargs))
        stored = {"who": who, "the_key": key, "new_status": response.status_code}
        conn.execute(_STORE, {**stored, "new_body": json.dumps(_kept(response))})
        return response


def _claim(conn: Connection, who: str, key: str, fingerprint: str) -> bool:
    """Whether this call is the first with its key; waits while another with it is under way."""
    now = clock.now()
    conn.execute(_PURGE, {"before": now - KEPT})
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    row = {"person": who, "key": key, "fingerprint": fingerprint, "status": 0, "body": "", "at": now}
    claim = insert(keys).values(row).on_conflict_do_nothing().returning(keys.c.key)
    return conn.execute(claim).first() is not None


def _answer_again(conn: Connection, who: str, key: str, fingerprint: str) -> Response:
    row = conn.execute(_FIND, {"who": who, "the_key": key}).one()
    if row.fingerprint != fingerprint:
        text = msg("The Idempotency-Key %(key)s was used for another call. Use a new key for each.", key=repr(key))
        raise Refused(text, code="idempotency_key_reused", problems=[Problem("", "idempotency_key_reused", text)])
    kept = json.parse(row.body)
    response = Response(kept["body"], status=row.status, mimetype=kept["type"])
    response.headers.update(kept["headers"])
    response.headers[REPLAYED] = "true"
    return response


def _fingerprint() -> str:
    parts = (request.method.encode(), request.full_path.encode(), request.get_data(cache=True))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _kept(response: Response) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name in ("Location", "ETag")}
    return {"body": response.get_data(as_text=True), "type": response.mimetype, "headers": headers}
