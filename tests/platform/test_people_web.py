"""The pages about people: one's own settings, and administration by administrators alone."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook

from signoff.platform import definitions
from signoff.platform.people import handing_over, service, spreadsheet, tokens
from signoff.platform.people.definition import write_people
from signoff.platform.people.directory import Directory, Person

SignIn = Callable[[str], AbstractContextManager[FlaskClient]]
PASSWORD = "correct horse"


def send(client: FlaskClient, page: str, target: str, **data: Any) -> Any:
    """Send a form that stands on ``page``."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found is not None
    return client.post(target, data={"csrf_token": found.group(1), **data}, content_type="multipart/form-data")


# --- one's own settings


def test_my_settings_show_me(company: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as client:
        page = client.get("/me").text
    for each in ("Amy Chen", "Customer service", "Li Na", "Customer service, Staff", "200"):
        assert each in page


def test_language_zone_and_theme_are_kept(company: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as client:
        answer = send(client, "/me", "/me/preferences", language="zh", zone="Europe/Berlin", theme="dark")
        assert answer.status_code == 303
        page = client.get("/me").text
    assert '<html lang="zh-CN"' in page
    assert 'data-theme="dark"' in page
    with company.app_context():
        assert service.person("amy").zone == "Europe/Berlin"


@pytest.mark.parametrize("wrong", [{"zone": "Mars/Base"}, {"language": "fr"}, {"theme": "pink"}])
def test_preferences_that_do_not_exist_are_refused(company: Flask, sign_in: SignIn, wrong: dict[str, str]) -> None:
    with sign_in("amy") as client:
        assert send(client, "/me", "/me/preferences", **wrong).status_code == 422
    with company.app_context():
        assert service.person("amy").zone is None


def test_i_change_my_password(company: Flask, sign_in: SignIn) -> None:
    with company.app_context():
        service.set_password("amy", PASSWORD)
    with sign_in("amy") as client, sign_in("amy") as elsewhere:
        new = {"password": "battery staple", "again": "battery staple"}
        assert send(client, "/me", "/me/password", current="wrong one", **new).status_code == 422
        assert send(client, "/me", "/me/password", current=PASSWORD, **new | {"again": "x"}).status_code == 422
        assert send(client, "/me", "/me/password", current=PASSWORD, password="a", again="a").status_code == 422
        assert send(client, "/me", "/me/password", current=PASSWORD, **new).status_code == 303
        assert client.get("/me").status_code == 200
        assert elsewhere.get("/me").status_code == 303


def test_i_sign_out_everywhere_else(company: Flask, sign_in: SignIn) -> None:
    with company.app_context():
        service.set_password("amy", PASSWORD)
    with sign_in("amy") as client, sign_in("amy") as elsewhere:
        assert send(client, "/me", "/me/sessions/end").status_code == 303
        assert client.get("/me").status_code == 200
        assert elsewhere.get("/me").status_code == 303


def test_a_token_is_shown_once(company: Flask, sign_in: SignIn) -> None:
    with sign_in("amy") as client:
        answer = send(client, "/me", "/me/tokens", name="My script", days="30")
        token = re.search(r"so_[\w-]+", answer.text)
        assert token is not None
        assert answer.headers["Cache-Control"] == "no-store"
        assert token.group() not in client.get("/me").text
        with company.app_context():
            owner = tokens.resolve(token.group())
            assert owner is not None
            assert owner.key == "amy"
            (listed,) = tokens.tokens_of("amy")
        assert send(client, "/me", f"/me/tokens/{listed.id}/revoke").status_code == 303
        with company.app_context():
            assert tokens.resolve(token.group()) is None


def test_the_token_of_somebody_else_is_not_revoked(company: Flask, sign_in: SignIn) -> None:
    with company.app_context():
        tokens.create("bo", "His")
        (listed,) = tokens.tokens_of("bo")
    with sign_in("amy") as client:
        assert send(client, "/me", f"/me/tokens/{listed.id}/revoke").status_code == 404


def test_somebody_acts_for_me_for_whole_days_of_my_zone(company: Flask, sign_in: SignIn, at: Any) -> None:
    with sign_in("amy") as client:
        days = {"delegate": "bo", "from_on": "2026-03-03", "until_on": "2026-03-04", "max_amount": "100"}
        assert send(client, "/me", "/me/delegation", **days).status_code == 303
        page = client.get("/me").text
    assert "Bo Wang stands in" in page
    assert 'value="2026-03-04"' in page
    with company.app_context():
        (kept,) = service.directory().delegations
    assert kept.from_at.isoformat() == "2026-03-02T16:00:00+00:00"
    assert kept.until_at.isoformat() == "2026-03-04T16:00:00+00:00"
    with sign_in("amy") as client:
        assert send(client, "/me", "/me/delegation", end="1").status_code == 303
    with company.app_context():
        assert service.directory().delegations == ()


@pytest.mark.parametrize(
    "wrong",
    [{"delegate": ""}, {"delegate": "zoe"}, {"until_on": "2026-03-01"}, {"from_on": "soon"}, {"max_amount": "1,000"}],
)
def test_a_delegation_without_sense_is_refused(company: Flask, sign_in: SignIn, at: Any, wrong: dict[str, str]) -> None:
    days = {"delegate": "bo", "from_on": "2026-03-03", "until_on": "2026-03-04", "max_amount": ""}
    with sign_in("amy") as client:
        answer = send(client, "/me", "/me/delegation", **days | wrong)
    assert answer.status_code == 422
    assert "field-error" in answer.text


# --- administration


def publish_form(app: Flask) -> None:
    """A form on which people can have a limit."""
    with app.app_context():
        amount = {"key": "amount", "type": "money", "label": "Amount"}
        document = {"schema": "form/1", "key": "refund", "title": "Refund", "fields": [amount]}
        definitions.publish("form", "refund", document, by=None)


ADMIN_PAGES = [
    "/people",
    "/people/add",
    "/people/person/amy",
    "/people/person/amy/hand-over",
    "/people/departments",
    "/people/departments/add",
    "/people/department/service",
    "/people/import",
    "/people/import/example.csv",
    "/people/export",
]


@pytest.mark.parametrize("page", ADMIN_PAGES)
def test_administrators_see_the_page_and_others_do_not(company: Flask, sign_in: SignIn, page: str) -> None:
    with sign_in("ada") as client:
        assert client.get(page).status_code == 200
        assert client.get(page, headers={"Accept-Language": "zh"}).status_code == 200
    with sign_in("gao") as client:
        denied = client.get(page)
    assert denied.status_code == 403
    assert "admin" in denied.text


@pytest.mark.parametrize(
    "target",
    [
        "/people/add",
        "/people/person/amy",
        "/people/person/amy/password",
        "/people/person/amy/sessions/end",
        "/people/person/amy/delegation",
        "/people/person/amy/hand-over",
        "/people/departments/add",
        "/people/department/service",
        "/people/import",
    ],
)
def test_only_administrators_change_people(company: Flask, sign_in: SignIn, target: str) -> None:
    with company.app_context():
        before = service.directory()
    data = {"key": "zoe", "name": "Zoe", "name_en": "Z", "password": PASSWORD, "to": "bo", "roles": "admin"}
    with sign_in("amy") as client:
        assert send(client, "/me", target, **data).status_code == 403
    with company.app_context():
        assert service.directory() == before


def test_the_list_searches_and_pages(company: Flask, sign_in: SignIn) -> None:
    with company.app_context():
        for number in range(60):
            service.save_person(Person(f"p{number}", f"Person {number:02}"), by=None)
    with sign_in("ada") as client:
        first = client.get("/people").text
        assert "Person 40" in first
        following = re.search(r'href="([^"]+after=[^"]+)"', first)
        assert following is not None
        second = client.get(following.group(1).replace("&amp;", "&")).text
        assert "Person 59" in second
        assert "Person 40" not in second
        found = client.get("/people?q=客服 li").text
        assert "Li Na" in found
        assert "Fang Hua" not in found
        assert "Nobody fits" in client.get("/people?q=zzz").text
        assert "Ma Jun" in client.get("/people?department=warehouse").text
        assert "Ma Jun" in client.get("/people?role=quality").text


def test_a_person_is_added_and_changed(company: Flask, sign_in: SignIn) -> None:
    new = {"key": "zoe", "name": "Zoe", "email": "zoe@example.com", "department": "service", "manager": "li",
           "roles": "staff", "more_roles": "vip, lead", "active": "y", "limit:refund": "300.50"}  # fmt: skip
    with sign_in("ada") as client:
        assert send(client, "/people/add", "/people/add", **new).status_code == 303
        page = client.get("/people/person/zoe").text
        assert "zoe@example.com" in page
        with company.app_context():
            zoe = service.person("zoe")
        assert zoe.roles == {"staff", "vip", "lead"}
        assert str(zoe.limits["refund"]) == "300.50"
        left = new | {"email": "", "manager": "", "roles": "", "more_roles": "", "active": "", "limit:refund": ""}
        del left["active"]
        assert send(client, "/people/person/zoe", "/people/person/zoe", **left).status_code == 303
        with company.app_context():
            assert service.person("zoe") == Person("zoe", "Zoe", department="service", active=False)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"key": "amy"}, "has the key amy already"),
        ({"key": "Zoe"}, "Use small letters"),
        ({"key": "zoe\n"}, "Use small letters"),
        ({"name": ""}, "Enter the name."),
        ({"email": "zoe"}, "no e-mail address"),
        ({"manager": "nobody"}, "No person"),
        ({"department": "moon"}, "No department"),
        ({"more_roles": "Very Important!"}, "separated by commas"),
        ({"limit:refund": "1,000"}, "is no amount"),
        ({"limit:refund": "1e400"}, "is no amount"),
    ],
)
def test_a_person_with_something_wrong_is_refused(
    company: Flask, sign_in: SignIn, wrong: dict[str, str], says: str
) -> None:
    good = {"key": "zoe", "name": "Zoe", "active": "y", "limit:refund": "1"}
    publish_form(company)
    with company.app_context():
        before = service.directory().persons
    with sign_in("ada") as client:
        answer = send(client, "/people/add", "/people/add", **good | wrong)
    assert answer.status_code == 422
    assert says in answer.text
    with company.app_context():
        assert service.directory().persons == before


