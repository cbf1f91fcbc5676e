"""Going back: returns, corrections, material changes, withdrawing, urging, edits."""

from decimal import Decimal

import pytest

from signoff.flows import engine
from signoff.flows.effects import Actor, Call, Notify, OpenTask, SetStatus
from signoff.flows.events import Added, Completed, Decided, Edited, Resubmitted, Urged, Withdrawn
from signoff.platform.errors import Conflict, Forbidden, TooMany

from .playing import Play, action, approve, parallel, play, route, work

THREE = [
    approve("a", "bob"),
    approve("b", "cay", return_to=["start", "a"]),
    approve("c", "dan", return_to=["start", "a", "b"]),
]
MATERIAL = {"material": ["amount"]}


def resubmit(scene: Play, **values) -> Play:
    scene.happen(Resubmitted(Actor("ann"), changed=tuple(values)), **values)
    return scene


RETURNS = [
    ("to the start, from there again", "a/bob:approve b/cay:return>start", "again", ["a p:bob"]),
    ("to the start, and here again", "a/bob:approve b/cay:return>start", "here", ["b p:cay"]),
    ("of the first step", "a/bob:return>start", "here", ["a p:bob"]),
]


@pytest.mark.parametrize(("rule", "script", "resume", "waiting"), RETURNS, ids=[row[0] for row in RETURNS])
def test_returned_to_the_submitter(rule, script, resume, waiting):
    *before, last = script.split()
    scene = play(THREE, " ".join(before))
    step, by = last.partition(":")[0].split("/")
    scene.decide(step, by, "return", to="start", resume=resume)
    assert scene.run.status == "returned"
    assert scene.waiting() == ["start p:ann"]
    assert scene.last(SetStatus) == [SetStatus("returned", finished=False)]
    resubmit(scene, note="better")
    assert (scene.run.status, scene.waiting()) == ("open", waiting)


BACK = [("again", ["b p:cay"]), ("here", ["c p:dan"])]


@pytest.mark.parametrize(("resume", "waiting"), BACK)
def test_returned_to_an_earlier_step(resume, waiting):
    scene = play(THREE, "a/bob:approve b/cay:approve")
    scene.decide("c", "dan", "return", to="a", resume=resume)
    assert scene.waiting() == ["a p:bob"]
    assert scene.act("a/bob:approve").waiting() == waiting


def test_the_correction_is_a_task_too():
    scene = play(THREE, "a/bob:return>start")
    scene.decide("start", "ann", "complete", values={"note": "x"})
    assert scene.waiting() == ["a p:bob"]


def test_only_the_submitter_corrects():
    scene = play(THREE, "a/bob:return>start")
    with pytest.raises(Forbidden):
        scene.happen(Resubmitted(Actor("bob")))
    with pytest.raises(Forbidden):
        scene.happen(Decided(scene.task("start").name, Actor("bob"), "complete"))


def test_for_a_customer_an_admin_corrects():
    scene = play(THREE, "a/bob:return>start", submitter=None)
    assert scene.waiting() == ["start r:admin"]
    scene.decide("start", "eve", "complete")
    assert scene.waiting() == ["a p:bob"]


def test_what_was_not_sent_back_is_not_sent_again():
    with pytest.raises(engine.NotAllowed):
        resubmit(play(THREE))


def test_not_back_to_a_step_that_was_never_done():
    steps = [
        route("r", ("x", {"kind": "b"}, [approve("a", "bob")]), ("y", None, [])),
        approve("b", "cay", return_to=["a"]),
    ]
    with pytest.raises(engine.NotAllowed):
        play(steps, "b/cay:return>a")


def test_where_all_must_agree_the_others_stay_agreed():
    steps = [approve("a", "bob", "cay", mode="all")]
    scene = play(steps, "a/bob:approve")
    scene.decide("a", "cay", "return", to="start", resume="here")
    assert resubmit(scene).waiting() == ["a p:cay"]


def test_a_return_from_one_branch_of_a_parallel_leaves_the_other_where_it_is():
    steps = [parallel("p", [approve("a", "bob"), approve("b", "cay", return_to=["a"])], [approve("c", "dan")])]
    scene = play(steps, "a/bob:approve")
    scene.decide("b", "cay", "return", to="a")
    assert scene.waiting() == ["c p:dan", "a p:bob"]
    scene.act("c/dan:approve a/bob:approve b/cay:approve")
    assert scene.run.status == "approved"


def test_a_return_before_a_parallel_cancels_its_branches_and_here_asks_only_what_is_left():
    steps = [
        approve("x", "boss"),
        parallel("p", [approve("a", "bob", return_to=["x"])], [approve("b", "cay")], [approve("c", "dan")]),
    ]
    scene = play(steps, "x/boss:approve b/cay:approve")
    scene.decide("a", "bob", "return", to="x", resume="here")
    assert scene.waiting() == ["x p:boss"]
    assert sorted(scene.act("x/boss:approve").waiting()) == ["a p:bob", "c p:dan"]


