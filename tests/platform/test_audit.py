"""The history: chained by hashes, refused by the database to be rewritten, and proven by a walk."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.platform import audit, db
from signoff.platform.acting import ActingAs
from signoff.platform.audit import Entry
from signoff.platform.models import audit_entries

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def entry(event: str, **data: Any) -> Entry:
    return Entry(event, "amy", ActingAs.PERSON, data, AT)


@pytest.fixture
def history(context: Flask) -> Flask:
    """Five entries of one record, two of another."""
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("record.created", amount="4999.99"), entry("record.submitted")])
        audit.append(conn, "record:2", [entry("record.created"), entry("record.submitted")])
    with db.transaction() as conn:
        audit.append(conn, "record:1", [entry("task.opened"), entry("task.decided"), entry("run.finished")])
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
    assert [each.position for each in audit.entries("record:1", after=2, limit=2)] == [3, 4]


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
    ("UPDATE signoff_audit SET actor = 'bo' WHERE chain = 'record:1' AND position = 3", 3, "changed"),
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
