"""A request on paper: the page, and the PDF where the libraries for it are there."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image

from signoff.flows import printing, service
from signoff.platform import files
from signoff.platform.errors import NotFound

from ..conftest import Clock, SignIn
from . import shop as at_shop
from .test_web import text


@pytest.fixture(autouse=True)
def _shop(shop: Flask, context: Flask, at: Clock) -> Flask:
    return shop


def _decided() -> int:
    made = at_shop.refund()
    service.decide(at_shop.task_of("bo").id, by=at_shop.person("bo"), verdict="reject", comment="Used <b>twice</b>.")
    return made.id


def test_the_page_has_the_request_its_decisions_and_its_history(sign_in: SignIn) -> None:
    record_id = _decided()
    with sign_in("amy") as client:
        answer = client.get(f"/requests/{record_id}/print")
        page, body = text(answer), answer.get_data(as_text=True)
        assert "/print" in client.get(f"/requests/{record_id}").get_data(as_text=True)
    for words in ("Refund request", "RF-", "¥300.00", "Bo Wang", "Rejected First answer.", "Sent the request."):
        assert words in page
    assert "Used &lt;b&gt;twice&lt;/b&gt;." in body
    assert printing.of(record_id, at_shop.person("amy")).proof in body


def test_it_is_for_those_who_may_see_the_request(sign_in: SignIn) -> None:
    record_id = _decided()
    with sign_in("fei") as client:
        assert client.get(f"/requests/{record_id}/print").status_code == 404
        assert client.get(f"/requests/{record_id}.pdf").status_code == 404


@pytest.mark.skipif(not printing.has_pdf(), reason="weasyprint or its libraries (pango) are not installed")
def test_the_pdf_is_made_without_fetching_anything(sign_in: SignIn) -> None:
    record_id = _decided()
    with sign_in("amy") as client:
        answer = client.get(f"/requests/{record_id}.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.get_data().startswith(b"%PDF-")


@pytest.mark.skipif(not printing.has_pdf(), reason="weasyprint or its libraries (pango) are not installed")
def test_the_pdf_shows_the_pictures_that_its_reader_may_see(sign_in: SignIn) -> None:
    body = io.BytesIO()
    Image.new("RGB", (640, 400), "#8aa39b").save(body, "PNG")
    proof = files.store(io.BytesIO(body.getvalue()), "proof.png", by="amy")
    made = at_shop.refund(payment_proof=[proof.id])
    with sign_in("amy") as client:
        shown = client.get(f"/requests/{made.id}.pdf").get_data()
    bare = files.store(io.BytesIO(b"%PDF-1.4 no picture"), "proof.pdf", by="amy")
    other = at_shop.refund(4, payment_proof=[bare.id])
    with sign_in("amy") as client:
        without = client.get(f"/requests/{other.id}.pdf").get_data()
    assert b"/Subtype /Image" in shown
    assert b"/Subtype /Image" not in without


@pytest.mark.parametrize(
    "url",
    ["http://localhost/files/{proof}", "https://outside.example/x.png", "file:///etc/hosts", "http://localhost/me"],
)
def test_nothing_but_pictures_of_files_is_shown_on_paper(shop: Flask, url: str) -> None:
    proof = files.store(io.BytesIO(b"%PDF-1.4 no picture"), "proof.pdf", by="amy")
    with pytest.raises(ValueError, match="nothing is fetched"):
        printing._picture(at_shop.person("amy"), url.format(proof=proof.id))


def test_a_picture_of_somebody_elses_file_is_not_found(shop: Flask) -> None:
    body = io.BytesIO()
    Image.new("RGB", (64, 40)).save(body, "PNG")
    proof = files.store(io.BytesIO(body.getvalue()), "proof.png", by="li")
    with pytest.raises(NotFound):
        printing._picture(at_shop.person("amy"), f"http://localhost/files/{proof.id}/thumbnail")


def test_without_weasyprint_it_is_said_what_to_install(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    record_id = _decided()
    monkeypatch.setattr(printing, "has_pdf", lambda: False)
    with sign_in("amy") as client:
        answer = client.get(f"/requests/{record_id}.pdf")
        assert answer.status_code == 503
        assert "signoff[pdf]" in text(answer)
        assert f"/requests/{record_id}.pdf" not in client.get(f"/requests/{record_id}/print").get_data(as_text=True)


@pytest.mark.skipif(not printing.has_pdf(), reason="weasyprint or its libraries (pango) are not installed")
def test_the_api_gives_the_same(shop: Flask, token: Callable[[str], dict[str, str]]) -> None:
    client, path = shop.test_client(), f"/api/v1/records/{_decided()}/pdf"
    assert client.get(path, headers=token("amy")).get_data().startswith(b"%PDF-")
    assert client.get(path, headers=token("fei")).status_code == 404
