"""Log lines that programs can read and people too: each knows the request it belongs to."""

import logging
import secrets
import sys
import time
from typing import Any

import structlog
from flask import Flask, g, request
from flask.wrappers import Response

from .web.place import is_ours, signoff

HEADER = "X-Request-ID"
# local variables of a crash may be passwords and tokens
TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
SLOW_SECONDS = 1.0

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Write logs to standard error and give every request a number, which its answer and its log lines carry."""
    configure(signoff(app).config.log_level)
    app.before_request(_begin)
    app.after_request(_end)


def configure(level: str) -> None:
    """Set structlog up: coloured lines in a terminal, one JSON object a line elsewhere."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *([] if sys.stderr.isatty() else [TRACEBACKS]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=_stderr_logger,
        cache_logger_on_first_use=False,
    )


def _stderr_logger(*_args: Any) -> structlog.PrintLogger:
    """The standard error of now: a test or a supervisor may have put another in its place."""
    return structlog.PrintLogger(file=sys.stderr)


def request_id() -> str:
    """The number of this request; taken over from a proxy that gave one."""
    if "signoff_request_id" not in g:
        given = request.headers.get(HEADER, "")
        fits = 8 <= len(given) <= 64 and given.isascii() and given.replace("-", "").isalnum()
        g.signoff_request_id = given if fits else secrets.token_hex(8)
    found: str = g.signoff_request_id
    return found


def _begin() -> None:
    structlog.contextvars.clear_contextvars()
    g.pop("signoff_request_id", None)
    structlog.contextvars.bind_contextvars(request_id=request_id())
    g.signoff_began = time.perf_counter()


def _end(response: Response) -> Response:
    if not is_ours():
        return response
    response.headers[HEADER] = request_id()
    seconds = time.perf_counter() - g.get("signoff_began", time.perf_counter())
    if seconds >= SLOW_SECONDS or signoff().config.log_level == "DEBUG":
        say = log.warning if seconds >= SLOW_SECONDS else log.debug
        ms = round(seconds * 1000, 1)
        say("request", method=request.method, path=request.path, status=response.status_code, ms=ms)
    return response
