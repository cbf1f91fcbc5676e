"""What becomes of a request, step by step: one row a rule."""

import pytest

from signoff.flows import engine
from signoff.flows.effects import Actor, Call, Notify, OpenTask, SetStatus
from signoff.flows.events import Completed, Decided, Failed

from .playing import Play, action, approve, auto, parallel, play, program, route, tell, work

SMALL = {"amount": {"lt": "100"}}
LARGE = {"amount": {"gte": "100"}}

OUTCOMES = [
    ([approve("lead", "bob")], "lead/bob:approve", "approved"),
    ([approve("lead", "bob")], "lead/bob:reject", "rejected"),
    ([approve("lead", "bob"), approve("cfo", "dan")], "lead/bob:approve", "open"),
    ([approve("lead", "bob"), approve("cfo", "dan")], "lead/bob:approve cfo/dan:approve", "approved"),
    ([approve("lead", "bob"), approve("cfo", "dan")], "lead/bob:approve cfo/dan:reject", "rejected"),
    ([approve("lead", "bob", "cay")], "lead/cay:approve", "approved"),
    ([approve("lead", "bob", "cay")], "lead/cay:reject", "rejected"),
    ([approve("lead", "bob", "cay", mode="all")], "lead/bob:approve", "open"),
    ([approve("lead", "bob", "cay", mode="all")], "lead/cay:approve lead/bob:approve", "approved"),
    ([approve("lead", "bob", "cay", mode="all")], "lead/bob:reject", "rejected"),
    ([approve("lead", "cay", "bob", mode="in_turn")], "lead/cay:approve", "open"),
    ([approve("lead", "cay", "bob", mode="in_turn")], "lead/cay:approve lead/bob:approve", "approved"),
    ([approve("lead", "bob", "cay", "dan", mode="vote", share="0.5")], "lead/bob:approve", "open"),
    ([approve("lead", "bob", "cay", "dan", mode="vote", share="0.5")], "lead/bob:approve lead/dan:approve", "approved"),
    ([approve("lead", "bob", "cay", "dan", mode="vote", share="0.5")], "lead/bob:reject lead/dan:approve", "open"),
    ([approve("lead", "bob", "cay", "dan", mode="vote", share="0.5")], "lead/bob:reject lead/dan:reject", "rejected"),
    ([approve("lead", "bob", "cay", mode="vote", share="1")], "lead/bob:reject", "rejected"),
    ([work("pack", "bob")], "pack/bob:complete", "approved"),
    ([auto("ok")], "", "approved"),
    ([auto("no", "reject"), approve("lead", "bob")], "", "rejected"),
    ([route("size", ("small", SMALL, [auto("ok")]), ("large", LARGE, [approve("lead", "bob")]))], "", "open"),
    (
        [route("size", ("small", SMALL, []), ("large", LARGE, [approve("lead", "bob")])), approve("cfo", "dan")],
        "lead/bob:approve cfo/dan:approve",
        "approved",
    ),
    ([route("size", ("small", SMALL, [approve("lead", "bob")]), ("other", None, []))], "", "approved"),
    ([parallel("both", [approve("lead", "bob")], [approve("cfo", "dan")])], "cfo/dan:approve", "open"),
    (
        [parallel("both", [approve("lead", "bob")], [approve("cfo", "dan")])],
        "cfo/dan:approve lead/bob:approve",
        "approved",
    ),
    ([parallel("both", [approve("lead", "bob")], [approve("cfo", "dan")])], "cfo/dan:reject", "rejected"),
    ([parallel("both", [approve("lead", "bob")], [approve("cfo", "dan")], join="any")], "cfo/dan:approve", "approved"),
    ([parallel("both", [approve("lead", "bob")], [auto("ok")], join="any")], "", "approved"),
    ([approve("lead", {"role": "lonely"}, nobody="skip")], "", "approved"),
    ([approve("lead", {"role": "lonely"}, nobody="refuse")], "", "rejected"),
    ([approve("lead", {"role": "lonely"}, nobody=[{"person": "dan"}])], "lead/dan:approve", "approved"),
    ([approve("lead", {"role": "lonely"}, nobody=[{"person": "gone"}])], "lead/eve:approve", "approved"),
    ([approve("lead", {"role": "lonely"})], "lead/eve:approve", "approved"),
    ([tell("copy", {"submitter": True})], "", "approved"),
]


@pytest.mark.parametrize(("steps", "script", "status"), OUTCOMES)
def test_outcome(steps, script, status):
    assert play(steps, script).run.status == status


