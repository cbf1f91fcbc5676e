"""What holds for every call of the API: who may ask, how bodies are read, how errors look, and that keys work once."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.platform.people import service, tokens
from signoff.platform.people.definition import read_people

from .shell import build

PEOPLE = {
    "schema": "people/1",
    "departments": [{"key": "shop", "name": "Shop", "parent": None, "head": "ada"}],
    "people": [
        {"key": "ada", "name": "Ada", "email": "ada@example.com", "department": "shop", "roles": ["admin"]},
        {"key": "amy", "name": "Amy", "email": "amy@example.com", "department": "shop", "manager": "ada", "roles": []},
    ],
}


@pytest.fixture(scope="module")
def application(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return build(database_url, tmp_path_factory.mktemp("shell"))


@pytest.fixture
def calls(app: Flask) -> Callable[..., Any]:
    """``calls("POST", "/orders", json=…)`` as Amy, or as ``by``."""
    with app.app_context():
        people, problems = read_people(PEOPLE)
        assert people is not None, problems
        service.apply_people(people, by=None)
        secrets = {key: tokens.create(key, "test", days=1) for key in ("ada", "amy")}

    def call(method: str, path: str, by: str = "amy", **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {secrets[by]}", **options.pop("headers", {})}
        return app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

    return call


def problem(response: Any) -> dict[str, Any]:
    assert response.mimetype == "application/problem+json", response.text
    document: dict[str, Any] = response.get_json(force=True)
    assert set(document) >= {"type", "title", "status", "detail", "code", "problems"}
    assert document["status"] == response.status_code
    return document


def test_openapi_describes_the_calls_to_everybody(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"] == "3.1.0"
    assert "post" in answer.json["paths"]["/api/v1/orders"]
    assert {"token", "session"} <= set(answer.json["components"]["securitySchemes"])


def test_two_applications_of_one_process_do_not_disturb_each_other(app: Flask, tmp_path: Path) -> None:
    other = build(f"sqlite:///{tmp_path / 'other.db'}", tmp_path)
    paths = [each.test_client().get("/api/v1/openapi.json").json["paths"] for each in (app, other)]
    assert paths[0] == paths[1]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "not_signed_in"),
        ({"Authorization": "Bearer so_wrong"}, "token"),
        ({"Authorization": "Basic eA=="}, "token"),
    ],
)
def test_nobody_unknown_gets_in(app: Flask, headers: dict[str, str], code: str) -> None:
    answer = app.test_client().post("/api/v1/orders", json={"amount": "1"}, headers=headers)
    assert problem(answer)["code"] == code
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_public_call_asks_for_nobody(app: Flask) -> None:
    assert app.test_client().get("/api/v1/open").json == {"open": True}


def test_a_session_needs_the_token_of_its_page(calls: Callable[..., Any], app: Flask) -> None:
    client: FlaskClient = app.test_client()
    client.get("/enter/amy")
    refused = client.post("/api/v1/orders", json={"amount": "1"})
    assert (refused.status_code, problem(refused)["code"]) == (400, "csrf")
    page = client.get("/page").text
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    taken = client.post("/api/v1/orders", json={"amount": "1"}, headers={"X-CSRFToken": token})
    assert (taken.status_code, taken.json["by"]) == (201, "amy")


@pytest.mark.parametrize(
    ("path", "status", "code", "more"),
    [
        ("/fail/refused", 422, "refused", {}),
        ("/fail/forbidden", 403, "forbidden", {"right": "auditor"}),
        ("/fail/missing", 404, "not_found", {}),
        ("/fail/late", 409, "conflict", {"by": "lina"}),
        ("/fail/often", 429, "too_many", {"retry_after": 7}),
        ("/fail/away", 503, "unavailable", {}),
        ("/nowhere", 404, "not_found", {}),
    ],
)
def test_every_error_is_a_problem(
    calls: Callable[..., Any], path: str, status: int, code: str, more: dict[str, Any]
) -> None:
    answer = calls("GET", path)
    document = problem(answer)
    assert (answer.status_code, document["code"]) == (status, code)
    assert document.items() >= more.items()


def test_a_crash_tells_strangers_nothing(calls: Callable[..., Any], app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = calls("GET", "/fail/crash")
    assert problem(answer)["code"] == "error"
    assert "secret" not in answer.text


def test_a_wrong_method_says_which_are_right(calls: Callable[..., Any]) -> None:
    answer = calls("PUT", "/orders", json={})
    assert problem(answer)["code"] == "method_not_allowed"
    assert "POST" in answer.headers["Allow"]


def test_who_asked_too_often_is_told_when_to_come_back(calls: Callable[..., Any]) -> None:
    assert calls("GET", "/fail/often").headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"amount": ', 400, "malformed"),
        ('{"amount": 1, "amount": 2}', 400, "malformed"),
        ('{"amount": NaN}', 400, "malformed"),
        ('{"amount": 1e99999999999999999999}', 400, "malformed"),
        ('{"amount": 1e-5000}', 400, "malformed"),
        ('{"amount": "a\\u0000b"}', 400, "malformed"),
        ('{"amount": "\\ud83d"}', 400, "malformed"),
        ('{"amount": "\\ud83d\\ude00"}', 422, "refused"),
        ("[" * 1000 + "]" * 1000, 400, "malformed"),
        ('{"amount": "' + "9" * 6_000_000 + '"}', 413, "too_large"),
        ("[]", 422, "refused"),
        ("{}", 422, "refused"),
        ('{"amount": "1", "rows": 1.5}', 422, "refused"),
        ('{"amount": "1", "__class__": 1}', 422, "refused"),
    ],
)
def test_bad_bodies_are_refused(calls: Callable[..., Any], body: str, status: int, code: str) -> None:
    answer = calls("POST", "/orders", data=body, content_type="application/json")
    assert (answer.status_code, problem(answer)["code"]) == (status, code)


def test_all_that_a_schema_minds_comes_at_once_with_pointers(calls: Callable[..., Any]) -> None:
    found = problem(calls("POST", "/orders", json={"rows": 9, "other": 1}))["problems"]
    assert {(each["path"], each["code"]) for each in found} == {
        ("/amount", "required"),
        ("/rows", "out_of_range"),
        ("/other", "unknown_key"),
    }
    assert all(each["message"].endswith(".") for each in found)


def test_a_body_that_is_no_json_is_of_the_wrong_kind(calls: Callable[..., Any]) -> None:
    answer = calls("POST", "/orders", data="amount=1", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, problem(answer)["code"]) == (415, "unsupported_media_type")


def test_fractions_stay_exact_for_views_that_read_the_body_themselves(calls: Callable[..., Any]) -> None:
    answer = calls("POST", "/echo", data='{"amount": 0.1}', content_type="application/json")
    assert answer.json == {"kind": "Decimal"}


@pytest.mark.parametrize(("language", "title"), [("zh-CN,zh;q=0.9", "没有找到"), ("en", "Not found")])
def test_problems_speak_the_language_of_the_reader(calls: Callable[..., Any], language: str, title: str) -> None:
    assert problem(calls("GET", "/nowhere", headers={"Accept-Language": language}))["title"] == title


class TestIdempotency:
    def order(self, calls: Callable[..., Any], key: str, amount: str = "5", by: str = "amy") -> Any:
        return calls("POST", "/orders", by=by, json={"amount": amount}, headers={"Idempotency-Key": key})

    def test_the_same_call_again_gets_the_same_answer_and_is_done_once(self, calls: Callable[..., Any]) -> None:
        first, again = self.order(calls, "k1"), self.order(calls, "k1")
        assert first.status_code == again.status_code == 201
        assert first.data == again.data
        assert again.headers["Idempotency-Replayed"] == "true"
        assert self.order(calls, "k2").json["number"] == first.json["number"] + 1

    def test_another_call_with_the_same_key_is_refused(self, calls: Callable[..., Any]) -> None:
        self.order(calls, "k1")
        answer = self.order(calls, "k1", amount="6")
        assert (answer.status_code, problem(answer)["code"]) == (422, "idempotency_key_reused")

    def test_keys_of_two_people_are_two_keys(self, calls: Callable[..., Any]) -> None:
        assert self.order(calls, "k1").json["by"] == "amy"
        assert self.order(calls, "k1", by="ada").json["by"] == "ada"

    def test_what_was_refused_left_nothing_and_may_be_sent_again(self, calls: Callable[..., Any]) -> None:
        before = self.order(calls, "k0").json["number"]
        assert self.order(calls, "k1", amount="13").status_code == 422
        assert self.order(calls, "k1", amount="14").json["number"] == before + 1

    def test_eight_at_once_are_one(self, calls: Callable[..., Any]) -> None:
        numbers: list[int] = []
        threads = [
            threading.Thread(target=lambda: numbers.append(self.order(calls, "k1").json["number"])) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(numbers) == 8
        assert len(set(numbers)) == 1

    def test_a_key_that_cannot_be_one_is_malformed(self, calls: Callable[..., Any]) -> None:
        assert problem(self.order(calls, "k" * 201))["code"] == "idempotency_key"


class TestDefinitions:
    document = {"schema": "form/1", "key": "leave", "title": "Leave"}

    def publish(self, calls: Callable[..., Any], base: int, by: str = "ada", **more: Any) -> Any:
        return calls("POST", "/forms/leave/publish", by=by, json={"note": "n", "base_version": base, **more})

    def test_a_draft_is_kept_with_its_problems_and_published_by_a_note(self, calls: Callable[..., Any]) -> None:
        wrong = {"schema": "form/1", "key": "leave"}
        kept = calls("PUT", "/forms/leave/draft", by="ada", json={"document": wrong})
        assert [each["path"] for each in kept.json["problems"]] == ["/title"]
        assert self.publish(calls, 0).status_code == 422
        calls(
            "PUT", "/forms/leave/draft", by="ada", json={"document": self.document, "revision": kept.json["revision"]}
        )
        assert self.publish(calls, 0).json["version"] == 1
        read = calls("GET", "/forms/leave").json
        assert (read["document"], read["version"], "draft" in read) == (self.document, 1, False)

    def test_who_was_second_is_told_that_somebody_published(self, calls: Callable[..., Any]) -> None:
        self.publish(calls, 0, document=self.document)
        late = self.publish(calls, 0, document={**self.document, "title": "Holiday"})
        assert (late.status_code, problem(late)["code"]) == (409, "conflict")

    @pytest.mark.parametrize("missing", ["note", "base_version"])
    def test_a_publish_needs_note_and_base_version(self, calls: Callable[..., Any], missing: str) -> None:
        body = {"note": "n", "base_version": 0, "document": self.document}
        del body[missing]
        answer = calls("POST", "/forms/leave/publish", by="ada", json=body)
        assert [each["path"] for each in problem(answer)["problems"]] == [f"/{missing}"]

    def test_only_admins_and_owners_change_definitions(self, calls: Callable[..., Any]) -> None:
        answer = self.publish(calls, 0, by="amy", document=self.document)
        assert problem(answer)["right"] == "admin or owner of leave"

    def test_the_key_of_the_address_is_the_key_of_the_document(self, calls: Callable[..., Any]) -> None:
        answer = self.publish(calls, 0, document={**self.document, "key": "holiday"})
        assert problem(answer)["problems"][0]["path"] == "/key"

    def test_versions_page_by_key_newest_first(self, calls: Callable[..., Any]) -> None:
        for number in range(3):
            self.publish(calls, number, document={**self.document, "title": f"Leave {number}"})
        first = calls("GET", "/forms/leave/versions?limit=2").json
        rest = calls("GET", f"/forms/leave/versions?limit=2&after={first['next']}").json
        assert [each["version"] for each in first["items"] + rest["items"]] == [3, 2, 1]
        assert rest["next"] is None

    def test_what_does_not_exist_is_not_found(self, calls: Callable[..., Any]) -> None:
        assert problem(calls("GET", "/forms/nothing"))["code"] == "not_found"

    @pytest.mark.parametrize("limit", ["0", "201", "x", "1.5", "-1"])
    def test_a_limit_beyond_reason_is_refused(self, calls: Callable[..., Any], limit: str) -> None:
        answer = calls("GET", f"/forms?limit={limit}")
        assert problem(answer)["problems"][0]["path"] == "/limit"

    def test_a_cursor_of_somebody_elses_making_is_malformed(self, calls: Callable[..., Any]) -> None:
        assert problem(calls("GET", "/forms?after=abc"))["code"] == "cursor"


def test_who_asks_too_often_waits(database_url: str, tmp_path: Path, calls: Callable[..., Any]) -> None:
    strict = build(database_url, tmp_path, testing=False, api_limit="2 per minute")
    with strict.app_context():
        header = {"Authorization": "Bearer " + tokens.create("amy", "strict", days=1)}
    answers = [strict.test_client().get("/api/v1/forms", headers=header) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0


def test_answers_are_json_also_where_a_page_is_asked_for(calls: Callable[..., Any]) -> None:
    answer = calls("GET", "/nowhere", headers={"Accept": "text/html"})
    assert json.loads(answer.data)["code"] == "not_found"
