"""The whole product inside somebody's application: on its database, below its prefix, with its sign-in."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response, session
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from signoff import Signoff
from signoff.platform import config, scheduler
from signoff.platform.migrating import upgrade
from signoff.platform.people import tokens
from signoff.plugins import applying

from . import postgres
from .conftest import DEFINITIONS

Host = Flask


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'host.db'}"
        return
    with postgres.database() as found:
        yield found


@pytest.fixture
def host(url: str, tmp_path: Path) -> Iterator[Host]:
    """A shop with a table, pages, an error page and a sign-in of its own."""
    app = Flask("host")
    app.config.update(SECRET_KEY="the secret of the host", SQLALCHEMY_DATABASE_URI=url)
    host_db = SQLAlchemy(app)

    class Basket(host_db.Model):  # type: ignore[name-defined, misc]
        id = host_db.Column(sa.Integer, primary_key=True)
        goods = host_db.Column(sa.String(20))

    @app.get("/")
    def shop() -> str:
        return "the host's shop"

    @app.post("/baskets/<goods>")
    def fill(goods: str) -> str:
        host_db.session.add(Basket(goods=goods))
        host_db.session.commit()
        return str(Basket.query.count())

    @app.get("/enter/<who>")
    def enter(who: str) -> str:
        session["user"] = who
        return who

    @app.errorhandler(404)
    def lost(_error: Exception) -> tuple[str, int]:
        return "the host's 404", 404

    settings = config.load({}, data_dir=tmp_path / "data", testing=True)
    Signoff(app, url_prefix="/approvals", db=host_db, load_person=lambda: session.get("user"), config=settings)
    with app.app_context():
        host_db.create_all()
        upgrade()
        applying.apply(applying.read_paths([DEFINITIONS]), by=None)
        yield app
        host_db.engine.dispose()


@pytest.fixture
def browser(host: Host) -> FlaskClient:
    return host.test_client()


def enter(browser: FlaskClient, who: str) -> FlaskClient:
    browser.get(f"/enter/{who}")
    return browser


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [("/", 200, "the host's shop"), ("/nowhere", 404, "the host's 404"), ("/inbox", 404, "the host's 404")],
)
def test_pages_of_the_host_stay_as_they_were(browser: FlaskClient, path: str, status: int, text: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.text) == (status, text)
    assert "Content-Security-Policy" not in answer.headers
    assert enter(browser, "amy").get("/").text == "the host's shop"


def test_the_host_writes_its_own_tables_beside_ours(browser: FlaskClient, host: Host) -> None:
    assert browser.post("/baskets/tea").text == "1"  # without our token against forged requests
    assert browser.post("/baskets/cup").text == "2"
    names = sa.inspect(host.extensions["signoff"].engine).get_table_names()
    assert {name for name in names if not name.startswith("signoff_")} == {"basket"}


@pytest.mark.parametrize("page", ["/", "/inbox", "/requests", "/forms/refund/new", "/forms/product/records", "/me"])
def test_pages_know_the_person_of_the_host(browser: FlaskClient, page: str) -> None:
    answer = enter(browser, "amy").get(f"/approvals{page}")
    assert answer.status_code == 200
    assert 'href="/inbox"' not in answer.text


def test_who_is_not_signed_in_with_the_host_gets_nothing(browser: FlaskClient) -> None:
    assert browser.get("/approvals/inbox").status_code in (302, 303, 401)
    assert browser.get("/approvals/api/v1/me").status_code == 401
    assert enter(browser, "stranger").get("/approvals/api/v1/me").status_code in (401, 403)


def api(host: Host, who: str) -> Callable[..., Response]:
    with host.app_context():
        headers = {"Authorization": f"Bearer {tokens.create(who, 'test', days=1)}"}

    def call(method: str, path: str, body: Any = None) -> Response:
        answer: Any = host.test_client().open(f"/approvals/api/v1{path}", method=method, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer  # type: ignore[no-any-return]

    return call


def test_a_request_runs_through_the_api(host: Host) -> None:
    with host.app_context():
        pack = applying.Source("f", FORM), applying.Source("g", FLOW)
        applying.apply(pack, by=None)
    amy, li = api(host, "amy"), api(host, "li")
    made = amy("POST", "/forms/wish/records", {"values": {"what": "tea", "price": "12.50"}}).get_json()
    assert (made["status"], made["run"]["waiting_on"][0]["people"]) == ("open", ["li"])
    (task,) = li("GET", "/inbox").get_json()["items"]
    done = li("POST", f"/tasks/{task['id']}/decision", {"verdict": "approve", "comment": "yes"}).get_json()
    assert done["status"] == "approved"
    scheduler.run_due(host)
    assert amy("GET", f"/records/{made['id']}/history").get_json()["items"]
    assert "/approvals/api/v1/inbox" in host.test_client().get("/approvals/api/v1/openapi.json").get_json()["paths"]


FORM = """{"schema": "form/1", "key": "wish", "title": "Wish", "fields": [
  {"key": "what", "type": "text", "label": "What", "required": true},
  {"key": "price", "type": "money", "currency": "CNY", "label": "Price", "required": true}]}"""
FLOW = """{"schema": "flow/1", "key": "wish", "title": "Wish", "form": "wish", "steps": [
  {"id": "lead", "kind": "approve", "title": "Lead", "who": [{"manager": 1}], "due": {"in": "P1D"}}]}"""
