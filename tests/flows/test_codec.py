"""States: small, the same after JSON, and those of older versions still read."""

import json

from signoff.flows import codec
from signoff.flows.effects import Actor
from signoff.flows.events import Added, Claimed, Urged
from signoff.flows.run import Status

from .playing import approve, parallel, play, route

OLD = {
    "v": 1, "by": "ann", "status": "open", "n": 3,
    "tasks": [{"id": "t3", "step": "lead", "who": "r:finance", "not": "ann", "why": [["step", {"step": "lead"}]]}],
    "closed": [["t1", "a", "approve", "2026-03-02T02:00:00", "bob"], ["t2", "a", "cancelled", "2026-03-02T02:00:00"]],
    "steps": {"a": "d", "lead": {"s": "o", "at": "2026-03-02T02:00:00"}},
    "marks": {"amount": "500"},
}  # fmt: skip


def test_an_old_state_is_read_and_written_alike():
    run = codec.load(OLD)
    assert run.status is Status.OPEN
    assert run.task("t3").excluded == "ann"
    assert run.closed[0].by == "bob"
    assert codec.dump(run) == OLD


def test_keys_that_a_newer_version_writes_do_no_harm():
    assert codec.load({**OLD, "later": 1}).submitter == "ann"


def test_a_usual_run_takes_less_than_a_kilobyte():
    steps = [
        approve("a", {"role": "finance"}, due={"in": "PT2H", "remind": ["PT0S"]}),
        route(
            "r", ("x", {"amount": {"lt": "100"}}, []), ("y", {"amount": {"gte": "100"}}, [approve("b", {"manager": 1})])
        ),
        parallel("p", [approve("c", "dan")], [approve("d", "boss")]),
    ]
    scene = play(steps, "a/cay:approve b/bob:approve", material=["amount", "note"])
    assert len(json.dumps(codec.dump(scene.run))) < 1000


def test_everything_that_a_run_remembers_survives():
    scene = play([approve("a", {"role": "finance"}), approve("b", "cay", "dan", mode="vote", share="0.5")])
    scene.happen(Claimed("t1", Actor("cay")))
    scene.happen(Added("t1", Actor("cay"), ("bob",), "before"))
    scene.happen(Urged(Actor("ann")))
    scene.act("a/bob:approve")
    scene.decide("a", "cay", "return", to="start", resume="here")
    assert codec.load(json.loads(json.dumps(codec.dump(scene.run)))) == scene.run
    assert scene.run.back is not None
