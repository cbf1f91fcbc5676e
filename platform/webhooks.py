"""Webhooks: who outside is told what happens here, signed as Standard Webhooks has it, again until it is taken.

An event becomes one job for each webhook that wants it, in the transaction in which it happens. Its id is the same for
all of them and on every attempt, so that a receiver can tell what it has seen before.
"""

import secrets
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection
from standardwebhooks.webhooks import Webhook as Signer

from . import audit, background, caches, clock, dead_letters, events, json, outgoing
from .acting import ActingAs
from .audit import Entry
from .background import GiveUp, Job, Lane, Retry, enqueue
from .db import after_commit, reading, transaction, utc_text
from .dead_letters import DeadLetter
from .errors import NotFound, Refused
from .events import EVENTS, Event
from .keys import KEY
from .models import outbox, webhooks
from .outgoing import Blocked, NoAnswer
from .problems import Problem, pointer
from .text import msg

TEST = "webhook.test"
KIND = "webhook"
CHAIN = "webhooks"
DELAYS = tuple(
    timedelta(seconds=each) for each in (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, *[86400] * 4)
)
"""How long after each failure the next attempt is made: for more than four days."""

LONGEST_WAIT = timedelta(days=1)
"""A receiver that asks for more patience (``Retry-After``) gets this."""

OLD_SECRET_HOLDS = timedelta(days=1)
REMEMBER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Webhook:
    """``events`` and ``forms`` empty: all. ``last_…``: the last attempt; ``last_error`` is ``None`` if it went well."""

    key: str
    url: str
    secret: str
    events: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    active: bool = True
    old_secret: str | None = None
    old_until: datetime | None = None
    created_by: str | None = None
    created_at: datetime | None = None
    last_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None

    def wants(self, event: str, form: str | None) -> bool:
        if not self.active:
            return False
        return (not self.events or event in self.events) and (not self.forms or form is None or form in self.forms)

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Those that sign at ``now``: for a day after a change the old one too, so that receivers can follow."""
        if self.old_secret is not None and self.old_until is not None and now < self.old_until:
            return (self.secret, self.old_secret)
        return (self.secret,)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A webhook as an admin writes it."""

    key: str
    url: str
    events: Sequence[str] = field(default_factory=tuple)
    forms: Sequence[str] = field(default_factory=tuple)
    active: bool = True


def init_app(app: Flask) -> None:  # noqa: ARG001 - who is told is told by every application
    """Be told of everything; importing this module registers the handler."""
    events.tell_all(publish, is_wanted)


# --- what admins do


def everything() -> list[Webhook]:
    """All webhooks, by key."""
    with reading() as conn:
        return [_webhook(row) for row in conn.execute(sa.select(webhooks).order_by(webhooks.c.key))]


def find(key: str) -> Webhook:
    """Raises:
    NotFound: there is none.
    """
    with reading() as conn:
        row = conn.execute(sa.select(webhooks).where(webhooks.c.key == key)).first()
    if row is None:
        raise NotFound(msg("There is no webhook %(key)s.", key=repr(key)))
    return _webhook(row)


def _webhook(row: Any) -> Webhook:
    values = {name: getattr(row, name) for name in Webhook.__dataclass_fields__}
    return Webhook(**{**values, "events": tuple(row.events), "forms": tuple(row.forms)})


def create(wanted: Wanted, *, by: str | None) -> Webhook:
    """A new webhook with a secret of its own.

    Raises:
        Refused: with all problems; the key is taken.
    """
    problems = _problems(wanted)
    if any(each.key == wanted.key for each in everything()):
        problems.append(
            Problem("/key", "taken", msg("There is a webhook %(key)s already. Choose another key.", key=wanted.key))
        )
    if problems:
        raise Refused.because(problems)
    row = {"key": wanted.key, **_values(wanted), "secret": _secret(), "created_by": by, "created_at": clock.now()}
    with transaction() as conn:
        conn.execute(sa.insert(webhooks).values(**row))
        _changed(conn, "webhook.created", wanted, by)
    return find(wanted.key)


