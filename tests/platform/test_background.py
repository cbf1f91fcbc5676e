"""Jobs: enqueued with a transaction, done at least once, given back, retried, buried and brought back."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.platform import background, claiming, clock, dead_letters, performing
from signoff.platform.background import GiveUp, Job, Retry, enqueue
from signoff.platform.db import reading, transaction
from signoff.platform.errors import Conflict, NotFound
from signoff.platform.models import outbox, settings
from signoff.platform.scheduler import run_due

from ..conftest import Clock

Seen = list[Job]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Jobs of kind ``test`` land here."""
    monkeypatch.setattr(background, "handlers", dict(background.handlers))
    jobs: Seen = []
    background.handler("test")(jobs.append)
    return jobs


def _rows() -> int:
    with reading() as conn:
        return conn.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one()


def test_a_job_runs_after_the_commit_and_is_gone(context: Flask, at: Clock, seen: Seen) -> None:
    with transaction() as conn:
        enqueue(conn, "test", {"n": 1, "text": "退款"})
    assert run_due(context) == 1
    assert [(job.payload, job.attempts) for job in seen] == [({"n": 1, "text": "退款"}, 1)]
    assert _rows() == 0


def test_a_job_of_a_failed_transaction_never_was(context: Flask, at: Clock, seen: Seen) -> None:
    def fail() -> None:
        with transaction() as conn:
            enqueue(conn, "test", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert run_due(context) == 0


def test_the_same_key_is_enqueued_once(context: Flask, at: Clock, seen: Seen) -> None:
    for _ in range(2):
        with transaction() as conn:
            enqueue(conn, "test", {}, key="mail:17")
    run_due(context)
    assert [job.key for job in seen] == ["mail:17"]


def test_a_job_waits_for_its_time(context: Flask, at: Clock, seen: Seen) -> None:
    with transaction() as conn:
        enqueue(conn, "test", {}, due_at=clock.now() + timedelta(minutes=5))
    assert run_due(context) == 0
    at.move(minutes=5)
    assert run_due(context) == 1


def test_two_claims_never_get_the_same_job(context: Flask, at: Clock, seen: Seen) -> None:
    with transaction() as conn:
        for number in range(5):
            enqueue(conn, "test", {"n": number})
    first, second = claiming.claim(3, clock.now()), claiming.claim(3, clock.now())
    assert sorted(job.id for job in first + second) == list(range(first[0].id, first[0].id + 5))
    assert claiming.claim(3, clock.now()) == []


def test_jobs_of_a_killed_worker_come_back(context: Flask, at: Clock, seen: Seen) -> None:
    with transaction() as conn:
        enqueue(conn, "test", {})
    claiming.claim(1, clock.now())
    assert run_due(context) == 0
    at.move(minutes=6)
    assert run_due(context) == 1
    assert [job.attempts for job in seen] == [2]


def test_a_worker_that_lost_its_lease_cannot_finish(context: Flask, at: Clock) -> None:
    with transaction() as conn:
        enqueue(conn, "test", {})
    (late,) = claiming.claim(1, clock.now())
    at.move(minutes=6)
    (now_ours,) = claiming.claim(1, clock.now())
    with pytest.raises(Conflict), transaction() as conn:
        late.finish(conn)
    with transaction() as conn:
        now_ours.finish(conn)
    assert _rows() == 0


def test_a_worker_that_lives_keeps_its_jobs(context: Flask, at: Clock) -> None:
    with transaction() as conn:
        enqueue(conn, "test", {})
    jobs = claiming.claim(1, clock.now())
    for _ in range(5):
        at.move(seconds=20)
        claiming.extend(jobs, clock.now())
        assert claiming.claim(1, clock.now()) == []
    with transaction() as conn:
        jobs[0].finish(conn)
    assert _rows() == 0


def test_effect_and_end_commit_together(context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "handlers", {})
    fail = [True]

    @background.handler("test")
    def run(job: Job) -> None:
        with transaction() as conn:
            conn.execute(sa.insert(settings).values(key="effect", value=job.attempts))
            job.finish(conn)
            if fail.pop():
                fail.append(False)
                raise RuntimeError("killed just before the commit")

    with transaction() as conn:
        enqueue(conn, "test", {})
    run_due(context)
    at.move(seconds=5)
    run_due(context)
    with reading() as conn:
        assert conn.execute(sa.select(settings.c.value)).scalars().all() == [2]
    assert _rows() == 0


def test_failures_back_off_until_the_job_is_dead_and_can_be_sent_again(
    context: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "handlers", {})
    calls: list[int] = []

    @background.handler("test")
    def run(job: Job) -> None:
        calls.append(job.attempts)
        raise OSError("the mail server is away")

    with transaction() as conn:
        enqueue(conn, "test", {}, key="mail:1")
    run_due(context)
    at.move(seconds=4)
    assert run_due(context) == 0
    at.move(seconds=1)
    assert run_due(context) == 1
    for _ in range(performing.MAX_ATTEMPTS):
        at.move(hours=1)
        run_due(context)
    assert calls == list(range(1, performing.MAX_ATTEMPTS + 1))
    (dead,) = dead_letters.dead_letters()
    assert (dead.key, dead.last_error) == ("mail:1", "OSError: the mail server is away")

    dead_letters.send_again(dead.id)
    assert run_due(context) == 1
    assert dead_letters.dead_letters() == []


@pytest.mark.parametrize(
    ("error", "again", "dead"),
    [
        (Retry(timedelta(minutes=10), "busy"), timedelta(minutes=10), False),
        (GiveUp("the address does not exist"), None, True),
        (ValueError("odd"), timedelta(seconds=5), False),
    ],
    ids=["retry", "give up", "other"],
)
def test_a_handler_says_how_to_go_on(
    context: Flask,
    at: Clock,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    again: timedelta | None,
    dead: bool,
) -> None:
    def run(job: Job) -> None:
        raise error

    monkeypatch.setattr(background, "handlers", {"test": run})
    with transaction() as conn:
        enqueue(conn, "test", {})
    run_due(context)
    assert bool(dead_letters.dead_letters()) is dead
    if again is not None:
        at.move(seconds=again.total_seconds() - 1)
        assert run_due(context) == 0
        at.move(seconds=1)
        assert run_due(context) == 1


def test_a_job_without_handler_waits_for_its_plugin(context: Flask, at: Clock, seen: Seen) -> None:
    with transaction() as conn:
        enqueue(conn, "unknown", {})
    run_due(context)
    with reading() as conn:
        assert "no handler for 'unknown'" in (conn.execute(sa.select(outbox.c.last_error)).scalar_one() or "")


def test_discarding_what_is_gone_says_so(context: Flask) -> None:
    with pytest.raises(NotFound, match="No undelivered message 17"):
        dead_letters.discard(17)
