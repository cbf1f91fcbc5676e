"""Lifecycles over HTTP: 8 clients, signed in, with the page's token, submit and approve three times at 2 workers.

Beside it, in the same run, the same lifecycle written by hand in Flask and raw SQL (``http_floor``). The clients share
the processors with the server, so they are raw sockets, and what they use is printed too.
"""

import json
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from signoff import create_app
from signoff.platform.people import service as people
from tests.server import Server, command, serving

from .company import APPROVERS, VALUES, fresh_database, write_definitions

CLIENTS = 8
WORKERS = "2"
SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))
PASSWORD = "a password of the bench"
PEOPLE = ("amy", *APPROVERS)


@dataclass
class Browser:
    """One person at one kept connection; as light as can be."""

    port: int
    cookie: str = ""
    token: str = ""
    _socket: socket.socket | None = field(default=None, repr=False)

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """The status and the JSON of an API call."""
        headers = f"X-CSRFToken: {self.token}\r\nIdempotency-Key: {uuid.uuid4().hex}\r\nAccept: application/json\r\n"
        status, _, text = self.send("POST", f"/api/v1{path}", json.dumps(body), "application/json", headers)
        return status, json.loads(text)

    def send(self, method: str, path: str, body: str = "", kind: str = "", headers: str = "") -> tuple[int, str, bytes]:
        """The status, the head and the body of an answer."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = body.encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n{headers}"
        if method == "POST":
            head += f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
        self._socket.sendall(f"{head}\r\n".encode() + data)
        return self._answer(self._socket)

    @staticmethod
    def _answer(connection: socket.socket) -> tuple[int, str, bytes]:
        found = b""
        while b"\r\n\r\n" not in found:
            part = connection.recv(65536)
            if not part:
                raise OSError("the server closed the connection")
            found += part
        raw, _, text = found.partition(b"\r\n\r\n")
        head = raw.decode("latin-1")
        length = re.search(r"(?i)\r\ncontent-length: (\d+)", head)
        while length is not None and len(text) < int(length[1]):
            text += connection.recv(65536)
        return int(head[9:12]), head, text

    def at_another_connection(self) -> "Browser":
        return Browser(self.port, self.cookie, self.token)


def main(database_url: str) -> None:
    """Print lifecycles a second beside the floor, how long an answer took, and the processor time of a lifecycle."""
    with fresh_database(database_url, "floor") as (url, folder), _floor(url, folder) as server:
        floor = _measured(server, {each: _known_to_floor(server.port, each) for each in PEOPLE}, SECONDS / 2)
    with fresh_database(database_url) as (url, folder), _signoff(url, folder) as server:
        ours = _measured(server, {each: _signed_in(server.port, each) for each in PEOPLE}, SECONDS)
    print(f"{CLIENTS} clients, {WORKERS} workers{'':12}{'lifecycles/s':>14}{'server ms':>12}{'clients ms':>12}")
    for name, each in (("written by hand in Flask and raw SQL", floor), ("Signoff", ours)):
        print(f"{name:36}{each.rate:>14.0f}{each.server_ms:>12.1f}{each.client_ms:>12.1f}")
    print(f"{ours.rate / floor.rate:.2f} of the floor, {ours.server_ms / floor.server_ms:.1f} × its processor time")
    print(f"an answer: median {ours.median_ms:.1f} ms, 99 % within {ours.slow_ms:.1f} ms")


@contextmanager
def _floor(url: str, folder: Path) -> Iterator[Server]:
    server = Server({"FLOOR_URL": url}, module="tests.bench.http_floor", log=folder / "log").start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _signoff(url: str, folder: Path) -> Iterator[Server]:
    env = {
        "SIGNOFF_DATA_DIR": str(folder / "var"),
        "SIGNOFF_DATABASE_URL": url.replace("+psycopg", ""),
        "SIGNOFF_SECRET_KEY": "a secret of the bench, long enough",
        "SIGNOFF_API_LIMIT": "10000000 per minute",
        "SIGNOFF_BACKGROUND": os.environ.get("BENCH_BACKGROUND", "embedded"),
    }
    definitions = folder / "definitions"
    definitions.mkdir()
    command("apply", str(write_definitions(definitions)), env=env)
    app = create_app(database_url=url, data_dir=folder / "var", secret_key=env["SIGNOFF_SECRET_KEY"])
    with app.app_context():
        for each in PEOPLE:
            people.set_password(each, PASSWORD)
        app.extensions["signoff"].engine.dispose()
    with serving(env, log=folder / "log", command=("run", "--workers", WORKERS)) as server:
        yield server


def _known_to_floor(port: int, person: str) -> Browser:
    browser = Browser(port)
    _, head, text = browser.send("POST", f"/sign-in/{person}", "", "application/json")
    browser.cookie, browser.token = _cookies(head), json.loads(text)["token"]
    return browser


def _signed_in(port: int, person: str) -> Browser:
    """As a person does: the page's token, name and password, and the token of the first page after it."""
    browser = Browser(port)
    _, head, text = browser.send("GET", "/sign-in")
    browser.cookie = _cookies(head)
    form = f"csrf_token={quote(_token(text))}&name={person}&password={quote(PASSWORD)}"
    status, head, _ = browser.send("POST", "/sign-in", form, "application/x-www-form-urlencoded")
    if status != 303:
        raise RuntimeError(f"{person} could not sign in: {status}")
    browser.cookie = _cookies(head)
    _, head, text = browser.send("GET", "/")
    browser.cookie, browser.token = _cookies(head) or browser.cookie, _token(text)
    return browser


