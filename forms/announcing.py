"""Events of records that go through no flow; a flow tells of its own."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.engine import Connection

from ..platform import events
from ..platform.db import utc_text
from ..platform.events import Event
from . import catalogue
from .records import Record


def submitted(conn: Connection, record: Record) -> None:
    """Tell that a record was filed."""
    _tell(conn, record, "record.submitted", "", {})


def updated(conn: Connection, record: Record, changed: Collection[str]) -> None:
    """Tell that fields of a record were changed."""
    _tell(conn, record, "record.updated", str(record.revision), {"fields": sorted(changed)})


def _tell(conn: Connection, record: Record, name: str, about: str, more: Mapping[str, Any]) -> None:
    if events.is_wanted(name):
        number = event_id(record.chain, "", name, about)
        data = {"record": record_json(record), "run": None, **more}
        events.publish(conn, Event(name, number, record.updated_at, record.form, lambda: data))


def event_id(*parts: str) -> str:
    """The id of an event, always the same for the same happening."""
    return "evt_" + hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def record_json(record: Record) -> dict[str, Any]:
    """A record as events tell of it: that of the API, with its title, without its run."""
    return {
        "id": record.id,
        "number": record.number,
        "form": record.form,
        "version": record.version,
        "revision": record.revision,
        "status": record.status,
        "title": record.title,
        "values": catalogue.program(record.form, record.version).dump(record.values),
        "submitted_by": record.submitted_by,
        "submitted_at": utc_text(record.submitted_at) if record.submitted_at else None,
    }
