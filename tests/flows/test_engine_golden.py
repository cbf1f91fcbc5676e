"""Golden runs: whole requests as JSON that an admin can read; what happened, whom it waited for, what the history says.

Set ``SIGNOFF_TEST_WRITE_GOLDEN=1`` to write what the engine does now into the files, and review the difference.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from signoff.flows import codec, engine
from signoff.flows.compile import compile_flow
from signoff.flows.effects import Actor, Call, Note, Notify, SetTimer
from signoff.flows.events import (
    Added,
    Arrived,
    Claimed,
    Completed,
    Decided,
    Edited,
    Event,
    Expired,
    Failed,
    Released,
    Resubmitted,
    Transferred,
    Urged,
    Withdrawn,
)
from signoff.flows.program import FlowProgram
from signoff.flows.run import Run, Transition, World
from signoff.flows.schema import read_flow
from signoff.forms.definition import Form
from signoff.forms.schema import read_form
from signoff.platform.business_time import standard
from signoff.platform.durations import parse_duration
from signoff.platform.people.definition import read_people
from signoff.platform.people.directory import Delegation, Directory

from ..conftest import definition

FILES = sorted((Path(__file__).parents[1] / "golden" / "runs").glob("*.json"))
CALENDAR = standard(ZoneInfo("Asia/Shanghai"), "CN")


class _Compiled:
    """As much of a form's program as a flow asks for."""

    def __init__(self, form: Form) -> None:
        self.form = form


def the_program(golden: dict[str, Any]) -> FlowProgram:
    form, problems = read_form(definition(golden["form"]))
    assert form is not None, problems
    given = golden["flow"]
    document = definition(given) if isinstance(given, str) else given
    flow, problems = read_flow(document, form)
    assert flow is not None, problems
    made, problems = compile_flow(flow, _Compiled(form), 1)  # type: ignore[arg-type]
    assert made is not None, problems
    return made


def the_people(golden: dict[str, Any]) -> Directory:
    people, problems = read_people(definition("people"))
    assert people is not None, problems
    delegations = tuple(
        Delegation(each["person"], each["delegate"], moment(each["from"]), moment(each["until"]), _amount(each))
        for each in golden.get("delegations", ())
    )
    known = people.directory
    return Directory.of(known.persons.values(), known.departments.values(), delegations)


def _amount(delegation: dict[str, Any]) -> Decimal | None:
    return Decimal(delegation["max_amount"]) if "max_amount" in delegation else None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """Amounts of money in these files are texts of digits."""
    return {key: Decimal(each) if key in ("amount", "deduction") else each for key, each in values.items()}


def event_of(what: dict[str, Any], run: Run, people: Directory) -> Event:
    """The event that a line of the file tells; its task is found by step and person."""
    does, by = what["does"], Actor(what.get("who"))
    task = _task(what, run, people)
    values = typed(what.get("values", {}))
    match does:
        case "approve" | "reject" | "return" | "complete" | "retry" | "skip":
            resume = what.get("resume", "again")
            return Decided(task, by, does, what.get("comment", ""), values, what.get("to"), resume)
        case "claim":
            return Claimed(task, by)
        case "release":
            return Released(task, by)
        case "transfer":
            return Transferred(task, by, what["to"], what.get("comment", ""))
        case "add":
            return Added(task, by, tuple(what["people"]), what["when"])
        case "resubmit":
            return Resubmitted(by, what.get("comment", ""), tuple(values))
        case "edit":
            return Edited(by, tuple(values))
        case "urge":
            return Urged(by)
        case "withdraw":
            return Withdrawn(by, what.get("comment", ""))
        case "time":
            return Expired(what["step"])
        case "done":
            return Completed(what["step"], what["call"], what.get("result", {}))
        case "failed":
            return Failed(what["step"], what["call"], what["message"], what.get("final", False))
        case "arrives":
            return Arrived(what["event"], by, values)
    raise AssertionError(f"unknown line: {does}")


def _task(what: dict[str, Any], run: Run, people: Directory) -> str:
    found = [task for task in run.open_tasks if task.step == what.get("step")]
    own = [task for task in found if what.get("who") in engine.people_of(task, people)]
    return (own or found)[0].name if found else ""


def told(transition: Transition) -> dict[str, Any]:
    """What an admin wants to see of a transition."""
    run = transition.run
    found: dict[str, Any] = {
        "status": run.status.value,
        "waits_for": [f"{task.step}: {task.principal}" for task in run.open_tasks],
        "history": [_line(each) for each in transition.effects if isinstance(each, Note)],
    }
    timers = [f"{each.name}: {each.due_at.isoformat()}" for each in transition.effects if isinstance(each, SetTimer)]
    calls = [f"{each.name} {each.action}" for each in transition.effects if isinstance(each, Call)]
    notices = [
        f"{each.template}: {', '.join((*each.people, *each.addresses))}"
        for each in transition.effects
        if isinstance(each, Notify)
    ]
    return found | {key: each for key, each in (("timers", timers), ("calls", calls), ("tells", notices)) if each}


def _line(note: Note) -> str:
    """``lead approve — li as delegate of zhou — comment``."""
    actor = note.actor
    who = actor.person or actor.acting_as.value
    if actor.on_behalf_of:
        who += f" as {actor.acting_as.value} of {actor.on_behalf_of}"
    rest = ", ".join(
        f"{key}={_text(each)}" for key, each in note.data.items() if key not in ("task", "flow", "version")
    )
    return f"{who}: {note.event}" + (f" ({rest})" if rest else "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def played(golden: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the engine does at each line; every state goes through JSON."""
    program, people = the_program(golden), the_people(golden)
    now, values = moment(golden["at"]), typed(golden["values"])
    world = World(people, CALENDAR, now, values, program.flow.form)
    transition = engine.start(program, golden["by"], world)
    yield told(transition)
    for what in golden["events"]:
        now += parse_duration(what.get("after", "PT0S")) + timedelta(0)
        values = values | typed(what.get("values", {}))
        run = codec.load(json.loads(json.dumps(codec.dump(transition.run))))
        world = World(people, CALENDAR, now, values, program.flow.form)
        transition = engine.step(program, run, event_of(what, run, people), world)
        yield told(transition)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_golden_run(path):
    golden = json.loads(path.read_text(encoding="utf-8"))
    found = list(played(golden))
    if os.environ.get("SIGNOFF_TEST_WRITE_GOLDEN"):
        golden["start"] = found[0]
        golden["events"] = [{**what, "then": then} for what, then in zip(golden["events"], found[1:], strict=True)]
        path.write_text(json.dumps(golden, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert [golden["start"], *(what["then"] for what in golden["events"])] == found


def test_there_are_golden_runs():
    assert len(FILES) >= 18