WAITS = [
    ("any of several has one task for each", [approve("lead", "bob", "cay")], "", ["lead p:bob", "lead p:cay"]),
    ("a role is a pool", [approve("lead", {"role": "finance"})], "", ["lead r:finance"]),
    ("of a department", [approve("lead", {"role": "finance", "of": "shop"})], "", ["lead r:finance@shop"]),
    (
        "of the submitter's department",
        [approve("lead", {"role": "finance", "of": "submitter.department"})],
        "",
        ["lead r:finance@shop"],
    ),
    ("all of a role are persons", [approve("lead", {"role": "finance"}, mode="all")], "", ["lead p:cay", "lead p:dan"]),
    ("in turn begins with one", [approve("lead", "cay", "dan", mode="in_turn")], "", ["lead p:cay"]),
    ("and goes on", [approve("lead", "cay", "dan", mode="in_turn")], "lead/cay:approve", ["lead p:dan"]),
    ("nobody twice", [approve("lead", "bob", {"manager": 1})], "", ["lead p:bob"]),
    ("the manager's manager", [approve("lead", {"manager": 2})], "", ["lead p:dan"]),
    ("above the top goes to an admin", [approve("lead", {"manager": 9})], "", ["lead r:admin"]),
    ("the first whose limit covers", [approve("lead", {"manager_with_limit": "amount"})], "", ["lead p:bob"]),
    ("the head of a department", [approve("lead", {"head_of": "company"})], "", ["lead p:boss"]),
    ("the head of one's own", [approve("lead", {"head_of": "submitter.department"})], "", ["lead p:bob"]),
    (
        "whoever approved before",
        [approve("a", "cay"), approve("b", {"approver_of": "a"})],
        "a/cay:approve",
        ["b p:cay"],
    ),
    (
        "in parallel all at once",
        [parallel("p", [approve("a", "bob")], [approve("b", "dan")])],
        "",
        ["a p:bob", "b p:dan"],
    ),
    ("who left is not asked", [approve("lead", "gone", "bob")], "", ["lead p:bob"]),
]


@pytest.mark.parametrize(("rule", "steps", "script", "waiting"), WAITS, ids=[row[0] for row in WAITS])
def test_waits_for(rule, steps, script, waiting):
    assert play(steps, script).waiting() == waiting


def test_of_several_any_one_decision_cancels_the_others_and_says_so():
    scene = play([approve("lead", "bob", "cay")], "lead/cay:approve")
    assert [note["because"] for note in scene.notes("task.cancelled")] == ["other_decided"]


def test_of_parallel_branches_any_one_cancels_the_others_and_says_so():
    scene = play([parallel("both", [approve("a", "bob")], [approve("b", "dan")], join="any")], "b/dan:approve")
    assert scene.waiting() == []
    assert [note["step"] for note in scene.notes("step.cancelled")] == ["a"]


def test_a_second_decision_learns_who_was_first_and_when():
    scene = play([approve("lead", "bob", "cay"), approve("cfo", "dan")], "lead/cay:approve")
    with pytest.raises(engine.TaskClosed) as caught:
        scene.happen(Decided("t2", Actor("cay"), "reject"))
    assert caught.value.details["by"] == "cay"
    assert caught.value.details["by_name"] == "Cay"
    assert caught.value.details["at"] == "2026-03-02T02:00:00Z"
    assert caught.value.details["verdict"] == "approve"
    assert caught.value.status == 409


def test_who_was_passed_over_by_the_first_learns_that_too():
    scene = play([approve("lead", "bob", "cay"), approve("cfo", "dan")], "lead/cay:approve")
    with pytest.raises(engine.TaskClosed) as caught:
        scene.happen(Decided("t1", Actor("bob"), "approve"))
    assert caught.value.details["verdict"] == "cancelled"


def test_a_stranger_may_not_decide():
    scene = play([approve("lead", "bob")])
    with pytest.raises(engine.NotAssigned) as caught:
        scene.happen(Decided("t1", Actor("cay"), "approve"))
    assert caught.value.status == 403
    assert "Bob" in caught.value.message


@pytest.mark.parametrize(
    ("more", "verdict", "code"),
    [
        ({}, "complete", "not_offered"),
        ({"actions": ["approve"]}, "reject", "not_offered"),
        ({"reason_on": ["reject"]}, "reject", "reason_missing"),
        ({"return_to": ["start"]}, "return>lead", "return_target"),
    ],
)
def test_refused_on_ones_own_task(more, verdict, code):
    scene = play([approve("lead", "bob", **more)])
    name, _, to = verdict.partition(">")
    with pytest.raises(engine.NotAllowed) as caught:
        scene.decide("lead", "bob", name, to=to or None)
    assert caught.value.code == code
    assert caught.value.problems[0].path


def test_no_branch_goes_to_an_admin_and_is_not_lost():
    steps = [route("size", ("small", SMALL, [])), approve("cfo", "dan")]
    scene = play(steps)
    assert scene.waiting() == ["size r:admin"]
    assert scene.notes("route.stuck")[0]["facts"] == {"amount": "500"}
    assert scene.task("size").why[-1].code == "nobody" or any(each.code == "no_way" for each in scene.task("size").why)
    scene.decide("size", "eve", "complete", to="small")
    assert scene.waiting() == ["cfo p:dan"]


