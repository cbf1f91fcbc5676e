"""A long storm of processes on the same requests, and how long it takes to prove them all sound afterwards."""

import json
import os
import time
from pathlib import Path

from signoff.flows import deep_check
from signoff.platform import audit
from signoff.platform.people import service as people
from signoff.platform.people.definition import read_people

from .. import stress
from .company import company

PEOPLE = Path(__file__).parents[1] / "definitions" / "people.json"
REQUESTS = int(os.environ.get("BENCH_STORM_REQUESTS", "1000"))
PROCESSES = int(os.environ.get("BENCH_STORM_PROCESSES", "8"))
ATTEMPTS = int(os.environ.get("BENCH_STORM_ATTEMPTS", "5000"))


def main(database_url: str) -> None:
    """Print what became of the attempts, and the proof; ends with an error if something does not hold."""
    with company(database_url) as app:
        found, _ = read_people(json.loads(PEOPLE.read_text(encoding="utf-8")))
        assert found is not None
        people.apply_people(found, by=None)
        stress.prepare(REQUESTS)
        started = time.perf_counter()
        outcomes = stress.rage(app, PROCESSES, ATTEMPTS)
        seconds = time.perf_counter() - started
        print(f"{sum(outcomes.values())} attempts of {PROCESSES} processes on {REQUESTS} requests in {seconds:.1f} s")
        for what, count in sorted(outcomes.items()):
            print(f"  {what:16}{count:>8}")
        started = time.perf_counter()
        proof, verified = deep_check.prove(), audit.verify()
        seconds = time.perf_counter() - started
        print(f"{proof.message} {verified.message} ({seconds:.1f} s, {seconds / proof.runs * 1000:.2f} ms a request)")
        if not (proof.ok and verified.ok):
            raise SystemExit(1)
