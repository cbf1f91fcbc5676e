"""How often somebody may ask: one limiter for sign-in and API, kept in each process or shared by all."""

import threading
import time

from flask import Flask, request
from flask_limiter import Limiter
from limits import parse

from . import config
from .caches import cache


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


class Window:
    """Counts calls in windows of a fixed length; cheap enough for each call of the API."""

    def __init__(self, amount: int, seconds: int) -> None:
        self._amount = amount
        self._seconds = seconds
        self._number = 0
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def hit(self, who: str) -> float | None:
        """Count a call; the seconds to wait if there were too many, else ``None``."""
        now = time.time()
        number = int(now // self._seconds)
        with self._lock:
            if number != self._number:
                self._number, self._counts = number, {}
            count = self._counts[who] = self._counts.get(who, 0) + 1
        return None if count <= self._amount else (number + 1) * self._seconds - now


def window(limit: str) -> Window:
    """The window of ``limit`` (``600 per minute``) in this process."""
    windows = cache("limits")
    if limit not in windows:
        allowed = parse(limit)
        windows[limit] = Window(allowed.amount, allowed.get_expiry())
    found: Window = windows[limit]
    return found
