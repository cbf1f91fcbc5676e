"""The history: chained by hashes, refused by the database to be rewritten, and proven by a walk."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.platform import audit, db, json
from signoff.platform.acting import ActingAs
from signoff.platform.audit import Entry
from signoff.platform.db import utc_text
from signoff.platform.models import audit_chains, audit_entries

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def entry(event: str, **data: Any) -> Entry:
    return Entry(event, "amy", ActingAs.PERSON, data, AT)


@pytest.fixture
def history(context: Flask) -> Flask:
    """Five entries of one record, the second and the third in one row; two of another."""
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("record.created", amount="4999.99")])
        audit.append(conn, "record:2", [entry("record.created"), entry("record.submitted")])
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("record.submitted")])
        audit.append(conn, "record:1", [Entry("task.opened", None, ActingAs.SYSTEM, {"to": "bo"}, AT)])
    for event in ("task.decided", "run.finished"):
        with db.transaction() as conn:
            audit.append(conn, "record:1", [entry(event)])
    return context


@pytest.fixture
def tampered(history: Flask, request: pytest.FixtureRequest) -> Flask:
    """The history after somebody with the rights of the database's owner ran ``request.param``."""
    engine = history.extensions["signoff"].engine
    guards = {
        "sqlite": [f"DROP TRIGGER signoff_audit_no_{verb}" for verb in ("update", "delete")],
        "postgresql": ["ALTER TABLE signoff_audit DISABLE TRIGGER signoff_audit_append_only"],
    }[engine.dialect.name]
    back = {
        "sqlite": [
            f"CREATE TRIGGER signoff_audit_no_{verb} BEFORE {verb} ON signoff_audit"
            " BEGIN SELECT RAISE(ABORT, 'signoff_audit is append-only'); END"
            for verb in ("update", "delete")
        ],
        "postgresql": ["ALTER TABLE signoff_audit ENABLE TRIGGER signoff_audit_append_only"],
    }[engine.dialect.name]
    with engine.connect().execution_options(signoff_writes=True) as connection, connection.begin():
        for statement in [*guards, request.param, *back]:
            connection.exec_driver_sql(statement)
    return history


def test_entries_come_back_in_order(history: Flask) -> None:
    found = audit.entries("record:1")
    assert [(each.position, each.event) for each in found] == [
        (1, "record.created"),
        (2, "record.submitted"),
        (3, "task.opened"),
        (4, "task.decided"),
        (5, "run.finished"),
    ]
    assert found[0].data == {"amount": "4999.99"}
    assert found[0].at == AT
    assert (found[2].actor, found[2].acting_as, found[2].data) == (None, "system", {"to": "bo"})
    assert audit.last("record:1") == found[-1]
    assert audit.last("record:3") is None


def test_what_a_transaction_tells_of_a_chain_at_one_moment_is_one_row(context: Flask) -> None:
    later = Entry("run.finished", "amy", ActingAs.PERSON, {}, AT + timedelta(seconds=1))
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("record.submitted"), entry("run.started")])
        audit.append(conn, "record:1", [entry("task.opened"), later])
        assert [each.position for each in audit.entries("record:1")] == [1, 2, 3, 4]  # what waits is there already
        audit.append(conn, "record:1", [entry("record.commented")])
    with db.reading() as conn:
        rows = conn.execute(sa.select(audit_entries.c.position, audit_entries.c.event)).all()
    assert [tuple(row) for row in rows] == [(1, "record.submitted"), (4, "run.finished"), (5, "record.commented")]
    assert audit.verify().ok


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_begin_and_end_in_the_middle_of_a_row(history: Flask, limit: int) -> None:
    whole = audit.entries("record:1")
    paged: list[audit.Recorded] = []
    while page := audit.entries("record:1", after=len(paged), limit=limit):
        paged += page
    assert paged == whole
    assert len({each.id for each in whole}) == len({each.hash for each in whole}) == 5
    assert sorted(whole, key=lambda each: each.id) == whole


def test_an_entry_has_the_same_hash_alone_and_among_others(context: Flask) -> None:
    said = [entry("record.submitted", amount="5", people=["李", 'a "b" {c}']), entry("task.opened"), entry("x", n=0.1)]
    with db.transaction() as conn:
        audit.append(conn, "record:1", said)
    together = [each.hash for each in audit.entries("record:1")]
    before = ""
    for position, each in enumerate(said, start=1):
        data = json.canonical(each.data)
        before = audit._hash(
            before, "record:1", position, utc_text(AT), (each.event, each.actor, each.acting_as, data)
        )  # fmt: skip
        assert together[position - 1] == before
    assert audit.entries("record:1")[0].data == {"amount": "5", "people": ["李", 'a "b" {c}']}


def test_rows_of_the_time_before_are_read_and_gone_on_with(context: Flask) -> None:
    rows: list[dict[str, Any]] = []
    for event in ("record.created", "record.submitted"):
        head = audit.Head(len(rows), rows[-1]["hash"]) if rows else audit.NEW
        audit._link(rows, "record:1", head, [entry(event)])
    end = {"chain": "record:1", "length": 2, "hash": rows[-1]["hash"]}
    with db.transaction() as conn:
        conn.execute(sa.insert(audit_entries), [{**row, "more": None} for row in rows])
        conn.execute(sa.insert(audit_chains), [end])
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("task.opened"), entry("task.decided")])
    found = audit.entries("record:1")
    assert [each.event for each in found] == ["record.created", "record.submitted", "task.opened", "task.decided"]
    assert [each.id for each in found[:2]] == [1, 2]
    assert 2 < found[2].id < found[3].id
    assert audit.verify().ok


