"""What a page asks by itself: numbers and the newest message, 304 while nothing is new, and no sign of a person."""

from flask import Flask

from signoff.platform import notifications
from signoff.platform.db import transaction
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
