"""Is this installation well: the checks of ``signoff doctor`` and of ``/readyz``, each with what to do about it."""

import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import make_url

from . import clock, config, dead_letters, files, mail, migrating, scheduler
from .db import reading
from .errors import SignoffError
from .models import outbox
from .text import Message, msg

MOST_SKEW = timedelta(seconds=30)
MOST_LATE = timedelta(minutes=10)
LEAST_SECRET = 32


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``message`` says what was found and, where ``ok`` is false, what to do."""

    name: str
    ok: bool
    message: str


def checks() -> list[Check]:
    """Everything that ``signoff doctor`` looks at, in the order in which to put it right."""
    database = _checked("database", _database)
    found = [_checked("configuration", _configuration), database]
    if database.ok:
        found += [_checked("migrations", _migrations), _checked("clock", _clock)]
    found += [_checked("files", _files), _checked("mail", _mail)]
    if all(each.ok for each in found if each.name in ("database", "migrations")):
        found += [_checked("timers", _timers), _checked("outbox", _outbox)]
    return found


def ready() -> list[Check]:
    """What a node needs to answer requests: the database, in this version's shape."""
    found = [_checked("database", _database)]
    return [*found, _checked("migrations", _migrations)] if found[0].ok else found


def _checked(name: str, check: Callable[[], tuple[bool, Message]]) -> Check:
    """The result of one check; one that breaks has failed."""
    try:
        ok, message = check()
    except SignoffError as error:
        return Check(name, False, error.message)
    except Exception as error:
        return Check(name, False, f"{type(error).__name__}: {error}")
    return Check(name, ok, message)


def _configuration() -> tuple[bool, Message]:
    found = config.current()
    if len(found.secret_key) < LEAST_SECRET:
        return False, msg(
            "The secret key has %(n)s characters. Set SIGNOFF_SECRET_KEY to %(least)s random ones.",
            n=len(found.secret_key),
            least=LEAST_SECRET,
        )
    if found.base_url.startswith("https://") and not found.secure_cookies:
        return False, msg("People come over HTTPS, but cookies are not bound to it. Set SIGNOFF_SECURE_COOKIES=true.")
    return True, msg("All settings can be read. Data folder: %(folder)s.", folder=str(found.data_dir))


def _database() -> tuple[bool, Message]:
    with reading() as conn:
        conn.execute(sa.text("SELECT 1"))
    url = make_url(config.current().database_url).render_as_string(hide_password=True)
    return True, msg("%(url)s answers.", url=url)


def _migrations() -> tuple[bool, Message]:
    present, newest = migrating.present(), migrating.newest()
    if present == newest:
        return True, msg("The tables are those of version %(version)s.", version=newest)
    if migrating.is_ahead(present):
        return True, msg(
            "The tables are those of a newer version (%(present)s). This node goes on; replace it by that version.",
            present=present,
        )
    return False, msg(
        "The tables are those of version %(present)s, this program needs %(newest)s. Run “signoff db upgrade”.",
        present=present or "-",
        newest=newest,
    )


def _clock() -> tuple[bool, Message]:
    """Times are compared with those of other nodes; a database on another machine shows whether clocks agree."""
    with reading() as conn:
        said = conn.execute(sa.select(sa.func.current_timestamp())).scalar_one()
    there = said if isinstance(said, datetime) else datetime.fromisoformat(str(said)).replace(tzinfo=UTC)
    if there.tzinfo is None:
        there = there.replace(tzinfo=UTC)
    seconds = round(abs((datetime.now(UTC) - there).total_seconds()))
    if seconds > MOST_SKEW.total_seconds():
        return False, msg("This clock and the database's differ by %(n)s s. Synchronise both (NTP).", n=seconds)
    return True, msg("This clock and the database's agree.")


def _files() -> tuple[bool, Message]:
    folder = config.current().files_url or str(config.current().files_dir)
    try:
        folder = _write_and_read()
    except OSError as error:
        return False, msg(
            "%(folder)s cannot be written to: %(reason)s. Check its rights and the disk.",
            folder=folder,
            reason=str(error.strerror or error),
        )
    return True, msg("%(folder)s can be written to.", folder=folder)


def _write_and_read() -> str:
    """Keep, read and remove something where files are kept; where that is."""
    storage, name = files.storage(), f"probe-{secrets.token_hex(8)}"
    with tempfile.TemporaryDirectory() as here:
        part = Path(here) / name
        part.write_bytes(name.encode())
        storage.keep(part, name)
    with storage.open(name) as content:
        if content.read() != name.encode():
            raise OSError("what was written is not what is read")
    storage.remove([name])
    return storage.place


def _mail() -> tuple[bool, Message]:
    if not config.current().mail_url:
        return True, msg("No mail is sent. Set SIGNOFF_MAIL_URL to send it.")
    reason = mail.check()
    if reason:
        return False, msg("The mail server does not answer: %(reason)s. Check SIGNOFF_MAIL_URL.", reason=reason)
    if config.current().mail_url == "folder:":
        return True, msg("Mails are written to %(folder)s.", folder=str(config.current().mail_dir))
    return True, msg("The mail server answers.")


def _timers() -> tuple[bool, Message]:
    now = clock.now()
    timer, jobs = scheduler.next_due(now)
    due = [*jobs.values(), *([timer] if timer is not None else [])]
    late = max((now - each for each in due), default=timedelta(0))
    if late > MOST_LATE and "signoff_worker" not in current_app.extensions:
        return False, msg(
            "Something has been due for %(n)s minutes, and nobody does it. Run “signoff run” or “signoff worker”.",
            n=int(late.total_seconds() // 60),
        )
    return True, msg("Nothing is overdue in the background.")


def _outbox() -> tuple[bool, Message]:
    with reading() as conn:
        dead = conn.execute(
            sa.select(sa.func.count()).select_from(
                sa.select(outbox.c.id).where(outbox.c.dead_at.is_not(None)).limit(1001).subquery()
            )
        ).scalar_one()
    if dead:
        newest = dead_letters.dead_letters(limit=1)[0]
        return False, msg(
            "%(n)s messages were given up; the last one because: %(reason)s. See the page “Background work”.",
            n=dead,
            reason=newest.last_error,
        )
    return True, msg("No message was given up.")
