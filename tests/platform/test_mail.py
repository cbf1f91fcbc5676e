"""Mails: composed with stable ids and threads, written to the folder or handed to a server."""

import base64
import smtplib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask

from signoff.platform import mail
from signoff.platform.background import GiveUp, Retry, work_context
from signoff.platform.notifications import Delivery

from ..conftest import Clock, SignIn


@pytest.fixture
def working(app: Flask, at: Clock) -> Iterator[Flask]:
    for path in app.extensions["signoff"].config.mail_dir.glob("*"):
        path.unlink()
    with work_context(app):
        yield app


def _delivery(**given: Any) -> Delivery:
    values: dict[str, Any] = {
        "key": "notify:run:1:tell:a:amy",
        "template": "task_assigned",
        "event": "task.opened",
        "title": "Refund 退款 RF-1",
        "body": "Please <decide>\nsoon",
        "language": "en",
        "link": "http://127.0.0.1:8000/tasks/7",
        "thread": "record:1",
        "address": "amy@example.com",
    }
    return Delivery(**{**values, **given})


def test_a_mail_has_text_and_html_and_escapes(working: Flask) -> None:
    text, html = (part.get_content() for part in mail.compose(_delivery()).iter_parts())
    assert (
        text == "Please <decide>\nsoon\n\nOpen: http://127.0.0.1:8000/tasks/7\n"
    )  # an outside address chooses nothing
    assert "Please &lt;decide&gt;" in html
    assert "<decide>" not in html


def test_a_mail_to_a_person_leads_to_what_reaches_them_and_its_buttons_are_said_to_be_theirs(working: Flask) -> None:
    found = mail.compose(_delivery(person="amy", buttons=[("Approve", "http://127.0.0.1:8000/decide/x")], body=""))
    text, html = (part.get_content() for part in found.iter_parts())
    assert text == (
        "\n\nOpen: http://127.0.0.1:8000/tasks/7\n\nApprove: http://127.0.0.1:8000/decide/x\n\n"
        "These links ask once more and then decide in your name, without signing in. Do not pass this message on.\n\n"
        "-- \nChoose what reaches you: http://127.0.0.1:8000/me#messages\n"
    )
    assert 'href="http://127.0.0.1:8000/me#messages"' in html
    assert "prefers-color-scheme: dark" in html


def test_ids_are_stable_and_threads_hold_together(working: Flask) -> None:
    first, again = mail.compose(_delivery()), mail.compose(_delivery())
    other = mail.compose(_delivery(key="notify:run:1:tell:b:amy"))
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["References"] == other["References"] == other["In-Reply-To"]


def test_the_button_speaks_the_readers_language(working: Flask) -> None:
    html = mail.compose(_delivery(language="zh")).get_body(("html",))
    assert html is not None
    assert 'lang="zh-CN"' in html.get_content()


@pytest.mark.parametrize("address", [None, "", "amy", "a@b, c@d", "a@b\nBcc: c@d", "<a@b>"])
def test_what_is_no_address_is_given_up(working: Flask, address: str | None) -> None:
    with pytest.raises(GiveUp):
        mail.compose(_delivery(address=address))


def test_a_title_cannot_add_headers(working: Flask) -> None:
    assert mail.compose(_delivery(title="a\r\nBcc: eve@example.com"))["Subject"] == "a Bcc: eve@example.com"


def test_sent_twice_it_lies_in_the_folder_once(working: Flask) -> None:
    mail.deliver(_delivery())
    mail.deliver(_delivery())
    (kept,) = mail.kept_mails()
    assert (kept.to, kept.subject) == ("amy@example.com", "Refund 退款 RF-1")
    assert "Please <decide>" in kept.text
    assert mail.kept_mail(kept.name) == kept
    assert mail.kept_mail("../secret.key") is None


def test_mails_are_shown_to_admins_and_to_whom_they_went(company: Flask, working: Flask, sign_in: SignIn) -> None:
    mail.deliver(_delivery())
    (kept,) = mail.kept_mails()
    with sign_in("ada") as browser:
        assert "Refund 退款 RF-1" in browser.get("/mails").text
        assert "amy@example.com" in browser.get(f"/mails/{kept.name}").text
    with sign_in("bo") as browser:
        assert "Refund 退款 RF-1" not in browser.get("/mails").text
        assert browser.get(f"/mails/{kept.name}").status_code == 404


class _Server:
    """A mail server that answers as it is told to."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.sent: list[EmailMessage] = []

    def send_message(self, message: EmailMessage) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(message)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b": (550, b"no such user")}), GiveUp),
        (smtplib.SMTPRecipientsRefused({"a@b": (451, b"greylisted")}), Retry),
        (smtplib.SMTPDataError(554, b"spam"), GiveUp),
        (smtplib.SMTPServerDisconnected("gone"), smtplib.SMTPServerDisconnected),
        (ConnectionRefusedError("away"), ConnectionRefusedError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_the_server_says_decides_whether_it_is_tried_again(
    working: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception, raised: type[Exception]
) -> None:
    @contextmanager
    def connected(_url: object) -> Iterator[_Server]:
        yield _Server(error)

    monkeypatch.setattr(mail, "connected", connected)
    config = working.extensions["signoff"].config
    monkeypatch.setitem(config.__dict__, "mail_url", "smtp://mail.example")
    with pytest.raises(raised):
        mail.deliver(_delivery())


class _Session(socketserver.StreamRequestHandler):
    """Enough of RFC 5321 for one mail, with AUTH PLAIN."""

    def handle(self) -> None:
        server: Any = self.server
        self._say("220 ready")
        for line in self.rfile:
            word, _, rest = line.decode().strip().partition(" ")
            word = word.upper()
            if word == "EHLO":
                self._say("250-here")
                self._say("250 AUTH PLAIN")
            elif word == "AUTH":
                server.user = base64.b64decode(rest.split()[-1]).decode().split("\0")[1:]
                self._say("235 welcome")
            elif word == "DATA":
                self._say("354 go on")
                server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self._say("250 taken")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def server() -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as found:
        found.mails, found.user = [], []  # type: ignore[attr-defined]
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def test_a_server_is_signed_in_to_and_takes_the_mail(
    working: Flask, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"smtp://shop%40example.com:s%3Acret@127.0.0.1:{server.server_address[1]}"
    monkeypatch.setitem(working.extensions["signoff"].config.__dict__, "mail_url", address)
    assert mail.check() == ""
    mail.deliver(_delivery())
    assert server.user == ["shop@example.com", "s:cret"]
    (sent,) = server.mails
    assert b"To: amy@example.com\r\n" in sent


def test_a_server_that_is_away_is_said_so(working: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(working.extensions["signoff"].config.__dict__, "mail_url", "smtp://127.0.0.1:1")
    assert "refused" in mail.check().lower()
