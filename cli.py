"""The ``signoff`` command.

Messages go to standard error, results to standard output; exit 0 done, 1 refused, 2 wrong usage.
"""

import json as stdlib_json
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask

from . import __version__
from .platform import json
from .platform.config import Config
from .platform.errors import NotFound, Refused, SignoffError
from .platform.problems import Problem, Severity
from .platform.text import msg


def say(text: str) -> None:
    """A message for the person at the terminal: standard error."""
    click.echo(text, err=True)


def show(value: Any, *, as_json: bool) -> None:
    """A result: standard output."""
    click.echo(json.pretty(value).rstrip("\n") if as_json else value)


def refused(error: SignoffError) -> None:
    """Say why, with every problem, and end with exit status 1."""
    say(f"signoff: {error.message}")
    for problem in error.problems:
        if problem.path or problem.message != error.message:
            say(f"  {problem.path}: {problem.code}: {problem.message}")
    sys.exit(1)


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Expected errors end a command with a sentence, never with a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except SignoffError as error:
            refused(error)
        except BrokenPipeError:
            # the reader of a pipe (head, less) has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except OSError as error:
            # a folder that is a file, a disk that is full, a right that is missing
            say(f"signoff: {error.strerror or error}: {error.filename}" if error.filename else f"signoff: {error}")
            sys.exit(1)

    return run


def make_app(config: Config | None = None) -> Flask:
    from .app import create_app

    return create_app(config)


@contextmanager
def database(*, migrate: bool = False) -> Iterator[Flask]:
    """An application context whose database has the shape this version needs.

    Raises:
        Refused: it has not, and ``migrate`` is false.
    """
    from .platform import migrating

    app = make_app()
    with app.app_context():
        if migrate:
            migrating.upgrade()
        elif not migrating.is_current():
            raise Refused(msg("The database is not of this version. Run “signoff db upgrade”."), code="database")
        yield app
        app.extensions["signoff"].engine.dispose()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="signoff")
def main() -> None:
    """Signoff: forms and approvals that business people define themselves."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@guarded
def run(host: str, port: int, workers: int) -> None:
    """Migrate if needed, and serve; timers and background work run in the same process unless configured otherwise."""
    _refuse_taken(host, port)
    with database(migrate=True):
        pass
    say(f"Signoff is at http://{host}:{port}")
    _serve(host, port, workers)


def _refuse_taken(host: str, port: int) -> None:
    """Say at once that nobody can listen there.

    Raises:
        Refused: another program does, or the address is not of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(
            msg(
                "Nobody can listen at %(host)s:%(port)s: %(reason)s. Stop whoever does, or choose another --port.",
                host=host,
                port=port,
                reason=reason,
            )
        ) from error


