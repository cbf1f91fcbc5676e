"""Deciding by a link in a message: signed, for one person, task, verdict and state of the request, once, for a while.

The link only opens a page that asks; the decision is made by the button there, as every decision is made: rights,
reasons and who was first are looked at in its transaction. The history says that it came by a link.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, current_app
from itsdangerous import BadSignature, URLSafeSerializer

from ..platform import clock, config, db, notifications
from ..platform.errors import Conflict, Forbidden, NotFound, Refused
from ..platform.notifications import Button
from ..platform.people import service as people
from ..platform.people.directory import Person
from ..platform.text import LocalText, msg
from . import by_link, service, showing, store, task_page
from .definition import Right
from .messages import DECIDE, DECIDE_NAMED, path_of
from .task_page import TaskPage

LABELS: Mapping[str, LocalText] = {
    "approve": {"en": "Approve", "zh": "同意"},
    "reject": {"en": "Reject", "zh": "拒绝"},
}


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says; ``digest`` is the token's own, by which it is known when it comes again."""

    task: int
    person: str
    verdict: str
    revision: int
    epoch: int
    made_at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A link that was opened: the task as its person sees it. ``closed`` says why nothing is left to decide."""

    link: Link
    person: Person
    page: TaskPage
    closed: Conflict | None = None

    def summary(self, language: str) -> list[tuple[LocalText, str]]:
        """The form's summary in words, without what is hidden at this step."""
        page = self.page
        form = page.one.case.form
        hidden = frozenset(key for key, right in page.rights.items() if right == "hidden")
        said = showing.summary(page.record, form, hidden, language)
        labels = {field.key: field.label for field in form.form.fields}
        return [(labels.get(key, key), text) for key, text in said.items() if text]


def init_app(app: Flask) -> None:  # noqa: ARG001 - buttons are offered to every application
    """Put the buttons into the messages of tasks."""
    notifications.offer_buttons(DECIDE, buttons)
    notifications.offer_buttons(DECIDE_NAMED, buttons_named)


def buttons(offer: Mapping[str, Any], person: Person) -> Sequence[Button]:
    """A button for each verdict that the task's message offers to this person."""
    if not config.current().link_hours:
        return ()
    return [
        Button(LABELS[verdict], notifications.absolute(path_of("signoff_links.ask", token=token)))
        for verdict in offer["verdicts"]
        for token in (token_of(int(offer["task"]), person.key, verdict, int(offer["revision"])),)
    ]


def buttons_named(offer: Mapping[str, Any], person: Person) -> Sequence[Button]:
    """The same where the message names the task by its run; none where it is over by now."""
    with db.reading() as conn:
        task = store.task_named(conn, int(offer["run"]), str(offer["name"]))
    return buttons({**offer, "task": task.id}, person) if task is not None and task.open else ()


def token_of(task_id: int, person: str, verdict: str, revision: int) -> str:
    """A new token; two for the same are two."""
    epoch = people.everybody().epochs.get(person, 0)
    made = int(clock.now().timestamp())
    return str(_signer().dumps([task_id, person, verdict, revision, epoch, made, secrets.token_hex(8)]))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="signoff.decide")


def read(token: str) -> Link:
    """What a token says.

    Raises:
        NotFound: it was not made here, its person is not active any more or was signed out everywhere since, or links
            are switched off.
        Refused: its time is over.
    """
    try:
        task, person, verdict, revision, epoch, made, _nonce = _signer().loads(token)
    except (BadSignature, TypeError, ValueError):
        raise _nothing() from None
    made_at = datetime.fromtimestamp(made, UTC)
    link = Link(task, person, verdict, revision, epoch, made_at, hashlib.sha256(token.encode()).hexdigest())
    hours = config.current().link_hours
    everybody = people.everybody()
    if not hours or everybody.directory.active(person) is None or everybody.epochs.get(person, 0) != epoch:
        raise _nothing()
    if clock.now() >= made_at + timedelta(hours=hours):
        raise Refused(msg("This link held for %(n)s hours. Sign in and decide there.", n=hours), code="link_expired")
    return link


def _nothing() -> NotFound:
    return NotFound(msg("This link does not hold (any more). Sign in and decide there."), code="no_link")


def opened(token: str) -> Asked:
    """The task behind a link; opening changes nothing.

    Raises:
        NotFound, Refused: as :func:`read` says; the task is gone or not theirs any more; the request was changed since.
    """
    link = read(token)
    person = people.directory().active(link.person)
    assert person is not None  # read() has asked
    page = task_page.of(link.task, person)
    if page.task.closed_at is not None:
        return Asked(link, person, page, service.closed(page.task, page.one.case.directory))
    by_link.require_unused(link.digest)
    _hold(link, page)
    return Asked(link, person, page)


def _hold(link: Link, page: TaskPage) -> None:
    if page.record.revision != link.revision:
        raise Refused(
            msg("The request was changed since this message was sent. Sign in, look again, and decide there."),
            code="link_outdated",
        )
    if link.verdict not in page.verdicts:
        raise Forbidden(msg("This task is not yours to decide any more."), right="decide")
    if link.verdict == "approve" and Right.REQUIRED in page.rights.values():
        raise Refused(
            msg("Whoever approves this fills in something. Sign in and decide there."), code="link_needs_input"
        )


def decide(token: str, comment: str) -> None:
    """Decide as the link says.

    Raises:
        NotFound, Refused, Conflict, Forbidden: as :func:`opened` and the service's ``decide`` say.
    """
    asked = opened(token)
    if asked.closed is not None:
        raise asked.closed
    with by_link.using(asked.link.digest):
        service.decide(asked.link.task, by=asked.person, verdict=asked.link.verdict, comment=comment)
