"""Deciding many tasks at once: sorted first (ready, needs input, blocked), then each by itself, no rule skipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..platform.db import undoable
from ..platform.errors import Conflict, Forbidden, NotFound, Refused, SignoffError
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import msg
from ..platform.web.language import say
from . import service
from .service import Decision

MOST = 200
TRANSFER = "transfer"


class Readiness(StrEnum):
    """Of one task: can be decided so, needs a reason or a value first, or is not this person's to decide (any more)."""

    READY = "ready"
    NEEDS_INPUT = "needs_input"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one task, or would; ``code`` and ``message`` are empty where it is well."""

    task: int
    readiness: Readiness
    code: str = ""
    message: str = ""

    @property
    def ok(self) -> bool:
        return self.readiness is Readiness.READY


def decide_many(
    task_ids: Sequence[int], *, by: Person, verdict: str, comment: str = "", to: str = "", dry_run: bool = False
) -> list[Result]:
    """Decide each task in a transaction of its own; ``dry_run`` changes nothing and says what would happen.

    ``verdict`` may be ``transfer``: each task is handed over ``to`` that person for good.

    Raises:
        Refused: too many tasks, or none.
    """
    wanted = list(dict.fromkeys(task_ids))
    if not 0 < len(wanted) <= MOST:
        message = msg("%(n)s tasks were sent. Send 1 to %(max)s at once.", n=len(wanted), max=MOST)
        raise Refused.because([Problem("/tasks", "count", message)])
    decision = Decision(verdict, comment, to=to or None)
    if verdict == TRANSFER:
        act = _rehearse_transfer if dry_run else _transfer
    else:
        act = service.rehearse if dry_run else _decide
    return [_result(task_id, decision, by, act) for task_id in wanted]


def _decide(task_id: int, decision: Decision, by: Person) -> None:
    # a batch with an Idempotency-Key is one transaction: a refused task must leave nothing of itself behind
    with undoable():
        service.decide(task_id, by=by, verdict=decision.verdict, comment=decision.comment)


def _transfer(task_id: int, decision: Decision, by: Person) -> None:
    with undoable():
        service.transfer(task_id, by=by, to=decision.to or "", comment=decision.comment)


def _rehearse_transfer(task_id: int, decision: Decision, by: Person) -> None:
    service.rehearse_transfer(task_id, by=by, to=decision.to or "", comment=decision.comment)


def _result(task_id: int, decision: Decision, by: Person, act: "service.Act") -> Result:
    try:
        act(task_id, decision, by)
    except (Conflict, Forbidden, NotFound) as error:
        return Result(task_id, Readiness.BLOCKED, error.code, error.message)
    except Refused as error:
        readiness = Readiness.NEEDS_INPUT if _can_be_given(error) else Readiness.BLOCKED
        return Result(task_id, readiness, error.code, error.message)
    except SignoffError as error:
        return Result(task_id, Readiness.BLOCKED, error.code, error.message)
    return Result(task_id, Readiness.READY)


def _can_be_given(error: Refused) -> bool:
    """Whether somebody who opens the task can put it right: a reason, a value; not an action that is not offered."""
    return any(each.path.startswith(("/comment", "/values", "/to")) for each in error.problems)


def results_json(results: Sequence[Result]) -> dict[str, Any]:
    """The answer of ``POST /tasks/decisions``: each task's result, and how they sort."""
    sorted_ids = {kind: [each.task for each in results if each.readiness is kind] for kind in Readiness}
    return {
        "results": [
            {"task": each.task, "ok": each.ok, "code": each.code or None, "message": say(each.message) or None}
            for each in results
        ],
        "ready": sorted_ids[Readiness.READY],
        "needs_input": sorted_ids[Readiness.NEEDS_INPUT],
        "blocked": sorted_ids[Readiness.BLOCKED],
    }
