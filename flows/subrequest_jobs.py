"""What follows from the end of a request that another waits for, and from nobody waiting any more."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy.engine import Connection

from ..forms import records
from ..forms.records import Record
from ..platform import db
from ..platform.background import Job, Retry, backoff, handler
from ..platform.errors import Conflict
from ..platform.text import msg
from . import cases, jobs, store, subrequests
from .cases import Case
from .definition import Step
from .engine_draft import SYSTEM
from .events import Completed, Event, Failed, Recalled
from .subrequests import Link

UNDER_WAY = ("open", "returned", "draft")


def init_app(app: Flask) -> None:
    """Nothing to set up: importing this module registers the handlers."""


@handler(subrequests.ENDED)
def tell(job: Job) -> None:
    """A request came to its end: who asked for it goes on with what came of it."""
    with db.transaction() as conn:
        link = subrequests.link_of(conn, int(job.payload["record"]))
        if link is not None and link.waits:
            case = cases.of_run(conn, link.run, lock=True)
            child = records.fetch(conn, link.record)
            if child.status not in UNDER_WAY and subrequests.wait_no_more(conn, link.record):
                _answer(conn, case, child, link)
        job.finish(conn)


def _answer(conn: Connection, case: Case, child: Record, link: Link) -> None:
    step = case.program.step(link.step)
    event: Event
    if step is not None and step.arguments.get("must_approve") is True and child.status not in ("approved", "kept"):
        message = msg("%(name)s was not approved (%(status)s).", name=child.name, status=child.status)
        event = Failed(link.step, link.name, message, final=True)
        jobs.move(conn, case, event)
        return
    result = _result(child, step)
    jobs.complete(conn, case, Completed(link.step, link.name, result))


def _result(child: Record, step: Step | None) -> Mapping[str, Any]:
    """How it ended, and of its fields those alone that flow back."""
    wanted = set(step.into.values()) if step is not None else set()
    fields = {f"values.{key}": value for key, value in child.stored.items() if f"values.{key}" in wanted}
    return {"id": child.id, "number": child.number, "outcome": child.status, **fields}


@handler(subrequests.RECALL)
def recall(job: Job) -> None:
    """Withdraw a request that nobody waits for any more; an action that is being carried out there is waited for."""
    try:
        with db.transaction() as conn:
            row = store.run_of_record(conn, int(job.payload["record"]))
            if row is not None and row.ended_at is None:
                case = cases.of_run(conn, row.id, lock=True)
                jobs.move(conn, case, Recalled(SYSTEM))
            job.finish(conn)
    except Conflict as error:
        raise Retry(backoff(job.attempts), error.message) from error
