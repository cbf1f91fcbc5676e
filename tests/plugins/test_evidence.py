"""The refund pack's field type ``evidence``: a checklist whose items are asked for where they matter."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from signoff.forms import catalogue, exporting, lifecycle, proofs, render, service
from signoff.platform import clock, files
from signoff.platform.errors import Refused
from signoff.platform.people.directory import Person
from signoff.platform.people.service import directory

from ..conftest import SignIn

ITEMS: list[dict[str, Any]] = [
    {"key": "photos", "label": {"en": "Photos", "zh": "照片"}, "accept": ["image/*"]},
    {"key": "ticket", "label": "Ticket", "kind": "text"},
    {"key": "returned", "label": "Returned", "kind": "tick"},
]
RULES: list[dict[str, Any]] = [
    {"when": {"reason": "damaged"}, "require": ["evidence.photos"]},
    {"when": {"reason": "return"}, "show": ["evidence.returned"], "require": ["evidence.returned"]},
]


def claim_form(items: list[dict[str, Any]] = ITEMS, rules: list[dict[str, Any]] = RULES) -> dict[str, Any]:
    options = [{"value": value, "label": value} for value in ("damaged", "return", "other")]
    fields = [
        {"key": "reason", "type": "choice", "label": "Reason", "options": options},
        {"key": "evidence", "type": "evidence", "label": "Evidence", "items": items},
    ]
    access = {"edit": ["*"]}
    return {"schema": "form/1", "key": "claim", "title": "Claim", "fields": fields, "rules": rules, "access": access}


@pytest.fixture
def ada(company: Flask) -> Iterator[Person]:
    before = lifecycle.current()
    lifecycle.register(lifecycle.Kept())
    company.config["WTF_CSRF_ENABLED"] = False
    with company.app_context():
        catalogue.publish_form(claim_form(), by="ada")
        yield directory().persons["ada"]
    company.config["WTF_CSRF_ENABLED"] = True
    lifecycle.register(before)


def png() -> io.BytesIO:
    body = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(body, "PNG")
    body.seek(0)
    return body


def photo(by: Person) -> str:
    return files.store(png(), "photo.png", by=by.key).id


def submit(by: Person, reason: str, **evidence: Any) -> Any:
    return service.submit("claim", {"reason": reason, "evidence": evidence}, by=by)


@pytest.mark.parametrize(
    ("reason", "evidence", "missing"),
    [
        ("other", {}, []),
        ("other", {"ticket": "T-1"}, []),
        ("damaged", {"ticket": "T-1"}, ["photos"]),
        ("return", {"ticket": "T-1"}, ["returned"]),
        ("return", {"returned": False}, ["returned"]),
        ("return", {"returned": True}, []),
    ],
)
def test_items_are_required_where_they_matter(
    ada: Person, reason: str, evidence: dict[str, Any], missing: list[str]
) -> None:
    reading = service.evaluate("claim", {"reason": reason, "evidence": evidence}, by=ada)
    assert [(each.path, each.code) for each in reading.problems] == [
        (f"/values/evidence/{key}", "required") for key in missing
    ]


def test_a_step_asks_for_an_item_and_leaves_the_rest(ada: Person) -> None:
    record = submit(ada, "other", ticket="T-1")
    program = catalogue.program("claim")
    rights = {"evidence.photos": "required"}
    sent = {"evidence": {"ticket": "T-2"}}
    reading = service.read(program, sent, by=ada, record=record, rights=rights, partial=True)
    assert reading.values["evidence"] == {"ticket": "T-1"}
    assert [each.path for each in reading.problems] == ["/values/evidence/photos"]
    sent = {"evidence": {"photos": [photo(ada)]}}
    reading = service.read(program, sent, by=ada, record=record, rights=rights, partial=True)
    assert reading.ok
    assert reading.values["evidence"].keys() == {"ticket", "photos"}


def test_what_a_rule_hides_is_not_stored(ada: Person) -> None:
    assert submit(ada, "other", returned=True, ticket="T-1").stored["evidence"] == {"ticket": "T-1"}


def test_files_of_items_belong_to_the_record(ada: Person) -> None:
    picture = photo(ada)
    record = submit(ada, "damaged", photos=[picture])
    assert record.values["evidence"] == {"photos": (picture,)}
    stored = files.get_many([picture])[picture]
    assert stored.owner == record.chain
    assert service.read_record(record.id, by=ada).values == record.values


def test_files_are_judged_as_in_any_field(ada: Person) -> None:
    document = files.store(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "a.pdf", by="ada").id
    with pytest.raises(Refused) as error:
        submit(ada, "damaged", photos=[document])
    assert [(each.path, each.code) for each in error.value.problems] == [("/values/evidence/photos", "wrong_file_type")]


@pytest.mark.parametrize(
    ("evidence", "path", "code"),
    [
        ({"photo": []}, "/values/evidence/photo", "unknown_field"),
        ("T-1", "/values/evidence", "wrong_type"),
        ({"ticket": 7}, "/values/evidence/ticket", "wrong_type"),
    ],
)
def test_what_does_not_fit_is_said_at_its_place(ada: Person, evidence: Any, path: str, code: str) -> None:
    reading = service.evaluate("claim", {"reason": "other", "evidence": evidence}, by=ada)
    assert [(each.path, each.code) for each in reading.problems] == [(path, code)]


def test_records_are_found_by_what_is_there(ada: Person) -> None:
    with_ticket = submit(ada, "other", ticket="T-1").id
    without = submit(ada, "other").id

    def found(where: Any) -> list[int]:
        return [record.id for record in service.find("claim", by=ada, where=where).items]

    assert found({"evidence": {"contains": "ticket"}}) == [with_ticket]
    assert found({"not": {"evidence": {"contains": "photos"}}}) == [without, with_ticket]
    assert found({"evidence": {"empty": True}}) == [without]
    assert found({"evidence": {"empty": False}}) == [with_ticket]


def test_a_condition_asks_for_an_item(ada: Person) -> None:
    rule = {"check": {"evidence": {"contains": "ticket"}}, "at": "evidence", "message": "A ticket, please."}
    catalogue.publish_form(claim_form(rules=[rule]), by="ada")
    assert service.evaluate("claim", {"evidence": {"ticket": "T-1"}}, by=ada).ok
    assert [each.code for each in service.evaluate("claim", {"evidence": {}}, by=ada).problems] == ["check"]


def test_lists_and_exports_name_what_is_there(ada: Person, app: Flask) -> None:
    submit(ada, "damaged", photos=[photo(ada)], ticket="T-1")
    with app.test_request_context():
        text = "".join(exporting.as_csv("claim", by=ada, reader=render.reader()))
    assert "Photos, Ticket" in text


def test_the_page_draws_takes_and_shows_every_item(ada: Person, sign_in: SignIn) -> None:
    with sign_in("ada") as browser:
        page = browser.get("/forms/claim/new").text
        for name in ("f-evidence", "f-evidence-photos-upload", "f-evidence-ticket", "f-evidence-returned"):
            assert f'name="{name}"' in page
        sent = {"f-reason": "damaged", "f-evidence": "1", "f-evidence-ticket": "T-1"}
        refused = browser.post("/forms/claim/new", data=sent)
        assert refused.status_code == 422
        assert 'href="#f-evidence-photos"' in refused.text
        assert "T-1" in refused.text
        made = browser.post("/forms/claim/new", data={**sent, "f-evidence-photos-upload": (png(), "photo.png")})
        assert made.status_code == 303, made.text
        shown = browser.get(made.headers["Location"]).text
        assert "photo.png" in shown
        assert "T-1" in shown


def test_a_wrong_checklist_is_refused_with_its_place(ada: Person) -> None:
    def problems(items: list[Any], rules: list[Any] = RULES) -> list[tuple[str, str]]:
        return [(each.path, each.code) for each in catalogue.check_document(claim_form(items, rules)).problems]

    assert problems([*ITEMS, ITEMS[0]]) == [("/fields/1/items/3/key", "duplicate_key")]
    assert problems([{**ITEMS[0], "kind": "photo"}], []) == [("/fields/1/items/0/kind", "wrong_value")]
    assert problems(ITEMS[:1]) == [
        ("/rules/1/show/0", "unknown_field"),
        ("/rules/1/require/0", "unknown_field"),
    ]
    assert problems([], []) == [("/fields/1/items", "wrong_value")]


@pytest.mark.parametrize(
    ("values", "hidden", "counted"),
    [
        ({"reason": "other"}, (), (0, 2)),
        ({"reason": "other", "evidence": {"ticket": "T-1"}}, (), (1, 2)),
        ({"reason": "return", "evidence": {"ticket": "T-1", "returned": True}}, (), (2, 3)),
        ({"reason": "return", "evidence": {"ticket": "T-1"}}, ("evidence.ticket",), (0, 2)),
        ({"reason": "other", "evidence": {"ticket": "T-1"}}, ("evidence",), (0, 0)),
        ({"reason": "other", "receipts": ("a", "b")}, (), (1, 3)),
        ({"reason": "other", "receipts": ()}, (), (0, 3)),
    ],
)
def test_what_is_there_of_what_is_asked_for_is_counted(
    ada: Person, values: dict[str, Any], hidden: tuple[str, ...], counted: tuple[int, int]
) -> None:
    """Files and the items of a checklist that the request has to do with; a list of files counts once."""
    document = claim_form()
    if "receipts" in values:
        document["fields"].append({"key": "receipts", "type": "file", "label": "Receipts", "multiple": True})
    catalogue.publish_form(document, by="ada")
    found = proofs.count(catalogue.program("claim"), values, clock.now(), UTC, hidden)
    assert (found.there, found.asked) == counted


def test_the_api_carries_items_as_an_object(
    ada: Person, client: FlaskClient, token: Callable[[str], dict[str, str]]
) -> None:
    body = {"values": {"reason": "other", "evidence": {"ticket": "T-1"}}}
    made = client.post("/api/v1/forms/claim/records", json=body, headers=token("ada"))
    assert made.json["values"]["evidence"] == {"ticket": "T-1"}


def test_the_type_stands_in_one_file_without_script() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    outside = [
        path
        for folder in ("forms", "templates/forms", "static/src")
        for path in (root / folder).rglob("*")
        if path.suffix in (".py", ".html", ".ts") and '"evidence"' in path.read_text(encoding="utf-8")
    ]
    assert outside == []
