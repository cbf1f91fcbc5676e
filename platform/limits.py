"""How often somebody may ask: one limiter for sign-in and API, kept in each process or shared by all."""

import threading
import time
from dataclasses import dataclass

import structlog
from flask import Flask, request
from flask_limiter import Limiter
from limits import parse
from limits.storage import Storage

from . import config
from .caches import cache

PORTIONS = 64
"""Into how many portions a limit is cut that several processes share."""

log = structlog.get_logger(__name__)


def address() -> str:
    """The address that asks, behind as many proxies as the configuration trusts."""
    return request.remote_addr or "unknown"


def off() -> bool:
    """Whether nothing is limited: in the test suite."""
    return config.current().testing


class _Limiter(Limiter):
    """Checks the views that are marked with a limit, and asks nothing before any other."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


limiter = _Limiter(key_func=address, strategy="fixed-window", headers_enabled=True)


def init_app(app: Flask) -> None:
    """Count attempts where the configuration says: in this process, in the database, or in Redis."""
    kept = app.extensions["signoff"].config.limits
    if kept == "database":
        from . import limit_storage

        kept = limit_storage.URI
    app.config.setdefault("RATELIMIT_STORAGE_URI", "memory://" if kept == "memory" else kept)
    limiter.init_app(app)


@dataclass(slots=True)
class _Held:
    """Calls of one who asks that this process may still answer in this window, and whether more can be had."""

    left: int
    is_all: bool


class Window:
    """Counts calls in windows of a fixed length; cheap enough for each call of the API.

    With a ``shared`` storage, all processes together allow ``amount``: each takes calls out of it in portions, so that
    next to no call asks the storage. What a process took and did not use is lost to the others until the window ends.
    """

    def __init__(self, amount: int, seconds: int, shared: Storage | None = None) -> None:
        self._amount = amount
        self._seconds = seconds
        self._shared = shared
        self._portion = max(1, amount // PORTIONS)
        self._number = 0
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def hit(self, who: str) -> float | None:
        """Count a call; the seconds to wait if there were too many, else ``None``."""
        now = time.time()
        number = int(now // self._seconds)
        held = self._of(who, number)
        while not self._used(held):
            if held.is_all or self._shared is None:
                return (number + 1) * self._seconds - now
            self._take(self._shared, held, f"api {number} {who}")
        return None

    def _of(self, who: str, number: int) -> _Held:
        with self._lock:
            if number != self._number:
                self._number, self._held = number, {}
            held = self._held.get(who)
            if held is None:
                held = self._held[who] = _Held(self._amount if self._shared is None else 0, self._shared is None)
            return held

    def _used(self, held: _Held) -> bool:
        with self._lock:
            if held.left == 0:
                return False
            held.left -= 1
            return True

    def _take(self, shared: Storage, held: _Held, key: str) -> None:
        """A portion of what all have together; this process counts for itself while the storage is away."""
        try:
            taken = shared.incr(key, self._seconds, self._portion)
        except shared.base_exceptions as error:
            log.warning("calls are counted in this process alone", reason=str(error))
            granted, is_all = self._amount, True
        else:
            granted, is_all = min(self._portion, self._amount - taken + self._portion), taken >= self._amount
        with self._lock:
            held.left += max(0, granted)
            held.is_all = held.is_all or is_all


def window(limit: str) -> Window:
    """The window of ``limit`` (``600 per minute``), in this process or of all."""
    windows = cache("limits")
    if limit not in windows:
        allowed = parse(limit)
        shared = None if config.current().limits == "memory" else limiter.storage
        windows[limit] = Window(allowed.amount, allowed.get_expiry(), shared)
    found: Window = windows[limit]
    return found
