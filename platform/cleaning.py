"""The work ``clean_up`` of schedules: what nobody looks at any more goes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from . import schedules
from .db import reading, transaction
from .durations import parse_duration
from .models import notifications, outbox, schedule_seen
from .problems import Problem, pointer
from .receivers import check_keys
from .schedule_inputs import Group, Length, ManyOf
from .schedules import Line, Occasion, Trial, Work
from .text import LocalText, msg

BATCH = 2000
LEAST = timedelta(days=7)
MOST_COUNTED = 10_000

_OLD = {
    "notifications": (notifications, notifications.c.id, notifications.c.at, notifications.c.read_at.is_not(None)),
    "undelivered": (outbox, outbox.c.id, outbox.c.dead_at, outbox.c.dead_at.is_not(None)),
    "seen": (schedule_seen, schedule_seen.c.subject, schedule_seen.c.at, sa.true()),
}
"""What can be removed: the table, its key, the time that counts, which rows at all."""

_LABELS: Mapping[str, LocalText] = {
    "notifications": {"en": "notifications that were read", "zh": "已读的通知"},
    "undelivered": {"en": "messages that could not be delivered", "zh": "无法送达的消息"},
    "seen": {"en": "what schedules met before", "zh": "定时任务处理过的标记"},
}
_GROUPS = (
    Group(
        {"en": "What goes", "zh": "清理内容"},
        (
            ManyOf(
                path=("what",),
                label={"en": "What is removed", "zh": "清理什么"},
                options=lambda _arguments: tuple(_LABELS.items()),
                required=True,
            ),
            Length(
                path=("older_than",),
                label={"en": "Older than", "zh": "早于"},
                least="P7D",
                default="P90D",
                required=True,
            ),
        ),
    ),
)


def init_app(_app: Flask) -> None:
    """Offer the work to schedules."""
    schedules.register(
        Work(
            name="clean_up",
            label={"en": "Remove what is old", "zh": "清理旧数据"},
            run=clean_up,
            check=_check,
            example={"what": ["notifications"], "older_than": "P90D"},
            groups=_GROUPS,
            rehearse=rehearse,
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


def rehearse(occasion: Occasion) -> Trial:
    """How much of what would go; counts end at 10,000 of each."""
    before = occasion.now - parse_duration(str(occasion.schedule.arguments["older_than"]))
    lines, total, capped = [], 0, False
    for name in occasion.schedule.arguments["what"]:
        table, key, at, which = _OLD[name]
        some = sa.select(key).select_from(table).where(which, at < before).limit(MOST_COUNTED).subquery()
        with reading() as conn:
            count = int(conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())
        lines.append(Line(_LABELS[name], f"{count}+" if count == MOST_COUNTED else str(count)))
        total, capped = total + count, capped or count == MOST_COUNTED
    return Trial(total, capped, tuple(lines))


def _check(arguments: Mapping[str, Any]) -> list[Problem]:
    found = check_keys(arguments, ("what", "older_than"))
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
