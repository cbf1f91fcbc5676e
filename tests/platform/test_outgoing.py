"""Calls over HTTPS: to the address that was judged, with the certificate checked against the name that people typed."""

import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from flask import Flask

from signoff import create_app
from signoff.platform import outgoing, trust
from signoff.platform.outgoing import Blocked, NoAnswer


class Receiver(http.server.BaseHTTPRequestHandler):
    """Says what it was asked, and for which name."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["Host"].encode() + b" " + body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class Names:
    """A resolver of our own: each question takes the next answer, the last one stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if not str(host).endswith(".example"):
            return self._real(host, port, *rest, **more)
        self.asked.append(str(host))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return self._real(answer, port, *rest, **more)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[int]:
    """The port of a server on this machine that calls itself hooks.example, and can prove it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example").configure_cert(context)
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield listening.server_address[1]
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the authority, as an operator has it trust the company's own."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(
        data_dir=tmp_path / "data", secret_key="a secret for the tests", testing=True, webhooks_private="127.0.0.1/32"
    )
    with made.app_context():
        yield made


def test_a_certificate_of_a_trusted_authority_holds(
    app: Flask, server: int, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, "127.0.0.1")
    answer = outgoing.post(f"https://hooks.example:{server}/in?a=1", b"{}", {})
    assert (answer.status, answer.body) == (200, f"hooks.example:{server} {{}}".encode())


def test_an_authority_that_nobody_trusts_does_not(app: Flask, server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, "127.0.0.1")
    with pytest.raises(NoAnswer, match=r"(?i)certificate"):
        outgoing.post(f"https://hooks.example:{server}/", b"{}", {})


def test_a_certificate_of_another_name_does_not(
    app: Flask, server: int, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, "127.0.0.1")
    with pytest.raises(NoAnswer, match=r"(?i)certificate|match"):
        outgoing.post(f"https://other.example:{server}/", b"{}", {})


def test_a_name_is_looked_up_once_and_the_call_goes_to_what_was_judged(
    app: Flask, server: int, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers with another address the second time (DNS rebinding) gains nothing."""
    names = Names(monkeypatch, "127.0.0.1", "10.0.0.1")
    assert outgoing.post(f"https://hooks.example:{server}/", b"{}", {}).status == 200
    assert names.asked == ["hooks.example"]


def test_an_address_inside_is_refused_before_anything_is_sent(
    app: Flask, server: int, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, "10.0.0.1", "127.0.0.1")
    with pytest.raises(Blocked, match="private network"):
        outgoing.post(f"https://hooks.example:{server}/", b"{}", {})


def test_the_authorities_are_read_once(app: Flask, server: int, trusted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes more of the processor than all else of a call."""
    read: list[str] = []
    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: read.append("again") or real())
    Names(monkeypatch, "127.0.0.1")
    for _ in range(3):
        assert outgoing.post(f"https://hooks.example:{server}/", b"{}", {}).status == 200
    assert len(read) == 1
    assert trust.context("mail") is trust.context("mail")
    assert trust.context("mail").check_hostname  # whatever calls do with theirs
