"""Timers: rows that are due at a time, each fired exactly once, in the transaction that deletes the row.

Every timer has a key; set again, it moves. A worker claims due timers, and then, in one transaction for many of them:
locks what they are about, takes (deletes) the rows, and fires. A timer that was moved or cleared meanwhile is not
taken, so it does not fire.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from . import clock, counters, json
from .background import backoff, describe, wake_after_commit
from .db import Json, Utc, engine, giving_way, reading, transaction
from .models import timers
from .statements import Statement, lists_of
from .turns import turn

LEASE = timedelta(seconds=30)
"""How long a worker may hold claimed timers before another may claim them."""

HOLD_SECONDS = 0.015
"""How long one transaction of many timers may work, so that people who decide meanwhile do not wait.

It is time of the processor; by the clock on the wall, which also waits for the disk and for others, it is
:data:`SLACK` times as much.
"""

SLACK = 2

GAP_SECONDS = 0.003
"""How long others may begin between two such transactions, where one writes at a time (SQLite)."""

LEAST = {"sqlite": 8, "postgresql": 50}
"""How many one transaction may fire however long it takes: PostgreSQL keeps nobody waiting but who wants the same."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that is due. ``attempts`` counts the failures before."""

    id: int
    key: str
    kind: str
    due_at: datetime
    payload: Mapping[str, Any]
    attempts: int = 0


Fire = Callable[[Connection, Timer], None]
Lock = Callable[[Connection, Sequence[Timer]], None]


