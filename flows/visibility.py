"""Fields of a request that somebody may not see: those that every step under which it came to them hides."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from ..forms import catalogue as forms
from ..forms import rights
from ..forms.records import Record
from ..platform.db import reading
from ..platform.people.directory import Person
from . import catalogue
from .definition import Right
from .models import runs, tasks
from .program import FlowProgram

_CAME_BY = (
    sa.select(tasks.c.record_id, runs.c.flow, runs.c.version, tasks.c.step)
    .distinct()
    .join(runs, runs.c.id == tasks.c.run_id)
    .where(
        tasks.c.record_id.in_(sa.bindparam("ids", expanding=True)),
        tasks.c.principal.in_(sa.bindparam("principals", expanding=True)),
    )
)


def hidden(records: Sequence[Record], by: Person) -> Mapping[int, frozenset[str]]:
    """Hidden fields by record; records of which all may be seen are left out. One statement for any number."""
    asked = {each.id: each for each in records if _is_narrowed(each, by)}
    if not asked:
        return {}
    with reading() as conn:
        rows = conn.execute(_CAME_BY, {"ids": list(asked), "principals": list(rights.principals(by))}).all()
    found: dict[int, frozenset[str]] = {}
    for record_id, flow, version, step in rows:
        program = catalogue.flow_program(flow, version, asked[record_id].version)
        here = hidden_at(program, step)
        found[record_id] = found[record_id] & here if record_id in found else here
    return {record_id: keys for record_id, keys in found.items() if keys}


def hidden_of(record: Record, by: Person) -> frozenset[str]:
    """:func:`hidden` of one record."""
    return hidden([record], by).get(record.id, frozenset())


def hidden_at(program: FlowProgram, step: str) -> frozenset[str]:
    """The fields that whoever acts on ``step`` may not see."""
    return frozenset(key for key, right in program.rights(step).items() if right is Right.HIDDEN)


def _is_narrowed(record: Record, by: Person) -> bool:
    if record.submitted_by == by.key or record.status in ("draft", "kept"):
        return False
    return not rights.may_read_all(forms.program(record.form, record.version).form, by)
