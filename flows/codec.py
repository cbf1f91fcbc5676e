"""A run as JSON and back: short keys, nothing that says what is usual, old states still read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..platform.acting import ActingAs
from .effects import Reason
from .run import NOTHING, Asked, Back, Closed, Pending, Progress, Run, State, Status, Task

VERSION = 1

_SHORT = {State.OPEN: "o", State.DONE: "d", State.PASSED: "p", State.UNDONE: "u"}
_STATES = {short: state for state, short in _SHORT.items()}


def dump(run: Run) -> dict[str, Any]:
    """The JSON of ``run``; :func:`load` of it is equal to ``run``."""
    found: dict[str, Any] = {"v": VERSION, "by": run.submitter, "status": run.status.value, "n": run.serial}
    if run.tasks:
        found["tasks"] = [_dump_task(task) for task in run.tasks]
    if run.closed:
        found["closed"] = [_dump_closed(each) for each in run.closed]
    if run.steps:
        found["steps"] = {step: _dump_progress(progress) for step, progress in run.steps.items()}
    if run.marks:
        found["marks"] = dict(run.marks)
    if run.back is not None:
        found["back"] = [run.back.step, run.back.by, run.back.resume]
    if run.urged_at is not None:
        found["urged"] = _text(run.urged_at)
    if run.asked is not None:
        found["asked"] = [run.asked.step, _text(run.asked.at), run.asked.question, run.asked.by]
    return found


def load(state: Mapping[str, Any]) -> Run:
    """The run of a JSON state, also of one that an older version wrote."""
    back = state.get("back")
    return Run(
        submitter=state["by"],
        status=Status(state["status"]),
        tasks=tuple(_load_task(each) for each in state.get("tasks", ())),
        closed=tuple(_load_closed(each) for each in state.get("closed", ())),
        steps={step: _load_progress(each) for step, each in state.get("steps", {}).items()},
        serial=state["n"],
        marks=state.get("marks", NOTHING),
        back=Back(back[0], back[1], back[2]) if back else None,
        urged_at=_moment(state.get("urged")),
        asked=_load_asked(state.get("asked")),
    )


def _load_asked(state: list[Any] | None) -> Asked | None:
    return Asked(state[0], _required(state[1]), state[2], state[3]) if state is not None else None


def _text(moment: datetime) -> str:
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat()[:-6]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _required(text)


def _dump_task(task: Task) -> dict[str, Any]:
    found: dict[str, Any] = {"id": task.name, "step": task.step, "who": task.principal}
    if task.kind != "approve":
        found["kind"] = task.kind
    if task.slot != task.name:
        found["slot"] = task.slot
    for key, value in (
        ("not", task.excluded),
        ("claimed", task.claimed_by),
        ("for", task.behalf),
        ("parent", task.parent),
    ):
        if value is not None:
            found[key] = value
    if task.held:
        found["held"] = True
    if task.limited:
        found["limited"] = True
    if task.after:
        found["after"] = list(task.after)
    if task.why:
        found["why"] = [[each.code, dict(each.data)] if each.data else [each.code] for each in task.why]
    if task.pending is not None:
        found["pending"] = _dump_pending(task.pending)
    return found


def _dump_pending(pending: Pending) -> dict[str, Any]:
    found: dict[str, Any] = {
        "verdict": pending.verdict,
        "at": _text(pending.at),
        "until": _text(pending.until),
        "by": pending.by,
    }
    if pending.acting_as is not ActingAs.PERSON:
        found["as"] = pending.acting_as.value
    for key, value in (
        ("for", pending.behalf),
        ("comment", pending.comment or None),
        ("to", pending.to),
        ("raw", dict(pending.raw) or None),
    ):
        if value is not None:
            found[key] = value
    if pending.resume != "again":
        found["resume"] = pending.resume
    return found


def _load_pending(state: Mapping[str, Any] | None) -> Pending | None:
    if state is None:
        return None
    return Pending(
        verdict=state["verdict"],
        at=_required(state["at"]),
        until=_required(state["until"]),
        by=state["by"],
        acting_as=ActingAs(state.get("as", ActingAs.PERSON)),
        behalf=state.get("for"),
        comment=state.get("comment", ""),
        to=state.get("to"),
        resume=state.get("resume", "again"),
        raw=state.get("raw", NOTHING),
    )


def _load_task(state: Mapping[str, Any]) -> Task:
    return Task(
        name=state["id"],
        step=state["step"],
        kind=state.get("kind", "approve"),
        principal=state["who"],
        slot=state.get("slot", state["id"]),
        excluded=state.get("not"),
        claimed_by=state.get("claimed"),
        behalf=state.get("for"),
        parent=state.get("parent"),
        held=state.get("held", False),
        limited=state.get("limited", False),
        after=tuple(state.get("after", ())),
        why=tuple(Reason(each[0], each[1] if len(each) > 1 else NOTHING) for each in state.get("why", ())),
        pending=_load_pending(state.get("pending")),
    )


def _dump_closed(closed: Closed) -> list[Any]:
    """``[name, step, verdict, at]``, then who, as what, for whom and ``1`` if void, as far as needed."""
    found: list[Any] = [closed.name, closed.step, closed.verdict, _text(closed.at)]
    behalf = closed.behalf
    if closed.by is None and closed.acting_as is ActingAs.PERSON and behalf is None and not closed.void:
        return found
    found.append(closed.by)
    if closed.acting_as is ActingAs.PERSON and behalf is None and not closed.void:
        return found
    found += [closed.acting_as.value, behalf]
    if closed.void:
        found.append(1)
    return found


def _load_closed(state: list[Any]) -> Closed:
    name, step, verdict, at = state[:4]
    by, acting_as, behalf, void = state[4:] + [None, "person", None, 0][len(state) - 4 :]
    return Closed(name, step, verdict, _required(at), by, ActingAs(acting_as), behalf, bool(void))


def _required(text: str) -> datetime:
    return datetime.fromisoformat(text + "Z")


def _dump_progress(progress: Progress) -> Any:
    """One letter where the step is simply done; otherwise an object."""
    found: dict[str, Any] = {"s": _SHORT[progress.state]}
    if progress.round != 1:
        found["r"] = progress.round
    if progress.opened_at is not None:
        found["at"] = _text(progress.opened_at)
    if progress.due_at is not None:
        found["due"] = _text(progress.due_at)
    if progress.fired:
        found["fired"] = progress.fired
    if progress.queue:
        found["queue"] = list(progress.queue)
    if progress.total:
        found["total"] = progress.total
    if progress.choice:
        found["to"] = progress.choice
    if progress.facts:
        found["facts"] = dict(progress.facts)
    if progress.child is not None:
        found["child"] = progress.child
    if progress.calendar is not None:
        found["cal"] = progress.calendar
    return found if len(found) > 1 else found["s"]


def _load_progress(state: Any) -> Progress:
    if isinstance(state, str):
        return Progress(_STATES[state])
    return Progress(
        state=_STATES[state["s"]],
        round=state.get("r", 1),
        opened_at=_moment(state.get("at")),
        due_at=_moment(state.get("due")),
        fired=state.get("fired", 0),
        queue=tuple(state.get("queue", ())),
        total=state.get("total", 0),
        choice=state.get("to", ""),
        facts=state.get("facts", NOTHING),
        child=state.get("child"),
        calendar=state.get("cal"),
    )
