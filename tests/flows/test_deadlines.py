"""Deadlines: when steps are due, what reminds, what follows; always at a time that stands still."""

from datetime import UTC, datetime

import pytest

from signoff.flows.deadlines import moment, plan
from signoff.flows.definition import Due, Then
from signoff.flows.effects import Actor, ClearTimer, CloseTask, Note, Notify, OpenTask, SetTimer
from signoff.flows.events import Added, Arrived, Expired, Resubmitted
from signoff.platform.acting import ActingAs
from signoff.platform.durations import parse_duration

from .playing import CALENDAR, NOW, Play, approve, play, program, wait, work

UTC_OF = lambda day, hour, minute=0: datetime(2026, 3, day, hour, minute, tzinfo=UTC)  # noqa: E731
# 2 March 2026 is a Monday; the office is open 01:00-10:00 UTC.


def due(within: str, *remind: str, clock: str = "business", repeat: str | None = None, then: str | None = None) -> Due:
    return Due(
        parse_duration(within),
        clock,
        tuple(parse_duration(each) for each in remind),
        parse_duration(repeat) if repeat else None,
        Then(then) if then else None,
    )


PLANS = [
    ("half an hour", due("PT30M"), NOW, UTC_OF(2, 2, 30), [(2, 2)]),
    ("over the night", due("PT9H"), NOW, UTC_OF(3, 2), [(3, 2)]),
    ("over the weekend", due("P1D"), UTC_OF(6, 3), UTC_OF(9, 3), [(9, 3)]),
    ("always", due("PT12H", clock="always"), NOW, UTC_OF(2, 14), [(2, 14)]),
    ("before and after", due("PT2H", "-PT1H", "PT0S", "PT4H"), NOW, UTC_OF(2, 4), [(2, 3), (2, 4), (2, 8)]),
    ("before, on working time", due("PT2H", "-PT1H"), UTC_OF(2, 9), UTC_OF(3, 2), [(3, 1), (3, 2)]),
    ("never before the opening", due("PT1H", "-P1D"), NOW, UTC_OF(2, 3), [(2, 2), (2, 3)]),
    ("remind first, then escalate", due("PT1H", "PT0S", then="escalate"), NOW, UTC_OF(2, 3), [(2, 3), (2, 3)]),
]


@pytest.mark.parametrize(("rule", "what", "opened_at", "due_at", "moments"), PLANS, ids=[row[0] for row in PLANS])
def test_plan(rule, what, opened_at, due_at, moments):
    planned = plan(what, opened_at, CALENDAR)
    assert planned.due_at == due_at
    assert [(each.at.day, each.at.hour) for each in planned.moments] == moments


def test_repeats_count_from_the_last_reminder():
    what = due("PT1H", "PT0S", "PT1H", repeat="PT2H")
    planned = plan(what, NOW, CALENDAR)
    found = [moment(what, planned, number, CALENDAR) for number in range(5)]
    assert [each.at.hour for each in found if each] == [3, 4, 6, 8, 10]


def test_without_repeat_it_ends():
    what = due("PT1H", "PT0S")
    assert moment(what, plan(what, NOW, CALENDAR), 1, CALENDAR) is None


LATE = {"in": "PT2H", "remind": ["-PT1H", "PT0S"]}


def late(**more):
    return {**LATE, **more}


def expire(scene: Play, step: str = "lead", **length: float) -> Play:
    scene.wait(**length).happen(Expired(step))
    return scene


def test_opening_sets_the_timer_to_the_first_moment():
    scene = play([approve("lead", "bob", due=LATE)])
    assert scene.last(SetTimer) == [SetTimer("lead", UTC_OF(2, 3))]
    assert scene.last(OpenTask)[0].due_at == UTC_OF(2, 4)


def test_reminders_come_one_after_the_other():
    scene = expire(play([approve("lead", "bob", due=LATE)]), hours=1)
    assert [(each.people, each.data["overdue"]) for each in scene.last(Notify)] == [(("bob",), False)]
    assert scene.last(SetTimer) == [SetTimer("lead", UTC_OF(2, 4))]
    expire(scene, hours=1)
    assert scene.last(Notify)[0].data["overdue"] is True
    assert scene.last(SetTimer) == []


def test_a_timer_that_comes_too_early_reminds_nobody():
    scene = expire(play([approve("lead", "bob", due=LATE)]), minutes=10)
    assert scene.last(Notify) == []
    assert scene.last(SetTimer) == [SetTimer("lead", UTC_OF(2, 3))]


def test_after_a_standstill_one_reminder_is_enough():
    scene = expire(play([approve("lead", "bob", due=late(repeat="PT1H"))]), hours=7)
    assert len(scene.last(Notify)) == 1


@pytest.mark.parametrize("remind", [[], ["-PT1H"], ["-PT1H", "PT3H"]])
def test_that_a_deadline_passed_stands_in_the_history_though_nobody_is_reminded(remind):
    scene = expire(play([approve("lead", "bob", due={"in": "PT2H", "remind": remind})]), hours=1)
    expire(scene, hours=1)
    assert scene.last(Notify) == []
    assert [(note.event, note.data["what"]) for note in scene.last(Note)] == [("timer.fired", "overdue")]
    expire(scene, hours=4)
    assert len(scene.last(Notify)) == ("PT3H" in remind)


def test_the_same_reminder_is_never_sent_twice():
    scene = expire(play([approve("lead", "bob", due=LATE)]), hours=1)
    scene.happen(Expired("lead"))
    assert scene.last(Notify) == []


