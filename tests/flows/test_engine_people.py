"""Who may act: oneself, pools, delegates, limits, transfers, people added before and after."""

import pytest

from signoff.flows import engine
from signoff.flows.effects import Actor, CloseTask
from signoff.flows.events import Added, Claimed, Decided, Released, Transferred
from signoff.platform.acting import ActingAs
from signoff.platform.errors import Conflict, Forbidden, SignoffError

from .playing import DIRECTORY, Play, approve, delegating, play, program, route, work

FINANCE = {"role": "finance"}
WITH_LIMIT = {"manager_with_limit": "amount"}

SELF = [
    # who asks, what the step says, the setting, whom it waits for
    ("a pool leaves them out", "cay", approve("lead", FINANCE), "forbid", ["lead r:finance"]),
    ("a list leaves them out", "cay", approve("lead", "cay", "dan"), "forbid", ["lead p:dan"]),
    ("all leaves them out", "cay", approve("lead", FINANCE, mode="all"), "escalate", ["lead p:dan"]),
    ("alone: nobody", "cay", approve("lead", "cay"), "forbid", ["lead r:admin"]),
    ("alone: the manager", "cay", approve("lead", "cay"), "escalate", ["lead p:bob"]),
    ("alone: may skip", "cay", approve("lead", "cay", nobody="skip"), "forbid", []),
    ("alone at the top: nobody", "boss", approve("lead", "boss"), "escalate", ["lead r:admin"]),
    ("as head of the department", "bob", approve("lead", {"head_of": "shop"}), "escalate", ["lead p:dan"]),
    ("the submitter by name", "ann", approve("lead", {"submitter": True}), "escalate", ["lead p:bob"]),
    ("as a field says", "cay", approve("lead", {"field": "owner"}), "escalate", ["lead p:bob"]),
    ("allowed", "cay", approve("lead", "cay"), "allow", ["lead p:cay"]),
    ("allowed in a pool", "cay", approve("lead", FINANCE), "allow", ["lead r:finance"]),
    ("work is no approval", "cay", work("lead", "cay"), "forbid", ["lead p:cay"]),
    ("the fallback leaves them out too", "cay", approve("lead", "gone", nobody=[{"person": "cay"}, {"person": "dan"}]),
     "forbid", ["lead p:dan"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "asks", "step", "setting", "waiting"), SELF, ids=[row[0] for row in SELF])
def test_nobody_approves_what_they_asked_for(rule, asks, step, setting, waiting):
    made = program([step], self_approval=setting)
    scene = Play(made, asks, values={"owner": "cay"})
    assert scene.waiting() == waiting
    if setting != "allow" and step["kind"] == "approve":
        assert asks not in [who for each in scene.run.open_tasks for who in engine.people_of(each, DIRECTORY)]


def test_the_submitter_may_not_decide_from_the_pool():
    scene = play([approve("lead", FINANCE)], submitter="cay")
    with pytest.raises(Forbidden):
        scene.happen(Decided("t1", Actor("cay"), "approve"))


@pytest.mark.parametrize(
    ("who", "delegate"),
    [("bob", "ann"), ("dan", "ann")],
    ids=["for an approver", "for another who delegated to nobody here"],
)
def test_the_submitter_may_not_decide_as_a_delegate(who, delegate):
    scene = Play(program([approve("lead", who)]), directory=delegating((who, delegate, None)))
    with pytest.raises(Forbidden) as caught:
        scene.happen(Decided("t1", Actor("ann"), "approve"))
    assert caught.value.code == "self_approval"


def test_nobody_decides_for_the_submitter():
    scene = Play(program([approve("lead", FINANCE)]), "cay", delegating(("cay", "ann", None)))
    with pytest.raises(Forbidden):
        scene.happen(Decided("t1", Actor("ann"), "approve"))


def test_a_task_is_not_transferred_to_the_submitter():
    scene = play([approve("lead", "bob")])
    with pytest.raises(Forbidden) as caught:
        scene.happen(Transferred("t1", Actor("bob"), "ann"))
    assert caught.value.code == "self_approval"


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_submitter_is_not_added(when):
    scene = play([approve("lead", "bob")])
    with pytest.raises(Forbidden):
        scene.happen(Added("t1", Actor("bob"), ("ann",), when))


# who approved already

REPEATS = [
    ("ask again by default", [approve("a", "bob"), approve("b", "bob")], {}, ["b p:bob"]),
    ("pass over", [approve("a", "bob"), approve("b", "bob")], {"repeat_approver": "skip"}, []),
    ("only if all of them", [approve("a", "bob"), approve("b", "bob", "dan")], {"repeat_approver": "skip"},
     ["b p:bob", "b p:dan"]),
    ("work is asked", [approve("a", "bob"), work("b", "bob")], {"repeat_approver": "skip"}, ["b p:bob"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "steps", "settings", "waiting"), REPEATS, ids=[row[0] for row in REPEATS])
def test_who_approved_earlier(rule, steps, settings, waiting):
    assert play(steps, "a/bob:approve", **settings).waiting() == waiting


def test_the_history_says_who_was_passed_over():
    scene = play([approve("a", "bob"), approve("b", "bob")], "a/bob:approve", repeat_approver="skip")
    assert scene.notes("step.skipped") == [{"step": "b", "because": "repeat"}]


def test_a_rejection_in_a_vote_is_no_earlier_approval():
    steps = [approve("a", "bob", "cay", mode="vote", share="0.5"), approve("b", "bob")]
    assert play(steps, "a/bob:reject a/cay:approve", repeat_approver="skip").waiting() == ["b p:bob"]


# pools


def test_a_pool_task_is_claimed_and_released():
    scene = play([approve("lead", FINANCE)])
    scene.happen(Claimed("t1", Actor("cay")))
    with pytest.raises(engine.NotAssigned):
        scene.happen(Decided("t1", Actor("dan"), "approve"))
    with pytest.raises(Conflict) as caught:
        scene.happen(Claimed("t1", Actor("dan")))
    assert caught.value.details["by"] == "cay"
    scene.happen(Released("t1", Actor("cay")))
    scene.decide("lead", "dan")
    assert scene.run.status == "approved"


def test_an_admin_releases_what_somebody_left_claimed():
    scene = play([approve("lead", FINANCE)])
    scene.happen(Claimed("t1", Actor("cay")))
    scene.happen(Released("t1", Actor("eve")))
    assert scene.run.open_tasks[0].claimed_by is None


def test_claiming_twice_changes_nothing():
    scene = play([approve("lead", FINANCE)])
    scene.happen(Claimed("t1", Actor("cay")))
    assert scene.happen(Claimed("t1", Actor("cay"))) == []


@pytest.mark.parametrize("event", [Claimed("t1", Actor("bob")), Released("t1", Actor("bob"))])
def test_what_is_no_pool_is_neither_claimed_nor_released(event):
    with pytest.raises(engine.NotAllowed):
        play([approve("lead", "bob")]).happen(event)


# delegation


def test_a_delegate_decides_and_is_recorded_as_one():
    scene = Play(program([approve("lead", "bob")]), directory=delegating(("bob", "cay", None)))
    scene.happen(Decided("t1", Actor("cay"), "approve"))
    (closed,) = scene.last(CloseTask)
    assert closed.actor == Actor("cay", ActingAs.DELEGATE, "bob")
    assert scene.run.closed[0].accountable == "bob"


def test_a_delegation_goes_on_through_others_and_ends_where_it_comes_round():
    directory = delegating(("bob", "cay", None), ("cay", "dan", None), ("dan", "bob", None))
    scene = Play(program([approve("lead", "bob")]), directory=directory)
    scene.happen(Decided("t1", Actor("dan"), "approve"))
    assert scene.run.closed[0].behalf == "bob"


@pytest.mark.parametrize(("limit", "allowed"), [("499.99", False), ("500", True), (None, True)])
def test_a_delegate_decides_up_to_the_limit(limit, allowed):
    scene = Play(program([approve("lead", "bob")]), directory=delegating(("bob", "cay", limit)))
    if allowed:
        scene.happen(Decided("t1", Actor("cay"), "approve"))
        return
    with pytest.raises(Forbidden) as caught:
        scene.happen(Decided("t1", Actor("cay"), "approve"))
    assert caught.value.code == "delegation_limit"


def test_through_others_the_least_limit_counts():
    directory = delegating(("bob", "cay", "100"), ("cay", "dan", "900"))
    scene = Play(program([approve("lead", "bob")]), directory=directory)
    with pytest.raises(Forbidden):
        scene.happen(Decided("t1", Actor("dan"), "approve"))


def test_a_delegate_may_reject_above_the_limit():
    scene = Play(program([approve("lead", "bob")]), directory=delegating(("bob", "cay", "1")))
    scene.happen(Decided("t1", Actor("cay"), "reject"))
    assert scene.run.status == "rejected"


def test_a_delegation_that_is_over_gives_nothing():
    scene = Play(program([approve("lead", "bob")]), directory=delegating(("bob", "cay", None)))
    scene.wait(days=31)
    with pytest.raises(engine.NotAssigned):
        scene.happen(Decided("t1", Actor("cay"), "approve"))


def test_handing_one_task_to_a_delegate():
    scene = play([approve("lead", "bob", actions=["approve", "reject", "delegate"])])
    scene.happen(Transferred("t1", Actor("bob"), "cay", delegate=True))
    assert scene.waiting() == ["lead p:cay"]
    scene.decide("lead", "cay")
    assert scene.run.closed[0].acting_as is ActingAs.DELEGATE
    assert scene.run.closed[0].accountable == "bob"


# limits


def test_nobody_in_line_covers_the_amount():
    scene = Play(
        program([approve("lead", WITH_LIMIT)]), values={"amount": DIRECTORY.person("boss").limits["claim"] + 1}
    )
    assert scene.waiting() == ["lead r:admin"]


def test_a_blank_amount_is_covered_by_nobody():
    assert Play(program([approve("lead", WITH_LIMIT)]), values={}).waiting() == ["lead r:admin"]


def test_a_task_that_a_limit_chose_is_not_transferred_below_it():
    scene = play([approve("lead", WITH_LIMIT)])
    with pytest.raises(Forbidden) as caught:
        scene.happen(Transferred("t1", Actor("bob"), "cay"))
    assert caught.value.code == "above_limit"
    scene.happen(Transferred("t1", Actor("bob"), "dan"))
    assert scene.waiting() == ["lead p:dan"]


def test_nobody_approves_an_amount_that_they_raise_above_their_limit():
    scene = play([approve("lead", WITH_LIMIT, fields={"amount": "edit"})])
    with pytest.raises(Forbidden) as caught:
        scene.decide("lead", "bob", values={"amount": scene.values["amount"] * 3})
    assert caught.value.code == "above_limit"


# transfer


def test_transferred_for_good():
    scene = play([approve("lead", "bob"), approve("cfo", "dan")])
    scene.happen(Transferred("t1", Actor("bob"), "cay", "On leave"))
    with pytest.raises(engine.NotAssigned):
        scene.happen(Decided("t1", Actor("bob"), "approve"))
    scene.decide("lead", "cay")
    assert scene.waiting() == ["cfo p:dan"]
    assert scene.notes("task.transferred")[0]["comment"] == "On leave"


@pytest.mark.parametrize("to", ["gone", "nobody", "bob"])
def test_transferred_to_nobody(to):
    with pytest.raises(SignoffError):
        play([approve("lead", "bob")]).happen(Transferred("t1", Actor("bob"), to))


def test_an_admin_transfers_what_is_anothers():
    scene = play([approve("lead", "bob", actions=["approve"])])
    scene.happen(Transferred("t1", Actor("eve"), "dan"))
    assert scene.waiting() == ["lead p:dan"]


# added


def added(when: str, *people: str, **more):
    scene = play([approve("lead", "bob", **more), approve("cfo", "boss")])
    scene.happen(Added("t1", Actor("bob"), people, when))
    return scene


def test_added_before_decide_first():
    scene = added("before", "cay", "dan")
    assert scene.waiting() == ["lead p:cay", "lead p:dan"]
    scene.act("lead/cay:approve")
    assert scene.waiting() == ["lead p:dan"]
    scene.act("lead/dan:approve")
    assert scene.waiting() == ["lead p:bob"]
    scene.act("lead/bob:approve")
    assert scene.waiting() == ["cfo p:boss"]


def test_added_after_decide_next():
    scene = added("after", "cay", "dan")
    assert scene.waiting() == ["lead p:bob"]
    scene.act("lead/bob:approve")
    assert scene.waiting() == ["lead p:cay", "lead p:dan"]
    scene.act("lead/dan:approve lead/cay:approve")
    assert scene.waiting() == ["cfo p:boss"]


@pytest.mark.parametrize(
    ("when", "script"), [("before", "lead/cay:reject"), ("after", "lead/bob:approve lead/cay:reject")]
)
def test_who_is_added_may_reject(when, script):
    assert added(when, "cay").act(script).run.status == "rejected"


def test_who_is_added_adds_others():
    scene = added("before", "cay")
    scene.happen(Added(scene.task("lead").name, Actor("cay"), ("dan",), "before"))
    assert scene.waiting() == ["lead p:dan"]
    scene.act("lead/dan:approve")
    assert scene.waiting() == ["lead p:cay"]
    scene.happen(Added(scene.task("lead").name, Actor("cay"), ("eve",), "after"))
    scene.act("lead/cay:approve")
    assert scene.waiting() == ["lead p:eve"]
    scene.act("lead/eve:approve lead/bob:approve")
    assert scene.waiting() == ["cfo p:boss"]


def test_an_alternative_makes_those_added_needless():
    scene = play([approve("lead", "bob", "dan"), approve("cfo", "boss")])
    scene.happen(Added("t1", Actor("bob"), ("cay",), "before"))
    scene.act("lead/dan:approve")
    assert scene.waiting() == ["cfo p:boss"]


def test_in_a_vote_who_is_added_votes():
    scene = play([approve("lead", "bob", "dan", mode="vote", share="0.6")])
    scene.happen(Added("t1", Actor("bob"), ("cay",), "after"))
    scene.act("lead/bob:approve")
    assert scene.run.status == "open"
    scene.act("lead/cay:approve")
    assert scene.run.status == "approved"


@pytest.mark.parametrize(
    ("people", "when"),
    [
        ((), "before"),
        (("gone",), "before"),
        (("bob",), "after"),
        (("cay",), "later"),
        (("dan",) * 2 + ("bob",), "after"),
    ],
)
def test_not_added(people, when):
    with pytest.raises(engine.NotAllowed):
        play([approve("lead", "bob")]).happen(Added("t1", Actor("bob"), people, when))


def test_of_a_task_that_was_put_behind_others_one_learns_who_did_it():
    scene = added("before", "cay")
    with pytest.raises(engine.TaskClosed) as caught:
        scene.happen(Decided("t1", Actor("bob"), "approve"))
    assert caught.value.details["verdict"] == "add"


def test_rights_of_a_step():
    made = program([approve("lead", "bob", fields={"note": "required", "paid": "hidden"}), route("r", ("x", None, []))])
    rights = made.rights("lead")
    assert (rights["note"], rights["paid"], rights["amount"]) == ("required", "hidden", "read")
    start = made.rights("start")
    assert (start.pop("note"), set(start.values())) == ("read", {"edit"}), "what a step requires is not the submitter's"


@pytest.mark.parametrize(("mode", "to", "allowed"), [("any", "cay", True), ("all", "cay", False), ("all", "dan", True)])
def test_where_several_must_agree_nobody_gets_a_second_say(mode, to, allowed):
    scene = play([approve("lead", "bob", "cay", mode=mode)])
    event = Transferred(scene.task("lead", "bob").name, Actor("bob"), to)
    if allowed:
        scene.happen(event)
        return
    with pytest.raises(engine.NotAllowed) as caught:
        scene.happen(event)
    assert caught.value.code == "asked_already"


def test_who_agreed_already_is_not_handed_the_task_of_another():
    scene = play([approve("lead", "bob", "cay", mode="all")], "lead/cay:approve")
    with pytest.raises(engine.NotAllowed):
        scene.happen(Transferred(scene.task("lead").name, Actor("bob"), "cay"))
