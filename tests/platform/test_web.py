"""What holds for every page: headers, language, theme, errors that say what to do, CSRF, and a cookie left alone."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.platform import clock
from signoff.platform.people import service
from signoff.platform.people.definition import read_people
from signoff.platform.people.directory import Person
from signoff.platform.web import filters, menus
from signoff.platform.web.language import speaking

from .shell import build
from .test_api_shell import PEOPLE

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Shanghai


@pytest.fixture(scope="module")
def application(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return build(database_url, tmp_path_factory.mktemp("shell"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context():
        people, problems = read_people(PEOPLE)
        assert people is not None, problems
        service.apply_people(people, by=None)
    return app.test_client()


@pytest.fixture
def speak(app: Flask) -> Iterator[Callable[[str], Any]]:
    with app.app_context(), clock.fixed(NOW):
        yield speaking


@pytest.fixture
def own_menu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A menu without an entry, for one test."""
    monkeypatch.setattr(menus, "_entries", {})
    menus._changed()
    yield
    monkeypatch.undo()
    menus._changed()


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/page").text)
    assert found is not None
    return found[1]


class TestHeaders:
    def test_scripts_run_only_with_the_nonce_of_the_answer(self, client: FlaskClient) -> None:
        first, second = client.get("/page"), client.get("/page")
        nonces = [re.findall(r"'nonce-([^']+)'", each.headers["Content-Security-Policy"]) for each in (first, second)]
        assert nonces[0] != nonces[1]
        assert set(re.findall(r'nonce="([^"]+)"', first.text)) == set(nonces[0])
        assert "unsafe" not in first.headers["Content-Security-Policy"]

    def test_pages_hold_nothing_that_the_policy_forbids(self, client: FlaskClient) -> None:
        html = client.get("/components").text
        assert not re.search(r"<[^>]+\s(on\w+|style)=", html)
        assert all("nonce=" in tag for tag in re.findall(r"<script[^>]*>", html))

    @pytest.mark.parametrize("path", ["/page", "/nowhere", "/fail/crash", "/api/v1/open"])
    def test_every_answer_is_safe(self, client: FlaskClient, path: str) -> None:
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in headers

    def test_https_is_kept_where_cookies_are_secure(self, database_url: str, tmp_path: Path) -> None:
        app = build(database_url, tmp_path, secure_cookies=True)
        answer = app.test_client().get("/page", base_url="https://127.0.0.1")
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        assert "Secure" in answer.headers["Set-Cookie"]

    def test_every_answer_has_a_number_and_takes_that_of_a_proxy(self, client: FlaskClient) -> None:
        assert len(client.get("/still").headers["X-Request-ID"]) == 16
        given = {"X-Request-ID": "abcdef-0123456789"}
        assert client.get("/still", headers=given).headers["X-Request-ID"] == "abcdef-0123456789"
        assert client.get("/still", headers={"X-Request-ID": "<script>!"}).headers["X-Request-ID"] != "<script>!"


class TestSession:
    def test_the_cookie_is_written_only_when_it_changes(self, client: FlaskClient) -> None:
        with clock.fixed(NOW):
            assert "HttpOnly" in client.get("/enter/amy").headers["Set-Cookie"]
            assert "Set-Cookie" not in client.get("/still").headers
        with clock.fixed(NOW + timedelta(minutes=11)):
            assert "SameSite=Lax" in client.get("/still").headers["Set-Cookie"]

    def test_a_token_is_signed_once_a_minute_and_is_of_its_session_alone(self, app: Flask, client: FlaskClient) -> None:
        with clock.fixed(NOW):
            first, again, others = token_of(client), token_of(client), token_of(app.test_client())
        assert first == again
        assert client.post("/change", data={"csrf_token": first}).text == "changed"
        assert others != first
        assert client.post("/change", data={"csrf_token": others}).status_code == 400

    def test_a_change_needs_the_pages_token(self, client: FlaskClient) -> None:
        refused = client.post("/change")
        assert refused.status_code == 400
        assert "Reload it" in refused.text
        assert client.post("/change", data={"csrf_token": token_of(client)}).text == "changed"
        assert client.post("/change", headers={"X-CSRFToken": token_of(client)}).text == "changed"