def change(wanted: Wanted, *, by: str | None) -> Webhook:
    """Change the webhook of that key; its secret stays.

    Raises:
        NotFound: there is none.
        Refused: with all problems.
    """
    find(wanted.key)
    problems = _problems(wanted)
    if problems:
        raise Refused.because(problems)
    with transaction() as conn:
        conn.execute(sa.update(webhooks).where(webhooks.c.key == wanted.key).values(**_values(wanted)))
        _changed(conn, "webhook.changed", wanted, by)
    return find(wanted.key)


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "url": wanted.url,
        "events": list(dict.fromkeys(wanted.events)),
        "forms": list(dict.fromkeys(wanted.forms)),
        "active": wanted.active,
    }


def _problems(wanted: Wanted) -> list[Problem]:
    found: list[Problem] = []
    if not KEY.fullmatch(wanted.key):
        found.append(
            Problem(
                "/key",
                "wrong_key",
                msg("%(value)s is no key. Use small letters, digits and _, as in office.", value=repr(wanted.key)),
            )
        )
    wrong = outgoing.check_url(wanted.url)
    if wrong is not None:
        found.append(Problem("/url", "wrong_address", wrong))
    for number, event in enumerate(wanted.events):
        if event not in EVENTS:
            message = msg("No event %(event)s. Known: %(known)s.", event=repr(event), known=", ".join(EVENTS))
            found.append(Problem(pointer("events", number), "unknown_event", message))
    for number, form in enumerate(wanted.forms):
        if not KEY.fullmatch(form):
            message = msg("%(value)s is no key of a form.", value=repr(form))
            found.append(Problem(pointer("forms", number), "wrong_key", message))
    return found


def renew_secret(key: str, *, by: str | None) -> Webhook:
    """Give it a new secret; the old one signs beside it for a day."""
    before = find(key)
    with transaction() as conn:
        conn.execute(
            sa.update(webhooks)
            .where(webhooks.c.key == key)
            .values(secret=_secret(), old_secret=before.secret, old_until=clock.now() + OLD_SECRET_HOLDS)
        )
        _record(conn, "webhook.secret_renewed", {"webhook": key}, by)
    return find(key)


def _secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()


def delete(key: str, *, by: str | None) -> None:
    """Tell it nothing any more; what waits for it is thrown away when its turn comes."""
    find(key)
    with transaction() as conn:
        conn.execute(sa.delete(webhooks).where(webhooks.c.key == key))
        _record(conn, "webhook.deleted", {"webhook": key}, by)


def send_test(key: str) -> str:
    """Send an event that means nothing, to see whether the other side takes it; its id."""
    hook = find(key)
    event = Event(TEST, "evt_" + secrets.token_hex(12), clock.now(), None, lambda: {"webhook": key})
    with transaction() as conn:
        _enqueue(conn, hook, event, _body(event))
    return event.id


def _changed(conn: Connection, event: str, wanted: Wanted, by: str | None) -> None:
    _record(conn, event, {"webhook": wanted.key, **_values(wanted)}, by)


def _record(conn: Connection, event: str, data: Mapping[str, Any], by: str | None) -> None:
    acting_as = ActingAs.PERSON if by else ActingAs.SYSTEM
    audit.append(conn, CHAIN, [Entry(event, by, acting_as, dict(data), clock.now())])
    after_commit(lambda: caches.cache("webhooks").clear())


# --- what happens


def publish(conn: Connection, event: Event) -> None:
    """Have every webhook that wants it told of ``event``, once this transaction is committed."""
    listening = [each for each in _subscribed() if each.wants(event.name, event.form)]
    if not listening:
        return
    body = _body(event)
    for hook in listening:
        _enqueue(conn, hook, event, body)


def _enqueue(conn: Connection, hook: Webhook, event: Event, body: str) -> None:
    payload = {"webhook": hook.key, "id": event.id, "event": event.name, "body": body}
    enqueue(conn, KIND, payload, key=f"webhook:{hook.key}:{event.id}", lane=Lane.OUTSIDE)


def _body(event: Event) -> str:
    return json.dumps({"type": event.name, "timestamp": utc_text(event.at), "data": event.data()})


