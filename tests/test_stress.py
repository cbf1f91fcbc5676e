"""Thousands of attempts by real processes on the same requests: afterwards every request is sound."""

from flask import Flask

from signoff.flows import deep_check
from signoff.platform import audit

from . import stress

REQUESTS = 150
PROCESSES = 4
ATTEMPTS = 700


def test_after_a_storm_every_request_is_sound(company: Flask) -> None:
    with company.app_context():
        stress.prepare(REQUESTS)
    found = stress.rage(company, PROCESSES, ATTEMPTS)
    with company.app_context():
        proof = deep_check.prove()
        verified = audit.verify()
    assert sum(found.values()) == PROCESSES * ATTEMPTS
    assert proof.ok, proof.message
    assert verified.ok, verified.message
    assert proof.runs == REQUESTS
    for what in ("decide done", "decide 409", "transfer done", "withdraw done", "resubmit done", "undo done"):
        assert found[what], f"{what} never happened: {found}"
    assert not [each for each in found if each.endswith(("500", "503"))], found
