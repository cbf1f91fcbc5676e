"""Timers: rows that are due at a time, each fired exactly once, in the transaction that deletes the row.

Every timer has a key; set again, it moves. A worker takes due timers, many in one transaction: it locks their rows and
what they are about, leaves what somebody else holds for its next look, deletes the rows, and fires. A worker that dies
has done nothing, and holds nothing: another finds the same timers at once.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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

MOST = 500

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
Lock = Callable[[Connection, Sequence[Timer]], Sequence[Timer]]


@dataclass(frozen=True, slots=True)
class _Kind:
    fire: Fire
    lock: Lock | None


_kinds: dict[str, _Kind] = {}


def timer_handler(kind: str, *, lock: Lock | None = None) -> Callable[[Fire], Fire]:
    """Register the function that fires timers of ``kind``; it runs in the transaction in which the timer ends.

    ``lock`` is called before the rows are deleted, with all timers of the transaction, and says which of them can fire
    now. Whoever sets or clears timers while they hold a lock (a run's) must have ``lock`` take the same one without
    waiting: their timer is ours already, and the two would wait for each other. A handler that raises is called again
    later, alone, in a transaction of its own.
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
# by a node of the version before, which claimed timers before it fired them
_FREE = sa.or_(timers.c.claimed_until.is_(None), timers.c.claimed_until <= _NOW)
READY = (
    sa.select(*(timers.c[name] for name in Timer.__slots__))
    .where(timers.c.due_at <= _NOW, _FREE)
    .with_for_update(skip_locked=True)
)
_DUE = Statement(READY.order_by(timers.c.due_at, timers.c.id).limit(sa.bindparam("most")))
_ONE = Statement(READY.where(timers.c.id == sa.bindparam("id")))
# one text for however many
_TAKE = Statement(
    {
        "sqlite": sa.text("DELETE FROM signoff_timer WHERE id IN (SELECT value FROM json_each(:ids))"),
        "postgresql": sa.text("DELETE FROM signoff_timer WHERE id = ANY(CAST(:ids AS BIGINT[]))"),
    }
)
# a timer that waits for somebody who waits for it gives way before the database ends one of the two
_LIMIT_WAITING = Statement(sa.text("SET LOCAL lock_timeout = '500ms'"))
NEXT_DUE = sa.select(timers.c.due_at).where(_FREE).order_by(timers.c.due_at, timers.c.id).limit(1)


class _Pace:
    """How many timers one transaction of this process takes, so that it lasts as long as it may."""

    def __init__(self) -> None:
        self.most = 16

    def took(self, seconds: float, count: int, least: int) -> None:
        """Learn from a transaction of ``count``."""
        fitting = max(least, int(count * HOLD_SECONDS / max(seconds, 1e-5)))
        if fitting < self.most or count == self.most:
            self.most = max(1, self.most // 2, min(fitting, self.most * 2, MOST))


_pace = _Pace()


def work(most: int, now: datetime, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Fire up to ``most`` timers that are due, many in one transaction, until ``stopping`` says so.

    Returns how many were found, of which some may be left for the next look. Raises nothing that a handler raised:
    such timers are due again later.
    """
    found = 0
    with turn("timers"):
        while found < most and not stopping():
            asked = min(_pace.most, most - found)
            due, fired = _fire_some(asked, now)
            found += due
            if due < asked or not fired:
                break
            if engine().dialect.name == "sqlite":
                time.sleep(GAP_SECONDS)
    return found


def _fire_some(most: int, now: datetime) -> tuple[int, int]:
    """Fire timers in one transaction; if one fails, each in its own, so that the others are not held up.

    Returns how many were found, and how many of them fired.
    """
    due: list[Timer] = []
    try:
        with giving_way():
            fired = _fire(_DUE, {"now": now, "most": most}, due)
        return len(due), fired
    except Exception as error:
        if not due:
            raise
        if len(due) == 1:
            _failed(due[0], error)
            return 1, 0
    return len(due), sum(_fire_alone(each, now) for each in due)


def _fire_alone(timer: Timer, now: datetime) -> int:
    try:
        with giving_way():
            return _fire(_ONE, {"now": now, "id": timer.id}, [])
    except Exception as error:
        _failed(timer, error)
        return 0


def _fire(which: Statement, values: Mapping[str, Any], due: list[Timer]) -> int:
    """Fire the timers that ``which`` finds, and that nobody holds; ``due`` gets all of them."""
    started = time.thread_time()
    with transaction() as conn:
        began = time.perf_counter()
        if conn.dialect.name == "postgresql":
            _LIMIT_WAITING.later(conn)
        due += [Timer(*row) for row in which.all(conn, values)]
        free = _locked(conn, due)
        if free:
            _take(conn, free)
        with clock.standing():  # what is one transaction happens at one time, which is written once
            for timer in free:
                _kinds[timer.kind].fire(conn, timer)
    took = max(time.thread_time() - started, (time.perf_counter() - began) / SLACK)
    _pace.took(took, len(due), LEAST[conn.dialect.name])
    _count(free)
    return len(free)


def _locked(conn: Connection, due: Sequence[Timer]) -> list[Timer]:
    """Those whose subjects are ours now, too; in the order in which they were due."""
    found: list[Timer] = []
    for kind in dict.fromkeys(each.kind for each in due):
        known = _kinds.get(kind)
        if known is None:
            raise LookupError(f"no timer handler for {kind!r}; is its plugin installed?")
        group = [each for each in due if each.kind == kind]
        found += known.lock(conn, group) if known.lock is not None else group
    return sorted(found, key=lambda each: (each.due_at, each.id))


def _take(conn: Connection, free: Sequence[Timer]) -> None:
    ids = [each.id for each in free]
    _TAKE.later(conn, {"ids": json.dumps(ids) if conn.dialect.name == "sqlite" else ids})


def _count(fired: Sequence[Timer]) -> None:
    now = clock.now()
    for each in fired:
        counters.TIMERS.labels(each.kind, "fired").inc()
        counters.TIMER_LATENESS.observe(max(0.0, (now - each.due_at).total_seconds()))


def _failed(timer: Timer, error: Exception) -> None:
    counters.TIMERS.labels(timer.kind, "failed").inc()
    log.warning("timer failed", kind=timer.kind, key=timer.key, attempts=timer.attempts + 1, exc_info=error)
    try:
        with transaction() as conn:
            conn.execute(
                sa.update(timers)
                .where(timers.c.id == timer.id, timers.c.due_at == timer.due_at)
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
