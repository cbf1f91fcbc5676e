"""The search beside 1,000,000 requests: words that one request has, some, many or all, and words that none has."""

import os
import statistics
import time

import sqlalchemy as sa
from flask.testing import FlaskClient

from signoff.forms import service as forms
from signoff.forms.models import record_terms, records
from signoff.platform import db
from signoff.platform.people import current
from signoff.platform.people import service as people
from signoff.platform.statements import watched

from .bench_inbox import _copy
from .company import VALUES, company

MOST = int(os.environ.get("BENCH_REQUESTS", "1000000"))
CUSTOMERS = 5000
PASSES = 15
WORDS = (
    ("of one request", "n777777"),
    ("the beginning of a number", "n7777"),
    ("of a customer", "customer42"),
    ("of all", "visit"),
    ("two of all", "visit supplier"),
    ("of all, and of one", "visit n777777"),
    ("of all, and of none", "visit nothing"),
    ("of none", "nothing"),
)


def main(database_url: str) -> None:
    """Print a line for each kind of words, as the page answers somebody who sees all, and who filed them."""
    with company(database_url) as app:
        made = forms.submit("claim", VALUES, by=people.person("amy"))
        started = time.perf_counter()
        _fill(made.id)
        print(f"{MOST:,} requests filled in {time.perf_counter() - started:.0f} s")
        for person in ("ada", "amy"):
            client = app.test_client()
            with client.session_transaction() as session:
                session.update(current.session_of(person))
            print(f"{person + ' looks for a word':34}{'median':>10}{'worst':>10}{'CPU':>10}{'statements':>12}")
            for name, q in WORDS:
                _measure(client, name, q)


def _fill(template: int) -> None:
    """Copies of a request, each with its own number, the name of one of :data:`CUSTOMERS`, and two words of all."""
    with db.transaction() as conn:
        postgresql = conn.dialect.name == "postgresql"
        counting = "WITH RECURSIVE c(n) AS (SELECT :low UNION ALL SELECT n + 1 FROM c WHERE n < :high)"
        series = (
            "generate_series(CAST(:low AS bigint), :high) AS n(n)"
            if postgresql
            else f"({counting} SELECT n FROM c) AS n"
        )
        bounds = {"low": template + 1, "high": MOST, "template": template}
        _copy(conn, records, series, {"id": "n.n", "number": "'N' || n.n"}, "t.id = :template", bounds)
        for term in ("'visit'", "'supplier'", f"'customer' || (n.n % {CUSTOMERS})", "'n' || n.n"):
            conn.execute(
                sa.text(
                    f"INSERT INTO {record_terms.name} (form, term, record_id) SELECT 'claim', {term}, n.n FROM {series}"
                ),
                {"low": template + 1, "high": MOST},
            )
    with db.engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _measure(client: FlaskClient, name: str, q: str) -> None:
    path = f"/search?q={q}"
    with watched() as seen:
        assert client.get(path, follow_redirects=True).status_code == 200
    times, spent = [], []
    for _ in range(PASSES):
        start, cpu = time.perf_counter(), time.process_time()
        client.get(path)
        times.append((time.perf_counter() - start) * 1000)
        spent.append((time.process_time() - cpu) * 1000)
    statements = [each for each in seen if not each.startswith(("BEGIN", "PRAGMA"))]
    print(
        f"{name:34}{statistics.median(times):>7.1f} ms{max(times):>7.1f} ms{statistics.median(spent):>7.1f} ms"
        f"{len(statements):>12}",
        flush=True,
    )
