"""Forms of the examples in force, without a flow."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from signoff.forms import catalogue, lifecycle
from signoff.platform.people.directory import Person
from signoff.platform.people.service import directory

from ..conftest import SignIn, definition

FORMS = ("product", "sales_order", "stock_movement", "refund")


@pytest.fixture
def tables(company: Flask) -> Iterator[Flask]:
    """The company with the example forms as plain tables, inside an application context."""
    before = lifecycle.current()
    lifecycle.register(lifecycle.Kept())
    with company.app_context():
        for name in FORMS:
            catalogue.publish_form(definition(f"{name}.form"), by="ada")
        yield company
    lifecycle.register(before)


@pytest.fixture
def browser(tables: Flask, sign_in: SignIn) -> Iterator[FlaskClient]:
    """A browser of Ada, who administers; what she sends needs no token."""
    tables.config["WTF_CSRF_ENABLED"] = False
    with sign_in("ada") as client:
        yield client
    tables.config["WTF_CSRF_ENABLED"] = True


@pytest.fixture
def ada(tables: Flask) -> Person:
    return person("ada")


@pytest.fixture
def amy(tables: Flask) -> Person:
    return person("amy")


def person(key: str) -> Person:
    found = directory().person(key)
    assert found is not None
    return found
