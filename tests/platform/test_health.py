"""Health: liveness asks nothing, readiness asks the database, doctor says what to do, metrics count."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from signoff.platform import background, dead_letters, health, migrating
from signoff.platform.db import transaction
from signoff.platform.scheduler import run_due

from ..conftest import Clock, SignIn


def _failed(app: Flask) -> dict[str, str]:
    return {each.name: str(each.message) for each in health.checks() if not each.ok}


def test_a_well_installation_passes_every_check(context: Flask) -> None:
    names = ["configuration", "database", "migrations", "clock", "files", "mail", "timers", "outbox"]
    assert [each.name for each in health.checks()] == names
    assert set(_failed(context)) <= {"configuration"}  # the secret of the tests is short


def test_what_is_wrong_is_said_with_what_to_do(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = context.extensions["signoff"].config
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setitem(config.__dict__, "data_dir", blocked)
    monkeypatch.setitem(config.__dict__, "mail_url", "smtp://127.0.0.1:1")
    monkeypatch.setattr(migrating, "newest", lambda: "9999")
    failed = _failed(context)
    assert "cannot be written to" in failed["files"]
    assert "Check SIGNOFF_MAIL_URL" in failed["mail"]
    assert "Run “signoff db upgrade”" in failed["migrations"]


def test_work_that_nobody_does_is_noticed(context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "handlers", {"test": lambda job: None})
    with transaction() as conn:
        background.enqueue(conn, "test", {})
    at.move(minutes=11)
    assert "Run “signoff run” or “signoff worker”" in _failed(context)["timers"]


def test_alive_and_ready(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(migrating, "newest", lambda: "9999")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert [each["name"] for each in answer.json["checks"] if not each["ok"]] == ["migrations"]


def test_metrics_are_for_this_machine_and_for_admins(
    company: Flask, client: FlaskClient, token: Callable[[str], dict[str, str]]
) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text
    assert 'signoff_requests_total{endpoint="signoff_health.alive"' in text
    assert "signoff_jobs_dead 0.0" in text
    outside = {"X-Forwarded-For": "203.0.113.5"}
    json = {"Accept": "application/json"}
    assert client.get("/metrics", headers={**outside, **json}).status_code == 401
    assert client.get("/metrics", headers=outside | token("amy")).status_code == 403
    assert client.get("/metrics", headers=outside | token("ada")).status_code == 200


def test_admins_see_what_failed_and_send_it_again(
    company: Flask, at: Clock, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(job: background.Job) -> None:
        raise background.GiveUp("550 no such user")

    monkeypatch.setattr(background, "handlers", {"test": give_up})
    with company.app_context():
        with transaction() as conn:
            background.enqueue(conn, "test", {}, key="mail:amy")
        run_due(company)
        job_id = dead_letters.dead_letters()[0].id
        assert "550 no such user" in _failed(company)["outbox"]
    with sign_in("amy") as browser:
        assert browser.get("/background").status_code == 403
    with sign_in("ada") as browser:
        page = browser.get("/background")
        assert "mail:amy" in page.text
        monkeypatch.setitem(company.config, "WTF_CSRF_ENABLED", False)
        assert browser.post(f"/background/{job_id}", data={"do": "again"}).status_code == 303
        with company.app_context():
            assert dead_letters.dead_letters() == []
            run_due(company)
        assert browser.post(f"/background/{job_id}", data={"do": "discard"}).status_code == 303
        assert "Everything was delivered" in browser.get("/background").text


def test_a_database_that_is_away_fails_the_check_in_words(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("connection refused"))

    monkeypatch.setattr(health, "reading", away)
    assert [each.name for each in health.ready()] == ["database"]
    assert not health.ready()[0].ok
