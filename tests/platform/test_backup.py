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


def _run(script: str, folder: Path, url: str, data: Path) -> None:
    environment = {**os.environ, "SIGNOFF_DATABASE_URL": url, "SIGNOFF_DATA_DIR": str(data)}
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
