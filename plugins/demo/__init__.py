"""The demo company: people, products, orders, and refund requests in every state, made by the product's services."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ...flows import rolling
from ...platform import clock, config, db, definitions, migrating
from ...platform.config import Config
from ...platform.errors import Refused
from ...platform.people import service as people
from ...platform.text import msg
from .. import applying, registry
from . import requests, shop

PASSWORD = "signoff-demo"  # noqa: S105 — the demo's, printed at its start
PACKS = ("inventory", "refunds")
PEOPLE = Path(__file__).parent / "people.json"

CAST = (
    ("amy", "Amy Chen, service agent: files refunds, gives the first answer"),
    ("bo", "Bo Wang, service agent: answers what Amy files"),
    ("li", "Li Na, team lead: approves 200 to 5,000"),
    ("zhou", "Zhou Min, director: approves 5,000 and more"),
    ("gao", "Gao Yuan, managing director"),
    ("fang", "Fang Hua, finance"),
    ("ma", "Ma Jun, warehouse: inspects returns"),
    ("ada", "Ada Admin, administrator: forms, flows, people"),
)

Say = Callable[[str], None]


def settle(*, base_url: str, keep: bool) -> Config:
    """The demo's configuration: a folder of its own, emptied unless ``keep``; web processes inherit the environment.

    Raises:
        Refused: a database was configured; the demo never touches one that is somebody's.
    """
    if os.environ.get("SIGNOFF_DATABASE_URL") and not keep:
        raise Refused(
            msg("SIGNOFF_DATABASE_URL is set, and the demo empties its database. Unset it, or start with --keep.")
        )
    folder = config.load().data_dir / "demo"
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    os.environ.update(
        SIGNOFF_DATA_DIR=str(folder), SIGNOFF_BASE_URL=base_url, SIGNOFF_DEMO="true", SIGNOFF_COUNTRY="CN"
    )
    os.environ.setdefault("SIGNOFF_MAIL_URL", "folder:")
    return replace(config.load())


def build(progress: Say) -> None:
    """Fill the database with the company; does nothing where there are definitions already."""
    migrating.upgrade()
    if definitions.current("form", "refund") is not None:
        return
    progress("Setting up the demo company …")
    now = clock.now()
    with clock.fixed(now - timedelta(days=30)), db.transaction():
        applying.apply(applying.read_paths([PEOPLE]), by=None, note="demo")
        for key, _ in CAST:
            people.set_password(key, PASSWORD)
        for key in PACKS:
            applying.install(registry.pack(key), by="ada")
    orders = shop.fill(now)
    requests.file_all(orders, now)
    rolling.catch_up()
    progress(f"{len(orders)} orders and {requests.COUNT} refund requests are there.")