def _cookies(head: str) -> str:
    return "; ".join(re.findall(r"(?i)\r\nset-cookie: (signoff=[^;]+|session=[^;]+)", head))


def _token(page: bytes) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.decode())
    assert found is not None, page[:500]
    return found[1]


@dataclass(frozen=True)
class Measured:
    """Lifecycles a second; milliseconds of processor time for each; milliseconds until an answer."""

    rate: float
    server_ms: float
    client_ms: float
    median_ms: float
    slow_ms: float


def _measured(server: Server, browsers: Mapping[str, Browser], seconds: float) -> Measured:
    _lifecycles(browsers, 1.5)
    start, used, ours = time.perf_counter(), _cpu_seconds(server), time.process_time()
    times = sorted(_lifecycles(browsers, seconds))
    spent = time.perf_counter() - start
    used, ours = _cpu_seconds(server) - used, time.process_time() - ours
    done = len(times) / 4
    median, slow = (times[len(times) * part // 100] * 1000 for part in (50, 99))
    return Measured(done / spent, used / done * 1000, ours / done * 1000, median, slow)


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


def _lifecycles(browsers: Mapping[str, Browser], seconds: float) -> list[float]:
    """How long each answer took, of all clients until the time is over."""
    end = time.perf_counter() + seconds
    times: list[float] = []
    broken: list[str] = []

    def client() -> None:
        posts = {person: each.at_another_connection().post for person, each in browsers.items()}
        while time.perf_counter() < end and not broken:
            try:
                times.extend(_lifecycle(posts))
            except (AssertionError, OSError, KeyError) as error:
                broken.append(repr(error))

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise RuntimeError(f"a client was answered wrongly: {broken[0]}")
    return times


def _lifecycle(posts: Mapping[str, Callable[[str, Any], tuple[int, Any]]]) -> list[float]:
    """Submit and approve; each answer names the next task."""
    times = []
    start = time.perf_counter()
    status, answer = posts["amy"]("/forms/claim/records", {"values": VALUES})
    times.append(time.perf_counter() - start)
    for person in APPROVERS:
        assert status in (200, 201), answer
        task = answer["run"]["waiting_on"][0]["task"]
        start = time.perf_counter()
        status, answer = posts[person](f"/tasks/{task}/decision", {"verdict": "approve"})
        times.append(time.perf_counter() - start)
    assert status == 200, answer
    assert answer["status"] == "approved", answer
    return times
