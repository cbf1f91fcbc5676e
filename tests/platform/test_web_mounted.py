"""Signoff inside another application: its own pages are ours, the host's pages stay as they were."""

from pathlib import Path

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from signoff.app import Signoff
from signoff.platform import config
from signoff.platform.people import service
from signoff.platform.people.definition import read_people

from .shell import furnish, only_the_shell
from .test_api_shell import PEOPLE


@pytest.fixture
def host(tmp_path: Path) -> FlaskClient:
    app = Flask("host")
    app.config.update(SECRET_KEY="the secret of the host", PROPAGATE_EXCEPTIONS=False)
    app.jinja_env.globals["name"] = "host"

    @app.errorhandler(HTTPException)
    def oops(error: HTTPException) -> tuple[str, int]:
        return "the host's error", error.code or 500

    @app.route("/", methods=["GET", "POST"])
    def page() -> str:
        return "the host's page"

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("of the host")

    @app.get("/enter-host/<who>")
    def enter(who: str) -> str:
        session["who"] = who
        return who

    settings = config.load(
        {}, database_url=f"sqlite:///{tmp_path / 'mounted.db'}", data_dir=tmp_path, secret_key="s" * 20, testing=True
    )
    with only_the_shell():
        Signoff(app, url_prefix="/approvals", config=settings, load_person=lambda: session.get("who"))
    furnish(app)
    with app.app_context():
        people, problems = read_people(PEOPLE)
        assert people is not None, problems
        service.apply_people(people, by=None)
    return app.test_client()


def test_pages_and_api_stand_below_the_prefix(host: FlaskClient) -> None:
    assert "Content-Security-Policy" in host.get("/approvals/page").headers
    assert host.get("/approvals/api/v1/open").json == {"open": True}
    assert "/approvals/api/v1/orders" in host.get("/approvals/api/v1/openapi.json").json["paths"]


def test_the_hosts_pages_stay_as_they_were(host: FlaskClient) -> None:
    answer = host.get("/")
    assert answer.text == "the host's page"
    assert not {"Content-Security-Policy", "X-Request-ID", "Set-Cookie"} & set(answer.headers.keys())
    assert host.post("/").status_code == 200


def test_errors_of_the_host_are_answered_by_the_host(host: FlaskClient) -> None:
    assert (host.get("/nowhere").text, host.get("/nowhere").status_code) == ("the host's error", 404)
    assert (host.get("/broken").text, host.get("/broken").status_code) == ("the host's error", 500)
    assert "Check the address" in host.get("/approvals/nowhere").text


def test_the_host_says_who_asks(host: FlaskClient) -> None:
    assert host.get("/approvals/api/v1/forms").status_code == 401
    host.get("/enter-host/amy")
    assert host.get("/approvals/api/v1/forms").json == {"items": [], "next": None}
    host.get("/enter-host/nobody_known")
    assert host.get("/approvals/api/v1/forms").status_code == 401


def test_our_forms_need_their_token_also_in_a_host(host: FlaskClient) -> None:
    assert host.post("/approvals/change").status_code == 400