def test_a_route_is_taken_anew_after_a_return_if_what_it_rests_on_changed():
    steps = [
        route(
            "r",
            ("small", {"amount": {"lt": "1000"}}, []),
            ("large", {"amount": {"gte": "1000"}}, [approve("boss", "boss")]),
        ),
        approve("a", "bob"),
    ]
    scene = play(steps)
    scene.decide("a", "bob", "return", to="start", resume="here")
    assert resubmit(scene, amount=Decimal("2000")).waiting() == ["boss p:boss"]
    assert scene.act("boss/boss:approve").waiting() == ["a p:bob"]


def test_a_route_stays_if_its_branch_filled_what_it_rests_on():
    ways = ("todo", {"paid": {"empty": True}}, [work("w", "cay")]), ("done", {"paid": "yes"}, [approve("z", "boss")])
    steps = [route("r", *ways), approve("a", "bob")]
    scene = play(steps)
    scene.decide("w", "cay", "complete", values={"note": "seen"})
    scene.decide("a", "bob", "return", to="start", resume="here")
    assert resubmit(scene, note="n").waiting() == ["a p:bob"]


def test_an_action_that_was_performed_is_not_performed_again():
    steps = [approve("a", "bob"), action("pay", **{"with": {"amount": {"field": "amount"}}}), approve("b", "cay")]
    scene = play(steps, "a/bob:approve")
    scene.happen(Completed("pay", "pay#1"))
    scene.act("b/cay:return>start")
    resubmit(scene).act("a/bob:approve")
    assert scene.waiting() == ["b p:cay"]
    assert len([each for each in scene.history if isinstance(each, Call)]) == 1


def test_with_other_arguments_somebody_is_asked():
    steps = [approve("a", "bob"), action("pay", **{"with": {"amount": {"field": "amount"}}}), approve("b", "cay")]
    scene = play(steps, "a/bob:approve")
    scene.happen(Completed("pay", "pay#1"))
    scene.act("b/cay:return>start")
    resubmit(scene, amount=Decimal("600")).act("a/bob:approve")
    assert scene.waiting() == ["pay r:admin"]
    scene.decide("pay", "eve", "retry")
    assert [each.name for each in scene.last(Call)] == ["pay#2"]


# material change

CHANGES = [
    ("before and after the same", {"amount": Decimal("500.00")}, ["b p:cay"]),
    ("an immaterial field", {"note": "other"}, ["b p:cay"]),
    ("a material field", {"amount": Decimal("501")}, ["a p:bob"]),
]


