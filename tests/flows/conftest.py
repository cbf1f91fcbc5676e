"""Whatever a test did to requests in the database, afterwards each of them must be sound."""

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture(autouse=True)
def sound(request: pytest.FixtureRequest) -> Iterator[None]:
    """``signoff doctor --deep`` finds nothing after the test."""
    yield
    if "app" in request.fixturenames:
        from signoff.flows import deep_check

        with request.getfixturevalue("app").app_context():
            proof = deep_check.prove()
        assert proof.ok, proof.message


@pytest.fixture
def open_shop(shop: Flask) -> Iterator[Flask]:
    """The shop inside its own context, whose pages take what is sent without a token of theirs."""
    shop.config["WTF_CSRF_ENABLED"] = False
    with shop.app_context():
        yield shop
    shop.config["WTF_CSRF_ENABLED"] = True
