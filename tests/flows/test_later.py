"""Customers add missing evidence on their page: number and code open it, nothing else can be changed."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from signoff.forms import catalogue, later, service
from signoff.forms.records import Record
from signoff.platform import audit, db
from signoff.platform.errors import Conflict, NotFound
from signoff.platform.people.service import directory

FIELDS = [
    {"key": "name", "type": "text", "label": "Name"},
    {"key": "photos", "type": "image", "label": "Photos", "multiple": True},
    {"key": "note", "type": "text", "label": "Note"},
    {"key": "size", "type": "integer", "label": "Size", "compute": "LEN(name)"},
]


def form(*open_fields: str) -> dict[str, Any]:
    public = {"fill": True, "status": ["name"], "later": list(open_fields)}
    head = {"schema": "form/1", "key": "claim", "title": "Claim", "number": "C-{0000}"}
    return {**head, "fields": FIELDS, "public": public}


@pytest.fixture
def claim(company: Flask) -> Iterator[Record]:
    company.config["WTF_CSRF_ENABLED"] = False
    with company.app_context():
        catalogue.publish_form(form("photos", "note"), by="ada")
        yield service.submit("claim", {"name": "a"}, by=None)
    company.config["WTF_CSRF_ENABLED"] = True


def png() -> io.BytesIO:
    body = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(body, "PNG")
    body.seek(0)
    return body


def code(record: Record) -> str:
    assert record.access_code is not None
    return record.access_code


def test_what_a_customer_sent_leads_to_the_page_that_follows_it(claim: Record, client: FlaskClient) -> None:
    page = client.get("/public/claim").text
    tokens = dict(re.findall(r'name="(csrf_token|key)" value="([^"]*)"', page))
    sent = client.post("/public/claim", data={**tokens, "f-name": "b", "do": "submit"})
    assert sent.status_code == 201
    [follow] = re.findall(r'href="(/status[^"]*)"', sent.text)
    assert "C-0002" in client.get(follow.replace("&amp;", "&")).text


def test_the_page_takes_what_is_missing(claim: Record, client: FlaskClient) -> None:
    url = f"/status?number={claim.number}&code={code(claim)}"
    page = client.get(url).text
    assert 'name="f-photos-upload"' in page
    assert 'name="f-name"' not in page
    for sent in ({"f-photos-upload": (png(), "one.png")}, {"f-photos-upload": (png(), "two.png"), "f-name": "b"}):
        body = {"number": claim.number, "code": code(claim), "f-photos": "", **sent}
        answer = client.post("/public/later", data=body, headers={"Referer": f"http://127.0.0.1{url}"})
        assert answer.status_code == 303
        assert answer.headers["Location"] == url
    record = service.read_record(claim.id, by=directory().persons["ada"])
    assert len(record.values["photos"]) == 2
    assert record.values["name"] == "a"
    assert [(each.event, each.acting_as) for each in audit.entries(claim.chain)][1:] == [
        ("record.updated", "customer"),
        ("record.updated", "customer"),
    ]


def test_items_of_a_checklist_come_one_after_the_other(claim: Record, client: FlaskClient) -> None:
    items = [
        {"key": "photos", "label": "Photos"},
        {"key": "video", "label": "Link to a film", "kind": "text"},
        {"key": "packed", "label": "Packed", "kind": "tick"},
    ]
    evidence = {"key": "evidence", "type": "evidence", "label": "Evidence", "items": items}
    document = form("evidence")
    catalogue.publish_form({**document, "fields": [*FIELDS, evidence]}, by="ada")
    made = service.submit("claim", {"name": "a"}, by=None)
    known = {"number": made.number, "code": code(made), "f-evidence": "1"}
    for sent in (
        {"f-evidence-photos-upload": (png(), "one.png"), "f-evidence-video": "https://film.example/1"},
        {"f-evidence-photos-upload": (png(), "two.png"), "f-evidence-video": "", "f-evidence-packed": "true"},
    ):
        assert client.post("/public/later", data={**known, **sent}).status_code == 303
    found = service.read_record(made.id, by=directory().persons["ada"]).values["evidence"]
    assert len(found["photos"]) == 2
    assert found["video"] == "https://film.example/1"
    assert found["packed"] is True


def test_number_and_code_are_both_needed(claim: Record, client: FlaskClient) -> None:
    assert later.record_of(str(claim.number), code(claim).lower()).id == claim.id
    with pytest.raises(NotFound):
        later.record_of(str(claim.number), "WRONG")
    assert client.post("/public/later", data={"number": claim.number, "code": "é"}).status_code == 404


def test_what_is_over_takes_nothing(claim: Record) -> None:
    with db.transaction() as conn:
        service.set_status(conn, claim.id, "rejected")
    over = later.record_of(str(claim.number), code(claim))
    assert later.drawn(over) == ""
    with pytest.raises(Conflict):
        later.add(over, {"note": "x"})


@pytest.mark.parametrize(("key", "problem"), [("gone", "unknown_field"), ("size", "does_not_fit")])
def test_only_fields_that_people_fill_stay_open(claim: Record, key: str, problem: str) -> None:
    found = catalogue.check_document(form(key)).problems
    assert [(each.path, each.code) for each in found] == [("/public/later/0", problem)]
