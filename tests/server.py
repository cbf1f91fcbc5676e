"""A Signoff server in a process of its own, as users start it, and a small client of its API."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """``env`` are its ``SIGNOFF_*`` settings; ``command`` what comes after ``signoff``."""

    env: Mapping[str, str]
    port: int = field(default_factory=free_port)
    command: tuple[str, ...] = ("run",)
    module: str = "signoff"
    process: "subprocess.Popen[bytes] | None" = None
    log: Path | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, wait_seconds: float = 90) -> "Server":
        self.spawn()
        self._wait(wait_seconds)
        return self

    def spawn(self) -> None:
        """Start it, and wait for nothing."""
        output = self.log.open("ab") if self.log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module, *self.command, "--port", str(self.port)],
            env={**clean_environment(), **self.env},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}: {self._tail()}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(f"no server at {self.url}: {self._tail()}")

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log and self.log.exists() else ""

    def kill(self) -> None:
        """kill -9, of the server's process alone: its children must notice by themselves."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._wait_for_port()

    def _wait_for_port(self) -> None:
        """Until nobody listens any more."""
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"port {self.port} is still held after the server was killed")

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def clean_environment() -> dict[str, str]:
    """This environment without settings of another Signoff."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}


def command(*arguments: str, env: Mapping[str, str], check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run ``signoff …`` to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "signoff", *arguments],
        env={**clean_environment(), **env},
        capture_output=True,
        text=True,
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"signoff {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


@contextmanager
def serving(env: Mapping[str, str], log: Path | None = None, command: tuple[str, ...] = ("run",)) -> Iterator[Server]:
    server = Server(env, log=log, command=command).start()
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Answer:
    status: int
    body: Any

    def __getitem__(self, key: str) -> Any:
        return self.body[key]


class Api:
    """A client of ``/api/v1`` with a token; one connection, kept while it is used.

    A server closes a connection that nobody used for a while: one that rested is opened anew.
    """

    RESTS_SECONDS = 2.0

    def __init__(self, url: str, token: str) -> None:
        self.host = url.removeprefix("http://")
        self.token = token
        self.connection = http.client.HTTPConnection(self.host, timeout=60)
        self.used_at = time.monotonic()

    def send(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        """One call; a POST carries an Idempotency-Key, so that it may be sent again after a lost connection."""
        data = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **headers}
        if raw is None and body is not None:
            sent["Content-Type"] = "application/json"
        if method == "POST" and "Idempotency-Key" not in sent:
            sent["Idempotency-Key"] = uuid.uuid4().hex
        if time.monotonic() - self.used_at > self.RESTS_SECONDS:
            self.connection.close()
        try:
            self.connection.request(method, f"/api/v1{path}", body=data, headers=sent)
            response = self.connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        self.used_at = time.monotonic()
        return Answer(response.status, json.loads(text) if text else None)

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, {} if body is None else body, headers=headers)

    def upload(self, name: str, content: bytes, media_type: str) -> Answer:
        edge = uuid.uuid4().hex
        raw = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        ).encode() + content
        raw += f"\r\n--{edge}--\r\n".encode()
        return self.send("POST", "/files", raw=raw, headers={"Content-Type": f"multipart/form-data; boundary={edge}"})


PATIENCE_SECONDS = 120


class Stubborn:
    """Clients that do not give up: after a lost connection they send the same again, with the same key."""

    def __init__(self, server: Server, tokens: Mapping[str, str]) -> None:
        self.server = server
        self.tokens = tokens
        self.clients: dict[str, Api] = {}

    def _surely(self, person: str, send: Callable[[Api], Answer]) -> Answer:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            try:
                answer = send(self.clients.setdefault(person, Api(self.server.url, self.tokens[person])))
                # 503: the database is busy; 409: the first try of this very call is still at work
                if answer.status != 503 and answer.body.get("code") != "idempotency_in_progress":
                    return answer
            except (OSError, http.client.HTTPException):
                self.clients.pop(person, None)
            time.sleep(0.1)
        raise TimeoutError("the server does not come back")

    def get(self, person: str, path: str, **query: Any) -> Answer:
        return self._surely(person, lambda api: api.get(path, **query))

    def post(self, person: str, path: str, body: Any = None) -> Answer:
        key = uuid.uuid4().hex
        return self._surely(person, lambda api: api.post(path, body, **{"Idempotency-Key": key}))

    def upload(self, person: str, name: str, content: bytes, media_type: str) -> Answer:
        return self._surely(person, lambda api: api.upload(name, content, media_type))

    def find(self, person: str, form: str, **where: Any) -> int | None:
        """The id of the record with these values, ``None`` if there is none."""
        items = self.get(person, f"/forms/{form}/records", where=json.dumps(where))["items"]
        return items[0]["id"] if items else None
