"""Use cases of requests: what each stores, who may, what is refused, and that nothing happens half."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.flows import history, jobs, listing, service
from signoff.flows.actions import Action, ActionContext, ActionFailed, register_action
from signoff.flows.models import runs, tasks
from signoff.forms import service as forms
from signoff.platform import audit
from signoff.platform.db import reading
from signoff.platform.errors import Conflict, Forbidden, NotFound, Refused, TooMany
from signoff.platform.models import audit_entries, outbox, timers
from signoff.platform.people import service as people
from signoff.platform.people.directory import Delegation
from signoff.platform.scheduler import run_due

from ..conftest import Clock
from .shop import order, person, refund, task_of, tasks_of, values


@pytest.fixture(autouse=True)
def context(shop: Flask, at: Clock) -> Any:
    with shop.app_context():
        yield shop


def decide(key: str, verdict: str = "approve", **more: Any) -> Any:
    return service.decide(task_of(key).id, by=person(key), verdict=verdict, **more)


def events(record_id: int) -> list[str]:
    return [each.event for each in audit.entries(f"record:{record_id}")]


def rows(table: sa.Table) -> list[Any]:
    with reading() as conn:
        return list(conn.execute(sa.select(table)))


def test_a_submitted_record_opens_the_first_task_with_its_deadline_in_one_transaction() -> None:
    made = refund()
    task = task_of("bo")
    assert (made.status, task.step, task.principal) == ("open", "first_answer", "r:service")
    assert task.due_at is not None
    assert [row.key for row in rows(timers) if row.kind == "flow.timer"] == [f"run:{task.run_id}:first_answer"]
    assert "task.opened" in events(made.id)
    assert any(row.payload["template"] == "task_assigned" for row in rows(outbox) if row.kind == "notify")


def test_each_action_is_one_row_of_the_history() -> None:
    made = refund()
    decide("bo")
    decide("li", comment="fine")
    found = [row for row in rows(audit_entries) if row.chain == made.chain]
    assert [row.event for row in found] == ["record.submitted", "task.decided", "task.decided"]
    assert len(audit.entries(made.chain)) > 2 * len(found)
    assert audit.verify().ok


def test_nobody_decides_what_they_asked_for() -> None:
    refund(by="amy")
    assert tasks_of("amy") == []
    with pytest.raises(Forbidden) as error:
        service.decide(task_of("bo").id, by=person("amy"), verdict="approve")
    assert error.value.status == 403


def test_the_path_of_a_request_by_amount() -> None:
    made = refund(3)
    decide("bo")
    decided = decide("li", comment="fine")
    assert decided.status == "open"
    assert run_due_all() > 0
    after = forms.read_record(made.id, by=person("amy"))
    assert after.status == "approved"
    assert after.values["refunded_at"] is not None
    assert tasks_of("li") == []
    assert "run.finished" in events(made.id)


def run_due_all() -> int:
    from flask import current_app

    return run_due(current_app._get_current_object())  # type: ignore[attr-defined]


def test_a_task_is_decided_once_and_the_second_is_told_who_was_first() -> None:
    refund()
    task = task_of("bo")
    service.decide(task.id, by=person("bo"), verdict="approve")
    with pytest.raises(Conflict) as error:
        service.decide(task.id, by=person("li"), verdict="reject", comment="no")
    details = error.value.details
    assert (details["by"], details["by_name"], details["verdict"]) == ("bo", "Bo Wang", "approve")
    assert details["at"].endswith("Z")


@pytest.mark.parametrize(
    ("who", "error"),
    [("ma", NotFound), ("fei", NotFound), ("amy", Forbidden)],
)
def test_a_task_of_others_is_not_found_unless_the_request_may_be_seen(who: str, error: type[Exception]) -> None:
    refund()
    with pytest.raises(error):
        service.decide(task_of("bo").id, by=person(who), verdict="approve")


def test_a_rejection_needs_a_reason_and_ends_the_request() -> None:
    made = refund()
    with pytest.raises(Refused) as error:
        decide("bo", "reject")
    assert error.value.problems[0].path == "/comment"
    assert decide("bo", "reject", comment="No receipt.").status == "rejected"
    assert forms.read_record(made.id, by=person("amy")).status == "rejected"
    assert [row.kind for row in rows(timers) if row.kind == "flow.timer"] == []


def test_values_come_with_a_decision_as_far_as_the_step_lets_them() -> None:
    made = refund(3)
    after = decide("bo", values={"deduction": "50"})
    assert str(after.values["amount"]) == "250.00"
    entry = next(each for each in audit.entries(made.chain) if each.event == "task.decided")
    assert entry.data["changes"]["deduction"] == {"before": "0.00", "after": "50.00"}


@pytest.mark.parametrize("raw", [{"method": "wallet"}, {"amount": "1"}, {"nonsense": 1}, {"inspection": "ok"}])
def test_values_that_are_not_this_steps_to_change_are_refused(raw: dict[str, Any]) -> None:
    made = refund()
    with pytest.raises(Refused) as error:
        decide("bo", values=raw)
    assert error.value.problems[0].path == f"/values/{next(iter(raw))}"
    assert forms.read_record(made.id, by=person("amy")).revision == made.revision


def test_a_required_field_must_be_filled_to_complete() -> None:
    refund(path="unshipped")
    decide("bo")
    with pytest.raises(Refused) as error:
        decide("ma", "complete")
    assert error.value.problems[0].path == "/values/intercepted"
    decide("ma", "complete", values={"intercepted": True})
    assert task_of("li").step == "lead"


def test_a_claimed_task_is_its_claimers_alone_until_released() -> None:
    refund()
    task = task_of("bo")
    service.claim(task.id, by=person("bo"))
    assert tasks_of("li") == []
    with pytest.raises(Forbidden):
        service.decide(task.id, by=person("li"), verdict="approve")
    service.release(task.id, by=person("bo"))
    assert [each.id for each in tasks_of("li")] == [task.id]


def test_a_transferred_task_waits_for_the_other_and_is_seen_by_them() -> None:
    made = refund()
    task = task_of("bo")
    service.transfer(task.id, by=person("bo"), to="zhou", comment="You know them.")
    assert tasks_of("bo") == []
    assert task_of("zhou").id == task.id
    assert forms.read_record(made.id, by=person("zhou")).id == made.id
    with pytest.raises(Refused):
        service.transfer(task.id, by=person("zhou"), to="nobody_there")


def test_who_is_added_before_decides_first() -> None:
    refund(3)
    decide("bo")
    task = task_of("li")
    service.add(task.id, by=person("li"), who=["fang"], when="before", comment="Is this right?")
    assert tasks_of("li") == []
    decide("fang")
    assert task_of("li").step == "lead"


def test_a_returned_request_is_corrected_and_sent_again() -> None:
    made = refund(3)
    decide("bo", "return", comment="How many?", to="start")
    assert forms.read_record(made.id, by=person("amy")).status == "returned"
    assert task_of("amy").step == "start"
    lines = [{"product": made.values["lines"][0]["product"], "quantity": 4, "unit_price": "100"}]
    again = service.resubmit(made.id, by=person("amy"), values={"lines": lines}, comment="Four.")
    assert (again.status, str(again.values["amount"])) == ("open", "400.00")
    assert task_of("bo").step == "first_answer"
    assert tasks_of("amy") == []


def test_a_wrong_correction_changes_nothing() -> None:
    made = refund()
    decide("bo", "return", comment="?", to="start")
    with pytest.raises(Refused):
        service.resubmit(made.id, by=person("amy"), values={"conversation": ""})
    assert forms.read_record(made.id, by=person("amy")).status == "returned"


def test_withdraw_and_urge_are_the_submitters() -> None:
    made = refund()
    with pytest.raises(Forbidden):
        service.withdraw(made.id, by=person("bo"))
    service.urge(made.id, by=person("amy"), comment="Please!")
    with pytest.raises(TooMany):
        service.urge(made.id, by=person("amy"))
    assert service.withdraw(made.id, by=person("amy")).status == "withdrawn"
    assert tasks_of("bo") == []
    with pytest.raises(Conflict):
        service.withdraw(made.id, by=person("amy"))


def test_a_comment_is_kept_and_tells_whom_it_mentions() -> None:
    made = refund()
    service.comment(made.id, by=person("amy"), text="Look here", mentions=["fei"])
    said = history.of_record(made.id, by=person("fei")).items[-1]
    assert (said.entry.event, said.comment) == ("record.commented", "Look here")
    with pytest.raises(Refused):
        service.comment(made.id, by=person("amy"), text="  ")
    with pytest.raises(NotFound):
        service.comment(made.id, by=person("ma"), text="me too")


def test_a_delegate_decides_and_is_recorded_as_such(at: Clock) -> None:
    people.set_delegation(Delegation("li", "fang", at.at - timedelta(days=1), at.at + timedelta(days=5)), by="li")
    made = refund(3)
    decide("bo")
    task = task_of("fang")
    assert task.principal == "p:li"
    service.decide(task.id, by=person("fang"), verdict="approve")
    entry = next(each for each in reversed(audit.entries(made.chain)) if each.event == "task.decided")
    assert (entry.actor, entry.acting_as, entry.data["on_behalf_of"]) == ("fang", "delegate", "li")


def test_who_stands_in_for_the_approver_of_their_own_request_neither_finds_nor_decides_it(at: Clock) -> None:
    people.set_delegation(Delegation("li", "fang", at.at - timedelta(days=1), at.at + timedelta(days=5)), by="li")
    people.set_delegation(Delegation("fang", "amy", at.at - timedelta(days=1), at.at + timedelta(days=5)), by="fang")
    made = refund(3, by="amy")
    decide("bo")
    task = task_of("li")
    assert tasks_of("amy") == []
    assert [each.id for each in tasks_of("fang")] == [task.id]
    with pytest.raises(Forbidden, match="asked for this yourself"):
        service.decide(task.id, by=person("amy"), verdict="approve")
    service.decide(task.id, by=person("fang"), verdict="approve")
    assert forms.read_record(made.id, by=person("fang")).id == made.id


def test_a_reminder_and_an_escalation_come_with_time(at: Clock) -> None:
    made = refund()
    at.move(minutes=20, seconds=1)
    run_due_all()
    assert "timer.fired" in events(made.id)
    assert task_of("bo").principal == "r:service"
    at.move(minutes=10)
    run_due_all()
    assert task_of("li").principal == "p:li"
    assert tasks_of("bo") == []


def test_a_failing_action_is_tried_again_and_then_put_before_somebody(
    at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def refuse(context: ActionContext) -> dict[str, Any]:
        calls.append(context.key)
        raise ActionFailed("The gateway is away.")

    from signoff.flows import actions

    before = actions.find_action("refund.pay")
    register_action(Action("refund.pay", "Pay", refuse))
    try:
        made = refund(1, of=order(500))
        decide("bo", values={"deduction": "0"})
        for _ in range(jobs.ATTEMPTS + 1):
            run_due_all()
            at.move(hours=2)
    finally:
        register_action(before)
    assert len(calls) == jobs.ATTEMPTS
    assert len(set(calls)) == 1
    assert any(task.step == "pay" for task in tasks_of("ada"))
    retried = next(task for task in tasks_of("ada") if task.step == "pay")
    service.decide(retried.id, by=person("ada"), verdict="retry")
    run_due_all()
    assert forms.read_record(made.id, by=person("amy")).status == "approved"


def test_a_batch_says_what_is_ready_and_decides_only_that() -> None:
    from signoff.flows import batch

    shop = order(5000)
    for _ in range(3):
        refund(3, of=shop)
    ids = [task.id for task in tasks_of("bo")]
    service.decide(ids[2], by=person("li"), verdict="approve")
    rehearsed = batch.decide_many([*ids, 999], by=person("bo"), verdict="approve", dry_run=True)
    assert [each.readiness for each in rehearsed] == ["ready", "ready", "blocked", "blocked"]
    assert len(tasks_of("bo")) == 2
    rejected = batch.decide_many(ids[:2], by=person("bo"), verdict="reject")
    assert [each.readiness for each in rejected] == ["needs_input", "needs_input"]
    done = batch.decide_many(ids[:2], by=person("bo"), verdict="approve")
    assert all(each.ok for each in done)
    assert tasks_of("bo") == []


def test_fields_that_a_step_hides_are_hidden_from_its_people_everywhere() -> None:
    made = refund(path="unshipped", method="bank", bank_account="12345678")
    decide("bo")
    seen = forms.record_json(forms.read_record(made.id, by=person("ma")), by=person("ma"))
    assert "bank_account" not in seen["values"]
    assert "bank_account" in forms.record_json(made, by=person("amy"))["values"]
    assert listing.task(task_of("ma").id, by=person("ma")).json("en")["fields"]["bank_account"] == "hidden"


def test_a_refused_submission_leaves_nothing_behind() -> None:
    shop = order(10)
    with pytest.raises(Refused):
        forms.submit("refund", values(shop, 11), by=person("amy"))
    assert rows(runs) == []
    assert rows(tasks) == []


def test_the_history_proves_every_step() -> None:
    made = refund(3)
    decide("bo")
    decide("li")
    run_due_all()
    assert audit.verify().ok
    said = [each.entry.event for each in history.of_record(made.id, by=person("amy")).items]
    assert said[0] == "record.submitted"
    assert said[-1] == "run.finished"


def test_a_task_can_be_decided_by_another_in_ones_own_name() -> None:
    from signoff.flows import catalogue as flows

    from ..conftest import definition

    flow = definition("refund.flow")
    flow["steps"][0]["actions"].append("delegate")
    flows.publish_flow(flow, by="ada", note="delegate")
    made = refund()
    service.transfer(task_of("bo").id, by=person("bo"), to="fei", delegate=True)
    decide("fei")
    entry = next(each for each in reversed(audit.entries(made.chain)) if each.event == "task.decided")
    assert (entry.actor, entry.acting_as, entry.data["on_behalf_of"]) == ("fei", "delegate", "bo")
