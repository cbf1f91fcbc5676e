"""Signing in on the page: the right ones get in, nobody learns more than that, and sessions end when they must."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from signoff.platform.limits import limiter
from signoff.platform.people import service

PASSWORD = "correct horse"


@pytest.fixture
def people(company: Flask) -> Flask:
    with company.app_context():
        service.set_password("amy", PASSWORD)
    return company


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def sign_in(client: FlaskClient, name: str = "amy", password: str = PASSWORD, **more: str) -> Any:
    page = client.get("/sign-in").text
    return client.post("/sign-in", data={"csrf_token": token_of(page), "name": name, "password": password, **more})


def test_the_page_says_what_to_do(people: Flask, client: FlaskClient) -> None:
    page = client.get("/sign-in")
    assert page.status_code == 200
    assert 'autocomplete="current-password"' in page.text
    assert "Who can sign in to this demo" not in page.text


def test_the_right_password_signs_in(people: Flask, client: FlaskClient) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Amy Chen" in client.get("/me").text


def test_an_email_signs_in_too(people: Flask, client: FlaskClient) -> None:
    with people.app_context():
        service.save_person(replace(service.person("amy"), email="amy@example.com"), by=None)
    assert sign_in(client, "amy@example.com").status_code == 303


def test_wrong_name_and_wrong_password_look_alike(people: Flask, client: FlaskClient) -> None:
    answers = [sign_in(client, "amy", "wrong password"), sign_in(client, "nobody", PASSWORD), sign_in(client, "bo")]
    assert {each.status_code for each in answers} == {422}
    texts = {re.sub(r'value="[^"]*"', "", each.text.partition("<main")[2]) for each in answers}
    assert len(texts) == 1
    page = texts.pop()
    assert "do not belong together" in page
    alert = re.search(r"<[^>]*role=\"alert\"[^>]*>", page)
    assert alert is not None
    assert "autofocus" in alert[0]
    assert page.count("autofocus") == 1  # nothing takes the focus from what is said


def test_a_form_without_token_is_refused(people: Flask, client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"name": "amy", "password": PASSWORD})
    assert answer.status_code in (400, 422)
    assert client.get("/me").status_code == 303


def test_nothing_of_the_session_before_survives(people: Flask, client: FlaskClient) -> None:
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"
    old = token_of(client.get("/sign-in").text)
    sign_in(client)
    with client.session_transaction() as after:
        assert "planted" not in after
        assert after["signoff_person"] == "amy"
    assert token_of(client.get("/me").text) != old


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/me?x=1", "/me?x=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\tevil", "/"),
        ("/sign-in?next=/me", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_only_to_pages_of_this_site(
    people: Flask, client: FlaskClient, wanted: str, target: str
) -> None:
    assert sign_in(client, next=wanted).headers["Location"] == target


def test_whoever_is_not_signed_in_is_led_to_the_page_and_back(people: Flask, client: FlaskClient) -> None:
    answer = client.get("/me")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/sign-in?next=%2Fme")


def test_signing_out_ends_the_session(people: Flask, client: FlaskClient) -> None:
    sign_in(client)
    answer = client.post("/sign-out", data={"csrf_token": token_of(client.get("/me").text)})
    assert answer.status_code == 303
    assert client.get("/me").status_code == 303


def test_an_idle_session_ends(people: Flask, client: FlaskClient, at: Any) -> None:
    sign_in(client)
    at.move(hours=11)
    assert client.get("/me").status_code == 200
    at.move(hours=11)
    assert client.get("/me").status_code == 200
    at.move(hours=13)
    assert client.get("/me").status_code == 303


def test_a_new_password_ends_all_sessions(people: Flask, client: FlaskClient) -> None:
    sign_in(client)
    with people.app_context():
        service.set_password("amy", "another password")
    assert client.get("/me").status_code == 303


def test_somebody_who_left_is_out_at_once(people: Flask, client: FlaskClient) -> None:
    sign_in(client)
    with people.app_context():
        service.set_active("amy", False, by="ada")
    assert client.get("/me").status_code == 303
    assert sign_in(client).status_code == 422


def test_a_forged_person_needs_the_right_epoch(people: Flask, client: FlaskClient) -> None:
    with client.session_transaction() as forged:
        forged.update({"signoff_person": "ada", "signoff_epoch": 99, "seen": 4102444800})
    assert client.get("/me").status_code == 303


@pytest.fixture
def limited(people: Flask) -> Iterator[Flask]:
    """The application as outside of tests: attempts are counted."""
    signoff = people.extensions["signoff"]
    before = signoff.config
    signoff.config = replace(before, testing=False, sign_in_limit="3 per minute")
    limiter.reset()
    yield people
    signoff.config = before
    limiter.reset()


def test_guessing_is_stopped(limited: Flask, client: FlaskClient) -> None:
    assert [sign_in(client, password="wrong").status_code for _ in range(4)] == [422, 422, 422, 429]
    stopped = sign_in(client)
    assert stopped.status_code == 429
    assert stopped.headers["Retry-After"]


def test_attempts_on_one_name_do_not_stop_another(limited: Flask, client: FlaskClient) -> None:
    for _ in range(4):
        sign_in(client, "bo", "wrong")
    assert sign_in(client).status_code == 303


def test_signing_in_often_is_no_guessing(limited: Flask) -> None:
    for _ in range(5):
        assert sign_in(limited.test_client()).status_code == 303


@pytest.fixture
def demo(people: Flask) -> Iterator[Flask]:
    signoff = people.extensions["signoff"]
    before = signoff.config
    signoff.config = replace(before, demo=True)
    with people.app_context():
        service.set_password("li", "signoff-demo")
    yield people
    signoff.config = before


def test_the_demo_shows_who_can_sign_in_and_fills_the_form(demo: Flask, client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    assert "Who can sign in to this demo" in page
    assert "Li Na" in page
    assert "Gao Yuan" not in page
    filled = client.get("/sign-in?as=li").text
    assert 'value="li"' in filled
    assert 'value="signoff-demo"' in filled
    assert sign_in(client, "li", "signoff-demo").status_code == 303


def test_outside_of_the_demo_nothing_is_filled_in(people: Flask, client: FlaskClient) -> None:
    assert "signoff-demo" not in client.get("/sign-in?as=amy").text


@pytest.fixture
def hosted(people: Flask) -> Iterator[Flask]:
    """A host application that says who is signed in."""
    signoff = people.extensions["signoff"]
    signoff.load_person = lambda: session.get("host_user")
    yield people
    signoff.load_person = None


def test_a_host_says_who_is_signed_in(hosted: Flask, client: FlaskClient) -> None:
    assert client.get("/me").status_code == 401
    assert client.get("/sign-in").status_code == 404
    assert client.post("/sign-out").status_code in (400, 404)
    with client.session_transaction() as theirs:
        theirs["host_user"] = "amy"
    page = client.get("/me")
    assert "Amy Chen" in page.text
    assert "Sign out everywhere" not in page.text
    sent = client.post("/me/sessions/end", data={"csrf_token": token_of(page.text)})
    assert sent.status_code == 404
    with client.session_transaction() as theirs:
        assert theirs["host_user"] == "amy"


def test_the_page_speaks_chinese(people: Flask, client: FlaskClient) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh-CN"' in page.text
