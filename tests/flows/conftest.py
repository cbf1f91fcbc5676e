"""Whatever a test did to requests in the database, afterwards each of them must be sound."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def sound(request: pytest.FixtureRequest) -> Iterator[None]:
    """``signoff doctor --deep`` finds nothing after the test."""
    yield
    if "app" in request.fixturenames:
        from signoff.flows import deep_check

        with request.getfixturevalue("app").app_context():
            proof = deep_check.prove()
        assert proof.ok, proof.message
