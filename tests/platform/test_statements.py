"""Statements on the driver's own cursor: types and errors as Core has them, writes that travel together in order."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signoff.platform import audit, background, db, statements
from signoff.platform.audit import Entry
from signoff.platform.errors import Unavailable
from signoff.platform.models import outbox, settings, timers
from signoff.platform.statements import Statement, watched
from signoff.platform.timers import clear_timer, set_timer

AT = datetime(2026, 3, 2, 2, 0, 0, 5, tzinfo=UTC)
LATER = datetime(2027, 3, 2, 2, 0, 0, 5, tzinfo=UTC)
SET = statements.insert(timers, "key", "kind", "due_at", "payload", "attempts", returning=["id"])
READ = Statement(
    sa.select(timers.c.key, timers.c.due_at, timers.c.payload, timers.c.claimed_until)
    .where(timers.c.kind == sa.bindparam("kind"))
    .order_by(timers.c.id)
)
PUT_OFF = Statement(sa.update(timers).where(timers.c.key == sa.bindparam("name")).values(attempts=7))
SETTING = statements.insert(settings, "key", "value")


@pytest.fixture(autouse=True)
def _context(context: Flask) -> None:
    """Every test has an application."""


def timer(key: str) -> dict[str, Any]:
    return {"key": key, "kind": "test", "due_at": AT, "payload": {"é": [1, None]}, "attempts": 0}


def test_values_go_in_and_come_out_as_with_core() -> None:
    with db.transaction() as conn:
        number = SET.one(conn, timer("a"))[0]
        assert READ.all(conn, {"kind": "test"}) == [("a", AT, {"é": [1, None]}, None)]
    with db.reading() as conn:
        row = conn.execute(sa.select(timers).where(timers.c.id == number)).one()
    assert (row.due_at, row.payload) == (AT, {"é": [1, None]})


def test_what_waits_is_sent_before_anything_that_answers() -> None:
    with db.transaction() as conn:
        SETTING.later(conn, {"key": "a", "value": 1})
        assert conn.execute(sa.select(settings.c.value).where(settings.c.key == "a")).scalar() == 1
        SET.one(conn, timer("a"))
        PUT_OFF.later(conn, {"name": "a"})
        assert PUT_OFF.run(conn, {"name": "b"}) == 0
        assert conn.execute(sa.select(timers.c.attempts)).scalar() == 7
        SETTING.later(conn, {"key": "b", "value": 2})
    with db.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(settings)).scalar() == 2


def test_what_waits_is_undone_with_its_transaction_or_its_block() -> None:
    class PowerCut(Exception): ...

    def fails() -> None:
        with db.undoable():
            SETTING.later(conn, {"key": "inner", "value": 1})
            raise PowerCut

    with db.transaction() as conn:
        SETTING.later(conn, {"key": "outer", "value": 1})
        with pytest.raises(PowerCut):
            fails()
    with db.reading() as conn:
        assert conn.execute(sa.select(settings.c.key)).scalars().all() == ["outer"]


def test_a_count_that_is_wrong_undoes_everything() -> None:
    class Outrun(Exception): ...

    def check(count: int) -> None:
        if count != 1:
            raise Outrun

    def fails() -> None:
        with db.transaction() as conn:
            SETTING.later(conn, {"key": "a", "value": 1})
            PUT_OFF.later(conn, {"name": "nobody"}, check)

    with pytest.raises(Outrun):
        fails()
    with db.reading() as conn:
        assert conn.execute(sa.select(settings.c.key)).all() == []


@pytest.mark.parametrize("late", [False, True])
def test_errors_are_those_of_sqlalchemy(late: bool) -> None:
    def fails() -> None:
        with db.transaction() as conn:
            for _ in range(2):
                (SETTING.later if late else SETTING.run)(conn, {"key": "a", "value": 1})

    with pytest.raises(sa.exc.IntegrityError):
        fails()


def test_a_count_that_is_right_is_kept() -> None:
    counts: list[int] = []
    with db.transaction() as conn:
        SETTING.later(conn, {"key": "a", "value": 1}, counts.append)
    with db.reading() as conn:
        assert counts == [1]
        assert conn.execute(sa.select(settings.c.key)).scalars().all() == ["a"]


def test_a_table_that_is_missing_is_said_in_words() -> None:
    nothing = Statement(sa.text("SELECT * FROM signoff_nothing"))
    with pytest.raises(Unavailable, match="lacks a table"), db.reading() as conn:
        nothing.first(conn)


def test_one_use_case_asks_over_one_connection() -> None:
    with db.reading_together() as outer:
        with db.reading() as inner:
            assert inner is outer
        with db.transaction() as writing:
            assert writing is outer
            with db.reading() as inside:
                assert inside is writing


def test_what_runs_can_be_watched() -> None:
    with watched() as seen, db.transaction() as conn:
        SETTING.later(conn, {"key": "a", "value": 1})
        conn.execute(sa.select(settings.c.key))
    assert [each.split()[0] for each in seen if "signoff_setting" in each] == ["INSERT", "SELECT"]


def test_rows_that_wait_for_each_other_are_all_there(context: Flask) -> None:
    with db.transaction() as conn, watched() as seen:
        for number in range(3):
            audit.append(conn, f"test:{number}", [Entry("tested", None, "system", {"n": number}, AT)])
            background.enqueue(conn, "test", {"n": number}, key=f"test:{number}")
            background.enqueue(conn, "test", {"n": 9}, key="test:0")
        assert len(seen) >= 9
    with db.reading() as conn:
        jobs = conn.execute(sa.select(outbox.c.key, outbox.c.payload).order_by(outbox.c.key)).all()
    assert [tuple(each) for each in jobs] == [(f"test:{number}", {"n": number}) for number in range(3)]
    assert audit.verify().ok
    assert [each.data for each in audit.entries("test:2")] == [{"n": 2}]


def test_jobs_of_several_lanes_travel_together(context: Flask) -> None:
    with db.transaction() as conn:
        for number, lane in enumerate(background.Lane):
            background.enqueue(conn, "test", {"n": number}, key=lane, lane=lane)
    with db.reading() as conn:
        kept = conn.execute(sa.select(outbox.c.lane, outbox.c.payload).order_by(outbox.c.id)).all()
    assert [tuple(each) for each in kept] == [(lane, {"n": number}) for number, lane in enumerate(background.Lane)]


def test_what_waits_is_undone_with_its_part(context: Flask) -> None:
    with db.transaction() as conn:
        background.enqueue(conn, "test", {}, key="kept")
        with suppress(ValueError), db.undoable():
            background.enqueue(conn, "test", {}, key="undone")
            raise ValueError
    with db.reading() as conn:
        assert conn.scalars(sa.select(outbox.c.key)).all() == ["kept"]


ODD = ['say "hi"', "back\\slash", "{a,b}", "NULL", "", "新\nline", "it's"]


def test_many_that_are_alike_do_what_each_would_have_done() -> None:
    def rows() -> list[Any]:
        with db.reading() as conn:
            return [tuple(each) for each in conn.execute(sa.select(timers.c.key, timers.c.payload, timers.c.due_at))]

    with db.transaction() as conn:
        for number, text in enumerate(ODD):
            set_timer(conn, f"timer:{text}", "test", AT, {"text": text, "n": number, "none": None})
        set_timer(conn, "moved", "test", AT, {})
        set_timer(conn, "moved", "test", LATER, {})
        set_timer(conn, "gone", "test", AT, {})
        clear_timer(conn, "gone")
    kept = [(f"timer:{text}", {"text": text, "n": number, "none": None}, AT) for number, text in enumerate(ODD)]
    assert sorted(rows(), key=lambda each: str(each[0])) == sorted(
        [*kept, ("moved", {}, LATER)], key=lambda e: str(e[0])
    )
    with db.transaction() as conn:
        for text in ODD:
            clear_timer(conn, f"timer:{text}")
    assert [key for key, *_ in rows()] == ["moved"]


def test_chains_that_grow_together_are_unbroken() -> None:
    for n in range(2):
        with db.transaction() as conn:
            for number in range(6):
                audit.append(conn, f"test:{number}", [Entry("tested", None, "system", {"n": n}, AT)])
    assert audit.verify().ok
    assert [each.data for each in audit.entries("test:5")] == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize("missing", [None, 2])
def test_one_of_many_that_finds_nothing_undoes_all(missing: int | None) -> None:
    class Outrun(Exception): ...

    def check(count: int) -> None:
        if count != 1:
            raise Outrun

    put_off = Statement(
        sa.text("UPDATE signoff_setting SET value = '8' WHERE key = :key"),
        row=("setting", "key"),
        many="UPDATE signoff_setting AS kept SET value = '8' FROM "
        + statements.lists_of(settings, ["key"])
        + " WHERE kept.key = new.key",
    )

    def change() -> None:
        with db.transaction() as conn:
            for number in range(6):
                put_off.later(conn, {"key": f"k{number}"}, check)

    with db.transaction() as conn:
        for number in range(6):
            if number != missing:
                SETTING.later(conn, {"key": f"k{number}", "value": 1})
    if missing is None:
        change()
    else:
        with pytest.raises(Outrun):
            change()
    with db.reading() as conn:
        values = set(conn.scalars(sa.select(settings.c.value)))
    assert values == ({8} if missing is None else {1})


def test_many_that_are_alike_are_one_statement_on_postgresql() -> None:
    with db.transaction() as conn:
        for number in range(5):
            set_timer(conn, f"t{number}", "test", AT, {})
            clear_timer(conn, f"other{number}")
        waiting = db.pipeline_of(conn)
        assert waiting is not None
        if conn.dialect.name == "postgresql":
            waiting._line_up()
            assert [(each.sql.split()[0], each.rows) for each in waiting._waiting[1:]] == [
                ("INSERT", 5),
                ("DELETE", 5),
            ]
