"""Events of records that go through no flow; a flow tells of its own."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.engine import Connection

from ..platform import events
from ..platform.events import Event
from .output import plain_json
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
    return {**plain_json(record), "title": record.title}
