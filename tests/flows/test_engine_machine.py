"""A state machine over random flows and events: whatever happens, a run is never stuck, and always ends.

Rules held after every event: no open task without somebody who may act; a state survives JSON; a decided task is closed
for good, and says who was first; nobody approves what they asked for; the effects tell exactly what the state holds.
"""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, note, settings

from signoff.flows import codec, engine
from signoff.flows.definition import Kind
from signoff.flows.effects import Actor, Call, ChangeTask, ClearTimer, CloseTask, Note, OpenTask, ReopenTask, SetTimer
from signoff.flows.engine_grace import taken
from signoff.flows.events import (
    Added,
    Arrived,
    Claimed,
    Completed,
    CustomerAnswered,
    CustomerAsked,
    CustomerAwaited,
    Decided,
    Edited,
    Expired,
    Failed,
    Released,
    Resubmitted,
    Settled,
    Taken,
    Transferred,
    Undone,
    Urged,
    Withdrawn,
)
from signoff.flows.run import FINISHED, START, Run, State, Status
from signoff.flows.soundness import Said
from signoff.flows.soundness import replayed as replayed_history
from signoff.platform.acting import ActingAs
from signoff.platform.errors import SignoffError

from .playing import DIRECTORY, Play, action, approve, auto, delegating, parallel, program, route, tell, wait, work

NAMES = ("ann", "bob", "cay", "dan", "boss", "eve")
SELECTORS: list[Any] = [
    "bob", "cay", "dan", "ann", "gone", {"role": "finance"}, {"role": "lonely"}, {"role": "director"}, {"manager": 1},
    {"manager": 2}, {"manager": 9}, {"manager_with_limit": "amount"}, {"head_of": "shop"}, {"field": "owner"},
    {"submitter": True}, {"role": "staff", "of": "submitter.department"},
]  # fmt: skip
CONDITIONS: list[Any] = [
    {"amount": {"lt": "100"}}, {"amount": {"gte": "100"}}, {"kind": "a"}, {"kind": "b"}, {"note": {"empty": True}},
    {"submitter.role": "staff"}, {},
]  # fmt: skip
DUES: list[Any] = [
    None,
    {"in": "PT1H", "remind": ["-PT30M", "PT0S"]},
    {"in": "PT1H", "repeat": "PT1H", "then": {"do": "escalate", "to": [{"role": "director"}]}},
    {"in": "PT2H", "clock": "always", "then": {"do": "approve"}},
    {"in": "PT2H", "then": {"do": "transfer", "to": [{"manager": 2}]}},
    {"in": "PT3H", "then": {"do": "reject"}},
]