def test_deciding_clears_the_timer():
    scene = play([approve("lead", "bob", due=LATE)], "lead/bob:approve")
    assert scene.last(ClearTimer) == [ClearTimer("lead")]
    assert scene.happen(Expired("lead")) == []


THEN = [
    ("reject", [], "rejected", []),
    ("approve", [], "open", ["cfo p:boss"]),
    ("transfer", [{"person": "dan"}], "open", ["lead p:dan"]),
    ("escalate", [{"manager": 2}], "open", ["lead p:dan"]),
    ("escalate", [], "open", ["lead p:dan"]),
    ("escalate", [{"role": "finance"}], "open", ["lead r:finance"]),
    ("escalate", [{"person": "gone"}], "open", ["lead p:bob"]),
    ("escalate", [{"person": "dan"}, {"person": "boss"}], "open", ["lead p:dan", "lead p:boss"]),
    ("escalate", [{"person": "ann"}], "open", ["lead p:bob"]),
]


@pytest.mark.parametrize(("do", "to", "status", "waiting"), THEN)
def test_then(do, to, status, waiting):
    then = {"do": do, **({"to": to} if to else {})}
    scene = play([approve("lead", "bob", due={"in": "PT2H", "then": then}), approve("cfo", "boss")])
    expire(scene, hours=2)
    assert (scene.run.status, scene.waiting()) == (status, waiting)


def test_the_deadline_never_looks_like_a_person():
    scene = play([approve("lead", "bob", due={"in": "PT2H", "then": {"do": "approve"}}), approve("cfo", "boss")])
    expire(scene, hours=2)
    assert scene.last(CloseTask)[0].actor == Actor(None, ActingAs.TIMER)


def test_after_an_escalation_one_task_is_left_of_several():
    due_ = {"in": "PT2H", "then": {"do": "escalate", "to": [{"person": "boss"}]}}
    scene = expire(play([approve("lead", "bob", "cay", "dan", mode="all", due=due_)], "lead/cay:approve"), hours=2)
    assert scene.waiting() == ["lead p:boss"]
    assert scene.act("lead/boss:approve").run.status == "approved"


def test_in_turn_each_has_the_whole_time():
    scene = play([approve("lead", "cay", "bob", mode="in_turn", due={"in": "PT2H", "remind": ["PT0S"]})])
    scene.wait(hours=1).act("lead/cay:approve")
    assert scene.last(SetTimer) == [SetTimer("lead", UTC_OF(2, 5))]


def test_the_clock_stands_still_while_the_request_is_returned():
    scene = play([approve("lead", "bob", due=LATE)])
    scene.wait(minutes=30).act("lead/bob:return>start")
    assert scene.last(ClearTimer) == [ClearTimer("lead")]
    scene.wait(hours=3).happen(Resubmitted(Actor("ann")))
    assert scene.last(OpenTask)[0].due_at == UTC_OF(2, 7, 30)


def test_work_is_completed_by_the_deadline():
    scene = play([work("pack", "bob", due={"in": "PT2H", "then": {"do": "approve"}})])
    assert expire(scene, "pack", hours=2).last(CloseTask)[0].verdict == "complete"


WAITS = [
    ({"for": "PT3H"}, UTC_OF(2, 5)),
    ({"for": "P1D"}, UTC_OF(3, 2)),
    ({"until": "ends_on"}, datetime(2026, 3, 4, 16, tzinfo=UTC)),
    ({"event": "carrier.promised", "limit": "PT2H"}, UTC_OF(2, 4)),
]


@pytest.mark.parametrize(("how", "until"), WAITS)
def test_waits_until(how, until):
    scene = play([wait("w", **how)])
    assert scene.last(SetTimer) == [SetTimer("w", until)]
    scene.now = until
    scene.happen(Expired("w"))
    assert scene.run.status == "approved"


def test_waiting_does_not_end_early():
    scene = play([wait("w", **{"for": "PT3H"})])
    expire(scene, "w", hours=1)
    assert scene.run.status == "open"


@pytest.mark.parametrize("values", [{}, {"ends_on": NOW.date()}])
def test_a_blank_or_past_date_does_not_wait(values):
    assert Play(program([wait("w", until="ends_on")]), values=values).run.status == "approved"


def test_an_event_ends_the_waiting_and_brings_values():
    scene = play([wait("w", event="carrier.promised", limit="PT2H"), approve("lead", "bob")])
    scene.happen(Arrived("carrier.promised", Actor("cay"), {"note": "tomorrow"}), note="tomorrow")
    assert scene.waiting() == ["lead p:bob"]
    assert ClearTimer("w") in scene.effects


def test_an_event_that_nothing_waits_for_is_refused():
    with pytest.raises(Exception, match="Waited for: a"):
        play([wait("w", event="a")]).happen(Arrived("b", Actor("cay")))


def test_an_escalation_takes_along_who_waits_for_those_it_made_needless() -> None:
    then = {"do": "escalate", "to": [{"person": "boss"}]}
    game = play(
        [approve("lead", "ann", "dan", mode="vote", share="0.5", due={"in": "PT1H", "then": then})], submitter="bob"
    )
    game.happen(Added(game.task("lead", "dan").name, Actor("dan"), ("cay",), "before"))
    game.wait(hours=2).happen(Expired("lead"))
    assert game.waiting() == ["lead p:boss"]
    assert len(game.run.tasks) == 1, "nothing is held for nobody"
    game.act("lead/boss:approve")
    assert game.run.status == "approved"
