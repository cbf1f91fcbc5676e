"""The time of this process, in one place so that tests can hold it still."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system
_moment: ContextVar[datetime | None] = ContextVar("signoff_moment", default=None)


def now() -> datetime:
    """The current time, aware, in UTC, in whole microseconds."""
    return _moment.get() or _source()


@contextmanager
def standing() -> Iterator[None]:
    """Have all inside the block happen at one moment, that of its beginning; for this thread alone."""
    token = _moment.set(now())
    try:
        yield
    finally:
        _moment.reset(token)


@contextmanager
def fixed(at: datetime) -> Iterator[None]:
    """Hold the clock at ``at`` (aware) inside the block, for every thread."""
    global _source
    before = _source
    _source = lambda: at  # noqa: E731
    try:
        yield
    finally:
        _source = before