def test_a_row_holds_so_many_entries_and_no_more(context: Flask) -> None:
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("tested", n=n) for n in range(600)])
    assert [each.data["n"] for each in audit.entries("record:1", limit=1000)] == list(range(600))
    assert len({each.id for each in audit.entries("record:1", limit=1000)}) == 600
    assert audit.verify().ok


def test_a_part_that_is_undone_is_not_told(context: Flask) -> None:
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("record.created")])
        with suppress(ValueError), db.undoable():
            audit.append(conn, "record:1", [entry("record.undone")])
            raise ValueError
        with db.undoable():
            audit.append(conn, "record:1", [entry("record.submitted")])
        audit.append(conn, "record:1", [entry("task.opened")])
    assert [each.event for each in audit.entries("record:1")] == ["record.created", "record.submitted", "task.opened"]
    assert audit.verify().ok


def test_who_is_second_is_told_so(context: Flask) -> None:
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("record.created"), entry("record.submitted")])
    seen = audit.Head(2, audit.entries("record:1")[-1].hash)

    def decide() -> None:
        with db.transaction() as conn:
            audit.append(conn, "record:1", [entry("task.decided"), entry("task.opened")], seen=seen)

    decide()
    with pytest.raises(sa.exc.IntegrityError) as caught:
        decide()
    assert audit.outrun(caught.value)
    assert len(audit.entries("record:1")) == 4
    assert audit.verify().ok


def test_a_history_that_nobody_touched_holds(history: Flask) -> None:
    verification = audit.verify()
    assert verification.ok
    assert (verification.chains, verification.entries) == (2, 7)
    assert verification.message == "7 entries in 2 chains hold."


def test_nothing_is_kept_of_a_transaction_that_failed(context: Flask) -> None:
    class PowerCut(Exception): ...

    def fails() -> None:
        with db.transaction() as conn:
            audit.append(conn, "record:1", [entry("record.created")])
            raise PowerCut

    with pytest.raises(PowerCut):
        fails()
    assert audit.entries("record:1") == []


def test_many_new_chains_are_begun_at_once(context: Flask) -> None:
    with db.transaction() as conn:
        audit.begin(conn, {f"record:{number}": [entry("record.created", n=number)] for number in range(300)})
        audit.append(conn, "record:7", [entry("record.updated")])
    verification = audit.verify()
    assert verification.ok
    assert (verification.chains, verification.entries) == (300, 301)


def test_the_digest_notices_a_chain_that_vanished(history: Flask) -> None:
    before = audit.verify().digest
    assert audit.verify().digest == before
    with db.transaction() as conn:
        audit.append(conn, "record:2", [entry("task.opened")])
    assert audit.verify().digest != before


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(audit_entries).values(actor="bo"),
        sa.delete(audit_entries),
        sa.text("UPDATE signoff_audit_chain SET length = 1"),
    ],
    ids=["update", "delete", "shorten"],
)
def test_the_database_refuses_to_rewrite(history: Flask, statement: Any) -> None:
    with pytest.raises(sa.exc.DBAPIError, match=r"append-only|only grows"), db.transaction() as conn:
        conn.execute(statement)
    assert audit.verify().ok


TAMPERING = [
    ("UPDATE signoff_audit SET actor = 'bo' WHERE chain = 'record:1' AND position = 2", 2, "changed"),
    ("UPDATE signoff_audit SET more = replace(more, 'bo', 'cy') WHERE position = 2 AND more <> ''", 2, "changed"),
    ("UPDATE signoff_audit SET more = 'nothing' WHERE chain = 'record:1' AND position = 2", 2, "changed"),
    ("UPDATE signoff_audit SET more = '[1]{}' WHERE chain = 'record:1' AND position = 2", 2, "changed"),
    ("UPDATE signoff_audit SET more = NULL WHERE chain = 'record:1' AND position = 2", 2, "changed"),
    ("DELETE FROM signoff_audit WHERE chain = 'record:1' AND position = 2", 2, "missing"),
    ("UPDATE signoff_audit SET data = '{}' WHERE chain = 'record:1' AND position = 1", 1, "changed"),
    ("UPDATE signoff_audit SET hash = 'x' WHERE chain = 'record:1' AND position = 5", 5, "changed"),
    ("DELETE FROM signoff_audit WHERE chain = 'record:1' AND position = 4", 4, "missing"),
    ("DELETE FROM signoff_audit WHERE chain = 'record:1' AND position = 1", 1, "missing"),
    ("DELETE FROM signoff_audit WHERE chain = 'record:1' AND position >= 4", 4, "missing"),
    ("DELETE FROM signoff_audit WHERE chain = 'record:1'", 1, "missing"),
    ("DELETE FROM signoff_audit_chain WHERE chain = 'record:1'", 1, "stray"),
    (
        "INSERT INTO signoff_audit (chain, position, at, actor, acting_as, event, data, hash)"
        " SELECT chain, 6, at, actor, acting_as, event, data, hash FROM signoff_audit"
        " WHERE chain = 'record:1' AND position = 5",
        6,
        "changed",
    ),
]


@pytest.mark.parametrize(
    ("tampered", "position", "reason"), TAMPERING, ids=[f"{row[2]} {row[1]}: {row[0][:40]}" for row in TAMPERING],
    indirect=["tampered"],
)  # fmt: skip
def test_tampering_is_found_and_named(tampered: Flask, position: int, reason: str) -> None:
    broken = audit.verify().first_broken
    assert broken is not None
    assert (broken.chain, broken.position, broken.reason) == ("record:1", position, reason)
    assert "record:1" in broken.message
