"""Files elsewhere than in the data folder: all that holds of files holds alike with S3, and in another folder."""

import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import sqlalchemy as sa
from flask import Flask
from moto.server import ThreadedMotoServer

from signoff import create_app
from signoff.forms import importing_web
from signoff.platform import config, files, health, migrating
from signoff.platform.db import transaction
from signoff.platform.errors import Refused, Unavailable
from signoff.platform.files import StoredFile
from signoff.platform.scheduler import run_due
from signoff.platform.storage import Folder, Remote, on_disk

from ..conftest import Clock, SignIn

# The tests of files run here again, with the application below.
from .test_files import *  # noqa: F403
from .test_files import picture, store

BUCKET = "signoff-files"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A server that speaks S3, with one bucket; keys and address in the environment, as programs for S3 read them."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "signoff")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield f"s3://{BUCKET}/company"
    server.stop()


@pytest.fixture(scope="module")
def application(s3: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("data")
    app = create_app(
        data_dir=folder,
        secret_key="a secret for the tests",
        testing=True,
        files_url=s3,
        mail_url="folder:",
        sqlite_synchronous="NORMAL",
    )
    app.config["SERVER_NAME"] = "127.0.0.1"
    with app.app_context():
        migrating.upgrade()
    return app


def test_nothing_stays_in_the_data_folder(context: Flask, at: Clock) -> None:
    stored = store(picture(), "a.png")
    assert [path for path in config.current().files_dir.rglob("*") if path.is_file()] == []
    assert files.storage().exists(stored.id)
    assert files.storage().exists(stored.thumbnail)


def test_a_part_of_a_file_is_sent(company: Flask, at: Clock, sign_in: SignIn) -> None:
    """Browsers ask for parts of long files, and go on where a download broke off."""
    content = secrets.token_bytes(3 * 1024 * 1024)
    with company.app_context():
        stored = files.store(io.BytesIO(b"PK\x05\x06" + bytes(18)), "a.zip", by="amy")
        part = config.current().files_dir / "long"
        part.write_bytes(content)
        files.storage().keep(part, stored.id)  # as long as it says below
        with transaction() as conn:
            conn.execute(sa.text("UPDATE signoff_file SET size_bytes = :n"), {"n": len(content)})
    with sign_in("amy") as browser:
        whole = browser.get(f"/files/{stored.id}")
        assert (whole.status_code, whole.data == content) == (200, True)
        assert whole.headers["Accept-Ranges"] == "bytes"
        for asked, expected in (
            ("bytes=0-99", content[:100]),
            ("bytes=2000000-2000099", content[2_000_000:2_000_100]),
            ("bytes=-10", content[-10:]),
        ):
            some = browser.get(f"/files/{stored.id}", headers={"Range": asked})
            assert (some.status_code, some.data) == (206, expected)
        same = browser.get(f"/files/{stored.id}", headers={"If-None-Match": whole.headers["ETag"]})
        assert same.status_code == 304


def test_a_library_that_wants_a_file_gets_one(context: Flask, at: Clock) -> None:
    stored = store(b"a,b\n1,2\n", "a.csv")
    assert importing_web._header_of(stored)[0] == ["a", "b"]
    with files.on_disk(stored) as path:
        assert path.read_bytes() == b"a,b\n1,2\n"
    assert not path.exists()


def test_content_that_is_gone_is_said_kindly(company: Flask, at: Clock, sign_in: SignIn) -> None:
    with company.app_context():
        stored = files.store(io.BytesIO(picture()), "a.png", by="amy")
        files.storage().remove([stored.id, stored.thumbnail])
        files.storage().remove([stored.id])
    with sign_in("amy") as browser:
        for path in (f"/files/{stored.id}", f"/files/{stored.id}/thumbnail"):
            assert browser.get(path).status_code == 404


def test_the_doctor_writes_and_reads(context: Flask) -> None:
    (check,) = [each for each in health.checks() if each.name == "files"]
    assert check.ok
    assert config.current().files_url in str(check.message)


# --- storages that fail


def _app(tmp_path: Path, url: str) -> Flask:
    app = create_app(data_dir=tmp_path, testing=True, secret_key="a secret for the tests", files_url=url)
    with app.app_context():
        migrating.upgrade()
    return app


def test_a_bucket_that_is_not_there_keeps_nothing(s3: str, tmp_path: Path) -> None:
    with _app(tmp_path, "s3://no-such-bucket/x").app_context():
        with pytest.raises(Unavailable, match="Nothing was changed"):
            files.store(io.BytesIO(picture()), "a.png", by=None)
        with transaction() as conn:
            assert conn.scalar(sa.text("SELECT count(*) FROM signoff_file")) == 0
        (check,) = [each for each in health.checks() if each.name == "files"]
        assert not check.ok
        assert list((tmp_path / "files" / "parts").glob("*")) == []


def test_what_cannot_be_removed_only_takes_room(s3: str, tmp_path: Path, at: Clock) -> None:
    from signoff.platform import timers

    app = _app(tmp_path, s3)
    with app.app_context():
        stored = files.store(io.BytesIO(b"PK\x05\x06" + bytes(18)), "a.zip", by=None)
        timers.start_chores()
        at.move(days=2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Remote, "remove", _fail)
            run_due(app)
        assert files.get_many([stored.id]) == {}


def _fail(self: Remote, names: list[str]) -> None:
    raise OSError("the storage is away")


def test_a_folder_may_be_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    with _app(tmp_path, f"file://{elsewhere}").app_context():
        stored: StoredFile = files.store(io.BytesIO(b"a,b\n"), "a.csv", by=None)
        with on_disk(files.storage(), stored.id) as path:
            assert path == elsewhere / stored.id[:2] / stored.id


def test_a_folder_on_another_file_system_gets_files_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace
    calls: list[object] = []

    def across(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 1:
            raise OSError(18, "Invalid cross-device link")
        real(source, target)

    monkeypatch.setattr("os.replace", across)
    part = tmp_path / "part"
    part.write_bytes(b"content")
    Folder(tmp_path / "there").keep(part, "abcdef")
    assert not part.exists()
    assert (tmp_path / "there" / "ab" / "abcdef").read_bytes() == b"content"


@pytest.mark.parametrize("url", ["ftp://host/x", "s3:///x", "file://host/x", "files", "https://x"])
def test_a_wrong_place_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        config.load({}, data_dir=tmp_path, files_url=url)
    assert [each.path for each in refused.value.problems] == ["/SIGNOFF_FILES_URL"]
