"""Fixtures: the application on SQLite and on PostgreSQL, the company of the examples, a clock that stands still."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff import create_app
from signoff.platform import caches, clock
from signoff.platform.db import metadata

from . import conformity, postgres

# The same examples on every machine; SIGNOFF_TEST_RANDOM=true looks for new ones.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
if os.environ.get("SIGNOFF_TEST_RANDOM") != "true":
    hypothesis.settings.load_profile("same")

DEFINITIONS = Path(__file__).parent / "definitions"
PASSWORD = "correct horse battery"


def definition(name: str) -> dict[str, Any]:
    """The example ``name`` (``refund.form``, ``people`` …) as JSON, a fresh copy each time."""
    document: dict[str, Any] = json.loads((DEFINITIONS / f"{name}.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('db') / 'signoff.db'}"
        return
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def application(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application per database, its schema made by the migrations; use ``app``, which is clean for each test."""
    app = create_app(
        database_url=database_url,
        data_dir=tmp_path_factory.mktemp("data"),
        secret_key="a secret for the tests",
        testing=True,
        mail_url="folder:",
        sqlite_synchronous="NORMAL",
    )
    app.config["SERVER_NAME"] = "127.0.0.1"
    conformity.hold(app)
    with app.app_context():
        from signoff.platform.migrating import upgrade

        upgrade()
    return app


@pytest.fixture
def app(application: Flask) -> Flask:
    """The application with empty tables and nothing remembered."""
    with application.app_context():
        _empty(application)
        caches.forget()
    return application


def _empty(application: Flask) -> None:
    engine = application.extensions["signoff"].engine
    # SQLAlchemy does not reflect SQLite's indexes on expressions
    named = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname FROM pg_indexes",
    }
    with engine.connect().execution_options(signoff_writes=True) as connection, connection.begin():
        for name in connection.exec_driver_sql(named[engine.dialect.name]).scalars().all():
            if name.startswith("ix_field_"):
                connection.exec_driver_sql(f'DROP INDEX "{name}"')
        if engine.dialect.name == "postgresql":
            names = ", ".join(metadata.tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
            return
        triggers = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'signoff_audit'"
        ).all()
        for name, _ in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for table in metadata.tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")
        for _, sql in triggers:
            connection.exec_driver_sql(sql)


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An application context around the whole test, for tests of services."""
    with app.app_context():
        yield app


@pytest.fixture
def company(app: Flask) -> Flask:
    """The people of ``definitions/people.json`` are in the database, each with :data:`PASSWORD`."""
    from signoff.platform.people import service
    from signoff.platform.people.definition import read_people

    with app.app_context():
        people, problems = read_people(definition("people"))
        assert people is not None, problems
        service.apply_people(people, by=None)
    return app


@pytest.fixture
def shop(company: Flask) -> Flask:
    """The company, and the forms and the flow of the examples in force."""
    from signoff.flows import catalogue as flows
    from signoff.forms import catalogue as forms

    with company.app_context():
        for name in ("product", "sales_order", "stock_movement", "refund"):
            forms.publish_form(definition(f"{name}.form"), by="ada", note="")
        flows.publish_flow(definition("refund.flow"), by="ada", note="")
    return company


class Clock:
    """The clock of a test: it stands still until ``move`` is called."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, **delta: float) -> datetime:
        """Move by a duration: ``move(minutes=31)``."""
        self.at += timedelta(**delta)
        return self.at


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock at Monday 2026-03-02, 10:00 in Shanghai: a working day within working hours."""
    held = Clock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    monkeypatch.setattr(clock, "_source", held.now)
    return held


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


SignIn = Callable[[str], AbstractContextManager[FlaskClient]]


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """``with sign_in("amy") as client``: a browser of that person (the session is written, no page is used)."""
    from signoff.platform.people import current

    @contextmanager
    def open_as(person: str) -> Iterator[FlaskClient]:
        browser = app.test_client()
        with browser.session_transaction() as session, app.app_context():
            session.update(current.session_of(person))
        yield browser

    return open_as


@pytest.fixture
def token(app: Flask) -> Callable[[str], dict[str, str]]:
    """``headers = token("amy")``: the headers of an API client of that person."""
    from signoff.platform.people import tokens

    def headers(person: str) -> dict[str, str]:
        with app.app_context():
            return {"Authorization": f"Bearer {tokens.create(person, 'test', days=1)}"}

    return headers
