"""The predicted route is what then happens, when everybody agrees."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from signoff.flows import effects as engine_effects
from signoff.flows import engine
from signoff.flows.definition import Kind
from signoff.flows.effects import Actor
from signoff.flows.events import Arrived, Completed, Decided, Expired
from signoff.flows.predict import Prediction, predict, predict_rest, route_json
from signoff.flows.run import State, Task, World
from signoff.platform.acting import ActingAs
from signoff.platform.errors import SignoffError

from .playing import (
    CALENDAR,
    DIRECTORY,
    NOW,
    VALUES,
    Play,
    action,
    approve,
    auto,
    parallel,
    program,
    route,
    tell,
    wait,
    work,
)  # fmt: skip
from .test_engine_machine import Flows

DUE = {"due": {"in": "PT2H"}}
LOW = {"amount": {"lt": "100"}}
TELL = tell("t", {"submitter": True})
VOTE = approve("v", "bob", "cay", "dan", mode="vote", share="0.6")
WORLD = World(DIRECTORY, CALENDAR, NOW, {}, "claim")


def predicted(steps: list[Any], submitter: str | None = "ann", **more: Any) -> Prediction:
    values = {**VALUES, **more.pop("values", {})}
    return predict(program(steps, **more), submitter, values, WORLD)


def ways(prediction: Prediction) -> list[str]:
    return [f"{each.step.id}{'-' if each.skipped else ''}" for each in prediction.steps]


@pytest.mark.parametrize(("steps", "settings_", "way", "outcome"), [
    ([approve("a", "bob"), approve("b", "cay")], {}, ["a", "b"], "approved"),
    ([approve("a", "bob"), approve("b", "bob")], {"repeat_approver": "skip"}, ["a", "b-"], "approved"),
    ([approve("a", "gone", nobody="skip")], {}, ["a-"], "approved"),
    ([route("r", ("low", LOW, [auto("x")]), ("high", None, [approve("a", "bob")]))], {}, ["r", "a"], "approved"),
    ([parallel("p", [approve("a", "bob")], [approve("b", "cay")])], {}, ["p", "a", "b"], "approved"),
    ([work("w", "bob"), action("pay"), TELL, wait("z", **{"for": "PT1H"})], {}, ["w", "pay", "t", "z"], "approved"),
    ([wait("e", event="came"), auto("no", "reject"), approve("never", "bob")], {}, ["e", "no"], "rejected"),
    ([approve("a", "bob", "cay", mode="in_turn"), VOTE], {}, ["a", "v"], "approved"),
], ids=range(8))  # fmt: skip
def test_the_steps_on_the_way(steps, settings_, way, outcome):
    prediction = predicted(steps, **settings_)
    assert (ways(prediction), prediction.outcome, prediction.problems) == (way, outcome, ())


@pytest.mark.parametrize(("steps", "submitter", "code", "path"), [
    ([route("r", ("low", {"amount": {"lt": "100"}}, []))], "ann", "gap", "/steps/0"),
    ([route("r", ("a", {"kind": "a"}, []), ("b", {"amount": "500"}, []))], "ann", "overlap", "/steps/0"),
    ([approve("a", "gone", nobody="refuse")], "ann", "nobody", "/steps/0"),
    ([approve("a", "gone")], "eve", "nobody", "/steps/0"),
], ids=["gap", "overlap", "refused", "own"])  # fmt: skip
def test_where_it_cannot_go_on_it_says_why(steps, submitter, code, path):
    prediction = predicted(steps, submitter)
    assert prediction.outcome != "approved"
    assert [(each.code, each.path) for each in prediction.problems] == [(code, path)]


def test_a_pool_names_its_members():
    step = predicted([approve("a", {"role": "finance"}, **DUE)], "dan").steps[0]
    assert (step.people, step.pool) == (("cay",), "finance")
    assert step.due_at == NOW + timedelta(hours=2)


def test_each_step_is_due_after_the_one_before():
    first, second = predicted([approve("a", "bob", **DUE), approve("b", "cay", **DUE)]).steps
    assert (first.due_at, second.due_at) == (NOW + timedelta(hours=2), NOW + timedelta(hours=4))


def test_the_json_is_that_of_the_interface():
    steps = [approve("a", {"manager": 1}, **DUE), approve("b", "gone", nobody="skip"), action("pay")]
    assert route_json(predicted(steps), "en") == {
        "outcome": "approved",
        "steps": [
            {
                "id": "a", "kind": "approve", "people": ["bob"], "pool": None, "due": "2026-03-02T04:00:00Z",
                "why": "Asked as the manager of Ann.", "skipped": None,
            },
            {
                "id": "b", "kind": "approve", "people": [], "pool": None, "due": None, "why": "",
                "skipped": "Passed over: it finds nobody.",
            },
            {"id": "pay", "kind": "action", "people": [], "pool": None, "due": None, "why": "", "skipped": None},
        ],
        "problems": [],
    }  # fmt: skip


def test_the_rest_of_the_way_begins_where_the_request_is():
    scene = Play(program([approve("a", "bob"), approve("b", "cay", **DUE), approve("c", "dan")]))
    scene.act("a/bob:approve")
    prediction = predict_rest(scene.program, scene.run, scene.world)
    assert ways(prediction) == ["b", "c"]
    assert prediction.steps[0].people == ("cay",)
    assert prediction.steps[0].due_at == NOW + timedelta(hours=2)


def test_after_a_return_the_way_begins_again():
    scene = Play(program([approve("a", "bob"), approve("b", "cay", return_to=["start", "a"])]))
    scene.act("a/bob:approve b/cay:return>start")
    prediction = predict_rest(scene.program, scene.run, scene.world)
    assert (ways(prediction), prediction.outcome) == (["a", "b"], "approved")


@st.composite
def stories(draw: Any) -> tuple[Any, str | None, dict[str, Any]]:
    """A random flow with its settings, and who asks for how much."""
    made = program(
        Flows(draw).steps(2, least=1),
        self_approval=draw(st.sampled_from(["forbid", "escalate", "allow"])),
        repeat_approver=draw(st.sampled_from(["ask", "skip"])),
    )
    amount = draw(st.sampled_from(["50", "500", "5000", "500000"]))
    submitter = draw(st.sampled_from(["ann", "cay", "dan", "boss", "eve", None]))
    return made, submitter, {**VALUES, "amount": Decimal(amount), "owner": draw(st.sampled_from([None, "cay"]))}


def next_event(scene: Play) -> tuple[datetime, Any] | None:
    """What happens next if everybody agrees at the last moment: said here once more, in the plainest way."""
    coming: list[tuple[datetime, Any]] = []
    for task in scene.run.open_tasks:
        if scene.program.steps[task.step].kind is not Kind.ROUTE:
            coming.append((scene.run.steps[task.step].due_at or scene.now, task))
    for step in scene.run.open_steps:
        progress, kind = scene.run.steps[step], scene.program.steps[step].kind
        if any(task.step == step for task in scene.run.open_tasks):
            continue
        if kind is Kind.ACTION:
            coming.append((scene.now, Completed(step, f"{step}#{progress.round}")))
        elif kind is Kind.WAIT and progress.due_at is not None:
            coming.append((progress.due_at, Expired(step)))
        elif kind is Kind.WAIT:
            coming.append((scene.now, Arrived(str(scene.program.steps[step].event), Actor(None, ActingAs.SYSTEM))))
    return min(coming, key=lambda each: each[0]) if coming else None


def agree(scene: Play, task: Task) -> bool:
    kind = scene.program.steps[task.step].kind
    verdict = {Kind.WORK: "complete", Kind.ACTION: "retry"}.get(kind, "approve")
    for person in engine.people_of(task, DIRECTORY):
        try:
            scene.happen(Decided(task.name, Actor(person), verdict, "yes"))
        except SignoffError:
            continue
        return True
    return False


@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_prediction_and_reality_agree(story: tuple[Any, str | None, dict[str, Any]]) -> None:
    made, submitter, values = story
    prediction = predict(made, submitter, values, WORLD)
    scene = Play(made, submitter, values=dict(values))
    for _ in range(200):
        event = None if scene.run.finished else next_event(scene)
        if event is None:
            break
        scene.now = max(scene.now, event[0])
        if isinstance(event[1], Task):
            if not agree(scene, event[1]):
                break
        else:
            scene.happen(event[1])
    asked: dict[str, dict[str, None]] = {}
    for effect in scene.history:
        if isinstance(effect, engine_effects.OpenTask):
            asked.setdefault(effect.step, {}).update(dict.fromkeys(effect.people))
    outcome = scene.run.status.value if scene.run.finished else "open"
    assert prediction.outcome == outcome
    told = {each.step.id: each for each in prediction.steps}
    passed = {step for step, each in scene.run.steps.items() if each.state is State.PASSED}
    assert {step for step, each in told.items() if each.skipped} == passed
    for step, people in asked.items():
        assert set(told[step].people) == set(people)
    assert {step for step, each in scene.run.steps.items() if each.state is not State.UNDONE} <= told.keys()
    if scene.run.finished:
        assert prediction.ends_at == scene.now
    else:
        assert prediction.problems


def test_times_are_utc():
    step = predicted([approve("a", "bob", **DUE)]).steps[0]
    assert step.due_at is not None
    assert step.due_at.astimezone(UTC) == datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
