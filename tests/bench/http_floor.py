"""What a request costs at least: the lifecycle of the bench as a Flask application written by hand, in raw SQL.

It signs people in, checks the session and its token, reads and checks the values, and writes what any such product
must, in one durable commit; it knows no rules, no rights, no deadlines and no messages.
"""

import os
import secrets
import sqlite3
import sys
import threading
from typing import Any

import psycopg
from flask import Flask, abort, jsonify, request, session

TABLES = (
    "CREATE TABLE IF NOT EXISTS person (id {serial}, name TEXT)",
    "CREATE TABLE IF NOT EXISTS request (id {serial}, status TEXT, body TEXT)",
    "CREATE TABLE IF NOT EXISTS run (id {serial}, request INTEGER, state TEXT, revision INTEGER)",
    "CREATE TABLE IF NOT EXISTS task (id {serial}, run INTEGER, step INTEGER, person TEXT, verdict TEXT)",
    "CREATE TABLE IF NOT EXISTS history (id {serial}, request INTEGER, entry TEXT)",
)
APPROVERS = ("li", "zhou", "gao")
REQUIRED = ("purpose", "paid_on", "net")

app = Flask(__name__)
app.secret_key = os.environ.get("FLOOR_SECRET", "a secret of the bench")
app.config["SESSION_REFRESH_EACH_REQUEST"] = False
_here = threading.local()


def connect(url: str) -> tuple[Any, str, str]:
    """A connection, its mark for a parameter, and what it calls a serial number."""
    if url.startswith("sqlite"):
        found = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000"):
            found.execute(f"PRAGMA {pragma}")
        return found, "?", "INTEGER PRIMARY KEY"
    return psycopg.connect(url.replace("+psycopg", "")), "%s", "BIGSERIAL PRIMARY KEY"


def make_tables(url: str) -> None:
    connection, mark, serial = connect(url)
    for table in TABLES:
        connection.execute(table.format(serial=serial))
    for name in ("amy", *APPROVERS):
        connection.execute(f"INSERT INTO person (name) VALUES ({mark})", (name,))
    connection.commit()
    connection.close()


def execute(text: str, *values: Any) -> Any:
    if not hasattr(_here, "connection"):
        _here.connection, _here.mark, _ = connect(os.environ["FLOOR_URL"])
    return _here.connection.execute(text.replace("?", _here.mark), values)


def begin() -> None:
    if _here.mark == "?":
        execute("BEGIN IMMEDIATE")


@app.before_request
def guard() -> None:
    if request.endpoint in ("sign_in", "health"):
        return
    row = execute("SELECT name FROM person WHERE name = ?", session.get("person", "")).fetchone()
    if row is None:
        abort(401)
    if not secrets.compare_digest(request.headers.get("X-CSRFToken", ""), session["token"]):
        abort(400)


@app.post("/sign-in/<name>")
def sign_in(name: str) -> Any:
    session["person"], session["token"] = name, secrets.token_urlsafe(16)
    return jsonify({"token": session["token"]})


@app.post("/api/v1/forms/claim/records")
def submit() -> Any:
    values = request.get_json()["values"]
    if any(not values.get(key) for key in REQUIRED):
        abort(422)
    body = app.json.dumps(values)
    begin()
    number = execute("INSERT INTO request (status, body) VALUES ('open', ?) RETURNING id", body).fetchone()[0]
    run = execute("INSERT INTO run (request, state, revision) VALUES (?, ?, 1) RETURNING id", number, body)
    task = _open_task(run.fetchone()[0], 0)
    execute("INSERT INTO history (request, entry) VALUES (?, ?)", number, body)
    _here.connection.commit()
    return _answer(number, "open", values, task), 201


@app.post("/api/v1/tasks/<int:task>/decision")
def decide(task: int) -> Any:
    if request.get_json()["verdict"] != "approve":
        abort(422)
    begin()
    run, step, person, verdict, number, body = execute(
        "SELECT task.run, step, person, verdict, request, state FROM task JOIN run ON run.id = run WHERE task.id = ?",
        task,
    ).fetchone()
    if person != session["person"] or verdict is not None:
        abort(409)
    execute("UPDATE run SET state = ?, revision = revision + 1 WHERE id = ?", body, run)
    execute("UPDATE task SET verdict = 'approve' WHERE id = ?", task)
    last = step == len(APPROVERS) - 1
    if last:
        execute("UPDATE request SET status = 'approved' WHERE id = ?", number)
    following = None if last else _open_task(run, step + 1)
    execute("INSERT INTO history (request, entry) VALUES (?, ?)", number, body)
    _here.connection.commit()
    return _answer(number, "approved" if last else "open", app.json.loads(body), following)


def _open_task(run: int, step: int) -> int:
    made = execute("INSERT INTO task (run, step, person) VALUES (?, ?, ?) RETURNING id", run, step, APPROVERS[step])
    found: int = made.fetchone()[0]
    return found


def _answer(number: int, status: str, values: Any, task: int | None) -> Any:
    waiting = [] if task is None else [{"task": task}]
    return jsonify({"id": number, "status": status, "values": values, "run": {"waiting_on": waiting}})


@app.get("/healthz")
def health() -> str:
    return "ok"


def main() -> None:
    """``run --port P``: serve with two workers, as the server beside it."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    make_tables(os.environ["FLOOR_URL"])
    Granian(
        "tests.bench.http_floor:app",
        interface=Interfaces.WSGI,
        port=int(sys.argv[sys.argv.index("--port") + 1]),
        workers=2,
        blocking_threads=1,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
