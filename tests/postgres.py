"""A PostgreSQL for the tests: the server that is there, else one of our own, else those tests are skipped."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

SERVER = os.environ.get("SIGNOFF_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


def _answers(url: str) -> bool:
    try:
        engine = sa.create_engine(url, connect_args={"connect_timeout": 3})
        with engine.connect():
            return True
    except (sa.exc.OperationalError, ModuleNotFoundError):
        return False


@cache
def _own_server() -> str | None:
    """Start a server in a temporary folder; ``None`` where there is no ``initdb``."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) + [
        Path(path) for path in [shutil.which("initdb")] if path
    ]
    if not found or os.geteuid() == 0:
        return None
    folder = Path(tempfile.mkdtemp(prefix="signoff-pg-"))
    tools = found[-1].parent
    _run(tools / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust")
    options = f"-k {folder} -p 54329 -c listen_addresses=127.0.0.1 -c fsync=off"
    _run(tools / "pg_ctl", "-D", folder / "data", "-w", "-o", options, "start")
    return "postgresql+psycopg://postgres@127.0.0.1:54329/postgres"


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@cache
def server() -> str | None:
    """The address of a server where databases may be made, or ``None``."""
    return SERVER if _answers(SERVER) else _own_server()


@contextmanager
def database() -> Iterator[str]:
    """The address of a new, empty database, dropped afterwards."""
    url = server()
    if url is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no PostgreSQL answers at {SERVER}")
        pytest.skip(f"no PostgreSQL answers at {SERVER}, and none could be started")
    name = f"signoff_test_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    try:
        yield sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.dispose()