def _serve(host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from .app import serve
    from .platform import config

    threads = 4 if workers == 1 else 1
    # it counts the threads that hold streams of open pages, and warns of them
    logging.getLogger("_granian").addFilter(lambda record: "Python threads" not in record.getMessage())
    Granian(
        "signoff",
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=threads + config.load().live_streams,
        respawn_failed_workers=True,
        log_access=False,
        log_level=LogLevels.warning,
    ).serve(target_loader=partial(serve, threads), wrap_loader=False)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--keep", is_flag=True, help="Go on with the demo company of last time.")
@guarded
def demo(host: str, port: int, keep: bool) -> None:
    """Serve a fresh demo company: people, orders, stock, and requests in every state."""
    from .plugins import demo as company

    _refuse_taken(host, port)
    config = company.settle(base_url=f"http://{host}:{port}", keep=keep)
    app = make_app(config)
    with app.app_context():
        company.build(progress=say)
        app.extensions["signoff"].engine.dispose()
    say("")
    say(f"  Signoff is at http://{host}:{port}")
    say(f"  The password of everybody is: {company.PASSWORD}")
    for key, who in company.CAST:
        say(f"    {key:<6} {who}")
    say("  Press Ctrl+C to stop.")
    _serve(host, port, 1)


@main.command()
@guarded
def worker() -> None:
    """Timers and background work alone, for installations of many nodes."""
    import signal
    import threading

    from .app import settle
    from .platform.scheduler import Worker

    with database() as app:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        running = Worker(app)
        running.start()
        settle()
        say("The worker is running. Press Ctrl+C to stop.")
        stopped.wait()
        running.stop()


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@guarded
def upgrade() -> None:
    """Bring the database to the shape this version needs."""
    from .platform import migrating

    with make_app().app_context():
        changed = migrating.upgrade()
        say("The database is up to date." if not changed else f"The database is now at {migrating.newest()}.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--deep", is_flag=True, help="Also prove every request sound, and the chains of the history.")
@guarded
def doctor(as_json: bool, deep: bool) -> None:
    """Check configuration, database, files, clock and mail, and say what to do."""
    from .platform import health

    with make_app().app_context():
        checks = health.checks()
        usable = all(each.ok for each in checks if each.name in ("database", "migrations"))
        if usable:
            from .forms import readable

            checks.append(readable.check())
        if deep and usable:
            from .flows import deep_check

            checks += deep_check.check(lambda count: say(f"{count} …"))
    if as_json:
        show([{"name": each.name, "ok": each.ok, "message": each.message} for each in checks], as_json=True)
    else:
        for each in checks:
            click.echo(f"{'ok  ' if each.ok else 'FAIL'} {each.name}: {each.message}")
    sys.exit(0 if all(each.ok for each in checks) else 1)


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--note", default="", help="Why, kept with the versions.")
@guarded
def apply(paths: tuple[str, ...], dry_run: bool, note: str) -> None:
    """Put people, forms and flows (files or folders) in force: all of them, or none."""
    from .plugins import applying

    with database(migrate=True):
        changes = applying.apply(applying.read_paths(paths), by=None, note=note, dry_run=dry_run)
    for change in changes:
        click.echo(change)
    if not changes:
        say("Nothing changes.")
    elif dry_run:
        say("Nothing was changed: this was a dry run.")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@guarded
def export(folder: Path) -> None:
    """Write what is in force as files that “signoff apply” reads."""
    from .plugins import applying

    with database():
        for path in applying.export(folder):
            click.echo(str(path))


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@guarded
def check(paths: tuple[str, ...], as_json: bool) -> None:
    """All problems of definitions, one a line; needs no database."""
    from .flows.check.documents import check_documents
    from .plugins import applying, registry

    registry.declare()
    sources = applying.read_paths(paths)
    found = check_documents([(source.name, source.text) for source in sources], offers=registry.offers())
    if as_json:
        show([_problem_json(file, problem) for file, problem in found], as_json=True)
    else:
        for file, problem in found:
            click.echo(f"{file}: {problem.path}: {problem.code}: {problem.message}")
    errors = sum(problem.severity is Severity.ERROR for _, problem in found)
    say(f"{len(sources)} files, {errors} errors, {len(found) - errors} warnings.")
    sys.exit(1 if errors else 0)


def _problem_json(file: str, problem: Problem) -> dict[str, Any]:
    return {
        "file": file,
        "path": problem.path,
        "code": problem.code,
        "severity": problem.severity.value,
        "message": str(problem.message),
        "example": dict(problem.example) if problem.example is not None else None,
    }


@main.command()
@click.argument("flow", type=click.Path(exists=True, dir_okay=False))
@click.option("--form", required=True, type=click.Path(exists=True, dir_okay=False), help="The flow's form/1.")
@click.option("--people", required=True, type=click.Path(exists=True, dir_okay=False), help="people/1.")
@click.option("--by", "person", required=True, metavar="PERSON", help="Who would ask.")
@click.option("--values", required=True, type=click.Path(exists=True, dir_okay=False), help="JSON of the fields.")
@click.option("--at", default=None, metavar="TIME", help="When it would be sent (RFC 3339); default: now.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@guarded
def route(flow: str, form: str, people: str, person: str, values: str, at: str | None, as_json: bool) -> None:
    """The route that a request would take if everybody agrees; needs no database."""
    from .plugins import applying, registry, routing

    registry.declare()
    texts = routing.Texts(*(applying.read_paths([path])[0].text for path in (flow, form, people, values)))
    found = routing.route_of_files(texts, person, at)
    if as_json:
        show(found, as_json=True)
    else:
        for line in routing.in_words(found):
            click.echo(line)
    sys.exit(1 if found["problems"] and not found["steps"] else 0)


@main.command()
@click.argument("flow", type=click.Path(exists=True, dir_okay=False))
@click.option("--since", default="90d", show_default=True, metavar="PERIOD", help="How far back: 90d, 12w.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@guarded
def replay(flow: str, since: str, as_json: bool) -> None:
    """A draft of a flow against past and running requests; nothing is executed."""
    from .flows import replaying
    from .plugins import applying

    with database():
        document = json.parse_object(applying.read_paths([flow])[0].text)
        found = replaying.replay_draft(document, since=replaying.read_period(since), progress=say)
    if as_json:
        show(found, as_json=True)
    else:
        for line in replaying.in_words(found):
            click.echo(line)


@main.command("import")
@click.argument("form")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Which column fills a field; repeatable.")
@click.option(
    "--group-by", default=None, metavar="COLUMN", help="Rows with the same value are line items of one record."
)
@click.option("--by", default=None, metavar="PERSON", help="Who files the records.")
@click.option("--atomic", is_flag=True, help="Refuse all rows if one is wrong.")
@click.option("--encoding", default="utf-8-sig", show_default=True, help="Of a CSV file.")
@guarded
def import_(
    form: str, file: Path, mapping: tuple[str, ...], group_by: str | None, by: str | None, atomic: bool, encoding: str
) -> None:
    """Records from CSV or XLSX; every bad row is reported with its line."""
    from .forms import importing
    from .platform.people import service as people

    pairs = dict(_pair(each) for each in mapping)
    with database():
        person = people.directory().person(by) if by else None
        if by and person is None:
            raise NotFound(msg("There is no person %(key)s.", key=repr(by)))
        with _progress(file) as progress:
            result = importing.import_records(
                form,
                file,
                mapping=pairs,
                group_by=group_by,
                by=person,
                atomic=atomic,
                encoding=encoding,
                progress=progress,
            )
    for line, problems in sorted(result.rejected, key=lambda each: each[0]):
        for problem in problems:
            click.echo(f"{file}:{line}: {problem.path}: {problem.code}: {problem.message}")
    say(f"{result.created} records imported, {len(result.rejected)} rows refused.")
    sys.exit(1 if result.rejected else 0)


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on standard error that takes the number of rows read so far; a workbook does not say how many it has."""
    with file.open("rb") as content:
        packed = content.read(2) in (b"PK", b"\x1f\x8b")
        total = 0 if packed else sum(chunk.count(b"\n") for chunk in iter(lambda: content.read(1 << 20), b""))
    if packed:
        yield lambda done: None if done % 1000 else say(f"{done} rows")
        return
    with click.progressbar(length=max(total, 1), label=file.name, file=sys.stderr, show_pos=True) as bar:
        yield lambda done: bar.update(done - bar.pos)


def _pair(text: str) -> tuple[str, str]:
    field, equals, column = text.partition("=")
    if not equals or not field or not column:
        raise click.BadParameter(f"{text!r} is not FIELD=COLUMN.", param_hint="--map")
    return field, column


@main.command()
@click.argument("person")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How long it holds.")
@guarded
def token(person: str, name: str, days: int) -> None:
    """An API token of a person, shown once."""
    from .platform.people import service as people
    from .platform.people import tokens

    with database():
        if people.directory().active(person) is None:
            raise NotFound(msg("There is no active person %(key)s.", key=repr(person)))
        click.echo(tokens.create(person, name, days=days))


@main.command()
@click.argument("person")
@guarded
def password(person: str) -> None:
    """Set a person's password; it is asked for, or read from standard input where that is no terminal."""
    from .platform.people import service as people

    if sys.stdin.isatty():
        chosen = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        chosen = sys.stdin.readline().rstrip("\n")
    with database():
        people.set_password(person, chosen)
    say(f"{person} can sign in.")


@main.group()
def audit() -> None:
    """The history that cannot be changed unseen."""


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@guarded
def verify(as_json: bool) -> None:
    """Walk the hash chains; name the first entry that does not hold."""
    from .platform import audit as chains

    with database():
        found = chains.verify()
    if as_json:
        click.echo(stdlib_json.dumps({"ok": found.ok, "entries": found.entries, "message": str(found.message)}))
    else:
        click.echo(found.message)
    if not found.ok:
        sys.exit(1)
