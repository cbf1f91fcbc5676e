"""Fields of a request that somebody may not see: those that every step under which it came to them hides."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from ..forms import catalogue as forms
from ..forms import rights
from ..forms.records import Record
from ..platform.db import reading
from ..platform.people.directory import Person
from ..platform.statements import Statement
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


@lru_cache(64)
def _came_to(principals: int) -> Statement:
    """:data:`_CAME_BY` for one request and so many principals; the same row may come twice."""
    columns = (tasks.c.record_id, runs.c.flow, runs.c.version, tasks.c.step)
    whose = [tasks.c.principal == sa.bindparam(f"principal_{number}") for number in range(principals)]
    return Statement(
        sa.select(*columns)
        .join(runs, runs.c.id == tasks.c.run_id)
        .where(tasks.c.record_id == sa.bindparam("id"), sa.or_(*whose))
    )


def _rows(ids: Sequence[int], principals: Sequence[str]) -> Iterable[Sequence[Any]]:
    with reading() as conn:
        if len(ids) == 1 and principals:
            named = {f"principal_{number}": each for number, each in enumerate(principals)}
            return _came_to(len(principals)).all(conn, {"id": ids[0], **named})
        return conn.execute(_CAME_BY, {"ids": ids, "principals": principals}).all()


def hidden(records: Sequence[Record], by: Person) -> Mapping[int, frozenset[str]]:
    """Hidden fields by record; records of which all may be seen are left out. One statement for any number."""
    asked = {each.id: each for each in records if _is_narrowed(each, by)}
    if not asked:
        return {}
    found: dict[int, frozenset[str]] = {}
    for record_id, flow, version, step in _rows(list(asked), list(rights.principals(by))):
        program = catalogue.flow_program(flow, version, asked[record_id].version)
        here = hidden_at(program, step)
        found[record_id] = found[record_id] & here if record_id in found else here
    return {record_id: keys for record_id, keys in found.items() if keys}


def hidden_of(record: Record, by: Person) -> frozenset[str]:
    """:func:`hidden` of one record."""
    return hidden([record], by).get(record.id, frozenset())


@lru_cache(maxsize=4096)
def hidden_at(program: FlowProgram, step: str) -> frozenset[str]:
    """The fields that whoever acts on ``step`` may not see."""
    return frozenset(key for key, right in program.rights(step).items() if right is Right.HIDDEN)


def _is_narrowed(record: Record, by: Person) -> bool:
    if record.submitted_by == by.key or record.status in ("draft", "kept"):
        return False
    return not rights.may_read_all(forms.program(record.form, record.version).form, by)
