"""A backup that was restored is the same: everybody, every file, and a history that holds."""

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from signoff import create_app
from signoff.platform import audit, files
from signoff.platform.db import engine
from signoff.platform.people import service as people

from .. import postgres

ROOT = Path(__file__).resolve().parents[2]


def _run(script: str, folder: Path, url: str, data: Path, **more: str) -> None:
    environment = {**os.environ, "SIGNOFF_DATABASE_URL": url, "SIGNOFF_DATA_DIR": str(data), **more}
    done = subprocess.run(
        ["sh", ROOT / "deploy" / script, folder], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_restored_it_is_the_same(company: Flask, tmp_path: Path, database_url: str) -> None:
    tool = "sqlite3" if database_url.startswith("sqlite") else "pg_restore"
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool}")
    with company.app_context():
        kept = files.store(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "proof.pdf", by="amy")
        everybody = sorted(people.directory().persons)
        entries = audit.verify().entries
        data = company.extensions["signoff"].config.data_dir
        _run("backup.sh", tmp_path / "backup", database_url, data)
    if tool == "sqlite3":
        _check(f"sqlite:///{tmp_path / 'there' / 'signoff.db'}", tmp_path, everybody, entries, kept.id)
    else:
        with postgres.database() as url:
            _check(url, tmp_path, everybody, entries, kept.id)


def _check(url: str, tmp_path: Path, everybody: list[str], entries: int, file: str) -> None:
    there = tmp_path / "there"
    _run("restore.sh", tmp_path / "backup", url, there)
    app = create_app(database_url=url, data_dir=there, secret_key="another secret for the tests", testing=True)
    with app.app_context():
        assert sorted(people.directory().persons) == everybody
        found = audit.verify()
        assert (found.ok, found.entries) == (True, entries)
        assert files.get(file).name == "proof.pdf"
        assert any(path.is_file() for path in (there / "files").rglob("*"))
        engine().dispose()


def _empty_database(folder: Path) -> str:
    path = folder / "signoff.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["sqlite3", path, "CREATE TABLE made (id)"], check=True)
    return f"sqlite:///{path}"


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="there is no sqlite3")
def test_files_in_a_folder_elsewhere_come_along(tmp_path: Path) -> None:
    kept, there = tmp_path / "mnt" / "ab", tmp_path / "mnt2"
    kept.mkdir(parents=True)
    (kept / "abc").write_bytes(b"content")
    (tmp_path / "mnt" / "parts").mkdir()
    (tmp_path / "mnt" / "parts" / "half").write_bytes(b"an upload")
    url = _empty_database(tmp_path / "data")
    _run("backup.sh", tmp_path / "backup", url, tmp_path / "data", SIGNOFF_FILES_URL=f"file://{kept.parent}")
    again = f"sqlite:///{tmp_path / 'new' / 'signoff.db'}"
    _run("restore.sh", tmp_path / "backup", again, tmp_path / "new", SIGNOFF_FILES_URL=f"file://{there}")
    assert [path.relative_to(there) for path in there.rglob("*") if path.is_file()] == [Path("ab/abc")]


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="there is no sqlite3")
def test_a_backup_of_an_older_version_is_restored(tmp_path: Path) -> None:
    url = _empty_database(tmp_path / "data")
    _run("backup.sh", tmp_path / "backup", url, tmp_path / "data")
    (tmp_path / "data" / "files" / "ab").mkdir(parents=True)
    (tmp_path / "data" / "files" / "ab" / "abc").write_bytes(b"content")
    subprocess.run(["tar", "-C", tmp_path / "data", "-czf", tmp_path / "backup" / "files.tar.gz", "files"], check=True)
    _run("restore.sh", tmp_path / "backup", f"sqlite:///{tmp_path / 'new' / 'signoff.db'}", tmp_path / "new")
    assert (tmp_path / "new" / "files" / "ab" / "abc").read_bytes() == b"content"
