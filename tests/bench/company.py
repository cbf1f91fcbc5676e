"""A company for the benchmarks of the lifecycle: a claim of ten fields goes through three approvals with deadlines."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import make_url

from signoff import create_app

APPROVERS = ("li", "zhou", "gao")
PEOPLE: dict[str, Any] = {
    "schema": "people/1",
    "departments": [{"key": "company", "name": "Company", "head": "gao"}],
    "people": [
        {"key": "amy", "name": "Amy Chen", "department": "company", "manager": "li", "roles": ["staff"]},
        {"key": "li", "name": "Li Na", "department": "company", "manager": "zhou", "limits": {"claim": "5000"}},
        {"key": "zhou", "name": "Zhou Min", "department": "company", "manager": "gao", "limits": {"claim": "50000"}},
        {"key": "gao", "name": "Gao Yuan", "department": "company", "limits": {"claim": "1000000"}},
        {"key": "ada", "name": "Ada Admin", "department": "company", "manager": "gao", "roles": ["admin"]},
    ],
}
FORM: dict[str, Any] = {
    "schema": "form/1",
    "key": "claim",
    "title": "Claim",
    "summary": ["purpose", "amount"],
    "fields": [
        {"key": "purpose", "type": "text", "label": "Purpose", "required": True},
        {"key": "paid_on", "type": "date", "label": "Paid on", "required": True},
        {"key": "net", "type": "money", "currency": "CNY", "label": "Net", "required": True, "min": "0"},
        {"key": "tax", "type": "money", "currency": "CNY", "label": "Tax", "default": "0"},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount", "compute": "net + tax",
         "indexed": True},
        {"key": "kind", "type": "choice", "label": "Kind", "options": [
            {"value": "travel", "label": "Travel"}, {"value": "meal", "label": "Meal"}]},
        {"key": "guests", "type": "integer", "label": "Guests"},
        {"key": "mail", "type": "email", "label": "Mail"},
        {"key": "urgent", "type": "boolean", "label": "Urgent"},
        {"key": "note", "type": "long_text", "label": "Note"},
    ],
    "rules": [{"when": {"kind": "meal"}, "show": ["guests"], "require": ["guests"]}],
}  # fmt: skip
DUE = {"in": "PT12H", "clock": "business", "remind": ["-PT1H", "PT0S"]}
FLOW: dict[str, Any] = {
    "schema": "flow/1",
    "key": "claim",
    "title": "Claim",
    "form": "claim",
    "steps": [
        {"id": "lead", "kind": "approve", "who": [{"manager": 1}], "due": DUE},
        {"id": "manager", "kind": "approve", "who": [{"manager": 2}], "due": DUE},
        {"id": "director", "kind": "approve", "who": [{"manager": 3}], "due": DUE},
    ],
}
VALUES = {
    "purpose": "Visit to the supplier", "paid_on": "2026-03-01", "net": "300.00", "tax": "18.00", "kind": "meal",
    "guests": 3, "mail": "amy@example.org", "urgent": False, "note": "Three people, one evening.",
}  # fmt: skip


def write_definitions(folder: Path) -> Path:
    """The company as files, for ``signoff apply``."""
    for name, document in (("people", PEOPLE), ("claim.form", FORM), ("claim.flow", FLOW)):
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


@contextmanager
def fresh_database(database_url: str, name: str = "bench") -> Iterator[tuple[str, Path]]:
    """An address that is empty and thrown away afterwards, and a folder; of PostgreSQL a database beside that given."""
    with tempfile.TemporaryDirectory(prefix="signoff-bench-") as folder:
        if not database_url or database_url.startswith("sqlite"):
            yield f"sqlite:///{folder}/{name}.db", Path(folder)
            return
        url = make_url(database_url).set(drivername="postgresql+psycopg")
        admin = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        name = f"{url.database or 'signoff'}_{name}"
        with admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        try:
            yield url.set(database=name).render_as_string(hide_password=False), Path(folder)
        finally:
            with admin.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            admin.dispose()


@contextmanager
def company(database_url: str) -> Iterator[Flask]:
    """An application on a fresh database with the company in force, inside an application context."""
    from signoff.flows import catalogue as flows
    from signoff.forms import catalogue as forms
    from signoff.platform.migrating import upgrade
    from signoff.platform.people import service as people
    from signoff.platform.people.definition import read_people

    with fresh_database(database_url) as (url, folder):
        app = create_app(
            database_url=url, data_dir=folder, secret_key="a secret of the bench", mail_url="folder:", testing=True
        )
        with app.app_context():
            upgrade()
            read, problems = read_people(PEOPLE)
            assert read is not None, problems
            people.apply_people(read, by=None)
            forms.publish_form(FORM, by="ada", note="")
            flows.publish_flow(FLOW, by="ada", note="")
            yield app
            app.extensions["signoff"].engine.dispose()
