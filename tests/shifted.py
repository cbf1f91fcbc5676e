"""``python -m tests.shifted …``: the ``signoff`` command on a clock that a file moves, in all of its processes."""

import faulthandler
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from signoff.platform import clock

FILE = os.environ.get("SIGNOFF_TEST_CLOCK", "")


def write(path: Path, offset: timedelta, standing_since: datetime | None = None) -> None:
    """Move the clock by ``offset``; ``standing_since``: it does not go on from there."""
    words = f"{offset.total_seconds()} {standing_since.isoformat() if standing_since else ''}"
    part = path.with_suffix(".part")
    part.write_text(words, encoding="utf-8")
    os.replace(part, path)


def read(path: Path) -> datetime:
    """The time of that clock."""
    offset, _, since = path.read_text(encoding="utf-8").partition(" ")
    base = datetime.fromisoformat(since) if since else datetime.now(UTC)
    return base + timedelta(seconds=float(offset))


if FILE:  # also in the processes that a web server spawns: they import this module again
    clock._source = lambda: read(Path(FILE))
    faulthandler.register(signal.SIGUSR1)  # says in the log where each thread is

if __name__ == "__main__":
    from signoff.cli import main

    main(prog_name="signoff")
