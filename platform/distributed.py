"""Jobs over many nodes: procrastinate finds a worker for each at once, wakes it, and notices when it died.

A job of procrastinate names a row of the outbox, and is enqueued by the statement that writes the row: the row holds
the message, its stable key, and how it went. So a message that procrastinate loses is not lost, one that it brings
twice is done once, and either way of finding jobs can take over from the other at any time.
"""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import procrastinate
import sqlalchemy as sa
import structlog
from flask import Flask
from procrastinate.jobs import Job as CarriedJob
from sqlalchemy.engine import Connection

from . import background, claiming, clock, performing
from .background import THREADS, Lane
from .models import settings

TASK = "signoff.job"
STALLED_SECONDS = 30
POLL_SECONDS = 20.0
AGAIN_SECONDS = 3.0
SCHEMA = "procrastinate.schema"

log = structlog.get_logger(__name__)
logging.getLogger("procrastinate").setLevel(logging.WARNING)


class NotYet(Exception):
    """The job is to be done (again) at a time; ``at`` is that of this machine's clock."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"again at {at.isoformat()}")
        self.at = at


class _WhenTold(procrastinate.BaseRetryStrategy):
    """The row says when a job is done again; whatever else goes wrong is tried again in a moment."""

    def get_retry_decision(self, *, exception: BaseException, job: CarriedJob) -> procrastinate.RetryDecision:  # noqa: ARG002
        if isinstance(exception, NotYet):
            return procrastinate.RetryDecision(retry_at=exception.at)
        return procrastinate.RetryDecision(retry_in={"seconds": 5})


def queue_of(lane: Lane) -> str:
    return f"signoff.{lane}"


def make(app: Flask) -> procrastinate.App:
    """The application of procrastinate: one task, and the retry of jobs whose worker died."""
    url: sa.URL = app.extensions["signoff"].engine.url
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    carrier = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=dsn, min_size=1, max_size=len(Lane) * 2 + 2)
    )

    @carrier.task(name=TASK, retry=_WhenTold())
    def carry(job: int) -> None:
        with background.work_context(app):
            do(job)

    @carrier.periodic(cron="* * * * *")
    @carrier.task(name="signoff.stalled", queue=queue_of(Lane.INSIDE), queueing_lock="stalled", pass_context=True)
    async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001
        manager = context.app.job_manager
        for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            await manager.retry_job(stalled)

    return carrier


def do(job_id: int) -> None:
    """Do the job of that row, if it is still there to be done.

    Raises:
        NotYet: it is not due, or failed and is due again.
    """
    job = claiming.claim_one(job_id, clock.now())
    if job is not None:
        performing.perform(job)
    at = claiming.again_at(job_id)
    if at is not None:
        # the clock of a test stands still, that of procrastinate does not
        raise NotYet(datetime.now(UTC) + max(at - clock.now(), timedelta(seconds=1)))


class Carrier:
    """The workers of procrastinate in this process, one for each lane, in a thread of their own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(sum(THREADS.values()) + 2, thread_name_prefix="signoff-carried")
        self._loop.set_default_executor(self._threads)
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="signoff-carrier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the jobs that are being done."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._until_stopped())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _until_stopped(self) -> None:
        while not self._stop.is_set():
            try:
                await self._work()
            except Exception as error:
                log.warning("procrastinate's workers start again", reason=background.describe(error))
                await _either(self._stop.wait(), asyncio.sleep(AGAIN_SECONDS))

    async def _work(self) -> None:
        """Work until stopped, or until a worker ends because the database is away."""
        carrier = make(self._app)
        async with carrier.open_async():
            workers = [asyncio.ensure_future(carrier.run_worker_async(**_options(lane))) for lane in Lane]
            try:
                await _either(self._stop.wait(), *workers)
            finally:
                for worker in workers:
                    worker.cancel()
                ended = await asyncio.gather(*workers, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error


def _options(lane: Lane) -> dict[str, Any]:
    return {
        "queues": [queue_of(lane)],
        "name": f"signoff-{lane}",
        "concurrency": THREADS[lane],
        "fetch_job_polling_interval": POLL_SECONDS,
        "abort_job_polling_interval": 3600.0,
        "delete_jobs": "always",
        "install_signal_handlers": False,
        "stalled_worker_timeout": STALLED_SECONDS,
    }


async def _either(*waiting: Any) -> None:
    """Until the first of them ends; those that were made for this are given up."""
    tasks = [asyncio.ensure_future(each) for each in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for made, task in zip(waiting, tasks, strict=True):
            if made is not task:
                task.cancel()


# --- its tables


def is_prepared(connection: Connection) -> bool:
    """Whether procrastinate's tables are those of the installed version, or of one that another node brought since."""
    present = _present(connection)
    return present is not None and (present == "other" or present >= _newest())


def prepare(connection: Connection) -> None:
    """Bring procrastinate's tables to the installed version, by its own statements, inside our migration.

    Tables that somebody else made are theirs to bring forward.
    """
    present = _present(connection)
    if present == "other":
        return
    if present is None:
        _run(connection, (resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8"))
    else:
        for path in _migrations():
            if path.stem > present:
                _run(connection, path.read_text(encoding="utf-8"))
    connection.execute(sa.delete(settings).where(settings.c.key == SCHEMA))
    connection.execute(sa.insert(settings).values(key=SCHEMA, value=_newest()))
    log.info("tables of procrastinate", version=metadata.version("procrastinate"), schema=_newest())


def _present(connection: Connection) -> str | None:
    """The name of the last migration that was run here; ``other``: the tables are there, but not by us."""
    if connection.scalar(sa.text("SELECT to_regclass('procrastinate_jobs')")) is None:
        return None
    ours = connection.scalar(sa.select(settings.c.value).where(settings.c.key == SCHEMA))
    return str(ours) if ours is not None else "other"


def _migrations() -> list[Path]:
    folder = Path(procrastinate.schema.SchemaManager.get_migrations_path())
    return sorted(folder.glob("*.sql"))


def _newest() -> str:
    return _migrations()[-1].stem


def _run(connection: Connection, sql: str) -> None:
    """Many statements, as they are: the driver must not look for parameters in them."""
    raw: Any = connection.connection.driver_connection
    raw.execute(sql)
