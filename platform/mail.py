"""E-mail: the channel of notifications, over SMTP or into a folder that a page shows."""

import hashlib
import os
import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from flask import Flask, current_app, render_template

from . import clock, config, counters, trust
from .background import GiveUp, Lane, Retry
from .notifications import Delivery, absolute, channel
from .people.directory import Person
from .web.language import speaking

TIMEOUT_SECONDS = 20
CHECK_SECONDS = 4
MOST_READ = 1000
_SETTINGS = "signoff_people.me"
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_NAME = re.compile(r"[0-9a-f]{40}\.eml")


def init_app(app: Flask) -> None:
    """Nothing to set up: importing this module registers the channel."""


def _address(person: Person) -> str | None:
    return person.email if config.current().mail_url else None


@channel(
    "email", reaches=_address, takes_addresses=True, label={"en": "E-mail", "zh": "邮件"}, lane=Lane.MAIL, private=True
)
def deliver(delivery: Delivery) -> None:
    """Send one mail; sent again, it has the same Message-ID, so that receivers can tell."""
    if config.current().mail_url:
        send(compose(delivery))


def compose(delivery: Delivery) -> EmailMessage:
    """The mail of a message: plain text and HTML, in the thread of what it is about.

    Raises:
        GiveUp: the address is none.
    """
    if not _ADDRESS.fullmatch(delivery.address or ""):
        raise GiveUp(f"{delivery.address!r} is no e-mail address")
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = config.current().mail_from
    mail["To"] = str(delivery.address)
    mail["Subject"] = " ".join(delivery.title.split()) or "Signoff"
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = _message_id(delivery.key)
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "zh-CN" if delivery.language == "zh" else delivery.language
    if delivery.thread:
        root = _message_id(f"thread:{delivery.thread}")
        mail["In-Reply-To"] = root
        mail["References"] = root
    with speaking(delivery.language):
        settings = _settings() if delivery.person is not None else None
        text = render_template("signoff/platform/mails/message.txt", message=delivery, settings=settings)
        html = render_template("signoff/platform/mails/message.html", message=delivery, settings=settings)
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail


def _settings() -> str | None:
    """Where people say what reaches them; ``None``: that is a matter of the host."""
    if _SETTINGS not in current_app.view_functions:
        return None
    path: str = current_app.url_map.bind("").build(_SETTINGS)
    return absolute(f"{path}#messages")


def _message_id(key: str) -> str:
    host = urlsplit(config.current().base_url).hostname or "localhost"
    return f"<{_digest(key)}@{host}>"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def send(mail: EmailMessage) -> None:
    """Hand a mail to the configured server or folder.

    Raises:
        GiveUp: the server refuses it for good.
        Retry: the server is busy or asks to come again.
        OSError: the server does not answer, or the folder cannot be written to.
    """
    url = urlsplit(config.current().mail_url)
    try:
        if url.scheme == "folder":
            _write(mail, config.current().mail_dir)
        else:
            with connected(url) as server:
                server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = next(iter(error.recipients.values()))
        raise _refused(code, str(reason)) from error
    except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
        raise _refused(error.smtp_code, str(error.smtp_error)) from error
    except (smtplib.SMTPException, OSError):
        counters.MAILS.labels("failed").inc()
        raise
    counters.MAILS.labels("sent").inc()


def _refused(code: int, reason: str) -> Exception:
    """5xx is for good (RFC 5321, 4.2.1), everything else may work later."""
    said = f"{code} {reason}"
    counters.MAILS.labels("refused" if code >= 500 else "failed").inc()
    return GiveUp(said) if code >= 500 else Retry(timedelta(minutes=2), said)


@contextmanager
def connected(url: SplitResult, timeout_seconds: int = TIMEOUT_SECONDS) -> Iterator[smtplib.SMTP]:
    """A session with the server of ``url``, encrypted where it can be, signed in where a user is given.

    ``smtp://…?starttls=no`` keeps a server in plain text whose certificate cannot be checked.
    """
    host = url.hostname or "localhost"
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, url.port or 465, timeout=timeout_seconds, context=trust.context("mail")
        )
    else:
        server = smtplib.SMTP(host, url.port or 25, timeout=timeout_seconds)
    with server:
        server.ehlo_or_helo_if_needed()
        wants_plain = parse_qs(url.query).get("starttls") == ["no"]
        if url.scheme == "smtp" and server.has_extn("starttls") and not wants_plain:
            server.starttls(context=trust.context("mail"))
            server.ehlo()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        yield server


def check() -> str:
    """Try to reach the mail server; empty if all is well, else the reason."""
    url = urlsplit(config.current().mail_url)
    try:
        if url.scheme == "folder":
            config.current().mail_dir.mkdir(parents=True, exist_ok=True)
        elif url.scheme:
            with connected(url, CHECK_SECONDS) as server:
                server.noop()
    except (smtplib.SMTPException, OSError, socket.gaierror) as error:
        return f"{type(error).__name__}: {error}"
    return ""


# --- the folder of the demo


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail in the folder; ``name`` is that of its file."""

    name: str
    at: datetime
    to: str
    subject: str
    text: str
    headers: tuple[tuple[str, str], ...]


def _write(mail: EmailMessage, folder: Path) -> None:
    """Write whole or not at all; a mail that is sent again replaces itself."""
    folder.mkdir(parents=True, exist_ok=True)
    name = _digest(str(mail["Message-ID"]))
    part = folder / f".{name}.part"
    part.write_bytes(mail.as_bytes())
    os.replace(part, folder / f"{name}.eml")


def kept_mails(*, to: str | None = None, limit: int = 200) -> list[KeptMail]:
    """Mails of the folder, the newest first; ``to``: only those to this address."""
    folder = config.current().mail_dir
    found = list(folder.glob("*.eml")) if folder.is_dir() else []
    found.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    mails = [_read(path) for path in found[:MOST_READ]]
    chosen = [mail for mail in mails if to is None or mail.to == to]
    return sorted(chosen, key=lambda mail: mail.at, reverse=True)[:limit]


def kept_mail(name: str) -> KeptMail | None:
    """The mail in the file ``name`` of the folder."""
    path = config.current().mail_dir / name
    return _read(path) if _NAME.fullmatch(name) and path.is_file() else None


def _read(path: Path) -> KeptMail:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    shown = ("From", "To", "Subject", "Date", "Message-ID", "References")
    at = parsedate_to_datetime(str(mail["Date"])).astimezone(UTC)
    text = str(body.get_content()) if body is not None else ""
    headers = tuple((name, str(mail[name])) for name in shown if mail[name])
    return KeptMail(path.name, at, str(mail["To"]), str(mail["Subject"]), text, headers)
