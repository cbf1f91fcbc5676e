"""Lifecycles over HTTP with tokens: 8 clients of a server with 2 workers submit and approve three times."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.server import Api, Server, command, serving

from .company import APPROVERS, VALUES, fresh_database, write_definitions

CLIENTS = 8
WORKERS = "2"
SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))


def main(database_url: str) -> None:
    """Print lifecycles a second, answers a second and how long one took."""
    with fresh_database(database_url) as (url, folder):
        env = {
            "SIGNOFF_DATA_DIR": str(folder / "var"),
            "SIGNOFF_DATABASE_URL": url.replace("+psycopg", ""),
            "SIGNOFF_API_LIMIT": "10000000 per minute",
        }
        definitions = folder / "definitions"
        definitions.mkdir()
        command("apply", str(write_definitions(definitions)), env=env)
        tokens = {each: command("token", each, env=env).stdout.strip() for each in ("amy", *APPROVERS)}
        with serving(env, log=Path(folder) / "log", command=("run", "--workers", WORKERS)) as server:
            _lifecycles(server, tokens, 1.5)
            start, used, ours = time.perf_counter(), _cpu_seconds(server), time.process_time()
            times = _lifecycles(server, tokens, SECONDS)
            spent = time.perf_counter() - start
            used, ours = _cpu_seconds(server) - used, time.process_time() - ours
    times.sort()
    done = len(times) // 4
    median, slow = (times[len(times) * part // 100] * 1000 for part in (50, 99))
    print(f"{CLIENTS} clients, {WORKERS} workers: {done / spent:.0f} lifecycles/s, {len(times) / spent:.0f} answers/s")
    print(f"an answer: median {median:.1f} ms, 99 % within {slow:.1f} ms")
    print(f"processor time a lifecycle: server {used / done * 1000:.1f} ms with its background work, ", end="")
    print(f"clients {ours / done * 1000:.1f} ms")


def _cpu_seconds(server: Server) -> float:
    """What all processes of the server have used so far."""
    assert server.process is not None
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            found = stat.read_text().rpartition(")")[2].split()
            if int(found[2]) == server.process.pid:  # its process group
                ticks += int(found[11]) + int(found[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _lifecycles(server: Server, tokens: dict[str, str], seconds: float) -> list[float]:
    """How long each answer took, of all clients until the time is over."""
    end = time.perf_counter() + seconds
    times: list[float] = []
    broken: list[str] = []

    def client() -> None:
        apis = {person: Api(server.url, token) for person, token in tokens.items()}
        while time.perf_counter() < end and not broken:
            try:
                times.extend(_lifecycle(apis))
            except (AssertionError, OSError) as error:
                broken.append(str(error))

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise RuntimeError(f"a client was answered wrongly: {broken[0]}")
    return times


def _lifecycle(apis: dict[str, Api]) -> list[float]:
    """Submit and approve; each answer names the next task."""
    times = []
    start = time.perf_counter()
    answer = apis["amy"].post("/forms/claim/records", {"values": VALUES})
    times.append(time.perf_counter() - start)
    for person in APPROVERS:
        assert answer.status in (200, 201), answer.body
        task = answer["run"]["waiting_on"][0]["task"]
        start = time.perf_counter()
        answer = apis[person].post(f"/tasks/{task}/decision", {"verdict": "approve"})
        times.append(time.perf_counter() - start)
    assert answer.status == 200, answer.body
    assert answer["status"] == "approved", answer.body
    return times
