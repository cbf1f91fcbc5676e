"""The history of a request: what its audit chain says, for those who may see it, in words and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..forms import service as forms
from ..forms.records import Record
from ..platform import audit
from ..platform.audit import Recorded
from ..platform.db import reading, utc_text
from ..platform.errors import Malformed
from ..platform.paging import Page, decode_cursor, page_of
from ..platform.people import service as people
from ..platform.people.directory import Person
from ..platform.text import msg
from . import catalogue, entries, store, visibility
from .program import FlowProgram


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry; ``data`` is without what the reader may not see."""

    entry: Recorded
    data: Mapping[str, Any]
    program: FlowProgram | None

    @property
    def comment(self) -> str:
        return str(self.data.get("comment") or "")


def of_record(record_id: int, *, by: Person, after: str | None = None, limit: int = 200) -> Page[Moment]:
    """The history of a record, oldest first.

    Raises:
        NotFound: there is no such record, or ``by`` may not see it.
    """
    record = forms.read_record(record_id, by=by)
    return of_visible(record, visibility.hidden_of(record, by), after=after, limit=limit)


def of_visible(
    record: Record,
    hidden: frozenset[str],
    *,
    after: str | None = None,
    limit: int = 200,
    program: FlowProgram | None = None,
) -> Page[Moment]:
    """The history of a record that the reader was allowed to see, without the fields ``hidden``.

    ``program`` is that of its run, where it is known.
    """
    found = audit.entries(record.chain, after=_position(after), limit=limit + 1)
    program = program or _program(record)
    moments = [Moment(each, _visible(each.data, hidden), program) for each in found]
    return page_of(moments, limit, lambda each: [each.entry.position])


def _position(after: str | None) -> int:
    if after is None:
        return 0
    match decode_cursor(after):
        case [int() as position]:
            return position
    raise Malformed(msg("The cursor “after” belongs to another list. Start again from the first page."), code="cursor")


def _program(record: Record) -> FlowProgram | None:
    with reading() as conn:
        run = store.run_of_record(conn, record.id)
    return catalogue.flow_program(run.flow, run.version, record.version) if run else None


def _visible(data: Mapping[str, Any], hidden: frozenset[str]) -> Mapping[str, Any]:
    """``data`` without the values of hidden fields."""
    changes = data.get("changes")
    if not hidden or not isinstance(changes, Mapping):
        return data
    return {**data, "changes": {key: each for key, each in changes.items() if key not in hidden}}


def changed_since_return(record: Record) -> frozenset[str]:
    """The fields that were corrected after the request last came back, by edits outside of the sending."""
    found: set[str] = set()
    for entry in audit.entries(record.chain, limit=1000):
        if entry.data.get("verdict") == "return":
            found.clear()
        elif entry.event == "record.updated":
            found |= set(entry.data.get("changes") or ())
    return frozenset(found)


def moment_json(moment: Moment, language: str) -> dict[str, Any]:
    """Who, as what, when, what, before and after."""
    entry = moment.entry
    person = people.directory().person(entry.actor)
    changes: Mapping[str, Any] = moment.data.get("changes") or {}
    return {
        "id": entry.id,
        "at": utc_text(entry.at),
        "by": entry.actor,
        "by_name": person.name if person else None,
        "as": entry.acting_as,
        "on_behalf_of": moment.data.get("on_behalf_of"),
        "event": entry.event,
        "text": text_of(moment, language),
        "comment": moment.comment or None,
        "before": {key: each.get("before") for key, each in changes.items()} or None,
        "after": {key: each.get("after") for key, each in changes.items()} or None,
        "data": moment.data,
        "hash": entry.hash,
    }


def text_of(moment: Moment, language: str) -> str:
    """The entry as a sentence."""
    flow = moment.program.flow if moment.program is not None else None
    said = moment.entry
    return entries.entry(said.event, said.actor, said.acting_as, moment.data, language, people.directory(), flow)
