"""The survey after the end (D36): a signed link asks whoever was served for a score and a few words, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.engine import Connection

from ..forms import catalogue as forms
from ..forms import records
from ..forms.records import Record
from ..platform import audit, clock, notifications
from ..platform.acting import ActingAs
from ..platform.audit import Entry
from ..platform.db import reading, transaction
from ..platform.errors import Conflict, NotFound, Refused
from ..platform.people.directory import Person
from ..platform.problems import Problem
from ..platform.text import LocalText, msg
from . import store
from .messages import path_of
from .models import surveys

LOWEST, HIGHEST = 1, 5
CONTENT = 4
"""Whoever gives this score or more was served well."""

UNHAPPY = 2
"""Whoever gives this score or less was not."""

LONGEST = 2000
OPEN_FOR = timedelta(days=90)
ENDED = ("approved", "rejected")


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said of a request; ``by`` is ``None`` of a customer."""

    record_id: int
    score: int
    words: str
    language: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A survey as it is opened by its link; ``answer`` is what was said before."""

    record: Record
    title: LocalText
    answer: Answer | None


def token_of(record_id: int) -> str:
    """What opens the survey of a record, and of no other."""
    return str(_signer().dumps(record_id))


def link_of(record_id: int) -> str:
    """The address of a record's survey, for a message."""
    return notifications.absolute(path_of("signoff_flows.survey", token=token_of(record_id)))


def opened(token: str) -> Invitation:
    """The survey behind a link.

    Raises:
        NotFound: the link was not made here, or its request is gone, not over, or over for too long.
    """
    try:
        record_id = int(_signer().loads(token))
    except (BadSignature, TypeError, ValueError):
        raise _nothing() from None
    with reading() as conn:
        found = records.rows(conn, [record_id])
        record = records.complete(conn, list(found.values()))[0] if found else None
        answered = _of_record(conn, record_id)
    if record is None or (answered is None and not is_open(record)):
        raise _nothing()
    return Invitation(record, forms.program(record.form, record.version).form.title, answered)


def is_open(record: Record) -> bool:
    """Whether the request is over, and not for so long that nobody remembers how it was."""
    if record.status not in ENDED:
        return False
    with reading() as conn:
        run = store.run_of_record(conn, record.id)
    return run is not None and run.ended_at is not None and clock.now() - run.ended_at <= OPEN_FOR


def answer_of(record_id: int) -> Answer | None:
    """What was answered for a record, ``None`` if nothing was."""
    with reading() as conn:
        return _of_record(conn, record_id)


def give(token: str, score: int | None, words: str, *, language: str, by: Person | None = None) -> Answer:
    """Keep an answer, for good. ``by``: the submitter, if it is they who answer.

    Raises:
        NotFound: as :func:`opened`.
        Refused: no score, or too many words.
        Conflict: it was answered before.
    """
    invited = opened(token)
    if invited.answer is not None:
        raise _answered()
    problems = _problems(score, words)
    if problems or score is None:
        raise Refused.because(problems)
    record = invited.record
    own = by is not None and by.key == record.submitted_by
    given = Answer(record.id, score, words.strip(), language, by.key if own and by else None, clock.now())
    with transaction() as conn:
        if not _keep(conn, record, given):
            raise _answered()
        acting_as = ActingAs.PERSON if own else ActingAs.CUSTOMER
        data = {"score": score, "comment": given.words}
        audit.append(conn, record.chain, [Entry("survey.answered", given.by, acting_as, data, given.at)])
    return given


def _keep(conn: Connection, record: Record, given: Answer) -> bool:
    """Write the answer unless there is one; the history's lock makes two that come together wait for each other."""
    audit.lock(conn, record.chain)
    if _of_record(conn, record.id) is not None:
        return False
    conn.execute(
        surveys.insert().values(
            record_id=given.record_id,
            form=record.form,
            score=given.score,
            words=given.words,
            language=given.language,
            answered_by=given.by,
            answered_at=given.at,
        )
    )
    return True


def _of_record(conn: Connection, record_id: int) -> Answer | None:
    row = conn.execute(sa.select(surveys).where(surveys.c.record_id == record_id)).first()
    if row is None:
        return None
    return Answer(row.record_id, row.score, row.words, row.language, row.answered_by, row.answered_at)


def _problems(score: int | None, words: str) -> list[Problem]:
    found = []
    if score is None or not LOWEST <= score <= HIGHEST:
        found.append(Problem("/score", "required", msg("Choose from 1 (bad) to 5 (very good).")))
    if len(words) > LONGEST:
        message = msg("“%(key)s” is longer than %(most)s.", key="words", most=LONGEST)
        found.append(Problem("/words", "too_long", message))
    return found


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="signoff.survey")


def _nothing() -> NotFound:
    return NotFound(msg("This survey is over, or its address is incomplete. Copy the whole address of the message."))


def _answered() -> Conflict:
    return Conflict(msg("This survey was answered already. Thank you."))
