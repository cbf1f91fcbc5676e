"""The front door: ``Signoff`` mounts the product into a Flask application, ``create_app`` makes one of its own."""

import gc
import os
import threading
import time
from collections.abc import Callable
from importlib import import_module
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Engine

from .platform import api
from .platform import config as configuration
from .platform import db as database
from .platform.config import Config
from .platform.web.application import Application

ROOT = Path(__file__).resolve().parent

# In this order: a floor may use what stands before it.
MODULES = (
    "platform.logging",
    "platform.web",
    "platform.web.incoming",
    "platform.api",
    "platform.people.current",
    "platform.people.web",
    "platform.people.api",
    "platform.people.departments_api",
    "platform.limits",
    "platform.files",
    "platform.files_web",
    "platform.files_api",
    "platform.live",
    "platform.notifications",
    "platform.notifications_web",
    "platform.notifications_api",
    "platform.mail",
    "platform.chat",
    "platform.webhooks",
    "platform.webhooks_web",
    "platform.webhooks_api",
    "platform.schedules",
    "platform.schedules_web",
    "platform.schedules_api",
    "platform.schedule_works_api",
    "platform.cleaning",
    "platform.calendars_web",
    "platform.calendars_api",
    "platform.templates_web",
    "platform.templates_api",
    "platform.health_web",
    "platform.metrics",
    "forms.web",
    "forms.api",
    "forms.formula_api",
    "flows.service",
    "flows.jobs",
    "flows.links",
    "flows.links_web",
    "flows.scheduled",
    "flows.rescheduling",
    "flows.subrequest_jobs",
    "flows.web",
    "flows.definitions_web",
    "flows.rights_web",
    "flows.preview_web",
    "flows.api",
    "plugins.packs_web",
    "plugins.registry",
)


class Signoff:
    """The product, mounted into one Flask application.

    ``db``: the host's ``SQLAlchemy``, whose engine is then used; ``load_person``: a callable without arguments
    that returns the key of the signed-in person or ``None``, and then Signoff has no sign-in page of its own.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        url_prefix: str = "",
        db: SQLAlchemy | None = None,
        load_person: Callable[[], str | None] | None = None,
        config: Config | None = None,
    ) -> None:
        self.url_prefix = url_prefix.rstrip("/")
        self.db = db
        self.load_person = load_person
        self.config = config or configuration.load()
        self.caches: dict[str, dict[Any, Any]] = {}
        self.engine: Engine
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give ``app`` the database, pages, API and plugins. Starts no thread and touches no table."""
        app.extensions["signoff"] = self
        self._settle(app)
        for name in MODULES:
            module = import_module(f".{name}", __package__)
            if hasattr(module, "init_app"):
                module.init_app(app)
            if hasattr(module, "bp"):
                app.register_blueprint(module.bp, url_prefix=self.url_prefix + (module.bp.url_prefix or ""))
            if hasattr(module, "blp"):
                api.register(app, module.blp)

    def _settle(self, app: Flask) -> None:
        """Configuration that Flask and its extensions read, and the engine."""
        app.config.setdefault("SECRET_KEY", self.config.secret_key)
        if not app.config["SECRET_KEY"]:
            app.config["SECRET_KEY"] = self.config.secret_key
        app.config.setdefault("SQLALCHEMY_DATABASE_URI", self.config.database_url)
        if self.db is None:
            self.config.data_dir.mkdir(parents=True, exist_ok=True)
            self.db = database.make_db()
            self.db.init_app(app)
        with app.app_context():
            self.engine = self.db.engine
        database.prepare(self.engine, synchronous=self.config.sqlite_synchronous)


def create_app(config: Config | None = None, **overrides: Any) -> Flask:
    """An application that is nothing but Signoff. ``overrides`` are fields of :class:`Config`.

    Raises:
        Refused: the configuration is wrong; every wrong value is a problem.
    """
    settled = config or configuration.load(**overrides)
    app = Application("signoff", root_path=str(ROOT), static_folder=None, template_folder=None)
    app.config.update(
        TESTING=settled.testing,
        MAX_CONTENT_LENGTH=settled.max_upload_bytes + 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settled.secure_cookies,
        SESSION_COOKIE_NAME="signoff",
    )
    Signoff(app, config=settled)
    return app


def serve(threads: int = 0) -> Flask:
    """The application of one web process, with its timers and background work: the target of the WSGI server.

    ``threads``: how many the server has for ordinary requests, and ``SIGNOFF_LIVE_STREAMS`` beyond them, which hold the
    streams of open pages; 0: no stream is held.
    """
    app = create_app()
    _end_with_parent()
    settled: Config = app.extensions["signoff"].config
    if settled.background == "embedded":
        from .platform.scheduler import Worker

        Worker(app).start()
    if threads and settled.live_streams:
        _hold_streams(app, threads, settled.live_streams)
    settle()
    return app


def settle() -> None:
    """What was made at the start stays: have the collector not look at all of it again and again.

    It would take a tenth of a second each time, in the middle of a transaction too.
    """
    gc.collect()
    gc.freeze()


def _hold_streams(app: Flask, threads: int, most: int) -> None:
    """Keep streams of news open, and let no more ordinary requests in at a time than without them."""
    from .platform import live

    hub = live.hold(app, most)
    app.wsgi_app = live.Gate(app.wsgi_app, threads)  # type: ignore[method-assign]
    Finalize(hub, hub.close, exitpriority=100)


def _end_with_parent() -> None:
    """A killed server takes its workers along, so that none is left holding the port."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.25)
        os._exit(1)

    threading.Thread(target=watch, name="signoff-parent", daemon=True).start()
