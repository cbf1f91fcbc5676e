"""Runs and tasks as clients get them: the JSON of ``interfaces.md``, in the language of whoever asks."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..forms import catalogue as form_catalogue
from ..forms.definition import Field
from ..forms.display import Reader
from ..forms.program import FormProgram
from ..forms.records import Record
from ..platform import clock, config
from ..platform.db import reading, utc_text
from ..platform.people import service as people
from ..platform.problems import pointer
from ..platform.text import LocalText, local
from . import store, words
from .definition import Step
from .engine_rights import offers
from .program import FlowProgram
from .run import Task
from .visibility import hidden_at

CORRECT = "correct"


def runs_json(records: Sequence[Record]) -> dict[int, Mapping[str, Any] | None]:
    """The ``run`` of each record, with what it waits for; two statements for any number of records."""
    ids = [record.id for record in records]
    with reading() as conn:
        runs = store.runs_of_records(conn, ids)
        waiting = store.open_tasks_of_records(conn, list(runs))
    return {
        record_id: run_json(runs[record_id], waiting[record_id]) if record_id in runs else None for record_id in ids
    }


def run_json(run: store.RunRow, waiting: Sequence[store.TaskRow]) -> dict[str, Any]:
    return {
        "id": run.id,
        "flow": run.flow,
        "version": run.version,
        "status": run.status,
        "waiting_on": [waiting_json(task) for task in waiting],
    }


def waiting_json(task: store.TaskRow) -> dict[str, Any]:
    """What a run waits for: a task with its ``people``, or the ``pool`` that none of them claimed yet."""
    kind, _, rest = task.principal.partition(":")
    found: dict[str, Any] = {"task": task.id, "step": task.step}
    if kind == "p" or task.claimed_by:
        found["people"] = [task.claimed_by or rest]
    else:
        found["pool"] = rest
    found["due_at"] = utc_text(task.due_at) if task.due_at else None
    return found


def actions_of(task: store.TaskRow, program: FlowProgram) -> tuple[str, ...]:
    """What whoever acts on a task may choose now; of a pool, first of all to take it."""
    if not task.open:
        return ()
    verdicts = offers(program, Task(task.name, task.step, "", task.principal, task.name))
    if task.principal.startswith("r:"):
        return (*verdicts, "release" if task.claimed_by else "claim")
    return verdicts


CORRECTION: LocalText = {"en": "Correct and send again", "zh": "修改后重新提交"}


def step_title(step: Step | None, step_id: str) -> LocalText:
    """What people call a step; the correction of a returned request has no step of its own."""
    if step is None:
        return CORRECTION
    return step.title or step_id


def step_json(step: Step | None, task: store.TaskRow, language: str) -> dict[str, Any]:
    kind = step.kind.value if step is not None else CORRECT
    return {"id": task.step, "title": local(step_title(step, task.step), language), "kind": kind}


def task_json(task: store.TaskRow, record: Record, program: FlowProgram, language: str) -> dict[str, Any]:
    """A task exactly as ``interfaces.md`` has it, and who took or closed it."""
    step = program.step(task.step)
    form = form_catalogue.program(record.form, record.version)
    return {
        "id": task.id,
        "run": task.run_id,
        "record": record_brief(record, form, task.step, program, language),
        "step": step_json(step, task, language),
        "state": task.state,
        "assigned_at": utc_text(task.assigned_at),
        "due_at": utc_text(task.due_at) if task.due_at else None,
        "overdue": is_overdue(task),
        "actions": list(actions_of(task, program)),
        "fields": {key: right.value for key, right in program.rights(task.step).items()},
        "why": why(task, program, language),
        "claimed_by": task.claimed_by,
        "verdict": task.verdict,
        "decided_by": task.decided_by,
    }


def record_brief(record: Record, form: FormProgram, step: str, program: FlowProgram, language: str) -> dict[str, Any]:
    """What a row of the inbox says of its request; what the step hides is not in it."""
    return {
        "id": record.id,
        "number": record.number,
        "form": record.form,
        "title": local(form.form.title, language),
        "submitted_by": record.submitted_by,
        "summary": summary(record, form, hidden_at(program, step), language),
    }


def summary(record: Record, form: FormProgram, hidden: frozenset[str], language: str) -> dict[str, str]:
    """The form's summary fields in words, by key, without what is ``hidden``."""
    reader = Reader(language, config.current().zone, linked=False)
    values, links = record.values, record.links
    return {
        field.key: reader.text(field, value, links.get(place) if links else None)
        for field, place in _summary(form)
        if field.key not in hidden and (value := values.get(field.key)) is not None
    }


@lru_cache(maxsize=256)
def _summary(form: FormProgram) -> tuple[tuple[Field, str], ...]:
    """The fields of the summary, and where a record keeps what they link to."""
    fields = [field for key in form.form.summary if (field := form.form.field(key)) is not None]
    return tuple((field, pointer(field.key)) for field in fields)


def is_overdue(task: store.TaskRow) -> bool:
    return task.open and task.due_at is not None and task.due_at < clock.now()


def why(task: store.TaskRow, program: FlowProgram, language: str) -> str:
    """How the task came to this person, in sentences."""
    return words.why(
        store.reasons(task.why), people.directory(), language, program.flow, program.form.form if program.form else None
    )


__all__ = [
    "actions_of", "is_overdue", "record_brief", "run_json", "runs_json", "step_json", "summary", "task_json",
    "waiting_json", "why",
]  # fmt: skip
