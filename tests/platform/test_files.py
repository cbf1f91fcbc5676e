"""Uploads: what is taken, what is refused and why, who may read them, and what becomes of the abandoned."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from flask import Flask
from PIL import Image

from signoff.platform import files, timers
from signoff.platform.db import transaction
from signoff.platform.errors import Conflict, NotFound, Refused, TooLarge
from signoff.platform.files import StoredFile, clean_name
from signoff.platform.people import service as people
from signoff.platform.people.directory import Person
from signoff.platform.scheduler import run_due

from ..conftest import Clock, SignIn


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 400)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "#0f766e").save(stream, kind)
    return stream.getvalue()


def workbook() -> bytes:
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    return stream.getvalue()


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("a.txt", "a")
    return stream.getvalue()


def store(content: bytes, name: str, by: str | None = "amy", **given: Any) -> StoredFile:
    return files.store(io.BytesIO(content), name, by=by, **given)


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (picture(), "a.png", "image/png"),
        (picture("JPEG"), "a.JPG", "image/jpeg"),
        (picture("WEBP"), "a.webp", "image/webp"),
        (picture("GIF"), "a.gif", "image/gif"),
        (picture(), "without ending", "image/png"),
        (PDF, "a.pdf", "application/pdf"),
        (workbook(), "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (archive(), "a.zip", "application/zip"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        ("金额,原因\n".encode("gb18030"), "a.csv", "text/csv"),
        ("退款".encode(), "a.txt", "text/plain"),
        (b"BMW is a car", "a.txt", "text/plain"),
        (HTML, "a.html", "text/html"),
        (SVG, "a.svg", "image/svg+xml"),
        (bytes(range(256)), "a.xyz", "application/octet-stream"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_types_are_found_by_content(context: Flask, at: Clock, content: bytes, name: str, media_type: str) -> None:
    stored = store(content, name)
    assert stored.media_type == media_type
    with files.storage().open(stored.id) as kept:
        assert kept.read() == content
    has_thumbnail = files.storage().exists(stored.thumbnail)
    assert stored.has_thumbnail == has_thumbnail == (media_type in files.file_types.INLINE)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.txt", "empty_file"),
        (HTML, "a.png", "type_mismatch"),
        (SVG, "a.jpg", "type_mismatch"),
        (picture(), "a.pdf", "type_mismatch"),
        (picture("JPEG"), "a.png", "type_mismatch"),
        (PDF, "a.txt", "type_mismatch"),
        (archive(), "a.xlsx", "type_mismatch"),
        (workbook(), "a.docx", "type_mismatch"),
        (picture()[:200], "a.png", "damaged"),
        (archive()[:40], "a.zip", "damaged"),
        (b"MZ" + bytes(200), "a.png", "program"),
        (b"\x7fELF" + bytes(200), "a", "program"),
        (picture(size=(9000, 9000)), "a.png", "too_many_pixels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_what_it_claims_is_refused(context: Flask, at: Clock, content: bytes, name: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        store(content, name)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert not list((context.extensions["signoff"].config.files_dir / "parts").glob("*"))


@pytest.mark.parametrize(
    ("accept", "taken"),
    [((), True), (("image/*",), True), (("image/png", "application/pdf"), True), (("application/pdf",), False)],
)
def test_a_field_says_what_it_accepts(context: Flask, at: Clock, accept: tuple[str, ...], taken: bool) -> None:
    if taken:
        assert store(picture(), "a.png", accept=accept).media_type == "image/png"
    else:
        with pytest.raises(Refused, match="Accepted: application/pdf"):
            store(picture(), "a.png", accept=accept)


def test_too_large_is_said_with_the_limit(context: Flask, at: Clock) -> None:
    with pytest.raises(TooLarge, match=r"'a\.txt' is larger than 0\.00977 MB"):
        store(b"x" * 10241, "a.txt", max_bytes=10240)
    assert store(b"x" * 10240, "a.txt", max_bytes=10240).size_bytes == 10240


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\amy\\证据.png", "证据.png"),
        ("a\x00b\u202egnp.exe", "abgnp.exe"),
        ('a<b>:"c".txt', "a_b___c_.txt"),
        ("  .. ", "file"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
    ],
)
def test_names_are_cleaned(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def _person(key: str) -> Person:
    return people.person(key)


def test_an_upload_is_its_uploaders_until_it_is_attached(
    company: Flask, context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_guards", {})
    files.guard("record", lambda owner, _file, person: owner == "17" and person.key in ("amy", "li"))
    stored = store(PDF, "a.pdf")
    assert files.get_for(stored.id, _person("amy")).id == stored.id
    with pytest.raises(NotFound):
        files.get_for(stored.id, _person("li"))
    with transaction() as conn:
        files.attach(conn, [stored.id], "record:17", by="amy")
    assert files.get_for(stored.id, _person("li")).owner == "record:17"
    with pytest.raises(NotFound):
        files.get_for(stored.id, _person("bo"))


@pytest.mark.parametrize(
    ("ids", "by", "error"),
    [
        (lambda own, others, elsewhere: [own, own], "amy", None),
        (lambda own, others, elsewhere: [others], "amy", NotFound),
        (lambda own, others, elsewhere: [others], None, None),
        (lambda own, others, elsewhere: [own, elsewhere], "amy", Conflict),
        (lambda own, others, elsewhere: ["f" * 32], "amy", NotFound),
    ],
    ids=["own", "somebody's", "somebody's, checked by the caller", "of another request", "unknown"],
)
def test_attaching(
    company: Flask,
    context: Flask,
    at: Clock,
    ids: Callable[[str, str, str], list[str]],
    by: str | None,
    error: type[Exception] | None,
) -> None:
    own, others, elsewhere = (store(PDF, "a.pdf", by=each).id for each in ("amy", "bo", "amy"))
    with transaction() as conn:
        files.attach(conn, [elsewhere], "record:18")

    def attach() -> None:
        with transaction() as conn:
            files.attach(conn, ids(own, others, elsewhere), "record:17", by=by)

    if error is None:
        attach()
        attach()
    else:
        with pytest.raises(error):
            attach()
    assert files.get(own).owner == ("record:17" if error is None and by == "amy" else None)


def test_abandoned_uploads_are_swept_and_attached_ones_stay(context: Flask, at: Clock) -> None:
    abandoned, kept = store(picture(), "a.png"), store(picture(), "b.png")
    with transaction() as conn:
        files.attach(conn, [kept.id], "record:17")
    at.move(hours=1)
    young = store(picture(), "c.png")
    timers.start_chores()
    at.move(hours=23, minutes=30)
    run_due(context)
    assert [files.storage().exists(each.id) for each in (abandoned, kept, young)] == [False, True, True]
    assert not files.storage().exists(abandoned.thumbnail)
    assert set(files.get_many([abandoned.id, kept.id, young.id])) == {kept.id, young.id}
    with transaction() as conn:
        files.release(conn, "record:17")
    at.move(days=2)
    run_due(context)
    assert not files.storage().exists(kept.id)


def test_pages_give_pictures_inline_and_all_else_as_a_sandboxed_download(
    company: Flask, at: Clock, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sign_in("amy") as browser:
        monkeypatch.setitem(company.config, "WTF_CSRF_ENABLED", False)
        answers = {
            name: browser.post("/files", data={"file": (io.BytesIO(content), name)})
            for name, content in (("a.png", picture()), ("a.html", HTML), ("证据.svg", SVG))
        }
        nothing = browser.post("/files", data={})
        assert [answer.status_code for answer in answers.values()] == [201, 201, 201]
        assert nothing.status_code == 422
        shown = {name: browser.get(answer.json["url"]) for name, answer in answers.items() if answer.json}
        for answer in shown.values():
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert shown["a.png"].headers["Content-Disposition"].startswith("inline")
        for name in ("a.html", "证据.svg"):
            assert shown[name].headers["Content-Disposition"].startswith("attachment")
            assert shown[name].mimetype == "application/octet-stream"
        png = answers["a.png"].json
        assert png is not None
        thumbnail = browser.get(png["thumbnail_url"])
        assert (thumbnail.mimetype, thumbnail.data[8:12]) == ("image/webp", b"WEBP")
    with sign_in("bo") as browser:
        assert browser.get(png["url"]).status_code == 404
    assert company.test_client().get(png["url"], headers={"Accept": "application/json"}).status_code == 401


def test_the_api_takes_and_gives_files(company: Flask, at: Clock, token: Callable[[str], dict[str, str]]) -> None:
    client, headers = company.test_client(), token("amy")
    answer = client.post("/api/v1/files", data={"file": (io.BytesIO(PDF), "a.pdf")}, headers=headers)
    assert answer.status_code == 201
    assert answer.json is not None
    assert (answer.json["name"], answer.json["media_type"]) == ("a.pdf", "application/pdf")
    content = client.get(f"/api/v1/files/{answer.json['id']}", headers=headers)
    assert content.data == PDF
    refused = client.post("/api/v1/files", data={"file": (io.BytesIO(HTML), "a.png")}, headers=headers)
    assert (refused.status_code, refused.json and refused.json["problems"][0]["code"]) == (422, "type_mismatch")
    assert client.get(f"/api/v1/files/{answer.json['id']}", headers=token("bo")).status_code == 404
