"""Numbers that say whether what a process remembers holds: asked once, brought along by other queries."""

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.platform import db, revisions, statements
from signoff.platform.statements import Statement, watched

BESIDE = Statement(sa.select(*revisions.BESIDE))


@pytest.fixture(autouse=True)
def _context(context: Flask) -> None:
    """Every test has an application."""


def settled() -> tuple[int, int]:
    with db.transaction() as conn:
        revisions.renew(conn, revisions.PEOPLE)
        revisions.renew(conn, revisions.DEFINITIONS)
    with db.reading_together():
        numbers = revisions.current(revisions.PEOPLE), revisions.current(revisions.DEFINITIONS)
    revisions.look_again()
    return numbers


def test_another_query_brings_them_along() -> None:
    numbers = settled()
    with db.reading_together() as conn:
        brought = BESIDE.one(conn)
        revisions.learn(*brought)
        with watched() as seen:
            assert (revisions.current(revisions.PEOPLE), revisions.current(revisions.DEFINITIONS)) == numbers == brought
    assert seen == []


def test_what_was_known_first_counts_until_the_end() -> None:
    people, _ = settled()
    with db.reading_together():
        revisions.current(revisions.PEOPLE)
        revisions.learn(people + 1, None)
        assert revisions.current(revisions.PEOPLE) == people


def test_before_anything_changed_they_are_nothing() -> None:
    revisions.look_again()
    with db.reading_together():
        revisions.learn(None, None)
        assert revisions.current(revisions.PEOPLE) == 0


def test_ids_come_with_them() -> None:
    """On PostgreSQL; SQLite gives ids to rows for nothing."""
    numbers = settled()
    tables = statements.handed_out()
    with db.reading_together() as asking, watched() as seen:
        revisions.ask_with_ids(asking)
        assert revisions.current(revisions.PEOPLE) == numbers[0]
        with db.transaction() as conn:
            ids = [statements.new_id(conn, table) for table in tables]
    assert len(seen) == 1
    assert all(ids) is (conn.dialect.name == "postgresql")
