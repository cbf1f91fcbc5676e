"""A draft of a flow against the requests of this installation, past and running; nothing is executed."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..forms import records
from ..forms.models import records as table
from ..platform import clock
from ..platform.db import reading
from ..platform.errors import NotFound, Refused
from ..platform.people import service as people
from ..platform.people.directory import Directory
from ..platform.problems import Problem
from ..platform.text import msg
from . import catalogue, reports
from .replay import ByRule, Case, Past, Replay, replay
from .values import plain

CHUNK = 500

_SENT = (
    sa.select(*records.COLUMNS)
    .where(
        table.c.form == sa.bindparam("form"),
        table.c.status.in_(("open", "returned", "approved", "rejected", "withdrawn")),
        table.c.submitted_at >= sa.bindparam("since"),
        table.c.id > sa.bindparam("after"),
    )
    .order_by(table.c.id)
    .limit(CHUNK)
)


def read_period(text: str) -> timedelta:
    """``90d`` or ``12w``.

    Raises:
        Refused: neither.
    """
    days = {"d": 1, "w": 7}.get(text[-1:])
    if days is None or not text[:-1].isdecimal() or len(text) > 6:
        message = msg("%(value)s is no period. Write 90d or 12w.", value=repr(text[:40]))
        raise Refused.because([Problem("/since", "wrong_period", message)])
    return timedelta(days=days * int(text[:-1]))


def replay_draft(
    document: Mapping[str, Any], *, since: timedelta, progress: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """What the draft would change for the requests sent since then: who is asked or spared, hours, money by rule.

    Raises:
        Refused: the draft cannot be compiled.
        NotFound: its form has no flow yet, so that there is nothing to compare with.
    """
    checked = catalogue.check_document(document, prove=False)
    if checked.program is None:
        raise Refused.because(checked.errors)
    form = checked.program.flow.form
    stored = catalogue.flow_of_form(form)
    if stored is None:
        raise NotFound(msg("The form %(form)s has no flow in force to compare with.", form=repr(form)))
    now = clock.now()
    directory = people.directory()
    found = replay(
        catalogue.flow_program(stored.key, stored.version),
        checked.program,
        _past(form, now - since),
        directory,
        now,
        measured=reports.measured(form),
        progress=lambda count: progress(f"{count} …") if progress is not None else None,
    )
    return _json(found, directory)


def _past(form: str, since: datetime) -> Iterator[Past]:
    after = 0
    while True:
        with reading() as conn:
            rows = conn.execute(_SENT, {"form": form, "since": since, "after": after}).all()
            found = records.complete(conn, rows)
        for record in found:
            yield Past(record.id, record.name, record.submitted_by, record.values, record.status)
        if len(rows) < CHUNK:
            return
        after = rows[-1].id


def _json(found: Replay, directory: Directory) -> dict[str, Any]:
    return {
        "requests": found.requests,
        "changed": found.changed,
        "hours": _hours(found.hours),
        "asked": _counted(found.asked, directory),
        "spared": _counted(found.spared, directory),
        "by_rule": {"before": _by_rule(found.by_rule_before), "after": _by_rule(found.by_rule_after)},
        "outcomes": [
            {"before": before, "after": after, "count": count} for (before, after), count in found.outcomes.items()
        ],
        "stuck": list(found.stuck),
        "cases": [_case(each) for each in found.cases],
    }


def _counted(counts: Mapping[str, int], directory: Directory) -> list[dict[str, Any]]:
    return [
        {"person": key, "name": person.name if (person := directory.person(key)) else key, "count": count}
        for key, count in counts.items()
    ]


def _by_rule(found: ByRule) -> dict[str, Any]:
    return {"count": found.count, "money": plain(found.money)}


def _case(case: Case) -> dict[str, Any]:
    return {
        "record": case.past.id,
        "name": case.past.name,
        "status": case.past.status,
        "asked": list(case.asked),
        "spared": list(case.spared),
        "steps_added": list(case.steps_added),
        "steps_dropped": list(case.steps_dropped),
        "hours": _hours(case.hours),
        "outcome_before": case.outcome_before,
        "outcome_after": case.outcome_after,
    }


def _hours(length: timedelta) -> float:
    return round(length.total_seconds() / 3600, 2)


def in_words(found: Mapping[str, Any]) -> list[str]:
    """The replay as lines for a terminal."""
    rule = found["by_rule"]
    lines = [
        msg("%(changed)s of %(requests)s requests would go another way.", **_pick(found, "changed", "requests")),
        msg("Time of people: %(hours)+.1f hours.", hours=found["hours"]),
        msg(
            "Passed by rule: %(after)s (%(money)s) instead of %(before)s (%(was)s).",
            after=rule["after"]["count"],
            money=rule["after"]["money"],
            before=rule["before"]["count"],
            was=rule["before"]["money"],
        ),
    ]
    lines += [msg("Newly asked: %(name)s, %(count)s times.", **_pick(each, "name", "count")) for each in found["asked"]]
    lines += [msg("Spared: %(name)s, %(count)s times.", **_pick(each, "name", "count")) for each in found["spared"]]
    lines += [msg("Would be stuck: %(name)s.", name=name) for name in found["stuck"]]
    return [str(line) for line in lines]


def _pick(found: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: found[name] for name in names}
