"""A draft against requests that were made: who is asked or spared, hours, money that passes by rule."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings

from signoff.flows.alike import likeness
from signoff.flows.predict import predict
from signoff.flows.replay import ByRule, Past, Replay, replay
from signoff.flows.run import World
from signoff.flows.timeless import TIMELESS

from .playing import DIRECTORY, NOW, VALUES, approve, auto, program, route
from .test_predict import stories

LOW, HIGH = {"amount": {"lt": "100"}}, {"amount": {"gte": "100"}}
BOB = approve("lead", "bob", due={"in": "PT2H"})
CAY = approve("money", "cay", due={"in": "PT3H"})


def by_amount(limit: str, *above: Any) -> list[Any]:
    """Below ``limit`` by rule, above it by people."""
    return [route("size", ("low", {"amount": {"lt": limit}}, [auto("rule")]), ("high", None, list(above)))]


def compared(current: list[Any], draft: list[Any], *amounts: str, measured: Any = None) -> Replay:
    requests = [
        Past(number, f"C-{number}", "ann", {**VALUES, "amount": Decimal(amount)})
        for number, amount in enumerate(amounts, start=1)
    ]
    return replay(program(current), program(draft), requests, DIRECTORY, NOW, measured=measured or {})


def test_nothing_changes():
    found = compared(by_amount("100", BOB), by_amount("100", BOB), "50", "500")
    assert (found.requests, found.changed, found.cases) == (2, 0, ())
    assert found.by_rule_before == found.by_rule_after == ByRule(1, Decimal(50))
    assert found.outcomes == {("approved", "approved"): 2}


def test_a_higher_threshold_spares_people_and_lets_money_pass():
    found = compared(by_amount("100", BOB), by_amount("400", BOB), "50", "300", "500")
    assert (found.changed, found.asked, found.spared) == (1, {}, {"bob": 1})
    assert (found.by_rule_before.money, found.by_rule_after.money) == (Decimal(50), Decimal(350))
    assert found.hours == -timedelta(hours=2)
    case = found.cases[0]
    assert (case.past.name, case.spared, case.steps_dropped, case.hours) == (
        "C-2",
        ("bob",),
        ("lead",),
        -timedelta(hours=2),
    )


def test_a_new_step_asks_somebody_and_counts_with_its_deadline():
    found = compared([BOB], [BOB, CAY], "50", "60")
    assert (found.asked, found.spared, found.hours) == ({"cay": 2}, {}, timedelta(hours=6))
    assert found.cases[0].steps_added == ("money",)


def test_measured_times_count_where_there_are_some():
    measured = {"lead": timedelta(minutes=10)}
    found = compared([BOB], [CAY], "50", measured=measured)
    assert found.hours == timedelta(hours=3) - timedelta(minutes=10)
    assert (found.asked, found.spared) == ({"cay": 1}, {"bob": 1})


def test_requests_that_the_draft_cannot_end_are_named():
    found = compared([BOB], [route("size", ("low", LOW, [BOB]))], "50", "500")
    assert found.stuck == ("C-2",)
    assert found.outcomes == {("approved", "approved"): 1, ("approved", "open"): 1}


def test_rejections_do_not_pass():
    found = compared([auto("no", "reject")], [auto("yes")], "50")
    assert (found.by_rule_before, found.by_rule_after) == (ByRule(), ByRule(1, Decimal(50)))
    assert found.cases[0].outcome_after == "approved"


AMOUNTS = ("0", "99.99", "100", "100.01", "999", "1000", "1000.01", "5000", "5001", "100001")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_requests_that_are_told_apart_no_more_go_the_same_way(story: Any) -> None:
    made, submitter, values = story
    alike = likeness(made, DIRECTORY)
    ways: dict[Any, Any] = {}
    for amount in AMOUNTS:
        request = {**values, "amount": Decimal(amount)}
        found = predict(made, submitter, request, World(DIRECTORY, TIMELESS, NOW, {}, "claim"))
        way = found.outcome, [(each.step.id, each.people, each.skipped) for each in found.steps]
        assert ways.setdefault(alike(submitter, request), way) == way


def test_progress_is_told():
    told: list[int] = []
    requests = [Past(number, str(number), "ann", VALUES) for number in range(250)]
    flow = program([BOB])
    replay(flow, flow, requests, DIRECTORY, NOW, measured={}, progress=told.append)
    assert told == [100, 200]