class TestErrors:
    @pytest.mark.parametrize(
        ("how", "status", "words"),
        [
            ("refused", 422, "The amount x is wrong."),
            ("forbidden", 403, "auditor"),
            ("missing", 404, "Nothing."),
            ("late", 409, "Li Na approved it 20 s ago."),
            ("often", 429, "Try again"),
            ("away", 503, "Nothing was changed"),
            ("crash", 500, "not your fault"),
        ],
    )
    def test_pages_say_what_to_do(self, client: FlaskClient, how: str, status: int, words: str) -> None:
        answer = client.get(f"/fail/{how}")
        assert (answer.status_code, answer.mimetype) == (status, "text/html")
        assert words in answer.text
        assert "secret" not in answer.text

    def test_scripts_of_pages_get_problems(self, client: FlaskClient) -> None:
        answer = client.get("/fail/late", headers={"Accept": "application/json"})
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json(force=True)["by"] == "lina"

    def test_a_crash_carries_its_number(self, client: FlaskClient) -> None:
        answer = client.get("/fail/crash")
        assert answer.headers["X-Request-ID"] in answer.text

    def test_a_wrong_method_says_which_are_right(self, client: FlaskClient) -> None:
        answer = client.get("/change")
        assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)


class TestPreferences:
    def test_language_and_theme_are_kept_and_one_returns(self, client: FlaskClient) -> None:
        sent = {"language": "zh", "theme": "dark", "csrf_token": token_of(client)}
        answer = client.post("/preferences", data=sent, headers={"Referer": "http://localhost/page?x=1"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/page?x=1")
        html = client.get("/page").text
        assert '<html lang="zh-CN" data-theme="dark" data-bs-theme="dark">' in html
        assert "跳到内容" in html

    @pytest.mark.parametrize("referrer", ["https://evil.example/page", "http://localhost//evil.example", ""])
    def test_one_never_returns_to_a_foreign_site(self, client: FlaskClient, referrer: str) -> None:
        sent = {"theme": "light", "csrf_token": token_of(client)}
        assert client.post("/preferences", data=sent, headers={"Referer": referrer}).headers["Location"] == "/"

    def test_what_is_not_offered_is_not_kept(self, client: FlaskClient) -> None:
        sent = {"language": "xx", "theme": "<x>", "csrf_token": token_of(client)}
        assert "signoff_" not in str(client.post("/preferences", data=sent).headers.getlist("Set-Cookie"))

    @pytest.mark.parametrize(("wish", "lang"), [("zh-TW,en;q=0.5", "zh-CN"), ("fr,zh;q=0.2", "zh-CN"), ("fr", "en")])
    def test_the_browser_is_asked_first(self, client: FlaskClient, wish: str, lang: str) -> None:
        assert f'lang="{lang}"' in client.get("/page", headers={"Accept-Language": wish}).text


class TestLayout:
    def test_words_follow_the_reader_even_where_a_template_holds_the_value(self, client: FlaskClient) -> None:
        for language, words in (("en", "9 h 30 min"), ("zh", "9 小时 30 分钟")):
            assert words in client.get("/components", headers={"Accept-Language": language}).text

    def test_an_aside_stands_beside_the_content_only_where_there_is_one(self, client: FlaskClient) -> None:
        assert "page-aside" not in client.get("/page").text
        with_aside = client.get("/page?aside=beside").text
        assert with_aside.count("<p>content</p>") == 1
        assert "page-aside" in with_aside

    @pytest.mark.usefixtures("own_menu")
    def test_the_menu_shows_what_a_person_may_see(self, app: Flask) -> None:
        menus.add(menus.MenuEntry("b", "Second", "probe.page", order=2, count=lambda: 7))
        menus.add(menus.MenuEntry("a", "First", "probe.still", order=1))
        menus.add(menus.MenuEntry("gone", "Gone", "nobody.knows", order=3))
        menus.add(menus.MenuEntry(menus.ADMINISTRATION, "Admin", order=4))
        menus.add(menus.MenuEntry("people", "People", "probe.page", roles=("admin",)))
        menus.add(menus.MenuEntry("lists", "Lists", order=5, links=lambda: [menus.MenuLink("Orders", "/o")]))

        def drawn(*roles: str) -> list[Any]:
            with app.test_request_context("/page"):
                found = menus.items(Person("amy", "Amy", roles=frozenset(roles)))
                return [(each.label, each.count, each.active, [line.label for line in each.items]) for each in found]

        first, second = ("First", None, False, []), ("Second", 7, True, [])
        lists = ("Lists", None, False, ["Orders"])
        assert drawn() == [first, second, lists]
        assert drawn("admin") == [first, second, ("Admin", None, True, ["People"]), lists]

    @pytest.mark.usefixtures("own_menu")
    def test_what_is_remembered_of_the_bars_follows_what_they_show(self, client: FlaskClient) -> None:
        def header() -> str:
            page = client.get("/page").text
            return page[page.index("<header") : page.index("</header>")]

        now: dict[str, Any] = {"count": 371, "links": [], "may": False}
        menus.add(menus.MenuEntry("a", "First", "probe.page", count=lambda: now["count"]))
        menus.add(menus.MenuEntry("b", "Second", links=lambda: now["links"]))
        menus.add(menus.MenuEntry("c", "Third", "probe.still", roles=("x",), may=lambda _person: now["may"]))
        client.get("/enter/amy")
        assert '"count">371<' in header()
        now["count"] = 842
        assert '"count">842<' in header()
        assert "Orders" not in header()
        now["links"] = [menus.MenuLink("Orders", "/o")]
        assert "Orders" in header()
        assert "Third" not in header()
        now["may"] = True
        assert "Third" in header()
        menus.add(menus.MenuEntry("d", "Fourth", "probe.still"))
        assert "Fourth" in header()
        client.post("/preferences", data={"csrf_token": token_of(client), "language": "zh"})
        assert "主菜单" in header()


@pytest.mark.parametrize(
    ("delta", "english", "chinese"),
    [
        (timedelta(seconds=-5), "just now", "刚刚"),
        (timedelta(seconds=30), "in a moment", "马上"),
        (timedelta(minutes=-5), "5 min ago", "5 分钟前"),
        (timedelta(minutes=45), "in 45 min", "45 分钟后"),
        (timedelta(hours=3), "today 13:00", "今天 13:00"),
        (timedelta(hours=-11), "yesterday 23:00", "昨天 23:00"),
        (timedelta(days=1), "tomorrow 10:00", "明天 10:00"),
        (timedelta(days=20), "22 Mar 10:00", "3月22日 10:00"),
        (timedelta(days=-400), "26 Jan 2025", "2025年1月26日"),
    ],
)
def test_moments_in_words(speak: Callable[[str], Any], delta: timedelta, english: str, chinese: str) -> None:
    for language, words in (("en", english), ("zh", chinese)):
        with speak(language):
            assert f">{words}</time>" in filters.when(NOW + delta)


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (timedelta(seconds=20), "under 1 min", "不到 1 分钟"),
        (timedelta(minutes=45), "45 min", "45 分钟"),
        (34200, "9 h 30 min", "9 小时 30 分钟"),
        (timedelta(days=2, hours=3, minutes=9), "2 d 3 h", "2 天 3 小时"),
    ],
)
def test_lengths_of_time_in_words(speak: Callable[[str], Any], value: Any, english: str, chinese: str) -> None:
    for language, words in (("en", english), ("zh", chinese)):
        with speak(language):
            assert filters.duration(value) == words


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("4999.99", "CNY", "¥4,999.99"),
        ("-12", "USD", "−$12.00"),
        ("1234567", "JPY", "¥1,234,567"),
        ("1.005", "CNY", "¥1.005"),
        ("3", "CHF", "CHF\u00a03.00"),
        ("100000", "", "100,000.00"),
        (None, "CNY", ""),
        ("n/a", "CNY", "n/a"),
    ],
)
def test_money(value: str | None, currency: str, text: str) -> None:
    assert filters.money(value, currency) == text


@pytest.mark.parametrize(("value", "text"), [("-1234.50", "−1,234.50"), (17, "17"), (None, ""), ("0.1", "0.1")])
def test_decimals(value: Any, text: str) -> None:
    assert filters.decimal(value) == text


@pytest.mark.parametrize(
    ("path", "id_"),
    [("/values/amount", "f-amount"), ("/values/lines/0/quantity", "f-lines-0-quantity"), ("/name", "f-name")],
)
def test_a_problem_knows_its_input(path: str, id_: str) -> None:
    assert filters.anchor(path) == id_


@pytest.mark.parametrize(("name", "letter"), [("Amy Wang", "A"), ("李娜", "娜"), ("", "?"), (" bob", "B")])
def test_the_letter_of_a_person(name: str, letter: str) -> None:
    assert filters.initial(name) == letter
