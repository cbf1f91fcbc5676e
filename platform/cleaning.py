"""The work ``clean_up`` of schedules: what nobody looks at any more goes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from . import schedules
from .db import transaction
from .durations import parse_duration
from .models import notifications, outbox, schedule_seen
from .problems import Problem, pointer
from .schedules import Occasion, Work
from .text import msg

BATCH = 2000
LEAST = timedelta(days=7)

_OLD = {
    "notifications": (notifications, notifications.c.id, notifications.c.at, notifications.c.read_at.is_not(None)),
    "undelivered": (outbox, outbox.c.id, outbox.c.dead_at, outbox.c.dead_at.is_not(None)),
    "seen": (schedule_seen, schedule_seen.c.subject, schedule_seen.c.at, sa.true()),
}
"""What can be removed: the table, its key, the time that counts, which rows at all."""


def init_app(_app: Flask) -> None:
    """Offer the work to schedules."""
    schedules.register(
        Work(
            name="clean_up",
            label={"en": "Remove what is old", "zh": "清理旧数据"},
            run=clean_up,
            check=_check,
            example={"what": ["notifications"], "older_than": "P90D"},
        )
    )


def clean_up(occasion: Occasion) -> int:
    """Remove what is old, a few thousand rows at a time, so that nobody waits; how many."""
    before = occasion.now - parse_duration(str(occasion.schedule.arguments["older_than"]))
    count = 0
    for name in occasion.schedule.arguments["what"]:
        table, key, at, which = _OLD[name]
        while True:
            with transaction() as conn:
                old = sa.select(key).where(which, at < before).limit(BATCH)
                gone = conn.execute(sa.delete(table).where(key.in_(old), at < before)).rowcount
            count += gone
            if gone < BATCH:
                break
    return count


def _check(arguments: Mapping[str, Any]) -> list[Problem]:
    found = schedules.check_keys(arguments, ("what", "older_than"))
    what = arguments.get("what")
    known = ", ".join(_OLD)
    if not isinstance(what, list) or not what:
        found.append(Problem("/what", "missing", msg("“what” is a list of: %(known)s.", known=known)))
    else:
        for number, each in enumerate(what):
            if each not in _OLD:
                message = msg("“%(key)s” must be one of: %(known)s.", key=each, known=known)
                found.append(Problem(pointer("what", number), "not_offered", message))
    try:
        if parse_duration(arguments.get("older_than", "")) < LEAST:
            message = msg("“%(key)s” must be at least %(least)s.", key="older_than", least="P7D")
            found.append(Problem("/older_than", "out_of_range", message))
    except ValueError as error:
        found.append(Problem("/older_than", "wrong_duration", error.args[0]))
    return found