class Flows:
    """Draws a flow; ids are counted, so that they differ."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.count = 0

    def steps(self, depth: int, least: int = 0) -> list[dict[str, Any]]:
        return [self.step(depth) for _ in range(self.draw(st.integers(least, 3)))]

    def step(self, depth: int) -> dict[str, Any]:
        self.count += 1
        name = f"s{self.count}"
        kinds = ["approve"] * 4 + ["work", "auto", "action", "tell", "wait"]
        kinds += ["route", "parallel"] * 2 if depth else []
        kind = self.draw(st.sampled_from(kinds))
        return getattr(self, "_" + kind)(name, depth)

    def _approve(self, name: str, depth: int, make: Any = approve) -> dict[str, Any]:
        draw = self.draw
        who = draw(st.lists(st.sampled_from(SELECTORS), min_size=1, max_size=3))
        mode = draw(st.sampled_from(["any", "any", "all", "in_turn", "vote"]))
        due = draw(st.sampled_from(DUES))
        nobody = draw(st.sampled_from(["admin", "skip", "refuse", [{"person": "boss"}]]))
        more = {"mode": mode, "nobody": nobody, **({"due": due} if due else {})}
        if mode == "vote":
            more["share"] = draw(st.sampled_from(["0.5", "0.66", "1"]))
        return make(name, *who, **more)

    def _work(self, name: str, depth: int) -> dict[str, Any]:
        return self._approve(name, depth, work)

    def _auto(self, name: str, depth: int) -> dict[str, Any]:
        return auto(name, self.draw(st.sampled_from(["approve", "approve", "approve", "reject"])))

    def _action(self, name: str, depth: int) -> dict[str, Any]:
        on_error = self.draw(st.sampled_from(["retry", "ask", "fail"]))
        return action(name, on_error=on_error, **{"with": {"amount": {"field": "amount"}}, "into": {"paid": "receipt"}})

    def _tell(self, name: str, depth: int) -> dict[str, Any]:
        return tell(name, {"submitter": True}, {"role": "finance"})

    def _wait(self, name: str, depth: int) -> dict[str, Any]:
        how = [{"for": "PT1H"}, {"until": "ends_on"}, {"event": "came", "limit": "PT2H"}, {"event": "came"}]
        return wait(name, **self.draw(st.sampled_from(how)))

    def _route(self, name: str, depth: int) -> dict[str, Any]:
        branches = [
            (f"b{number}", self.draw(st.sampled_from(CONDITIONS)), self.steps(depth - 1))
            for number in range(self.draw(st.integers(1, 3)))
        ]
        if self.draw(st.booleans()):
            branches.append(("rest", None, self.steps(depth - 1)))
        return route(name, *branches, hit=self.draw(st.sampled_from(["unique", "first"])))

    def _parallel(self, name: str, depth: int) -> dict[str, Any]:
        branches = [self.steps(depth - 1) for _ in range(self.draw(st.integers(1, 3)))]
        return parallel(name, *branches, join=self.draw(st.sampled_from(["all", "any"])))


def made(draw: Any) -> Play:
    """A random flow, begun by somebody, with earlier steps as targets of returns."""
    steps = Flows(draw).steps(2, least=1)
    from signoff.flows.schema_references import behind

    plain = program(steps)
    earlier = behind(plain.flow.steps)

    def targets(inner: list[dict[str, Any]]) -> None:
        for step in inner:
            if step["kind"] in ("approve", "work"):
                step["return_to"] = ["start", *earlier[step["id"]]]
            for branch in step.get("branches", ()):
                targets(branch["steps"])

    targets(steps)
    settings_ = {
        "self_approval": draw(st.sampled_from(["forbid", "escalate", "allow"])),
        "repeat_approver": draw(st.sampled_from(["ask", "skip"])),
        "withdraw": draw(st.sampled_from(["until_decided", "always", "never"])),
        "material": draw(st.sampled_from([[], ["amount"], ["amount", "kind"]])),
        **draw(st.sampled_from([{}, {"grace": "PT10S"}])),
    }
    if any(step.kind is Kind.APPROVE for step in plain.flow.walk()):
        settings_ |= draw(st.sampled_from([{}, {"authority": {"amount": "amount", "two_above": str(TWO_ABOVE)}}]))
    directory = draw(st.sampled_from([DIRECTORY, delegating(("bob", "cay", "400"), ("cay", "ann", None))]))
    submitter = draw(st.sampled_from(["ann", "bob", "cay", "boss", None]))
    values = {
        "amount": draw(st.sampled_from([None, Decimal(50), Decimal(500), Decimal(50000)])),
        "kind": draw(st.sampled_from([None, "a", "b"])),
        "owner": draw(st.sampled_from([None, "cay", "dan", "gone"])),
        "ends_on": draw(st.sampled_from([None, Play.now.date() + timedelta(days=2)])),
    }
    return Play(program(steps, **settings_), submitter, directory, values)


TWO_ABOVE = Decimal(400)
CHANGES = st.sampled_from(
    [{}, {}, {}, {"amount": Decimal(50)}, {"amount": Decimal(5000)}, {"note": "x"}, {"kind": "b"}]
)


def anything(draw: Any, scene: Play) -> tuple[Any, dict[str, Any]]:
    """Some event, likely or not, allowed or not."""
    run = scene.run
    actor = Actor(draw(st.sampled_from(NAMES)))
    names = [task.name for task in run.tasks] or ["t1"]
    task = draw(st.sampled_from([*names, "t1", "t99"]))
    found = run.task(task)
    people = engine.people_of(found, scene.directory) if found else ()
    if people and draw(st.booleans()):
        actor = Actor(draw(st.sampled_from(people)))
    changes = draw(CHANGES)
    open_steps = [*run.open_steps, "s1"]
    step = draw(st.sampled_from(open_steps))
    others = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)))
    verdict = draw(st.sampled_from(["approve", "approve", "complete", "reject", "return", "retry", "skip"]))
    to = draw(st.sampled_from([None, "start", *open_steps, *run.steps, "b0"]))
    resume = draw(st.sampled_from(["here", "again"]))
    decided = Decided(task, actor, verdict, "why", changes, to, resume)
    if scene.program.settings.grace:
        graceful = draw(
            st.sampled_from([None, Taken(decided), Taken(decided), Settled(task, changes), Undone(task, actor)])
        )
        if graceful is not None:
            return graceful, changes
    events = [
        (decided, changes),
        (decided, changes),
        (decided, changes),
        (Claimed(task, actor), {}),
        (Released(task, actor), {}),
        (Transferred(task, actor, others[0]), {}),
        (Added(task, actor, others, draw(st.sampled_from(["before", "after"]))), {}),
        (Withdrawn(actor), {}),
        (Resubmitted(Actor(scene.submitter), changed=tuple(changes)), changes),
        (Urged(Actor(scene.submitter)), {}),
        (Expired(step), {}),
        (Completed(step, f"{step}#{draw(st.integers(1, 2))}", {"receipt": "R"}), {}),
        (Failed(step, f"{step}#1", "broken", draw(st.booleans())), {}),
        (Arrived("came", Actor("eve")), {}),
        (Edited(Actor("eve"), tuple(changes)), changes),
        (CustomerAsked(task, actor, "which?"), {}),
        (CustomerAwaited(task, actor), {}),
        (CustomerAnswered(Actor(None, ActingAs.CUSTOMER), "this"), {}),
    ]
    return draw(st.sampled_from(events))


class Outside:
    """What the effects say there is, as a database would hold it."""

    def __init__(self) -> None:
        self.tasks: dict[str, str] = {}
        self.known: set[str] = set()
        self.closed: dict[str, str] = {}
        self.timers: set[str] = set()
        self.calls: list[str] = []

    def take(self, effects: list[Any]) -> None:
        for each in effects:
            if isinstance(each, OpenTask):
                assert each.name not in self.known, "a task's name is never used again"
                self.known.add(each.name)
                self.tasks[each.name] = each.principal
            elif isinstance(each, ChangeTask):
                # one whose decision may be taken back has another deadline by then
                assert each.name in self.tasks or each.name in self.closed
                (self.tasks if each.name in self.tasks else self.closed)[each.name] = each.principal
            elif isinstance(each, CloseTask):
                if each.name not in self.closed:  # a decision that comes to count closes what is closed already
                    self.closed[each.name] = self.tasks.pop(each.name)
            elif isinstance(each, ReopenTask):
                self.tasks[each.name] = self.closed.pop(each.name)
            elif isinstance(each, SetTimer):
                self.timers.add(each.name)
            elif isinstance(each, ClearTimer):
                self.timers.discard(each.name)
            elif isinstance(each, Call):
                self.calls.append(each.name)


def check(scene: Play, outside: Outside) -> None:
    run = scene.run
    said = [
        Said(each.event, each.actor.person, each.actor.acting_as, each.data)
        for each in scene.history
        if isinstance(each, Note)
    ]
    waiting, status = replayed_history(said)
    assert waiting == {task.name for task in run.open_tasks if task.pending is None}
    assert status == run.status.value or not (run.finished or status in FINISHED)
    waiting_tasks = [task for task in run.open_tasks if taken(run, task) is None]
    assert {task.name: task.principal for task in waiting_tasks} == outside.tasks
    for task in run.open_tasks:
        assert engine.people_of(task, scene.directory), f"nobody may act on {task}"
    if run.finished:
        assert not run.tasks
        return
    assert run.open_steps or run.tasks, "stuck: nothing is open"
    for task in run.tasks:
        if task.held:
            assert any(each.parent == task.name for each in run.tasks), "held for nobody"
    clocks_stand_still_while_the_customer_is_asked(scene, outside)


def clocks_stand_still_while_the_customer_is_asked(scene: Play, outside: Outside) -> None:
    run = scene.run
    assert run.asked is None or run.asked.step in run.open_steps
    for name in run.open_steps:
        step = scene.program.step(name)
        if step is not None and step.due is not None:
            assert (run.steps[name].due_at is None) == (run.asked is not None)
            assert run.asked is None or name not in outside.timers


def try_(scene: Play, outside: Outside, event: Any, values: dict[str, Any]) -> bool:
    before = scene.run
    try:
        effects = scene.happen(event, **values)
    except SignoffError:
        assert scene.run is before
        return False
    outside.take(effects)
    check(scene, outside)
    if scene.run == before:
        return False
    note(f"{event} -> {scene.waiting()}")
    return True


def drive_to_the_end(scene: Play, outside: Outside) -> None:
    """Somebody who may, agrees; actions succeed, time passes: the end must come."""
    for _ in range(400):
        if scene.run.finished:
            return
        if not any(try_(scene, outside, event, {}) for event in forward(scene.run, scene)):
            scene.wait(hours=26)
    raise AssertionError(f"no end in sight: {scene.waiting()} {codec.dump(scene.run)}")


def forward(run: Run, scene: Play) -> list[Any]:
    """Events that carry a run on, the likely first."""
    found: list[Any] = [Settled(task.name) for task in run.tasks if task.pending is not None]
    for task in run.open_tasks:
        offered = engine.offers(scene.program, task)
        verdicts = [each for each in ("approve", "complete", "skip", "reject") if each in offered]
        for person in engine.people_of(task, scene.directory):
            step = scene.program.step(task.step)
            branch = step.branches[0].id if step is not None and step.branches else None
            found += [Decided(task.name, Actor(person), verdict, "end", to=branch) for verdict in verdicts]
        # Whoever has no limit high enough hands the task to one who has.
        found += [Transferred(task.name, Actor("eve"), "boss")]
    for step in run.open_steps:
        progress = run.steps[step]
        found.append(Completed(step, f"{step}#{progress.round}", {"receipt": "R"}))
        definition = scene.program.step(step)
        if definition is not None and definition.event is not None:
            found.append(Arrived("came", Actor("eve")))
        found.append(Expired(step))
    return found


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_whatever_happens_a_run_ends(data):
    scene = made(data.draw)
    note(json.dumps(scene.program.flow.document))
    outside = Outside()
    outside.take(scene.history)
    check(scene, outside)
    for _ in range(data.draw(st.integers(0, 12))):
        if data.draw(st.booleans()):
            scene.wait(minutes=data.draw(st.sampled_from([10, 61, 600])))
        event, values = anything(data.draw, scene)
        try_(scene, outside, event, values)
    drive_to_the_end(scene, outside)
    assert scene.run.status in (Status.APPROVED, Status.REJECTED, Status.WITHDRAWN)
    replayed(scene)
    closed_for_good(scene)
    approved_by_two(scene)


def replayed(scene: Play) -> None:
    """The same events lead to the same state and the same effects."""
    transition = engine.start(scene.program, scene.submitter, scene.begun)
    effects = list(transition.effects)
    for event, world in scene.events:
        transition = engine.step(scene.program, transition.run, event, world)
        effects += transition.effects
    assert transition.run == scene.run
    assert effects == scene.history


def approved_by_two(scene: Play) -> None:
    """Above the threshold nobody closes a case alone, in whatever order things happened."""
    amount = scene.world.values.get("amount")
    if scene.run.status is not Status.APPROVED or scene.program.settings.authority is None or amount is None:
        return
    persons = {
        each.by
        for each in scene.run.closed
        if each.verdict == "approve" and not each.void and each.by not in (None, scene.submitter)
    }
    assert amount <= TWO_ABOVE or len(persons) >= 2


def closed_for_good(scene: Play) -> None:
    for closed in scene.run.closed:
        with pytest.raises(engine.TaskClosed) as caught:
            engine.step(scene.program, scene.run, Decided(closed.name, Actor("bob"), "approve"), scene.world)
        assert caught.value.details["verdict"] == closed.verdict


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nobody_approves_what_they_asked_for(data):
    scene = made(data.draw)
    outside = Outside()
    outside.take(scene.history)
    for _ in range(10):
        event, values = anything(data.draw, scene)
        try_(scene, outside, event, values)
    if scene.program.settings.self_approval == "allow" or scene.submitter is None:
        return
    for closed in scene.run.closed:
        if closed.verdict == "approve":
            assert scene.submitter not in (closed.by, closed.behalf)


def test_a_state_of_a_finished_run_says_no_step_is_open():
    scene = Play(program([approve("a", "bob"), approve("b", "dan")])).act("a/bob:approve b/dan:reject")
    assert all(each.state is not State.OPEN for each in scene.run.steps.values())
    assert START not in scene.run.steps