def test_no_branch_is_decided_anew_when_the_values_were_corrected():
    scene = play([route("size", ("small", SMALL, [approve("lead", "bob")]))])
    with pytest.raises(engine.NotAllowed):
        scene.decide("size", "eve", "complete")
    scene.values["amount"] = scene.values["amount"] / 10
    scene.decide("size", "eve", "complete")
    assert scene.waiting() == ["lead p:bob"]


def test_two_branches_of_a_unique_route_go_to_an_admin():
    scene = play([route("size", ("one", LARGE, []), ("two", {"kind": "a"}, []))])
    assert scene.notes("route.stuck")[0]["matches"] == 2


def test_the_first_branch_that_holds_is_taken_where_the_route_says_so():
    scene = play([route("size", ("one", LARGE, [approve("a", "bob")]), ("two", {"kind": "a"}, []), hit="first")])
    assert scene.notes("route.taken")[0]["branch"] == "one"


def test_an_action_is_called_and_its_result_fills_the_fields():
    scene = play(
        [action("pay", **{"with": {"amount": {"field": "amount"}, "by": "bank"}, "into": {"paid": "receipt"}})]
    )
    call = scene.last(Call)[0]
    assert (call.name, call.arguments) == ("pay#1", {"amount": "500", "by": "bank"})
    scene.happen(Completed("pay", "pay#1", {"receipt": "R-1", "other": 1}))
    assert [each.values for each in scene.effects if hasattr(each, "values")] == [{"paid": "R-1"}]
    assert scene.run.status == "approved"


def test_the_end_of_an_action_counts_once():
    scene = play([action("pay"), approve("lead", "bob")])
    scene.happen(Completed("pay", "pay#1"))
    assert scene.happen(Completed("pay", "pay#1")) == []
    assert scene.waiting() == ["lead p:bob"]


@pytest.mark.parametrize(
    ("on_error", "final", "status", "waiting"),
    [
        ("retry", False, "open", []),
        ("retry", True, "open", ["pay r:admin"]),
        ("ask", False, "open", ["pay r:admin"]),
        ("fail", False, "rejected", []),
    ],
)
def test_an_action_that_fails(on_error, final, status, waiting):
    scene = play([action("pay", on_error=on_error)])
    scene.happen(Failed("pay", "pay#1", "No money", final))
    assert (scene.run.status, scene.waiting()) == (status, waiting)


@pytest.mark.parametrize(
    ("verdict", "status", "calls"), [("retry", "open", ["pay#1"]), ("skip", "approved", []), ("reject", "rejected", [])]
)
def test_somebody_helps_a_failed_action_on(verdict, status, calls):
    scene = play([action("pay", on_error="ask")])
    scene.happen(Failed("pay", "pay#1", "No money"))
    scene.decide("pay", "eve", verdict)
    assert scene.run.status == status
    assert [each.name for each in scene.last(Call)] == calls


def test_the_owner_helps_before_an_admin():
    scene = play([action("pay", on_error="ask")], owner={"person": "bob"})
    scene.happen(Failed("pay", "pay#1", "No money"))
    assert scene.waiting() == ["pay p:bob"]


def test_a_notify_step_tells_people_and_addresses():
    scene = Play(program([tell("copy", {"submitter": True}, {"field": "email"}), approve("lead", "bob")]))
    scene = Play(scene.program, values={**scene.values, "email": "c@example.org"})
    (told,) = scene.last(Notify)
    assert (told.people, told.addresses, told.template) == (("ann",), ("c@example.org",), "done")


def test_the_end_says_its_status_once():
    scene = play([approve("lead", "bob")], "lead/bob:approve")
    assert scene.last(SetStatus) == [SetStatus("approved", finished=True)]


def test_why_says_step_branch_and_selector():
    scene = play(
        [route("size", ("large", LARGE, [approve("lead", {"manager_with_limit": "amount"})]), ("rest", None, []))]
    )
    (task,) = scene.last(OpenTask)
    assert [reason.code for reason in task.why] == ["step", "branch", "limit"]
    assert task.why[1].data == {"step": "size", "branch": "large", "facts": {"amount": "500"}}
    assert task.why[2].data["limit"] == "1000"


def test_why_says_what_was_looked_for_in_vain():
    (task,) = play([approve("lead", {"role": "lonely"})]).last(OpenTask)
    assert [reason.code for reason in task.why] == ["step", "role", "nobody"]


def test_a_customer_without_account_has_no_manager():
    assert play([approve("lead", {"manager": 1})], submitter=None).waiting() == ["lead r:admin"]
