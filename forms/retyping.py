"""Changes of a field's type: which of them records could not follow, and how many hold a value that would be lost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..platform.problems import Problem
from ..platform.text import Message, msg
from .definition import Field, Form
from .kinds import Base
from .models import records
from .places import Places
from .types import kind_of

_TEXTS = (Base.TEXT, Base.CHOICE)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Retyped:
    """A field, a column or a part whose new type cannot hold what the old one held. ``outer`` is what it is part of;
    ``fraction``: only numbers with decimals are lost."""

    old: Field
    new: Field
    outer: Field | None
    path: str
    fraction: bool = False

    @property
    def name(self) -> str:
        return self.new.key if self.outer is None else f"{self.outer.key}.{self.new.key}"

    def loses(self, values: Mapping[str, Any]) -> bool:
        """Whether a record with those JSON values would lose one."""
        if self.outer is None:
            return self._loses_one(values.get(self.old.key))
        held = values.get(self.outer.key)
        rows = held if isinstance(held, list) else [held] if isinstance(held, dict) else []
        return any(self._loses_one(row.get(self.old.key)) for row in rows if isinstance(row, dict))

    def _loses_one(self, value: Any) -> bool:
        if value is None:
            return False
        return not self.fraction or "." in str(value)


def problems(conn: Connection, old: Form, new: Form) -> list[Problem]:
    """One problem for each field whose type changes and of which records hold values that the new one cannot."""
    changed = list(retyped(old, new))
    if not changed:
        return []
    counts = dict.fromkeys(range(len(changed)), 0)
    for values in _values(conn, old.key):
        for place, each in enumerate(changed):
            counts[place] += each.loses(values)
    return [
        Problem(each.path + "/type", "would_lose", _message(each, counts[place]))
        for place, each in enumerate(changed)
        if counts[place]
    ]


def _values(conn: Connection, form: str) -> Iterator[Mapping[str, Any]]:
    """The JSON values of every record, drafts too: page by page, for connections that only read have no cursor."""
    last = 0
    query = sa.select(records.c.id, records.c["values"]).where(records.c.form == form).order_by(records.c.id)
    while rows := conn.execute(query.where(records.c.id > last).limit(_AT_ONCE)).all():
        yield from (row[1] for row in rows)
        last = rows[-1][0]


def retyped(old: Form, new: Form) -> Iterator[Retyped]:
    """Fields whose values cannot go on as what they are now, whether or not any record holds one."""
    places = Places(new)
    before = {each.key: each for each in old.fields}
    for each in new.fields:
        was = before.get(each.key)
        if was is None:
            continue
        if (found := _change(was, each, None, places.of(each))) is not None:
            yield found
            continue
        inner = {one.key: one for one in (*was.columns, *was.parts)}
        for one in (*each.columns, *each.parts):
            path = places.of(one, each) if each.columns else places.of(each)
            if one.key in inner and (found := _change(inner[one.key], one, each, path)) is not None:
                yield found


def _change(old: Field, new: Field, outer: Field | None, path: str) -> Retyped | None:
    was, now = kind_of(old), kind_of(new)
    if was.base in _TEXTS and now.base is Base.TEXT:
        return None
    if was.base is not now.base or was.target != now.target:
        return Retyped(old, new, outer, path)
    if old.options.get("currency") != new.options.get("currency"):
        return Retyped(old, new, outer, path) if "currency" in old.options and "currency" in new.options else None
    if now.whole and not was.whole:
        return Retyped(old, new, outer, path, fraction=True)
    return None


def _message(each: Retyped, count: int) -> Message:
    return msg(
        "%(count)s records hold a value in “%(field)s” as “%(old)s” that “%(new)s” cannot keep. "
        "Leave the type as it is, or add a field “%(other)s” of the new type: "
        "export those records, import them into it, then remove this one.",
        count=count,
        field=each.name,
        old=_named(each.old),
        new=_named(each.new),
        other=f"{each.new.key}_2",
    )


def _named(field: Field) -> str:
    said = field.options.get("currency") or (field.options.get("form") if field.type == "lookup" else None)
    return f"{field.type} ({said})" if said else field.type