def is_wanted(event: str) -> bool:
    """Whether anybody outside wants to know of such events."""
    return any(each.wants(event, None) for each in _subscribed())


def _subscribed() -> tuple[Webhook, ...]:
    """All webhooks, remembered for a moment, so that the path of a decision asks nothing."""
    remembered = caches.cache("webhooks")
    if remembered.get("until", 0.0) < time.monotonic():
        remembered["all"] = tuple(everything())
        remembered["until"] = time.monotonic() + REMEMBER_SECONDS
    found: tuple[Webhook, ...] = remembered["all"]
    return found


# --- how it gets there


@background.handler(KIND)
def deliver(job: Job) -> None:
    """Send one event to one webhook; whatever is no 2xx is a failure (Standard Webhooks)."""
    try:
        hook = find(str(job.payload["webhook"]))
    except NotFound:
        return
    if not hook.active:
        raise GiveUp(f"webhook {hook.key} is switched off")
    now = clock.now()
    try:
        answer = outgoing.post(hook.url, job.payload["body"].encode(), signed(hook, job, now))
    except (Blocked, NoAnswer) as error:
        _attempted(hook, now, None, str(error))
        raise _again(job, str(error), None) from error
    reason = None if answer.ok else f"answered {answer.status}: {answer.body[:200].decode(errors='replace')}"
    _attempted(hook, now, answer.status, reason)
    if answer.status == 410:
        _switch_off(hook)
        raise GiveUp("answered 410: the receiver is gone, and the webhook switched off")
    if reason is not None:
        raise _again(job, reason, answer.headers.get("retry-after"))


def signed(hook: Webhook, job: Job, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks; a signature for each secret that holds."""
    number, body = str(job.payload["id"]), str(job.payload["body"])
    return headers_of(hook.secrets(now), number, body, now)


def headers_of(secrets: Sequence[str], number: str, body: str, now: datetime) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "Signoff-Webhooks/1",
        "webhook-id": number,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(each).sign(number, now, body) for each in secrets),
    }


def _again(job: Job, reason: str, asked: str | None) -> Exception:
    """The next attempt, or the end of them."""
    if job.attempts > len(DELAYS):
        return GiveUp(reason)
    after = DELAYS[job.attempts - 1]
    if asked is not None and asked.isdecimal() and len(asked) < 8:
        after = max(after, min(timedelta(seconds=int(asked)), LONGEST_WAIT))
    return Retry(after, reason)


def _attempted(hook: Webhook, at: datetime, status: int | None, error: str | None) -> None:
    """How it went, for the page; a success after successes is written at most once a minute."""
    if error is None and hook.last_error is None and hook.last_at and at - hook.last_at < timedelta(minutes=1):
        return
    with transaction() as conn:
        conn.execute(
            sa.update(webhooks)
            .where(webhooks.c.key == hook.key)
            .values(last_at=at, last_status=status, last_error=error[:1000] if error else None)
        )


def _switch_off(hook: Webhook) -> None:
    with transaction() as conn:
        conn.execute(sa.update(webhooks).where(webhooks.c.key == hook.key).values(active=False))
        _record(conn, "webhook.switched_off", {"webhook": hook.key, "because": "410"}, None)


def waiting(key: str) -> int:
    """How many events wait to be sent to a webhook, up to 1000."""
    rows = sa.select(outbox.c.id).where(_of(key), outbox.c.dead_at.is_(None)).limit(1000)
    with reading() as conn:
        return int(conn.execute(sa.select(sa.func.count()).select_from(rows.subquery())).scalar_one())


def _of(key: str) -> sa.ColumnElement[bool]:
    return sa.and_(outbox.c.kind == KIND, outbox.c.key.startswith(f"webhook:{key}:", autoescape=True))


def undelivered(key: str, *, before: int | None = None, limit: int = 50) -> list[DeadLetter]:
    """Events that a webhook did not take, the newest first."""
    return dead_letters.dead_letters(before=before, limit=limit, where=_of(key))


def send_all_again(key: str) -> int:
    """Bring every event that was given up back to life, a thousand at a time; how many."""
    dead = undelivered(key, limit=1000)
    for each in dead:
        dead_letters.send_again(each.id)
    return len(dead)
