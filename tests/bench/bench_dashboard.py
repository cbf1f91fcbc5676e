"""The dashboard beside 1,000,000 requests of a year: counting them once, and pages of a month and of a year."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from signoff.flows import rolling, service, store
from signoff.flows.models import figures, runs, surveys, tasks, work_figures
from signoff.forms import service as forms
from signoff.forms.models import records
from signoff.platform import db
from signoff.platform.people import current
from signoff.platform.people import service as people

from .bench_inbox import _copy
from .company import VALUES, company

MOST = int(os.environ.get("BENCH_REQUESTS", "1000000"))
DAYS = 365
PASSES = 20
PAGES = (
    ("a month", "/dashboard?form=claim&since=30d"),
    ("a year", "/dashboard?form=claim&since=365d"),
    ("a year, the workbook", "/dashboard.xlsx?form=claim&since=365d"),
    ("a year, /reports/breakdown", "/api/v1/reports/breakdown?form=claim&since=365d&by=kind"),
    ("behind: a choice", "/dashboard/requests?form=claim&axis=kind&member=meal"),
    ("behind: overdue now", "/dashboard/requests?form=claim&work=overdue"),
)


def main(database_url: str) -> None:
    """Print how long counting takes, and each page."""
    with company(database_url) as app:
        made = forms.submit("claim", VALUES, by=people.person("amy"))
        started = time.perf_counter()
        _fill(made.id)
        print(f"{MOST:,} requests filled in {time.perf_counter() - started:.0f} s")
        started = time.perf_counter()
        rolling.catch_up()
        counting = time.perf_counter() - started
        print(f"counted from nothing in {counting:.1f} s, {counting / DAYS * 1000:.0f} ms a day of {MOST // DAYS:,}")
        _print_size()
        client = app.test_client()
        with client.session_transaction() as session:
            session.update(current.session_of("ada"))
        print(f"{'page':34}{'median':>10}{'worst':>10}{'statements':>12}")
        for name, path in PAGES:
            _measure(client, name, path)
        _measure(client, "a month, after a decision", PAGES[0][1], before=_decide)


def _fill(template: int) -> None:
    """Requests over a year, of two kinds and many amounts: of ten, seven approved, one rejected, two waiting."""
    with db.transaction() as conn:
        postgresql = conn.dialect.name == "postgresql"
        counting = "WITH RECURSIVE c(n) AS (SELECT :low UNION ALL SELECT n + 1 FROM c WHERE n < :high)"
        series = (
            "generate_series(CAST(:low AS bigint), :high) AS n(n)"
            if postgresql
            else f"({counting} SELECT n FROM c) AS n"
        )
        bounds = {"low": template + 1, "high": MOST, "template": template}
        filed = _moment(postgresql, f"-(n.n * {DAYS * 86400.0 / (MOST + 1)} + 3600)")
        status = "CASE WHEN n.n % 10 < 7 THEN 'approved' WHEN n.n % 10 = 7 THEN 'rejected' ELSE 'open' END"
        kind = "CASE WHEN n.n % 3 = 0 THEN 'travel' ELSE 'meal' END"
        values = (
            f"jsonb_set(jsonb_set(t.\"values\", '{{kind}}', to_jsonb({kind})), '{{amount}}', "
            "to_jsonb((n.n % 9000)::text))"
            if postgresql
            else f"json_set(t.\"values\", '$.kind', {kind}, '$.amount', CAST(n.n % 9000 AS TEXT))"
        )
        new = "n.n"
        _copy(conn, records, series, {"id": new, "number": "NULL", "values": values, "status": status,
                                      "submitted_at": filed}, "t.id = :template", bounds)  # fmt: skip
        ended = f"CASE WHEN n.n % 10 < 8 THEN {_moment(postgresql, _after(postgresql, 20 * 3600))} END"
        run = {"id": new, "record_id": new, "state": "'{}'", "status": status, "started_at": filed, "ended_at": ended}
        _copy(conn, runs, series, run, "t.record_id = :template", bounds)
        for step, (title, who, minutes) in enumerate(
            (("lead", "li", 25), ("manager", "zhou", 600), ("director", "gao", 1200))
        ):
            first = "n.n % 10 < 8" if step else "TRUE"
            closed = _moment(postgresql, _after(postgresql, minutes * 60))
            done = "n.n % 10 < 8"
            _copy(conn, tasks, series, {
                "id": f"n.n * 3 + {step}", "run_id": new, "record_id": new, "step": f"'{title}'", "name": f"'{title}'",
                "principal": f"'p:{who}'", "open": _true(postgresql, f"NOT ({done})"),
                "assigned_at": filed, "due_at": _moment(postgresql, _after(postgresql, 43200)),
                "closed_at": f"CASE WHEN {done} THEN {closed} END", "verdict": f"CASE WHEN {done} THEN 'approve' END",
                "decided_by": f"CASE WHEN {done} THEN '{who}' END", "decided_as": f"CASE WHEN {done} THEN 'person' END",
            }, f"t.record_id = :template AND {first}", bounds)  # fmt: skip
        source = f"{series} WHERE n.n % 10 = 3"
        conn.execute(sa.text(
            "INSERT INTO signoff_survey (record_id, form, score, words, language, answered_at) "
            f"SELECT n.n, 'claim', 1 + n.n % 5, '', 'en', {_moment(postgresql, '0')} FROM {source}"
        ), {"low": template + 1, "high": MOST})  # fmt: skip
        if postgresql:
            for table in (records, runs, tasks):
                conn.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"
                )
    with db.engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _after(postgresql: bool, seconds: int) -> str:
    return f"-(n.n * {DAYS * 86400.0 / (MOST + 1)} + 3600) + {seconds}"


def _moment(postgresql: bool, seconds: str) -> str:
    """So many seconds from now, as the database writes a time."""
    if postgresql:
        return f"now() + ({seconds}) * interval '1 second'"
    return f"strftime('%Y-%m-%dT%H:%M:%f', 'now', ({seconds}) || ' seconds') || '000Z'"


def _true(postgresql: bool, condition: str) -> str:
    return f"({condition})" if postgresql else f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def _print_size() -> None:
    with db.reading() as conn:
        rows = [
            conn.execute(sa.select(sa.func.count()).select_from(each)).scalar_one() for each in (figures, work_figures)
        ]
        said = conn.execute(sa.select(sa.func.count()).select_from(surveys)).scalar_one()
    print(f"roll-ups: {rows[0]:,} rows of requests, {rows[1]:,} of work; {said:,} survey answers")


def _decide() -> None:
    """Somebody decides the youngest request that waits: the day of its filing is counted again."""
    made = forms.submit("claim", VALUES, by=people.person("amy"))
    with db.reading() as conn:
        [task] = store.tasks_of_record(conn, made.id)
    service.decide(task.id, by=people.person("li"), verdict="approve")


def _measure(client: FlaskClient, name: str, path: str, before: Callable[[], Any] | None = None) -> None:
    seen: list[str] = []

    def note(*each: Any) -> None:
        seen.append(each[2])

    answer = client.get(path)
    assert answer.status_code == 200, answer.status
    sa.event.listen(db.engine(), "before_cursor_execute", note)
    client.get(path)
    sa.event.remove(db.engine(), "before_cursor_execute", note)
    times = []
    for _ in range(PASSES):
        if before is not None:
            before()
        start = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - start) * 1000)
    statements = [each for each in seen if not each.startswith(("BEGIN", "PRAGMA"))]
    print(f"{name:34}{statistics.median(times):>7.1f} ms{max(times):>7.1f} ms{len(statements):>12}", flush=True)
