"""What a page asks by itself: numbers and the newest message, 304 while nothing is new, and no sign of a person."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from signoff.platform import clock, live, notifications
from signoff.platform.db import transaction
from signoff.platform.models import notifications as table
from signoff.platform.notifications import Template, register_template
from signoff.platform.scheduler import run_due

from ..conftest import Clock, SignIn


def test_what_is_new_arrives(company: Flask, context: Flask, at: Clock, sign_in: SignIn) -> None:
    register_template(Template("live", "Look here", "", "task.opened"))
    with sign_in("amy") as browser:
        before = browser.get("/live")
        assert (before.json["counts"]["bell"], before.json["newest"]) == (0, None)
        assert browser.get("/live", headers={"If-None-Match": before.headers["ETag"]}).status_code == 304
        with transaction() as conn:
            notifications.send(conn, template="live", people=["amy"])
        run_due(company)
        after = browser.get("/live", headers={"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        assert (after.json["counts"]["bell"], after.json["newest"]["title"]) == (1, "Look here")
        assert 'data-module="live"' in browser.get("/me").text


def test_a_page_left_open_does_not_keep_its_person_signed_in(company: Flask, at: Clock, sign_in: SignIn) -> None:
    with sign_in("amy") as browser:
        for _ in range(13):
            at.move(hours=1)
            last = browser.get("/live")
            assert "Set-Cookie" not in last.headers
        assert browser.get("/live", headers={"Accept": "application/json"}).status_code == 401


def test_nobody_is_told_nothing(company: Flask) -> None:
    assert company.test_client().get("/live", headers={"Accept": "application/json"}).status_code == 401


# --- the stream


class Tab:
    """A browser's tab as the server sees it: it reads one event after the other, and comes again with its last id."""

    def __init__(self, browser: FlaskClient, last: str = "", *, again: bool = False) -> None:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if again else {})
        self.response = browser.get("/live", query_string={} if again else {"last": last}, headers=headers)
        assert self.response.mimetype == "text/event-stream"
        self.parts = iter(self.response.response)
        assert next(self.parts).startswith(b"retry: ")

    def event(self) -> tuple[str, dict[str, Any]] | None:
        """The next event: its id and data; ``None``: none was new."""
        text = next(self.parts).decode()
        if not text.strip():
            return None
        number, name, data = text.strip().split("\n")
        assert name == "event: news"
        return number.removeprefix("id: "), json.loads(data.removeprefix("data: "))

    def close(self) -> None:
        self.response.close()


@pytest.fixture
def hub(company: Flask) -> Iterator[live.Hub]:
    before = company.extensions["signoff_hub"]
    made = live.hold(company, 2)
    register_template(Template("live", "Look here", "", "task.opened"))
    yield made
    made.close()
    company.extensions["signoff_hub"] = before


def _tell(app: Flask, person: str) -> None:
    with transaction() as conn:
        notifications.send(conn, template="live", people=[person])
    run_due(app)


def test_an_event_comes_when_something_happens(hub: live.Hub, context: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as browser:
        tab = Tab(browser)
        first, news = tab.event() or ("", {})
        assert (news["counts"]["bell"], news["new"]) == (0, [])
        threading.Timer(0.1, lambda: _in(context, lambda: _tell(context, "li"))).start()
        threading.Timer(0.2, lambda: _in(context, lambda: _tell(context, "amy"))).start()
        second, news = tab.event() or ("", {})
        assert (news["counts"]["bell"], [each["title"] for each in news["new"]]) == (1, ["Look here"])
        assert first != second
        tab.close()
        assert hub.held == 0


def _in(app: Flask, call: Callable[[], None]) -> None:
    with app.app_context():
        call()


def test_taken_up_again_nothing_is_lost_and_nothing_told_twice(hub: live.Hub, context: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as browser:
        tab = Tab(browser)
        first, _ = tab.event() or ("", {})
        tab.close()
        _tell(context, "amy")  # while nobody listens
        tab = Tab(browser, first, again=True)
        second, news = tab.event() or ("", {})
        assert [each["title"] for each in news["new"]] == ["Look here"]
        tab.close()
        tab = Tab(browser, second, again=True)
        assert tab.event() is None
        tab.close()
        tab = Tab(browser, second)  # the next page of the same tab: how things stand, what came is known
        assert tab.event() == (second, news)
        tab.close()


def test_over_the_bound_the_answer_ends_at_once(hub: live.Hub, context: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as browser:
        tabs = [Tab(browser), Tab(browser)]
        third = Tab(browser)
        assert third.event() is not None
        with pytest.raises(StopIteration):
            third.event()
        tabs[0].close()
        assert hub.held == 1
        held = Tab(browser)
        assert hub.held == 2
        held.close()
        tabs[1].close()
        assert hub.held == 0


def test_a_number_that_is_none_of_ours_begins_anew(hub: live.Hub, context: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as browser:
        for last in ("x", "1", "-1.a", "٣.a", "9" * 30 + ".a"):
            tab = Tab(browser, last, again=True)
            number, news = tab.event() or ("", {})
            assert (number.partition(".")[0], news["new"]) == ("0", [])
            tab.close()


def test_who_is_signed_out_hears_nothing_more(hub: live.Hub, context: Flask, sign_in: SignIn, at: Clock) -> None:
    with sign_in("amy") as browser:
        tab = Tab(browser)
        assert tab.event() is not None
        at.move(hours=13)
        threading.Timer(0.1, lambda: hub.told({"amy"})).start()
        with pytest.raises(StopIteration):
            tab.event()
        tab.close()


def test_a_server_that_stops_lets_go(hub: live.Hub, context: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as browser:
        tab = Tab(browser)
        assert tab.event() is not None
        threading.Timer(0.1, hub.close).start()
        with pytest.raises(StopIteration):
            tab.event()
        tab.close()


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_what_another_node_does_is_heard(hub: live.Hub, context: Flask, sign_in: SignIn) -> None:
    heard = threading.Event()
    hub._listener._heard = lambda text: (hub._heard(text), heard.set() if text else None)
    with sign_in("amy") as browser:
        tab = Tab(browser)
        assert tab.event() is not None
        other = Flask("another node")
        ours = {name: each for name, each in context.extensions.items() if not name.startswith("signoff_ringer")}
        other.extensions = {**ours, "signoff_hub": live.Hub(context, 0)}
        with transaction() as conn:
            conn.execute(
                sa.insert(table).values(person="amy", at=clock.now(), template="live", title="From there", body="")
            )
        with other.app_context():
            live.changed("amy")
        _, news = tab.event() or ("", {})
        assert [each["title"] for each in news["new"]] == ["From there"]
        assert heard.wait(5)
        tab.close()


def test_everybody_is_told_of_tasks_together(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SETTLE_SECONDS", 0.05)
    made = live.Hub(context, 1)
    place = made.take("amy")
    assert place is not None
    for _ in range(100):
        made.told({live.EVERYBODY})
    assert place.woken.wait(5)
    made.leave(place)


def test_ordinary_requests_have_their_own_threads() -> None:
    inside, most = [0], [0]
    lock, full = threading.Lock(), threading.Barrier(2)

    def application(environ: dict[str, Any], start_response: object) -> list[bytes]:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        full.wait(5)
        with lock:
            inside[0] -= 1
        return [b""]

    gate = live.Gate(application, 2)
    threads = [threading.Thread(target=gate, args=({}, None)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    assert most == [2]