def test_nobody_ends_their_own_administration(company: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        data = {"name": "Ada", "active": "y", "roles": "staff"}
        assert send(client, "/people/person/ada", "/people/person/ada", **data).status_code == 409
        leaves = {"to": "amy", "leaves": "y"}
        page = "/people/person/ada/hand-over"
        assert send(client, page, page, **leaves).status_code == 422
    with company.app_context():
        assert "admin" in service.person("ada").roles


def test_an_administrator_sets_a_password_and_ends_sessions(company: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client, sign_in("amy") as amy:
        page = "/people/person/amy"
        assert send(client, page, f"{page}/password", password="short").status_code == 422
        assert send(client, page, f"{page}/password", password=PASSWORD).status_code == 303
        assert amy.get("/me").status_code == 303
    with sign_in("ada") as client, sign_in("amy") as amy:
        assert send(client, page, f"{page}/sessions/end").status_code == 303
        assert amy.get("/me").status_code == 303


def test_an_administrator_says_who_acts_for_somebody_ill(company: Flask, sign_in: SignIn, at: Any) -> None:
    page = "/people/person/amy"
    days = {"delegate": "bo", "from_on": "2026-03-02", "until_on": "2026-03-06", "max_amount": ""}
    with sign_in("ada") as client:
        assert send(client, page, f"{page}/delegation", **days | {"delegate": "amy"}).status_code == 422
        assert send(client, page, f"{page}/delegation", **days).status_code == 303
        assert "Bo Wang stands in" in client.get(page).text
        assert "Bo Wang stands in" in client.get("/people").text
        assert send(client, page, f"{page}/delegation", end="1").status_code == 303
    with company.app_context():
        assert service.directory().delegations == ()


def test_a_department_is_added_and_changed(company: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        new = {"key": "returns", "name_en": "Returns", "name_zh": "退货组", "parent": "warehouse", "head": "ma"}
        assert send(client, "/people/departments/add", "/people/departments/add", **new).status_code == 303
        assert "Returns" in client.get("/people/departments").text
        assert send(client, "/people/departments/add", "/people/departments/add", **new).status_code == 422
        ring = {"name_en": "Company", "parent": "returns"}
        answer = send(client, "/people/department/company", "/people/department/company", **ring)
        assert answer.status_code == 422
        assert "is a ring" in answer.text
    with company.app_context():
        kept = service.directory().departments["returns"]
    assert (kept.name, kept.parent, kept.head) == ({"en": "Returns", "zh": "退货组"}, "warehouse", "ma")


def test_a_department_keeps_a_calendar(company: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        page = "/people/department/company"
        kept = {"name_en": "Company", "calendar": "office"}
        assert send(client, page, page, **kept).status_code == 303
        assert '<option value="office" selected>' in client.get(page).text
        listed = client.get("/people/departments").text
        assert "from above" in listed  # all others stand below
        assert send(client, page, page, **{**kept, "calendar": "moon"}).status_code == 422
    with company.app_context():
        assert set(service.directory().calendars.values()) == {"office"}
        document = write_people(service.directory(), {})
        assert next(each for each in document["departments"] if each["key"] == "company")["calendar"] == "office"


def test_departments_over_the_api(company: Flask, client: FlaskClient, token: Any) -> None:
    ada = token("ada")
    body = {"name": {"en": "Returns", "zh": "退货组"}, "parent": "company", "calendar": "office"}
    saved = client.put("/api/v1/departments/returns", json=body, headers=ada)
    assert saved.json == {"key": "returns", "head": None, "keeps": "office", **body}
    found = client.get("/api/v1/departments", headers=token("amy")).json["items"]
    assert next(each for each in found if each["key"] == "returns") == saved.json
    wrong = client.put("/api/v1/departments/returns", json={**body, "calendar": "moon"}, headers=ada)
    assert [(each["path"], each["code"]) for each in wrong.json["problems"]] == [("/calendar", "unknown_calendar")]
    assert client.put("/api/v1/departments/Returns", json=body, headers=ada).status_code == 422
    assert client.put("/api/v1/departments/returns", json=body, headers=token("amy")).status_code == 403


def test_a_missing_person_or_department_is_not_found(company: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        assert client.get("/people/person/zoe").status_code == 404
        assert client.get("/people/department/moon").status_code == 404


# --- many at once

DOCUMENT = '{"schema": "people/1", "people": [{"key": "zoe", "name": "Zoe", "manager": "li", "department": "service"}]}'


def test_an_import_shows_what_would_change_and_then_changes_it(company: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        checked = send(client, "/people/import", "/people/import", document=DOCUMENT, do="check")
        assert checked.status_code == 200
        assert "Person zoe (Zoe) is new." in checked.text
        with company.app_context():
            assert service.directory().person("zoe") is None
        assert send(client, "/people/import", "/people/import", document=DOCUMENT, do="apply").status_code == 303
        with company.app_context():
            assert service.person("zoe").manager == "li"
        again = send(client, "/people/import", "/people/import", document=DOCUMENT, do="check")
        assert "There is nothing to change" in again.text


def test_the_export_can_be_imported_and_changes_nothing(company: Flask, sign_in: SignIn) -> None:
    with sign_in("ada") as client:
        exported = client.get("/people/export").text
        checked = send(client, "/people/import", "/people/import", document=exported, do="check")
    assert "There is nothing to change" in checked.text


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("", "Nothing was sent"),
        ("{", "No JSON"),
        ("[]", "People are an object"),
        ('{"schema": "people/1", "people": [{"key": "zoe"}]}', "/people/0/name"),
        ('{"schema": "people/1", "people": [{"key": "zoe", "name": "Z", "limits": {"refund": 1.5}}]}', "in quotes"),
        ('{"schema": "people/1", "schema": "people/1"}', "stands twice"),
        ("[" * 1000, "nested deeper"),
        ('{"schema": "people/1", "people": [{"key": "gao", "name": "Gao", "manager": "amy"}]}', "is a ring"),
    ],
)
def test_a_wrong_document_is_refused_with_its_problems(
    company: Flask, sign_in: SignIn, document: str, says: str
) -> None:
    with company.app_context():
        before = service.directory()
    with sign_in("ada") as client:
        answer = send(client, "/people/import", "/people/import", document=document, do="apply")
    assert answer.status_code == 422
    assert says in answer.text
    with company.app_context():
        assert service.directory() == before


CSV = """姓名,工号,部门,上级,角色,limit refund,在职
Zoe,zoe,客服部,Li Na,"staff; service",300.50,是
Amy Zhou,amy,service,li,staff,,否
"""


def xlsx(rows: list[list[str]]) -> bytes:
    book = Workbook()
    sheet = book.create_sheet(index=0)
    for row in rows:
        sheet.append(row)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("people.csv", CSV.encode("utf-8-sig")),
        ("people.csv", CSV.encode("gb18030")),
        ("people.csv", CSV.replace(",", "\t").encode()),
        ("people.xlsx", xlsx([line.replace('"', "").split(",") for line in CSV.splitlines()])),
    ],
    ids=["utf-8", "gb18030", "tabs", "xlsx"],
)
def test_a_spreadsheet_is_imported(company: Flask, sign_in: SignIn, name: str, data: bytes) -> None:
    with sign_in("ada") as client:
        checked = send(client, "/people/import", "/people/import", file=(BytesIO(data), name), do="check")
        assert "Person zoe (Zoe) is new." in checked.text
        document = re.search(r'<textarea class="d-none"[^>]*>(.*?)</textarea>', checked.text, re.S)
        assert document is not None
        text = document.group(1).replace("&#34;", '"')
        assert send(client, "/people/import", "/people/import", document=text, do="apply").status_code == 303
    with company.app_context():
        zoe, amy = service.person("zoe"), service.person("amy")
    assert (zoe.department, zoe.manager, zoe.roles, str(zoe.limits["refund"])) == (
        "service", "li", frozenset({"staff", "service"}), "300.50",
    )  # fmt: skip
    assert (amy.name, amy.active, amy.limits) == ("Amy Zhou", False, {})


def test_columns_that_a_spreadsheet_lacks_change_nothing(company: Flask) -> None:
    with company.app_context():
        people = service.directory()
    sheet = spreadsheet.read_sheet(b"key,name\namy,Amy Zhou\n", "people.csv", people)
    assert sheet.document["people"] == [
        {"key": "amy", "name": "Amy Zhou", "department": "service", "manager": "li", "roles": ["service", "staff"],
         "limits": {"refund": "200"}}
    ]  # fmt: skip


def test_problems_of_a_spreadsheet_name_the_line(company: Flask, sign_in: SignIn) -> None:
    data = b"key,name,manager\n\nzoe,Zoe,nobody\nBad Key,X,\n"
    with sign_in("ada") as client:
        answer = send(client, "/people/import", "/people/import", file=(BytesIO(data), "people.csv"), do="check")
    assert answer.status_code == 422
    assert "Line 3" in answer.text
    assert "Line 4" in answer.text


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("people.csv", b"key,name,salary\n", "No column"),
        ("people.csv", b"name\nZoe\n", "is missing"),
        ("people.xlsx", b"no zip", "no XLSX"),
        ("people.csv", b"\xff\xfe\x00\xd8", "UTF-8"),
        ("people.csv", b"", "is missing"),
        ("people.csv", b"key,name\nzoe,Zoe\n" + b"a,b\n" * 20_000, "more than 20000 lines"),
        ("people.json", b"{", "No JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    company: Flask, sign_in: SignIn, name: str, data: bytes, says: str
) -> None:
    with sign_in("ada") as client:
        answer = send(client, "/people/import", "/people/import", file=(BytesIO(data), name), do="check")
    assert answer.status_code == 422
    assert says in answer.text


def test_the_example_can_be_read() -> None:
    sheet = spreadsheet.read_sheet(spreadsheet.TEMPLATE.encode(), "people.csv", Directory({}))
    assert sheet.document["people"][0]["limits"] == {"refund": "200"}


# --- handing over


def test_everything_of_somebody_who_leaves_is_handed_over(company: Flask, sign_in: SignIn) -> None:
    page = "/people/person/li/hand-over"
    with sign_in("ada") as client:
        assert "Amy Chen, Bo Wang" in client.get(page).text
        assert send(client, page, page, to="amy", roles="y", leaves="y").status_code == 303
    with company.app_context():
        people = service.directory()
    assert people.persons["bo"].manager == "amy"
    assert people.persons["amy"].manager == "zhou"
    assert people.departments["service"].head == "amy"
    assert not people.persons["li"].active


@pytest.mark.parametrize("to", ["li", "nobody", ""])
def test_a_hand_over_to_nobody_is_refused(company: Flask, sign_in: SignIn, to: str) -> None:
    page = "/people/person/li/hand-over"
    with sign_in("ada") as client:
        assert send(client, page, page, to=to).status_code == 422


def test_a_floor_above_hands_over_what_it_keeps(company: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, str]] = []

    def transfer(_conn: Any, person: str, to: str, _by: str | None) -> str:
        given.append((person, to))
        return "3 tasks are with somebody else."

    monkeypatch.setattr(handing_over, "_estates", {})
    handing_over.add_estate(handing_over.Estate("Open tasks", lambda _person: 3, transfer))
    with company.app_context():
        assert handing_over.belongings("li").others == {"Open tasks": 3}
        done = handing_over.hand_over("li", "bo", roles=False, leaves=False, by="ada")
    assert given == [("li", "bo")]
    assert done[-1] == "3 tasks are with somebody else."


# --- over HTTP

Token = Callable[[str], dict[str, str]]


def test_the_api_says_who_i_am(company: Flask, client: FlaskClient, token: Token) -> None:
    answer = client.get("/api/v1/me", headers=token("amy")).get_json()
    assert answer["key"] == "amy"
    assert answer["limits"] == {"refund": "200"}
    assert answer["roles"] == ["service", "staff"]
    assert answer["delegation"] is None
    assert client.get("/api/v1/me").status_code == 401


def test_the_api_lists_people_page_by_page(company: Flask, client: FlaskClient, token: Token) -> None:
    headers = token("amy")
    first = client.get("/api/v1/people?limit=5", headers=headers).get_json()
    second = client.get(f"/api/v1/people?limit=5&after={first['next']}", headers=headers).get_json()
    names = [each["name"] for each in [*first["items"], *second["items"]]]
    assert names == sorted(names)
    assert len(names) == 9
    assert second["next"] is None
    assert "limits" not in next(each for each in second["items"] if each["key"] == "zhou")
    (found,) = client.get("/api/v1/people?q=wang", headers=headers).get_json()["items"]
    assert found["key"] == "bo"
    assert client.get("/api/v1/people?after=nonsense", headers=headers).status_code == 400


def test_limits_of_others_are_for_those_who_may_read_everything(
    company: Flask, client: FlaskClient, token: Token
) -> None:
    (zhou,) = client.get("/api/v1/people?q=zhou", headers=token("ada")).get_json()["items"]
    assert zhou["limits"] == {"refund": "50000"}


def test_the_api_sets_and_ends_a_delegation(company: Flask, client: FlaskClient, token: Token, at: Any) -> None:
    headers = token("amy")
    body = {"delegate": "bo", "until_at": "2026-03-09T00:00:00Z", "max_amount": "100.00"}
    answer = client.put("/api/v1/me/delegation", json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.get_json()["delegation"] == {
        "person": "amy",
        "delegate": "bo",
        "from_at": "2026-03-02T02:00:00.000000Z",
        "until_at": "2026-03-09T00:00:00.000000Z",
        "max_amount": "100.00",
    }
    assert client.get("/api/v1/me", headers=token("bo")).get_json()["acts_for"][0]["person"] == "amy"
    ended = client.put("/api/v1/me/delegation", json={"delegate": None}, headers=headers)
    assert ended.get_json()["delegation"] is None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"delegate": "bo"}, "/until_at"),
        ({"delegate": "amy", "until_at": "2026-03-09T00:00:00Z"}, "/delegate"),
        ({"delegate": "bo", "until_at": "2026-03-01T00:00:00Z"}, "/until_at"),
        ({"delegate": "bo", "until_at": "2026-03-09T00:00:00Z", "max_amount": "1e9"}, "/max_amount"),
        ({"delegate": "bo", "until_at": "2026-03-09T00:00:00"}, "/until_at"),
        ({"delegate": "bo", "until_at": "2026-03-09T00:00:00Z", "who": "me"}, "/who"),
        ({}, "/delegate"),
    ],
)
def test_a_wrong_delegation_is_refused_by_the_api(
    company: Flask, client: FlaskClient, token: Token, at: Any, body: dict[str, Any], path: str
) -> None:
    answer = client.put("/api/v1/me/delegation", json=body, headers=token("amy"))
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [each["path"] for each in answer.get_json()["problems"]] == [path]