@dataclass(slots=True)
class _Kind:
    fire: Fire
    lock: Lock | None
    most: int = 16  # to fire in one transaction

    def took(self, seconds: float, count: int, least: int) -> None:
        """Have the next transaction last as long as one may, of what this one of ``count`` took."""
        fitting = max(least, int(count * HOLD_SECONDS / max(seconds, 1e-5)))
        if fitting < self.most or count == self.most:
            self.most = max(1, self.most // 2, min(fitting, self.most * 2, 500))


_kinds: dict[str, _Kind] = {}


def timer_handler(kind: str, *, lock: Lock | None = None) -> Callable[[Fire], Fire]:
    """Register the function that fires timers of ``kind``; it runs in the transaction in which the timer ends.

    ``lock`` is called before the rows are taken, with all timers of the transaction. Whoever sets or clears timers
    while they hold a lock (a run's) must have ``lock`` take the same one, in order of id: else the two would wait for
    each other. A handler that raises is called again later, alone, in a transaction of its own.
    """

    def register(function: Fire) -> Fire:
        _kinds[kind] = _Kind(function, lock)
        return function

    return register


_NEW = "INSERT INTO signoff_timer (key, kind, due_at, payload, attempts) "
_ANEW = (
    " ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, due_at = excluded.due_at, payload = excluded.payload, "
    "claimed_until = NULL, attempts = 0, last_error = NULL"
)
_LISTS = lists_of(timers, ("key", "kind", "due_at", "payload"))
_SET = Statement(
    sa.text(f"{_NEW}VALUES (:key, :kind, :due_at, :payload, 0){_ANEW}").bindparams(
        sa.bindparam("payload", type_=Json()), sa.bindparam("due_at", type_=Utc())
    ),
    row=("timer", "key"),
    many=f"{_NEW}SELECT *, 0 FROM {_LISTS} ORDER BY key{_ANEW}",  # noqa: S608 - nothing from outside
)
_CLEAR = Statement(
    sa.text("DELETE FROM signoff_timer WHERE key = :key"),
    row=("timer", "key"),
    many=f"DELETE FROM signoff_timer AS kept USING {lists_of(timers, ['key'])} WHERE kept.key = new.key",  # noqa: S608
)


def set_timer(conn: Connection, key: str, kind: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
    """Have the handler of ``kind`` called at ``due_at``; a timer of the same ``key`` is replaced."""
    _SET.later(conn, {"key": key, "kind": kind, "due_at": due_at, "payload": payload})
    wake_after_commit(due_at)


def clear_timer(conn: Connection, key: str) -> None:
    """Forget a timer; it is no error if there is none."""
    _CLEAR.later(conn, {"key": key})


Chore = Callable[[Connection, datetime], None]
_chores: dict[str, timedelta] = {}


def recurring(kind: str, every: timedelta) -> Callable[[Chore], Chore]:
    """Register a chore that is done ``every`` so often, by one worker of all, in its own transaction."""

    def register(chore: Chore) -> Chore:
        @timer_handler(kind)
        def again(conn: Connection, timer: Timer) -> None:
            now = clock.now()
            chore(conn, now)
            set_timer(conn, timer.key, kind, now + every, {})

        _chores[kind] = every
        return chore

    return register


def start_chores() -> None:
    """Set the timers of chores that have none yet; a worker does so when it starts."""
    now = clock.now()
    with reading() as conn:
        known = set(conn.scalars(sa.select(timers.c.key).where(timers.c.key.in_(_chores))))
    for kind in sorted(_chores.keys() - known):
        with transaction() as conn:
            set_timer(conn, kind, kind, now + timedelta(minutes=1), {})


_NOW = sa.bindparam("now", type_=Utc())
_UNTIL = sa.bindparam("until", type_=Utc())
_FREE = sa.or_(timers.c.claimed_until.is_(None), timers.c.claimed_until <= _NOW)
_DUE = (
    sa.select(timers.c.id)
    .where(timers.c.due_at <= _NOW, _FREE)
    .order_by(timers.c.due_at, timers.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    sa.update(timers)
    .where(timers.c.id.in_(_DUE))
    .values(claimed_until=_UNTIL)
    .returning(timers.c.id, timers.c.key, timers.c.kind, timers.c.due_at, timers.c.payload, timers.c.attempts)
)
# one text for however many
_OURS = {
    "sqlite": "id IN (SELECT value FROM json_each(:ids)) AND claimed_until = :until",
    "postgresql": "id = ANY(CAST(:ids AS BIGINT[])) AND claimed_until = :until",
}


def _of_ours(sql: str, end: str = "") -> Statement:
    return Statement({name: sa.text(f"{sql} WHERE {ours}{end}").bindparams(_UNTIL) for name, ours in _OURS.items()})


_TAKE = _of_ours("DELETE FROM signoff_timer", " RETURNING id")
_RELEASE = _of_ours("UPDATE signoff_timer SET claimed_until = NULL")
NEXT_DUE = sa.select(timers.c.due_at).where(_FREE).order_by(timers.c.due_at, timers.c.id).limit(1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Due timers that are ours until ``until``, the earliest first."""

    timers: tuple[Timer, ...]
    until: datetime


def claim(most: int, now: datetime) -> Claimed:
    """Up to ``most`` due timers; two workers never get the same."""
    until = now + LEASE
    with giving_way(), transaction() as conn:
        _need_not_last(conn)
        rows = conn.execute(_CLAIM, {"most": most, "now": now, "until": until}).all()
    return Claimed(tuple(sorted((Timer(*row) for row in rows), key=lambda each: (each.due_at, each.id))), until)


def _need_not_last(conn: Connection) -> None:
    """A claim that a power cut takes back has done nothing yet: nobody need wait for the disk."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL synchronous_commit = off")


def work(most: int, now: datetime, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Claim up to ``most`` due timers and fire them; how many were claimed."""
    with turn("timers"):
        claimed = claim(most, now)
        fire(claimed, stopping=stopping)
    return len(claimed.timers)


def fire(claimed: Claimed, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Fire all that was claimed, many in one transaction; what is left when ``stopping`` says so is given back.

    Returns how many fired. Raises nothing that a handler raised: such timers are due again later.
    """
    fired = 0
    one_writes = engine().dialect.name == "sqlite"
    for kind, group in groupby(claimed.timers, key=lambda each: each.kind):
        left = list(group)
        while left:
            if stopping():
                _release(left, claimed.until)
                break
            most = _kinds[kind].most if kind in _kinds else len(left)
            with giving_way():
                fired += _fire_together(kind, left[:most], claimed.until)
            left = left[most:]
            if left and one_writes:
                time.sleep(GAP_SECONDS)
    return fired


def _release(left: Sequence[Timer], until: datetime) -> None:
    with transaction() as conn:
        _RELEASE.run(conn, _which(conn, left, until))


def _which(conn: Connection, group: Sequence[Timer], until: datetime) -> dict[str, Any]:
    ids = [each.id for each in group]
    return {"ids": json.dumps(ids) if conn.dialect.name == "sqlite" else ids, "until": until}


def _fire_together(kind: str, group: Sequence[Timer], until: datetime) -> int:
    """Fire timers of one kind in one transaction; if one fails, each in its own, so that the others are not held up."""
    try:
        return _fire(kind, group, until)
    except Exception as error:
        if len(group) == 1:
            _failed(group[0], until, error)
            return 0
    return sum(_fire_together(kind, [each], until) for each in group)


def _fire(kind: str, group: Sequence[Timer], until: datetime) -> int:
    known = _kinds.get(kind)
    if known is None:
        raise LookupError(f"no timer handler for {kind!r}; is its plugin installed?")
    started = time.thread_time()
    with transaction() as conn:
        began = time.perf_counter()
        _limit_waiting(conn)
        if known.lock is not None:
            known.lock(conn, group)
        taken = {row[0] for row in _TAKE.all(conn, _which(conn, group, until))}
        for timer in group:
            if timer.id in taken:
                known.fire(conn, timer)
    took = max(time.thread_time() - started, (time.perf_counter() - began) / SLACK)
    known.took(took, len(group), LEAST[conn.dialect.name])
    _count(kind, [each for each in group if each.id in taken])
    return len(taken)


def _limit_waiting(conn: Connection) -> None:
    """A timer that waits for somebody who waits for it gives way before the database ends one of the two."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")


def _count(kind: str, fired: Sequence[Timer]) -> None:
    now = clock.now()
    counters.TIMERS.labels(kind, "fired").inc(len(fired))
    for each in fired:
        counters.TIMER_LATENESS.observe(max(0.0, (now - each.due_at).total_seconds()))


def _failed(timer: Timer, until: datetime, error: Exception) -> None:
    counters.TIMERS.labels(timer.kind, "failed").inc()
    log.warning("timer failed", kind=timer.kind, key=timer.key, attempts=timer.attempts + 1, exc_info=error)
    try:
        with transaction() as conn:
            conn.execute(
                sa.update(timers)
                .where(timers.c.id == timer.id, timers.c.claimed_until == until)
                .values(
                    claimed_until=None,
                    attempts=timer.attempts + 1,
                    last_error=describe(error),
                    due_at=clock.now() + backoff(timer.attempts + 1),
                )
            )
    except Exception:
        log.exception("timer could not be put off", kind=timer.kind, key=timer.key)


@dataclass(frozen=True, slots=True)
class FailingTimer:
    """A timer whose handler raised, and that will be tried again at ``due_at``."""

    key: str
    kind: str
    due_at: datetime
    attempts: int
    last_error: str


def failing(limit: int = 50) -> list[FailingTimer]:
    """Timers that failed lately, of those due within the next hours."""
    columns = [timers.c[name] for name in FailingTimer.__slots__]
    soon = clock.now() + timedelta(hours=2)
    statement = (
        sa.select(*columns).where(timers.c.due_at <= soon, timers.c.attempts > 0).order_by(timers.c.due_at).limit(limit)
    )
    with reading() as conn:
        return [FailingTimer(*row) for row in conn.execute(statement)]
