"""Turns: where one writes at a time, one process of a machine does what comes in batches, and the others wait.

Processes that claim from one SQLite file at once would only keep each other, and everybody else, from its lock.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from .db import engine

try:
    import fcntl
except ModuleNotFoundError:  # Windows: they get in each other's way, and nothing worse
    fcntl = None  # type: ignore[assignment]


@contextmanager
def turn(name: str) -> Iterator[None]:
    """Wait until no other process or thread is inside a block of this ``name``; on PostgreSQL go on at once.

    A process that dies ends its turn.
    """
    path = _path(engine().url, name)
    if path is None:
        yield
        return
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _path(url: URL, name: str) -> Path | None:
    """The file beside that of the database; ``None`` where there is none, or its name is an address of its own."""
    file = url.database
    if fcntl is None or url.get_backend_name() != "sqlite" or not file or file.startswith((":memory:", "file:")):
        return None
    return Path(f"{file}-{name}")
