"""What a request is spared, and that nobody gets in by it: tokens, the page's token, marks of limits, statements."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from signoff.platform import caches
from signoff.platform.limits import limiter
from signoff.platform.people import service, tokens
from signoff.platform.people.definition import read_people
from signoff.platform.statements import watched
from signoff.platform.web.application import time as application_clock

from ..conftest import Clock
from .shell import build
from .test_api_shell import PEOPLE


@pytest.fixture(scope="module")
def application(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return build(database_url, tmp_path_factory.mktemp("shell"))


@pytest.fixture
def people(app: Flask) -> Flask:
    with app.app_context():
        found, problems = read_people(PEOPLE)
        assert found is not None, problems
        service.apply_people(found, by=None)
    return app


@pytest.fixture
def ask(people: Flask) -> Callable[[str], int]:
    """Asks with a token; the status."""

    def ask(token: str) -> int:
        return people.test_client().get("/api/v1/forms", headers={"Authorization": f"Bearer {token}"}).status_code

    return ask


def made(app: Flask, days: int = 1) -> str:
    with app.app_context():
        return tokens.create("amy", "test", days=days)


def test_a_token_that_was_used_is_not_looked_up_again(people: Flask, ask: Callable[[str], int]) -> None:
    token = made(people)
    assert ask(token) == ask(token) == 200
    with people.app_context(), watched() as seen:
        assert ask(token) == 200
    assert [each for each in seen if "signoff_token" in each] == []
    assert len([each for each in seen if "signoff_setting" in each]) == 1


def test_a_revoked_token_is_refused_at_once_also_by_a_process_that_used_it(
    people: Flask, ask: Callable[[str], int], tmp_path: Path, database_url: str
) -> None:
    token = made(people)
    assert ask(token) == 200
    elsewhere = build(database_url, tmp_path)
    with elsewhere.app_context():
        tokens.revoke("amy", tokens.tokens_of("amy")[0].id, by="ada")
    assert ask(token) == 401


def test_a_token_expires_while_it_is_remembered(people: Flask, ask: Callable[[str], int], at: Clock) -> None:
    token = made(people, days=1)
    assert ask(token) == 200
    at.move(hours=25)
    assert ask(token) == 401


def test_an_unknown_token_is_not_remembered(people: Flask, ask: Callable[[str], int]) -> None:
    assert ask("so_made_up") == 401
    with people.app_context():
        assert caches.cache("tokens") == {}


def test_the_day_of_use_is_written_once_a_day(people: Flask, ask: Callable[[str], int], at: Clock) -> None:
    token = made(people, days=9)
    for _day in range(2):
        ask(token)
        with people.app_context(), watched() as seen:
            assert ask(token) == 200
        assert [each for each in seen if each.startswith("UPDATE")] == []
        with people.app_context():
            assert tokens.tokens_of("amy")[0].last_used_on == at.now().date()
        at.move(hours=24)


def page_token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/page").text)
    assert found is not None
    return found[1]


def order(client: FlaskClient, token: str, **more: Any) -> int:
    headers = {"X-CSRFToken": token, **more.pop("headers", {})}
    return client.post("/api/v1/orders", json={"amount": "1"}, headers=headers, **more).status_code


def test_a_page_token_that_was_good_is_good_for_its_own_session_alone(people: Flask) -> None:
    amy, ada = people.test_client(), people.test_client()
    amy.get("/enter/amy")
    ada.get("/enter/ada")
    token = page_token(amy)
    page_token(ada)
    assert order(amy, token) == order(amy, token) == 201
    assert order(ada, token) == 400
    assert order(amy, token + "x") == 400
    assert order(amy, "") == 400


def test_a_page_of_another_host_is_refused_also_with_a_token_that_was_good(people: Flask) -> None:
    client = people.test_client()
    client.get("/enter/amy")
    token, here = page_token(client), {"Referer": "https://127.0.0.1/page"}
    secure: dict[str, Any] = {"base_url": "https://127.0.0.1"}
    name = people.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    with people.test_client() as other:
        other.set_cookie(name, cookie.value, domain="127.0.0.1")
        assert order(other, token, headers=here, **secure) == 201
        assert order(other, token, headers=here, **secure) == 201
        assert order(other, token, headers={"Referer": "https://evil.example/page"}, **secure) == 400
        assert order(other, token, **secure) == 400


def test_a_session_signed_with_another_key_is_nobodys(people: Flask) -> None:
    client = people.test_client()
    client.get("/enter/amy")
    people.secret_key, kept = "another secret", people.secret_key
    try:
        with client:
            client.get("/still")
            assert not session
    finally:
        people.secret_key = kept


def test_a_view_without_a_limit_of_its_own_counts_nothing(people: Flask) -> None:
    limiter.reset()
    with people.test_client() as client:
        client.get("/still")
        assert limiter.current_limits == []


def test_answers_keep_their_order_and_their_decimals(people: Flask) -> None:
    with people.app_context():
        answer = people.json.response({"b": Decimal("1.50"), "a": "价"})
    assert answer.get_data(as_text=True) == '{"b":"1.50","a":"价"}\n'
    assert answer.mimetype == "application/json"


def test_what_one_request_does_to_its_session_no_other_sees(people: Flask) -> None:
    client = people.test_client()
    client.get("/enter/amy")
    with client:
        client.get("/still")
        session["signoff_person"] = "ada"
        session.setdefault("_flashes", []).append(("message", "hello"))
    with client:
        client.get("/still")
        assert (session["signoff_person"], session.get("_flashes")) == ("amy", None)


def test_a_cookie_that_was_good_is_not_so_for_ever(people: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = people.test_client()
    client.get("/enter/amy")
    lasts = people.permanent_session_lifetime.total_seconds()
    start = application_clock.time()
    for later, person in ((0, "amy"), (lasts - 1, "amy"), (lasts + 2, None), (-60, None)):
        monkeypatch.setattr(application_clock, "time", lambda later=later: start + later)
        with client:
            client.get("/still")
            assert session.get("signoff_person") == person


def test_a_changed_cookie_is_nobodys_also_when_its_like_was_good(people: Flask) -> None:
    client = people.test_client()
    client.get("/enter/amy")
    name = people.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    for sent, holds in (
        (cookie.value, True),
        (cookie.value + "x", False),
        (cookie.value[:-1], False),
        ("x" + cookie.value, False),
    ):
        other = people.test_client()
        other.set_cookie(name, sent, domain=cookie.domain)
        with other:
            other.get("/still")
            assert bool(session) == holds
