"""The inbox of a busy person beside 1,000 and beside 1,000,000 requests: time at the server, statements of a page."""

import os
import statistics
import time
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from signoff.flows.models import runs, tasks
from signoff.forms import service as forms
from signoff.forms.models import records
from signoff.platform import db
from signoff.platform.people import current, tokens
from signoff.platform.people import service as people
from signoff.platform.statements import watched

from .company import VALUES, company

MOST = int(os.environ.get("BENCH_REQUESTS", "1000000"))
SMALL = 1000
OPEN_OF_TEN = 3
PASSES = 40
PAGES = ("/api/v1/inbox?limit=50", "/inbox")


def main(database_url: str) -> None:
    """Print a line for each page and number of requests."""
    with company(database_url) as app:
        made = forms.submit("claim", VALUES, by=people.person("amy"))
        client = app.test_client()
        with client.session_transaction() as session:
            session.update(current.session_of("li"))
        headers = {"Authorization": f"Bearer {tokens.create('li', 'bench')}"}
        head = f"{'requests':>10} {'open tasks':>10}  {'page':26}"
        print(f"{head}{'median':>10}{'worst':>10}{'CPU':>10}{'statements':>12}")
        have = made.id
        for wanted in (SMALL, MOST):
            _fill(made.id, have, wanted)
            have = wanted
            for path in PAGES:
                _measure(client, path, headers if path.startswith("/api") else {}, wanted)


def _fill(template: int, have: int, wanted: int) -> None:
    """Copy the request of ``template`` until there are ``wanted``; of ten, three wait, each due at another moment."""
    with db.transaction() as conn:
        counting = "WITH RECURSIVE c(n) AS (SELECT :low UNION ALL SELECT n + 1 FROM c WHERE n < :high)"
        postgresql = conn.dialect.name == "postgresql"
        series = (
            "generate_series(CAST(:low AS bigint), :high) AS n(n)"
            if postgresql
            else f"({counting} SELECT n FROM c) AS n"
        )
        due = (
            "t.due_at + (n.n * interval '7 seconds')"
            if postgresql
            else "strftime('%Y-%m-%dT%H:%M:%S.000000Z', t.due_at, '+' || (n.n * 7) || ' seconds')"
        )
        bounds = {"low": have + 1, "high": wanted, "template": template}
        new = "n.n + 10"
        _copy(conn, records, series, {"id": new, "number": "NULL"}, "t.id = :template", bounds)
        _copy(conn, runs, series, {"id": new, "record_id": new}, "t.record_id = :template", bounds)
        waiting = f"t.record_id = :template AND n.n % 10 < {OPEN_OF_TEN}"
        _copy(conn, tasks, series, {"id": new, "run_id": new, "record_id": new, "due_at": due}, waiting, bounds)
    with db.engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _copy(
    conn: sa.Connection, table: sa.Table, series: str, changed: dict[str, str], where: str, bounds: dict[str, Any]
) -> None:
    names = [column.name for column in table.columns]
    quoted = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(changed.get(name, f't."{name}"') for name in names)
    source = f'"{table.name}" AS t, {series} WHERE {where}'
    statement = f'INSERT INTO "{table.name}" ({quoted}) SELECT {values} FROM {source}'
    conn.execute(sa.text(statement), bounds)


def _measure(client: FlaskClient, path: str, headers: dict[str, str], requests: int) -> None:
    for _ in range(3):
        assert client.get(path, headers=headers).status_code == 200
    with watched() as seen:
        client.get(path, headers=headers)
    statements = [each for each in seen if not each.startswith(("BEGIN", "PRAGMA"))]
    times, spent = [], []
    for _ in range(PASSES):
        start, cpu = time.perf_counter(), time.process_time()
        client.get(path, headers=headers)
        times.append((time.perf_counter() - start) * 1000)
        spent.append((time.process_time() - cpu) * 1000)
    print(
        f"{requests:>10,} {requests * OPEN_OF_TEN // 10:>10,}  {path.partition('?')[0]:26}"
        f"{statistics.median(times):>7.1f} ms{max(times):>7.1f} ms{min(spent):>7.1f} ms{len(statements):>12}",
        flush=True,
    )
    if os.environ.get("BENCH_STATEMENTS"):
        print(*(" ".join(each.split())[:160] for each in statements), sep="\n")