@pytest.mark.parametrize(("rule", "values", "waiting"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_change_in_a_correction(rule, values, waiting):
    scene = play(THREE, "a/bob:approve", **MATERIAL)
    scene.decide("b", "cay", "return", to="start", resume="here")
    assert resubmit(scene, **values).waiting() == waiting


@pytest.mark.parametrize(("rule", "values", "waiting"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_change_beside_the_flow(rule, values, waiting):
    scene = play(THREE, "a/bob:approve", **MATERIAL)
    scene.happen(Edited(Actor("eve"), tuple(values)), **values)
    assert scene.waiting() == waiting


def test_a_change_with_a_decision_asks_those_before_again_and_then_goes_on():
    scene = play(THREE, "a/bob:approve", **MATERIAL)
    scene.decide("b", "cay", values={"amount": Decimal("600")})
    assert scene.waiting() == ["a p:bob"]
    assert scene.notes("approvals.void") == [{"changed": ["amount"], "steps": ["a"]}]
    assert scene.act("a/bob:approve").waiting() == ["c p:dan"]


def test_work_that_changes_it_asks_again_but_is_not_done_again():
    steps = [approve("a", "bob"), work("w", "cay"), approve("c", "dan")]
    scene = play(steps, "a/bob:approve", **MATERIAL)
    scene.decide("w", "cay", "complete", values={"amount": Decimal("600")})
    assert scene.waiting() == ["a p:bob"]
    assert scene.act("a/bob:approve").waiting() == ["c p:dan"]


def test_of_a_pool_only_who_approved_is_asked_again():
    steps = [approve("a", {"role": "finance"}), approve("b", "boss")]
    scene = play(steps, "a/cay:approve", **MATERIAL)
    scene.happen(Edited(Actor("eve"), ("amount",)), amount=Decimal("1"))
    assert scene.waiting() == ["a p:cay"]
    assert scene.last(OpenTask)[0].why[-1].code == "again"


def test_while_all_are_asked_who_agreed_already_is_asked_again():
    scene = play([approve("a", "bob", "cay", mode="all")], "a/bob:approve", **MATERIAL)
    scene.happen(Edited(Actor("eve"), ("amount",)), amount=Decimal("1"))
    assert sorted(scene.waiting()) == ["a p:bob", "a p:cay"]
    assert scene.act("a/bob:approve a/cay:approve").run.status == "approved"


def test_a_higher_amount_goes_to_a_higher_limit():
    scene = play([approve("a", {"manager_with_limit": "amount"})], **MATERIAL)
    assert scene.waiting() == ["a p:bob"]
    scene.happen(Edited(Actor("eve"), ("amount",)), amount=Decimal("3000"))
    assert scene.waiting() == ["a p:dan"]


def test_who_was_passed_over_as_repeat_is_asked_when_that_approval_falls():
    steps = [approve("a", "bob"), approve("b", "bob"), approve("c", "dan")]
    scene = play(steps, "a/bob:approve", repeat_approver="skip", **MATERIAL)
    scene.happen(Edited(Actor("eve"), ("amount",)), amount=Decimal("1"))
    assert scene.waiting() == ["a p:bob"]
    assert scene.act("a/bob:approve").waiting() == ["c p:dan"]


def test_a_change_switches_the_route():
    steps = [
        approve("a", "bob"),
        route(
            "r", ("small", {"amount": {"lt": "1000"}}, [approve("b", "cay")]), ("large", None, [approve("c", "boss")])
        ),
    ]
    scene = play(steps, "a/bob:approve", **MATERIAL)
    scene.happen(Edited(Actor("eve"), ("amount",)), amount=Decimal("5000"))
    assert scene.waiting() == ["a p:bob"]
    assert scene.act("a/bob:approve").waiting() == ["c p:boss"]


# withdraw, urge

WITHDRAW = [
    ("until_decided", "", True),
    ("until_decided", "a/bob:approve", False),
    ("until_decided", "a/bob:return>start", True),
    ("always", "a/bob:approve", True),
    ("never", "", False),
]


@pytest.mark.parametrize(("setting", "script", "allowed"), WITHDRAW)
def test_withdraw(setting, script, allowed):
    scene = play(THREE, script, withdraw=setting)
    if allowed:
        scene.happen(Withdrawn(Actor("ann")))
        assert (scene.run.status, scene.waiting()) == ("withdrawn", [])
        return
    with pytest.raises(Forbidden):
        scene.happen(Withdrawn(Actor("ann")))


def test_only_the_submitter_withdraws():
    with pytest.raises(Forbidden):
        play(THREE).happen(Withdrawn(Actor("bob")))


def test_not_while_an_action_is_carried_out():
    scene = play([approve("a", "bob"), action("pay")], "a/bob:approve", withdraw="always")
    with pytest.raises(Conflict):
        scene.happen(Withdrawn(Actor("ann")))


def test_nothing_happens_to_a_request_that_is_over():
    scene = play(THREE)
    scene.happen(Withdrawn(Actor("ann")))
    with pytest.raises(engine.RunFinished):
        scene.happen(Withdrawn(Actor("ann")))
    assert scene.happen(Edited(Actor("eve"), ("amount",)), amount=Decimal("1")) == []


def test_urge_reaches_those_it_waits_for_once_an_hour():
    scene = play([approve("a", {"role": "finance"})])
    scene.happen(Urged(Actor("ann"), "Please"))
    assert scene.last(Notify)[0].people == ("cay", "dan")
    scene.wait(minutes=59)
    with pytest.raises(TooMany) as caught:
        scene.happen(Urged(Actor("ann")))
    assert caught.value.details["retry_after"] <= 61
    scene.wait(minutes=2).happen(Urged(Actor("ann")))


def test_there_is_nobody_to_urge_but_oneself():
    with pytest.raises(engine.NotAllowed):
        play(THREE, "a/bob:return>start").happen(Urged(Actor("ann")))


def test_an_action_under_way_is_not_forgotten_by_a_return_beside_it():
    steps = [approve("x", "boss"), parallel("p", [action("pay")], [approve("a", "bob", return_to=["x"])])]
    scene = play(steps, "x/boss:approve")
    scene.decide("a", "bob", "return", to="x")
    scene.happen(Completed("pay", "pay#1"))
    scene.act("x/boss:approve")
    assert scene.waiting() == ["a p:bob"]
    assert scene.act("a/bob:approve").run.status == "approved"
    assert len([each for each in scene.history if isinstance(each, Call)]) == 1


def test_a_return_by_somebody_added_asks_the_step_anew():
    scene = play([approve("a", "bob")])
    scene.happen(Added("t1", Actor("bob"), ("cay",), "after"))
    scene.act("a/bob:approve")
    scene.decide("a", "cay", "return", to="start", resume="here")
    assert resubmit(scene).waiting() == ["a p:bob"]
