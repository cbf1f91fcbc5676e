"""Records as clients see them."""

from collections.abc import Sequence
from typing import Any

from ..platform.db import utc_text
from ..platform.people.directory import Person
from . import catalogue, lifecycle
from .records import Record


def record_json(record: Record, *, by: Person | None = None) -> dict[str, Any]:
    """The Record of ``interfaces.md``; fields that ``by`` may not see now are left out."""
    return records_json([record], by=by)[0]


def records_json(found: Sequence[Record], *, by: Person | None = None) -> list[dict[str, Any]]:
    """The same for a page of records, with as many statements as for one."""
    current = lifecycle.current()
    runs = current.runs_json(found)
    hidden = current.hidden(found, by) if by else {}
    return [_json(record, runs.get(record.id), hidden.get(record.id, frozenset())) for record in found]


def _json(record: Record, run: Any, hidden: frozenset[str]) -> dict[str, Any]:
    return {**plain_json(record, hidden), "run": run}


def plain_json(record: Record, hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A record by itself, without its run and what is ``hidden``."""
    values = catalogue.program(record.form, record.version).dump(record.values)
    return {
        "id": record.id,
        "number": record.number,
        "form": record.form,
        "version": record.version,
        "revision": record.revision,
        "status": record.status,
        "values": {key: value for key, value in values.items() if key not in hidden},
        "submitted_by": record.submitted_by,
        "submitted_at": utc_text(record.submitted_at) if record.submitted_at else None,
    }
