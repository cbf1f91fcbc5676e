"""Events: subscribers are told in the transaction or after it, of what they asked for, once."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from signoff.flows import inbox
from signoff.flows import service as flows
from signoff.forms import catalogue, service
from signoff.platform import clock, db, events
from signoff.platform.errors import Refused
from signoff.platform.events import Event, Happened, Subscriber
from signoff.platform.people.directory import Person
from signoff.platform.people.service import directory

from ..conftest import Clock

Told = list[Happened]


@pytest.fixture
def told() -> Iterator[Any]:
    """``told(*events, after=…)`` subscribes and gives the list that fills."""
    subscribed: list[Subscriber] = []

    def subscribe(*names: str, after: bool = False, forms: tuple[str, ...] = ()) -> Told:
        found: Told = []
        one = (
            Subscriber(names, after=found.append, forms=forms)
            if after
            else Subscriber(names, during=lambda _, happened: found.append(happened), forms=forms)
        )
        subscribed.append(one)
        events.subscribe(one)
        return found

    yield subscribe
    for each in subscribed:
        events.unsubscribe(each)


def person(key: str) -> Person:
    return directory().persons[key]


def event(form: str = "a", **data: Any) -> Event:
    return Event("record.submitted", "evt_1", clock.now(), form, lambda: data)


def test_one_is_told_at_once_and_one_after_the_commit(context: Flask, told: Any) -> None:
    during, after = told("record.submitted"), told("record.submitted", after=True)
    with db.transaction() as conn:
        events.publish(conn, event(n=1))
        assert [each.data for each in during] == [{"n": 1}]
        assert after == []
    assert [each.id for each in after] == ["evt_1"]


def test_what_is_undone_was_not_told_afterwards(context: Flask, told: Any) -> None:
    after = told("record.submitted", after=True)

    def publish_and_fail() -> None:
        with db.transaction() as conn:
            events.publish(conn, event())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        publish_and_fail()
    assert after == []


def test_only_what_was_asked_for_is_told(context: Flask, told: Any) -> None:
    mine, others = told("record.submitted", forms=("a",)), told("run.finished")
    with db.transaction() as conn:
        for form in ("a", "b"):
            events.publish(conn, event(form))
    assert [each.form for each in mine] == ["a"]
    assert others == []


def test_nobody_listens_and_nothing_is_read(context: Flask) -> None:
    assert not events.is_wanted("task.overdue")
    with db.transaction() as conn:
        events.publish(conn, Event("task.overdue", lambda: 1 / 0, clock.now(), None, lambda: 1 / 0))  # type: ignore[arg-type, return-value]


def test_one_inside_can_refuse_and_one_outside_cannot(context: Flask, told: Any) -> None:
    def refuse(_: Any, happened: Happened) -> None:
        raise Refused(f"not {happened.id}")

    def fail(_: Happened) -> None:
        raise ZeroDivisionError

    refusing, failing = Subscriber(("record.submitted",), during=refuse), Subscriber(("record.submitted",), after=fail)
    events.subscribe(failing)
    after = told("record.submitted", after=True)
    with db.transaction() as conn:
        events.publish(conn, event())
    assert len(after) == 1
    events.unsubscribe(failing)
    events.subscribe(refusing)
    with pytest.raises(Refused), db.transaction() as conn:
        events.publish(conn, event())
    events.unsubscribe(refusing)


@pytest.mark.parametrize("names", [(), ("record.deleted",)])
def test_an_unknown_event_is_a_mistake_of_the_plugin(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"known: record\.submitted"):
        events.subscribe(Subscriber(names, after=print))
    with pytest.raises(ValueError, match="during"):
        events.subscribe(Subscriber(("run.finished",)))


def test_records_without_a_flow_tell_of_themselves(company: Flask, told: Any) -> None:
    found = told("record.submitted", "record.updated")
    fields = [{"key": "name", "type": "text", "label": "Name"}]
    form = {"schema": "form/1", "key": "note", "title": "Note", "fields": fields}
    with company.app_context():
        catalogue.publish_form(form, by="ada")
        record = service.submit("note", {"name": "a"}, by=person("ada"))
        service.update(record.id, {"name": "b"}, by=person("ada"))
        service.submit("note", {"name": "c"}, by=person("ada"), draft=True)
    assert [(each.name, each.form) for each in found] == [("record.submitted", "note"), ("record.updated", "note")]
    assert found[0].data["record"]["values"] == {"name": "a"}
    assert found[1].data["fields"] == ["name"]
    assert found[0].data["run"] is None
    assert found[0].id != found[1].id


def test_a_request_tells_of_its_whole_life(company: Flask, at: Clock, told: Any) -> None:
    found = told(*events.EVENTS)
    form = {"schema": "form/1", "key": "ask", "title": "Ask", "fields": [{"key": "name", "type": "text", "label": "N"}]}
    step = {"id": "look", "kind": "approve", "who": [{"person": "li"}], "title": "Look", "due": {"in": "P1D"}}
    flow = {"schema": "flow/1", "key": "ask", "title": "Ask", "form": "ask", "steps": [step]}
    from signoff.flows import catalogue as flow_catalogue

    with company.app_context():
        catalogue.publish_form(form, by="ada")
        flow_catalogue.publish_flow(flow, by="ada", note="")
        service.submit("ask", {"name": "a"}, by=person("amy"))
        [item] = inbox.find(person("li"), inbox.Filter()).items
        flows.decide(item.task.id, by=person("li"), verdict="approve")
    names = [each.name for each in found]
    assert names[:2] == ["record.submitted", "task.opened"]
    assert {"task.decided", "run.finished"} <= set(names)
    assert len({each.id for each in found}) == len(found)
