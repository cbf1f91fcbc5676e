"""Numbers of the whole, for Prometheus: requests and how long they took, and what waits in the database."""

import time
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from .db import Utc, reading
from .models import outbox, timers
from .web.place import is_ours

REQUESTS = Counter("signoff_requests", "Answered requests.", ["endpoint", "method", "status"])
REQUEST_SECONDS = Histogram(
    "signoff_request_seconds",
    "Time to answer a request.",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def init_app(app: Flask) -> None:
    """Count every request for Signoff by its endpoint, so that no name of a person or record gets in."""
    app.before_request(_start)
    app.after_request(_end)


def _start() -> None:
    g.signoff_started = time.perf_counter()


def _end(response: Response) -> Response:
    started = g.pop("signoff_started", None)
    if not is_ours():
        return response
    endpoint = request.endpoint or "none"
    _counter(endpoint, request.method, response.status_code).inc()
    if started is not None:
        _clock(endpoint).observe(time.perf_counter() - started)
    return response


# finding the number of some labels costs ten times what counting does
@lru_cache(maxsize=4096)
def _counter(endpoint: str, method: str, status: int) -> Counter:
    return REQUESTS.labels(endpoint, method, status)


@lru_cache(maxsize=1024)
def _clock(endpoint: str) -> Histogram:
    return REQUEST_SECONDS.labels(endpoint)


def backlog(now: datetime) -> CollectorRegistry:
    """What waits in the database at this moment, as gauges: the same whichever process is asked."""
    registry = CollectorRegistry()
    for name, words, statement in _BACKLOG:
        with reading() as conn:
            count = conn.execute(statement, {"now": now}).scalar_one()
        Gauge(name, words, registry=registry).set(float(count))
    return registry


def _count(*conditions: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(sa.func.count()).where(*conditions)


_NOW = sa.bindparam("now", type_=Utc())
_BACKLOG = (
    ("signoff_timers_pending", "Timers that are set.", sa.select(sa.func.count()).select_from(timers)),
    ("signoff_timers_due", "Timers whose time has come.", _count(timers.c.due_at <= _NOW)),
    ("signoff_jobs_due", "Jobs whose time has come.", _count(outbox.c.due_at <= _NOW, outbox.c.dead_at.is_(None))),
    ("signoff_jobs_dead", "Jobs that were given up.", _count(outbox.c.dead_at.is_not(None))),
)
