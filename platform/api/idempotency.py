"""``Idempotency-Key``: a POST that is sent again is answered again, and done once.

The answer is stored in the transaction of what it tells of, so that not even a crash between the two makes it untrue.
A second call with the same key waits for the first.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import sqlalchemy as sa
from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection

from .. import clock, json, statements
from ..db import one_transaction, reading, reading_together, transaction
from ..errors import Malformed, Refused
from ..models import idempotency_keys as keys
from ..people.current import person_or_none
from ..problems import Problem
from ..statements import Statement
from ..text import msg
from ..timers import recurring

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(days=1)
LONGEST = 200

View = Callable[..., ResponseReturnValue]

_FIND = Statement(
    sa.select(keys.c.fingerprint, keys.c.status, keys.c.body).where(
        keys.c.person == sa.bindparam("who"), keys.c.key == sa.bindparam("the_key")
    )
)
_CLAIM = statements.insert(keys, *keys.c.keys(), skip_existing=True)
_STORE = Statement(
    sa.update(keys)
    .where(keys.c.person == sa.bindparam("who"), keys.c.key == sa.bindparam("the_key"))
    .values(status=sa.bindparam("new_status"), body=sa.bindparam("new_body"))
)
_PURGE = sa.delete(keys).where(keys.c.at < sa.bindparam("before"))


class _Taken(Exception):
    """Another call with the same key was first, and is done by now."""


@recurring("idempotency.forget", timedelta(hours=1))
def forget(conn: Connection, now: datetime) -> None:
    """Keys of yesterday are needed no more."""
    conn.execute(_PURGE, {"before": now - KEPT})


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
    call = _Call(person.key if person is not None else "", key, _fingerprint())
    with reading_together():
        if not request.is_json:  # what is stored of a file stays even if its transaction does not
            again = call.answer()
            if again is not None:
                return again
        try:
            with one_transaction(call.claim):
                response = make_response(view(*args, **kwargs))
                with transaction() as conn:
                    call.keep(conn, response)
                return response
        except Exception:
            # a call that was made before, or while we waited for its first, has its answer; next to none is made twice,
            # so that it is looked for here alone
            again = call.answer()
            if again is None:
                raise
            return again


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of ``who`` (a person's key, else empty) under a key."""

    who: str
    key: str
    fingerprint: str

    def claim(self, conn: Connection) -> None:
        """Take the key; waits while another call with it is under way.

        Raises:
            _Taken: that one is done.
        """
        row = {"person": self.who, "key": self.key, "fingerprint": self.fingerprint, "status": 0, "body": ""}
        if _CLAIM.run(conn, {**row, "at": clock.now()}) == 0:
            raise _Taken

    def keep(self, conn: Connection, response: Response) -> None:
        """Store the answer."""
        answer = {"new_status": response.status_code, "new_body": json.dumps(_kept(response))}
        _STORE.later(conn, {"who": self.who, "the_key": self.key, **answer})

    def answer(self) -> Response | None:
        """The answer that was given before, ``None`` if none was.

        Raises:
            Refused: the key was used for another call.
        """
        with reading() as conn:
            row = _FIND.first(conn, {"who": self.who, "the_key": self.key})
        if row is None:
            return None
        fingerprint, status, body = row
        if fingerprint != self.fingerprint:
            raise _reused(self.key)
        kept = json.parse(body)
        response = Response(kept["body"], status=status, mimetype=kept["type"])
        response.headers.update(kept["headers"])
        response.headers[REPLAYED] = "true"
        return response


def _reused(key: str) -> Refused:
    text = msg("The Idempotency-Key %(key)s was used for another call. Use a new key for each.", key=repr(key))
    return Refused(text, code="idempotency_key_reused", problems=[Problem("", "idempotency_key_reused", text)])


def _fingerprint() -> str:
    parts = (request.method.encode(), request.full_path.encode(), request.get_data(cache=True))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _kept(response: Response) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name in ("Location", "ETag")}
    return {"body": response.get_data(as_text=True), "type": response.mimetype, "headers": headers}
